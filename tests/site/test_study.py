"""The learning aids: their data, the page in a real browser, the printed page, and the
PDF."""

import json
import re
import subprocess
import sys
from contextlib import nullcontext

import pytest
import yaml

from book import reading
from book._ext import book_study
from book.chapters import BY_NUMBER, CHAPTERS
from book.identity import ROOT, identity
from helpers.exercises import grade, registered
from tests.site.browser import DESK, PATIENCE, PHONE, SITE, in_scheme, serious
from tools import make_pdf

READY = [chapter for chapter in CHAPTERS if chapter.ready]
HOME = "book/index"
FIRST = "notebooks/02_gan_objective"
KEY = "noise-to-image.progress"
site = pytest.mark.site


# ---- the data ---------------------------------------------------------------------


def test_every_quiz_gives_on_the_page_the_reason_that_check_gives():
    for chapter in READY:
        for one in registered(chapter.number):
            made = book_study.described(one, True)
            assert (made["kind"] == "quiz") == (".q" in one.id)
            if made["kind"] == "quiz":
                for letter, reason in made["because"].items():
                    status = "right" if letter == made["correct"] else "wrong"
                    assert grade(one.id, letter) == (status, " ".join(reason.split()))
            else:
                assert made["hints"] == one.hints != []
                assert made["kind"] == ("number" if one.numbers else "exercise")
                assert made.get("numbers", {}) == one.numbers


def test_stubs_are_named_once_and_solutions_are_not():
    cell = (
        '<div class="cell {} docutils"><div class="cell_input"><pre><span>check</span>'
        '(<span class="s2">"02.1"</span>, answer)</pre></div></div>'
    )
    body = f"<p>x</p>{cell.format('a')}{cell.format('b')}{cell.format('tag_solution')}"
    body, solved = book_study.mark_stubs(body)
    assert re.findall(
        r'<div class="cell (\w+) docutils" data-exercise="02.1">', body
    ) == ["a"]
    assert solved == {"02.1"}


def test_json_in_a_page_cannot_end_its_script():
    made = book_study.script("name", {"a": "</script><b>"})
    assert made.count("</") == 1 and made.endswith("</script>")
    assert json.loads(made[made.index(">") + 1 : -len("</script>")]) == {
        "a": "</script><b>"
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Two words.", 2),
        ("a [link there](https://x.y/z) ends", 4),
        ("so $q = p$ it is", 3),
        ("before\n\n```python\nx = 1\n```\n\nafter", 2),
        ("![a picture](p.png) shown", 1),
        ("| A | B |\n| --- | --: |\n| one | two |", 4),
        ("$$\nx^2\n$$\nstands", 1),
        ("", 0),
    ],
)
def test_only_prose_is_counted(text, words):
    assert reading.count(text) == words


def test_times_are_read_and_told():
    for chapter in READY:
        assert 5 <= reading.minutes(chapter.path) <= 60
        assert all(
            reading.seconds(each) > 0 for each in reading.run_times(chapter.path)
        )
    assert [reading.seconds(t) for t in ("19 s", "35 min", "2 h 07 min")] == [
        19,
        2100,
        7620,
    ]
    assert [reading.told(n) for n in (420, 7620)] == ["7 min", "2 h 07 min"]


def test_a_page_is_cited_with_its_title_release_and_address():
    book = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    made = book_study.citation("notebooks/04_dcgan", "DCGAN & more_of 100%")
    assert made["text"].endswith(f"{identity().site}notebooks/04_dcgan.html")
    assert "“DCGAN & more_of 100%”" in made["text"] and book["version"] in made["text"]
    assert r"{DCGAN \& more\_of 100\%}" in made["bibtex"]
    assert made["bibtex"].startswith("@misc{noise-to-image-04-dcgan,")
    assert made["bibtex"].count("{") - made["bibtex"].count(r"\{") == made[
        "bibtex"
    ].count("}")
    whole = book_study.citation(HOME, "From Noise to Image")
    assert book["title"] in whole["bibtex"] and "In:" not in whole["bibtex"]


