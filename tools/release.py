"""Make a release: write its number into every place, the change log, a commit, a tag.

    make release V=0.2.0            # the working tree must be clean

`pyproject.toml` is the one place for the number. The set-up cells, CITATION.cff,
_config.yml, the README's buttons and the pages' addresses follow it. No stamp becomes
false: what it hashes leaves the set-up cell out. Nothing is pushed.
"""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import sys
from pathlib import Path

import nbformat

from book.chapters import ROOT
from book.identity import identity
from tools import make_pages, tidy

CHANGES = ROOT / "CHANGELOG.md"
STOPPED = "some files may carry the new number; `git reset --hard` takes it back."


class Refused(Exception):
    """Say in one sentence why no release can be made now."""


def git(*arguments: str) -> str:
    """Run git in the book's folder and return what it prints."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], text=True, capture_output=True
    )
    if done.returncode:
        raise Refused(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def check(version: str) -> None:
    """Raise Refused unless `version` can be released from this tree."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise Refused(f"V must be three numbers such as 0.2.0, got {version!r}.")
    current = identity().tag.removeprefix("v")
    if _parts(version) <= _parts(current):
        raise Refused(f"V must be above {current}, the release that is there.")
    if git("status", "--porcelain"):
        raise Refused("The working tree has changes: commit them first.")
    if git("tag", "--list", f"v{version}"):
        raise Refused(f"The tag v{version} is there already: choose the next number.")


def _parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def replace(path: Path, pattern: str, new: str) -> None:
    """Replace every match of `pattern` in a file; there must be one at least."""
    text, count = re.subn(pattern, new, path.read_text("utf8"), flags=re.MULTILINE)
    if count == 0:
        raise Refused(f"{path.name} has no place for the release: {pattern}")
    path.write_text(text, "utf8")


def write(version: str, day: datetime.date) -> None:
    """Write the release into every place that carries it."""
    before = identity()
    replace(ROOT / "pyproject.toml", r'^version = ".*"$', f'version = "{version}"')
    after = identity()
    replace(ROOT / "CITATION.cff", r"^version: .*$", f"version: {version}")
    replace(ROOT / "CITATION.cff", r"^date-released: .*$", f"date-released: {day}")
    old = re.escape(before.tag)
    replace(ROOT / "_config.yml", rf"branch: {old}$", f"branch: {after.tag}")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        tidy.set_up(notebook)
        nbformat.write(notebook, path)
    for path in sorted(ROOT.glob("book/*.md")):
        text = path.read_text("utf8")
        text = text.replace(f"/blob/{before.tag}/", f"/blob/{after.tag}/")
        path.write_text(text, "utf8")
    make_pages.write()
    CHANGES.write_text(change_log(version, day, before.tag), "utf8")


def change_log(version: str, day: datetime.date, since: str) -> str:
    """Return the change log with the subjects of the commits since the last release."""
    there = bool(git("tag", "--list", since))
    span = f"{since}..HEAD" if there else "HEAD"
    subjects = git("log", "--no-merges", "--format=- %s", span).splitlines()
    section = "\n".join([f"## {version}, {day}", "", *subjects, ""])
    head, _, rest = CHANGES.read_text("utf8").partition("\n## ")
    return head.rstrip() + "\n\n" + section + (f"\n## {rest}" if rest else "")


def main() -> int:
    """Make the release, or say in one sentence why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version", help="the new number, such as 0.2.0")
    options = parser.parse_args()
    try:
        check(options.version)
        write(options.version, datetime.date.today())
        git("add", "-A")
        git("commit", "-q", "-m", f"Release {options.version}")
        git("tag", "-a", f"v{options.version}", "-m", f"Release {options.version}")
    except Refused as reason:
        print(reason, file=sys.stderr)
        return 1
    print(
        f"Release {options.version} is committed and tagged, nothing was trained. "
        f"Prove it with make test, then: git push origin main v{options.version}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
