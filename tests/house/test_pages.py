"""The pages without a kernel: what is made is current, what is written keeps its
promises."""

import ast
import json
import re
import statistics
import textwrap
import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from docutils.core import publish_doctree
from PIL import Image

from book._ext.book_docstrings import plain_to_rest
from book.chapters import BY_NUMBER, CHAPTERS, PARTS, ROOT
from helpers import data, metrics, zoo
from tools import draw_map, make_pages, page_text, results_page

BOOK = ROOT / "book"
PAGES = sorted(BOOK.glob("*.md"))
SVG = "{http://www.w3.org/2000/svg}"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def read(page):
    return (BOOK / page).read_text(encoding="utf-8")


# --- what is made


def test_made_parts_are_current():
    assert make_pages.stale() == [], "run: python -m tools.make_pages"


def test_no_picture_lies_in_the_folder_that_no_chapter_made():
    made = {*make_pages.pictures(), make_pages.PICTURES / "welcome.png"}
    assert {*make_pages.PICTURES.glob("*")} == made


def test_the_welcome_picture_is_what_the_shipped_generator_makes():
    from tools import make_welcome

    stored = np.asarray(Image.open(make_welcome.PATH), np.int16)
    drawn = make_welcome.draw().astype(np.int16)
    assert stored.shape == drawn.shape, "run: python -m tools.make_welcome"
    assert np.abs(stored - drawn).max() <= 2, "run: python -m tools.make_welcome"


def test_the_walk_keeps_to_the_sphere_and_passes_its_stops():
    from tools import make_welcome

    stops = np.random.default_rng(make_welcome.SEED).standard_normal((3, 64))
    path = make_welcome.walk(64)
    np.testing.assert_allclose(path[[0, -1]], stops[[0, 2]], rtol=1e-5)
    lengths, ends = np.linalg.norm(path, axis=1), np.linalg.norm(stops, axis=1)
    assert 0.9 * ends.min() < lengths.min() and lengths.max() < 1.1 * ends.max()


def test_contents_are_the_23_chapters_and_every_notebook_is_one_of_them():
    assert [chapter.number for chapter in CHAPTERS] == [
        f"{n:02d}" for n in range(1, 24)
    ]
    names = {chapter.name for chapter in CHAPTERS}
    found = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert found <= names
    assert {chapter.part for chapter in CHAPTERS} == {*PARTS}


def test_a_chapter_builds_only_on_earlier_ones():
    for chapter in CHAPTERS:
        assert all(
            need < chapter.number and need in BY_NUMBER for need in chapter.needs
        )


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (0.14612, 2, "0.15"),
        (1204.6, 0, "1,205"),
        (-0.0123, 3, "−0.012"),
        (-0.0004, 2, "0.00"),
        ([2.0], 2, "2.00"),
        (None, 2, page_text.DASH),
        ([], 2, page_text.DASH),
    ],
)
def test_numbers_of_a_column_have_the_same_decimals(value, places, expected):
    assert page_text.fixed(value, places) == expected


def test_several_seeds_are_mean_and_sample_deviation_below_it():
    values = [3.2, 3.9, 3.4]
    mean, deviation = statistics.mean(values), statistics.variance(values) ** 0.5
    assert page_text.fixed(values, 2) == f"{mean:.2f}<br>± {deviation:.2f}"


def test_columns_of_numbers_stand_right_and_of_words_left():
    rows = [
        ["a", "0.73<br>± 0.01", "6.05<br>5.6 to 6.5", "2026-11-23"],
        ["b", "–", "1", "–"],
    ]
    _, align, *_ = page_text.table(["Name", "1", "2", "3"], rows).splitlines()
    assert align == "| --- | --: | --: | --: |"


def card(**changes):
    return {
        "name": "digits-x",
        "chapter": "05",
        "parameters": 247_000,
        "seconds": 61.2,
        "metrics": {
            "data": "digits",
            "extractor": "digits-labelled",
            "n_generated": 5000,
            "frechet": [3.0, 5.0],
            "floor": 0.15,
            "precision": 0.77,
            "note": "the seed shipped is 0",
        },
    } | changes


