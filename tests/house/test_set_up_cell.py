"""The set-up cell of every chapter, in kernels of their own and a stand-in for Colab.

The origin is a small repository with what the cell and helpers/_set_up.py touch; git
finds it under the book's address. The kernel's Python has the book installed, as a
developer's has, so a test without the book hides it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from book.identity import ROOT, identity

BOOK = identity()
TIME = "# DCGAN\n\nTime: quick 31 s · full 31 min on 2 CPU cores · needs: chapter 02"
WHERE = "import os, helpers; print(os.getcwd(), helpers.__file__, sep='\\n')"
# Play Colab (its question for the notebook too), and forget what is installed here.
STANDIN = """
import os, sys, types
sys.meta_path[:] = [f for f in sys.meta_path if "__editable__" not in repr(f)]
sys.path[:] = [p for p in sys.path if p != os.environ["TEST_ROOT"]]
if os.environ.get("TEST_COLAB"):
    google, colab = types.ModuleType("google"), types.ModuleType("google.colab")
    colab._message = types.SimpleNamespace(blocking_request=lambda *a, **b: {
        "ipynb": {"cells": [{"source": [os.environ["TEST_COLAB"]]}]}})
    google.colab = colab
    sys.modules["google.colab"] = colab
    sys.modules.setdefault("google", google)
"""


def git(folder, *arguments):
    name = ["-c", "user.name=book", "-c", "user.email=book@localhost"]
    subprocess.run(["git", "-C", folder, *name, *arguments], check=True)


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """Return a repository that holds what the set-up needs, under the release's tag."""
    folder = tmp_path_factory.mktemp("origin") / "book"
    ignored = shutil.ignore_patterns("assets", "__pycache__")
    shutil.copytree(ROOT / "helpers", folder / "helpers", ignore=ignored)
    (folder / "helpers/assets").mkdir()
    (folder / "helpers/assets/manifest.json").write_text('{"files": {"a.txt": {}}}')
    (folder / "helpers/assets/a.txt").write_text("an asset")
    (folder / "notebooks").mkdir()
    (folder / "notebooks/04_dcgan.ipynb").write_text("{}")
    shutil.copy(ROOT / "pyproject.toml", folder)
    git(folder.parent, "init", "-q", str(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "-")
    git(folder, "tag", BOOK.tag)
    return folder


@pytest.fixture
def desk(tmp_path, origin):
    """Return an empty folder to open a chapter in, and the settings of its kernel."""
    (tmp_path / "stand-in").mkdir()
    (tmp_path / "stand-in/sitecustomize.py").write_text(STANDIN)
    folder = tmp_path / "content"
    folder.mkdir()
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("BOOK_", "GIT_"))}
    settings = {
        **kept,
        "PYTHONPATH": str(tmp_path / "stand-in"),
        "TEST_ROOT": str(ROOT),
        "TEST_COLAB": TIME,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{origin}.insteadOf",
        "GIT_CONFIG_VALUE_0": BOOK.repository,
    }
    return folder, settings


def run(desk, *sources, colab=True, **environment):
    """Run cells in a fresh kernel; return what each printed, an error as its traceback."""
    folder, settings = desk
    if not colab:
        settings = {n: v for n, v in settings.items() if n != "TEST_COLAB"}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", allow_errors=True
    )
    client.execute(cwd=str(folder), env=settings | environment)
    return [
        "".join(
            output.get("text", "") or "\n".join(output.get("traceback", []))
            for output in cell.outputs
        )
        for cell in cells
    ]


def with_form(profile):
    """Return the cell as Colab's form writes it."""
    return BOOK.setup_cell.replace(
        '"quick"  #@param ["quick", "full"]', f'"{profile}" # @param ["quick","full"]'
    )


def one_line(said):
    return said.count("\n") <= 1 and said.strip() != ""


