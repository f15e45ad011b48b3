"""The house agrees with itself: one name, one address, one release, one list of
pages."""

import json
import re
import subprocess
import tomllib

import nbformat
import pytest
import yaml

from book.chapters import DRAFT
from book.identity import ROOT, identity
from helpers import runtime
from tools import chapter, form

BOOK = identity()
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
REQUIREMENTS = (ROOT / "requirements.txt").read_text("utf8")


def test_config_carries_the_identity():
    assert CONFIG["title"] == BOOK.title
    assert CONFIG["repository"] == {
        "url": BOOK.repository,
        "branch": BOOK.tag,
        "path_to_book": ".",
    }
    assert CONFIG["html"]["baseurl"] == BOOK.site
    theme = CONFIG["sphinx"]["config"]["html_theme_options"]
    assert (theme["repository_url"], theme["repository_branch"]) == (
        BOOK.repository,
        BOOK.tag,
    )


def test_citation_carries_the_identity():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    assert citation["title"].startswith(BOOK.title)
    assert citation["repository-code"] == BOOK.repository
    assert "v" + citation["version"] == BOOK.tag


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.glob("*.md"), *ROOT.glob("book/*.md")]),
    ids=lambda path: path.name,
)
def test_addresses_in_text_are_the_book_s_own(path):
    """No page sends a reader to another address, branch or release of this book."""
    text = path.read_text("utf8")
    name = BOOK.slug.split("/")[1]
    for owner in re.findall(rf"github\.com/([\w-]+)/{name}\b", text):
        assert f"{owner}/{name}" == BOOK.slug
    for release in re.findall(
        rf"colab\.research\.google\.com/github/[\w-]+/{name}/blob/([^/]+)/", text
    ):
        assert release == BOOK.tag


def test_readme_has_a_colab_badge_for_each_chapter_in_the_site():
    readme = (ROOT / "README.md").read_text("utf8")
    for page in pages():
        if page.startswith("notebooks/"):
            assert BOOK.colab(page.removeprefix("notebooks/") + ".ipynb") in readme, (
                page
            )


def pages() -> list[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    return [toc["root"]] + [
        entry["file"] for part in toc["parts"] for entry in part["chapters"]
    ]


def test_the_menu_lists_every_page_and_chapter_once():
    written = {f"book/{path.stem}" for path in (ROOT / "book").glob("*.md")}
    written |= {
        f"notebooks/{path.stem}"
        for path in (ROOT / "notebooks").glob("*.ipynb")
        if not DRAFT.search(path.read_bytes())
    }
    assert sorted(pages()) == sorted(written)


def test_every_requirement_is_pinned_exactly():
    for line in REQUIREMENTS.splitlines():
        if line and not line.startswith("#"):
            assert re.match(r"^[\w.-]+==[\w.]+( ; .+)?$", line), line


def test_the_pins_lie_within_the_ranges_of_the_helpers():
    from packaging.requirements import Requirement

    pins = {}
    for line in REQUIREMENTS.splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            pins[requirement.name.lower()] = next(iter(requirement.specifier)).version
    for text in PROJECT["project"]["dependencies"]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pins[requirement.name.lower()]), text


def test_linux_without_a_gpu_gets_the_small_tensorflow():
    from packaging.requirements import Requirement

    chosen = {"linux": [], "darwin": []}
    for system, names in chosen.items():
        where = {"sys_platform": system, "platform_machine": "x86_64"}
        for text in REQUIREMENTS.splitlines():
            if text.startswith("tensorflow"):
                requirement = Requirement(text)
                if requirement.marker.evaluate(where):
                    names.append(requirement.name)
    assert chosen == {"linux": ["tensorflow-cpu"], "darwin": ["tensorflow"]}


def test_make_help_lists_the_commands_the_book_promises():
    listed = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for command in ("book", "pdf", "test", "full", "lab", "serve", "chapter", "bench"):
        assert re.search(rf"^  make {command} +\S", listed, re.MULTILINE), command


