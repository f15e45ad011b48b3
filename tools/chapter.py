"""Execute one chapter: `python -m tools.chapter 04 --profile full`.

full   runs every cell for real and stores the outputs, normalised so that a second run
       of the same code gives the same file; the chapter itself writes weights, cards.
quick  proves that the chapter runs from shipped weights, and stores no outputs, but in
       a draft.

A run on a graphics card stores its seconds alone, apart from those of a processor.
Before a run the rules of form are asked (tools/form.py); a full run wants them kept.
Both write the notebook's stamp (metadata `book`) and the seconds in its `Time:` line.
A failure prints the cell and its error, and leaves the notebook as it was.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from queue import Empty
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from book import retold
from book.chapters import BY_NUMBER
from helpers import runtime
from helpers.store import texts
from tools import make_pages
from tools import retold as retold_tool

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
STOPPED = (
    "the notebook was left as it was; models that were finished are kept in runs/, and "
    "the next run takes them from there."
)
STAMPED = ("tensorflow", "keras", "numpy", "matplotlib")
TIME_LINE = re.compile(r"^Time:.*$", re.MULTILINE)
STARTED = re.compile(r"^Profile: \w+ \(.*?\) · (.+?) · Python ", re.MULTILINE)
NO_CARD = "on a card, not measured"  # the third part of the line until somebody does
# Metadata of a cell, then of a notebook, that say when and where it ran, or how an
# editor showed it.
FLEETING = (
    "execution", "executionInfo", "ExecuteTime", "collapsed", "scrolled", "trusted",
    "lines_to_next_cell", "vscode", "colab", "outputId", "id",
)  # fmt: skip
OF_EDITORS = (
    "widgets", "toc", "vscode", "colab", "jupytext", "accelerator", "gpuClass",
)  # fmt: skip


def find(number: str) -> Path:
    """Return the notebook of chapter `number` ("04", "4" or a file name)."""
    stem = Path(number).stem
    wanted = stem if not stem.isdigit() else f"{int(stem):02d}_"
    found = sorted(NOTEBOOKS.glob(f"{wanted}*.ipynb"))
    planned = BY_NUMBER.get(wanted.removesuffix("_")) if stem.isdigit() else None
    if planned and not found:
        raise SystemExit(
            f"Chapter {planned.number}, {planned.title!r}, is planned and not begun: "
            f"make new N={planned.number} begins it."
        )
    if len(found) != 1:
        there = (
            ", ".join(path.stem[:2] for path in sorted(NOTEBOOKS.glob("*.ipynb")))
            or "none yet"
        )
        new = (
            f'; make new N={wanted[:2]} TITLE=".." begins it' if stem.isdigit() else ""
        )
        raise SystemExit(
            f"There is no single chapter {number!r}; the chapters are: {there}{new}."
        )
    return found[0]


def code_hash(notebook) -> str:
    """Return the hash of what the code cells say, the set-up cell left out."""
    return texts.of_cells([c.source for c in notebook.cells if c.cell_type == "code"])


def package_version(name: str) -> str:
    """Return the installed version of `name`, whichever wheel brought it."""
    for wheel in (name, f"{name}-cpu"):
        try:
            return version(wheel)
        except ModuleNotFoundError:
            continue
    return "absent"


def kernel_environment(number: str, profile: str, folder: Path) -> dict[str, str]:
    """Return the environment of the chapter's kernel."""
    environment = dict(os.environ)
    environment.update(
        BOOK_PROFILE=profile,
        BOOK_CHAPTER=number,
        BOOK_REUSED_SECONDS=str(folder / "seconds"),
        BOOK_TEXTS=str(folder / "texts"),
        TF_CPP_MIN_LOG_LEVEL="3",
        TF_ENABLE_ONEDNN_OPTS=environment.get("TF_ENABLE_ONEDNN_OPTS", "1"),
        PYDEVD_DISABLE_FILE_VALIDATION="1",
        PYTHONHASHSEED="0",
        MPLBACKEND="module://matplotlib_inline.backend_inline",
    )
    # The helpers beside the notebook are the ones to run, also where nothing is
    # installed.
    environment["PYTHONPATH"] = os.pathsep.join(
        part for part in (str(ROOT), environment.get("PYTHONPATH", "")) if part
    )
    return environment


