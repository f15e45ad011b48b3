"""texts: a hash of what code says; of a chapter, of that which leads to a result."""

import ast
import json
import shutil
import subprocess
import sys
import textwrap

import pytest

from helpers.store import slices, texts
from helpers.store.texts import parsed

# --- what code says ----------------------------------------------------------------

SOURCE = '''
"""What a module is for."""
import math

def area(radius, scale=2.0):
    """Return an area."""
    total = math.pi * radius**2  # a comment
    return f"{total * scale:.2f} m" if radius else "none"

class Disc:
    """A disc."""
    kind = 'round'
    def grow(self, by=1): self.radius = self.radius + by
'''


def test_the_hash_is_the_same_on_every_python():
    """Known by heart: a Python whose syntax tree has other fields must not alter it."""
    assert texts.of(SOURCE) == "d1b5fe23746fd016"
    every = textwrap.dedent("""
        import os.path as p, sys
        from math import *
        x: int = 0x10 + 1_000 - 2.5e3j
        y = a[1:2, ..., ::3] @ b if not c else (d := 5)
        def f(a, /, b, *c, d=None, **e) -> None:
            global g
            yield from (i async for i in a) if True else b"\\x00"
            try:
                del a, b[0]
            except* (ValueError, OSError) as error:
                raise error from None
            else:
                return lambda *z, k=1: {**z, "k": k, **{1: {2, *z}}}
            finally:
                assert a, "no"
        async def g():
            async with a as b, c: await d
            match a:
                case [1, *rest] if b: pass
                case {"k": v, **more} | C(x=_): ...
        @wrapped(1)
        class K(Base, metaclass=M):
            t = f"{x!r:>{w}} {{}} {y=}" "tail" f"{'in'}"
        while x < y <= z is not None and not w: x <<= ~1; continue
    """)
    assert texts.of(every) == "7f7d2b4fc71e0e13"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # a comment", ""),
        ('    """Return an area."""\n', ""),
        ('"""What a module is for."""\n', '"""Another."""\n"And another."\n'),
        ("'round'", '"round"'),
        ("radius**2", "radius ** 2"),
        ("(radius, scale=2.0)", "(\n    radius,\n    scale=2.00,\n)"),
        ("def grow(self, by=1): self", "def grow(self, by=1):\n        self"),
    ],
)
def test_how_it_is_written_does_not_count(old, new):
    assert old in SOURCE
    assert texts.of(SOURCE.replace(old, new, 1)) == texts.of(SOURCE)


def test_a_formatter_changes_nothing(tmp_path):
    ruff = shutil.which("ruff") or shutil.which("ruff", path=str(sys.prefix) + "/bin")
    if not ruff:
        pytest.skip("ruff is not installed here")
    for length in (60, 100):
        (tmp_path / "a.py").write_text(SOURCE)
        subprocess.run(
            [ruff, "format", "-q", f"--line-length={length}", tmp_path / "a.py"],
            check=True,
        )
        assert (tmp_path / "a.py").read_text() != SOURCE
        assert texts.of((tmp_path / "a.py").read_text()) == texts.of(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2.0", "2.5"),
        ("radius**2", "radius**3"),
        ("scale=2.0", "scale"),
        ("kind =", "sort ="),
        ("'round'", "'flat'"),
        ("def grow", "@once\n    def grow"),
        ("class Disc:", "class Disc(Round):"),
        ("import math", "import cmath as math"),
        (" if radius", " if not radius"),
        (":.2f", ":.3f"),
        ("by=1", "*, by=1"),
        ("+ by", "- by"),
    ],
)
def test_what_it_says_counts(old, new):
    assert old in SOURCE
    assert texts.of(SOURCE.replace(old, new, 1)) != texts.of(SOURCE)


def test_statements_that_seem_alike_differ():
    seen = [
        "x = 1", "x = 1.0", "x = True", "x = '1'", "x = b'1'", "x = None", "x = ...",
        "x", "x = [1]", "x = (1,)", "x = {1}", "x = [[1]]", "x = [1, 1]", "x += 1",
        "def x(): return", "def x(): pass", "async def x(): pass", "x = lambda: None",
        "x = lambda: '1'", "f(**x)", "f(*x)", "f(x)", "f(x=x)", "if x: y\nelse: z",
        "if x:\n y\n z", "for x in y: z", "for x in y: pass\nelse: z", "del x",
        "x: int", "x: int = 1", "{**x}", "{None: x}",
    ]  # fmt: skip
    assert len({texts.of(source) for source in seen}) == len(seen)