@site
@pytest.mark.parametrize("chapter", READY, ids=lambda chapter: chapter.number)
def test_a_page_carries_every_reason_and_every_hint_of_its_chapter(chapter):
    text = (SITE / "notebooks" / f"{chapter.name}.html").read_text("utf8")
    found = re.search(
        r'<script type="application/json" id="book-exercises">(.*?)</script>', text
    )
    page = {one["id"]: one for one in json.loads(found[1])["exercises"]}
    known = {one.id: one for one in registered(chapter.number)}
    assert page.keys() == known.keys()
    for name, one in known.items():
        assert page[name].get("because", {}) == one.because
        assert page[name].get("hints", []) == one.hints
        assert text.count(f'data-exercise="{name}"') == 1, name
    minutes = reading.minutes(chapter.path)
    assert (
        f'<p class="book-time">Time: about {minutes} min to read · run: quick ' in text
    )


# ---- quizzes and hints ------------------------------------------------------------


def kept(tab):
    return json.loads(tab.evaluate(f"localStorage.getItem('{KEY}')") or "null")


def sound(seen):
    """Nothing failed, and nothing was asked of another host."""
    left = f"failed: {seen.address}"  # a page that is left gives up what it was loading
    assert [fault for fault in seen.faults if not fault.startswith(left)] == []
    assert seen.outside == []


def option(quiz, letter):
    return quiz.get_by_role("radio", name=f"({letter})")


@site
def test_a_quiz_is_answered_by_mouse_wrong_then_right(visit):
    seen = visit(FIRST)
    quiz = seen.tab.locator('[data-quiz="02.q1"]')
    reasons = registered("02")[-3].because
    said = quiz.locator("[aria-live=polite]")
    quiz.get_by_role("button", name="Answer").click()
    assert said.inner_text() == "Choose a letter first."
    option(quiz, "a").check()
    assert said.inner_text() == "Choose a letter first.", (
        "a choice is not an answer yet"
    )
    quiz.get_by_role("button", name="Answer").click()
    assert said.inner_text() == f"Not yet. {reasons['a']}"
    assert kept(seen.tab) is None
    option(quiz, "b").check()
    quiz.get_by_role("button", name="Answer").click()
    assert said.inner_text() == f"Right. {reasons['b']}"
    assert quiz.get_by_text("passed", exact=True).is_visible()
    assert kept(seen.tab) == {"version": 1, "read": [], "passed": ["02.q1"]}
    seen.tab.reload()
    assert quiz.get_by_text("passed", exact=True).is_visible()
    sound(seen)


@site
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_whole_line_of_an_option_chooses_it(visit, size):
    seen = visit(FIRST)
    seen.tab.set_viewport_size(size)
    quiz = seen.tab.locator('[data-quiz="02.q1"]')
    lines = quiz.locator(".study-option")
    assert lines.count() == quiz.get_by_role("radio").count() == 3
    for index, letter in enumerate("abc"):
        line = lines.nth(index)
        box = line.bounding_box()
        assert box["height"] >= 40 and box["width"] > 0.7 * size["width"] - 300
        line.click(position={"x": box["width"] - 6, "y": box["height"] / 2})
        assert option(quiz, letter).is_checked()
        assert line.inner_text().startswith(f"({letter}) ")
    assert "The forger has won" in lines.first.inner_text()
    words = seen.tab.locator("#check-yourself").inner_text()
    assert words.count("The forger has won") == 1, "what is asked stands there once"
    sound(seen)


@site
def test_a_quiz_is_answered_by_keyboard(visit):
    seen = visit(FIRST)
    quiz = seen.tab.locator('[data-quiz="02.q2"]')
    option(quiz, "a").focus()
    for key in ("Space", "ArrowRight", "ArrowDown", "Enter"):
        seen.tab.keyboard.press(key)
    assert quiz.locator("[aria-live=polite]").inner_text().startswith("Right.")
    seen.tab.keyboard.press("Tab")
    assert seen.tab.evaluate("document.activeElement.textContent") == "Answer"
    name = re.compile(r"^Question 2\. A forger is hopeless.*stronger under")
    assert seen.tab.get_by_role("group", name=name).count() == 1
    assert quiz.locator("legend mjx-container").count() == 3, "its formulas are drawn"
    sound(seen)