def asking_again(get_msg, every=1.0):
    """Return a channel's `get_msg` that asks anew each second, as long as it may.

    While a cell with a widget runs, nbclient writes on the channel on which it waits,
    and ZeroMQ may then not wake it for what has come (nbclient's issue 312): it waited
    for ever, on a kernel that had long answered. Who asks anew is told.
    """

    async def asked(timeout=None):
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            left = max(0.0, end - time.monotonic())
            try:
                return await get_msg(timeout=min(every, left))
            except Empty:
                if left <= every:
                    raise

    return asked


class Stoppable(NotebookClient):
    """An nbclient that Ctrl-C ends as it ends everything else.

    What the kernel itself writes to standard error, beside its cells, is shown only if
    it died.
    """

    async def async_start_new_kernel_client(self):
        client = await super().async_start_new_kernel_client()
        shell = client.shell_channel
        shell.get_msg = asking_again(shell.get_msg)
        return client

    def execute(self, **options):
        """Run the notebook; raise KeyboardInterrupt where Ctrl-C stopped it."""
        with tempfile.TemporaryFile() as said:
            try:
                return super().execute(stderr=said, **options)
            except BaseException as error:
                # At Ctrl-C nbclient takes its kernel away, and trips over that.
                if hasattr(self, "_async_cleanup_kernel_future"):
                    raise KeyboardInterrupt from None
                if isinstance(error, DeadKernelError):
                    said.seek(0)
                    last = said.read().decode("utf8", "replace").strip()[-2000:]
                    raise DeadKernelError(f"{error}\n{last}".strip()) from None
                raise


class Client(Stoppable):
    """An nbclient that shows which cell it is at, so that a long run can be watched."""

    async def async_execute_cell(self, cell, cell_index, **options):
        if cell.cell_type != "code" or not cell.source.strip():
            return await super().async_execute_cell(cell, cell_index, **options)
        started = time.perf_counter()
        result = await super().async_execute_cell(cell, cell_index, **options)
        seconds = time.perf_counter() - started
        if seconds > 3:
            first = cell.source.strip().splitlines()[0][:60]
            print(f"  cell {cell_index:3d} {seconds:7.1f} s  {first}", flush=True)
        return result


def failures(notebook) -> list[tuple[int, object, object]]:
    """Return (index, cell, error output) of each error in a cell not tagged
    raises-exception."""
    return [
        (index, cell, output)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
        and "raises-exception" not in cell.metadata.get("tags", [])
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]


def normalise(notebook) -> None:
    """Drop what differs between two runs of the same code; merge the pieces of one
    stream."""
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {"name": "python"}
    for noise in OF_EDITORS:
        notebook.metadata.pop(noise, None)
    for cell in notebook.cells:
        for noise in FLEETING:
            cell.metadata.pop(noise, None)
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        merged = []
        for output in cell.outputs:
            if output.get("execution_count") is not None:
                output["execution_count"] = None
            data = output.get("data", {})
            data.pop("application/vnd.jupyter.widget-view+json", None)
            if "image/png" in data:
                data["image/png"] = data["image/png"].strip()
            output.get("metadata", {}).pop("needs_background", None)
            if output.output_type == "error":
                output["traceback"] = short_traceback(output)
            same = merged and output.output_type == "stream" == merged[-1].output_type
            if same and merged[-1].name == output.name:
                merged[-1].text += output.text
            elif data or "data" not in output:
                merged.append(output)
        cell.outputs = merged


def short_traceback(output) -> list[str]:
    """Keep of a traceback shown on purpose what is the same everywhere: the error
    itself."""
    return [f"{output['ename']}: {output['evalue']}"]