def test_of_a_chapter_every_cell_counts_but_the_set_up_and_the_magic():
    cells = [
        "# Set-up: fetch",
        "x = 1",
        "%matplotlib inline\ny = 2",
        "!ls\n",
        "'words'",
    ]
    whole = texts.of_cells(cells)
    assert (
        whole == texts.of_cells(["x = 1", "y = 2"]) == texts.of_cells(["x = 1\ny = 2"])
    )
    assert whole == texts.of_cells(["# Set-up: fetch another release", *cells[1:]])
    assert whole != texts.of_cells(["x = 1", "y = 3"])
    assert whole != texts.of_cells(["y = 2", "x = 1"])


def test_a_cell_that_is_no_python_does_nothing():
    """Hours of training must not end in a SyntaxError."""
    cells = ["x = 1", "%%bash\nls | grep 'x", "if x:\n    !ls\n    y = 2", "zoo.load?"]
    assert texts.of_cells(cells) == texts.of_cells(
        ["x = 1", "if x:\n    pass\n    y = 2"]
    )


def test_an_f_string_may_be_cut_into_other_pieces():
    """Python 3.12 reads f-strings in another way than 3.11."""
    x, text = ast.Name("x", ast.Load()), ast.Constant
    value = ast.FormattedValue(x, -1, None)

    def digest(*values):
        return texts._digest([ast.Expr(ast.JoinedStr([*values]))])

    whole = digest(text("ab"), value, text("c"))
    assert whole == digest(text("a"), text("b"), text(""), value, text("c"), text(""))
    assert whole == digest(text("a"), ast.JoinedStr([text("b"), value]), text("c"))
    assert whole != digest(text("a"), value, text("bc"))
    assert whole == texts.of_cells(['f"ab{x}c"'])


# --- which statements lead to a result ---------------------------------------------

BASE = """
import math, os
import numpy as np
from helpers import data, gan, metrics, plots, zoo
---
RATE, STEPS = 0.1, 100
SETTINGS = {"rate": RATE, "steps": STEPS}
OTHER = 3
---
def unrelated(x):
    return x * OTHER
---
images, labels = data.digits("train")
---
def build(width=8):
    return gan.network(width)
---
def train():
    network = build()
    for step in range(STEPS):
        network.step(images, RATE)
    return network
---
model = zoo.trained("05/toy", train, SETTINGS)
---
print(unrelated(5))
later = 7
"""


def cut(text):
    return [cell.strip("\n") for cell in textwrap.dedent(text).split("---\n")]


def said(name, text):
    """Return the first lines of the statements that lead to a result, None: no call."""
    statements = [s for cell in cut(text) for s in parsed(cell).body]
    found = slices.slice_of(name, statements)
    return found and [ast.unparse(s).splitlines()[0] for s in found[0]]


def result(text, name="05/toy"):
    return texts.of_result(name, cut(text))


def test_two_classes_that_call_their_parents_do_not_rest_on_each_other():
    text = """
        from helpers import zoo
        ---
        class One(Base):
            def __init__(self):
                super().__init__()
        ---
        one = zoo.trained("05/one", lambda: One(), {})
        made = One()
        ---
        class Two(Base):
            def __init__(self):
                super().__init__()
        ---
        two = zoo.trained("05/two", lambda: Two(), {})
        """
    assert said("05/two", text) == [
        "from helpers import zoo",
        "class Two(Base):",
        "two = zoo.trained('05/two', lambda: Two(), {})",
    ]


def test_a_slice_holds_what_the_result_uses_and_nothing_else():
    assert said("05/toy", BASE) == [
        "from helpers import data, gan, metrics, plots, zoo",
        "RATE, STEPS = (0.1, 100)",
        "SETTINGS = {'rate': RATE, 'steps': STEPS}",
        "images, labels = data.digits('train')",
        "def build(width=8):",
        "def train():",
        "model = zoo.trained('05/toy', train, SETTINGS)",
    ]
    assert said("05/another", BASE) is None
    assert said("06/toy", BASE) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return x * OTHER", "return x + OTHER"),  # not used
        ("OTHER = 3", "OTHER = 4"),
        ("later = 7", "later = 8"),
        ("print(unrelated(5))", "plots.grid(images)\nprint(model)"),
        ("import math, os", "import math, os, sys"),  # an added import
        ("import numpy as np", "import numpy as np\nimport scipy"),
        ("data, gan, metrics", "data, gan, images as pictures, metrics"),
        ("def train():", 'def train():\n    """Train it."""\n    # for long'),
        ("    network = build()", "    network = build( )   # new"),
    ],
)
def test_what_does_not_lead_to_it_does_not_count(old, new):
    assert old in BASE
    assert result(BASE.replace(old, new, 1)) == result(BASE)