def test_in_colab_it_fetches_once_and_says_one_line(desk):
    folder, _ = desk
    first, here, _, second, there, elsewhere = run(
        desk,
        BOOK.setup_cell,
        WHERE,
        "open('photo.jpg', 'w').close(); os.chdir('..')",
        BOOK.setup_cell,
        WHERE,
        "os.chdir('/'); " + WHERE,
    )
    book = folder / BOOK.folder
    assert one_line(first) and one_line(second), (first, second)
    assert f"The book is in {book} · profile: quick" in first
    assert "full: 31 min on 2 CPU cores, on a graphics card not measured" in first
    assert here.split() == [str(book / "notebooks"), str(book / "helpers/__init__.py")]
    assert there.split() == [str(book), here.split()[1]]  # where the reader had gone
    assert elsewhere.split() == ["/", here.split()[1]]
    assert [p.name for p in folder.iterdir()] == [BOOK.folder]
    assert not list(book.rglob(f"{BOOK.folder}*"))
    # A restart of the kernel begins again in the first folder.
    (again, here_again) = run(desk, BOOK.setup_cell, WHERE)
    assert (again, here_again) == (first, here)
    assert (book / "notebooks/photo.jpg").exists()
    assert [p.name for p in folder.iterdir()] == [BOOK.folder]


def broken_off(folder, origin):
    """Leave a clone that stopped before it wrote a file."""
    git(folder.parent, "clone", "-q", "-n", f"file://{origin}", str(folder))


def half_written(folder, origin):
    """Leave a clone that stopped while it wrote the helpers."""
    git(folder.parent, "clone", "-q", f"file://{origin}", str(folder))
    (folder / "pyproject.toml").unlink()
    (folder / "helpers/zoo.py").unlink()


def empty(folder, origin):
    folder.mkdir()


def foreign(folder, origin):
    folder.mkdir()
    (folder / "my thesis.txt").write_text("years of work")


def a_file(folder, origin):
    folder.write_text("years of work")


def another_release(folder, origin):
    git(folder.parent, "clone", "-q", f"file://{origin}", str(folder))
    facts = folder / "pyproject.toml"
    facts.write_text(facts.read_text().replace(BOOK.tag[1:], "0.0.1"))
    (folder / "runs").mkdir()
    (folder / "runs/mine.json").write_text("years of work")


def another_project(folder, origin):
    """Leave a project of the same release number, with helpers of its own."""
    (folder / "helpers").mkdir(parents=True)
    (folder / "helpers/__init__.py").write_text("mine = 1")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "mine"\nversion = "{BOOK.tag[1:]}"\n'
    )


LEAVINGS = [
    broken_off, half_written, empty, foreign, a_file, another_release, another_project,
]  # fmt: skip


def content(path):
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    return {file: file.read_bytes() for file in files if file.is_file()}


@pytest.mark.parametrize("leaves", LEAVINGS, ids=lambda f: f.__name__)
def test_what_lies_in_its_place_is_left_and_does_not_stop_it(desk, origin, leaves):
    folder, _ = desk
    place = folder / BOOK.folder
    leaves(place, origin)
    before = content(place)
    said, here = run(desk, BOOK.setup_cell, WHERE)
    assert one_line(said)
    book = place if leaves is empty else folder / f"{BOOK.folder}-2"
    assert here.split() == [str(book / "notebooks"), str(book / "helpers/__init__.py")]
    if leaves is not empty:
        assert content(place) == before
        assert f"{BOOK.folder} is not this release of the book, and was left" in said
    assert run(desk, BOOK.setup_cell, WHERE) == [said, here]
    assert len(list(folder.iterdir())) == (1 if leaves is empty else 2)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"GIT_CONFIG_KEY_0": "url.file:///nowhere.insteadOf"}, "(Could not read from"),
        ({"PATH": "/nonexistent"}, "not found"),
    ],
    ids=["no network", "no git"],
)
def test_a_fetch_that_fails_is_one_sentence_and_works_later(desk, environment, says):
    folder, _ = desk
    (said,) = run(desk, BOOK.setup_cell, **environment)
    assert said.startswith("The book could not be fetched (") and says in said
    assert said.endswith("mend that, and run this cell again.")
    assert "\n" not in said
    assert list(folder.iterdir()) == []
    assert run(desk, BOOK.setup_cell, WHERE)[1].startswith(str(folder / BOOK.folder))