@site
def test_every_exercise_of_every_chapter_has_its_place(browser, address):
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    light = re.compile(
        r"/_images/|/mathjax/|/scripts/"
    )  # what this test does not look at
    context.route(light, lambda route: route.abort())
    tab = context.new_page()
    for chapter in READY:
        known = {one.id: one for one in registered(chapter.number)}
        tab.goto(
            f"{address}/notebooks/{chapter.name}.html", wait_until="domcontentloaded"
        )
        places = tab.evaluate(
            """() => [...document.querySelectorAll("[data-quiz], [data-hints]")].map(
                   e => [e.dataset.quiz ?? e.dataset.hints,
                         (e.dataset.quiz ? e.nextElementSibling : e.previousElementSibling)
                             .dataset.exercise])"""
        )
        assert sorted(name for name, _ in places) == [*known]
        assert all(name == stub for name, stub in places)
        for name, one in known.items():
            if not one.correct:
                continue
            asked = tab.locator(f'[data-quiz="{name}"]')
            legend = asked.locator("legend").inner_text()
            assert legend.startswith(f"Question {name.partition('q')[2]}. ")
            options = asked.locator("label").all_inner_texts()
            assert [text[:4] for text in options] == [f"({x}) " for x in one.because]
        fields = {
            form.get_attribute("data-number"): form.locator("label").all_inner_texts()
            for form in tab.locator("[data-number]").all()
        }
        assert fields == {i: o.numbers["parts"] for i, o in known.items() if o.numbers}
        # Who reads here runs no cell: only the cells that ask for code are shown.
        shown = tab.evaluate(
            """() => [...document.querySelectorAll("[data-exercise]")]
                   .filter(e => e.checkVisibility()).map(e => e.dataset.exercise)"""
        )
        code = [i for i, one in known.items() if not one.correct and not one.numbers]
        assert sorted(shown) == code != []
    context.close()


@site
@pytest.mark.parametrize("chapter", READY, ids=lambda chapter: chapter.number)
def test_a_page_speaks_to_who_reads_it(chapter):
    text = (SITE / "notebooks" / f"{chapter.name}.html").read_text("utf8")
    assert "not answered yet" not in text and "run the cell; a question" not in text
    assert text.count('<p class="study-asked">Choose or type your answers here') == 1
    cells = json.loads(chapter.path.read_text("utf8"))["cells"]
    for one in registered(chapter.number):
        at = text.index(f'data-exercise="{one.id}"')
        turn = text.find('<p class="study-turn">Your turn: on paper, ', at, at + 200)
        assert (turn > 0) == (not one.correct and not one.numbers), one.id
        if turn > 0:
            place = identity().colab(chapter.path.name)
            name = re.search(rf'href="{re.escape(place)}#scrollTo=(\w+)"', text[at:])[1]
            cell = next(cell for cell in cells if cell["id"] == name)
            assert f'check("{one.id}"' in "".join(cell["source"])


@site
def test_the_notebook_that_is_downloaded_still_speaks_to_who_runs_it():
    found = [*SITE.glob("_sources/notebooks/02_*.ipynb")]
    assert len(found) == 1 and "not answered yet" in found[0].read_text("utf8")


@site
def test_hints_come_one_by_one_and_then_the_solution_is_named(visit):
    seen = visit(FIRST)
    help_ = seen.tab.get_by_role("group", name="Help with exercise 02.2")
    hints = next(one.hints for one in registered("02") if one.id == "02.2")
    shown = help_.locator("ol[aria-live=polite] li")
    for number, _ in enumerate(hints):
        assert shown.count() == number
        help_.get_by_role("button", name=f"Hint {number + 1} of {len(hints)}").click()
        assert shown.nth(number).inner_text() == hints[number]
    assert shown.last.inner_text() == "No more hints: the solution is folded below."
    over = help_.get_by_role("button", name="No more hints")
    assert over.get_attribute("aria-disabled") == "true"
    assert seen.tab.evaluate("document.activeElement.textContent") == "No more hints"
    seen.tab.keyboard.press("Enter")
    assert shown.count() == len(hints) + 1
    solved = help_.get_by_role("button", name="I solved it")
    for pressed in ("true", "false", "true"):
        solved.click()
        assert solved.get_attribute("aria-pressed") == pressed
        assert kept(seen.tab)["passed"] == (["02.2"] if pressed == "true" else [])
    sound(seen)


