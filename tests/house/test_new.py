"""A new chapter begins whole: its files pass all rules at once, and nothing is lost."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from book.chapters import BY_NUMBER, CHAPTERS, ROOT
from tools import chapter, form, new

TITLE = "A test of the skeleton"
NOTEBOOK = "notebooks/98_a_test_of_the_skeleton.ipynb"
UNBEGUN = next(one for one in CHAPTERS if not one.path.exists())
MADE = (NOTEBOOK, "checks/ch98.py", "tests/house/test_chapter_98.py")


def run(folder, *arguments):
    """Run a module of the copy's own in `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def files(folder):
    """Return the content of each file in the folders that a new chapter writes to."""
    rooms = ("notebooks", "checks", "tests/house")
    found = [path for room in rooms for path in (folder / room).glob("*.*")]
    return {path: path.read_bytes() for path in [*found, folder / "book/chapters.py"]}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the book, its large folders linked."""
    folder = tmp_path_factory.mktemp("new") / "book"
    ignored = shutil.ignore_patterns("node_modules", "__pycache__")
    for room in ("book", "checks", "tests", "tools"):
        shutil.copytree(ROOT / room, folder / room, ignore=ignored)
    for path in ROOT.glob("*.*"):
        if path.is_file():
            shutil.copy(path, folder)
    (folder / "helpers").symlink_to(ROOT / "helpers")
    (folder / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        (folder / "notebooks" / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def begun(copy):
    """Return the copy after `tools.new`."""
    done = run(copy, "tools.new", "98", "--title", TITLE)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = ("book/chapters.py", "book/index.md", "book/map.md")
    assert all(name in done.stdout for name in (*MADE, *pages)), done.stdout
    return copy


@pytest.mark.slow
def test_it_keeps_all_rules_of_form(begun):
    done = run(begun, "tools.form", "98")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(a draft, not yet asked: length, written, listed, stamp)" in done.stdout


@pytest.mark.slow
def test_its_code_is_clean(begun):
    checked = run(begun, "ruff", "check", "--no-cache", *MADE)
    assert checked.returncode == 0, checked.stdout
    formatted = run(begun, "ruff", "format", "--check", "--no-cache", *MADE[1:])
    assert formatted.returncode == 0, formatted.stdout


@pytest.mark.slow
def test_its_exercises_pass_their_tests(begun):
    places = ("tests/house/test_chapter_98.py", "tests/checks")
    done = run(begun, "pytest", "-q", "-p", "no:cacheprovider", *places, "-k", "98")
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 20, done.stdout


@pytest.mark.slow
def test_no_page_lists_it_and_the_contents_have_it_as_planned(begun):
    for name in ("README.md", "_toc.yml", "book/index.md"):
        assert "98_a_test" not in (begun / name).read_text("utf8")
    assert f"98 {TITLE} (planned)" in (begun / "book/map.md").read_text("utf8")
    asked = "from book.chapters import *; print(BY_NUMBER['98'].ready, len(ready()))"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=begun, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", str(sum(one.ready for one in CHAPTERS))]


@pytest.mark.slow
def test_it_has_what_every_chapter_has(begun):
    notebook = nbformat.read(begun / NOTEBOOK, as_version=4)
    assert form.is_draft(notebook)
    assert notebook.cells[0].source.startswith(f"# {TITLE}\n")
    assert "raises-exception" in {t for c in notebook.cells for t in form.tags(c)}
    asked = [name for _, _, names in form.stubs(notebook) for name in names]
    assert asked == ["98.q1", "98.q2", "98.1", "98.2", "98.3"]
    assert [name for *_, name in form.solutions(notebook)] == ["98.1", "98.2", "98.3"]
    left = [
        one.source for one in notebook.cells if re.search(r"NN|NEEDS|NEXT", one.source)
    ]
    assert left == []


@pytest.mark.slow
def test_a_second_call_refuses_and_touches_nothing(begun):
    before = files(begun)
    done = run(begun, "tools.new", "98", "--title", "Another")
    assert done.returncode == 1 and files(begun) == before
    assert re.fullmatch(r"Chapter 98 was begun: [^\n]+\.\n", done.stderr), done.stderr


@pytest.mark.parametrize(
    ("number", "title", "says"),
    [
        ("3", "A title", "two digits"),
        ("003", "A title", "two digits"),
        ("00", "A title", "two digits"),
        ("x7", "A title", "two digits"),
        ("97", "", "needs a title"),
        ("97", "  ", "needs a title"),
        ("97", "噪声", "Latin letters"),
        ("02", "", "02_gan_objective.ipynb is there"),
        (UNBEGUN.number, "Another title", f"is planned as {UNBEGUN.title!r}: leave"),
    ],
)
def test_what_cannot_be_begun_is_refused_in_one_sentence(number, title, says, capsys):
    before = files(ROOT)
    assert new.main([number, "--title", title]) == 1
    said = capsys.readouterr()
    assert says in said.err and said.err.count("\n") == 1 and said.out == ""
    assert files(ROOT) == before


def test_a_planned_chapter_brings_what_the_list_knows():
    planned = next(one for one in CHAPTERS if not one.path.exists() and one.needs)
    assert new.entry(planned.number, "") == planned
    made = new.notebook(planned, "")
    assert made.cells[0].source.startswith(f"# {planned.title}\n")
    assert f"needs: chapter{'s' * (len(planned.needs) > 1)} {planned.needs[0]}" in (
        made.cells[0].source
    )
    assert new.notebook(planned, "Mine").cells[0].source.startswith("# Mine\n")


@pytest.mark.parametrize("tool", [chapter, form])
def test_a_chapter_that_was_not_begun_is_told_how_to_begin(tool):
    with pytest.raises(SystemExit, match=f"not begun: make new N={UNBEGUN.number} "):
        tool.main([UNBEGUN.number])
    with pytest.raises(SystemExit, match=r'new N=97 TITLE="\.\." begins'):
        tool.main(["97"])


def test_the_last_line_leads_on_and_links_only_what_is_there():
    for one in CHAPTERS[:-1]:
        after = CHAPTERS[CHAPTERS.index(one) + 1]
        assert (f"({after.name}.ipynb)" in new.following(one)) is after.ready
    assert "last chapter" in new.following(CHAPTERS[-1])


def test_an_entry_takes_its_place_by_number():
    source = (ROOT / "book/chapters.py").read_text("utf8")
    late = new.entry("98", 'On "words"')
    assert late.part == CHAPTERS[-1].part and late.slug == "on_words"
    space = {"__file__": str(ROOT / "book/chapters.py"), "__name__": "book.chapters"}
    exec(new.with_entry(source, late), space)
    assert [one.number for one in space["CHAPTERS"]] == [*BY_NUMBER, "98"]
    assert space["BY_NUMBER"]["98"].title == 'On "words"'
    without = re.sub(
        r'^    _chapter\("02".*?\),\n(?=    _)', "", source, flags=re.M | re.S
    )
    exec(new.with_entry(without, BY_NUMBER["02"]), space)
    assert [one.number for one in space["CHAPTERS"]] == [*BY_NUMBER]


def test_a_failure_leaves_the_files_as_they_were(tmp_path):
    old, fresh = tmp_path / "old", tmp_path / "fresh"
    old.write_text("old")

    def write_and_stop():
        with new.undone_on_failure([old, fresh]):
            old.write_text("new")
            fresh.write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_stop()
    assert old.read_text() == "old" and not fresh.exists()
