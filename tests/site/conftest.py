"""The fixtures of a real browser, for the tests of the built site."""

from tests.site.browser import address, browser, visit  # noqa: F401