def rows_of(made):
    """Return the cells of the tables in a made part, heads left out: row -> cells."""
    tables = re.findall(r"(?:^\|.*\n?)+", made, re.M)
    lines = [line for one in tables for line in one.splitlines()[2:]]
    return [line.strip("| ").split(" | ") for line in lines]


def test_results_show_each_measured_model_once_per_ruler(monkeypatch):
    second = {"extractor": "digits-unlabelled", "frechet": 9.5}
    both = card(metrics=card()["metrics"] | {"other": [second]})
    classifier = card(
        name="digits-classifier", seconds=36.0, metrics={"accuracy": 0.97}
    )
    judge = card(name="digits-labelled", seconds=2.0, metrics={"floor": 0.21})
    other = card(name="digits-unlabelled", seconds=37.0, metrics={"floor": 0.52})
    third = card(name="digits-selfsupervised", seconds=3.0, metrics={"floor": 0.15})
    origin = card(name="digits-masked", seconds=180.0, metrics={})
    monkeypatch.setattr(
        results_page, "cards", lambda: [both, classifier, judge, other, third, origin]
    )
    made = results_page.results()
    labelled, unlabelled = re.split(r"\n\n(?=### )", made)
    assert "### Digits, by the labelled ruler\n\nThe floor is 0.15, " in labelled, (
        "a card's own floor goes first"
    )
    assert "### Digits, by the unlabelled ruler\n\nThe floor is 0.52, " in unlabelled, (
        "else the extractor's"
    )
    (first,), (last,) = rows_of(labelled), rows_of(unlabelled)
    assert "[digits x](../notebooks/05_" in first[0] and "2 seeds" in first[0]
    assert first[1:] == ["4.00<br>± 1.41", "0.77", "–", "–", "1.0", "247"]
    assert last[1] == "9.50" and "seeds" not in last[0]
    assert made.endswith("chapter 05: the seed shipped is 0.")
    judged = rows_of(results_page.judges())
    assert [row[0].split("]")[0] for row in judged] == [
        "[digits labelled",
        "[digits unlabelled",
        "[digits selfsupervised",
    ]
    assert judged[0][1:3] == ["0.21", "97.0"] and judged[1][2] == "–"
    assert judged[0][3] == "0.6"
    assert judged[2][3] == "3.0" and judged[2][5] == "painting hidden patches"


def test_every_model_in_a_table_has_a_name_for_people_and_its_place():
    shown = {
        one["name"]: one
        for one in results_page.cards()
        if {"frechet", "obeyed", "floor"} & results_page.metrics_of(one).keys()
    }
    assert shown.keys() == results_page.NAMED.keys(), "tools/results_page.py names them"
    for name, (words, heading) in results_page.NAMED.items():
        assert heading in results_page.headings(shown[name]["chapter"]), (
            f"{name}: {heading!r} is no heading of its chapter any more"
        )
        assert f"[{words}](" in read("results.md")
    assert "`" not in read("results.md").partition("## The models")[2]


def test_provenance_names_every_asset_and_loses_no_byte(monkeypatch):
    made = {"source": "made by chapter 06", "licence": "MIT"}
    files = {
        "data/digits-train-0.png": {"bytes": 1_000_000, "source": "S", "licence": "L"},
        "data/digits-test-0.png": {"bytes": 500_000, "source": "S", "licence": "L"},
        "06/a.json": {"bytes": 3_000, **made},
        "06/a.npz": {"bytes": 3_000, **made},
        "06/b.json": {"bytes": 4_000, **made},
        "04/w.json": {"bytes": 9_000, **made, "source": "made by chapter 04"},
        "04/w.npz": {"bytes": 2_000, **made, "source": "made by chapter 04"},
    }
    names = {"model": ["04/w"], "result": ["06/a", "06/b"]}
    monkeypatch.setattr(make_pages.manifest, "read", lambda: files)
    monkeypatch.setattr(make_pages.records, "names", lambda kind: names[kind])
    made = make_pages.provenance()
    assert "| `digits` | 1.5 MB | S | L |" in made
    assert "| `04/w` | 2 kB | chapter " in made
    assert made.count("| chapter [06]") + made.count("| chapter 06") == 1


