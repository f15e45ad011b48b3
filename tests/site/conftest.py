"""The fixtures of a real browser, for the tests of the built site."""

from tests.site.browser import address, visit  # noqa: F401
