"""What the site needs beyond Jupyter Book: nothing from another host, and light pages.

- MathJax is copied out of the wheel `django-static-mathjax` beside the other static
  files.
- Every picture gets its width and height, and is fetched only when the reader comes
  near.
- Scripts that no page of this book uses are left out.
- The live figures that tools/live.py built are copied into the site, and each page is
  told their names and hashes, so that it invites nobody to a figure that is not there.
- Docstrings of the helpers are plain text: what reStructuredText would take for markup
  is escaped. FontAwesome and the second, print-only h1 are left out by the templates in
  book/_templates.
"""

from __future__ import annotations

import html
import re
import shutil
import struct
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import urljoin

from bs4 import BeautifulSoup
from sphinx.util import logging

logger = logging.getLogger(__name__)

MATHJAX_PARTS = (
    "tex-chtml.js",
    "input/tex/extensions",
    "output/chtml/fonts/woff-v2",
)
# To parse whole pages costs a fifth of the build, for their coloured code: so a pattern
# finds the tags, and only those are parsed.
IMAGE = re.compile(r"<img\b[^>]*>")
CELL = '<div class="cell '
FIRST_CELLS = 6  # a first picture after more cells is below the fold
LIVE_MARK = 'data-live="'
FOLD = re.compile(r'class="[^"]*\b(?:toggle|dropdown)\b')  # sphinx-togglebutton's
MATH = 'class="math '
IMPORTS = re.compile(  # a cell that begins with an import, or begins the chapter
    r'<pre>(?:<span></span>)?<span class="kn">|>runtime<.*>start<'
)
DEFINED = re.compile(  # at the beginning of a line of coloured code
    r'^(?:.*<pre>(?:<span></span>)?)?<span class="k">(?:def|class)</span>'
    r'(?:<span class="w"> </span>| )<span class="n[fc]">(\w+)</span>',
    re.MULTILINE,
)


def mathjax_folder() -> Path:
    """Return where the wheel keeps MathJax's es5 files."""
    for file in distribution("django-static-mathjax").files or ():
        if file.name == "tex-chtml.js" and file.parent.name == "es5":
            return Path(file.locate()).parent
    raise FileNotFoundError(
        "The wheel django-static-mathjax has no tex-chtml.js; install requirements.txt "
        "again."
    )


def copy_mathjax(app) -> None:
    """Put MathJax's script and fonts into the site's static files, once."""
    if app.builder.format != "html":
        return
    source = mathjax_folder()
    target = Path(app.outdir, "_static", "mathjax")
    for part in MATHJAX_PARTS:
        if (target / part).exists():
            continue
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part)
        else:
            shutil.copy2(source / part, target / part)


def picture_size(path: Path) -> tuple[int, int] | None:
    """Return (width, height) in pixels of a PNG, JPEG, GIF, WebP or SVG; None when
    unknown."""
    if path.suffix == ".svg":
        head = path.read_text("utf8", errors="replace")[:2000]
        box = re.search(
            r'viewBox="[\d.-]+[ ,]+[\d.-]+[ ,]+([\d.]+)[ ,]+([\d.]+)"', head
        )
        return (round(float(box[1])), round(float(box[2]))) if box else None
    with path.open("rb") as file:
        head = file.read(24)
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack(">II", head[16:24])
    from PIL import Image

    with Image.open(path) as image:
        return image.size


def picture_sources(app) -> dict[str, Path]:
    """Return where each picture of the site comes from: it is copied only after the
    pages."""
    return {
        name: Path(app.srcdir, source) for source, (_, name) in app.env.images.items()
    }


def better_images(body: str, folder: Path, sources: dict[str, Path]) -> str:
    """Give each <img> its size, and let all but one at the top wait until they are
    near."""
    seen = 0

    def better(match: re.Match) -> str:
        nonlocal seen
        seen += 1
        image = BeautifulSoup(match[0], "html.parser").img
        address = image.get("src", "").split("?")[0]
        file = sources.get(address.rsplit("/", 1)[-1], folder / address)
        fixed = image.attrs.keys() & {"width", "height", "style"}
        if not fixed and file.is_file() and (size := picture_size(file)):
            image["width"], image["height"] = map(str, size)
        far = seen > 1 or body.count(CELL, 0, match.start()) > FIRST_CELLS
        if far and "loading" not in image.attrs:
            image["loading"], image["decoding"] = "lazy", "async"
        return str(image)

    return IMAGE.sub(better, body)