def test_neither_does_the_order_of_other_cells_nor_how_they_are_cut():
    cells = cut(BASE)
    assert cells[2].startswith("def unrelated")
    moved = [*cells[:2], *cells[3:7], cells[2], *cells[7:]]
    for other in (moved, ["\n".join(cells)], ["# Set-up: x\nboom(", *cells], cells[:7]):
        assert texts.of_result("05/toy", other) == result(BASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.1, 100", "0.2, 100"),  # a number
        ("range(STEPS)", "range(STEPS + 1)"),
        ("images, RATE)", "labels, RATE)"),  # a name
        ("width=8", "width=9"),  # a default
        ("def train():", "@fast\ndef train():"),  # a decorator
        ("gan.network(width)", "gan.network(2 * width)"),  # what it calls
        ('"rate": RATE', '"rate": 2 * RATE'),
        ('digits("train")', 'digits("test")'),
        (
            "from helpers import data, gan",
            "from other import data\nfrom helpers import gan",
        ),
        ("zoo.trained(", "zoo.measured("),
    ],
)
def test_what_leads_to_it_counts(old, new):
    assert old in BASE
    assert result(BASE.replace(old, new, 1))["cells"] != result(BASE)["cells"]


@pytest.mark.parametrize(
    ("before", "inside", "outside"),
    [
        # nested functions, and names that are their own
        ("A = 1\nB = 2\ndef work():\n    B = 3\n    def inner(C): return A + B + C\n"
         "    return inner(4)\nC = 5", {"A = 1"}, {"B = 2", "C = 5"}),
        ("A = 1\ndef work(A): return A", set(), {"A = 1"}),
        # lambdas and functions with default arguments, annotations, decorators
        ("A = 1\nB = 2\nwork = lambda B=A: B", {"A = 1"}, {"B = 2"}),
        ("A = 1\nB = 2\ndef work(x, *y, k=A, **z): return x, y, k, z", {"A = 1"},
         {"B = 2"}),
        ("A = 1\ndef work(x: A): return x", {"A = 1"}, set()),
        ("A = 1\ndef work() -> A: return 1", {"A = 1"}, set()),
        ("def wrap(f): return f\n@wrap\ndef work(): return 1", {"def wrap(f):"}, set()),
        # comprehensions
        ("A = [1]\nB = 2\ndef work(): return [B for B in A]", {"A = [1]"}, {"B = 2"}),
        ("A = [1]\nB = A\nwork = {k: (lambda: k) for k in B}", {"A = [1]", "B = A"},
         set()),
        ("A = [[1]]\ndef work(): return [x for x in A for x in x]", {"A = [[1]]"}, set()),
        ("k = 1\nwork = [k for k in range(3)]", set(), {"k = 1"}),
        ("A = [1]\nk = 9\nwork = [k for k in A]\n", {"A = [1]"}, {"k = 9"}),
        # classes
        ("A = 1\nB = 2\nclass Base: size = A\nclass work(Base):\n"
         "    def run(self): return B", {"A = 1", "B = 2", "class Base:"}, set()),
        ("class Meta(type): pass\nclass work(metaclass=Meta): pass",
         {"class Meta(type):"}, set()),
        # redefinition: what is valid where it is read
        ("A = 1\nA = 2\ndef work(): return A", {"A = 2"}, {"A = 1"}),
        ("A = 1\nB = A\nA = 2\ndef work(): return A + B", {"A = 1", "B = A", "A = 2"},
         set()),
        ("def f(): return 1\ndef f(): return 2\nwork = f",
         set(), set()),
        ("A = 1\nA += 2\ndef work(): return A", {"A = 1", "A += 2"}, set()),
        ("A = 1\nif True: A = 2\ndef work(): return A", {"A = 1", "if True:"}, set()),
        ("A = 1\nA = A + 1\nwork = lambda: A", {"A = 1", "A = A + 1"}, set()),
        # a function reads a global when it is called
        ("def f(): return A\nA = 1\nwork = f", {"def f():", "A = 1"}, set()),
        ("A = 1\ndef f(): return A\nB = f()\nA = 2\ndef work(): return B, f()",
         {"A = 1", "A = 2", "B = f()"}, set()),
        # loops, with, try, unpacking, walrus
        ("A = {}\nfor i in range(3): A[i] = i\nwork = lambda: A",
         {"A = {}", "for i in range(3):"}, set()),
        ("A = []\nfor i in range(3):\n    A.append(i)\nwork = lambda: A",
         {"A = []", "for i in range(3):"}, set()),
        ("with open('x') as A: B = A.read()\nC = 1\nwork = lambda: B",
         {"with open('x') as A:"}, {"C = 1"}),
        ("try:\n    A = 1\nexcept OSError as error:\n    A = error\nwork = lambda: A",
         {"try:"}, set()),
        ("(A, [B, *C]), D = x = 1\nwork = lambda: C", {"(A, [B, *C]), D = x = 1"}, set()),
        ("if (A := 1): pass\nB = 2\nwork = lambda: A", {"if (A := 1):"}, {"B = 2"}),
        # what is changed without an assignment to its name
        ("A = {}\nA['x'] = 1\nB = {}\nB['x'] = 1\nwork = lambda: A", {"A['x'] = 1"},
         {"B['x'] = 1"}),
        ("A = B = 1\nA.x.y = 1\nwork = lambda: A", {"A.x.y = 1"}, set()),
        ("A = {}\ndel A['x']\nwork = lambda: A", {"del A['x']"}, set()),
        ("A = [1]\nA.sort()\nprint(A)\nwork = lambda: A", {"A.sort()"}, {"print(A)"}),
        ("net = 1\nX = 2\nhistory = net.fit(X)\nY = net.predict(X)\nwork = lambda: net",
         {"history = net.fit(X)", "X = 2"}, {"Y = net.predict(X)"}),
        ("net = 1\nX = 2\nX.y = 3\nnet.fit(X)\nwork = lambda: X", {"X.y = 3"},
         {"net.fit(X)"}),
        ("net = 1\nX = 2\nlosses = gan.fit(net, X)\nwork = lambda: net",
         {"losses = gan.fit(net, X)", "X = 2"}, set()),
        ("rng = 1\nX = [1]\nrng.shuffle(X)\nwork = lambda: X", {"rng.shuffle(X)"}, set()),
        ("A = [1]\ndef add(x, to): to.append(x)\nadd(2, A)\ndone = add(3, to=A)\n"
         "work = lambda: A", {"add(2, A)", "done = add(3, to=A)"}, set()),
        ("A = [1]\ndef look(x): return len(x)\nlook(A)\nwork = lambda: A", set(),
         {"look(A)", "def look(x):"}),
        ("A = [1]\ndef note(x): A.append(x)\nnote(2)\nwork = lambda: A",
         {"note(2)", "def note(x):"}, set()),
        ("A = [1]\ndef note(x): A.append(x)\ndef both(x): note(x)\nboth(2)\n"
         "work = lambda: A", {"both(2)", "def note(x):"}, set()),
        ("A = 0\ndef count():\n    global A\n    A = A + 1\ncount()\nwork = lambda: A",
         {"count()"}, set()),
        # a library is no value of the chapter's
        ("np.random.seed(0)\nA = np.zeros(3)\nwork = lambda: A", set(),
         {"np.random.seed(0)"}),
        ("A = 1\nnp.testing.assert_allclose(A, 1)\nwork = lambda: A", set(),
         {"np.testing.assert_allclose(A, 1)"}),
    ],
)  # fmt: skip
def test_names_lead_back_to_what_gave_them_their_values(before, inside, outside):
    head = "import numpy as np\nfrom helpers import gan, zoo\n"
    call = "\nr = zoo.measured('05/toy', work, {})"
    found = said("05/toy", head + before + call)
    assert found[-1] == "r = zoo.measured('05/toy', work, {})"
    assert inside <= set(found), found
    assert not outside & set(found), found