# ---- progress ---------------------------------------------------------------------


def row(tab, words):
    return (
        tab.locator("#book-progress tr", has_text=words).locator("td").all_inner_texts()
    )


@site
def test_progress_is_shown_exported_deleted_and_brought_back(visit, tmp_path):
    seen = visit(FIRST)
    tab = seen.tab
    tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert kept(tab) is None, "nothing is marked by reading"
    foot = tab.get_by_role("group", name="Your progress in this chapter")
    foot.get_by_role("button", name="I have read this chapter").click()
    tab.get_by_role("group", name="Help with exercise 02.1").get_by_role(
        "button", name="I solved it"
    ).click()
    total = len(registered("02"))
    assert foot.get_by_text(f"1 of {total} exercises passed").is_visible()
    foot.get_by_role("link", name="your progress").click()
    tab.wait_for_url("**/book/index.html#your-progress")
    everything = sum(len(registered(chapter.number)) for chapter in READY)
    quick, full = reading.run_times(BY_NUMBER["02"].path)
    minutes = reading.minutes(BY_NUMBER["02"].path)
    assert row(tab, "02 · ") == ["read", f"1 of {total}", f"{minutes} min", quick, full]
    assert row(tab, "04 · ")[:2] == ["not yet", f"0 of {len(registered('04'))}"]
    assert row(tab, "All ")[:2] == [f"1 of {len(READY)}", f"1 of {everything}"]

    with tab.expect_download() as download:
        tab.get_by_role("button", name="Export").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert json.loads(file.read_text("utf8")) == {
        "book": "From Noise to Image",
        "version": 1,
        "read": ["02_gan_objective"],
        "passed": ["02.1"],
    }

    asked = []

    def refuse(dialog):
        asked.append(dialog.message)
        dialog.dismiss()

    tab.once("dialog", refuse)
    tab.get_by_role("button", name="Delete").click()
    assert "1 chapter marked as read and 1 exercise passed" in asked[0]
    assert kept(tab)["passed"] == ["02.1"]
    tab.once("dialog", lambda dialog: dialog.accept())
    tab.get_by_role("button", name="Delete").click()
    assert kept(tab) is None and row(tab, "02 · ")[0] == "not yet"

    tab.evaluate(
        f"localStorage.setItem('{KEY}', JSON.stringify("
        "{version: 1, read: [], passed: ['04.1']}))"
    )
    tab.locator("#book-progress input[type=file]").set_input_files(file)
    tab.get_by_text("were added").wait_for()
    assert kept(tab)["passed"] == ["02.1", "04.1"], (
        "what is in a file is added to what is kept"
    )
    other = tmp_path / "other.json"
    other.write_text('{"version": 2}')
    tab.locator("#book-progress input[type=file]").set_input_files(other)
    tab.get_by_text("holds no progress of this book; nothing was changed.").wait_for()
    assert kept(tab)["read"] == ["02_gan_objective"]
    sound(seen)


FOREIGN = [
    "",
    "{",
    "null",
    "7",
    '"x"',
    "[]",
    '{"version": 2, "read": [], "passed": []}',
    '{"version": 1, "read": {}, "passed": []}',
    '{"version": 1, "read": [7, "<b>", {}]}',
]


@site
def test_a_foreign_value_is_told_and_replaced_by_the_next_mark(visit):
    seen = visit(HOME)
    told = seen.tab.get_by_text("What this browser had kept could not be read.")
    for value in FOREIGN:  # another tab writes it
        seen.tab.evaluate(
            f"value => {{ localStorage.setItem('{KEY}', value);"
            " window.dispatchEvent(new StorageEvent('storage')); }",
            value,
        )
        assert told.is_visible(), value
        assert row(seen.tab, "02 · ")[0] == "not yet"
    seen.tab.goto(f"{seen.address}/{FIRST}.html", wait_until="load")
    assert told.is_visible()
    seen.tab.get_by_role("button", name="I have read this chapter").click()
    assert kept(seen.tab) == {"version": 1, "read": ["02_gan_objective"], "passed": []}
    assert told.count() == 0
    sound(seen)


