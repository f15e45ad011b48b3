"""The built site in a real browser, with every other host closed to it.

Run by `make site-test`, which builds the site first. Chromium is taken from the PATH or
from BOOK_CHROMIUM; without one the tests fail, they do not skip.
"""

import gzip
import html
import json
import re

import pytest
import yaml

from book.identity import ROOT, identity
from helpers import live
from tests.site.browser import DESK, PATIENCE, PHONE, SITE, Visit, in_scheme, serious

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
PAGES = [TOC["root"]] + [
    entry["file"] for part in TOC["parts"] for entry in part["chapters"]
]
CHAPTERS = [page for page in PAGES if page.startswith("notebooks/")]
TEXT_LIMIT, PICTURE_LIMIT = 600_000, 1_500_000  # bytes a chapter page may weigh
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")

pytestmark = pytest.mark.site


# ---- every page -------------------------------------------------------------------


@pytest.fixture(scope="module", params=PAGES)
def seen(browser, address, request):
    """One page, opened once for all tests that every page must pass, read to its
    end."""
    one = Visit(browser, address, request.param, reduced_motion="reduce")
    one.read_to_the_end()
    yield one
    one.close()


def test_a_page_loads_without_another_host_and_without_a_fault(seen):
    assert seen.outside == []
    assert seen.faults == []
    assert seen.tab.evaluate("document.querySelectorAll('h1').length") == 1
    broken = (
        "[...document.images].filter(i => !(i.complete && i.naturalWidth)).map(i "
        "=> i.src)"
    )
    assert seen.tab.evaluate(broken) == []
    silent = "[...document.images].filter(i => !i.hasAttribute('alt')).map(i => i.src)"
    assert seen.tab.evaluate(silent) == []
    speechless = (
        "[...document.querySelectorAll('article img')].filter(i => "
        "!i.alt.trim()).map(i => i.src)"
    )
    assert seen.tab.evaluate(speechless) == []


def test_mathematics_is_set(seen):
    """Where the source has formulas, MathJax has set each of them, without an error."""
    asked = seen.tab.evaluate("document.querySelectorAll('article .math').length")
    done = seen.tab.evaluate(
        "document.querySelectorAll('article .math:has(mjx-container)').length"
    )
    assert done == asked
    assert seen.tab.evaluate("document.querySelectorAll('mjx-merror').length") == 0
    left = seen.tab.evaluate(
        """[...document.querySelectorAll('article p, article li, article td')]
           .filter(e => !e.closest('pre') && !e.querySelector('code')
                        && /\\\\\\(|\\$\\$|\\\\frac/.test(e.innerText)).map(e => e.innerText)""",
    )
    assert left == []


ALIKE = """() => {  // code whose every kind of word stands in other code, and formulas
    const known = new Set();
    for (const code of document.querySelectorAll("article .highlight pre")) {
        const kinds = [...code.querySelectorAll("span[class]")].map(e => e.className);
        if (kinds.length && kinds.every(kind => known.has(kind))) code.dataset.alike = "";
        kinds.forEach(kind => known.add(kind));
    }
    [...document.querySelectorAll("mjx-container")].slice(3).forEach(e => {
        e.dataset.alike = "";
    });
}"""


def serious_in(tab, where, scheme):
    """Return what axe finds serious in a part of a page; in the dark, of colours alone.

    Of what is coloured alike it looks at one: contrast takes it most of its time.
    """
    in_scheme(tab, scheme)
    tab.evaluate(ALIKE)
    options = {"preload": False}
    if scheme == "dark":
        options["runOnly"] = ["color-contrast", "link-in-text-block"]
    return serious(tab, {"include": [where], "exclude": ["[data-alike]"]}, **options)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(seen, scheme):
    assert serious_in(seen.tab, "html", scheme) == []