def test_filling_a_page_twice_changes_nothing_and_a_missing_place_is_told():
    text = "before\n% made by tools/make_pages.py: x\nold\n% end of x\nafter\n"
    once = make_pages.fill(text, "x", r"new \1")
    assert once == make_pages.fill(once, "x", r"new \1")
    assert "old" not in once and "new \\1" in once and once.endswith("after\n")
    with pytest.raises(ValueError, match="no place for the made part 'y'"):
        make_pages.fill(text, "y", "new")


# --- the map


@pytest.fixture(params=[draw_map.wide, draw_map.narrow], ids=["wide", "narrow"])
def drawing(request):
    return ElementTree.fromstring(request.param())


def test_map_names_every_chapter_once_and_links_the_written_ones(drawing):
    texts = Counter("".join(node.itertext()) for node in drawing.iter(f"{SVG}text"))
    for chapter in CHAPTERS:
        assert texts[f"{chapter.number}  {chapter.title}"] == 1
    links = {node.get("href") for node in drawing.iter(f"{SVG}a")}
    assert links == {f"../notebooks/{c.name}.html" for c in CHAPTERS if c.ready}
    assert all(node.get("aria-label") for node in drawing.iter(f"{SVG}a"))


def test_map_text_stays_inside_and_lines_of_text_do_not_collide(drawing):
    _, _, width, height = map(float, drawing.get("viewBox").split())
    boxes = []
    for node in drawing.iter(f"{SVG}text"):
        words, kind = "".join(node.itertext()), node.get("class")
        per_letter = 6.6 if "soft" in kind else 11 if "big" in kind else 8.2
        x, y = float(node.get("x")), float(node.get("y"))
        boxes.append(
            (x, y - 11, min(x + per_letter * len(words), x + 228), y + 3, words)
        )
        assert x >= 0 and y > 11 and y + 3 < height, words
        assert x + 6.2 * len(words) <= width, words
    for i, (left, top, right, bottom, words) in enumerate(boxes):
        for left2, top2, right2, bottom2, words2 in boxes[i + 1 :]:
            apart = right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
            assert apart, (words, words2)


def test_map_asks_nothing_of_another_host():
    block = draw_map.block().replace("http://www.w3.org/2000/svg", "")
    assert "http" not in block and "<script" not in block and "@import" not in block
    assert "\n\n" not in block, "an empty line would end the HTML block"


# --- what is written


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_has_one_title_good_links_and_alt_texts(page):
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    assert len(re.findall(r"^# ", prose, re.M)) == 1
    for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", prose):
        assert len(alt) > 20 and (page.parent / target).is_file(), target
    for target in re.findall(r"(?<!!)\]\(([^)\s]+)\)", prose):
        if not target.startswith(("https://", "#")):
            file, _, place = target.partition("#")
            path = (page.parent / file).resolve()
            assert path.is_file(), target
            if place and path.suffix == ".ipynb":
                places = results_page.headings(path.stem[:2]).values()
                assert place in places, f"{target}: its chapter has no such heading"
    assert prose.count(":img-top:") == len(re.findall(r":img-alt: .{20}", prose))
    assert "http://" not in prose and "!" not in re.sub(r"!\[|!=", "", prose), (
        "calm, and https"
    )


def chapters_named(text):
    """Return the numbers in "Chapters 03 to 05 and 07", the span filled in."""
    numbers = set()
    for words in re.findall(r"[Cc]hapters? ((?:\d\d(?:, | and | to )?)+)", text):
        numbers |= {*re.findall(r"\d\d", words)}
        for first, last in re.findall(r"(\d\d) to (\d\d)", words):
            numbers |= {f"{n:02d}" for n in range(int(first), int(last) + 1)}
    return numbers