def duration(seconds: float) -> str:
    """Return seconds as a reader says them: `41 s`, `12 min`, `1 h 50 min`."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return (
        f"{minutes} min"
        if minutes < 100
        else f"{minutes // 60} h {minutes % 60:02d} min"
    )


def time_line(old: str, book: dict) -> str:
    """Return the `Time:` line of a stamp `book`; the author's `needs:` stays."""
    needs = re.search(r"needs:.*$", old)
    on = {name: _cores(book.get("on", {}).get(name)) for name in ("quick", "full")}
    quick = _span(book, "quick") or "N s"
    if quick != "N s" and on["quick"] != on["full"]:
        quick += f" on {on['quick']}"
    parts = [f"Time: quick {quick}"]
    parts.append(f"full {_span(book, 'full') or 'N min'} on {on['full']}")
    card = book.get("card", {})
    seen = [f"{name} {_span(card, name)}" for name in on if _span(card, name)]
    parts.append(f"on a card ({card['on']}), {', '.join(seen)}" if seen else NO_CARD)
    return " · ".join(parts + ([needs.group(0).rstrip()] if needs else []))


def _span(book: dict, profile: str) -> str:
    """Return how long a run took, nothing where none was timed."""
    seconds = book.get("seconds", {}).get(profile)
    return duration(seconds) if seconds else ""


def _cores(device: str | None) -> str:
    """Return "8 CPU cores" of a device "CPU, 8 cores"; what has no word had two."""
    found = re.fullmatch(r"CPU, (\d+) (cores?)", device or "CPU, 2 cores")
    return f"{found[1]} CPU {found[2]}" if found else "an unknown processor"


def device_of(notebook) -> str:
    """Return what a run computed on, as its `runtime.start` said, or this processor."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if said := STARTED.search(output.get("text", "")):
                return said[1]
    return f"CPU, {runtime.cores()} core" + "s" * (runtime.cores() != 1)


def on_card(device: str) -> bool:
    """Tell whether a device as `runtime.device` names it is a graphics card."""
    return not device.startswith("CPU")


def stamp(notebook, profile: str, seconds: float, device: str) -> None:
    """Write what was run, how long it took and on what into the notebook's metadata.

    A graphics card's seconds stand apart: the outputs are not of its run.
    """
    book = dict(notebook.metadata.get("book", {}))
    if on_card(device):
        known = book.get("card", {})  # of another card nothing is kept
        place = {**known} if known.get("on") == device else {"on": device}
        book["card"] = place
    else:
        book["on"], place = {**book.get("on", {}), profile: device}, book
    measured = {**place.get("seconds", {}), profile: round(seconds, 1)}
    place["seconds"] = {
        name: measured[name] for name in ("quick", "full") if name in measured
    }
    if on_card(device):
        pass  # neither outputs nor hashes are of this run
    elif profile == "quick":
        book["quick_hash"] = code_hash(notebook)
    else:
        book["profile"] = "full"
        book["code_hash"] = code_hash(notebook)
        book["python"] = ".".join(map(str, sys.version_info[:2]))
        book["versions"] = {name: package_version(name) for name in STAMPED}
    notebook.metadata["book"] = book
    first = notebook.cells[0]
    if not TIME_LINE.search(first.source):
        raise SystemExit(
            "The first cell has no line that starts with `Time:`; please add one."
        )
    line = time_line(TIME_LINE.search(first.source).group(0), book)
    first.source = TIME_LINE.sub(lambda _: line, first.source, count=1)


def done(path: Path, profile: str) -> bool:
    """Return whether the stamp says that this very code was run in `profile`."""
    notebook = nbformat.read(path, as_version=4)
    key = "code_hash" if profile == "full" else "quick_hash"
    was = notebook.metadata.get("book", {}).get(key)
    return retold.stands(path.stem, was, code_hash(notebook))


def write(path: Path, notebook) -> None:
    """Write the notebook in one step, so that an interrupt leaves the old file
    whole."""
    nbformat.validate(notebook)
    partial = path.with_suffix(".ipynb.part")
    nbformat.write(notebook, partial)
    os.replace(partial, path)


class Run(NamedTuple):
    """Hold what a run gave: the notebook, its seconds, those reused, records' texts."""

    notebook: nbformat.NotebookNode
    seconds: float
    again: float
    texts: list[str]


