"""The site read under other circumstances, in a real browser.

Storage refused or full, the keyboard alone, large letters, no network, paper, and a
reader who comes back.
"""

import io
import json
import re

import pytest
from PIL import Image, ImageChops

from book import cards
from book._ext import book_figures, book_names
from book.chapters import CHAPTERS, ROOT
from tests.site.browser import CHROMIUM, DESK, PATIENCE, PHONE, SITE
from tests.site.test_site import PAGES

site = pytest.mark.site
WRITTEN = [f"notebooks/{one.name}" for one in CHAPTERS if one.ready]
FIRST, SECOND = WRITTEN[:2]
KINDS = ["book/index", "book/papers", FIRST, "search"]
PLACE = "noise-to-image.place"


# ---- storage that is not there ----------------------------------------------------

NO_STORAGE = {
    "null": """for (const name of ["localStorage", "sessionStorage"])
        Object.defineProperty(window, name, { get: () => null });""",
    "refused": """for (const name of ["localStorage", "sessionStorage"])
        Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });""",
    "closed": """for (const name of ["getItem", "setItem", "removeItem"])
        Storage.prototype[name] = () => { throw new DOMException("no", "SecurityError"); };""",
    "full": """Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };""",
}


@pytest.fixture
def stripped(browser, address):
    """Open a page in a browser whose storage is broken in one way."""
    contexts = []

    def open_page(page, script, **options):
        context = browser.new_context(viewport=DESK, color_scheme="light", **options)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(script)
        contexts.append(context)
        tab = context.new_page()
        tab.faults = []
        tab.on("pageerror", lambda error: tab.faults.append(str(error)))
        tab.goto(f"{address}/{page}", wait_until="load")
        return tab

    yield open_page
    for context in contexts:
        context.close()


@site
@pytest.mark.parametrize("way", NO_STORAGE)
@pytest.mark.parametrize("page", KINDS)
def test_without_storage_the_theme_button_works_and_nothing_fails(stripped, way, page):
    tab = stripped(f"{page}.html", NO_STORAGE[way])
    switch = tab.locator(".theme-switch-button").first
    seen = []
    for _ in range(3):
        switch.click()
        seen.append(tab.evaluate("document.documentElement.dataset.mode"))
    assert set(seen) == {"light", "dark", "auto"}
    while tab.evaluate("document.documentElement.dataset.mode") != "dark":
        switch.click()
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    assert tab.faults == []


@site
@pytest.mark.parametrize("way", NO_STORAGE)
def test_without_storage_search_finds(stripped, way):
    tab = stripped("search.html?q=discriminator", NO_STORAGE[way])
    tab.wait_for_selector("ul.search li a")
    assert tab.faults == []


@site
@pytest.mark.parametrize("way", NO_STORAGE)
def test_without_storage_marks_are_told_to_last_as_long_as_the_page(stripped, way):
    tab = stripped(f"{FIRST}.html", NO_STORAGE[way])
    read = tab.get_by_role("button", name="I have read this chapter")
    read.click()
    assert read.get_attribute("aria-pressed") == "true"
    assert tab.get_by_text("This browser keeps nothing for this site").is_visible()
    assert tab.locator(".book-tick").count() == 1
    assert tab.faults == []


@site
def test_what_a_full_storage_holds_is_still_read(browser, address):
    """Filled for real, to the last byte, with progress in it."""
    context = browser.new_context(viewport=DESK)
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    faults = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    name = FIRST.removeprefix("notebooks/")
    tab.goto(f"{address}/_static/book.css")  # a page of this host without its scripts
    tab.evaluate(
        """name => {
            localStorage.setItem("noise-to-image.progress",
                JSON.stringify({version: 1, read: [name], passed: []}));
            let size = 1 << 20, n = 0;
            while (size) {
                const before = localStorage.length;
                try { Storage.prototype.setItem.call(localStorage, "x" + n++, "a".repeat(size)); }
                catch { /* below */ }
                if (localStorage.length === before || localStorage.standsIn) size >>= 1;
            }
        }""",
        name,
    )
    tab.goto(f"{address}/{FIRST}.html", wait_until="load")
    read = tab.get_by_role("button", name="I have read this chapter")
    assert read.get_attribute("aria-pressed") == "true"
    tab.locator(".theme-switch-button").first.click()
    read.click()
    assert read.get_attribute("aria-pressed") == "false"
    assert tab.get_by_text("This browser keeps nothing for this site").is_visible()
    assert faults == []
    context.close()


