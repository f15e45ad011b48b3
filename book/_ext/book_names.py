"""One name for a chapter everywhere, and the truth about which chapters there are.

`book/chapters.py` names each chapter. The menu, the cards, the map and the tables are
made from it; a page's heading is cut to it here, and what follows the colon in its
notebook becomes the line below. The menu shows the planned chapters between the written
ones, and where a page of the book speaks of chapters by number, a written one is a link
and another says that it is planned.
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

from docutils import nodes
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from book import cards  # noqa: E402
from book.chapters import BY_NUMBER, CHAPTERS, PARTS, Chapter  # noqa: E402

# "Chapter 04", "chapters 02, 04 and 07", "chapters 11 to 13"
SPOKEN = re.compile(r"\b[Cc]hapters?\s+\d\d\b(?:(?:,\s*|,?\s+and\s+|\s+to\s+)\d\d\b)*")
TAG = re.compile(r"(<[^>]+>)")
CARD_TEXT = '<p class="sd-card-text"'  # the whole card is a link already
KEPT = ("a", "code", "pre", "h1", "h2", "h3", "h4", "script", "style", "svg", "table")
CARD = re.compile(
    r'<div class="(sd-card-title[^"]*)">\s*(.*?)</div>(.*?)'
    r'<a class="(sd-stretched-link)[^"]*" href="([^"]*)">.*?</a>',
    re.DOTALL,
)


PICTURE = re.compile(r'<img\b[^>]*sd-card-img-top[^>]*?/_images/([^"?]+)"[^>]*>')


# ---- headings ---------------------------------------------------------------------


def one_name(app, doctree) -> None:
    """Cut a chapter's heading to its name; the rest becomes the line below it."""
    chapter = next(
        (one for one in CHAPTERS if app.env.docname == f"notebooks/{one.name}"), None
    )
    title = next(iter(doctree.findall(nodes.title)), None)
    if chapter is None or title is None:
        return
    rest = title.astext().removeprefix(f"{chapter.title}: ")
    if rest == title.astext():
        return
    title.children = []
    title += nodes.Text(chapter.title)
    below = nodes.paragraph("", rest[0].upper() + rest[1:], classes=["book-subtitle"])
    title.parent.insert(title.parent.index(title) + 1, below)


# ---- the menu ---------------------------------------------------------------------


def planned_row(chapter: Chapter) -> str:
    """Return the menu's row of a chapter that is not written: grey, and no link."""
    return (
        f'<li class="toctree-l1 book-planned"><span>{chapter.number} · '
        f"{html.escape(chapter.title)}</span> <em>planned</em></li>\n"
    )


def with_planned(menu) -> str:
    """Return the menu's HTML with a row for each planned chapter, in its place."""
    menu, last = str(menu), ""
    for part, name in PARTS.items():
        inside = [one for one in CHAPTERS if one.part == part]
        if not any(one.ready for one in inside):
            rows = "".join(map(planned_row, inside))
            made = (
                '<p aria-level="2" class="caption" role="heading"><span '
                f'class="caption-text">{html.escape(name)}</span></p>\n'
                f'<ul class="nav bd-sidenav">\n{rows}</ul>\n'
            )
            menu = _after(menu, last, "</ul>\n", made)
            last = f">{inside[-1].number} · "
            continue
        first = next(one for one in inside if one.ready)
        before = "".join(map(planned_row, inside[: inside.index(first)]))
        menu = re.sub(
            rf'(?=<li class="[^"]*"><a [^>]*>{first.number} · )',
            lambda _, rows=before: rows,
            menu,
            count=1,
        )
        for chapter in inside[inside.index(first) :]:
            if not chapter.ready:
                menu = _after(menu, last, "</li>\n", planned_row(chapter))
            last = f">{chapter.number} · "
    return menu


def _after(text: str, mark: str, end: str, made: str) -> str:
    """Return `text` with `made` behind the first `end` that follows `mark`."""
    head, found, tail = text.partition(mark or end)
    if not found:
        return text
    rest, _, tail = (tail if mark else found + tail).partition(end)
    return f"{head}{mark}{rest}{end}{made}{tail}"


# ---- chapters by number -----------------------------------------------------------


def told(match: re.Match, here: str) -> str:
    """Return the words "chapters 04 and 07" with a link to each that is written."""

    def one(number: re.Match) -> str:
        chapter = BY_NUMBER.get(number[0])
        if chapter is None:
            return number[0]
        if not chapter.ready:
            return f'{number[0]} <span class="book-planned">(planned)</span>'
        return (
            f'<a class="reference internal" href="{here}notebooks/{chapter.name}.html" '
            f'title="{html.escape(chapter.title, quote=True)}">{number[0]}</a>'
        )

    return re.sub(r"\b\d\d\b", one, match[0])


def chapters_told(body: str, here: str) -> str:
    """Return a page's HTML in which a chapter's number in its text is a link, or is
    called planned; what is a link, a heading, code or a table already stays."""
    made, closed = [], []
    for piece in TAG.split(body):
        if not piece.startswith("<"):
            made.append(
                piece if closed else SPOKEN.sub(lambda match: told(match, here), piece)
            )
            continue
        made.append(piece)
        name = re.match(r"</?([a-zA-Z0-9]+)", piece)
        if piece.startswith("</"):
            if closed and closed[-1] == name[1]:
                closed.pop()
        elif piece.startswith(CARD_TEXT) or (name and name[1] in KEPT):
            closed.append(name[1])
    return "".join(made)


# ---- cards ------------------------------------------------------------------------


def headed(body: str) -> str:
    """Make a card's title a heading, and the heading the link that covers the card."""
    body = CARD.sub(r'<h3 class="\1"><a class="\4" href="\5">\2</a></h3>\3', body)
    return PICTURE.sub(_part, body)


def _part(match: re.Match) -> str:
    """Show the part of a card's picture that can be read at its size."""
    file = ROOT / "book" / "pictures" / match[1]
    part = cards.PARTS.get(file.name[:2])
    if part is None or not file.is_file():
        return match[0]
    with Image.open(file) as picture:
        style = part.style(*picture.size)
    image = match[0].replace("<img ", f'<img style="{style}" ', 1)
    return f'<div class="book-card-picture">{image}</div>'


def name_all(app, pagename, templatename, context, doctree) -> None:
    """Put the names right in one page before it is written."""
    body = context.get("body")
    if app.builder.format == "html" and body and pagename.startswith("book/"):
        context["body"] = chapters_told(headed(body), "../")


def lend(app, pagename, templatename, context, doctree) -> None:
    """Lend the templates what makes the menu."""
    context["with_planned"] = with_planned


def setup(app):
    """Let Sphinx take the names from one list; headings before it collects them."""
    app.connect("doctree-read", one_name, priority=400)
    # The theme draws the menu once before any page, to see whether it is empty.
    app.connect("html-page-context", lend, priority=100)
    app.connect("html-page-context", name_all, priority=850)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
