"""What every live figure owes its reader, tried on each figure that there is.

A new figure needs no line here: its name and its files are read from book/live, its
controls from the page. `pytest tests/live -k ruler` runs these for one figure, together
with what its own file tries. Its own file tries what its controls do.
"""

import itertools
import re

import pytest
from playwright.sync_api import expect

from tests.live.browser import asleep
from tools import live

pytestmark = pytest.mark.site

NAMES = live.names()
WIDTHS = (1280, 360)
FINGER = 40  # CSS pixels: what a thumb hits
each_figure = pytest.mark.parametrize("name", NAMES)
each_width = pytest.mark.parametrize("width", WIDTHS)


def asked(page):
    """Return the files of live figures that the page fetched, without shared code."""
    paths = [url.partition("/live/")[2] for url in page.fetched if "/live/" in url]
    return sorted(path for path in paths if not path.startswith("shared-"))


def files(name):
    """Return {path: bytes} of the data that a figure fetches."""
    folder = live.data(name)
    found = sorted(folder.iterdir()) if folder else []
    return {f"{name}/{p.name}": p.read_bytes() for p in found if p.name != ".key"}


def broken(answer):
    """Return a handler that aborts a request, or answers it so."""
    return lambda route: route.fulfill(**answer) if answer else route.abort()


def settled(page):
    """Wait until ten frames of the figure look alike; return how it looks."""
    looks = [None]
    for _ in range(200):
        looks.append(page.looks())
        if looks[-1] == looks[-2]:
            return looks[-1]
        page.frames(10)
    raise AssertionError("the figure does not come to rest")


@each_width
@each_figure
def test_it_sleeps_until_it_is_touched_and_goes_back(live_page, name, width):
    page = live_page(name, width, touch=False)
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
    for theme in ("light", "dark"):
        assert page.serious(theme) == [], theme


@each_figure
def test_what_does_not_come_is_told_and_can_be_asked_for_again(live_page, name):
    page = live_page(name, width=360, touch=False)
    cases = [(f"{name}.js", "no network", None)]
    for file, whole in files(name).items():
        half = whole[: len(whole) // 2]
        cases += [
            (file, "no network", None),
            (file, "missing", {"status": 404, "body": ""}),
            (file, "other", {"body": b"something else"}),
            (file, "half", {"body": half}),
        ]
    for file, fault, answer in cases:
        page.tab.route(f"**/live/{file}", broken(answer))
        page.figure.locator(".live-start").click()
        told = page.figure.get_by_role("alert")
        expect(told, f"{file}: {fault}").to_contain_text("This figure could not start:")
        words = told.inner_text()
        assert re.search("connection|404|damaged|cannot read", words), (fault, words)
        assert len(words.split()) < 26 and words.endswith(".")
        asleep(page)
        page.tab.unroute(f"**/live/{file}")
    page.forgive()
    page.touch()
    expect(page.figure.locator(".live-stage")).to_be_visible()
    expect(page.figure.get_by_role("alert")).to_be_hidden()


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