def test_an_unfit_python_is_refused_in_one_line(tmp_path):
    old = tmp_path / "python3"
    old.write_text(
        '#!/bin/sh\ncase "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac\n'
    )
    old.chmod(0o755)
    tried = subprocess.run(
        ["make", "-s", "book", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    said = [line for line in tried.stdout.splitlines() if line.strip()]
    assert tried.returncode != 0
    assert said == [
        "Python 3.9.2 does not do: the book needs Python 3.11, 3.12 or 3.13 "
        "(make PYTHON=/path/to/python3)."
    ]


HERE = f"CPU, {runtime.cores()} core" + "s" * (runtime.cores() != 1)

# ---- tools/chapter.py, on a notebook of its own -----------------------------------


def small_notebook(folder, *code):
    cells = [
        nbformat.v4.new_markdown_cell(
            "# Small\n\nTime: quick N s · full N min on 2 CPU cores · on a card, not "
            "measured · needs: chapter 02"
        )
    ]
    cells += [nbformat.v4.new_code_cell(source) for source in code]
    path = folder / "98_small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setattr(chapter, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(form, "BEFORE", ())  # a small notebook is no whole chapter
    return tmp_path


@pytest.mark.slow
def test_a_full_run_stores_outputs_stamp_and_times(desk):
    path = small_notebook(
        desk,
        "import os\nprint(os.environ['BOOK_PROFILE'], os.environ['BOOK_CHAPTER'])",
        "with open(os.environ['BOOK_REUSED_SECONDS'], 'a') as file:\n    print(300, "
        "file=file)",
    )
    assert chapter.main(["98", "--profile", "full"]) == 0
    made = nbformat.read(path, as_version=4)
    assert made.cells[1].outputs[0].text == "full 98\n"
    assert all(cell.get("execution_count") is None for cell in made.cells)
    stamp = made.metadata["book"]
    assert stamp["profile"] == "full"
    assert stamp["code_hash"] == chapter.code_hash(made)
    assert stamp["seconds"]["full"] > 300  # what was reused is counted too
    assert (
        f"Time: quick N s · full 5 min on {chapter._cores(HERE)} · on a card, not "
        "measured · needs: chapter 02" in made.cells[0].source
    )

    before = path.read_bytes()
    assert chapter.main(["98", "--profile", "full", "--resume"]) == 0
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_quick_run_stores_its_seconds_but_no_outputs(desk):
    path = small_notebook(desk, "print('hello')")
    assert chapter.main(["98"]) == 0
    made = nbformat.read(path, as_version=4)
    assert made.cells[1].outputs == []
    assert "profile" not in made.metadata["book"]
    assert re.search(
        r"^Time: quick \d+ s.* · full N min on 2 CPU cores", made.cells[0].source, re.M
    )


STARTED = "Profile: full (for the other: BOOK_PROFILE=quick in the environment) · {} · Python 3.11"


@pytest.mark.slow
def test_a_run_on_a_card_stores_its_seconds_alone(desk, capsys):
    path = small_notebook(desk, "print('made by a processor')")
    assert chapter.main(["98", "--profile", "full"]) == 0
    made = nbformat.read(path, as_version=4)
    made.cells[1].source = said = f"print({STARTED.format('Tesla T4')!r})"
    nbformat.write(made, path)
    assert chapter.main(["98", "--profile", "full"]) == 0
    after = nbformat.read(path, as_version=4)
    assert after.cells[1].source == said
    assert after.cells[1].outputs == made.cells[1].outputs
    before, book = made.metadata["book"], dict(after.metadata["book"])
    assert book.pop("card")["on"] == "Tesla T4"
    assert book == before  # what is stored is the processor's: its seconds, its hash
    assert re.search(
        r" · on a card \(Tesla T4\), full \d+ s · needs: ", after.cells[0].source
    )
    assert "It ran on Tesla T4: the stored outputs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("book", "line"),
    [
        ({}, "quick N s · full N min on 2 CPU cores · on a card, not measured"),
        (
            {"seconds": {"quick": 20, "full": 3000}},  # from before devices were noted
            "quick 20 s · full 50 min on 2 CPU cores · on a card, not measured",
        ),
        (
            {"seconds": {"quick": 20, "full": 3000}, "on": {"quick": "CPU, 8 cores"}},
            "quick 20 s on 8 CPU cores · full 50 min on 2 CPU cores · on a card, not "
            "measured",
        ),
        (
            {
                "seconds": {"quick": 20, "full": 3000},
                "on": {"quick": "CPU, 1 core", "full": "CPU, 1 core"},
                "card": {"on": "L4", "seconds": {"quick": 9, "full": 600}},
            },
            "quick 20 s · full 50 min on 1 CPU core · on a card (L4), quick 9 s, full 10 "
            "min",
        ),
    ],
)
def test_the_line_of_times_says_on_what(book, line):
    old = "Time: quick 1 s · full 2 s on 3 CPU cores · needs: chapters 02, 04"
    made = chapter.time_line(old, book)
    assert made == f"Time: {line} · needs: chapters 02, 04"
    assert re.search(form.TIMES, made)
    assert chapter.time_line(made, book) == made


def test_a_card_s_seconds_are_those_of_one_card():
    note = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# A\n\nTime: .. needs: nothing")]
    )
    chapter.stamp(note, "quick", 30, "Tesla T4")
    chapter.stamp(note, "full", 300, "Tesla T4")
    both = {"quick": 30, "full": 300}
    assert note.metadata["book"] == {"card": {"on": "Tesla T4", "seconds": both}}
    chapter.stamp(note, "quick", 20, "L4")
    assert note.metadata["book"]["card"] == {"on": "L4", "seconds": {"quick": 20}}