def test_what_stands_after_the_call_does_not_count_though_it_has_the_name():
    text = "A = 1\ndef work(): return A\nr = zoo.measured('05/toy', work, {})\n"
    assert result(text) == result(text + "A = 2\ndef work(): return 3\nA += 1\n")


# --- where a result is asked for ---------------------------------------------------


@pytest.mark.parametrize(
    ("asks", "name"),
    [
        ("zoo.trained('05/toy', work, {})", "05/toy"),
        ("zoo.measured('05/toy', work, {})['a']", "05/toy"),
        ("zoo.measured(name='05/toy', measure=work, settings={})", "05/toy"),
        ("measured('05/toy', work, {})", "05/toy"),
        ("print(len(zoo.trained('05/toy', work, {})))", "05/toy"),
        ("for k in 'ab':\n    zoo.measured(f'05/{k}-run', work, {})", "05/b-run"),
        ("[zoo.measured('05/' + k, work, {}) for k in 'ab']", "05/a"),
        ("[zoo.measured('05/run-' + k + '-x', work, {}) for k in 'ab']", "05/run-a-x"),
        ("{k: zoo.measured('05/' + k.lower(), work, {}) for k in 'AB'}", "05/a"),
        ("zoo.sweep('05/rate', work, {}, {'rate': (0.1, 1), 'seed': (0,)})",
         "05/rate-0.1-0"),
        ("def ask(s):\n    return zoo.measured(f'05/run-{s}', work, {})\nask(1)",
         "05/run-1"),
        ("def ask(n, m):\n    return zoo.measured(n, m, {})\nx = ask('05/toy', work)",
         "05/toy"),
        ("def ask(m, *, n=1):\n    return zoo.sweep(m, work, {}, {})\nask(m='05/toy')",
         "05/toy-1"),
        ("def ask(n): return zoo.measured(n, work, {})\n"
         "def again(n): return ask(n)\nagain('05/toy')", "05/toy"),
        ("ask = lambda s: zoo.measured(f'05/run-{s}', work, {})\nx = ask(2)", "05/run-2"),
        ("class Runs:\n    def go(self): return zoo.trained('05/toy', work, {})\n"
         "x = Runs().go()", "05/toy"),
    ],
)  # fmt: skip
def test_calls_are_found_however_they_are_written(asks, name):
    head = "from helpers import zoo\nA = 1\nB = 2\ndef work(): return A\n"
    found = said(name, head + asks + "\nB = 3")
    assert found is not None
    assert {"A = 1", "def work():"} <= set(found)
    assert not {"B = 2", "B = 3"} & set(found)
    assert found[-1] == ast.unparse(ast.parse(asks).body[-1]).splitlines()[0]


