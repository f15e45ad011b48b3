"""Prove every chapter by one execution each: `python -m tools.prove_notebooks [04 05]`.

The one run proves five things at once. The notebook lies alone in an empty folder, as
Colab opens it, beside a stand-in for `google.colab`; its set-up cell clones the book
from a local repository that holds this working tree under the release's tag. The
process is fresh, Keras's and every other cache is empty, and the network is closed.
nbval executes it in `quick` and compares the outputs of the cells tagged
`nbval-check-output` with the stored ones; a cell that writes to standard error fails
(tools/offline/quiet_cells.py). Every gradient is off by some 1e-7 of itself, as it may
be on a graphics card, whose kernels add in another order each time: no assert of a
chapter may hang on the last digit (tools/offline/sitecustomize.py). Two chapters run at
once, for one keeps little more than a core busy, unless memory or cores are for one.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

from book.identity import identity

STOPPED = "no notebook was changed."

ROOT = Path(__file__).resolve().parent.parent
CELL_TIMEOUT = 600
ROOM = 8e9  # bytes of free memory from which two chapters run at once
SHAKEN = "1e-7"  # how far off each gradient is, as a part of itself


def git(*arguments: str, **environment: str) -> None:
    """Run git quietly, with a name to commit under."""
    names = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "book"), ("EMAIL", "book@localhost"))
    }
    subprocess.run(
        ["git", *arguments], check=True, env={**os.environ, **names, **environment}
    )


def released_copy(folder: Path) -> Path:
    """Make a repository in `folder` that holds this working tree under the release's
    tag."""
    bare = folder / "book.git"
    git("init", "-q", "--bare", str(bare))
    tree = {"GIT_DIR": str(bare), "GIT_WORK_TREE": str(ROOT)}
    git("-C", str(ROOT), "add", "-A", **tree)
    git("-C", str(ROOT), "commit", "-q", "-m", "as it stands", **tree)
    git("-C", str(ROOT), "tag", identity().tag, **tree)
    return bare


def cut_off() -> list[str]:
    """Return the command that also takes the network from child processes, where
    allowed."""
    command = ["unshare", "--net", "--map-root-user"]
    script = "ip link set lo up 2>/dev/null || ifconfig lo up"
    if not shutil.which("unshare"):
        return []
    tried = subprocess.run([*command, "sh", "-c", script], capture_output=True)
    if tried.returncode:
        return []
    return [*command, "sh", "-c", f'{script}; exec "$0" "$@"']


def environment(folder: Path, bare: Path) -> dict[str, str]:
    """Return the environment of a chapter that knows nothing of this machine."""
    home = folder / "home"
    home.mkdir()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(
            ("BOOK_", "PYTEST_", "GIT_", "JUPYTER_", "KERAS_", "TF_")
        )
    }
    return kept | {
        "HOME": str(home),
        "KERAS_HOME": str(home / "keras"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYTHONPATH": str(ROOT / "tools" / "offline"),
        "BOOK_PROFILE": "quick",
        "BOOK_STRICT": "1",  # an assert that fails stops the chapter
        "BOOK_STANDIN_COLAB": "1",
        "BOOK_SHAKEN": SHAKEN,
        "TF_ENABLE_ONEDNN_OPTS": "1",  # as where the outputs were made (tools.chapter)
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.file://{bare}.insteadOf",
        "GIT_CONFIG_VALUE_0": identity().repository,
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": "*",
    }


def numbered_copy(source: Path, target: Path) -> None:
    """Copy a notebook with execution counts: nbval takes a cell without one for never
    run."""
    notebook = nbformat.read(source, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, start=1):
        cell.execution_count = count
    nbformat.write(notebook, target)


def prove(notebook: Path, bare: Path, prefix: list[str]) -> bool:
    """Execute one chapter in an empty folder; return whether nbval found nothing
    wrong."""
    with tempfile.TemporaryDirectory(prefix="chapter-") as name:
        folder = Path(name)
        variables = environment(folder, bare)
        desk = folder / "content"
        desk.mkdir()
        numbered_copy(notebook, desk / notebook.name)
        command = [
            *prefix,
            sys.executable,
            "-m",
            "pytest",
            "--nbval-lax",
            "--nbval-current-env",
            f"--nbval-cell-timeout={CELL_TIMEOUT}",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-p",
            "quiet_cells",
            "-q",
            "--no-header",
            f"--rootdir={desk}",
            notebook.name,
        ]
        started = time.perf_counter()
        result = subprocess.run(
            command,
            cwd=desk,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        verdict = "proven" if result.returncode == 0 else "FAILED"
        print(
            f"{result.stdout}{notebook.name}: {verdict}, "
            f"{seconds:.0f} s, peak so far {peak:.1f} GB",
            flush=True,
        )
        return result.returncode == 0


def at_once() -> int:
    """Return how many chapters run at once: two where there is room for them."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):  # a system that does not say
        return 1
    return 2 if free > ROOM and (os.cpu_count() or 1) > 1 else 1


def main(numbers: list[str]) -> int:
    chapters = [
        path
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        if not numbers or path.stem[:2] in numbers
    ]
    if not chapters:
        print(f"There is no chapter {' '.join(numbers)} in notebooks/.")
        return 1
    prefix = cut_off()
    print(
        "The network is closed", "for all processes." if prefix else "in Python alone."
    )
    with tempfile.TemporaryDirectory(prefix="book-") as folder:
        bare = released_copy(Path(folder))
        with ThreadPoolExecutor(at_once()) as pool:
            right = pool.map(lambda path: prove(path, bare, prefix), chapters)
            failed = [
                p.name for p, good in zip(chapters, right, strict=True) if not good
            ]
    proven = len(chapters) - len(failed)
    print(
        f"chapters: {proven} passed, {len(failed)} failed"
        + "".join(f" · {n}" for n in failed)
    )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
