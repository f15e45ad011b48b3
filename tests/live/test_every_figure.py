"""What every live figure owes its reader, tried on each figure that there is.

A new figure needs no line here: its name and its files are read from book/live, its
controls from the page. `pytest tests/live -k ruler` runs these for one figure, together
with what its own file tries. Its own file tries what its controls do.
"""

import contextlib
import http.server
import itertools
import re
import threading
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.live.browser import THEME, asleep
from tools import live

pytestmark = pytest.mark.site

NAMES = live.names()
WIDTHS = (1280, 360)
FINGER, THUMB = 40, 32  # CSS pixels that a control is at least high, and wide
each_figure = pytest.mark.parametrize("name", NAMES)
each_width = pytest.mark.parametrize("width", WIDTHS)
# The loader is one for all: what it does is tried on one figure that has no data and two
# that have, the rest of the figures with the commonest fault.
SOME = [name for name in NAMES if not live.data(name)][:1] + [
    name for name in NAMES if live.data(name)
][:2]
some_figures = pytest.mark.parametrize("name", SOME)


def asked(page):
    """Return the files of live figures that the page fetched."""
    paths = [url.partition("/live/")[2] for url in page.fetched if "/live/" in url]
    return sorted(path for path in paths if path)


def files(name):
    """Return {path: bytes} of the data that a figure fetches."""
    folder = live.data(name)
    found = sorted(folder.iterdir()) if folder else []
    return {f"{name}/{p.name}": p.read_bytes() for p in found if p.name != ".key"}


def script_of(page, name):
    """Return the bytes of a figure's script."""
    return page.tab.request.get(f"{page.address}/live/{name}.js").body()