def test_the_name_in_full_goes_before_a_pattern():
    text = """
        A, B = 1, 2
        [zoo.measured("05/run-" + k, lambda: A, {}) for k in "ab"]
        zoo.measured("05/run-long", lambda: B, {})
        zoo.measured("05/run-" + "x" + k, lambda: A + B, {})
    """
    assert said("05/run-long", text)[-1].startswith("zoo.measured('05/run-long'")
    assert said("05/run-a", text)[-1].startswith("[zoo.measured")
    assert said("05/run-xa", text)[-1].startswith("zoo.measured('05/run-' + 'x'")


def test_calls_that_fit_alike_are_told_apart_by_the_words_of_the_name():
    text = """
        GREY = 1
        def world(name):
            return zoo.measured("05/" + name, lambda: GREY, {})
        short = [zoo.measured("05/" + n, work, {}) for n in ("by hand", "learnt")]
        NAMES = ("three", "four")
        worlds = [world(n) for n in NAMES]
        rest = world("rest")
    """
    assert said("05/learnt", text)[-1].startswith("short =")
    assert said("05/by-hand", text)[-1].startswith("short =")
    assert said("05/four", text)[-1].startswith("worlds =")
    assert said("05/rest", text)[-1].startswith("rest =")
    assert said("05/unknown", text)[-1].startswith("short =")  # the first


def test_where_nothing_asks_by_that_name_every_cell_counts():
    text = "A = 1\nfor name in names:\n    zoo.measured(name, work, {})\nB = 2"
    assert said("05/toy", text) is None
    assert result(text) != result(text.replace("B = 2", "B = 3"))


# --- helpers -----------------------------------------------------------------------


