"""The learning aids that are made with the page: what `study.js` needs, and what needs
no script.

- A chapter's page carries its quizzes' reasons, its exercises' hints and the rules of
  those answered by numbers, as JSON; each exercise's stub cell is marked with its name.
  The words are those of `checks`, written once.
- Who reads a page runs no cell: what is said to who does is left out or said anew.
- The line of times under a chapter's title gets the time to read it.
- The contents page gets its table of chapters and times.
- Every page says how to cite it.
"""

from __future__ import annotations

import html
import json
import re
import sys
from pathlib import Path

import yaml
from bs4 import BeautifulSoup
from docutils import nodes

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from book import asking, reading  # noqa: E402
from book.chapters import BY_NUMBER, CHAPTERS, Chapter  # noqa: E402
from book.identity import identity  # noqa: E402
from helpers.exercises import Exercise, registered  # noqa: E402

HOME = "book/index"
PLACE = '<div id="book-progress"></div>'  # where book/index.md wants its table
MARKS = '<td class="study-read" hidden></td><td class="study-count" hidden></td>'
CHECKED = re.compile(r'check\("(\d\d\.q?\d+)"')
CELL = '<div class="cell '
UNANSWERED = re.compile(r"\d\d\.q?\d+ · not answered yet: ")
ASKED = asking.INVITATION.replace("`", "")
MACHINE = "../book/how_to_use.html#run-it-on-your-laptop"


def chapter_of(pagename: str) -> Chapter | None:
    """Return the chapter that a page holds, or None."""
    folder, _, name = pagename.partition("/")
    chapter = BY_NUMBER.get(name[:2])
    return (
        chapter if folder == "notebooks" and chapter and chapter.name == name else None
    )


def plain(markup: str) -> str:
    """Return the words of some HTML."""
    return BeautifulSoup(markup, "html.parser").get_text()


# ---- exercises --------------------------------------------------------------------


def described(one: Exercise, solved: bool) -> dict:
    """Return what the page must know of an exercise; `solved`: a solution is folded
    below it."""
    if one.correct:
        return {
            "id": one.id,
            "kind": "quiz",
            "correct": one.correct,
            "because": dict(sorted(one.because.items())),
            "solution": solved,
        }
    known = {"id": one.id, "hints": one.hints, "solution": solved}
    if one.numbers:
        return known | {"kind": "number", "numbers": one.numbers}
    return known | {"kind": "exercise"}


def mark_stubs(body: str) -> tuple[str, set[str]]:
    """Name each exercise's first open cell in the HTML; return it and the names with a
    solution."""
    pieces, seen, solved = body.split(CELL), set(), set()
    for index, piece in enumerate(pieces[1:], 1):
        if ">check<" not in piece:
            continue
        classes = piece[: piece.index('"')]
        code = plain(piece.split("cell_output", 1)[0].partition(">")[2])
        for name in CHECKED.findall(code):
            if "tag_solution" in classes:
                solved.add(name)
            elif name not in seen:
                seen.add(name)
                piece = piece.replace('"', f'" data-exercise="{name}"', 1)
        pieces[index] = piece
    return CELL.join(pieces), solved


def for_readers(app, doctree: nodes.document) -> None:
    """Leave out that nothing was answered yet, and say how one answers in the page."""
    chapter = chapter_of(app.env.docname)
    if chapter is None:
        return
    for output in list(doctree.findall(nodes.container)):
        kind = output.get("nb_element")
        if kind == "cell_code_output" and UNANSWERED.match(output.astext().strip()):
            output.parent.remove(output)
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if paragraph.astext() == ASKED:
            colab = identity().colab(chapter.path.name)
            words = (
                '<p class="study-asked">Choose or type your answers here, in the page; '
                "a wrong one earns a reason. Code is written on paper, "
                f'<a href="{colab}">in Colab</a> or <a href="{MACHINE}">on your own '
                "machine</a>.<noscript> To answer in the page needs JavaScript, which "
                "is off here.</noscript></p>"
            )
            paragraph.replace_self(nodes.raw("", words, format="html"))


def cell_names(chapter: Chapter) -> dict[str, str]:
    """Return the notebook's own name of each exercise's open cell."""
    found: dict[str, str] = {}
    for cell in json.loads(chapter.path.read_text("utf8"))["cells"]:
        for name in re.findall(CHECKED, "".join(cell["source"])):
            found.setdefault(name, cell.get("id", ""))
    return found


def with_turns(body: str, chapter: Chapter, exercises: list[dict]) -> str:
    """Say above each open cell that asks for code where it can be written."""
    names = cell_names(chapter)
    colab = identity().colab(chapter.path.name)
    for one in exercises:
        if one["kind"] == "exercise":
            name = one["id"]
            words = (
                f'<p class="study-turn">Your turn: on paper, <a href="{colab}#scrollTo='
                f'{names.get(name, "")}">in Colab at this cell</a> or '
                f'<a href="{MACHINE}">on your own machine</a>.</p>'
            )
            opening = re.compile(
                f'(<div class="cell [^>]*data-exercise="{name}"[^>]*>)'
            )
            body = opening.sub(lambda found, words=words: found[1] + words, body, 1)
    return body


