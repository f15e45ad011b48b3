"""What prints the site and what tests it share: a folder served here, and where
Chromium is."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 180_000  # milliseconds: a busy machine is slow, and that is not a fault


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serve files without a word."""

    def log_message(self, *arguments):
        pass

    def copyfile(self, source, outputfile):
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError
        ):  # the page was left
            super().copyfile(source, outputfile)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve `folder` to this machine alone; give its address, without a slash at the
    end."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def chromium() -> str | None:
    """Return the path of Chromium: BOOK_CHROMIUM, or the first on the PATH; None
    without one.

    The one without windows comes first: it opens a page in two thirds of the time.
    """
    names = (
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    )
    return os.environ.get("BOOK_CHROMIUM") or next(
        filter(None, map(shutil.which, names)), None
    )
