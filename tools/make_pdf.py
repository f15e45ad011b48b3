"""Print the whole book to one PDF: `python -m tools.make_pdf`, or `make pdf`.

Every page of `_toc.yml` is printed by Chromium from the built site, in the order of the
menu, with every other host closed. The parts are joined behind a title page and a list
of contents; links between pages become links inside the PDF, and those to files that
are not in it become the book's public addresses. The page numbers are those that a
viewer counts.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import html
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

import yaml

from book.identity import ROOT, identity
from tools.serving import PATIENCE, chromium, served

SITE = ROOT / "_build" / "html"
OUTPUT = ROOT / "_build" / "from-noise-to-image.pdf"
MARGIN = 51  # points, as in study.css
TINY = 1.5  # points: links smaller than this are the ones that `ANCHORS` put in

READY = """async () => {
    if (window.MathJax?.startup?.promise) await MathJax.startup.promise;
    for (const fold of document.querySelectorAll("article details:not(.hide)")) fold.open = true;
    await Promise.all([...document.images].map(image => {
        image.loading = "eager";
        return image.decode().catch(() => null);
    }));
    await document.fonts.ready;
}"""
# Chromium writes down only those anchors that the page itself links to: so link to
# each.
ANCHORS = """wanted => {
    const heads = [...document.querySelectorAll("article section > :is(h1, h2)")].map(head => ({
        level: Number(head.tagName[1]), id: head.parentElement.id,
        title: [...head.childNodes].filter(n => !n.matches?.(".headerlink"))
            .map(n => n.textContent).join("").trim()}));
    const box = document.createElement("div");
    box.style = "position: absolute; top: 0; left: 0; font-size: 1px; line-height: 1px;";
    for (const id of new Set([...heads.map(head => head.id), ...wanted])) {
        if (!document.getElementById(id)) continue;
        const link = document.createElement("a");
        link.href = "#" + encodeURIComponent(id);
        link.style = "position: absolute; width: 1px; height: 1px; overflow: hidden;";
        link.textContent = ".";
        box.append(link);
    }
    document.querySelector("article").prepend(box);
    return heads;
}"""

# Two signs that look alike are two boxes: no font has them.
HAS_CHINESE = """() => {
    const drawn = sign => {
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 40;
        const pen = canvas.getContext("2d");
        pen.font = "30px sans-serif";
        pen.fillText(sign, 4, 32);
        return canvas.toDataURL();
    };
    return drawn("\u6c38") !== drawn("\u7f51");
}"""

STYLE = """
@page { size: A4; margin: 17mm 18mm 19mm; }
body { margin: 0; font: 10.5pt/1.5 system-ui, Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
       color: #22262e; }
h1, h2, .book { font-family: "Iowan Old Style", Charter, Palatino, P052, Georgia, "Noto Serif",
       "Liberation Serif", serif; color: #14181f; }
.title { height: 255mm; display: flex; flex-direction: column; break-after: page; }
.title h1 { font-size: 38pt; line-height: 1.1; margin: 46mm 0 4mm; letter-spacing: -0.01em; }
.title .sub { font-size: 14pt; line-height: 1.4; margin: 0 0 16mm; max-width: 130mm; }
.title img { width: 100%; }
.title .foot { margin-top: auto; color: #565e6b; font-size: 9.5pt; }
.contents h2 { font-size: 22pt; margin: 0 0 7mm; }
.contents h3 { font-size: 9pt; letter-spacing: 0.06em; text-transform: uppercase; color: #565e6b;
       margin: 5mm 0 1mm; break-after: avoid; }
.contents p { display: flex; align-items: baseline; margin: 0; break-inside: avoid; }
.contents i { flex: 1; border-bottom: 1px dotted #9aa1ac; margin: 0 2mm; }
.contents a { color: inherit; text-decoration: none; }
.contents b { font-weight: 400; font-variant-numeric: tabular-nums; width: 8mm; text-align: right; }
"""


class Failed(Exception):
    """Say in one sentence why there is no PDF."""


@dataclass
class Part:
    """One printed page of the site."""

    name: str  # such as notebooks/04_dcgan; "" for title and contents
    title: str  # as the menu has it
    caption: str | None  # the part of the book that begins here
    data: bytes = b""
    heads: list[dict] = field(default_factory=list)
    first: int = 0  # its first page in the book, from 0
    count: int = 0
    places: dict = field(
        default_factory=dict
    )  # anchor -> (page in the book, left, top)


# ---- the site, and its browser ----------------------------------------------------


def listed() -> list[Part]:
    """Return the pages of `_toc.yml`, in order, still unprinted."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    parts = [Part(toc["root"], "Welcome", None)]
    for group in toc["parts"]:
        for index, entry in enumerate(group["chapters"]):
            caption = group.get("caption") if index == 0 else None
            parts.append(Part(entry["file"], entry.get("title", ""), caption))
    return parts


@contextlib.contextmanager
def browsing(address: str) -> Iterator:
    """Open a tab of Chromium to which every host but `address` is closed."""
    program = chromium()
    if not program:
        raise Failed(
            "No Chromium was found: install it, or set BOOK_CHROMIUM to its path."
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=program,
            timeout=PATIENCE,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        context = browser.new_context(
            color_scheme="light",
            reduced_motion="reduce",
            viewport={"width": 1000, "height": 1400},
        )
        context.set_default_timeout(PATIENCE)
        context.route(
            "**/*",
            lambda route: (
                route.continue_()
                if route.request.url.startswith((address, "data:", "blob:"))
                else route.abort()
            ),
        )
        yield context.new_page()
        browser.close()


def printed(tab) -> bytes:
    """Return the tab as a PDF."""
    return tab.pdf(prefer_css_page_size=True, print_background=True)


def anchors(site: Path, parts: list[Part]) -> dict[str, set[str]]:
    """Return, for each page, the anchors to which any page of the book links."""
    wanted: dict[str, set[str]] = {part.name: set() for part in parts}
    for part in parts:
        text = (site / f"{part.name}.html").read_text("utf8")
        for link in re.findall(r'href="([^"]+\.html)#([^"]+)"', text):
            name = urljoin(f"/{part.name}", html.unescape(link[0])).strip("/")
            wanted.get(name.removesuffix(".html"), set()).add(unquote(link[1]))
    return wanted


def print_page(tab, address: str, part: Part, wanted: set[str]) -> None:
    """Print one page of the site into its part."""
    answer = tab.goto(f"{address}{part.name}.html", wait_until="load")
    if not answer or not answer.ok:
        raise Failed(
            f"The site has no page {part.name}.html: build it again with make book."
        )
    tab.evaluate(READY)
    part.heads = tab.evaluate(ANCHORS, sorted(wanted))
    part.data = printed(tab)
    part.title = part.title or part.heads[0]["title"]


# ---- title and contents -----------------------------------------------------------


def front(address: str, parts: list[Part]) -> str:
    """Return the title page and the list of contents as HTML."""
    book = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    title, _, sub = book["title"].partition(": ")
    picture = base64.b64encode(
        (ROOT / "book" / "pictures" / "welcome.png").read_bytes()
    ).decode()
    authors = ", ".join(one["name"] for one in book["authors"])
    lines = []
    for part in parts:
        if part.caption:
            lines.append(f"<h3>{html.escape(part.caption)}</h3>")
        lines.append(
            f'<p><a href="{address}{part.name}.html">{html.escape(part.title)}</a><i></i>'
            f"<b>{part.first + 1}</b></p>"
        )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{STYLE}</style>'
        f'<div class="title"><h1>{title}</h1><p '
        f'class="sub">{sub[:1].upper() + sub[1:]}</p>'
        f'<img alt="" src="data:image/png;base64,{picture}">'
        f'<p class="foot">{authors}<br>Version {book["version"]}, '
        f"{str(book['date-released'])[:4]} · {identity().site}<br>Code under the MIT "
        f"licence, "
        "text and figures under CC BY 4.0</p></div>"
        f'<div class="contents"><h2>Contents</h2>{"".join(lines)}</div></html>'
    )


def print_front(tab, address: str, parts: list[Part]) -> Part:
    """Print title and contents, once to count their pages and once with the right
    numbers."""
    made = Part("", "Contents", None)
    for _ in range(2):
        tab.set_content(front(address, parts), wait_until="load")
        made.data = printed(tab)
        number_pages([made, *parts])
    return made


def number_pages(parts: list[Part]) -> None:
    """Tell each part on which page of the book it begins."""
    from pypdf import PdfReader

    first = 0
    for part in parts:
        part.count = (
            part.count
            if part.count and part.name
            else len(PdfReader(io.BytesIO(part.data)).pages)
        )
        part.first, first = first, first + part.count


# ---- joining ----------------------------------------------------------------------


def join(parts: list[Part], address: str, output: Path) -> int:
    """Join the printed parts into one PDF; return its number of pages."""
    from pypdf import PdfReader, PdfWriter

    writer, links = PdfWriter(), []
    for part in parts:
        reader = PdfReader(io.BytesIO(part.data))
        for name, place in reader.named_destinations.items():
            page = part.first + reader.get_destination_page_number(place)
            part.places[unquote(name.lstrip("/"))] = (page, place.left, place.top)
        for number, page in enumerate(reader.pages):
            for link in page.pop("/Annots", []):
                links.append((part, part.first + number, link.get_object()))
            page.pop("/StructParents", None)
            writer.add_page(page)
    by_name = {part.name: part for part in parts}
    for part, number, link in links:
        relink(writer, by_name, address, part, number, link)
    stamp(writer, parts)
    outline(writer, parts)
    finish(writer)
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("wb") as file:
        writer.write(file)
    return len(writer.pages)


def relink(
    writer, by_name: dict[str, Part], address: str, part: Part, number: int, link
) -> None:
    """Put one link of a printed page into the book, leading where it leads there."""
    from pypdf.generic import (
        ArrayObject,
        DictionaryObject,
        FloatObject,
        NameObject,
        NullObject,
        NumberObject,
        TextStringObject,
    )

    if link.get("/Subtype") != "/Link":
        return
    box = [float(each) for each in link["/Rect"]]
    if box[2] - box[0] < TINY or box[3] - box[1] < TINY:
        return
    made = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Link"),
            NameObject("/Rect"): ArrayObject(map(FloatObject, box)),
            NameObject("/Border"): ArrayObject([NumberObject(0)] * 3),
        }
    )
    place, target = None, ""
    if "/Dest" in link:
        place = part.places.get(unquote(str(link["/Dest"]).lstrip("/")))
    else:
        target = str(link.get("/A", {}).get("/URI", ""))
        if target.startswith(address):
            url = urlparse(target)
            page = by_name.get(url.path.strip("/").removesuffix(".html"))
            if page and page.name:
                place = page.places.get(unquote(url.fragment), (page.first, None, None))
            target = identity().site + target.removeprefix(address)
    if place:
        page, left, top = place
        made[NameObject("/Dest")] = ArrayObject(
            [
                writer.pages[page].indirect_reference,
                NameObject("/XYZ"),
                *(
                    NullObject() if value is None else FloatObject(value)
                    for value in (left, top)
                ),
                NullObject(),
            ]
        )
    elif target:
        made[NameObject("/A")] = DictionaryObject(
            {
                NameObject("/S"): NameObject("/URI"),
                NameObject("/URI"): TextStringObject(target),
            }
        )
    else:
        return
    page = writer.pages[number]
    page.setdefault(NameObject("/Annots"), ArrayObject()).append(
        writer._add_object(made)
    )


def stamp(writer, parts: list[Part]) -> None:
    """Write title and number at the foot of each page but the first."""
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject

    font = writer._add_object(
        DictionaryObject(
            {
                NameObject(key): NameObject(value)
                for key, value in (
                    ("/Type", "/Font"),
                    ("/Subtype", "/Type1"),
                    ("/BaseFont", "/Helvetica"),
                    ("/Encoding", "/WinAnsiEncoding"),
                )
            }
        )
    )

    def stream(data: bytes):
        made = StreamObject()
        made.set_data(data)
        return writer._add_object(made)

    opening = stream(b"q\n")
    for part in parts:
        for number in range(max(1, part.first), part.first + part.count):
            page = writer.pages[number]
            right = float(page.mediabox.width) - MARGIN - 5 * len(str(number + 1))
            words = part.title.encode("cp1252", "replace")
            words = (
                words.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
            )
            text = b"Q\nq 0.34 0.37 0.42 rg BT /FBook 8.5 Tf %d 28 Td (%s) Tj ET" % (
                MARGIN,
                words,
            )
            text += b" BT /FBook 8.5 Tf %.1f 28 Td (%d) Tj ET Q\n" % (right, number + 1)
            old = page["/Contents"].get_object()
            old = (
                list(old)
                if isinstance(old, ArrayObject)
                else [page.raw_get("/Contents")]
            )
            page[NameObject("/Contents")] = ArrayObject([opening, *old, stream(text)])
            fonts = page["/Resources"].setdefault(
                NameObject("/Font"), DictionaryObject()
            )
            fonts.get_object()[NameObject("/FBook")] = font


def outline(writer, parts: list[Part]) -> None:
    """Give the book its bookmarks: parts, pages, and their sections."""
    from pypdf.generic import Fit

    group = None
    for part in parts:
        if part.caption:
            group = writer.add_outline_item(title=part.caption, page_number=part.first)
        first = part.first + (not part.name)  # the contents come behind the title
        page = writer.add_outline_item(
            title=part.title, page_number=first, parent=group, is_open=False
        )
        for head in part.heads[1:]:
            if place := part.places.get(head["id"]):
                number, left, top = place
                writer.add_outline_item(
                    title=head["title"],
                    page_number=number,
                    parent=page,
                    fit=Fit.xyz(left=left, top=top),
                )


def finish(writer) -> None:
    """Tell what the document is, and how to open it."""
    from pypdf.generic import (
        BooleanObject,
        DictionaryObject,
        NameObject,
        TextStringObject,
    )

    book = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    writer.add_metadata(
        {
            "/Title": book["title"],
            "/Author": ", ".join(one["name"] for one in book["authors"]),
            "/Subject": f"Version {book['version']}, {identity().site}",
            "/Keywords": ", ".join(book.get("keywords", [])),
        }
    )
    root = writer.root_object
    root[NameObject("/Lang")] = TextStringObject("en")
    root[NameObject("/PageMode")] = NameObject("/UseOutlines")
    root[NameObject("/ViewerPreferences")] = DictionaryObject(
        {NameObject("/DisplayDocTitle"): BooleanObject(True)}
    )


def make(
    site: Path = SITE, output: Path = OUTPUT, only: list[str] | None = None
) -> int:
    """Print the book, or the pages named in `only`, to `output`; return the number of
    pages."""
    parts = [part for part in listed() if only is None or part.name in only]
    missing = [
        part.name for part in parts if not (site / f"{part.name}.html").is_file()
    ]
    if missing:
        raise Failed(
            f"The site has no page {missing[0]}.html: build it again with make book."
        )
    wanted = anchors(site, parts)
    with served(site) as root, browsing(address := f"{root}/") as tab:
        if not tab.evaluate(HAS_CHINESE):
            print(
                "No font here has Chinese signs, so the glossary prints boxes in their "
                "place; on Debian: apt-get install fonts-wqy-microhei.",
                file=sys.stderr,
            )
        for part in parts:
            print_page(tab, address, part, wanted[part.name])
        parts.insert(0, print_front(tab, address, parts))
        return join(parts, address, output)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--site", type=Path, default=SITE, help="the folder of the built site"
    )
    parser.add_argument(
        "--output", type=Path, default=OUTPUT, help="where the PDF goes"
    )
    asked = parser.parse_args()
    if asked.site == SITE and not (SITE / "index.html").is_file():
        from tools import site

        if site.main():
            return 1
    from playwright.sync_api import Error

    try:
        pages = make(asked.site, asked.output)
    except Failed as reason:
        print(reason, file=sys.stderr)
        return 1
    except Error as problem:
        print(
            f"Chromium did not print the book: {problem.message.splitlines()[0]}",
            file=sys.stderr,
        )
        return 1
    print(f"{asked.output}: {pages} pages, {asked.output.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
