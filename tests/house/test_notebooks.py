"""The form of a chapter: what DESIGN promises of every notebook, read from the file
alone.

That the code runs is proven elsewhere, once per chapter: tools/prove_notebooks.py.
"""

import base64
import importlib
import json
import re
import statistics
from itertools import pairwise

import nbformat
import pytest

from book import retold
from book.identity import ROOT, identity
from helpers import exercises
from tools.chapter import TIME_LINE, code_hash, time_line

PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TAGS = {
    "hide-input",
    "hide-cell",
    "hide-output",
    "solution",
    "raises-exception",
    "nbval-check-output",
    "nbval-ignore-output",
    "remove-output",
}
IMAGES = ("image/png", "image/jpeg", "image/svg+xml", "image/gif")
LAST_SECTIONS = ["Where it goes wrong", "Check yourself", "Summary", "Further reading"]
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"""\bcheck\(\s*["'](\d\d\.q?\d+)["']""")

pytestmark = pytest.mark.skipif(not PATHS, reason="no chapter has been written yet")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem[:2])
def path(request):
    return request.param


@pytest.fixture
def book(path):
    return nbformat.read(path, as_version=4)


def code_cells(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def prose(book) -> str:
    """Return all Markdown without fenced code."""
    text = "\n\n".join(
        cell.source for cell in book.cells if cell.cell_type == "markdown"
    )
    return FENCE.sub("", text)


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def headings(book, level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} +(.+?)\s*$", prose(book), re.MULTILINE)


def printed(cell) -> str:
    return "".join(
        output.text for output in cell.outputs if output.output_type == "stream"
    )


def pictures(cell) -> list[tuple[str, str]]:
    """Return (type, data) of each picture among a cell's outputs."""
    return [
        (kind, data)
        for output in cell.outputs
        for kind, data in output.get("data", {}).items()
        if kind in IMAGES
    ]


# ---- the opening ------------------------------------------------------------------


def test_it_is_a_valid_notebook(book):
    nbformat.validate(book)


def test_it_opens_with_one_title_and_measured_times(book):
    first = book.cells[0]
    assert first.cell_type == "markdown" and first.source.startswith("# ")
    assert len(headings(book, 1)) == 1
    span = r"(\d+ s|\d+ min|\d h \d\d min)"
    assert re.search(
        rf"^Time: quick {span} · full {span} on 2 CPU cores · needs: \S.*$",
        first.source,
        re.MULTILINE,
    ), "run `make chapter` in full and in quick: the Time line is not measured"


def test_the_set_up_cell_is_the_book_s(book):
    second = book.cells[1]
    assert second.cell_type == "code" and second.source == identity().setup_cell
    assert sum("google.colab" in cell.source for cell in code_cells(book)) == 1


def test_a_picture_of_what_will_be_made_comes_before_the_first_section(book):
    for cell in book.cells[2:]:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            pytest.fail("the first section starts before any picture was shown")
        if cell.cell_type == "code" and pictures(cell):
            return
    pytest.fail("there is no picture at all")


def test_it_ends_with_the_sections_of_every_chapter(book):
    found = [title for title in headings(book, 2) if title in LAST_SECTIONS]
    assert found == LAST_SECTIONS


# ---- the text ---------------------------------------------------------------------


def test_it_has_the_length_of_a_chapter(book):
    words = re.findall(r"[^\W\d_][\w'’-]*", prose(book))
    assert 1500 <= len(words) <= 3500


def test_its_markdown_reads_in_jupyter_and_colab_too(book):
    """No MyST directive or role: they show raw outside of the site."""
    for cell in book.cells:
        if cell.cell_type == "markdown":
            text = cell.source
            assert not re.search(r"^\s*(:::|```|~~~)\s*\{", text, re.MULTILINE), text
            assert not re.search(r"\{[a-z][\w:+-]*\}`", text), text
            assert not re.search(r"^\([\w-]+\)=\s*$", text, re.MULTILINE), text


def test_its_links_to_chapters_and_pages_lead_somewhere(book, path):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose(book)):
        if not re.match(r"(https?:|mailto:|attachment:)", target):
            assert (path.parent / target).exists(), target


def test_pictures_in_the_text_have_a_text_alternative(book):
    assert not re.search(r"!\[\s*\]\(", prose(book))
    for tag in re.findall(r"<img\b[^>]*>", prose(book)):
        assert re.search(r'alt="[^"]+"', tag), tag


# ---- the code ---------------------------------------------------------------------


def test_cells_are_short(book):
    """At most 40 lines, median at most 8, at most 100 columns."""
    lengths = [len(cell.source.splitlines()) for cell in code_cells(book)]
    assert max(lengths) <= 40
    assert statistics.median(lengths) <= 8
    wide = [
        line
        for cell in code_cells(book)
        if cell.source != identity().setup_cell
        for line in cell.source.splitlines()
        if len(line) > 100
    ]
    assert wide == []


def test_no_cell_is_empty(book):
    assert all(cell.source.strip() for cell in book.cells)


def test_tags_are_those_of_the_book(book):
    assert {tag for cell in book.cells for tag in tags(cell)} <= TAGS


