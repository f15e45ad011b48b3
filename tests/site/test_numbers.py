"""Answers of numbers, typed into the page: they are read as a person means them, and
judged as `check` judges them in a cell."""

import math
import re

import pytest

from book.chapters import CHAPTERS
from helpers.exercises import grade, registered
from tests.site.browser import PATIENCE

READY = [chapter for chapter in CHAPTERS if chapter.ready]
FIRST = "notebooks/02_gan_objective"
pytestmark = pytest.mark.site

ANSWER = """([id, typed]) => {  // what the page says, how it read it, which part it lacks
    const form = document.querySelector(`[data-number="${id}"]`);
    const inputs = [...form.querySelectorAll("input")];
    typed.forEach((text, i) => { inputs[i].value = text; });
    form.requestSubmit();
    const said = form.querySelector("[aria-live=polite]").cloneNode(true);
    const as = said.querySelector(".study-as");
    as?.remove();
    return [said.textContent, as?.textContent ?? "",
            inputs.findIndex((input) => input.hasAttribute("aria-invalid"))];
}"""

ANSWERS = f"all => all.map({ANSWER})"

# A text, and the number that it stands for.
WRITTEN = {
    "0.75": 0.75,
    "0,75": 0.75,
    ".75": 0.75,
    " 0.75 ": 0.75,
    "0.750": 0.75,
    "+0.75": 0.75,
    "3/4": 0.75,
    "3 / (3 + 1)": 0.75,
    "3 ÷ 4": 0.75,
    "¾": 0.75,
    "75%": 0.75,
    "75 %": 0.75,
    "75 percent": 0.75,
    "７５％": 0.75,
    "０．７５": 0.75,
    "０，７５": 0.75,
    "０。７５": 0.75,
    "零点七五": 0.75,
    "四分之三": 0.75,
    "百分之七十五": 0.75,
    "٠٫٧٥": 0.75,
    "०.७५": 0.75,
    "7.5e-1": 0.75,
    "75E-2": 0.75,
    "75·10⁻²": 0.75,
    "75 × 10^-2": 0.75,
    "75x10^-2": 0.75,
    "D* = 3/4 = 0.75": 0.75,
    "≈ 0.75": 0.75,
    '"0.75"': 0.75,
    "[0.75]": 0.75,
    "0.75 of them": 0.75,
    "1/3": 1 / 3,
    "1e-3": 1e-3,
    "-3": -3,
    "−3": -3,
    "–3": -3,
    "－3": -3,
    "﹣3": -3,
    "负三": -3,
    "- 3": -3,
    "-2**2": -4,
    "2^-1": 0.5,
    "2^3^2": 512,
    "2½": 2.5,
    "2 1/2": 2.5,
    "3000": 3000,
    "3,000": 3000,
    "3 000": 3000,
    "3\u202f000": 3000,
    "3\u00a0000": 3000,
    "3_000": 3000,
    "3'000": 3000,
    "3000.": 3000,
    "3000 updates": 3000,
    "3000次": 3000,
    "三千": 3000,
    "3千": 3000,
    "1,234,567": 1234567,
    "1.234.567": 1234567,
    "1,234.5": 1234.5,
    "1.234,5": 1234.5,
    "205,056": 205056,
    "205 056": 205056,
    "二十万五千零五十六": 205056,
    "20.5万": 205000,
    "一百八十一": 181,
    "两百零五": 205,
    "十二": 12,
    "640 bits": 640,
    "640bits": 640,
    "2 bits/token": 2,
    "16.7×": 16.7,
    "16.7x": 16.7,
    "(49/12)²": (49 / 12) ** 2,
    "24 * (8000 // 64)": 3000,
    "5*5*128*64 + 4*64": 205056,
    "ln(2)/2": math.log(2) / 2,
    "ln2/2": math.log(2) / 2,
    "np.log(2)/2": math.log(2) / 2,
    "0.5·log(2)": math.log(2) / 2,
    "log10(1000)": 3,
    "log2(1024)": 10,
    "√2": 2**0.5,
    "sqrt(2)": 2**0.5,
    "2*pi": 2 * math.pi,
    "inf": math.inf,
    "−∞": -math.inf,
    "1e400": math.inf,
    "nan": math.nan,
}
# A text that stands for no number, and what its one sentence says.
UNREADABLE = {
    "": "Write a number",
    "   ": "Write a number",
    "abc": '"abc" is no number',
    "about 3": "is no number",
    "three": "is no number",
    "3 or 4": "is no number",
    "3!": "is no number",
    "> 3": "is no number",
    "0x10": "is no number",
    "==": '"==" is no number',
    "...": "is no number",
    "None": '"None" is no number',
    "<b>3</b>": '"<b>3</b>" is no number',
    "💡": "is no number",
    "toString": "is no number",
    "x" * 100: 'xxx…" is no number',
    "1 2": "an operator is missing",
    "2 pi": "an operator is missing",
    "2(3)": "an operator is missing",
    "1 e-3": "an operator is missing",
    "(3": "close it",
    "3k": 'without "k"',
    "3 thousand": 'without "thousand"',
    "3 quarters": 'without "quarters"',
    "1.2.3": "more than one decimal point",
    "1,2,3": "more than one decimal point",
    "12, 27": "no list",
    "(12,27)": "no list",
    "12; 27": "no list",
    "log": "in brackets",
    "1/0": "no finite value",
    "0/0": "no finite value",
    "log(-1)": "no finite value",
    "sqrt(-1)": "no finite value",
    "9^9^9^9": "no finite value",
}