def test_a_phone_shows_the_page_without_sideways_scrolling(seen):
    seen.tab.set_viewport_size(PHONE)
    seen.tab.wait_for_timeout(150)
    wide = seen.tab.evaluate(
        """document.documentElement.scrollWidth <= window.innerWidth ? [] :
           [...document.querySelectorAll('article *')].filter(
               e => e.getBoundingClientRect().right > window.innerWidth + 1
                    && !e.closest('pre, .math, .cell_output, .pst-scrollable-table-container'))
           .slice(0, 5).map(e => e.outerHTML.slice(0, 160)).concat(['the page is too wide'])""",
    )
    assert wide == []
    size = seen.tab.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('article p')).fontSize)",
    )
    seen.tab.set_viewport_size(DESK)
    assert size >= 15


# ---- chapters ---------------------------------------------------------------------


def weight(visit) -> tuple[int, int]:
    """Return the bytes of (HTML, styles, fonts and scripts; pictures), text gzipped."""
    text = pictures = 0
    for path, response in visit.bodies.items():
        body = response.body()
        if path.endswith(PICTURES) and "/_static/" not in path:
            pictures += len(body)
        elif path.endswith((".woff", ".woff2", ".png")):
            text += len(body)
        else:
            text += len(gzip.compress(body, 9))
    return text, pictures


IMAGES = """[...document.querySelectorAll('article img')].map(i => ({
    lazy: i.loading === 'lazy', sized: i.hasAttribute('width'), src: i.src,
    top: i.getBoundingClientRect().top}))"""


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(browser, address, request):
    """One chapter, opened once for all tests that every chapter must pass; its
    pictures as they were before it was read to its end."""
    one = Visit(browser, address, request.param)
    one.images = one.tab.evaluate(IMAGES)
    one.read_to_the_end()
    one.tab.wait_for_timeout(300)
    yield one
    one.close()


def test_a_chapter_page_is_light(chapter):
    text, pictures = weight(chapter)
    assert text < TEXT_LIMIT
    assert pictures < PICTURE_LIMIT


def test_pictures_below_the_fold_wait_until_the_reader_comes_near(chapter):
    images = chapter.images
    assert images, "a chapter without a picture"
    assert [i["src"] for i in images if not i["sized"]] == []
    assert [
        i["src"] for i in images if i["top"] > 2 * DESK["height"] and not i["lazy"]
    ] == []


def test_a_chapter_has_its_colab_button(chapter):
    button = chapter.tab.get_by_role("link", name="Open in Colab")
    assert button.is_visible()
    name = chapter.page.removeprefix("notebooks/") + ".ipynb"
    assert button.get_attribute("href") == identity().colab(name)


def test_a_chapter_can_be_downloaded_as_the_notebook_it_is(chapter):
    link = chapter.tab.get_by_role("link", name="Download the notebook")
    source = chapter.tab.evaluate(
        "async url => (await fetch(url)).text()", link.evaluate("link => link.href")
    )
    original = json.loads((ROOT / f"{chapter.page}.ipynb").read_text("utf8"))
    assert json.loads(source)["cells"] == original["cells"]


def test_folded_code_opens_from_the_keyboard(chapter):
    fold = chapter.tab.locator("details.hide").nth(1)
    assert fold.locator(".highlight").first.is_hidden()
    fold.locator("summary").focus()
    chapter.tab.keyboard.press("Enter")
    assert fold.locator(".highlight").first.is_visible()


@pytest.mark.parametrize("page", CHAPTERS[:1])
def test_figures_stand_on_a_white_plate_in_the_dark(visit, page):
    seen = visit(page, color_scheme="dark")
    assert seen.tab.evaluate("document.documentElement.dataset.theme") == "dark"
    style = seen.tab.locator(".cell_output img").first.evaluate(
        "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).filter]"
    )
    assert style == ["rgb(255, 255, 255)", "none"]


# ---- live figures, each in its chapter; tests/live try every control
# --------------


