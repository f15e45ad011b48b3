"""Figures that open at their full size, and formulas that keep their comma.

A picture is a link to its own file, which needs no script; `reading.js` opens it in the
page. A live figure's picture is none, because a press wakes the figure, and a card's is
none, because the whole card leads to its chapter. A line never ends between a formula
and what belongs to it: a bracket before, a comma or a full stop behind.
"""

from __future__ import annotations

import re

IMAGE = re.compile(r'(<a\b[^>]*>\s*)?<img\b[^>]*?\bsrc="([^"]+)"[^>]*>')
LIVE_MARK = 'data-live="'
NO_LINK = ("sd-card-img", 'src="data:', 'src="http')
MATH = re.compile(
    r"([(\[“‘]*)"
    r'(<span class="math [^>]*>[^<]*</span>)'
    r"([,.;:!?)\]’”…%]+|-?th\b|)"
)


def kept_together(body: str) -> str:
    """Return the HTML in which no line breaks between a formula and its punctuation."""

    def whole(match: re.Match) -> str:
        if not (match[1] or match[3]):
            return match[0]
        return f'<span class="book-whole">{match[0]}</span>'

    return MATH.sub(whole, body)


def stills(body: str) -> set[int]:
    """Return where the pictures of the live figures stand: the last before each
    mark."""
    marks = [match.start() for match in re.finditer(LIVE_MARK, body)]
    return {body.rfind("<img", 0, mark) for mark in marks}


def opening(body: str) -> str:
    """Return the HTML in which a picture is a link to its file."""
    alive = stills(body)

    def linked(match: re.Match) -> str:
        if match[1] or match.start() in alive:
            return match[0]
        if any(word in match[0] for word in NO_LINK):
            return match[0]
        return f'<a class="book-zoom" href="{match[2]}">{match[0]}</a>'

    return IMAGE.sub(linked, body)


def mend_figures(app, pagename, templatename, context, doctree) -> None:
    """Mend the figures and formulas of one page before it is written."""
    if app.builder.format == "html" and context.get("body"):
        context["body"] = kept_together(opening(context["body"]))


def setup(app):
    """Let the pictures get their sizes (book_site) before they become links."""
    # Before study.js, which tells it what has been read.
    app.add_js_file("reading.js", loading_method="defer", priority=400)
    app.connect("html-page-context", mend_figures, priority=920)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