@site
def test_names_that_are_none_of_the_book_s_are_left_out(visit):
    seen = visit(HOME)
    seen.tab.evaluate(f"""localStorage.setItem('{KEY}', JSON.stringify(
        {{version: 1, read: ["02_gan_objective", "<b>", 7], passed: ["02.1", "02.1", null]}}))""")
    seen.tab.reload()
    assert row(seen.tab, "02 · ")[:2] == ["read", f"1 of {len(registered('02'))}"]
    sound(seen)


@site
def test_where_nothing_may_be_kept_the_page_says_so_once_and_works(browser, address):
    context = browser.new_context(viewport=DESK)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(
        """for (const name of ["getItem", "setItem", "removeItem"]) {
               const real = Storage.prototype[name];
               Storage.prototype[name] = function (key, ...rest) {
                   if (key.startsWith("noise-to-image")) throw new DOMException("closed");
                   return real.call(this, key, ...rest);
               };
           }"""
    )
    tab = context.new_page()
    faults = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.goto(f"{address}/{FIRST}.html", wait_until="load")
    assert tab.get_by_text("This browser keeps nothing for this site").count() == 1
    read = tab.get_by_role("button", name="I have read this chapter")
    read.click()
    assert read.get_attribute("aria-pressed") == "true"
    tab.goto(f"{address}/{HOME}.html", wait_until="load")
    assert tab.get_by_text("This browser keeps nothing for this site").is_visible()
    assert row(tab, "02 · ")[0] == "not yet"
    tab.once("dialog", lambda dialog: dialog.accept())
    tab.get_by_role("button", name="Delete").click()
    assert faults == []
    context.close()


# ---- every reader, every page -----------------------------------------------------


def open_everything(tab):
    """Answer a quiz and a number wrongly and one of each rightly, open all hints of one
    exercise, and the citation."""
    for name, letter in (("02.q1", "a"), ("02.q2", "c")):
        quiz = tab.locator(f'[data-quiz="{name}"]')
        option(quiz, letter).check()
        quiz.get_by_role("button", name="Answer").click()
    for name, typed in (("02.1", ["1/3"]), ("02.2", ["ln(2)/2", "1"])):
        field = tab.locator(f'[data-number="{name}"]')
        for part, text in enumerate(typed):
            field.locator("input").nth(part).fill(text)
        field.get_by_role("button", name="Answer").click()
    help_ = tab.get_by_role("group", name="Help with exercise 02.5")
    for _ in range(3):
        help_.get_by_role("button", name="Hint").click()
    help_.get_by_role("button", name="I solved it").click()
    tab.get_by_role("button", name="I have read this chapter").click()


@site
@pytest.mark.parametrize("page", [FIRST, HOME])
def test_axe_and_both_widths_find_no_fault_with_everything_open(visit, page):
    seen = visit(page, reduced_motion="reduce")
    if page == FIRST:
        open_everything(seen.tab)
    seen.tab.locator(".study-citation summary").click()
    parts = ["#check-yourself", ".study-foot", ".study-citation", "#your-progress"]
    there = [[part] for part in parts if seen.tab.locator(part).count()]
    for scheme in ("light", "dark"):
        in_scheme(seen.tab, scheme)
        assert serious(seen.tab, {"include": there}, preload=False) == []
        for size in (PHONE, DESK):
            seen.tab.set_viewport_size(size)
            seen.tab.wait_for_timeout(100)
            width = seen.tab.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"]
            small = seen.tab.evaluate(
                """() => [...document.querySelectorAll(
                       ".study-button, .study-option, .study-number input")]
                   .map(e => [e.getBoundingClientRect(), e.matches("form *") ? 40 : 24])
                   .filter(([b, least]) => b.width && b.height < least).length"""
            )
            assert small == 0, "a finger needs 24 pixels, and a line of its own 40"
    sound(seen)


