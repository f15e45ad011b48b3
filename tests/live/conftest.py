"""The fixtures of a real browser, for the tests of the live figures."""

from tests.live.browser import live_page, live_site  # noqa: F401