# ---- the keyboard -----------------------------------------------------------------


def picture(tab):
    return Image.open(io.BytesIO(tab.screenshot(animations="disabled", caret="hide")))


@site
@pytest.mark.parametrize(
    ("page", "scheme"),
    [(FIRST, "light"), ("book/index", "dark"), ("book/papers", "light")],
)
def test_each_of_the_first_stops_is_seen(browser, address, page, scheme):
    context = browser.new_context(
        viewport=DESK, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    tab.goto(f"{address}/{page}.html", wait_until="load")
    tab.wait_for_timeout(500)
    unseen = []
    for stop in range(30):
        tab.keyboard.press("Tab")
        look = "e => `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 30)}`"
        focused = tab.evaluate_handle("document.activeElement")
        with_focus = picture(tab)
        outline = focused.evaluate(
            "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).outlineWidth]"
        )
        # The place of the focus stays, so that the next Tab goes on from there.
        focused.evaluate(
            "e => { e.style.setProperty('outline', 'none', 'important'); }"
        )
        without = picture(tab)
        focused.evaluate("e => e.style.removeProperty('outline')")
        changed = ImageChops.difference(
            with_focus.convert("RGB"), without.convert("RGB")
        )
        if outline != ["solid", "2px"] or not changed.getbbox():
            unseen.append((stop, outline, focused.evaluate(look)))
    context.close()
    assert unseen == []


@site
@pytest.mark.parametrize("page", WRITTEN)
def test_a_keyboard_reaches_the_live_figure_in_less_than_20_stops(visit, page):
    seen = visit(page)
    if not seen.tab.locator("article .live-figure").count():
        assert "data-live=" not in (SITE / f"{page}.html").read_text("utf8")
        return
    seen.tab.wait_for_selector(".book-skip-link", state="attached")
    for _ in range(19):
        seen.tab.keyboard.press("Tab")
        if seen.tab.evaluate("document.activeElement.className") == "book-skip-link":
            seen.tab.keyboard.press("Enter")
        if seen.tab.evaluate("!!document.activeElement.closest('.live-figure')"):
            return
    pytest.fail("19 stops, and the figure is not reached")


@site
def test_copy_buttons_and_code_are_stops_only_where_they_are_needed(visit):
    seen = visit("notebooks/04_dcgan")
    seen.tab.wait_for_function(
        "document.querySelector('article .highlight > pre').tabIndex < 0"
    )
    count = "[...document.querySelectorAll('button.copybtn')].filter(b => b.tabIndex >= 0).length"
    assert seen.tab.locator("button.copybtn").count() > 20
    assert seen.tab.evaluate(count) == 0
    seen.tab.set_viewport_size(PHONE)
    seen.tab.wait_for_timeout(
        600
    )  # the theme looks again 300 ms after a change of size
    wrong = seen.tab.evaluate(
        """[...document.querySelectorAll('article div.highlight > pre')].filter(p => p.clientWidth)
           .filter(p => (p.scrollWidth - p.clientWidth > 2) !== (p.tabIndex === 0)).length"""
    )
    assert wrong == 0
    code = seen.tab.locator("article div.highlight > pre[tabindex='0']:visible").first
    code.focus()
    assert seen.tab.evaluate(count) == 1
    seen.tab.keyboard.press("Tab")
    assert "copybtn" in seen.tab.evaluate("document.activeElement.className")
    seen.tab.keyboard.press("Tab")
    assert seen.tab.evaluate(count) <= 1
    assert "copybtn" not in seen.tab.evaluate("document.activeElement.className")


# ---- large letters ----------------------------------------------------------------


@pytest.fixture(scope="module")
def large_browser(browser):
    """A second Chromium, because a browser has one default size of letters."""
    started = browser.browser_type.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
              "--blink-settings=defaultFontSize=32,defaultFixedFontSize=26"],
        timeout=PATIENCE,
    )  # fmt: skip
    yield started
    started.close()


