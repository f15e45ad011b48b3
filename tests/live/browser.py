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

import os

import pytest

from tests.site.browser import Watched
from tools.serving import served


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
        from axe_playwright_python.base import AXE_SCRIPT

        self.evaluate(
            "theme => { document.documentElement.dataset.theme = theme; }", theme
        )
        self.evaluate(AXE_SCRIPT)
        found = self.evaluate("axe.run('.live-figure', {resultTypes: ['violations']})")
        return [
            fault["id"] + fault["nodes"][0]["html"][:120]
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
        ]

    def too_wide(self):
        """Say whether the page scrolls sideways."""
        return self.evaluate("document.documentElement.scrollWidth > window.innerWidth")

    def unnamed(self):
        """Return the controls that a screen reader could not name."""
        return self.evaluate(
            """[...document.querySelectorAll('.live-figure button, .live-figure input,'
                 + '.live-figure select, .live-figure canvas, .live-figure [tabindex]')]
               .filter(e => !e.closest('[aria-hidden=true]'))
               .filter(e => !(e.ariaLabel || e.textContent.trim() || (e.labels && e.labels.length)))
               .map(e => e.outerHTML.slice(0, 120))"""
        )

    def forgive(self):
        """Forget the faults so far: the test provoked them."""
        self.faults.clear()


@pytest.fixture(scope="session")
def live_site(tmp_path_factory):
    """Every figure on a page of its own (BOOK_LIVE_ONLY=name,name builds only
    these)."""
    from tools import live

    folder = tmp_path_factory.mktemp("live")
    only = [name for name in os.environ.get("BOOK_LIVE_ONLY", "").split(",") if name]
    live.demo(folder, only)
    with served(folder) as address:
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
