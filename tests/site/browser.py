"""The built site in a real browser: what test_site.py and test_study.py share.

The site is `_build/html`, or the folder that BOOK_SITE names.
"""

import os
from pathlib import Path
from urllib.parse import urlparse

import pytest

from book.identity import ROOT
from tools.serving import PATIENCE, chromium, served

SITE = Path(os.environ.get("BOOK_SITE") or ROOT / "_build" / "html")
CHROMIUM = chromium()
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
# Closed by name, not by a route: a route asks Python about every request of a page.
CLOSED = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="module")
def address():
    assert (SITE / "index.html").is_file(), "there is no built site: make book first"
    with served(SITE) as where:
        yield where


@pytest.fixture(scope="session")
def browser():
    assert CHROMIUM, "no Chromium was found: make browser, or set BOOK_CHROMIUM"
    from playwright.sync_api import sync_playwright  # the helpers' tests run without it

    with sync_playwright() as play:
        started = play.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", CLOSED],
            timeout=PATIENCE,
        )
        yield started
        started.close()


def serious(tab, where="html", **options):
    """Return what axe finds serious or critical in a part of a page.

    `where` is a selector or axe's own {"include": .., "exclude": ..}; `options` are
    axe's.
    """
    from axe_playwright_python.base import AXE_SCRIPT  # helpers' tests run without it

    if not tab.evaluate("!!window.axe"):
        tab.evaluate(AXE_SCRIPT)
    found = tab.evaluate(
        "([where, options]) => axe.run(where, options)",
        [where, {"resultTypes": ["violations"], **options}],
    )
    return [
        f"{fault['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"][:3]
    ]


def in_scheme(tab, scheme):
    """Let the reader's system be light or dark, and wait until the page is."""
    tab.emulate_media(color_scheme=scheme)
    tab.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")


class Watched:
    """A tab with all other hosts closed to it; keeps what went wrong and who else was
    asked."""

    def __init__(self, browser, address, viewport, **options):
        self.address = address
        self.context = browser.new_context(viewport=viewport, **options)
        self.context.set_default_timeout(PATIENCE)
        self.tab = self.context.new_page()
        self.faults, self.outside = [], []
        self.tab.on("request", self._asked)
        self.tab.on("console", self._heard)
        self.tab.on("pageerror", lambda error: self.faults.append(str(error)))

    def _asked(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.outside.append(request.url)

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text}")

    def close(self):
        """Close the tab and what belongs to it."""
        self.context.close()


class Visit(Watched):
    """One page of the site, opened; keeps what was loaded."""

    def __init__(self, browser, address, page, **options):
        super().__init__(browser, address, DESK, **options)
        self.page, self.bodies = page, {}
        self.tab.on(
            "requestfailed",
            lambda request: self.faults.append("failed: " + request.url),
        )
        self.tab.on("response", self._answered)
        self.tab.goto(f"{address}/{page}.html", wait_until="load")
        self.tab.wait_for_function(
            "!window.MathJax || !MathJax.startup || !MathJax.startup.promise"
            " || MathJax.startup.promise.then(() => true)"
        )

    def _answered(self, response):
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")
        self.bodies[urlparse(response.url).path] = response

    def read_to_the_end(self):
        """Scroll down in steps, so that every lazy picture is fetched."""
        self.tab.evaluate(
            """async () => {
                for (let y = 0; y < document.body.scrollHeight; y += 600) {
                    window.scrollTo(0, y);
                    await new Promise(done => setTimeout(done, 25));
                }
                await Promise.all([...document.images].map(image => {
                    image.loading = "eager";
                    return image.decode().catch(() => null);  // a broken one is found below
                }));
            }"""
        )


@pytest.fixture
def visit(browser, address):
    visits = []

    def open_page(page, **options):
        visits.append(Visit(browser, address, page, **options))
        return visits[-1]

    yield open_page
    for one in visits:
        one.close()