@site
@pytest.mark.parametrize("page", [*PAGES, "search", "genindex"])
def test_letters_of_twice_the_size_fit_a_phone(large_browser, address, page):
    context = large_browser.new_context(viewport={"width": 360, "height": 800})
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    tab.goto(f"{address}/{page}.html", wait_until="load")
    tab.wait_for_timeout(300)
    assert tab.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    out = tab.evaluate(
        """() => [...document.querySelectorAll(".bd-header-article :is(a, button)")].filter(e => {
               const box = e.getBoundingClientRect();
               return box.width && (box.left < 0 || box.right > 360 || box.top < 0);
           }).map(e => e.outerHTML.slice(0, 120))"""
    )
    context.close()
    assert out == []


# ---- a page keeps its shape -------------------------------------------------------

SHIFTS = """window.shifted = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""


@site
@pytest.mark.parametrize(
    ("page", "scheme"),
    [
        *((page, "light") for page in WRITTEN),
        ("book/index", "light"),
        (WRITTEN[1], "dark"),
    ],
)
def test_nothing_jumps_while_a_page_loads_and_is_read(browser, address, page, scheme):
    for viewport in (DESK, PHONE):
        # What the page does by itself it does twice; a machine that is busy does not.
        shifted = shifts(browser, address, page, scheme, viewport)
        if shifted >= 0.1:
            shifted = shifts(browser, address, page, scheme, viewport)
        assert shifted < 0.1, viewport


def shifts(browser, address, page, scheme, viewport):
    """Return by how much a page jumps while it loads slowly and is scrolled through."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(SHIFTS)
    tab = context.new_page()
    # Each file takes a fifth of a second: what comes late is seen to come late.
    line = context.new_cdp_session(tab)
    line.send("Network.enable")
    late = {"latency": 200, "downloadThroughput": -1, "uploadThroughput": -1}
    line.send("Network.emulateNetworkConditions", {"offline": False, **late})
    tab.goto(f"{address}/{page}.html", wait_until="load")
    tab.evaluate(
        """async () => {
            for (let y = 0; y < document.body.scrollHeight; y += 600) {
                window.scrollTo(0, y);
                await new Promise(done => setTimeout(done, 30));
            }
        }"""
    )
    shifted = tab.evaluate("window.shifted")
    context.close()
    return shifted


# ---- without a network ------------------------------------------------------------


@site
@pytest.mark.parametrize("page", [WRITTEN[1], "book/index"])
def test_the_pictures_follow_and_the_page_is_whole_without_a_network(visit, page):
    seen = visit(page)
    lazy = seen.tab.evaluate(
        "[...document.querySelectorAll('article img[loading=lazy]')].map(i => i.src)"
    )
    assert lazy, "no picture waits: the first load is heavy"
    wanted = {address.partition(seen.address)[2] for address in lazy}
    for _ in range(200):
        if wanted <= set(seen.bodies):
            break
        seen.tab.wait_for_timeout(100)
    assert wanted <= set(seen.bodies)
    seen.tab.wait_for_timeout(300)
    seen.context.set_offline(True)
    seen.read_to_the_end()
    broken = "[...document.images].filter(i => !(i.complete && i.naturalWidth)).map(i => i.src)"
    assert seen.tab.evaluate(broken) == []


# ---- names, and what there is -----------------------------------------------------


@site
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.number)
def test_a_chapter_has_one_name(chapter):
    """In its notebook, the menu, its page, the progress and, on the first page, its card."""
    menu = (SITE / f"{PAGES[0]}.html").read_text("utf8")
    label = f"{chapter.number} · {chapter.title}"
    if not chapter.ready:
        assert f'<li class="toctree-l1 book-planned"><span>{label}</span>' in menu
        assert not re.search(rf'<a [^>]*href="[^"]*/{chapter.number}_', menu)
        return
    cells = json.loads(chapter.path.read_text("utf8"))["cells"]
    heading = "".join(cells[0]["source"]).splitlines()[0].removeprefix("# ")
    assert heading == chapter.title or heading.startswith(f"{chapter.title}: ")
    page = (SITE / f"notebooks/{chapter.name}.html").read_text("utf8")
    assert re.search(r"<h1>(.*?)<", page)[1] == chapter.title
    assert re.search(
        rf'href="[^"]*{chapter.name}.html">{re.escape(label)}</a></li>', menu
    )
    assert re.search(
        rf'<h3 [^>]*><a [^>]*{chapter.name}.html">{re.escape(label)}</a>', menu
    )