def test_papers_have_a_year_a_venue_and_a_link_of_the_right_time():
    entries = re.findall(r"^\*\*(.+?), (\d{4})\.\*\* (.+)$", read("papers.md"), re.M)
    assert len(entries) == read("papers.md").count("\n**") > 40
    assert len({(who, year) for who, year, _ in entries}) == len(entries)
    for who, year, rest in entries:
        assert re.match(r"\[[^\]]+\]\(https://[^)]+\)\. \w.+?\. \S.+\.$", rest), who
        for yy, mm in re.findall(r"arxiv\.org/abs/(\d\d)(\d\d)\.\d{4,5}", rest):
            assert 0 <= int(year) - (2000 + int(yy)) <= 2 and 1 <= int(mm) <= 12, who
        assert all(n in BY_NUMBER for n in chapters_named(rest)), who


def test_papers_cited_by_chapters_and_applications_agree_with_the_list():
    """The same arXiv number has one year in the whole book, and a chapter's paper is
    listed."""
    entries = re.findall(r"^\*\*.+?, (\d{4})\.\*\* (.*)$", read("papers.md"), re.M)
    years, chapters = {}, {}
    for year, rest in entries:
        for number in re.findall(r"arxiv\.org/abs/(\d{4}\.\d{4,5})", rest):
            years[number], chapters[number] = year, chapters_named(rest)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n".join(
            "".join(c["source"]) for c in cells if c["cell_type"] == "markdown"
        )
        for number in {*re.findall(r"arxiv\.org/abs/(\d{4}\.\d{4,5})", text)}:
            assert number in years, (
                f"{path.name} cites {number}: put it into book/papers.md"
            )
            assert path.stem[:2] in chapters[number], (
                f"papers.md: {number} is cited by {path.stem}"
            )
    for year, number in re.findall(
        r", (\d{4})\]\(https://arxiv\.org/abs/([\d.]+)\)", read("applications.md")
    ):
        assert years.get(number, year) == year


def test_glossary_is_sorted_bilingual_and_has_the_books_words():
    text = read("glossary.md")
    terms = re.findall(r"^(\S.*) · (.+)$", text, re.M)
    assert len(terms) > 100
    assert all(CHINESE.search(chinese) for _, chinese in terms)
    keys = [english.lower().replace("é", "e") for english, _ in terms]
    assert keys == sorted(keys) and len({*keys}) == len(keys)
    for word in (
        "latent_dim",
        "latents",
        "generator",
        "discriminator",
        "critic",
        "real_images",
        "generated_images",
        "real_logits",
        "generated_logits",
        "d_loss",
        "g_loss",
        "gradient_penalty",
        "gp_weight",
        "n_critic",
        "feature_extractor",
        "features",
        "codebook",
        "tokens",
        "encoder",
        "decoder",
        "z_mean",
        "z_log_var",
        "guidance_scale",
        "ema",
    ):
        assert f"`{word}`" in text, word


def test_helpers_page_names_every_module():
    named = set(re.findall(r"automodule:: helpers\.(\w+)", read("helpers.md")))
    there = {path.stem for path in (ROOT / "helpers").glob("*.py")}
    assert named == {name for name in there if not name.startswith("_")}


