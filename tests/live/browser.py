"""Fixtures for the live figures: each on a page alone, in a real browser, with the
network closed.

    def test_it(live_page):
        page = live_page("latent-space", width=360)     # opened, touched, ready
        page.tab.get_by_role("button", name="Random").click()

`live_page(..., touch=False)` leaves the still picture. `page.evaluate(js)` runs in the
page, where `await import("./live/NAME.js")` gives the bundle's exports. Faults and
requests to other hosts fail the test when it ends; `page.forgive()` is for those it
provokes itself.
"""

import fcntl
import itertools
import os
from pathlib import Path

import pydata_sphinx_theme
import pytest

from tests.site.browser import Watched, serious
from tools.serving import served

THEME = (
    Path(pydata_sphinx_theme.__file__).parent
    / "theme"
    / "pydata_sphinx_theme"
    / "static"
    / "styles"
    / "pydata-sphinx-theme.css"
)


class Page(Watched):
    """One live figure alone on a page."""

    def __init__(self, browser, address, name, width, **options):
        options.setdefault("has_touch", width < 600)
        size = {"width": width, "height": 900 if width > 600 else 740}
        super().__init__(browser, address, size, **options)
        self.name, self.fetched = name, []
        self.tab.on("requestfinished", lambda request: self.fetched.append(request.url))
        self.tab.goto(f"{address}/{name}.html", wait_until="load")
        self.figure = self.tab.locator(".live-figure")

    def touch(self):
        """Touch the invitation and wait until the figure is there."""
        self.figure.locator(".live-start").click()
        self.tab.wait_for_selector(".live-figure[data-ready]")
        return self

    def evaluate(self, script, argument=None):
        """Run JavaScript in the page and return what it gives."""
        return self.tab.evaluate(script, argument)

    def pixels(self, selector="canvas"):
        """Return a number that changes when the picture on a canvas does."""
        return self.tab.locator(selector).first.evaluate(
            """c => { let h = 7; const text = c.toDataURL();  // getImageData twice: a warning
                      for (let i = 0; i < text.length; i++)
                          h = (Math.imul(h, 31) + text.charCodeAt(i)) | 0;
                      return h; }"""
        )

    def serious(self, theme):
        """Return what axe finds serious or critical in the figure in a theme."""
        self.evaluate(
            "theme => { document.documentElement.dataset.theme = theme; }", theme
        )
        return serious(self.tab, ".live-figure")

    def too_wide(self):
        """Say whether the page scrolls sideways."""
        return self.evaluate("document.documentElement.scrollWidth > window.innerWidth")

    def unnamed(self):
        """Return the controls that a screen reader could not name."""
        return self.evaluate(
            """[...document.querySelectorAll('.live-figure button, .live-figure input,'
                 + '.live-figure select, .live-figure textarea, .live-figure canvas,'
                 + '.live-figure [tabindex]')]
               .filter(e => !e.closest('[aria-hidden=true]'))
               .filter(e => !(e.ariaLabel || e.textContent.trim() || (e.labels && e.labels.length)))
               .map(e => e.outerHTML.slice(0, 120))"""
        )

    def small(self, least):
        """Return the controls that are less high than `least` CSS pixels."""
        return self.evaluate(
            """least => [...document.querySelectorAll('.live-figure button, .live-figure select,'
                 + '.live-figure summary, .live-figure input, .live-figure textarea,'
                 + '.live-figure label')]
               .filter(e => e.offsetParent && !e.disabled)
               .filter(e => !e.matches('label') || e.querySelector('input'))
               .filter(e => !e.closest('label') || e.matches('label') || e.type === 'range')
               .map(e => [e.getBoundingClientRect().height, e.outerHTML.slice(0, 120)])
               .filter(([height]) => height < least - 0.5)""",
            least,
        )

    def narrow(self, least):
        """Return the controls that are less wide than `least` CSS pixels."""
        return self.evaluate(
            """least => [...document.querySelectorAll('.live-figure button,'
                 + '.live-figure select, .live-figure input[type=range],'
                 + '.live-figure label:has(input)')]
               .filter(e => e.offsetParent && !e.disabled)
               .map(e => [e.getBoundingClientRect().width, e.outerHTML.slice(0, 120)])
               .filter(([width]) => width < least - 0.5)""",
            least,
        )

    def finger(self, *points, pieces=15):
        """Put a finger down at the first point (x, y), draw it over the others, lift it.

        A tap of Playwright's is two events; this is what a browser scrolls by.
        """
        line = self.context.new_cdp_session(self.tab)

        def send(kind, *at):
            touches = [{"x": x, "y": y} for x, y in at]
            line.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches}
            )

        send("touchStart", points[0])
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            for k in range(1, pieces + 1):
                share = k / pieces
                send("touchMove", (x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
        send("touchEnd")
        line.detach()
        self.frames(10)

    def unfold(self):
        """Open every fold of the figure."""
        self.evaluate(
            "document.querySelectorAll('.live-stage details').forEach(e => e.open = true)"
        )

    def frames(self, count):
        """Let the page paint so many frames."""
        self.evaluate(
            """async count => {
                for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame);
            }""",
            count,
        )

    def looks(self):
        """Return what is drawn and written in the figure, to be compared."""
        return self.evaluate(
            """() => [document.querySelector('.live-stage').innerText,
                ...[...document.querySelectorAll('.live-stage canvas')].map(
                    c => c.toDataURL())]"""
        )

    def controls(self):
        """Number what Tab should reach; return {number: how it begins in HTML}.

        Of a group of radio buttons Tab reaches one.
        """
        return {
            int(number): html
            for number, html in self.evaluate(
                """() => { const found = [];
                for (const e of document.querySelectorAll('.live-figure button,'
                    + '.live-figure input, .live-figure select, .live-figure textarea,'
                    + '.live-figure summary, .live-figure a[href],'
                    + '.live-figure [tabindex]')) {
                  if (e.disabled || e.tabIndex < 0 || !e.getClientRects().length) continue;
                  if (e.type === 'radio') {
                    const group = [...document.getElementsByName(e.name)];
                    const one = group.find(r => r.checked) || group[0];
                    if (one !== e) continue;
                  }
                  e.dataset.tried = found.length;
                  found.push([found.length, e.outerHTML.slice(0, 120)]);
                }
                return found; }"""
            )
        }

    def focused(self):
        """Return the number of the control that has the focus, None outside."""
        number = self.evaluate(
            """() => { const e = document.activeElement;
                return e.closest('.live-figure') ? e.dataset.tried ?? e.outerHTML : null; }"""
        )
        return int(number) if number and number.isdigit() else number

    def styles(self):
        """Return {number: how a control, what is around it and beside it are drawn}."""
        return {
            int(number): style
            for number, style in self.evaluate(
                """() => [...document.querySelectorAll('[data-tried]')].map(e => {
                  const near = [e, e.parentElement, ...e.parentElement.children];
                  const drawn = n => ['', '::before', '::after'].map(part => {
                    const s = getComputedStyle(n, part);
                    return [s.outline, s.boxShadow, s.borderColor, s.backgroundColor].join();
                  }).join();
                  return [e.dataset.tried, near.slice(0, 8).map(drawn).join('|')]; })"""
            )
        }

    def forgive(self):
        """Forget the faults so far: the test provoked them."""
        self.faults.clear()


def asleep(page):
    """Assert that the still picture is there, with the invitation under it."""
    from playwright.sync_api import expect  # the helpers' tests run without it

    expect(page.figure.locator(".live-still img")).to_be_visible()
    expect(page.figure.locator(".live-start")).to_be_visible()
    expect(page.figure.locator(".live-stage")).to_be_hidden()
    assert page.figure.get_attribute("data-ready") is None


@pytest.fixture(scope="session")
def live_site(tmp_path_factory, request):
    """Serve every figure on a page of its own; pytest's workers share one build.

    BOOK_LIVE_ONLY=name,name builds only these.
    """
    from tools import live

    root = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        root = root.parent  # that of all workers
    only = [name for name in os.environ.get("BOOK_LIVE_ONLY", "").split(",") if name]
    with open(root / "live.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back when the file is closed
        if not (root / "live" / "built").exists():
            live.demo(root / "live", only)
            (root / "live" / "built").touch()
    with served(root / "live") as address:
        yield address


@pytest.fixture
def live_page(browser, live_site):
    """Open a figure's page; see this module's docstring."""
    pages = []

    def open_page(name, width=1280, touch=True, **options):
        pages.append(Page(browser, live_site, name, width, **options))
        return pages[-1].touch() if touch else pages[-1]

    yield open_page
    for page in pages:
        page.close()
    assert [fault for page in pages for fault in page.faults] == []
    assert [url for page in pages for url in page.outside] == []
