"""Build the site from the stored outputs, warnings as errors: `python -m tools.site`.

Prints the warnings alone when there are any, and one line when there are none. The live
figures are built first; where npm cannot be reached one line says so, and the site
keeps their still pictures. With --require-live that is a failure.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools import live

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
STOPPED = "what is in _build/html may be half of the old site and half of the new one."
# What Sphinx says when it came to its end, with warnings or without.
ENDED = ("build succeeded", "build finished with problems")
ERROR = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception): \S.*", re.MULTILINE)


class NotBuilt(Exception):
    """Say in one sentence why there is no new site."""


def writable(folder: Path) -> None:
    """Raise NotBuilt, with the folder's name, unless files can be written there."""
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
    except OSError as problem:
        raise NotBuilt(
            f"Nothing can be written into {folder} ({problem.strerror}); make room or "
            "give yourself the right to, and build again."
        ) from None


def lively() -> bool:
    """Build the live figures; say so and return False where npm was not reached."""
    try:
        live.build()
    except live.NotReached as reason:
        print(
            f"The live figures were not built, the site has their still pictures: "
            f"{reason}."
        )
        return False
    except OSError as problem:
        raise NotBuilt(f"The live figures could not be written: {problem}.") from None
    return True


def sphinx() -> tuple[int, str]:
    """Build the pages; return the exit status and what was printed."""
    environment = dict(
        os.environ, TF_CPP_MIN_LOG_LEVEL="3", PYTHONWARNINGS="ignore", LC_ALL="C.UTF-8"
    )
    program = Path(sys.executable).parent / "jupyter-book"
    command = [str(program), "build", ".", "-n", "-W", "--keep-going"]
    try:
        built = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as problem:
        raise NotBuilt(f"{program} could not be started: {problem.strerror}.") from None
    return built.returncode, built.stdout


def judged(status: int, said: str, seconds: float) -> str:
    """Return what to print of a build that ended with faults; raise NotBuilt where it
    came to no end."""
    lines = said.splitlines()
    shown = [line for line in lines if "WARNING" in line or "ERROR" in line]
    if any(words in said for words in ENDED):
        return "\n".join(
            [
                *(shown or lines[-40:]),
                f"The site has faults (above); it was built all the same in "
                f"{seconds:.0f} s.",
            ]
        )
    found = ERROR.findall(said)
    why = found[-1] if found else "\n".join(lines[-5:]) or f"it ended with {status}"
    raise NotBuilt(
        f"Sphinx stopped, and there is no new site: {why}\n(All it says: "
        f"{Path(sys.executable).parent / 'jupyter-book'} build . -n -W --keep-going)"
    )


def main() -> int:
    """Build the site; return 1 where it has faults or was not built."""
    started = time.perf_counter()
    try:
        writable(BUILD)
        alive = lively()
        status, said = sphinx()
        seconds = time.perf_counter() - started
        if status:
            print(judged(status, said, seconds))
            return 1
    except NotBuilt as reason:
        print(reason, file=sys.stderr)
        return 1
    pages = len(list((BUILD / "html").rglob("*.html")))
    print(f"Built {pages} pages without a warning in {seconds:.0f} s.")
    if not alive and "--require-live" in sys.argv[1:]:
        print(
            "The live figures were asked for (--require-live): npm must be reachable."
        )
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