def test_three_foreign_folders_are_named(desk, origin):
    folder, _ = desk
    for end in ("", "-2", "-3"):
        foreign(folder / f"{BOOK.folder}{end}", origin)
    (said,) = run(desk, BOOK.setup_cell)
    assert f"destination path '{BOOK.folder}-3' already exists" in said
    assert "\n" not in said


@pytest.mark.parametrize("stranger", ["none", "a file", "a package", "a namespace"])
def test_the_chapter_alone_outside_of_colab_says_where_the_helpers_are(desk, stranger):
    folder, _ = desk
    if stranger == "a file":
        (folder / "helpers.py").write_text("mine = 1")
    elif stranger != "none":
        (folder / "helpers").mkdir()
    if stranger == "a package":
        (folder / "helpers/__init__.py").write_text("")
    first = [] if stranger == "none" else ["import helpers"]
    said = run(desk, *first, BOOK.setup_cell, colab=False)[-1]
    assert said.startswith("The book's helpers are not here"), said
    assert BOOK.repository in said and "make lab" in said and "Colab" in said
    assert "\n" not in said
    before = {"none": 0}.get(stranger, 1)
    assert len(list(folder.iterdir())) == before  # nothing was fetched


@pytest.mark.parametrize("place", ["notebooks", "."])
def test_in_a_clone_it_finds_the_helpers_and_says_nothing(desk, origin, place):
    _, settings = desk
    there = (origin / place, settings)
    said, here = run(there, BOOK.setup_cell, WHERE, colab=False)
    assert said == ""
    assert here.split() == [
        str((origin / place).resolve()),
        str(origin / "helpers/__init__.py"),
    ]


def test_a_stranger_on_the_path_gives_way_to_the_book(desk, origin):
    folder, settings = desk
    (folder / "other").mkdir()
    (folder / "other/helpers.py").write_text("mine = 1")
    path = os.pathsep.join([settings["PYTHONPATH"], str(folder / "other")])
    there = (origin / "notebooks", settings)
    cells = ("import helpers", BOOK.setup_cell, WHERE)
    _, said, here = run(there, *cells, colab=False, PYTHONPATH=path)
    assert said == "" and here.split()[1] == str(origin / "helpers/__init__.py")
    _, said, here = run(desk, *cells, PYTHONPATH=path)
    assert one_line(said) and str(folder / BOOK.folder) in here.split()[1]


def test_the_form_chooses_and_the_environment_stays(desk):
    asked = "from helpers import runtime; print(runtime.profile())"
    said = run(
        desk,
        with_form("quick"), asked,
        with_form("full"), asked,
        with_form("quick"), asked,
        "os.environ['BOOK_PROFILE'] = 'full'", with_form("quick"), asked,
        with_form("fast"),
    )  # fmt: skip
    assert [said[i].strip() for i in (1, 3, 5, 8)] == ["quick", "full", "quick", "full"]
    assert "profile: full" in said[2] and "profile: full" in said[7]
    assert said[9].startswith("The profile in the first cell is 'fast'")
    assert "\n" not in said[9]


def test_a_book_that_is_not_whole_is_named(desk, origin):
    folder, _ = desk
    book = folder / BOOK.folder
    git(folder, "clone", "-q", f"file://{origin}", str(book))
    (book / "helpers/assets/a.txt").unlink()
    (said,) = run(desk, BOOK.setup_cell)
    assert said.startswith(f"The book in {book} is not whole") and "\n" not in said


def test_every_chapter_carries_it_letter_by_letter():
    for path in sorted(Path(ROOT, "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        assert cells[1].source == BOOK.setup_cell, path.name


def test_as_a_script_its_last_line_is_the_sentence(desk):
    """Where nothing draws errors as IPython does, the sentence still stands."""
    folder, settings = desk
    settings = {n: v for n, v in settings.items() if n != "TEST_COLAB"}
    done = subprocess.run(
        [sys.executable, "-c", BOOK.setup_cell],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
    )
    assert done.stderr.splitlines()[-1].startswith(
        "RuntimeError: The book's helpers are not here"
    )