def docstrings():
    for path in sorted((ROOT / "helpers").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                text = ast.get_docstring(node)
                name = getattr(node, "name", "")
                if text and not name.startswith("_"):
                    yield pytest.param(text, id=f"{path.stem}.{name}")


@pytest.mark.parametrize("text", list(docstrings()))
def test_docstring_becomes_clean_rest(text, capsys):
    rest = "\n".join(plain_to_rest(text.splitlines()))
    publish_doctree(rest, settings_overrides={"report_level": 2, "halt_level": 5})
    assert capsys.readouterr().err == ""


def test_docstring_markup_is_taken_as_plain_text():
    made = plain_to_rest(["|a| * `b_c` d_", "", "    code_", "", "after"])
    doctree = publish_doctree("\n".join(made))
    assert doctree.astext().split("\n\n") == ["|a| * b_c d_", "code_", "after"]


def test_the_grading_example_grades(monkeypatch, capsys):
    answers, grade = re.findall(
        r"^```python\n(.*?)^```", read("teaching.md"), re.M | re.S
    )
    space = {}
    exec(answers, space)
    assert space["ANSWERS"]
    body = textwrap.dedent(grade).replace("from answers import ANSWERS\n", "")
    exec(body, space)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(space["ANSWERS"]) + 1
    assert all(
        re.match(r"\d\d\.q?\d+: (right|wrong|unanswered)\. ", line)
        for line in lines[:-1]
    )


@pytest.mark.parametrize(("weeks", "total"), [("Six weeks", 42), ("Twelve weeks", 96)])
def test_hours_of_the_course_add_up(weeks, total):
    section = read("teaching.md").split(f"## {weeks}\n")[1].split("\n## ")[0]
    hours = [int(row) for row in re.findall(r"\| (\d+) \|$", section, re.M)]
    assert sum(hours) == total and f"{total} in all" in section
    assert len(hours) == {"Six weeks": 6, "Twelve weeks": 12}[weeks]


def test_minutes_of_each_session_fill_ninety():
    tables = re.findall(r"\| Minutes \|.*?(?=\n\n)", read("teaching.md"), re.S)
    assert len(tables) == 5
    for table in tables:
        spans = [tuple(map(int, s)) for s in re.findall(r"\| (\d+)–(\d+) \|", table)]
        assert spans[0][0] == 0 and spans[-1][1] == 90
        assert all(a[1] == b[0] for a, b in pairwise(spans))


def test_the_table_of_captions_tells_shares_in_percent(monkeypatch):
    card = {
        "name": "m",
        "metrics": {"obeyed": {"seen, 1": [0.982, 0.0031], "pairs, 2": [1, 0]}},
        "seconds": 90.0,
        "parameters": 1234,
        "chapter": "18",
    }
    wider = card | {
        "name": "w",
        "metrics": {"obeyed": {"seen, 1": [1, 0], "seen, 3": [0.5, 0]}},
    }
    others = [wider, {"name": "other", "metrics": {}}]
    monkeypatch.setattr(results_page, "cards", lambda: [card, *others])
    rows = {row[0]: row[1:] for row in rows_of(results_page.obedience())}
    assert list(rows) == [
        "As in training<br>1 object",
        "As in training<br>3 objects",
        "New pair of objects<br>2 objects",
        "Trained, min",
        "Parameters, thousands",
    ]
    assert rows["As in training<br>1 object"] == ["98.2<br>± 0.3", "100.0<br>± 0.0"]
    assert rows["As in training<br>3 objects"] == ["–", "50.0<br>± 0.0"], (
        "what a model was not asked is a dash"
    )
    assert rows["Trained, min"] == ["1.5", "1.5"]


def test_the_worked_example_tells_what_chapter_06_measures():
    section = read("how_to_use.md").split("### An example")[1].split("\n### ")[0]
    told = rows_of(section)
    extractor = zoo.load("06/fashion-labelled")
    a, b = (
        metrics.features(extractor, data.fashion(split)[0])
        for split in ("train", "test")
    )
    for row, count in zip(told, (5000, 1000), strict=True):
        found = metrics.compare(generated=a[:count], real=b)
        kernel = f"{found['kernel']:.3f}<br>± {found['kernel_se']:.3f}".replace(
            "-", "−"
        )
        assert row == [
            f"{found['frechet']:.3f}",
            kernel,
            f"{found['precision']:.2f}",
            f"{found['recall']:.2f}",
        ]
    chapter = BY_NUMBER["06"].path.read_text("utf8")
    assert "- `N = 1000`" in chapter and "**Exercise 06.2.**" in chapter


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ({"seconds": 400, "cpu_seconds": 720, "hardware": "CPU, 2 cores"}, "12.0"),
        (
            {"seconds": 60, "cpu_seconds": 7, "hardware": "Tesla T4"},
            "1.0<br>on Tesla T4",
        ),
        ({"seconds": 60}, "1.0"),
        ({"seconds": 2, "metrics": {"clock_seconds": 600}}, "10.0"),
        ({"seconds": 2, "metrics": {"seconds_of_two_cores": 300}}, "10.0"),
        ({}, results_page.DASH),
    ],
)
def test_a_model_s_time_is_by_the_clock_that_counts_there(card, told):
    assert results_page.trained(card) == told
