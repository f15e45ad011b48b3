"""The rooms of the house: who may import whom, and how large a file may be."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from book.chapters import ROOT

LARGEST = 250  # lines of a file in helpers/, the examples in its docstrings aside
# room -> the rooms it may import from, beside itself and what is installed
MAY = {
    "helpers": {"helpers/store"},
    "helpers/store": {"helpers"},
    "checks": {"helpers"},
    "book": set(),
    "book/_ext": {"book", "checks", "helpers", "helpers/store"},
    "book/live": {"helpers", "helpers/store", "book/live/lib"},
    "book/live/lib": {"helpers"},
    "tools": {"book", "book/live/lib", "checks", "helpers", "helpers/store"},
    "benchmarks": {
        "book",
        "helpers",
        "helpers/store",
        "tests/live",
        "tests/site",
        "tools",
    },
}
# helpers/store is under the helpers: of them it knows these alone.
BELOW_THE_STORE = {"helpers._arguments", "helpers._clocks", "helpers.runtime"}
LIGHT = (
    "helpers", "helpers.exercises", "helpers.images", "helpers.plots", "helpers.metrics",
    "helpers.shapes", "helpers.captions", "helpers.obedience", "helpers.paintings",
    "helpers.data", "helpers.live", "helpers.runtime", "helpers.store.manifest",
    "helpers.store.records", "helpers.zoo", "checks.kit", "book.chapters",
    "tools.make_pages",
)  # fmt: skip


def files():
    """Return every Python file of the rooms."""
    return [
        path
        for room in ("helpers", "checks", "book", "tools", "benchmarks")
        for path in sorted((ROOT / room).rglob("*.py"))
        if "node_modules" not in path.parts and path.parent.name != "offline"
    ]


def room_of(path: Path) -> str:
    """Return the room a file stands in; a live figure's folder belongs to book/live."""
    folder = path.parent.relative_to(ROOT).as_posix()
    if folder.startswith("book/live/") and folder != "book/live/lib":
        return "book/live"
    return folder


def imported(path: Path):
    """Yield the names of our own modules that a file imports, wherever it does."""
    ours = ("helpers", "checks", "book", "tools", "benchmarks", "tests")
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if name.split(".")[0] in ours)


def place(name: str) -> tuple[str, str]:
    """Return (room, module) of an imported dotted name."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:end])
        if path.with_suffix(".py").is_file():
            module = ".".join(parts[:end])
            return room_of(path.with_suffix(".py")), module
        if path.is_dir() and end == len(parts):
            return path.relative_to(ROOT).as_posix(), name
    return parts[0], parts[0]


@pytest.mark.parametrize("path", files(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_arrows_run_one_way(path):
    room = room_of(path)
    for name in imported(path):
        there, module = place(name)
        assert there == room or there in MAY[room], (
            f"{path.relative_to(ROOT)} imports {name}: {room} may import only "
            f"{', '.join(sorted(MAY[room])) or 'what is installed'}"
        )
        if room == "helpers/store" and there == "helpers" and module != "helpers":
            assert module in BELOW_THE_STORE, (
                f"{path.relative_to(ROOT)} imports {module}: the store knows only "
                f"{', '.join(sorted(BELOW_THE_STORE))}"
            )


def test_no_helper_imports_itself_through_another():
    """No circle among the helpers: an order exists in which each knows those before."""
    from graphlib import TopologicalSorter

    graph = {}
    for path in sorted((ROOT / "helpers").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        graph[module] = {place(name)[1] for name in imported(path)} - {
            "helpers", "helpers.store", module,
        }  # fmt: skip
    TopologicalSorter(graph).prepare()  # raises CycleError


@pytest.mark.parametrize(
    "path", sorted((ROOT / "helpers").glob("*.py")), ids=lambda p: p.name
)
def test_a_helper_is_one_subject(path):
    text = path.read_text("utf8")
    examples = re.findall(r"^ *>>> .*\n(?:(?! *\n| *\"\"\").*\n)*", text, re.MULTILINE)
    lines = len(text.splitlines()) - sum(found.count("\n") for found in examples)
    assert lines <= LARGEST, (
        f"helpers/{path.name} has {lines} lines, over {LARGEST}: it is two subjects, cut "
        "it in two"
    )


def test_what_need_not_compute_does_not_import_tensorflow():
    code = (
        f"import importlib, sys\nfor name in {LIGHT!r}:\n"
        "    importlib.import_module(name)\n"
        "    loaded = {'tensorflow', 'keras'} & set(sys.modules)\n"
        "    assert not loaded, f'{name} imports {loaded}'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-500:]


def test_importing_helpers_brings_nothing_else():
    code = (
        "import sys; before = set(sys.modules); import helpers\n"
        "print(sorted(n for n in set(sys.modules) - before if n.split('.')[0] in "
        "('numpy', 'PIL', 'scipy', 'matplotlib', 'tensorflow', 'keras')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