@pytest.mark.parametrize("name", live.figures())
def test_a_live_figure_wakes_in_its_chapter_and_sleeps_again(visit, name):
    seen = visit(f"notebooks/{live.facts(name)['chapter']}", reduced_motion="reduce")
    figure = seen.tab.locator(f"#live-{name}")
    figure.scroll_into_view_if_needed()
    still = figure.locator(".live-still img")
    assert (
        still.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    )
    assert not [path for path in seen.bodies if path.startswith("/live/")]
    figure.get_by_role("button", name="Try it here").click()
    seen.tab.wait_for_selector(f"#live-{name}[data-ready]")
    assert still.is_hidden() and f"/live/{name}.js" in seen.bodies
    # In the light, and for all other rules, tests/live looks at each figure alone.
    assert serious_in(seen.tab, f"#live-{name}", "dark") == []
    seen.tab.set_viewport_size(PHONE)
    seen.tab.wait_for_timeout(150)
    assert seen.tab.evaluate(
        "document.documentElement.scrollWidth <= window.innerWidth"
    )
    outside = seen.tab.evaluate(
        """name => { const box = document.getElementById(`live-${name}`);
                     const right = box.getBoundingClientRect().right;
                     return [...box.querySelectorAll('.live-stage *')].filter(
                         e => e.getBoundingClientRect().right > right + 1).map(
                         e => e.outerHTML.slice(0, 120)); }""",
        name,
    )
    assert outside == []
    figure.get_by_role("button", name="Back to the picture").click()
    assert still.is_visible()
    assert seen.faults == [] and seen.outside == []


def test_without_scripts_a_live_figure_is_its_picture(browser, address):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/notebooks/{live.facts('ruler')['chapter']}.html")
    marker = tab.locator('[data-live="ruler"]')
    assert (
        marker.inner_text().strip() == ""
    )  # the sentence for Jupyter and Colab is hidden here
    assert tab.get_by_text("Try it here").count() == 0
    context.close()


# ---- the site's own machinery -----------------------------------------------------


def test_the_address_of_the_site_leads_to_its_first_page(browser, address):
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    tab.goto(address + "/")
    tab.wait_for_url(f"**/{TOC['root']}.html")
    assert tab.locator("h1").count() == 1
    context.close()


def test_search_finds_the_chapter_that_speaks_of_a_word(visit):
    seen = visit(TOC["root"])
    seen.tab.set_viewport_size(DESK)
    seen.tab.locator(".search-button__button:visible").first.click()
    box = seen.tab.locator("#search-input:visible").first
    box.fill("discriminator")
    box.press("Enter")
    seen.tab.wait_for_selector("ul.search li a")
    seen.tab.wait_for_function(
        "!document.querySelector('#search-progress')?.innerText"
        " || document.querySelectorAll('ul.search li').length > 0"
    )
    links = seen.tab.locator("ul.search li a").evaluate_all(
        "all => all.map(a => a.pathname)"
    )
    assert any(link.startswith("/notebooks/") for link in links) or not CHAPTERS
    with seen.tab.expect_navigation(wait_until="load"):
        seen.tab.locator("ul.search li a").first.click()
    assert seen.tab.locator("h1").count() == 1
    assert seen.outside == []


def test_the_theme_can_be_switched_and_is_remembered(visit):
    seen = visit(TOC["root"], color_scheme="light")
    switch = seen.tab.locator(".theme-switch-button").first
    themes = set()
    for _ in range(3):
        switch.click()
        themes.add(seen.tab.evaluate("document.documentElement.dataset.mode"))
    assert themes == {"light", "dark", "auto"}
    while seen.tab.evaluate("document.documentElement.dataset.mode") != "dark":
        switch.click()
    seen.tab.reload()
    assert seen.tab.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_menu_opens_on_a_phone(visit):
    seen = visit(TOC["root"])
    seen.tab.set_viewport_size(PHONE)
    seen.tab.get_by_role("button", name="Contents of the book").click()
    seen.tab.wait_for_timeout(400)
    link = seen.tab.locator(".bd-sidebar-primary nav a").first
    assert link.is_visible()
    assert link.bounding_box()["x"] >= 0


def test_no_page_loads_fontawesome_or_thebe():
    for page in SITE.rglob("*.html"):
        if "_static" not in page.parts:
            text = page.read_text("utf8").lower()
            assert "fontawesome" not in text, page
            assert "thebe" not in text, page


def text(page):
    """Return the HTML of a page: to parse all of it would take seconds."""
    return (SITE / f"{page}.html").read_text("utf8")