@pytest.mark.slow
def test_a_failing_cell_is_shown_and_the_notebook_left_alone(desk, capsys):
    path = small_notebook(desk, "print('fine')", "missing_name + 1")
    before = path.read_bytes()
    assert chapter.main(["98", "--profile", "full"]) == 1
    assert path.read_bytes() == before
    said = capsys.readouterr().err
    assert "missing_name + 1" in said and "NameError" in said


def test_a_chapter_that_is_not_there_is_named_with_those_that_are(desk):
    small_notebook(desk)
    with pytest.raises(
        SystemExit, match="no single chapter '77'; the chapters are: 98"
    ):
        chapter.main(["77"])


def test_outputs_are_normalised_to_what_every_run_gives():
    cell = nbformat.v4.new_code_cell("1/0", execution_count=7)
    cell.metadata["execution"] = {"iopub.execute_input": "2026-01-01"}
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="a\n"),
        nbformat.v4.new_output("stream", name="stdout", text="b\n"),
        nbformat.v4.new_output(
            "execute_result", execution_count=7, data={"text/plain": "1"}
        ),
        nbformat.v4.new_output(
            "error", ename="E", evalue="no", traceback=["\x1b[31m/home/me\n"]
        ),
    ]
    book = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    chapter.normalise(book)
    assert [output.output_type for output in cell.outputs] == [
        "stream",
        "execute_result",
        "error",
    ]
    assert cell.outputs[0].text == "a\nb\n"
    assert cell.outputs[2].traceback == ["E: no"]
    assert "execution" not in cell.metadata and "widgets" not in book.metadata
    assert "7" not in json.dumps(
        [cell.execution_count, cell.outputs[1].execution_count]
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (41.4, "41 s"),
        (99.4, "99 s"),
        (120, "2 min"),
        (725, "12 min"),
        (5400, "90 min"),
        (6600, "1 h 50 min"),
    ],
)
def test_durations_read_as_people_say_them(seconds, said):
    assert chapter.duration(seconds) == said