@site
def test_the_menu_shows_all_chapters_in_their_order(visit):
    for page in (PAGES[0], FIRST, "search"):
        seen = visit(page)
        rows = seen.tab.locator(".bd-sidebar-primary nav.bd-links li").all_inner_texts()
        numbers = [row.strip()[:2] for row in rows if re.match(r"\d\d", row.strip())]
        assert numbers == [one.number for one in CHAPTERS]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("Chapters 02 and 03.", ["02>", "03 <span"]),
        ("See chapters 04, 07 and 10; chapter 18 to the end", ["04>", "07 <span", "10>", "18>"]),
        ("chapters 11 to 13", ["11 <span", "13 <span"]),
        ("In 02 days, 04 of them: chapter 99", []),
        ('<a href="x">chapter 04</a>, <code>chapter 07</code><h2>Chapter 08</h2>', []),
    ],
)  # fmt: skip
def test_a_number_of_a_chapter_is_a_link_or_is_called_planned(words, kept):
    told = book_names.chapters_told(words, "../")
    assert told.count("../notebooks/") == sum(k.endswith(">") for k in kept)
    assert told.count("(planned)") == sum(k.endswith("span") for k in kept)
    for mark in kept:
        assert (mark[:2] + "</a>" if mark.endswith(">") else mark) in told
    if not kept:
        assert told == words


@site
def test_no_page_of_the_book_promises_a_chapter_that_is_not_there():
    planned = {one.number for one in CHAPTERS if not one.ready}
    for page in PAGES:
        if not page.startswith("book/"):
            continue
        text = (SITE / f"{page}.html").read_text("utf8")
        article = re.search(r"<article.*?</article>", text, re.DOTALL)[0]
        for number in re.findall(
            r"[Cc]hapter (\d\d)(?! <span class=\"book-planned\")\b", article
        ):
            assert number not in planned, page


# ---- the cards of the first page --------------------------------------------------


@site
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_card_is_one_link_with_a_heading_and_an_uncut_picture(visit, viewport):
    seen = visit("book/index")
    seen.tab.set_viewport_size(viewport)
    shown = seen.tab.locator(".sd-card")
    assert shown.count() == len(WRITTEN)
    for i in range(shown.count()):
        card = shown.nth(i)
        assert card.locator("h3").count() == card.locator("a").count() == 1
        card.scroll_into_view_if_needed()
        box, link = card.bounding_box(), card.locator("h3 a").get_attribute("href")
        for across, down in ((0.1, 0.1), (0.5, 0.5), (0.9, 0.95)):
            at = [box["x"] + across * box["width"], box["y"] + down * box["height"]]
            hit = "([x, y]) => document.elementFromPoint(x, y)?.closest('a')?.getAttribute('href')"
            if 60 < at[1] < viewport["height"]:
                assert seen.tab.evaluate(hit, at) == link
        frame, image = card.locator(".book-card-picture"), card.locator("img")
        assert len(image.get_attribute("alt")) > 25
        outer, inner = frame.bounding_box(), image.bounding_box()
        assert inner["x"] <= outer["x"] + 1 and inner["y"] <= outer["y"] + 1
        assert inner["x"] + inner["width"] >= outer["x"] + outer["width"] - 1
        assert abs(outer["width"] / outer["height"] - cards.ASPECT) < 0.05
    assert seen.tab.locator(".book-rows li").count() == len(CHAPTERS) - len(WRITTEN)
    assert seen.tab.locator(".book-rows a").count() == 0


def test_a_part_of_a_picture_lies_in_it():
    for chapter in CHAPTERS:
        part = cards.PARTS.get(chapter.number)
        for file in (ROOT / "book" / "pictures").glob(f"{chapter.number}_*"):
            if part:
                with Image.open(file) as image:
                    # At most a strip of the white plate may show below.
                    assert part.bottom(*image.size) < 1.05, file.name
                assert 0 <= part.left < part.right <= 1