@pytest.mark.parametrize("page", PAGES)
def test_a_shared_page_has_a_title_a_sentence_and_a_picture(page):
    head, _, body = text(page).partition("</head>")
    tags = dict(re.findall(r'<meta property="([^"]+)" content="([^"]*)"', head))
    title = re.search(r"<h1>(.*?)<a class=", body, re.DOTALL)[1]
    site = identity().site
    assert tags["og:title"] == re.sub(r"<[^>]+>", "", title)
    assert tags["og:site_name"] == identity().title
    assert tags["og:url"] == f"{site}{page}.html"
    assert 60 < len(html.unescape(tags["og:description"])) <= 202
    assert tags["og:image"].startswith(site)
    assert (SITE / tags["og:image"].removeprefix(site)).is_file(), tags["og:image"]
    assert len(re.findall(r'<meta[^>]*name="description"', head)) == 1


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_formulas_loads_no_mathjax(page):
    has = 'class="math ' in text(page)
    assert ("mathjax/tex-chtml.js" in text(page)) == has


def test_the_keyboard_comes_to_the_live_figure_at_once(visit):
    seen = visit("notebooks/02_gan_objective")
    seen.tab.wait_for_selector(".live-start")
    for _ in range(4):
        seen.tab.keyboard.press("Tab")
        if seen.tab.evaluate("document.activeElement.className") == "book-skip-link":
            break
    seen.tab.keyboard.press("Enter")
    assert seen.tab.evaluate("document.activeElement.className") == "live-start"


def test_code_fades_only_where_it_goes_on(visit):
    seen = visit("notebooks/04_dcgan")
    for width, some in ((1280, False), (360, True)):
        seen.tab.set_viewport_size({"width": width, "height": 900})
        seen.tab.wait_for_timeout(200)
        wrong = seen.tab.evaluate(
            """() => [...document.querySelectorAll('article div.highlight > pre')]
               .filter(pre => pre.clientWidth)
               .filter(pre => (pre.scrollWidth - pre.clientWidth > 2)
                   !== pre.parentElement.classList.contains('book-fades')).length"""
        )
        cut = seen.tab.evaluate(
            """document.querySelectorAll('article .cell_input .book-fades').length"""
        )
        assert wrong == 0
        assert (cut > 0) == some, f"{cut} cells are cut at {width} pixels"


@pytest.mark.parametrize("page", ["book/results", "book/board"])
def test_a_table_of_numbers_can_be_read_on_a_phone(visit, page):
    """Names stay in sight, beside them two columns at least; on a desk all fits."""
    seen = visit(page)
    tables = """(scroll) => [...document.querySelectorAll('.book-numbers')].map(one => {
        const box = one.querySelector('.pst-scrollable-table-container');
        box.scrollLeft = scroll ? box.scrollWidth : 0;
        const edge = box.getBoundingClientRect();
        const more = box.scrollWidth - box.clientWidth;
        return [...box.querySelectorAll('tr')].map(row => ({
            more, fades: one.classList.contains('book-fades'),
            seen: [...row.cells].map(cell => {
                const place = cell.getBoundingClientRect();
                return place.left >= edge.left - 2 && place.right <= edge.right + 2;
            })}));
        }).flat()"""
    rows = seen.tab.evaluate(tables, False)
    assert rows and all(row["more"] <= 2 and all(row["seen"]) for row in rows)
    seen.tab.set_viewport_size(PHONE)
    seen.tab.wait_for_timeout(200)
    for row in seen.tab.evaluate(tables, False):
        assert all(row["seen"][:3]), row
        assert row["fades"] == (row["more"] > 2)
    for row in seen.tab.evaluate(tables, True):
        assert row["seen"][0] and row["seen"][-1], row
    size = seen.tab.locator(".book-numbers td").first.evaluate(
        "cell => parseFloat(getComputedStyle(cell).fontSize)"
    )
    assert size >= 13


def test_a_model_s_name_leads_to_its_place_in_the_chapter(visit):
    seen = visit("book/results")
    links = seen.tab.locator(".book-numbers a").evaluate_all(
        "all => [...new Set(all.map(a => a.href))]"
    )
    assert len(links) > 8
    for link in links:
        address, _, place = link.partition("#")
        assert place and f'id="{place}"' in seen.tab.request.get(address).text(), link