def _of(cell: str) -> str:
    """Return what a fold's code is of: what it defines, its figure, or the output."""
    names = DEFINED.findall(cell.partition("cell_output")[0])
    if names:
        return ": " + ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")
    for mark, words in (("<img", "figure"), ("cell_output", "output")):
        if mark in cell:
            return f" of the {words} below"
    return ""


def plain_words(body: str) -> str:
    """Say what a folded cell holds in the book's words, and set the line of times
    apart."""
    # The summary's own text is its name; a label over it would hide it from a screen
    # reader.
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    cells = re.split(r'(?=<div class="cell[ "])', body)
    for index, cell in enumerate(cells):
        what = "the solution" if "tag_solution" in cell[:200] else "the cell"
        for verb in ("Show", "Hide"):
            cell = cell.replace(f"{verb} code cell source", f"{verb} the code")
            cell = cell.replace(f"{verb} code cell outputs", f"{verb} the output")
            cell = cell.replace(f"{verb} code cell content", f"{verb} {what}")
        if "the code<" in cell:
            cell = re.sub("((?:Show|Hide) the code)<", rf"\1{_of(cell)}<", cell)
        cells[index] = cell
    return "".join(cells).replace(
        "<p>Time: quick", '<p class="book-time">Time: quick', 1
    )


def end_of(body: str, start: int) -> int:
    """Return where the <div> ends that begins at `start`."""
    depth = 0
    for tag in re.compile(r"<div\b|</div>").finditer(body, start):
        depth += 1 if tag[0] == "<div" else -1
        if depth == 0:
            return tag.end()
    return len(body)


def folded_start(body: str) -> str:
    """Fold a chapter's set-up, imports and the code of its opening picture into a line.

    The line stands below the picture, so that this is what a reader sees first.
    """
    start = body.find(CELL)
    if start < 0 or "# Set-up:" not in body[start : start + 600]:
        return body
    end, drawn = end_of(body, start), ""
    while begun := re.compile(rf"\s*(?={CELL})").match(body, end):
        last = end_of(body, begun.end())
        cell = body[begun.end() : last]
        if "tag_opening" in cell[:200]:
            code, drawn = parted(cell)
            folded, end = body[start:end] + code, last
            break
        if "<img" in cell or not IMPORTS.search(cell):
            break
        end = last
    what = "the set-up and the imports"
    if drawn:
        what = "the set-up, the imports and the code of this picture"
    else:
        folded = body[start:end]
    return (
        f'{body[:start]}{drawn}<div class="cell docutils container book-start">'
        '<details class="admonition hide above-input"><summary>\n'
        f'<p class="collapsed admonition-title">Show {what}</p>\n'
        f'<p class="expanded admonition-title">Hide {what}</p>\n'
        f"</summary>\n{folded}</details></div>{body[end:]}"
    )


def parted(cell: str) -> tuple[str, str]:
    """Return the code of a folded cell as a cell that is open, and what it shows."""
    opened = cell.index(">") + 1
    shown = cell.index('<div class="cell_output')
    code = re.sub(
        r"</?details[^>]*>|<summary.*?</summary>",
        "",
        cell[opened:shown],
        flags=re.DOTALL,
    )
    return f'{CELL}docutils container">{code}</div>', cell[:opened] + cell[shown:]


def live_folder(app) -> Path:
    """Return where tools/live.py put the live figures; it is missing where npm was not
    reached."""
    return Path(app.srcdir, "_build", "live")


def live_names(app, config) -> None:
    """Note which live figures are built, each with its script's hash; a change of them
    makes Sphinx write every page anew."""
    built = live_folder(app) / "figures.txt"
    config.book_live = built.read_text("utf8") if built.exists() else ""


def copy_live(app, exception) -> None:
    """Put the live figures into the finished site, in place of any from an earlier
    build."""
    if app.builder.format != "html" or exception:
        return
    target = Path(app.outdir, "live")
    shutil.rmtree(target, ignore_errors=True)
    if app.config.book_live:
        shutil.copytree(live_folder(app), target)


