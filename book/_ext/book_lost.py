"""What helps those who are lost: a page for a wrong address, and the site's map.

`404.html` is shown by the host under whatever address was asked, however deep: so all
its links begin with the site's own address, and it loads nothing. `sitemap.xml` lists
the pages. There is no `robots.txt`: a crawler reads it at the root of a host alone, and
the book's address lies below one.
"""

from __future__ import annotations

import html
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from book.chapters import BY_NUMBER  # noqa: E402

MISSING = "404"


def chapters(names) -> list[tuple[str, str]]:
    """Return (page, title) of the chapters among the names of pages, in their order."""
    numbers = {name: name.removeprefix("notebooks/")[:2] for name in sorted(names)}
    return [
        (f"{name}.html", f"{number} · {BY_NUMBER[number].title}")
        for name, number in numbers.items()
        if name.startswith("notebooks/") and number in BY_NUMBER
    ]


def sitemap(base: str, names) -> str:
    """Return the text of sitemap.xml for pages under the address `base`."""
    lines = "".join(
        f"  <url><loc>{html.escape(base)}{name}.html</loc></url>\n"
        for name in sorted(names)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{lines}</urlset>\n"
    )


def tell(app, pagename, templatename, context, doctree) -> None:
    """Tell the page for a wrong address where the site and its chapters are."""
    if pagename == MISSING:
        context["book_base"] = app.config.html_baseurl
        context["book_chapters"] = chapters(app.env.found_docs)


def write(app, exception) -> None:
    """Write the map of the finished site."""
    if app.builder.format == "html" and not exception:
        text = sitemap(app.config.html_baseurl, app.env.found_docs)
        Path(app.outdir, "sitemap.xml").write_text(text, "utf8")


def setup(app):
    """Let the build make both."""
    app.connect("html-page-context", tell)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
