"""Begin a chapter: `python -m tools.new 03`, or with `--title "Losses and optimizers"`.

Writes the notebook, its checks and its test from `tools/skeleton`, and an entry in
book/chapters.py where that list lacks the number; a planned chapter takes slug, part
and what it needs from there. The notebook has everything that a chapter has, and says
in each place what belongs there. It is executed once in quick, so that all tests pass
with it, and it is a draft: no page lists it before a full run has found it complete.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat

from book import chapters
from book.identity import ROOT, identity
from tools import chapter, form

SKELETON = Path(__file__).parent / "skeleton"
STOPPED = "nothing was written."
IDEA = (
    "Say it in a few words"  # of a chapter that the list lacks, until its author does
)


class Refused(Exception):
    """Say in one sentence why no chapter can be begun so."""


def entry(number: str, title: str) -> chapters.Chapter:
    """Return the planned chapter, or one of that title after those before it."""
    if not re.fullmatch(r"(?!00)\d\d", number):
        raise Refused(f"The number must be two digits such as 03, got {number!r}.")
    if planned := chapters.BY_NUMBER.get(number):
        return planned
    slug = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    if not slug:
        raise Refused(
            f"Chapter {number} is not planned in book/chapters.py, so it needs a title "
            f'with Latin letters: TITLE="Losses and optimizers".'
        )
    before = [one for one in chapters.CHAPTERS if one.number < number]
    part = before[-1].part if before else next(iter(chapters.PARTS))
    return chapters.Chapter(number, slug, title, IDEA, part)


def needs(one: chapters.Chapter) -> str:
    """Return what the line of times says of the chapters to read before."""
    words = {0: "nothing before it", 1: "chapter "}.get(len(one.needs), "chapters ")
    return words + ", ".join(one.needs)


def following(one: chapters.Chapter) -> str:
    """Return the notebook's last line, which leads to the chapter after it."""
    after = [other for other in chapters.CHAPTERS if other.number > one.number]
    if not after:
        return "This is the last chapter."
    name = after[0].title
    return (
        f"Next: [{name}]({after[0].name}.ipynb)."
        if after[0].ready
        else f"Next: *{name}*."
    )


def filled(name: str, number: str, **words: str) -> str:
    """Return a file of the skeleton with its words in capitals replaced."""
    text = (SKELETON / f"{name}.in").read_text("utf8").replace("NN", number)
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def notebook(one: chapters.Chapter, title: str) -> nbformat.NotebookNode:
    """Return the skeleton of a chapter as a notebook that has not run."""
    words = {"NEEDS": needs(one), "NEXT": following(one), "TITLE": title or one.title}
    made = jupytext.reads(filled("chapter.py", one.number, **words), fmt="py:percent")
    set_up = nbformat.v4.new_code_cell(identity().setup_cell)
    made.cells.insert(1, set_up)
    made.metadata = nbformat.from_dict({"book": {"draft": True}})
    chapter.normalise(made)
    return made


def with_entry(source: str, one: chapters.Chapter) -> str:
    """Return book/chapters.py with one more line in its list, by number."""
    parts = (one.number, one.slug, one.title, one.idea, one.part)
    words = ", ".join(json.dumps(part, ensure_ascii=False) for part in parts)
    line = f"    _chapter({words}),\n"
    for found in re.finditer(r'^    _chapter\("(\d\d)"', source, re.MULTILINE):
        if found.group(1) > one.number:
            return source[: found.start()] + line + source[found.start() :]
    end = source.index(")\n# fmt: on")
    return source[:end] + line + source[end:]


def files(number: str, one: chapters.Chapter, title: str) -> dict[Path, str]:
    """Return the new chapter's files, path -> text; raise Refused if one is there."""
    wanted = {
        ROOT / "checks" / f"ch{number}.py": filled("checks.py", number),
        ROOT / f"tests/house/test_chapter_{number}.py": filled(
            "test_chapter.py", number
        ),
        one.path: nbformat.writes(notebook(one, title)) + "\n",
    }
    there = [*one.path.parent.glob(f"{number}_*.ipynb"), *filter(Path.exists, wanted)]
    if there:
        raise Refused(
            f"Chapter {number} was begun: {there[0].relative_to(ROOT)} is there; go on "
            "with it, or remove it first."
        )
    return wanted


@contextlib.contextmanager
def undone_on_failure(paths: list[Path]) -> Iterator[None]:
    """Leave the files as they were before the block if it does not end well."""
    before = {path: path.read_bytes() if path.exists() else None for path in paths}
    try:
        yield
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        raise


def begin(number: str, title: str) -> list[str]:
    """Write and execute the new chapter; return the names of the files it wrote."""
    one = entry(number, title)
    wanted = files(number, one, title)
    if title not in ("", one.title):  # it would stand in the notebook alone
        raise Refused(
            f"Chapter {number} is planned as {one.title!r}: leave TITLE out, or change "
            "its title and slug in book/chapters.py first."
        )
    contents = Path(chapters.__file__)
    if number not in chapters.BY_NUMBER:
        wanted[contents] = with_entry(contents.read_text("utf8"), one)
    with undone_on_failure(list(wanted)):
        for path, text in wanted.items():
            path.write_text(text, "utf8")
        print(
            "Running the skeleton once, so that all tests pass with it ..", flush=True
        )
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            failed = chapter.main([number])
        if failed:
            raise Refused(f"The skeleton does not run here.\n{said.getvalue().strip()}")
    made: list[str] = []
    if contents in wanted:  # the map and the contents tell of it as planned
        pages = subprocess.run(
            [sys.executable, "-m", "tools.make_pages"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        made = re.findall(r"^wrote (.+)$", pages, re.MULTILINE)
    return [*(path.relative_to(ROOT).as_posix() for path in wanted), *made]


def main(arguments: list[str] | None = None) -> int:
    """Begin the chapter, or say in one sentence why not."""
    parser = argparse.ArgumentParser(
        prog="tools.new", description=__doc__.splitlines()[0]
    )
    parser.add_argument("number", help="two digits, such as 03")
    parser.add_argument("--title", default="", help="needed where none is planned")
    options = parser.parse_args(arguments)
    try:
        names = begin(options.number, options.title.strip())
    except Refused as reason:
        print(reason, file=sys.stderr)
        return 1
    print("Wrote", *names, sep="\n  ")
    print(
        f"{form.UNWRITTEN!r} stands where you write. `make chapter N={options.number}` "
        "runs the draft and stores what it shows; CONTRIBUTING.md tells the rest."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