# ---- a reader who comes back ------------------------------------------------------


def read_to(tab, number):
    """Scroll to a section as a reader does, and return its heading's words and name."""
    section = tab.locator("article section section[id]").nth(number)
    section.evaluate(
        "e => window.scrollTo(0, e.getBoundingClientRect().top + scrollY - 100)"
    )
    name = section.get_attribute("id")
    tab.wait_for_function(
        f"id => (localStorage.getItem({PLACE!r}) ?? '').includes(JSON.stringify(id))",
        arg=name,
    )
    return name


def unhindered(seen):
    """Tell whether nothing went wrong; what was under way when the page was left is
    no fault."""
    return not seen.outside and not [
        fault for fault in seen.faults if not fault.startswith("failed: ")
    ]


def arrives(tab, name):
    """Wait until the page has rolled to a section."""
    tab.wait_for_function(
        "id => Math.abs(document.getElementById(id).getBoundingClientRect().top)"
        " < innerHeight / 2",
        arg=name,
    )


@site
def test_the_first_page_leads_back_to_the_section_that_was_left(visit):
    seen = visit(SECOND)
    assert seen.tab.locator(".book-offer").count() == 0
    name = read_to(seen.tab, 6)
    seen.tab.goto(f"{seen.address}/book/index.html", wait_until="load")
    line = seen.tab.locator("#book-go-on")
    assert line.is_visible()
    label = next(one for one in CHAPTERS if SECOND.endswith(one.name))
    assert f"{label.number} · {label.title}" in line.inner_text()
    line.locator("a").click()
    seen.tab.wait_for_url(f"**/{SECOND}.html#{name}")
    arrives(seen.tab, name)
    # Marked as read, the line leads on to the next chapter.
    seen.tab.get_by_role("button", name="I have read this chapter").click()
    assert seen.tab.locator(".book-tick").count() == 1
    seen.tab.goto(f"{seen.address}/book/index.html", wait_until="load")
    assert WRITTEN[2] in line.locator("a").evaluate("a => a.href")
    tick = seen.tab.locator(".bd-sidebar-primary li:has(> .book-tick)")
    assert tick.count() == 1 and label.title in tick.inner_text()
    # One press deletes both.
    seen.tab.once("dialog", lambda dialog: dialog.accept())
    seen.tab.get_by_role("button", name="Delete").click()
    assert seen.tab.evaluate(f"localStorage.getItem({PLACE!r})") is None
    assert tick.count() == 0
    seen.tab.reload()
    assert line.is_hidden()
    assert unhindered(seen)


@site
def test_the_place_is_offered_and_nobody_is_moved(visit):
    seen = visit(SECOND)
    name = read_to(seen.tab, 6)
    offer = seen.tab.locator(".book-offer")
    seen.tab.goto(f"{seen.address}/{FIRST}.html", wait_until="load")
    assert offer.count() == 0
    seen.tab.goto(f"{seen.address}/{SECOND}.html", wait_until="load")
    assert offer.is_visible() and seen.tab.evaluate("scrollY") == 0
    offer.get_by_role("button", name="Stay here").click()
    assert offer.count() == 0 and seen.tab.evaluate("scrollY") == 0
    seen.tab.goto(f"{seen.address}/{FIRST}.html", wait_until="load")
    seen.tab.goto(f"{seen.address}/{SECOND}.html", wait_until="load")
    offer.get_by_role("link").click()
    assert seen.tab.url.endswith(f"#{name}") and offer.count() == 0
    # Who comes by a link to another section is neither moved nor asked, and loses nothing.
    other = seen.tab.locator("article section section[id]").nth(1).get_attribute("id")
    seen.tab.goto(f"{seen.address}/book/index.html", wait_until="load")
    seen.tab.goto(f"{seen.address}/{SECOND}.html#{other}", wait_until="load")
    seen.tab.wait_for_timeout(800)
    assert offer.count() == 0
    assert name in seen.tab.evaluate(f"localStorage.getItem({PLACE!r})")
    arrives(seen.tab, other)
    assert unhindered(seen)


