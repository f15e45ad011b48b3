"""Build the site from the stored outputs, warnings as errors: `python -m tools.site`.

Prints the warnings alone when there are any, and one line when there are none. The live
figures are built first; where npm cannot be reached one line says so, and the site
keeps their still pictures. With --require-live that is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tools import live

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    started = time.perf_counter()
    lively = True
    try:
        live.build()
    except live.NotReached as reason:
        lively = False
        print(
            f"The live figures were not built, the site has their still pictures: "
            f"{reason}."
        )
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", PYTHONWARNINGS="ignore")
    program = Path(sys.executable).parent / "jupyter-book"
    command = [str(program), "build", ".", "-n", "-W", "--keep-going"]
    built = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    seconds = time.perf_counter() - started
    if built.returncode:
        lines = built.stdout.splitlines()
        shown = [line for line in lines if "WARNING" in line or "ERROR" in line]
        print("\n".join(shown or lines[-40:]))
        print(
            f"The site has faults (above); it was built all the same in {seconds:.0f} "
            f"s."
        )
        return 1
    pages = len(list((ROOT / "_build" / "html").rglob("*.html")))
    print(f"Built {pages} pages without a warning in {seconds:.0f} s.")
    if not lively and "--require-live" in sys.argv[1:]:
        print(
            "The live figures were asked for (--require-live): npm must be reachable."
        )
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
