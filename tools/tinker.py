"""Try the changes that the chapters propose: `python -m tools.tinker [04 05]`.

A chapter proposes them below its parameter cell, in a cell that begins with "**Change a
number.**", one a line: "- `EPOCHS = 10`: why, and what to predict". Each is put at the
end of the parameter cell, and the chapter runs in `quick` for a reader who gives it
three minutes. The table tells what was made, in how many seconds, told and taken, and
what became of it. What was made before is found again; --fresh makes it anew.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

import nbformat

from book.chapters import CHAPTERS
from book.identity import ROOT
from helpers.store import records
from tools.chapter import Stoppable
from tools.form import CHANGE, CHANGES

STOPPED = "the change being tried is forgotten; what others made is kept in runs/yours."

TOLD = re.compile(r"^(\d\d/\S+): yours now, (.*): about (.+?) here", re.MULTILINE)
LONGEST = 180  # seconds of what one change may begin, on two cores


class Change(NamedTuple):
    """Say where a change belongs and what it is: a line of Python."""

    path: Path
    cell: int  # of the parameters
    line: str


def changes(path: Path) -> list[Change]:
    """Return the changes that a chapter proposes, in their order."""
    notebook = nbformat.read(path, as_version=4)
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and cell.source.startswith(CHANGES):
            before = [i for i in range(index) if notebook.cells[i].cell_type == "code"]
            return [
                Change(path, before[-1], line) for line in CHANGE.findall(cell.source)
            ]
    return []


def run(change: Change, fresh: Path | None = None) -> tuple[str, str | None, float]:
    """Run a chapter with a change; return (what it printed, its error, seconds).

    What it makes goes into `fresh` in place of `runs/`, if that is given.
    """
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(change.path, as_version=4)
    notebook.cells[change.cell].source += f"\n{change.line}"
    environment = {**os.environ, "BOOK_PROFILE": "quick", "PYTHONPATH": str(ROOT)}
    environment["BOOK_PATIENCE"] = str(LONGEST / 60)
    if fresh:
        environment["BOOK_RUNS"] = str(fresh)
    started, error = time.perf_counter(), None
    client = Stoppable(notebook, timeout=1200, kernel_name="python3")
    try:
        client.execute(cwd=str(change.path.parent), env=environment)
    except CellExecutionError as fault:
        error = str(fault).strip().splitlines()[-1]
    said = "".join(
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stdout"
    )
    return said, error, time.perf_counter() - started


def made(since: float) -> list[dict]:
    """Return the cards of a reader's own that were written since, oldest first."""
    cards = [
        path
        for path in (records.RUNS / "yours").glob("*/*.json")
        if path.stat().st_mtime >= since
    ]
    cards.sort(key=lambda path: path.stat().st_mtime)
    return [json.loads(path.read_text("utf8")) for path in cards]


def numbers(card: dict) -> dict[str, float]:
    """Return the numbers by which a model or result is judged, of the first level."""
    found = card.get("metrics") or card.get("values") or {}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def row(card: dict, told: str) -> str:
    """Return a line of the table on one thing that was made."""
    ours, book = numbers(card), numbers(records.card(card["name"]))
    both = [
        f"{name} {book[name]:.4g} -> {ours[name]:.4g}" for name in ours if name in book
    ][:3]
    return (
        f"    {card['name']:28s} told {told:>7s}, taken {card['seconds']:4.0f} s   "
        + "; ".join(both)
    )


def main(arguments: list[str] | None = None) -> int:
    """Try the changes of some chapters, or of all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", help="chapters, such as 04; none: all")
    parser.add_argument("--fresh", action="store_true", help="forget what was made")
    parser.add_argument("--first", action="store_true", help="only the first of each")
    options = parser.parse_args(arguments)
    chosen = [
        chapter
        for chapter in CHAPTERS
        if chapter.ready and (not options.numbers or chapter.number in options.numbers)
    ]
    if options.fresh:
        shutil.rmtree(records.RUNS / "yours", ignore_errors=True)
    faults = 0
    for chapter in chosen:
        proposed = changes(chapter.path)
        if not proposed:
            print(f"{chapter.number}: proposes no change")
            faults += 1
        for change in proposed[: 1 if options.first else None]:
            since = time.time()
            said, error, seconds = run(change)
            print(
                f"{chapter.number}  {change.line}   ({seconds:.0f} s for the chapter)"
            )
            told = {name: about for name, _, about in TOLD.findall(said)}
            cards = made(since)
            for card in cards:
                print(row(card, told.get(card["name"], "?")), flush=True)
            telling = r"^(?:.*the book's own.*|Not so in this run: .*)$"
            for line in re.findall(telling, said, re.MULTILINE):
                print(f"    {line[:100]}")
            total = sum(card["seconds"] for card in cards)
            if error:
                print(f"    STOPPED: {error}")
            elif total > LONGEST:
                print(f"    TOO LONG: {total:.0f} s, {LONGEST} are allowed")
            else:
                continue
            faults += 1
    print(f"tinker: {faults} faults")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
