"""Show the built site to this machine: `python -m tools.serve 8000`."""

from __future__ import annotations

import contextlib
import errno
import functools
import http.server
import socket
import sys
from pathlib import Path

from book.chapters import ROOT
from tools.serving import Quiet

SITE = ROOT / "_build" / "html"
STOPPED = "the site is no longer served."


class Refused(Exception):
    """Say in one sentence why nothing is served."""


def free(port: int) -> int:
    """Return the first port above `port` that nobody listens at."""
    for other in range(port + 1, min(port + 50, 65536)):
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", other))
            return other
    return 8000


def opened(port: str, site: Path) -> http.server.ThreadingHTTPServer:
    """Return a server of `site` at `port`, or raise Refused."""
    if not (site / "index.html").is_file():
        raise Refused("There is no built site yet: make book first.")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise Refused(f"PORT must be a number from 1 to 65535, got {port!r}.")
    handler = functools.partial(Quiet, directory=str(site))
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    except OSError as problem:
        taken = problem.errno == errno.EADDRINUSE
        why = "is taken" if taken else f"cannot be opened ({problem.strerror})"
        other = free(int(port) if taken else 8000 - 1)
        raise Refused(f"Port {port} {why}: make serve PORT={other}") from None


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C, or say in one sentence why not."""
    asked = sys.argv[1:] if arguments is None else arguments
    try:
        server = opened(asked[0] if asked else "8000", SITE)
    except Refused as reason:
        print(reason, file=sys.stderr)
        return 1
    with server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"{address}  (Ctrl-C ends it)", flush=True)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