def test_the_first_page_begins_with_two_doors_and_a_figure_that_moves(visit):
    seen = visit("book/index")
    doors = seen.tab.locator("a.book-door")
    assert doors.count() == 2
    for i in range(2):
        box = doors.nth(i).bounding_box()
        assert box["y"] + box["height"] < 900
        target = doors.nth(i).evaluate("a => a.href").split("#")[0]
        assert seen.tab.request.get(target).ok
    seen.tab.locator(".live-start").click()
    seen.tab.wait_for_selector(".live-figure[data-ready]")


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_fold_has_a_name_of_its_own(page):
    folds = re.findall(r'<p class="collapsed admonition-title">(.*?)</p>', text(page))
    assert folds
    assert not [name for name in folds if name.strip() in ("Show the code", "Show")]


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_first_use_of_a_term_leads_to_the_glossary(page):
    entries = re.findall(
        r'<dt id="([^"]+)">([^<]+?) · .*?<dd><p>(.*?)</p>',
        text("book/glossary"),
        re.DOTALL,
    )
    there = {anchor: (term, plain(meaning)) for anchor, term, meaning in entries}
    words = re.findall(
        r'<a class="book-term" href="../book/glossary.html#([^"]+)" '
        r'data-meaning="([^"]*)">([^<]*)</a>',
        text(page),
    )
    assert len(words) > 5
    assert len({anchor for anchor, *_ in words}) == len(words)  # each once
    for anchor, meaning, word in words:
        term, told = there[anchor]
        assert word.lower() in (term.lower(), term.lower() + "s")
        assert plain(html.unescape(meaning))[:30] == told[:30]
    for kept in re.findall(r"<(?:h[123]|pre|summary)\b.*?</(?:h[123]|pre|summary)>",
                           text(page), re.DOTALL):  # fmt: skip
        assert "book-term" not in kept


def plain(markup):
    """Return the words of a piece of HTML, its quotes and spaces made alike."""
    words = html.unescape(re.sub(r"<[^>]+>", "", markup))
    return " ".join(re.sub("[‘’“”]", "'", words).replace('"', "'").split())


def test_a_term_tells_its_meaning_to_mouse_keyboard_and_finger(visit):
    seen = visit("notebooks/16_image_gpt", has_touch=True)
    term, card = seen.tab.locator("a.book-term").first, seen.tab.locator("#book-card")
    meaning = term.get_attribute("data-meaning")
    term.hover()
    assert card.inner_text() == meaning
    seen.tab.mouse.move(0, 0)
    assert card.is_hidden()
    term.focus()
    seen.tab.keyboard.press("Shift+Tab")
    seen.tab.keyboard.press("Tab")
    assert card.is_visible()
    assert term.get_attribute("aria-describedby") == "book-card"
    seen.tab.keyboard.press("Escape")
    assert card.is_hidden()
    term.tap()
    assert card.is_visible()
    assert seen.tab.url.endswith("16_image_gpt.html")
    term.tap()
    seen.tab.wait_for_url("**/glossary.html#term-*")


def test_the_glossary_has_a_line_of_letters(visit):
    seen = visit("book/glossary")
    letters = seen.tab.locator(".book-letters a")
    assert letters.count() > 15
    for letter in letters.all():
        target = letter.get_attribute("href").removeprefix("#")
        entry = seen.tab.locator(f"dt[id='{target}']")
        assert entry.inner_text()[0].upper() == letter.inner_text()


def test_the_set_up_is_one_line_until_it_is_opened(chapter):
    fold = chapter.tab.locator("article .book-start details")
    summary = fold.locator("summary").first
    assert summary.bounding_box()["height"] < 50
    assert summary.inner_text().strip() == (
        "Show the set-up, the imports and the code of this picture"
    )
    assert fold.get_by_text("google.colab").is_hidden()
    summary.click()
    assert fold.get_by_text("google.colab").is_visible()
    assert fold.locator("img").count() == 0
