"""The first use of a glossary's term in a chapter becomes a link, with its meaning.

The chapters know nothing of it, so that they read as plain text in Jupyter and Colab.
Code, mathematics, headings and what is a link already stay as they are. `page.js` shows
the meaning in a card. Chinese tells its language on every page, for voices and fonts.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from pathlib import Path

BLOCK = re.compile(r"```\{glossary\}\n(.*?)\n```", re.DOTALL)
ROLE = re.compile(r"\{term\}`([^`<]+?)(?: <[^>]*>)?`")
MARKUP = re.compile(r"[*`]|\$([^$]*)\$")
TAG = re.compile(r"(<[^>]+>)")
KEPT = {"a", "code", "pre", "h1", "h2", "h3", "script", "style", "summary", "table"}
# Words that the chapters use in their common meaning too: no link beats a wrong one.
EVERYDAY = {"style", "content", "condition", "caption", "prior", "kernel"}
TEXT = {"p", "li"}
# Chinese letters, with the marks that stand between them.
CHINESE = re.compile("[\u3400-\u9fff](?:[\u3000-\u303f\uff00-\uffef]*[\u3400-\u9fff])*")
SPAN = '<span lang="zh-Hans">'
# Where a <span> would be wrong, or would be read as text.
NO_SPAN = {"script", "style", "title", "textarea", "option", "svg"}
VOID = {"img", "br", "hr", "input", "link", "meta", "source"}


@functools.lru_cache(maxsize=2)
def terms(source: str) -> dict[str, tuple[str, str]]:
    """Return {term in small letters: (anchor, meaning)} of a glossary's text."""
    found: dict[str, tuple[str, str]] = {}
    for block in BLOCK.findall(source):
        names: list[str] = []
        for line in block.splitlines():
            if line.startswith(" ") and names:
                meaning = MARKUP.sub(r"\1", ROLE.sub(r"\1", line.strip()))
                for name in names:
                    english = name.split(" · ")[0].strip()
                    plain = unicodedata.normalize("NFKD", name).encode(
                        "ascii", "ignore"
                    )
                    slug = re.sub(r"[^a-zA-Z0-9._]+", "-", plain.decode()).strip("-")
                    if english.lower() not in EVERYDAY:
                        found[english.lower()] = f"term-{slug}", meaning
                names = []
            elif line.strip():
                names.append(line)
    return found


def pattern(names) -> re.Pattern | None:
    """Return a pattern for the whole words of `names`, the longest first."""
    words = sorted(map(re.escape, names), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(words)})(s?)\b", re.IGNORECASE) if words else None


def linked(body: str, known: dict[str, tuple[str, str]], address: str) -> str:
    """Return a page's HTML in which the first use of each term is a link."""
    left, made, open_tags = dict(known), [], []
    search = pattern(left)
    for piece in TAG.split(body):
        if piece.startswith("<"):
            _follow(piece, open_tags)
            made.append(piece)
            continue
        names = [name for name, _ in open_tags]
        free = not any(kept for _, kept in open_tags) and TEXT & set(names)
        while free and search and (match := search.search(piece)):
            name = match[1].lower()
            anchor, meaning = left.pop(name)
            made.append(piece[: match.start()])
            made.append(
                f'<a class="book-term" href="{address}#{anchor}" '
                f'data-meaning="{html.escape(meaning)}">{match[0]}</a>'
            )
            piece, search = piece[match.end() :], pattern(left)
        made.append(piece)
    return "".join(made)


def _follow(tag: str, open_tags: list[tuple[str, bool]]) -> None:
    """Note that a tag opens or closes, and whether it keeps its text as it is."""
    name = re.match(r"</?\s*([a-zA-Z0-9]+)", tag)
    if name is None or name[1].lower() in VOID or tag.endswith("/>"):
        return
    name = name[1].lower()
    if tag.startswith("</"):
        while open_tags and open_tags.pop()[0] != name:
            pass
        return
    kept = name in KEPT or bool(
        re.search(
            r'class="[^"]*\b(math|cell_output|cell_input|sd-card|book-time)\b', tag
        )
    )
    open_tags.append((name, kept))


def lettered(body: str) -> str:
    """Return the glossary's HTML with letters that lead to their first terms."""
    first: dict[str, str] = {}
    for anchor, term in re.findall(r'<dt id="(term-[^"]+)">([^<]+)', body):
        letter = unicodedata.normalize("NFKD", term.strip())[0].upper()
        first.setdefault(letter, anchor)
    links = " ".join(f'<a href="#{a}">{letter}</a>' for letter, a in first.items())
    line = f'<nav class="book-letters" aria-label="By letter">{links}</nav>\n'
    return re.sub(r'(?=<dl class="[^"]*glossary)', line, body, count=1)


def chinese(page: str) -> str:
    """Return a page's HTML in which each run of Chinese text tells its language."""
    made, kept, before = [], "", ""
    for piece in TAG.split(page):
        if piece.startswith("<"):
            name = re.match(r"<(/?)([a-zA-Z0-9]*)", piece)
            if kept and name[1] and name[2].lower() == kept:
                kept = ""
            elif not kept and not name[1] and name[2].lower() in NO_SPAN:
                kept = name[2].lower()
        elif not kept and before != SPAN:
            piece = CHINESE.sub(rf"{SPAN}\g<0></span>", piece)
        made.append(piece)
        before = piece
    return "".join(made)


def tell_chinese(app, exception) -> None:
    """Let Chinese tell its language on all pages, those that Sphinx makes too."""
    if app.builder.format != "html" or exception:
        return
    for path in Path(app.outdir).rglob("*.html"):
        page = path.read_text("utf8")
        if CHINESE.search(page) and (told := chinese(page)) != page:
            path.write_text(told, "utf8")


def link_words(app, pagename, templatename, context, doctree) -> None:
    """Link the words of a chapter before its page is written."""
    glossary = Path(app.srcdir, "book", "glossary.md")
    body = context.get("body")
    if app.builder.format != "html" or not body or not glossary.is_file():
        return
    if pagename == "book/glossary":
        context["body"] = lettered(body)
    elif pagename.startswith("notebooks/"):
        known = terms(glossary.read_text("utf8"))
        context["body"] = linked(body, known, "../book/glossary.html")


def setup(app):
    """Let Sphinx link the words after it has made a page, before the site mends it."""
    app.connect("html-page-context", link_words, priority=800)
    app.connect("build-finished", tell_chinese)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
