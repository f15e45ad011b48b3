"""The rules of a chapter's form: `python -m tools.form 03 04`, or without a number all.

A rule is a function of a notebook and its path. It yields a sentence for each fault:
where it is, what is wrong, and what to do. BEFORE holds the rules that can be kept
before anything has run, AFTER those on what a run stored. `tools.chapter` asks BEFORE
ahead of a full run, and `tests/house/test_notebooks.py` asks all of every chapter.

A draft (metadata `book.draft`, set by `tools.new`) may still break those in WAIVED.
"""

from __future__ import annotations

import ast
import base64
import json
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import nbformat

from book import asking, retold
from book.chapters import BY_NUMBER
from book.identity import ROOT, identity
from helpers.exercises import registered
from tools.chapter import (
    FLEETING,
    OF_EDITORS,
    TIME_LINE,
    code_hash,
    find,
    time_line,
)

WORDS = (1500, 3700)  # of a chapter's text, with the invitation to its live figure
LINES, MEDIAN, COLUMNS = 40, 8, 100  # of a code cell
QUIZZES, EXERCISES = (2, 4), (3, 5)
LETTERS = (25, 400)  # of a figure's text alternative
FIGURE, PIXELS, NOTEBOOK = 200_000, 720, 1_500_000  # bytes, width, bytes of all outputs
TAGS = {
    "hide-input",
    "hide-cell",
    "hide-output",
    "solution",
    "raises-exception",
    "nbval-check-output",
    "nbval-ignore-output",
    "opening",
    "remove-output",
}
LAST_SECTIONS = ["Where it goes wrong", "Check yourself", "Summary", "Further reading"]
ALT = '{"mystnb": {"image": {"alt": ".."}}}'
SPAN = r"(N s|N min|\d+ s|\d+ min|\d h \d\d min)"
CORES = r"\d+ CPU cores?"
TIMES = (
    rf"^Time: quick {SPAN}( on {CORES})? · full {SPAN} on {CORES} · on a card"
    r"(, not measured| \(.+?\), .+?) · needs: \S.*$"
)
CLOCKS = {
    f"{clock}{unit}"
    for clock in ("perf_counter", "process_time", "monotonic", "thread_time")
    for unit in ("", "_ns")
}
CHANGES = "**Change a number.**"  # how the cell begins that proposes three
CHANGE = re.compile(r"^- `([A-Z][^`]* = [^`]+)`", re.MULTILINE)
UNWRITTEN = "Write here:"  # how the skeleton's sentences begin (tools/skeleton)
IMAGES = ("image/png", "image/jpeg", "image/svg+xml", "image/gif")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"""\bcheck\(\s*["'](\d\d\.q?\d+)["']""")
MYST = re.compile(
    r"^\s*(?::::|```|~~~)\s*\{.*$|\{[a-z][\w:+-]*\}`|^\([\w-]+\)=\s*$", re.MULTILINE
)
PLACES = re.compile(r"(/home/|/root/|/work/|/tmp/|/Users/|site-packages|C:\\\\)")

Rule = Callable[[nbformat.NotebookNode, Path], Iterable[str]]


# ---- reading a notebook -----------------------------------------------------------


def cells(notebook, kind: str) -> list[tuple[int, nbformat.NotebookNode]]:
    """Return (index, cell) of each cell of a kind, "code" or "markdown"."""
    return [
        (i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == kind
    ]


def prose(notebook) -> str:
    """Return all Markdown without fenced code."""
    return FENCE.sub("", "\n\n".join(c.source for _, c in cells(notebook, "markdown")))


def words(text: str) -> int:
    """Count the words of a text."""
    return len(re.findall(r"[^\W\d_][\w'’-]*", text))


def headings(text: str, level: int) -> list[str]:
    """Return the headings of a level in a Markdown text."""
    return re.findall(rf"^{'#' * level} +(.+?)\s*$", FENCE.sub("", text), re.MULTILINE)


def tags(cell) -> list[str]:
    """Return a cell's tags."""
    return cell.metadata.get("tags", [])


def printed(cell) -> str:
    """Return what a cell printed."""
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def pictures(cell) -> list[tuple[str, str]]:
    """Return (type, data) of each picture among a cell's outputs."""
    return [
        (kind, data)
        for output in cell.outputs
        for kind, data in output.get("data", {}).items()
        if kind in IMAGES
    ]


def parsed(source: str) -> ast.AST:
    """Return the syntax tree of a cell without its magics; an empty one if it fails."""
    try:
        return ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.MULTILINE))
    except SyntaxError:  # a run tells it
        return ast.Module([], [])