@site
def test_the_citation_is_copied_or_at_least_selected(browser, address):
    for allowed in (True, False):
        context = browser.new_context(viewport=DESK)
        context.set_default_timeout(PATIENCE)
        if allowed:
            context.grant_permissions(["clipboard-read", "clipboard-write"])
        else:
            context.add_init_script(
                "Object.defineProperty(navigator, 'clipboard', {value: null})"
            )
        tab = context.new_page()
        tab.goto(f"{address}/{FIRST}.html", wait_until="load")
        tab.get_by_text("Cite this page").click()
        texts = tab.locator("pre.study-cite").all_inner_texts()
        made = book_study.citation(
            FIRST, tab.locator("h1").inner_text().rstrip("#").strip()
        )
        assert texts == [made["text"], made["bibtex"]]
        tab.locator(".study-citation").get_by_role("button", name="Copy").nth(1).click()
        if allowed:
            tab.get_by_role("button", name="Copied").wait_for()
            assert tab.evaluate("navigator.clipboard.readText()") == made["bibtex"]
        else:
            tab.get_by_role("button", name="Selected: copy it now").wait_for()
            assert tab.evaluate("getSelection().toString()").strip() == made["bibtex"]
        context.close()


@site
def test_without_javascript_nothing_is_empty_or_broken(browser, address):
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    tab.goto(f"{address}/{FIRST}.html", wait_until="load")
    assert tab.locator(".study, .study-button").count() == 0
    tab.get_by_text("Cite this page").click()
    assert tab.locator("pre.study-cite").first.is_visible()
    tab.goto(f"{address}/{HOME}.html", wait_until="load")
    assert (
        "Marks need JavaScript" in tab.locator("#book-progress noscript").inner_text()
    )
    assert tab.locator(".study-table tbody tr").count() == len(READY)
    assert not tab.locator(".study-read, .study-count").first.is_visible()
    context.close()


@site
def test_a_page_without_aids_gets_none(visit):
    seen = visit("book/glossary")
    assert seen.tab.locator(".study").count() == 0
    assert seen.tab.locator(".study-citation").count() == 1
    sound(seen)


# ---- print ------------------------------------------------------------------------