@pytest.fixture(scope="module")
def tab(browser, address):
    """A tab that loads nothing heavy; `open_chapter` brings it to a chapter."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    heavy = re.compile(r"/_images/|/mathjax/|/live/")
    context.route(heavy, lambda route: route.abort())
    page = context.new_page()
    page.open_chapter = lambda chapter: page.goto(
        f"{address}/notebooks/{chapter.name}.html", wait_until="domcontentloaded"
    )
    yield page
    context.close()


def sentence(verdict):
    """Return what the page says where `check` has this verdict."""
    return ("Right. " if verdict.status == "right" else "Not yet. ") + verdict.message


def numbers_around(one):
    """Return what a reader may well answer: a tuple of numbers for each answer."""
    parts = len(one.numbers["parts"])
    ends = {
        end
        for rule in one.numbers["rules"]
        for stretch in rule["when"]
        if stretch
        for end in stretch[:2]
        if end is not None and abs(end) < 1e9
    }
    wide = {0.0, 1.0, -1.0, 1e6, *ends}
    wide |= {(a + b) / 2 for a in ends for b in ends if 0 < b - a < 0.1 * abs(a)}
    if parts == 1:
        # Hard by the end of a tolerance, on either side; at it rounding decides.
        near = {
            end + sign * 1e-9 * max(1, abs(end)) for end in ends for sign in (1, -1)
        }
        return [(value,) for value in sorted(wide | near)]
    few = sorted(wide)
    return [(a, b) for a in few for b in few]


@pytest.mark.parametrize("chapter", READY, ids=lambda chapter: chapter.number)
def test_the_page_says_of_a_number_what_check_says(tab, chapter):
    tab.open_chapter(chapter)
    asked = [one for one in registered(chapter.number) if one.numbers]
    assert asked
    tries = [(one, values) for one in asked for values in numbers_around(one)]
    typed = [[one.id, [*map(repr, values)]] for one, values in tries]
    heard = tab.evaluate(ANSWERS, typed)
    for (one, values), (said, _, invalid) in zip(tries, heard, strict=True):
        answer = values[0] if len(values) == 1 else values
        assert said == sentence(grade(one.id, answer)), (one.id, values)
        assert invalid == -1


@pytest.mark.parametrize("chapter", READY, ids=lambda chapter: chapter.number)
def test_the_page_reads_what_people_write_as_they_mean_it(tab, chapter):
    tab.open_chapter(chapter)
    for one in (one for one in registered(chapter.number) if one.numbers):
        parts = len(one.numbers["parts"])
        heard = tab.evaluate(
            ANSWERS, [[one.id, [text] * parts] for text in (*WRITTEN, *UNREADABLE)]
        )
        for (text, value), (said, *_) in zip(WRITTEN.items(), heard, strict=False):
            answer = value if parts == 1 else (value,) * parts
            assert said == sentence(grade(one.id, answer)), (one.id, text)
        for (text, part), (said, _, invalid) in zip(
            UNREADABLE.items(), heard[len(WRITTEN) :], strict=True
        ):
            assert part in said and said[-1] == ".", (one.id, text, said)
            assert said.count(". ") == 0, "one sentence"
            assert invalid == 0


def test_of_two_readings_the_right_one_is_taken_and_the_reading_is_told(tab):
    tab.open_chapter(next(chapter for chapter in READY if chapter.number == "14"))
    right = sentence(grade("14.1", (49 / 12) ** 2))
    for text, told in (
        ("16.674", ""),
        ("16,674", " (Read as 16.674.)"),
        ("(49/12)^2", " (Read as 16.6736.)"),
    ):
        assert tab.evaluate(ANSWER, ["14.1", [text]]) == [right, told, -1]
    wrong, told, _ = tab.evaluate(ANSWER, ["14.1", ["17,100"]])
    assert wrong == sentence(grade("14.1", 17100)) and told == " (Read as 17100.)"


def test_a_pair_wants_both_of_its_numbers(tab):
    tab.open_chapter(next(chapter for chapter in READY if chapter.number == "02"))
    for typed, part in ((["0.3466", ""], 1), (["", "1"], 0), (["", ""], 0)):
        said, _, invalid = tab.evaluate(ANSWER, ["02.2", typed])
        label = next(o for o in registered("02") if o.id == "02.2").numbers["parts"]
        assert said == f'Write a number for "{label[part]}" too.'
        assert invalid == part
    said, _, invalid = tab.evaluate(ANSWER, ["02.2", ["0.3466", "1"]])
    assert said.startswith("Right. ") and invalid == -1


def test_a_typed_answer_is_kept_and_can_be_unmarked(visit):
    seen = visit(FIRST)
    tab = seen.tab
    form = tab.get_by_role("form", name="Answer to exercise 02.1")
    field, said = form.get_by_label("Your answer"), form.locator("[aria-live=polite]")
    solved = tab.get_by_role("group", name="Help with exercise 02.1").get_by_role(
        "button", name="I solved it"
    )
    described = field.get_attribute("aria-describedby").split()
    assert "three times as dense" in tab.locator(f'[id="{described[0]}"]').inner_text()
    field.fill("nothing")
    field.press("Enter")
    assert said.inner_text().startswith('"nothing" is no number')
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("0,25")
    field.press("Enter")
    assert said.inner_text().startswith("Not yet. That is q / (p + q)")
    assert field.get_attribute("aria-invalid") is None
    kept = "JSON.parse(localStorage.getItem('noise-to-image.progress'))?.passed ?? []"
    assert tab.evaluate(kept) == []
    field.fill("3/4")
    form.get_by_role("button", name="Answer").click()
    assert said.inner_text().startswith("Right.")
    assert tab.evaluate(kept) == ["02.1"]
    tab.reload()
    assert solved.get_attribute("aria-pressed") == "true"
    solved.click()
    assert tab.evaluate(kept) == []
    assert seen.faults == [] and seen.outside == []


def test_a_page_without_exercises_loads_no_reader_of_numbers(visit):
    assert "numbers.js" not in visit("book/glossary").tab.content()
    assert "numbers.js" in visit(FIRST).tab.content()