def execute(path: Path, profile: str, timeout: int) -> Run:
    """Run a copy of the notebook in a fresh kernel.

    The seconds are the wall time plus those of trainings that `zoo` reused from runs/,
    so that a resumed full run still tells what a full run costs.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("seconds", "texts"):
            (folder / file).touch()
        client = Client(
            notebook,
            timeout=timeout,
            kernel_name="python3",
            allow_errors=False,
            record_timing=False,
            store_widget_state=False,
            resources={"metadata": {"path": str(path.parent)}},
        )
        started = time.perf_counter()
        client.execute(env=kernel_environment(path.stem[:2], profile, folder))
        seconds = time.perf_counter() - started
        again = sum(map(float, (folder / "seconds").read_text().split()))
        lines = (folder / "texts").read_text("utf8").splitlines()
    return Run(notebook, seconds + again, again, lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="tools.chapter", description=__doc__.splitlines()[0]
    )
    parser.add_argument("number", help="the chapter's number, such as 04")
    parser.add_argument("--profile", choices=("quick", "full"), default="quick")
    parser.add_argument(
        "--fresh", action="store_true", help="full: reuse nothing from runs/"
    )
    parser.add_argument(
        "--adopt",
        action="store_true",
        help="full: first take what is shipped as if it had been made here",
    )
    parser.add_argument(
        "--resume", action="store_true", help="skip it if this code has been run"
    )
    parser.add_argument(
        "--timeout", type=int, default=4 * 3600, help="seconds for one cell"
    )
    options = parser.parse_args(arguments)
    path = find(options.number)
    if options.fresh:
        os.environ["BOOK_FRESH"] = "1"
    if options.adopt:
        from helpers.store import records

        print(f"taken from what is shipped: {len(records.adopt())} models and results")
    if options.resume and done(path, options.profile):
        print(f"{path.name} · {options.profile} · made from this code; nothing to do")
        return 0
    from tools import form  # it imports this module

    if not form.may_run(path, options.profile):
        return 1
    print(f"{path.name} · {options.profile}", flush=True)
    before = path.read_bytes()
    try:
        run = execute(path, options.profile, options.timeout)
    except (CellTimeoutError, DeadKernelError) as error:
        print(f"{path.name} stopped: {error}", file=sys.stderr)
        return 1
    except CellExecutionError as error:
        print(
            f"{path.name} failed; the notebook was left as it was.\n{error}",
            file=sys.stderr,
        )
        return 1
    if bad := failures(run.notebook):
        for index, cell, output in bad:
            print(
                f"cell {index} failed:\n{cell.source}\n\n" + "\n".join(output.traceback)
            )
        return 1
    if path.read_bytes() != before:
        print(f"{path.name} changed while it ran: nothing was written; run it again.")
        return 1
    device = device_of(run.notebook)
    stored = not on_card(device) and (
        options.profile == "full" or form.takes_quick(run.notebook, path)
    )
    if stored:
        result = run.notebook
        normalise(result)
    else:
        result = nbformat.read(path, as_version=4)
    stamp(result, options.profile, run.seconds, device)
    settled = form.settle(result, path)
    write(path, result)
    if (options.profile == "full" and stored) or settled:
        make_pages.write()  # the welcome page, the map and the results follow
    for line in retold_tool.told(run.texts):
        print(line)
    if on_card(device) and options.profile == "full":
        print(
            f"It ran on {device}: the stored outputs and what the book ships stay as "
            "they are, and runs/ holds what was made."
        )
    reused = f" ({duration(run.again)} of them reused from runs/)" if run.again else ""
    print(f"{path.name} · {options.profile} · {run.seconds:.1f} s{reused}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