def test_it_fetches_and_installs_nothing(book):
    for cell in code_cells(book):
        if cell.source != identity().setup_cell:
            assert not re.search(
                r"^\s*[!%]\s*(pip|conda|apt|wget|curl)", cell.source, re.M
            )
            assert not re.search(r"\bpickle\b|allow_pickle=True", cell.source)


# ---- exercises --------------------------------------------------------------------


def defined(number: str) -> set[str]:
    importlib.import_module(f"helpers.checks.ch{number}")
    return {name for name in exercises._exercises if name.startswith(number + ".")}


def asked(book) -> list[str]:
    return [name for cell in code_cells(book) for name in CALL.findall(cell.source)]


def test_exercises_and_their_checks_are_the_same_set(book, path):
    assert set(asked(book)) == defined(path.stem[:2])


def test_there_are_questions_and_exercises_enough(path):
    names = defined(path.stem[:2])
    quiz = {name for name in names if ".q" in name}
    assert 2 <= len(quiz) <= 4
    assert 3 <= len(names - quiz) <= 5


def test_each_stub_runs_and_says_that_it_is_not_answered(book):
    """A stub is the cell before its solution; it ends in the check of an answer left
    open."""
    stubs = {
        name: cell
        for cell in code_cells(book)
        if "solution" not in tags(cell)
        for name in CALL.findall(cell.source)
    }
    for name, cell in stubs.items():
        assert "nbval-check-output" in tags(cell), name
        assert f"{name} · not answered yet" in printed(cell), name


def test_each_exercise_is_followed_by_its_folded_solution(book):
    cells = code_cells(book)
    for stub, solution in pairwise(cells):
        names = CALL.findall(stub.source)
        if "solution" in tags(stub) or not names or ".q" in names[-1]:
            continue
        name = names[-1]
        lines = solution.source.strip().splitlines()
        assert lines[0] == f"#@title Solution {name}"
        assert re.fullmatch(
            rf"""check\(["']{re.escape(name)}["'], .+\)""", lines[-1]
        ), name
        assert {"hide-cell", "solution", "nbval-check-output"} <= set(tags(solution)), (
            name
        )
        assert solution.metadata.get("jupyter", {}).get("source_hidden") is True, name
        assert solution.metadata.get("cellView") == "form", name
        assert f"{name} · right" in printed(solution), name


def test_every_solution_cell_solves_an_exercise(book):
    solved = {
        CALL.findall(cell.source)[-1]
        for cell in code_cells(book)
        if "solution" in tags(cell)
    }
    assert (
        {name for name in asked(book) if ".q" not in name} <= solved <= set(asked(book))
    )


# ---- what is stored ---------------------------------------------------------------


def test_the_outputs_are_those_of_this_code_in_a_full_run(book, path):
    stamp = book.metadata.get("book", {})
    assert stamp.get("profile") == "full", "run `make chapter N=.. PROFILE=full`"
    assert retold.stands(path.stem, stamp.get("code_hash"), code_hash(book)), (
        "the code changed since its outputs were made: run `make chapter PROFILE=full`"
    )
    assert set(stamp["seconds"]) == {"quick", "full"}
    assert {"tensorflow", "keras", "numpy"} <= set(stamp["versions"])


def test_the_time_line_is_that_of_the_stamp(book):
    """An older text merged into the notebook must not bring its old seconds back."""
    line = TIME_LINE.search(book.cells[0].source).group(0)
    assert line == time_line(line, book.metadata["book"]["seconds"])


def test_the_outputs_are_normalised(book):
    assert book.metadata.kernelspec.name == "python3"
    assert "widgets" not in book.metadata
    for cell in code_cells(book):
        assert cell.execution_count is None
        assert "execution" not in cell.metadata
        for output in cell.outputs:
            assert "application/vnd.jupyter.widget-view+json" not in output.get(
                "data", {}
            )


def test_only_errors_shown_on_purpose_are_stored(book):
    for cell in code_cells(book):
        errors = [output for output in cell.outputs if output.output_type == "error"]
        assert bool(errors) == ("raises-exception" in tags(cell)), cell.source


def test_no_noise_is_stored(book):
    """Nothing on stderr, no path of the machine that ran it."""
    for cell in code_cells(book):
        for output in cell.outputs:
            assert output.get("name") != "stderr", output.text[:300]
            text = json.dumps(
                {
                    kind: data
                    for kind, data in output.get("data", {}).items()
                    if kind not in IMAGES
                }
            ) + output.get("text", "")
            found = re.search(
                r"(/home/|/root/|/work/|/tmp/|/Users/|site-packages|C:\\\\)", text
            )
            assert not found, text[:300]


def test_each_figure_says_what_it_shows(book):
    for cell in code_cells(book):
        if pictures(cell):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert 25 <= len(alt) <= 400, (cell.source[:200], alt)


def test_figures_are_light(book):
    """At most 200 KB a figure, 1.5 MB a notebook, no wider than 7.2 inches at 100
    dpi."""
    total = 0
    for cell in code_cells(book):
        for output in cell.outputs:
            total += len(json.dumps(output))
        for kind, data in pictures(cell):
            raw = data.encode() if kind == "image/svg+xml" else base64.b64decode(data)
            assert len(raw) <= 200_000, cell.source[:200]
            if kind == "image/png":
                assert int.from_bytes(raw[16:20], "big") <= 720, cell.source[:200]
    assert total <= 1_500_000