@site
@pytest.mark.parametrize("page", ["book/index", "notebooks/02_gan_objective"])
def test_a_place_that_is_not_ours_is_left_alone(stripped, page):
    tab = stripped(f"{page}.html", "")
    for value in (
        "",
        "null",
        "7",
        "{",
        '{"version":2}',
        '{"version":1,"last":"02_gan_objective","places":{}}',
        '{"version":1,"last":"../x","places":{"../x":{"id":"a","title":"<img src=x>"}}}',
        '{"version":1,"last":"99_gone","places":{"99_gone":{"id":"a","title":"b"}}}',
        '{"version":1,"last":"02_gan_objective",'
        '"places":{"02_gan_objective":{"id":7,"title":[]}}}',
    ):
        tab.evaluate(
            "([name, value]) => localStorage.setItem(name, value)", [PLACE, value]
        )
        tab.reload(wait_until="load")
        assert tab.locator("#book-go-on:visible a, .book-offer").count() == 0, value
        assert tab.faults == [], value


# ---- figures ----------------------------------------------------------------------


@site
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_figure_opens_at_its_full_size_and_gives_the_focus_back(visit, viewport):
    seen = visit(FIRST)
    seen.tab.set_viewport_size(viewport)
    link = seen.tab.locator("article a.book-zoom:visible").first
    dialog = seen.tab.locator("dialog.book-full")
    natural = link.locator("img").evaluate(
        "async i => { i.loading = 'eager'; await i.decode(); return i.naturalWidth; }"
    )
    for way in ("Enter", "click"):
        link.focus()
        seen.tab.keyboard.press("Enter") if way == "Enter" else link.click()
        image = dialog.locator("img")
        image.evaluate("i => i.decode()")
        assert image.bounding_box()["width"] >= natural
        assert image.get_attribute("alt") == link.locator("img").get_attribute("alt")
        pane = dialog.locator(".book-pane")
        moved = pane.evaluate("p => { p.scrollLeft = 200; return p.scrollLeft; }")
        assert (moved > 0) == (natural > viewport["width"])
        assert seen.tab.evaluate("document.activeElement.closest('dialog') !== null")
        seen.tab.keyboard.press("Escape")
        assert dialog.count() == 0
        assert link.evaluate("e => e === document.activeElement")
    link.click()
    dialog.get_by_role("button", name="Close").click()
    assert dialog.count() == 0
    assert seen.faults == []


@site
@pytest.mark.parametrize("page", WRITTEN)
def test_every_figure_is_a_link_to_its_file_but_the_live_ones(browser, address, page):
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    tab.goto(f"{address}/{page}.html")
    pictures = tab.locator("article .cell_output img")
    free = [
        one for one in pictures.all() if not one.locator("xpath=ancestor::a").count()
    ]
    links = tab.locator("article a.book-zoom")
    assert links.count() + len(free) == pictures.count()
    assert len(free) == tab.locator("article [data-live]").count()
    for link in links.all():
        assert link.get_attribute("href") == link.locator("img").get_attribute("src")
    context.close()


def test_the_picture_before_a_live_mark_is_no_link():
    body = (
        '<img src="a.png"> <img src="b.png"><div data-live="x"></div><img src="c.png">'
    )
    made = book_figures.opening(body)
    assert re.findall(r'<a class="book-zoom" href="(.*?)">', made) == ["a.png", "c.png"]
    for kept in ('<a href="x"><img src="a.png"></a>', '<img src="data:image/png;x">'):
        assert book_figures.opening(kept) == kept


@site
def test_a_chart_is_softer_in_the_dark_and_a_photograph_is_not(visit):
    for page, light in (
        ("notebooks/02_gan_objective", "png"),
        ("notebooks/10_style_transfer", "jp"),
    ):
        seen = visit(page, color_scheme="dark")
        images = seen.tab.locator(f"article .cell_output img[src*='.{light}']")
        image = images.first
        image.scroll_into_view_if_needed()
        image.evaluate("async i => { i.loading = 'eager'; await i.decode(); }")
        opacity = float(image.evaluate("i => getComputedStyle(i).opacity"))
        shot = Image.open(io.BytesIO(image.screenshot())).convert("L")
        if light == "jp":
            assert opacity == 1
        else:
            brightest = shot.getextrema()[1]
            assert (
                200 < brightest < 240
            )  # a plate that does not glare, and is still a plate
            assert shot.getextrema()[0] < 60


