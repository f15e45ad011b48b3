"""Tidy a chapter that Jupyter or VS Code has saved: `python -m tools.tidy 04`.

For an author who changed text alone, so that nothing need run. What differs between two
runs of the same code goes (counts, times, the state of widgets), and the set-up cell is
written anew. A cell that was run by hand gets the outputs back that the last commit has
for the same code, because those are a full run's. Where it has none, the stamp of the
full run goes, and a line says what to run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import nbformat

from book.identity import identity
from helpers.store import texts
from tools import chapter, form

STOPPED = "a chapter is tidied as a whole or not at all."


def set_up(notebook) -> None:
    """Write the set-up cell as the book has it; Colab's form changes its text."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith(texts.SET_UP):
            cell.source = identity().setup_cell


def committed(path: Path):
    """Return the notebook as the last commit has it; None if it has none."""
    command = ["git", "show", f"HEAD:./{path.name}"]
    try:
        shown = subprocess.run(command, cwd=path.parent, capture_output=True)
    except OSError:  # no git
        return None
    if shown.returncode:
        return None
    return nbformat.reads(shown.stdout.decode("utf8"), as_version=4)


def by_hand(notebook) -> list[int]:
    """Return the indexes of cells run in an editor: the book's runs leave no count."""
    return [
        index
        for index, cell in form.cells(notebook, "code")
        if cell.execution_count is not None and cell.source != identity().setup_cell
    ]


def restore(notebook, before) -> list[int]:
    """Give cells run by hand the outputs of `before`; return the indexes of others."""
    known: dict[str, list] = {}
    for cell in before.cells if before else []:
        if cell.cell_type == "code":
            known.setdefault(cell.source, []).append(cell.outputs)
    left, ran = [], by_hand(notebook)
    for index, cell in form.cells(notebook, "code"):
        same = known.get(cell.source, [])
        outputs = same.pop(0) if same else None
        if index in ran and outputs is not None:
            cell.outputs = outputs
        elif index in ran:
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
            left.append(index)
    return left


def tidied(notebook, before) -> list[int]:
    """Tidy a notebook in place; return the indexes of cells whose outputs are no full
    run's, after which its stamp does not say that they are."""
    set_up(notebook)
    left = restore(notebook, before)
    for _, cell in form.cells(notebook, "code"):
        if cell.source == identity().setup_cell:
            cell.outputs = []
    chapter.normalise(notebook)
    if left:
        for name in ("profile", "code_hash"):
            notebook.metadata.get("book", {}).pop(name, None)
    return left


class Refused(Exception):
    """Say in one sentence why a notebook cannot be tidied."""


def tidy(path: Path) -> str:
    """Tidy one notebook's file; return the line that says what was done, or raise
    Refused."""
    was = path.read_text("utf8")
    try:
        notebook = nbformat.reads(was, as_version=4)
    except Exception:  # the marks of a merge, most often
        raise Refused(
            f"{path.name} is no notebook as it stands: open it as text, and mend it."
        ) from None
    ran = len(by_hand(notebook))
    left = tidied(notebook, committed(path))
    if nbformat.writes(notebook) + "\n" == was:
        return f"{path.name}: tidy as it is"
    chapter.write(path, notebook)
    said = f"{path.name}: tidied"
    if ran > len(left):
        said += f"; {ran - len(left)} cells have the last commit's outputs again"
    if left:
        cells = ", ".join(map(str, left))
        said += (
            f"; cells {cells} were run by hand, and the last commit "
            f"has no outputs of that code: {form.run(notebook, path)}"
        )
    return said


def main(arguments: list[str] | None = None) -> int:
    """Tidy the chapters asked for, or all."""
    parser = argparse.ArgumentParser(
        prog="tools.tidy", description=__doc__.splitlines()[0]
    )
    parser.add_argument("numbers", nargs="*", help="chapters, such as 04; none: all")
    numbers = parser.parse_args(arguments).numbers
    paths = [chapter.find(one) for one in numbers]
    failed = 0
    for path in paths or sorted(chapter.NOTEBOOKS.glob("*.ipynb")):
        try:
            print(tidy(path), flush=True)
        except Refused as reason:
            print(reason, file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