def others(file, whole):
    """Return {fault: answer} of what may come in place of a figure's file, None for no
    network."""
    same = [p for other in NAMES for p in files(other).items() if p[0] != file]
    other = min(same, key=lambda pair: abs(len(pair[1]) - len(whole)))[1]
    spoilt = bytearray(whole)
    spoilt[len(whole) * 2 // 3] ^= 1
    page = "<!DOCTYPE html><title>Log in</title><p>Welcome to this network.</p>"
    return {
        "no network": None,
        "missing": {"status": 404, "body": ""},
        "broken site": {"status": 503, "body": page},
        "empty": {"body": b""},
        "a web page": {"body": page, "content_type": "text/html"},
        "something else": {"body": b"something else"},
        "half": {"body": whole[: len(whole) // 2]},
        "too long": {"body": whole + b"and more"},
        "one bit": {"body": bytes(spoilt)},
        "another model": {"body": other},
        "another's, as long": {"body": other[: len(whole)].ljust(len(whole), b"\0")},
    }


def answering(answer):
    """Return a handler that aborts a request, or answers it so."""
    return lambda route: route.fulfill(**answer) if answer else route.abort()


PROGRAMMER = re.compile(  # what no reader should meet
    r"undefined|null|NaN|is not |TypeError|function|promise|object|JSON|token .* in|"
    r"unexpected|decode|buffer|Failed to|Load failed|NetworkError|0x|Offset|bounds",
    re.IGNORECASE,
)


def refused(page, case):
    """Assert that a figure did not start and says so in a sentence for people."""
    told = page.figure.get_by_role("alert")
    expect(told, str(case)).to_contain_text("This figure could not start: ")
    words = told.inner_text()
    assert re.search("try again|reload", words, re.IGNORECASE), (case, words)
    assert not PROGRAMMER.search(words), (case, words)
    assert len(words.split()) < 26 and words.endswith("."), words
    asleep(page)
    return words


def settled(page):
    """Wait until the figure works no more and some frames look alike; return how it
    looks."""
    page.tab.wait_for_selector(".live-stage:not([data-settled=no])")
    looks = [None]
    for _ in range(200):
        looks.append(page.looks())
        if looks[-1] == looks[-2]:
            return looks[-1]
        page.frames(15)  # what is told politely comes 150 ms after the rest
    raise AssertionError("the figure does not come to rest")


@each_figure
def test_it_sleeps_until_it_is_touched_and_goes_back(live_page, name):
    page = live_page(name, touch=False)
    page.tab.wait_for_load_state("networkidle")
    assert asked(page) == []
    asleep(page)
    page.touch()
    assert asked(page) == sorted([f"{name}.js", *files(name)])
    expect(page.figure.locator(".live-stage")).to_be_visible()
    expect(page.figure.locator(".live-still")).to_be_hidden()
    page.tab.get_by_role("button", name="Back to the picture").click()
    asleep(page)
    page.touch()
    expect(page.figure.locator(".live-stage")).to_be_visible()


@each_width
@each_figure
def test_everybody_can_use_it(live_page, name, width):
    """Every control has a name, fits the page and the finger, and pleases axe."""
    page = live_page(name, width)
    settled(page)
    page.unfold()
    assert not page.too_wide()
    assert page.unnamed() == []
    assert page.small(FINGER) == []
    assert page.narrow(THUMB) == []
    for theme in ("light", "dark"):
        assert page.serious(theme) == [], theme


@each_figure
def test_what_is_not_the_figure_s_own_is_told_and_asked_for_again(live_page, name):
    page = live_page(name, width=360, touch=False)
    own = {f"{name}.js": script_of(page, name), **files(name)}
    for file, whole in own.items():
        faults = others(file, whole)
        if name not in SOME:
            faults = {"one bit": faults["one bit"]}
        for fault, answer in faults.items():
            page.tab.route(f"**/live/{file}", answering(answer))
            page.figure.locator(".live-start").click()
            refused(page, (file, fault))
            page.tab.unroute(f"**/live/{file}")
    page.forgive()
    page.touch()
    expect(page.figure.locator(".live-stage")).to_be_visible()
    expect(page.figure.get_by_role("alert")).to_be_hidden()


@contextlib.contextmanager
def site_that_may_be_cached(site, old):
    """Serve what `site` serves, to be kept for an hour; at first `old`, {path: bytes}.
    Yields the address and the paths asked for."""
    asked_for = []

    class Cached(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # the name that http.server asks for
            first = self.path not in asked_for
            asked_for.append(self.path)
            with urllib.request.urlopen(site + self.path) as answer:
                body, kind = answer.read(), answer.headers["Content-Type"]
            body = old.get(self.path, body) if first else body
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "max-age=3600")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cached)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked_for
    finally:
        server.shutdown()
        server.server_close()


@some_figures
def test_a_cache_that_keeps_another_day_s_files_is_gone_round(
    browser, live_page, live_site, name
):
    page = live_page(name, touch=False)
    own = {f"{name}.js": script_of(page, name), **files(name)}
    old = {
        f"/live/{file}": others(file, whole)["another model"]["body"]
        for file, whole in own.items()
    }
    context = browser.new_context()  # without routes, which would switch the cache off
    tab = context.new_page()
    with site_that_may_be_cached(live_site, old) as (address, asked_for):
        tab.goto(f"{address}/{name}.html")
        tab.evaluate(
            "all => Promise.all(all.map(async of => (await fetch(of)).arrayBuffer()))",
            sorted(old),
        )
        assert sorted(path for path in asked_for if path in old) == sorted(old)
        tab.locator(".live-start").click()
        tab.wait_for_selector(".live-figure[data-ready]")
        again = [path for path in asked_for if path in old]
    assert sorted(again) == sorted([*old, *old])
    context.close()


@some_figures
def test_what_never_answers_is_told_and_may_be_asked_for_again(live_page, name):
    page = live_page(name, width=360, touch=False)
    page.tab.clock.install()
    for file in [f"{name}.js", *files(name)]:
        page.tab.route(f"**/live/{file}", lambda route: None)
        with page.tab.expect_request(f"**/live/{file}"):
            page.figure.locator(".live-start").click()
        page.tab.clock.fast_forward(30_000)
        assert "did not come for 8 seconds" in refused(page, file)
        page.tab.unroute(f"**/live/{file}")
    page.forgive()
    page.touch()
    expect(page.figure.get_by_role("alert")).to_be_hidden()


# What browsers have only since ECMAScript 2022, or since that year.
NEWER = {
    "Array.prototype": "at findLast findLastIndex toSorted toReversed toSpliced with",
    "Object.getPrototypeOf(Int8Array.prototype)": "at findLast findLastIndex toSorted "
    "toReversed with",
    "String.prototype": "at isWellFormed toWellFormed",
    "Object": "hasOwn groupBy",
    "Map": "groupBy",
    "Array": "fromAsync",
    "Promise": "withResolvers try",
    "Set.prototype": "union intersection difference isSubsetOf",
    "ArrayBuffer.prototype": "resize transfer",
    "AbortSignal": "timeout any",
    "URL": "canParse parse",
    "HTMLFormElement.prototype": "requestSubmit",
    "CanvasRenderingContext2D.prototype": "roundRect reset createConicGradient",
    "Element.prototype": "checkVisibility getHTML setHTMLUnsafe",
    "Crypto.prototype": "randomUUID",
    "globalThis": "structuredClone Iterator scheduler OffscreenCanvas",
}


@each_figure
def test_a_browser_of_2021_is_enough(live_page, name):
    page = live_page(name, touch=False)
    for owner, names in NEWER.items():
        page.tab.add_init_script(
            f"for (const name of {names.split()}) delete ({owner})[name];"
        )
    page.tab.reload()
    assert page.evaluate("[[].at, window.structuredClone, Object.hasOwn]") == [None] * 3
    page.touch()
    for use in (
        "e.matches('button:not(:disabled)') && e.click()",
        "e.type === 'radio' && !e.checked && e.click()",
        "e.type === 'checkbox' && e.click()",
        "e.type === 'range' && (e.value = e.max, e.dispatchEvent(new Event('input')))",
        "e.matches('[tabindex]') && e.dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'ArrowRight', bubbles: true}))",
    ):
        count = page.evaluate("document.querySelectorAll('.live-stage *').length")
        for at in range(count):
            page.evaluate(
                f"at => {{ const e = document.querySelectorAll('.live-stage *')[at];"
                f"if (e && e.getClientRects().length) {use}; }}",
                at,
            )
        page.frames(3)
    settled(page)
    expect(page.figure.get_by_role("alert")).to_be_hidden()


# The colours of the book's palette that elements have, with their pseudo-elements.
COLOURED = """() => {
    const root = getComputedStyle(document.documentElement), probe = new Option().style;
    const names = ["real", "generated", "discriminator", "other", "light"];
    const ours = names.map((n) => root.getPropertyValue(`--live-${n}`).trim());
    const wanted = ours.map((c) => { probe.color = c; return probe.color; });
    const found = new Set();
    for (const e of document.querySelectorAll(".live-stage *")) {
        if (!e.getClientRects().length) continue;
        for (const part of ["", "::before", "::after"]) {
            const style = getComputedStyle(e, part);
            if (part && style.content === "none") continue;
            for (const [what, colour] of [["ground", style.backgroundColor],
                ["ink", style.color]]) {
                const bare = what === "ink" && e.parentElement
                    && getComputedStyle(e.parentElement).color === colour;
                if (wanted.includes(colour) && !bare) {
                    found.add([e.className || e.localName, part, what, colour].join(" "));
                }
            }
        }
    }
    return [...found].sort();
}"""
CHOOSABLE = "input:not(:checked) + span, [aria-pressed=false], [aria-selected=false]"
CHOOSE = """e => { const box = e.previousElementSibling;
    if (box && box.matches("input")) box.checked = true;
    else for (const name of ["aria-pressed", "aria-selected"])
        if (e.hasAttribute(name)) e.setAttribute(name, "true"); }"""


@each_figure
def test_high_contrast_keeps_what_is_chosen_and_what_a_colour_says(live_page, name):
    plain, forced = (
        live_page(name, reduced_motion="reduce", forced_colors=mode)
        for mode in ("none", "active")
    )
    for page in (plain, forced):
        settled(page)
        page.unfold()
    assert forced.evaluate("matchMedia('(forced-colors: active)').matches")
    assert forced.evaluate(COLOURED) == plain.evaluate(COLOURED)
    forced.evaluate("document.activeElement.blur()")
    kinds = {}
    for option in forced.tab.locator(".live-stage").locator(CHOOSABLE).all():
        if option.is_visible():
            kind = option.evaluate("e => e.className + e.parentElement.className")
            kinds.setdefault(kind, option.element_handle())
    for kind, option in kinds.items():
        before = option.screenshot()
        option.evaluate(CHOOSE)
        assert option.screenshot() != before, kind


@each_figure
def test_the_theme_s_fonts_for_headings_and_captions_stay_outside(live_page, name):
    page = live_page(name)
    page.tab.add_style_tag(path=THEME)
    page.evaluate("""() => {
        document.querySelector("article").classList.add("bd-content");
        document.documentElement.style.setProperty("--pst-font-family-heading", "serif");
    }""")
    page.unfold()
    fonts = page.evaluate("""() => [...document.querySelectorAll(".live-stage *")]
        .filter((e) => e.textContent.trim() && e.getClientRects().length)
        .filter((e) => getComputedStyle(e).fontFamily
            !== getComputedStyle(e.closest(".live-figure")).fontFamily)
        .map((e) => e.outerHTML.slice(0, 100))""")
    assert fonts == []


@each_figure
def test_a_finger_that_swipes_over_it_scrolls_the_page(live_page, name):
    page = live_page(name, width=360, reduced_motion="reduce")
    settled(page)
    before = page.looks()
    # Only where both directions mean something may a finger be kept: on a pad.
    surfaces = page.evaluate("""() => {
        const held = [...document.querySelectorAll(".live-stage *")].filter((e) =>
            !["auto", "manipulation"].includes(getComputedStyle(e).touchAction)
            && e.clientHeight > 60 && e.getAttribute("role") !== "application");
        held.forEach((e, i) => { e.dataset.surface = i; });
        return held.length;
    }""")
    for at in range(surfaces):
        surface = page.tab.locator(f"[data-surface='{at}']")
        surface.evaluate("e => e.scrollIntoView({block: 'center'})")
        start, box = page.evaluate("scrollY"), surface.bounding_box()
        x, y = box["x"] + 0.2 * box["width"], box["y"] + 0.4 * box["height"]
        moved = []
        for distance in (-150, 150):  # at an end of the page one of them cannot
            page.finger((x, y), (x + 5, y + distance))
            moved.append(abs(page.evaluate("scrollY") - start))
            page.evaluate("y => scrollTo(0, y)", start)
        assert max(moved) > 80, surface.evaluate("e => e.outerHTML.slice(0, 120)")
    assert page.looks() == before


@each_figure
def test_nothing_moves_by_itself_where_less_motion_is_wanted(live_page, name):
    page = live_page(name, reduced_motion="reduce")
    before = settled(page)
    page.frames(40)
    assert page.looks() == before
    assert page.evaluate("document.getAnimations().length") == 0


@each_figure
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(live_page, name):
    page = live_page(name)
    settled(page)
    page.unfold()
    wanted = page.controls()
    assert wanted, "nothing here can be used"
    page.evaluate("""() => { const start = document.createElement('a');
        start.href = '#'; start.textContent = 'before';
        document.querySelector('.live-figure').before(start); start.focus(); }""")
    reached = {}
    for _ in itertools.repeat(None, 3 * len(wanted) + 60):
        before = page.styles()
        page.tab.keyboard.press("Tab")
        here = page.focused()
        if here is None:
            break
        reached[here] = before[here] != page.styles()[here]
    assert [wanted[i] for i in sorted(set(wanted) - set(reached))] == []
    assert [wanted.get(i, i) for i, shown in reached.items() if not shown] == []
