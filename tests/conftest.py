"""What all tests share: a clean environment, empty assets to write into, a browser."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from helpers.store import manifest, records
from tests.site.browser import browser  # noqa: F401  (one a worker, for all rooms)

settings.register_profile("book", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("book")


@pytest.fixture(autouse=True)
def _default_profile(monkeypatch):
    """Every test starts in the quick profile, whatever the shell says."""
    for name in [name for name in os.environ if name.startswith("BOOK_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_site_unasked(request, monkeypatch):
    """Hide the built site from tests that are not marked `site`: they run before it is built."""
    if hasattr(request.module, "SITE") and not request.node.get_closest_marker("site"):
        missing = Path("a test that reads the built site is marked `site`")
        monkeypatch.setattr(request.module, "SITE", missing)


@pytest.fixture
def empty_zoo(monkeypatch, tmp_path):
    """Point the assets and `runs/` at empty folders, and return the assets' path."""
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "manifest.json").write_text('{"files": {}}')
    monkeypatch.setattr(manifest, "ASSETS", assets)
    monkeypatch.setattr(records, "RUNS", tmp_path / "runs")
    return assets