def script(name: str, data: dict) -> str:
    """Return data as JSON that an HTML page can carry."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace(
        "</", "<\\/"
    )
    return f'<script type="application/json" id="{name}">{text}</script>'


def chapter_page(body: str, chapter: Chapter) -> str:
    """Return a chapter's HTML with its exercises' data and its time to read."""
    body, solved = mark_stubs(body)
    exercises = [described(one, one.id in solved) for one in registered(chapter.number)]
    body = with_turns(body, chapter, exercises)
    told = f"Time: about {reading.minutes(chapter.path)} min to read · run: quick "
    body = body.replace(
        '<p class="book-time">Time: quick ', f'<p class="book-time">{told}', 1
    )
    data = {
        "chapter": chapter.name,
        "home": f"../{HOME}.html#your-progress",
        "exercises": exercises,
    }
    return f"{body}\n{script('book-exercises', data)}\n"


# ---- the contents page ------------------------------------------------------------


def contents_table() -> str:
    """Return the table of chapters and times; study.js uncovers the columns of
    progress."""
    rows, total = [], [0, 0, 0]
    for chapter in (one for one in CHAPTERS if one.ready):
        minutes, runs = reading.minutes(chapter.path), reading.run_times(chapter.path)
        names = " ".join(one.id for one in registered(chapter.number))
        total = [
            a + b
            for a, b in zip(
                total, [60 * minutes, *map(reading.seconds, runs)], strict=True
            )
        ]
        rows.append(
            f'<tr data-chapter="{chapter.name}" data-exercises="{names}"><th '
            f'scope="row">'
            f'<a href="../notebooks/{chapter.name}.html">{chapter.number} · '
            f"{html.escape(chapter.title)}</a></th>{MARKS}"
            + cells([f"{minutes} min", *runs])
            + "</tr>"
        )
    head = (
        '<th scope="col">Chapter</th><th scope="col" class="study-read" '
        "hidden>Read</th>"
        '<th scope="col" class="study-count" hidden>Passed</th><th scope="col">To '
        "read</th>"
        '<th scope="col">Quick run</th><th scope="col">Full run</th>'
    )
    foot = (
        f'<tr><th scope="row">All {len(rows)} chapters</th>{MARKS}'
        + cells([reading.told(each) for each in total])
        + "</tr>"
    )
    return (
        '<div id="book-progress">\n<noscript><p>Marks need JavaScript, which is off '
        "here. The "
        "table shows the times alone.</p></noscript>\n"
        '<div class="pst-scrollable-table-container" tabindex="0" role="region" '
        'aria-label="Chapters, times and progress">'
        f'<table class="table study-table"><thead><tr>{head}</tr></thead>\n<tbody>'
        + "\n".join(rows)
        + f"</tbody>\n<tfoot>{foot}</tfoot></table></div>\n</div>"
    )


def cells(words: list[str]) -> str:
    """Return table cells."""
    return "".join(f"<td>{word}</td>" for word in words)


# ---- cite this page ---------------------------------------------------------------


def citation(pagename: str, title: str) -> dict[str, str]:
    """Return how to cite a page: `text`, one sentence, and `bibtex`."""
    book = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    authors = " and ".join(
        one.get("name") or f"{one['given-names']} {one['family-names']}"
        for one in book["authors"]
    )
    year, version = str(book["date-released"])[:4], book["version"]
    address = f"{identity().site}{pagename}.html"
    whole = pagename == HOME
    part = "" if whole else f"“{title}”, in "
    where = f"{part}{book['title']}, version {version}"
    key = "-".join(
        [
            "noise-to-image",
            *(
                []
                if whole
                else [re.sub(r"[^a-z0-9]+", "-", pagename.rsplit("/", 1)[1].lower())]
            ),
        ]
    )
    note = f"Version {version}" if whole else f"In: {book['title']}, version {version}"
    fields = {
        "title": "{" + tex(book["title"] if whole else title) + "}",
        "author": "{" + tex(authors) + "}",
        "year": year,
        "note": tex(note),
        "url": address,
    }
    lines = [f"  {name:<6} = {{{value}}}," for name, value in fields.items()]
    return {
        "text": f"{authors} ({year}): {where}. {address}",
        "bibtex": "\n".join([f"@misc{{{key},", *lines, "}"]),
    }


def tex(words: str) -> str:
    """Return words as TeX reads them."""
    return re.sub(r"([&%$#_{}])", r"\\\1", words)


# ---- Sphinx -----------------------------------------------------------------------


def depend(app, doctree) -> None:
    """Make a page anew when the checks of its chapter change; the contents page, when
    any does."""
    page = app.env.docname
    chapters = CHAPTERS if page == HOME else filter(None, [chapter_of(page)])
    for chapter in chapters:
        if chapter.ready:
            app.env.note_dependency(str(chapter.path))
            app.env.note_dependency(str(ROOT / "checks" / f"ch{chapter.number}.py"))


def aid(app, pagename, templatename, context, doctree) -> None:
    """Put the aids into one page before it is written."""
    if app.builder.format != "html" or doctree is None:
        return
    context["book_cite"] = citation(pagename, plain(context["title"]))
    if chapter := chapter_of(pagename):
        context["body"] = chapter_page(context["body"], chapter)
    else:  # no other page has numbers to read
        context["script_files"] = [
            one
            for one in context.get("script_files", [])
            if "numbers.js" not in str(getattr(one, "filename", one) or "")
        ]
    if pagename == HOME:
        context["body"] = context["body"].replace(PLACE, contents_table(), 1)


def setup(app):
    app.add_js_file("numbers.js", loading_method="defer", priority=490)
    app.add_js_file("study.js", loading_method="defer")  # uses it
    app.connect("doctree-read", depend)
    app.connect("doctree-read", for_readers)
    app.connect(
        "html-page-context", aid, priority=950
    )  # after book_site has marked the times
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