def _text(markup: str) -> str:
    """Return the words of a piece of HTML."""
    return " ".join(BeautifulSoup(markup, "html.parser").get_text().split())


def card(app, pagename, context) -> str:
    """Return the tags by which a page is shown where somebody shares its address.

    Its title, its first sentence, and its first picture or that of the first page.
    """
    body = context.get("body") or ""
    heading = re.search(r"<h1>(.*?)(<a class=\"headerlink|</h1>)", body, re.DOTALL)
    title = _text(heading[1]) if heading else app.config.html_title
    paragraphs = map(_text, re.findall(r"<p>(.*?)</p>", body, re.DOTALL))
    description = next((words for words in paragraphs if len(words) > 60), "")
    if len(description) > 200:
        description = description[:200].rsplit(" ", 1)[0] + " …"
    base = app.config.html_baseurl
    found = re.search(r'<img\b[^>]*\bsrc="([^"]+)"', body)
    picture = urljoin(f"{base}{pagename}.html", found[1]) if found else ""
    if not picture.startswith("http"):  # none, or one that lies in the page itself
        picture = f"{base}_images/welcome.png"
    tags = {
        "og:type": "article" if pagename.startswith("notebooks/") else "website",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": description,
        "og:url": f"{base}{pagename}.html",
        "og:image": picture,
    }
    lines = [
        f'<meta property="{name}" content="{html.escape(value)}" />'
        for name, value in tags.items()
        if value
    ]
    lines.append('<meta name="twitter:card" content="summary_large_image" />')
    if description and 'name="description"' not in context.get("metatags", ""):
        lines.append(
            f'<meta name="description" content="{html.escape(description)}" />'
        )
    return "\n" + "\n".join(lines)


def mend_page(app, pagename, templatename, context, doctree) -> None:
    """Mend one page before it is written."""
    if app.builder.format != "html":
        return
    body = context.get("body", "")
    code, folds = "highlight" in body, bool(FOLD.search(body))
    needed = {
        "sphinx-thebe": False,
        "design-tabs.js": "sd-tab-set" in body,
        "live.": LIVE_MARK in body,
        "clipboard": code,
        "copybutton": code,
        "togglebutton": folds,
        "sphinx-design": "sd-" in body,
        "mystnb": CELL in body,
        # A megabyte, which a page without formulas need not load.
        "mathjax": MATH in body,
    }
    for kind in ("script_files", "css_files"):
        context[kind] = [
            file
            for file in context.get(kind, [])
            if all(
                wanted
                for word, wanted in needed.items()
                if word in str(getattr(file, "filename", file) or "")
            )
        ]
    if app.config.book_live and LIVE_MARK in body:
        context["metatags"] = context.get("metatags", "") + (
            f'\n<meta name="book-live" content="{app.config.book_live}" />'
        )
    context["metatags"] = context.get("metatags", "") + card(app, pagename, context)
    if body:
        folder = Path(app.outdir, pagename).parent
        body = better_images(plain_words(body), folder, picture_sources(app))
        body = folded_start(body)
        # A table that scrolls on a phone must scroll by keyboard too.
        wide = '<div class="pst-scrollable-table-container"'
        context["body"] = body.replace(wide, f'{wide} tabindex="0"')


def only_ours(app, what, name, obj, skip, options) -> bool | None:
    """Leave out members that a base class of Keras or Matplotlib put into ours."""
    module = getattr(obj, "__module__", None) or ""
    return True if module.startswith(("keras", "matplotlib", "tensorflow")) else None


def setup(app):
    app.setup_extension(
        "book_docstrings"
    )  # beside this file: docstrings are plain prose
    app.add_config_value("book_live", "", "html")
    app.add_js_file("live.js", loading_method="defer")
    app.add_js_file("page.js", loading_method="defer")
    app.connect("config-inited", live_names)
    app.connect("build-finished", copy_live)
    app.connect("autodoc-skip-member", only_ours)
    app.connect("builder-inited", copy_mathjax)
    app.connect("html-page-context", mend_page, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
