"""The index of the site's search: one script, made from the pages that Sphinx has read.

An entry is a section of a page, a term of the glossary, or a name of the helpers. It
keeps its sentences, out of which `search.js` cuts the excerpts, and the names in its
code, which are found but never shown. The index is a script and not a JSON file,
because a page opened from the disk may load the one and not the other.
"""

from __future__ import annotations

import hashlib
import json
import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from book.chapters import BY_NUMBER  # noqa: E402

WORDS = ROOT / "book" / "search_words.json"
FILE = "search-index.js"
NAME = re.compile(r"[^\W\d_]\w{2,}")
# What no excerpt shows. Of the code, `names` keeps the words.
CODE = (nodes.literal_block, nodes.doctest_block)
SILENT = (*CODE, nodes.raw, nodes.comment, nodes.math_block, nodes.image, nodes.meta,
          nodes.system_message, addnodes.index, addnodes.toctree)  # fmt: skip
ENTRIES = (nodes.section, addnodes.desc, addnodes.glossary)
BLOCKS = (nodes.paragraph, nodes.row, nodes.term, nodes.rubric, nodes.caption)
SET_UP = "# Set-up:"  # the same cell in every chapter
EVERYWHERE = frozenset(map(str.lower, keyword.kwlist)) | {"self", "the", "are"}


class Entry(NamedTuple):
    """One place that a hit leads to: its anchor, title, kind, sentences and names."""

    anchor: str  # empty: the top of the page
    title: str
    kind: str  # chapter, page, section, term, reference or name
    text: str  # a line for each paragraph, list item or row
    names: str


def sentence(node: nodes.Node) -> str:
    """Return the words of a node as one line, formulas longer than a letter as dots."""
    if isinstance(node, nodes.math):
        formula = node.astext()
        return formula if re.fullmatch(r"\w{1,3}", formula) else "…"
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, (*SILENT, *ENTRIES)):
        return ""
    parts = [sentence(child) for child in node.children]
    if isinstance(node, nodes.row):
        return " · ".join(part.strip() for part in parts if part.strip())
    return re.sub(r"\s+", " ", "".join(parts))


def lines(node: nodes.Element) -> Iterator[str]:
    """Yield the lines of a node and of what is in it, less other entries and code."""
    for child in node.children:
        if isinstance(child, BLOCKS):
            yield sentence(child).strip()
        elif isinstance(child, nodes.Element) and not isinstance(
            child, (*SILENT, *ENTRIES, nodes.title)
        ):
            alt = child.get("cell_metadata", {}).get("mystnb", {}).get("image", {})
            if alt.get("alt"):
                yield f"Picture: {alt['alt']}"
            yield from lines(child)


def code(node: nodes.Element) -> Iterator[str]:
    """Yield the code and the printed text of a node, less other entries."""
    for child in node.children:
        if isinstance(child, CODE):
            if SET_UP not in child.astext():
                yield child.astext()
        elif isinstance(child, nodes.Element) and not isinstance(child, ENTRIES):
            yield from code(child)


def entry(node: nodes.Element, anchor: str, title: str, kind: str) -> Entry:
    """Return the entry of a node: what it says, and the names in its code."""
    text = "\n".join(line for line in lines(node) if line)
    known = {word.lower() for word in NAME.findall(f"{title} {text}")} | EVERYWHERE
    names: dict[str, str] = {}
    for word in NAME.findall("\n".join(code(node))):
        if word.lower() not in known:
            names.setdefault(word.lower(), word)
    return Entry(anchor, title, kind, text, " ".join(sorted(names.values())))


def entries(tree: nodes.document, name: str) -> Iterator[Entry]:
    """Yield the entries of a page, in its order."""
    top, below = "page", "section"
    if name.startswith("notebooks/"):
        top = "chapter"
    elif tree.next_node(addnodes.desc):
        top = below = "reference"
    for node in tree.findall(lambda node: isinstance(node, ENTRIES)):
        if isinstance(node, nodes.section):
            first = isinstance(node.parent, nodes.document)
            anchor = "" if first else node["ids"][0]
            title = sentence(node.next_node(nodes.title))
            yield entry(node, anchor, title, top if first else below)
        elif isinstance(node, addnodes.desc):
            anchor = (node.next_node(addnodes.desc_signature)["ids"] or [""])[0]
            if anchor:
                yield entry(node, anchor, anchor.removeprefix("helpers."), "name")
        else:
            for item in node.findall(nodes.definition_list_item):
                term = item.next_node(nodes.term)
                meaning = item.next_node(nodes.definition)
                yield entry(meaning, term["ids"][0], sentence(term).strip(), "term")


def title_of(name: str, tree: nodes.document) -> str:
    """Return how the menu calls a page: `04 · DCGAN`, or the page's own title."""
    number = name.removeprefix("notebooks/")[:2]
    if name.startswith("notebooks/") and number in BY_NUMBER:
        return f"{number} · {BY_NUMBER[number].title}"
    return sentence(tree.next_node(nodes.title))


def index(trees: dict[str, nodes.document]) -> dict:
    """Return the index of pages: their addresses and titles, entries, and the words."""
    words = json.loads(WORDS.read_text("utf8"))
    also = words.pop("also")  # words for what stands on a page and not in its source
    pages, found = [], []
    for number, (name, tree) in enumerate(sorted(trees.items())):
        pages.append([f"{name}.html", title_of(name, tree)])
        for one in entries(tree, name):
            if not one.anchor and name in also:
                one = one._replace(names=f"{one.names} {also[name]}".strip())
            found.append([number, *one])
    return {"pages": pages, "entries": found, **words}


def write(app, pagename, templatename, context, doctree) -> None:
    """Write the index when Sphinx comes to the search page: by then it has read all."""
    if pagename != "search" or app.builder.format != "html":
        return
    trees = {name: app.env.get_doctree(name) for name in app.env.found_docs}
    made = json.dumps(index(trees), ensure_ascii=False, separators=(",", ":"))
    text = f"window.bookSearchIndex = {made};\n"
    Path(app.outdir, FILE).write_text(text, "utf8")
    # A browser that kept yesterday's files must not mix them with today's.
    script = (ROOT / "book" / "_static" / "search.js").read_text("utf8")
    for name, content in ((FILE, text), ("_static/search.js", script)):
        mark = hashlib.sha256(content.encode()).hexdigest()[:8]
        context.setdefault("book_search", []).append(f"{name}?v={mark}")


def without_sphinx(app) -> None:
    """Let Sphinx make no index of its own: no page reads it."""
    if app.builder.format == "html":
        app.builder.search = False


def tidy(app, exception) -> None:
    """Take the scripts of Sphinx's search out of the finished site."""
    for name in ("searchtools.js", "language_data.js"):
        Path(app.outdir, "_static", name).unlink(missing_ok=True)


def setup(app):
    """Let the build write the index, and leave out Sphinx's."""
    app.connect("builder-inited", without_sphinx)
    app.connect("html-page-context", write)
    app.connect("build-finished", tidy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