@pytest.fixture
def some_helpers(tmp_path, monkeypatch):
    """Five made-up helpers: gan needs networks and store, networks needs _layers."""
    sources = {
        "gan": "from helpers import networks, zoo\nfrom helpers.store import manifest\n",
        "networks": "def build():\n    from helpers._layers import Dense\n    return 1\n",
        "_layers": "Dense = 1\n",
        "data": "import helpers.shapes as s\n",
        "shapes": "x = 1\n",
        "zoo": "keeps = 1\n",
        "plots": "shows = 1\n",
    }
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setattr(texts, "HELPERS", tmp_path)
    return tmp_path


GAN = ["_layers", "gan", "networks"]


@pytest.mark.parametrize(
    ("brings", "work", "found"),
    [
        ("from helpers import gan, data", "gan.fit", GAN),
        ("from helpers import gan as g, data", "g.fit", GAN),
        ("import helpers.gan as g", "g.fit", GAN),
        ("import helpers.gan", "helpers.gan.fit", GAN),
        ("from helpers.gan import fit, Other", "fit", GAN),
        ("from helpers.gan import fit as f", "f", GAN),
        ("from helpers.gan import *", "fit", GAN),
        ("def w():\n    from helpers import gan\n    return gan.fit", "w", GAN),
        ("def w():\n    import helpers.gan as g\n    return g.fit", "w", GAN),
        ("def w():\n    from helpers.gan import fit\n    return fit", "w", GAN),
        ("if True:\n    from helpers import gan", "gan.fit", GAN),
        ("from helpers import data, gan", "data.digits", ["data", "shapes"]),
        ("from helpers import gan, plots", "plots.grid", []),
        ("from helpers import gan", "len", []),
        ("from other import gan", "gan.fit", []),
        ("from helpers import gone", "gone.fit", []),
    ],
)
def test_helpers_are_found_however_they_are_imported(some_helpers, brings, work, found):
    text = f"from helpers import zoo\n{brings}\nzoo.measured('05/toy', {work}, {{}})"
    assert sorted(result(text)["helpers"]) == found


def test_a_helper_s_text_counts_and_what_it_imports(some_helpers):
    text = "from helpers import gan, zoo\nzoo.measured('05/toy', gan.fit, {})"
    before = result(text)
    (some_helpers / "_layers.py").write_text('"""Words."""\nDense = 1  # one\n')
    (some_helpers / "shapes.py").write_text("x = 2\n")
    (some_helpers / "zoo.py").write_text("keeps = 2\n")
    assert result(text) == before
    (some_helpers / "_layers.py").write_text("Dense = 2\n")
    after = result(text)
    assert after["cells"] == before["cells"]
    assert {
        k for k in before["helpers"] if before["helpers"][k] != after["helpers"][k]
    } == {"_layers"}


def test_where_a_used_name_comes_from_counts(some_helpers):
    text = "{}\nfrom helpers import zoo\nzoo.measured('05/toy', lambda: f(1), {{}})"
    found = {
        result(text.format(line))["cells"]
        for line in (
            "from helpers.gan import a as f",
            "from helpers.gan import b as f",
            "from scipy.stats import a as f",
            "from scipy import a as f",
            "import scipy as f",
        )
    }
    assert len(found) == 5
    one = result(text.format("from scipy import a as f, b as unused"))
    assert one == result(
        text.format("from scipy import b as unused\nfrom scipy import a as f")
    )


# --- a session ---------------------------------------------------------------------


def test_outside_of_jupyter_there_are_no_cells():
    assert texts.session() == []


def test_a_session_tells_the_cells_as_the_notebook_has_them(tmp_path, monkeypatch):
    """While a result is made, its hash is the one that the whole notebook gives later."""
    import nbformat
    from nbclient import NotebookClient

    cells = [
        "# Set-up: nothing\nimport sys",
        "%matplotlib inline\nfrom helpers import zoo\nfrom helpers.store import texts",
        "A = 1\ndef work():\n    return A",
        "found = []\ndef measured(name, work, settings):\n"
        "    found.append(texts.of_result(name, texts.session()))",
        "x = measured('05/toy', work, {})\nprint(1)",
        "A = 2\ny = measured('05/toy', work, {})  # asked again",
        "import json\nprint(json.dumps(found))",
    ]
    monkeypatch.setenv("PYTHONPATH", str(texts.HELPERS.parent))  # installed or not
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(book, kernel_name="python3", timeout=60).execute(cwd=str(tmp_path))
    found = json.loads(book.cells[-1].outputs[0].text)
    assert found[0] == found[1] == texts.of_result("05/toy", cells)
    assert found[0] == texts.of_result("05/toy", cells[1:5])