# ---- formulas ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        ("a {m}, b", "{m},"),
        ("a ({m}) b", "({m})"),
        ("a {m}. B", "{m}."),
        ("the {m}-th b", "{m}-th"),
        ("a {m} b", None),
        ("a {m}-dimensional b", None),
    ],
)
def test_what_belongs_to_a_formula_is_kept_with_it(body, whole):
    formula = '<span class="math notranslate nohighlight">\\(x\\)</span>'
    made = book_figures.kept_together(body.format(m=formula))
    found = re.findall(r'<span class="book-whole">(.*?</span>.*?)</span>', made)
    assert found == ([whole.format(m=formula)] if whole else [])


@site
@pytest.mark.parametrize("page", [FIRST, "notebooks/15_image_tokens"])
def test_no_line_begins_with_the_comma_of_a_formula(visit, page):
    seen = visit(page)
    for width in range(320, 1400, 180):
        seen.tab.set_viewport_size({"width": width, "height": 900})
        torn = seen.tab.evaluate(
            """() => [...document.querySelectorAll("article span.math")].filter(math => {
                const after = math.nextSibling;
                if (after?.nodeType !== 3 || !/^[,.;:!?)]/.test(after.data)) return false;
                const mark = document.createRange();
                mark.setStart(after, 0);
                mark.setEnd(after, 1);
                const [a, b] = [math.getBoundingClientRect(), mark.getBoundingClientRect()];
                return a.width && b.width && (b.top >= a.bottom || b.left < a.left);
            }).map(math => math.parentElement.textContent.slice(0, 80))"""
        )
        assert torn == [], width


@site
def test_a_formula_wider_than_a_phone_scrolls_and_fades(visit):
    seen = visit(FIRST)
    for viewport in (PHONE, DESK):
        seen.tab.set_viewport_size(viewport)
        seen.tab.wait_for_timeout(300)
        found = seen.tab.evaluate(
            """() => [...document.querySelectorAll("article div.math")].map(box => ({
                wide: box.scrollWidth - box.clientWidth > 2, fades: box.classList.contains("book-goes-on"),
                stop: box.tabIndex === 0, mask: getComputedStyle(box).maskImage !== "none",
                begins: box.firstElementChild.getBoundingClientRect().left
                    >= box.getBoundingClientRect().left - 1}))"""
        )
        assert found and all(one["begins"] for one in found)
        for one in found:
            assert one["fades"] == one["wide"] == one["stop"] == one["mask"]
        if viewport == PHONE:
            assert any(one["wide"] for one in found)


# ---- paper ------------------------------------------------------------------------


@site
@pytest.mark.parametrize("page", WRITTEN)
def test_on_paper_a_picture_stands_in_a_line(visit, page):
    """Firefox cuts a picture that is a block at the end of a page, and no line."""
    seen = visit(page)
    seen.tab.emulate_media(media="print")
    found = seen.tab.evaluate(
        """() => [...document.querySelectorAll("article .cell_output img")]
            .map(image => getComputedStyle(image).display)"""
    )
    assert found and set(found) == {"inline-block"}


@site
@pytest.mark.parametrize("page", ["notebooks/06_evaluation"])
def test_no_picture_is_cut_by_the_end_of_a_page(browser, address, page):
    """Chromium draws a picture that it cuts on two pages: each is drawn once."""
    context = browser.new_context(viewport=DESK)
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    tab.goto(f"{address}/{page}.html", wait_until="load")
    count = tab.evaluate(
        """async () => {
            const images = [...document.querySelectorAll("article .cell_output img")];
            for (const image of images) {
                image.loading = "eager";
                await image.decode();
            }
            return images.length;
        }"""
    )
    data = tab.pdf(prefer_css_page_size=True)
    context.close()
    from pypdf import PdfReader

    drawn = sum(len(page.images) for page in PdfReader(io.BytesIO(data)).pages)
    assert count > 3 and drawn == count