@site
def test_paper_is_white_and_holds_the_book_alone(visit):
    seen = visit(FIRST, color_scheme="dark")
    tab = seen.tab
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    open_everything(tab)
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.evaluate("document.documentElement.dataset.theme") == "light"
    assert (
        tab.evaluate("getComputedStyle(document.body).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    quiz = tab.locator('[data-quiz="02.q1"]')
    for part in ("legend", ".study-option"):
        assert quiz.locator(part).first.is_visible(), part
    assert tab.locator('[data-number="02.1"] input').is_visible()
    for part in (
        ".study-quiz .study-button",
        ".study-quiz .study-said",
        ".study-number .study-button",
        ".study-number .study-said",
        ".study-asked",
        ".study-turn",
        ".study-replaced",
        ".study-exercise",
        ".study-foot",
        ".bd-sidebar-primary",
        ".copybtn",
        ".bd-header-article",
        ".prev-next-footer",
        ".bd-footer-content",
        ".headerlink",
    ):
        assert not tab.locator(part).first.is_visible(), part
    assert tab.locator("h1").is_visible()
    solution = tab.locator(".tag_solution").first
    assert not solution.locator("pre").first.is_visible()
    assert "folded away on the site" in solution.locator("summary").evaluate(
        "e => getComputedStyle(e, '::before').content"
    )
    tab.set_viewport_size({"width": 658, "height": 900})  # A4 between its margins
    assert tab.evaluate("document.documentElement.scrollWidth") <= 658
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    sound(seen)


# ---- the PDF ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def pdf_file(tmp_path_factory):
    """The whole book, printed by the tool as `make pdf` runs it."""
    file = tmp_path_factory.mktemp("pdf") / "book.pdf"
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "tools.make_pdf",
            "--site",
            str(SITE),
            "--output",
            str(file),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(rf"{file}: \d+ pages, \d+\.\d MB\n", ran.stdout)
    return file


@pytest.fixture(scope="module")
def pdf(pdf_file):
    from pypdf import PdfReader

    return PdfReader(pdf_file)


def flat(items):
    for item in items:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item


def foot(page):
    """Return the words in the last line of a page."""
    return page.extract_text(extraction_mode="layout").rstrip().splitlines()[-1].split()


@site
def test_the_pdf_has_every_page_in_its_outline_and_right_numbers_in_its_contents(pdf):
    parts = make_pdf.listed()
    number = {page.indirect_reference.idnum: n for n, page in enumerate(pdf.pages, 1)}
    where = {}
    for item in flat(pdf.outline):
        where.setdefault(item.title, number[item.page.idnum])
    last = where["Welcome"] - 1
    contents = "\n".join(pdf.pages[n].extract_text() for n in range(1, last))
    told = dict(re.findall(r"^(\S.*?)\s+(\d+)$", contents, re.M))
    for part in parts:
        first = (SITE / f"{part.name}.html").read_text("utf8")
        heading = book_study.plain(re.search(r"<h1>(.*?)<a class", first)[1])
        title = part.title or heading
        assert title in where, title
        text = pdf.pages[where[title] - 1].extract_text()
        assert " ".join(heading.split()[:3]) in " ".join(text.split()), title
        assert int(told[title]) == where[title]
    assert {part.caption for part in parts if part.caption} <= where.keys()
    assert "Check yourself" in where
    for number in (2, len(pdf.pages) // 2, len(pdf.pages)):
        assert foot(pdf.pages[number - 1])[-1] == str(number)
    assert foot(pdf.pages[-1]) == [*title.split(), str(len(pdf.pages))]


@site
def test_the_links_of_the_pdf_lead_into_it_or_to_the_public_address(pdf, pdf_file):
    inside = outside = 0
    places = pdf.named_destinations
    for page in pdf.pages:
        for link in page.get("/Annots", []):
            link = link.get_object()
            if "/Dest" in link:
                place = places[link["/Dest"]]
                assert pdf.get_destination_page_number(place) is not None
                inside += 1
            else:
                assert link["/A"]["/URI"].startswith(
                    ("https://", "http://www", "mailto:")
                )
                assert not link["/A"]["/URI"].startswith(identity().site + "notebooks/")
                outside += 1
    assert inside > 100 and outside > 50
    assert b"127.0.0.1" not in pdf_file.read_bytes()
    assert pdf.metadata.title.startswith(identity().title) and pdf.metadata.author
    assert pdf.root_object["/Lang"] == "en"


@site
def test_a_page_in_chinese_prints_its_title_in_outline_and_foot(
    browser, tmp_path, monkeypatch
):
    from pypdf import PdfReader

    tab = browser.new_context().new_page()
    if not tab.evaluate(make_pdf.HAS_CHINESE):
        pytest.skip("no font here has Chinese signs (fonts-wqy-microhei has them)")
    monkeypatch.setattr(make_pdf, "browsing", lambda address: nullcontext(tab))
    title = '生成对抗网络 (第一章) \\ "甲"'
    for name, heading in (("one", "One"), ("two", title)):
        (tmp_path / f"{name}.html").write_text(
            '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
            "<style>@page { margin: 20mm; }</style><article>"
            f'<section id="top"><h1>{heading}</h1><p><a href="two.html#part">二</a></p>'
            '<section id="part"><h2>损失函数</h2></section></section></article></html>',
            "utf8",
        )
    parts = [make_pdf.Part("one", "", None), make_pdf.Part("two", "", "第一部分")]
    monkeypatch.setattr(make_pdf, "listed", lambda: parts)
    assert make_pdf.make(tmp_path, tmp_path / "book.pdf") == 4
    book = PdfReader(tmp_path / "book.pdf")
    where = [
        (item.title, book.get_destination_page_number(item))
        for item in flat(book.outline)
    ]
    assert where[-3:] == [("第一部分", 3), (title, 3), ("损失函数", 3)]
    assert foot(book.pages[3]) == [*title.split(), "4"]
    assert foot(book.pages[2]) == ["One", "3"]
    assert book.root_object["/Lang"] == "zh-CN"
    for page in book.pages[2:]:
        place = book.named_destinations[page["/Annots"][0].get_object()["/Dest"]]
        assert book.get_destination_page_number(place) == 3
    tab.context.close()


def test_a_missing_page_is_told_in_one_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["make_pdf", "--site", str(tmp_path)])
    assert make_pdf.main() == 1
    assert capsys.readouterr().err == (
        "The site has no page book/index.html: build it again with make book.\n"
    )


def test_without_a_browser_the_tool_says_what_to_do(monkeypatch):
    monkeypatch.setattr("tools.serving.shutil.which", lambda name: None)
    with pytest.raises(make_pdf.Failed, match="install it, or set BOOK_CHROMIUM"):
        make_pdf.browsing("http://127.0.0.1/").__enter__()