def outermost(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree but those inside of functions, classes and the like."""
    own = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp)
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (*own, ast.DictComp, ast.GeneratorExp)):
            yield from outermost(child)


def stubs(notebook) -> list[tuple[int, nbformat.NotebookNode, list[str]]]:
    """Return (index, cell, names) of each open cell that checks exercises."""
    return [
        (index, cell, names)
        for index, cell in cells(notebook, "code")
        if "solution" not in tags(cell) and (names := CALL.findall(cell.source))
    ]


def solutions(notebook) -> list[tuple[int, nbformat.NotebookNode, str]]:
    """Return (index, cell, name) of each cell after the stub of an exercise.

    A question may go without, so the cell after its stub counts only if it says that
    it is the solution.
    """
    found = []
    for (_, stub), (index, cell) in pairwise(cells(notebook, "code")):
        names = CALL.findall(stub.source)
        if "solution" in tags(stub) or not names:
            continue
        if ".q" not in names[-1] or "solution" in tags(cell):
            found.append((index, cell, names[-1]))
    return found


def is_draft(notebook) -> bool:
    """Tell whether a notebook is marked as a draft."""
    return bool(notebook.metadata.get("book", {}).get("draft"))


def is_current(notebook, path: Path) -> bool:
    """Tell whether the stored outputs are a full run's of this very code."""
    stamp = notebook.metadata.get("book", {})
    was = stamp.get("code_hash")
    fits = retold.stands(path.stem, was, code_hash(notebook))
    return stamp.get("profile") == "full" and fits


def at(index: int, cell) -> str:
    """Return where a cell is: its index and how it begins."""
    first = (cell.source.strip().splitlines() or ["empty"])[0]
    return f"cell {index} ({first if len(first) <= 50 else first[:47] + '...'})"


def fault(where: str, what: str, todo: str) -> str:
    """Return the sentence on a fault; `todo` begins with a verb."""
    return f"{where} {what}; {todo}."


def run(notebook, path: Path) -> str:
    """Return the command of the run that stores a chapter's outputs."""
    full = "" if is_draft(notebook) else " PROFILE=full"
    return f"run `make chapter N={path.stem[:2]}{full}`"


# ---- before a run: the opening ----------------------------------------------------


def valid(notebook, path) -> Iterator[str]:
    """It is a notebook as nbformat defines one."""
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        said = str(error).strip().splitlines()[0]
        yield fault("the file", f"is no valid notebook: {said}", "save it from Jupyter")


def title(notebook, path) -> Iterator[str]:
    """It opens with its title, the only heading of the first level."""
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.startswith("# "):
        yield fault(at(0, first), "is no title", "open the chapter with `# Its title`")
    seen = False
    for index, cell in cells(notebook, "markdown"):
        for heading in headings(cell.source, 1):
            if seen:
                what = f"has one more title, {heading!r}"
                yield fault(at(index, cell), what, "make it a section with `##`")
            seen = True


def time_told(notebook, path) -> Iterator[str]:
    """Its first cell tells how long it runs, and what a reader needs before it."""
    first = notebook.cells[0]
    if not re.search(TIMES, first.source, re.MULTILINE):
        yield fault(
            at(0, first),
            "has no line of times",
            "write `Time: quick N s · full N min on 2 CPU cores · on a card, not "
            "measured · needs: chapter 02`; a run fills in the numbers",
        )


def set_up(notebook, path) -> Iterator[str]:
    """Its second cell is the book's set-up cell, which alone knows Colab."""
    if [c.source for c in notebook.cells[1:2]] != [identity().setup_cell]:
        todo = f"run `make tidy N={path.stem[:2]}`, or copy it from another chapter"
        yield fault("the second cell", "is not the set-up cell", todo)
    for index, cell in cells(notebook, "code"):
        if index != 1 and "google.colab" in cell.source:
            todo = "leave Colab to the set-up cell"
            yield fault(at(index, cell), "speaks of google.colab", todo)


def sections(notebook, path) -> Iterator[str]:
    """It ends with the sections of every chapter, in their order."""
    found = [one for one in headings(prose(notebook), 2) if one in LAST_SECTIONS]
    for name in LAST_SECTIONS:
        if name not in found:
            what = f"has no section {name!r}"
            yield fault("the chapter", what, f"add `## {name}`")
    in_order = sorted(set(found), key=LAST_SECTIONS.index)
    if found != in_order:
        what = f"has its last sections as {', '.join(found)}"
        yield fault("the chapter", what, f"order them as {', '.join(in_order)}")


# ---- before a run: the text -------------------------------------------------------


def length(notebook, path) -> Iterator[str]:
    """Its text has the length of a chapter."""
    # An invitation is no text to be read, and the letter of an option no word.
    text = TIME_LINE.sub("", prose(notebook)).replace(asking.INVITATION, "")
    count = words(re.sub(r"^- \([a-z]\) ", "- ", text, flags=re.MULTILINE))
    for _, cell in cells(notebook, "markdown"):
        if cell.source.startswith(CHANGES):
            count -= words(FENCE.sub("", cell.source))
    low, high = WORDS
    if not low <= count <= high:
        gap = f"write {low - count} more" if count < low else f"cut {count - high}"
        yield fault("the text", f"has {count} words, not {low} to {high}", gap)


def proposes(notebook, path) -> Iterator[str]:
    """Below its parameters it proposes three changes, which tools.tinker can try."""
    listed = [
        CHANGE.findall(cell.source)
        for _, cell in cells(notebook, "markdown")
        if cell.source.startswith(CHANGES)
    ]
    if len(listed) != 1 or len(listed[0]) != 3:
        what = f"proposes {len(listed[0]) if listed else 0} changes of a number"
        todo = (
            f"write one cell {CHANGES!r} below the parameters, with three lines as "
            "'- `EPOCHS = 10`: what will happen?'"
        )
        yield fault("the text", what, todo)


def written(notebook, path) -> Iterator[str]:
    """None of the skeleton's placeholders is left, in the notebook or in its checks."""
    for index, cell in enumerate(notebook.cells):
        if UNWRITTEN in cell.source + json.dumps(cell.metadata):
            what = f"has a placeholder, {UNWRITTEN!r}"
            yield fault(at(index, cell), what, "write what it asks for, and delete it")
    checks = ROOT / "checks" / f"ch{path.stem[:2]}.py"
    count = checks.read_text("utf8").count(UNWRITTEN) if checks.is_file() else 0
    if count:
        what = f"has {count} placeholders, {UNWRITTEN!r}"
        yield fault(f"checks/{checks.name}", what, "write what they ask for")


def markdown(notebook, path) -> Iterator[str]:
    """Its Markdown reads in Jupyter and Colab too: no MyST directive, role or label."""
    for index, cell in cells(notebook, "markdown"):
        for found in MYST.finditer(cell.source):
            yield fault(
                at(index, cell),
                f"has the MyST {found.group().strip()!r}, which shows raw in Colab",
                "write it in plain Markdown",
            )


def links(notebook, path) -> Iterator[str]:
    """Its links to chapters and pages lead somewhere."""
    for index, cell in cells(notebook, "markdown"):
        text = FENCE.sub("", cell.source)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if re.match(r"(https?:|mailto:|attachment:)", target):
                continue
            if not (path.parent / target).exists():
                yield fault(
                    at(index, cell),
                    f"links to {target}, which is not there",
                    "mend the link, or name a planned chapter without one",
                )


def alt_texts(notebook, path) -> Iterator[str]:
    """Pictures in its Markdown have a text alternative."""
    for index, cell in cells(notebook, "markdown"):
        text = FENCE.sub("", cell.source)
        bare = re.findall(r"!\[\s*\]\([^)]*\)?", text)
        bare += [t for t in re.findall(r"<img\b[^>]*>", text) if 'alt="' not in t]
        bare += re.findall(r'<img\b[^>]*\balt="\s*"[^>]*>', text)
        for one in bare:
            what = f"shows a picture without words, {one[:50]}"
            yield fault(at(index, cell), what, "say in its alt text what it shows")


# ---- before a run: the code -------------------------------------------------------


def long_cells(notebook, path) -> Iterator[str]:
    """A code cell fits a screen."""
    for index, cell in cells(notebook, "code"):
        count = len(cell.source.splitlines())
        if count > LINES:
            what = f"has {count} lines, more than {LINES}"
            yield fault(at(index, cell), what, "split it, one idea a cell")


def short_cells(notebook, path) -> Iterator[str]:
    """Most code cells are short: the median."""
    lengths = [len(cell.source.splitlines()) for _, cell in cells(notebook, "code")]
    median = statistics.median(lengths or [0])
    if median > MEDIAN:
        what = f"have a median of {median:g} lines, more than {MEDIAN}"
        yield fault("the code cells", what, "split the longest")


def wide_lines(notebook, path) -> Iterator[str]:
    """A line of code fits the page."""
    for index, cell in cells(notebook, "code"):
        for line in cell.source.splitlines():
            if len(line) > COLUMNS:
                what = f"has a line of {len(line)} columns, {line.strip()[:30]!r}"
                yield fault(at(index, cell), what, f"break it at {COLUMNS}")


def empty_cells(notebook, path) -> Iterator[str]:
    """No cell is empty."""
    for index, cell in enumerate(notebook.cells):
        if not cell.source.strip():
            yield fault(at(index, cell), "says nothing", "delete it")


def known_tags(notebook, path) -> Iterator[str]:
    """Its tags are those of the book."""
    for index, cell in enumerate(notebook.cells):
        for tag in sorted(set(tags(cell)) - TAGS):
            what = f"has the tag {tag!r}, which nothing reads"
            todo = f"remove it, or take one of {', '.join(sorted(TAGS))}"
            yield fault(at(index, cell), what, todo)


def fetches(notebook, path) -> Iterator[str]:
    """It fetches and installs nothing, and unpickles nothing."""
    for index, cell in cells(notebook, "code"):
        if cell.source == identity().setup_cell:
            continue
        if re.search(r"^\s*[!%]\s*(pip|conda|apt|wget|curl)", cell.source, re.M):
            todo = "delete it, and ship what it needs in helpers/assets"
            yield fault(at(index, cell), "installs or fetches", todo)
        if re.search(r"\bpickle\b|allow_pickle=True", cell.source):
            what = "uses pickle, which runs what it reads"
            yield fault(at(index, cell), what, "store arrays by numpy.savez")


def hidden_modules(notebook, path) -> Iterator[str]:
    """No name of its own hides what it imports: the cells after it would break."""
    nodes = [
        (index, cell, node)
        for index, cell in cells(notebook, "code")
        for node in outermost(parsed(cell.source))
    ]
    imported = {
        (name.asname or name.name).split(".")[0]
        for _, _, node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in node.names
    }
    for index, cell, node in nodes:
        name = None
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            name = node.name
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            name = node.id
        if name in imported:
            what = f"gives the name {name!r} to another thing than what it imports"
            yield fault(at(index, cell), what, "take another name for it")


def opening(notebook, path) -> Iterator[str]:
    """Title, set-up and imports are followed by the cell that draws the opening."""
    marked = [i for i, cell in cells(notebook, "code") if "opening" in tags(cell)]
    if marked != [3]:
        what = f"has the tag 'opening' on {len(marked)} cells, none of them cell 3"
        if 3 in marked:
            what = f"has the tag 'opening' on {len(marked)} cells"
        todo = (
            "show the opening picture, drawn from what is shipped (zoo.load), in one "
            "cell right behind the imports, and give it the tag"
        )
        yield fault("the chapter", what, todo)


def live_first(notebook, path) -> Iterator[str]:
    """Its live figure stands under its first section's question, and only there."""
    begun = [i for i, cell in cells(notebook, "markdown") if headings(cell.source, 2)]
    behind = [i for i, _ in cells(notebook, "code") if begun and i > begun[0]]
    for index, cell in cells(notebook, "code"):
        if "live.figure(" in cell.source and index not in behind[:1]:
            what = "shows a live figure too late for most who visit"
            todo = "move it: it is the first code cell of the first section"
            yield fault(at(index, cell), what, todo)


def clocks(notebook, path) -> Iterator[str]:
    """It reads no clock by itself: the book's knows the machine, and has a name."""
    for index, cell in cells(notebook, "code"):
        for node in ast.walk(parsed(cell.source)):
            name = getattr(node, "attr", getattr(node, "id", getattr(node, "name", "")))
            own = isinstance(node, (ast.Attribute, ast.Name, ast.alias))
            if own and name in CLOCKS:
                what = f"reads a clock of its own, {name!r}"
                todo = "take `runtime.stopwatch` or `runtime.clock`"
                yield fault(at(index, cell), what, todo)
            divides = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
            if divides and re.search(r"\bcpu_seconds\b", ast.unparse(node.left)):
                what = "divides processor seconds, as if it knew the cores"
                todo = "say what there is, by `runtime.took` or `watch.clock`"
                yield fault(at(index, cell), what, todo)
        if "of two cores" in cell.source:
            what = "speaks of two cores, whatever the machine has"
            yield fault(at(index, cell), what, "say `runtime.clock_name()`")


def listed(notebook, path) -> Iterator[str]:
    """The list of chapters has it, and says what its reader has made."""
    entry = BY_NUMBER.get(path.stem[:2])
    if entry is None or entry.name != path.stem:
        what = f"has no chapter {path.stem!r}"
        yield fault("book/chapters.py", what, "add it to the list there")
    elif not entry.makes:
        what = f"does not say what a reader of {entry.number} has made"
        yield fault("book/chapters.py", what, "write one line as its `makes`")


# ---- before a run: exercises ------------------------------------------------------


def defined(path) -> set[str]:
    """Return the names of the exercises that a chapter's checks define."""
    return {one.id for one in registered(path.stem[:2])}


def exercises(notebook, path) -> Iterator[str]:
    """Its exercises and its checks are the same set, each with one open cell."""
    file, seen = f"checks/ch{path.stem[:2]}.py", set()
    try:
        known = defined(path)
    except Exception as problem:  # whatever is wrong in that file
        said = " ".join(f"{type(problem).__name__}: {problem}".split())
        yield fault(file, f"cannot be imported, {said}", "mend it first")
        return
    for index, cell, names in stubs(notebook):
        for name in names:
            if name not in known:
                what = f"checks {name}, which {file} does not define"
                yield fault(at(index, cell), what, "define it there, or mend the name")
            if name in seen:
                what = f"checks {name} once more"
                yield fault(at(index, cell), what, "give each exercise one open cell")
            seen.add(name)
    for name in sorted(known - seen):
        what = f"defines {name}, which no open cell checks"
        yield fault(file, what, "add its cell to the notebook, or delete it there")


def enough(notebook, path) -> Iterator[str]:
    """There are questions and exercises enough, and not too many."""
    try:
        known = defined(path)
    except Exception:  # `exercises` tells it
        return
    quiz = {name for name in known if ".q" in name}
    kinds = ((quiz, "questions", QUIZZES), (known - quiz, "exercises", EXERCISES))
    for found, kind, (low, high) in kinds:
        if not low <= len(found) <= high:
            file, what = f"checks/ch{path.stem[:2]}.py", f"has {len(found)} {kind}"
            yield fault(file, what, f"make it {low} to {high}")


def asked(notebook, path) -> Iterator[str]:
    """Questions and exercises are asked in one form, which the site makes fields of."""
    for index, cell in cells(notebook, "markdown"):
        _, heading, text = cell.source.partition("## Check yourself")
        if heading and not text.startswith(f"\n\n{asking.INVITATION}\n\n"):
            todo = f"begin it with {asking.INVITATION!r}"
            yield fault(at(index, cell), "does not say how one answers", todo)
    try:
        letters = {one.id: sorted(one.because) for one in registered(path.stem[:2])}
    except Exception:  # `exercises` tells it
        return
    for index, cell, names in stubs(notebook):
        name, before = names[-1], notebook.cells[index - 1]
        text = before.source if before.cell_type == "markdown" else ""
        where, number = at(index, cell), name.partition(".q")[2]
        if not number:
            if asking.exercise(text) != name:
                what = f"is not preceded by the text of {name}"
                yield fault(where, what, f"begin that text with `**Exercise {name}.**`")
        elif (found := asking.question(text)) is None or found[0] != int(number):
            what = f"is not preceded by question {number} and its options alone"
            todo = (
                f"write `**Question {number}.**` in one paragraph, and below it a list "
                "with a line `- (a) ..` for each option"
            )
            yield fault(where, what, todo)
        elif name in letters and found[1] != letters[name]:
            what = (
                f"follows options {', '.join(found[1])}, and its reasons are for "
                f"{', '.join(letters[name])}"
            )
            yield fault(where, what, "give each option its reason")


def stub_form(notebook, path) -> Iterator[str]:
    """The open cell of an exercise is compared, and ends in its check."""
    for index, cell, names in stubs(notebook):
        if "nbval-check-output" not in tags(cell):
            what = f"asks {names[-1]}, and its output is not compared"
            yield fault(at(index, cell), what, "add the tag `nbval-check-output`")
        if not re.match(r"check\(", cell.source.strip().splitlines()[-1]):
            what = f"asks {names[-1]}, and goes on after it"
            yield fault(at(index, cell), what, f'end it in `check("{names[-1]}", ..)`')


def solution_form(notebook, path) -> Iterator[str]:
    """Each exercise is followed by its solution, which folds everywhere."""
    for index, cell, name in solutions(notebook):
        where, lines = at(index, cell), cell.source.strip().splitlines()
        if lines[0] != f"#@title Solution {name}":
            what = f"follows the open cell of {name}, and is not its solution"
            yield fault(where, what, f"begin it with `#@title Solution {name}`")
            continue
        if not re.fullmatch(rf"check\([\"']{re.escape(name)}[\"'], .+\)", lines[-1]):
            what = "does not end in its check"
            yield fault(where, what, f'end it in `check("{name}", answer)`')
        for tag in ("hide-cell", "solution", "nbval-check-output"):
            if tag not in tags(cell):
                yield fault(where, f"lacks the tag {tag!r}", f"add the tag `{tag}`")
        if cell.metadata.get("jupyter", {}).get("source_hidden") is not True:
            todo = 'add {"jupyter": {"source_hidden": true}} to its metadata'
            yield fault(where, "stands open in Jupyter", todo)
        if cell.metadata.get("cellView") != "form":
            todo = 'add {"cellView": "form"} to its metadata'
            yield fault(where, "stands open in Colab", todo)


def solved(notebook, path) -> Iterator[str]:
    """Every exercise is solved in the cell after it, and no solution stands alone."""
    paired = {index: name for index, _, name in solutions(notebook)}
    for index, cell, names in stubs(notebook):
        if ".q" not in names[-1] and names[-1] not in paired.values():
            what = f"asks {names[-1]}, which no cell after it solves"
            todo = f"add a cell that begins with `#@title Solution {names[-1]}`"
            yield fault(at(index, cell), what, todo)
    for index, cell in cells(notebook, "code"):
        if "solution" in tags(cell) and index not in paired:
            what = "is a solution that follows no open cell"
            yield fault(at(index, cell), what, "move it behind its exercise")


# ---- after a run ------------------------------------------------------------------


def opening_picture(notebook, path) -> Iterator[str]:
    """A picture of what will be made comes before the first section."""
    todo = "show one that is drawn from what is shipped"
    for index, cell in enumerate(notebook.cells[2:], 2):
        if cell.cell_type == "markdown" and headings(cell.source, 2):
            what = "begins the first section before any picture was shown"
            yield fault(at(index, cell), what, todo)
            return
        if cell.cell_type == "code" and pictures(cell):
            return
    yield fault("the chapter", "shows no picture", todo)


def stub_lines(notebook, path) -> Iterator[str]:
    """An open cell runs as it stands, and says that it is not answered yet."""
    for index, cell, names in stubs(notebook):
        for name in names:
            if f"{name} · not answered yet" not in printed(cell):
                what = f"does not say '{name} · not answered yet'"
                todo = f"leave the answer open as `...`, and {run(notebook, path)}"
                yield fault(at(index, cell), what, todo)


def solution_lines(notebook, path) -> Iterator[str]:
    """A solution was found right."""
    for index, cell, name in solutions(notebook):
        if f"{name} · right" not in printed(cell):
            what = f"does not say '{name} · right'"
            todo = f"mend the solution or its check, and {run(notebook, path)}"
            yield fault(at(index, cell), what, todo)


def stamp(notebook, path) -> Iterator[str]:
    """The stored outputs are those of this code in a full run, and both were timed."""
    book = notebook.metadata.get("book", {})
    if book.get("profile") != "full":
        yield fault("the chapter", "has no full run's outputs", run(notebook, path))
    elif not is_current(notebook, path):
        what = "has the outputs of another text"
        yield fault(
            "the chapter", what, f"{run(notebook, path)}, since its code changed"
        )
    elif not {"tensorflow", "keras", "numpy"} <= set(book.get("versions", {})):
        yield fault("the stamp", "does not tell the versions", run(notebook, path))
    if "quick" not in book.get("seconds", {}):
        what = "was not timed in quick"
        yield fault("the chapter", what, f"run `make chapter N={path.stem[:2]}`")


def times(notebook, path) -> Iterator[str]:
    """Its line of times is the stamp's: no merge has brought old seconds back."""
    book = notebook.metadata.get("book", {})
    for line in TIME_LINE.findall(notebook.cells[0].source)[:1]:
        if line != (wanted := time_line(line, book)):
            what = f"says {line!r}, which nobody measured"
            yield fault(at(0, notebook.cells[0]), what, f"write `{wanted}`")


def normalised(notebook, path) -> Iterator[str]:
    """What differs between two runs of the same code is not stored."""
    todo = (
        f"run `make tidy N={path.stem[:2]}` if you changed text alone, else "
        f"{run(notebook, path).removeprefix('run ')}"
    )
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield fault("the notebook", "names another kernel than python3", todo)
    for what in (name for name in OF_EDITORS if name in notebook.metadata):
        what = "the state of widgets" if what == "widgets" else f"an editor's {what!r}"
        yield fault("the notebook", f"stores {what}", todo)
    where: dict[str, list[str]] = {}  # what is stored -> the cells that do
    for index, cell in cells(notebook, "code"):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        noise = {
            "an execution count": cell.execution_count is not None,
            "times of execution": "execution" in cell.metadata,
            "a live widget": "application/vnd.jupyter.widget-view+json" in kinds,
        }
        noise |= {f"an editor's {n!r}": n in cell.metadata for n in FLEETING[1:]}
        for what in (name for name, there in noise.items() if there):
            where.setdefault(what, []).append(at(index, cell))
    for what, places in where.items():  # a saved notebook has each in every cell
        more = f", as {len(places) - 1} more do" if len(places) > 1 else ""
        yield fault(places[0], f"stores {what}{more}", todo)


def errors(notebook, path) -> Iterator[str]:
    """Errors are stored where they are shown on purpose, and only there."""
    for index, cell in cells(notebook, "code"):
        raised = any(output.output_type == "error" for output in cell.outputs)
        meant = "raises-exception" in tags(cell)
        if raised and not meant:
            todo = "mend the cell, or tag it `raises-exception` if it fails on purpose"
            yield fault(at(index, cell), "stores an error", todo)
        if meant and not raised:
            todo = "make it fail, or remove the tag `raises-exception`"
            yield fault(at(index, cell), "was to fail and did not", todo)


def noise(notebook, path) -> Iterator[str]:
    """Nothing of stderr is stored, and no path of the machine that ran it."""
    for index, cell in cells(notebook, "code"):
        for output in cell.outputs:
            if output.get("name") == "stderr":
                what = f"stores a warning, {output.text.strip()[:60]!r}"
                todo = f"silence its cause, and {run(notebook, path)}"
                if cell.execution_count is not None:  # run by hand, in an editor
                    todo += (
                        f", or `make tidy N={path.stem[:2]}` if you changed text alone"
                    )
                yield fault(at(index, cell), what, todo)
            data = output.get("data", {}).items()
            text = json.dumps({kind: d for kind, d in data if kind not in IMAGES})
            if found := PLACES.search(text + output.get("text", "")):
                what = f"stores a path of one machine, {found.group()!r}"
                yield fault(
                    at(index, cell),
                    what,
                    f"print only the name, and {run(notebook, path)}",
                )


def figure_texts(notebook, path) -> Iterator[str]:
    """Each figure says in words what it shows."""
    low, high = LETTERS
    for index, cell in cells(notebook, "code"):
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if pictures(cell) and not low <= len(alt) <= high:
            what = f"shows a figure with {len(alt)} letters of text alternative"
            todo = f"write {low} to {high} into its metadata as {ALT}"
            yield fault(at(index, cell), what, todo)


def weights(notebook, path) -> Iterator[str]:
    """Figures are light and narrow, and so is the notebook."""
    total = 0
    for index, cell in cells(notebook, "code"):
        total += sum(len(json.dumps(output)) for output in cell.outputs)
        for kind, data in pictures(cell):
            raw = data.encode() if kind == "image/svg+xml" else base64.b64decode(data)
            if len(raw) > FIGURE:
                what = f"has a figure of {len(raw) // 1000} kB, more than 200"
                yield fault(at(index, cell), what, "make it smaller, or draw less")
            wide = int.from_bytes(raw[16:20], "big") if kind == "image/png" else 0
            if wide > PIXELS:
                what = f"has a figure of {wide} pixels' width, more than {PIXELS}"
                yield fault(at(index, cell), what, "make it at most 7 inches wide")
    if total > NOTEBOOK:
        what = f"weigh {total / 1e6:.1f} MB, more than {NOTEBOOK / 1e6}"
        yield fault("the stored outputs", what, "make figures smaller, or show fewer")


# ---- all of them ------------------------------------------------------------------

OPENING: tuple[Rule, ...] = (valid, title, time_told, set_up, sections)
TEXT: tuple[Rule, ...] = (length, proposes, written, markdown, links, alt_texts)
CODE: tuple[Rule, ...] = (
    long_cells,
    short_cells,
    wide_lines,
    empty_cells,
    known_tags,
    fetches,
    hidden_modules,
    opening,
    live_first,
    clocks,
    listed,
)
TASKS: tuple[Rule, ...] = (exercises, enough, asked, stub_form, solution_form, solved)
BEFORE = OPENING + TEXT + CODE + TASKS
AFTER: tuple[Rule, ...] = (
    opening_picture,
    stub_lines,
    solution_lines,
    stamp,
    times,
    normalised,
    errors,
    noise,
    figure_texts,
    weights,
)
WAIVED: tuple[Rule, ...] = (length, written, listed, stamp)  # for a draft


def faults(notebook, path: Path, rules: Iterable[Rule] = BEFORE + AFTER) -> list[str]:
    """Return what the rules say of a chapter; a draft is let off some of them."""
    if not notebook.cells:
        return [fault("the notebook", "is empty", "begin the chapter by `make new`")]
    waived = WAIVED if is_draft(notebook) else ()
    asked = [rule for rule in rules if rule not in waived]
    return [said for rule in asked for said in rule(notebook, path)]


def show(path: Path, found: list[str]) -> None:
    """Print what was found of a chapter, if anything."""
    if found:
        count = f"{len(found)} faults" if len(found) > 1 else "1 fault"
        print(f"{path.name}: {count} of form", *found, sep="\n  ", flush=True)


# ---- what tools.chapter asks ------------------------------------------------------


def may_run(path: Path, profile: str) -> bool:
    """Print what BEFORE finds, and return whether the run is worth its hours."""
    found = faults(nbformat.read(path, as_version=4), path, BEFORE)
    show(path, found)
    if found and profile == "full":
        print("Nothing was run: a full run takes long, so mend these first.")
    return not found or profile != "full"


def takes_quick(notebook, path: Path) -> bool:
    """Tell whether a quick run stores its outputs: in a draft without a full run's."""
    if not is_draft(notebook) or is_current(notebook, path):
        return False
    for name in ("profile", "code_hash"):  # they no longer speak of what is stored
        notebook.metadata["book"].pop(name, None)
    return True


def settle(notebook, path: Path) -> bool:
    """Take the mark off a draft that has no fault left, or list them; tell which."""
    if not is_draft(notebook) or not is_current(notebook, path):
        return False
    del notebook.metadata["book"]["draft"]
    if found := faults(notebook, path):
        notebook.metadata["book"]["draft"] = True
        show(path, found)
        print("It stays a draft until they are mended.")
    else:
        print(f"{path.name} is no draft any more: the menu and the README list it now.")
    return not found


def main(arguments: list[str] | None = None) -> int:
    """Print the faults of the chapters asked for; return 1 if there are any."""
    numbers = sys.argv[1:] if arguments is None else arguments
    paths = [find(one) for one in numbers] or sorted(
        (ROOT / "notebooks").glob("*.ipynb")
    )
    found = 0
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        has_run = any(cell.outputs for _, cell in cells(notebook, "code"))
        left = faults(notebook, path, BEFORE + AFTER if has_run else BEFORE)
        if not has_run:  # one sentence in place of one for each cell
            left.append(fault("the chapter", "stores no outputs", run(notebook, path)))
        show(path, left)
        found += len(left)
        rules = ", ".join(rule.__name__ for rule in WAIVED)
        drafted = f" (a draft, not yet asked: {rules})" if is_draft(notebook) else ""
        if not left:
            print(f"{path.name}: no fault of form{drafted}")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
