"""Print the whole book to one PDF: `python -m tools.make_pdf`, or `make pdf`.

Chromium opens every page of `_toc.yml` in the built site, in the order of the menu,
with every other host closed. What the pages say is bound into one document, which
Chromium prints once: so it writes the footers in any script, the numbers run on, and
links between pages lead there. Links to files that are not in the book become their
public addresses. A title page and a list of contents are printed before it. The page
numbers are those that a viewer counts.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import html
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

import yaml
from playwright.sync_api import Error, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import Fit, NameObject, TextStringObject

from book.identity import ROOT, identity
from tools.serving import PATIENCE, chromium, served

STOPPED = "the PDF is the old one, or there is none."

SITE = ROOT / "_build" / "html"
OUTPUT = ROOT / "_build" / "from-noise-to-image.pdf"
CITATION = ROOT / "CITATION.cff"
OLDEST = 131  # the first Chromium that writes at the foot of a page what CSS says

READY = """async () => {
    for (const fold of document.querySelectorAll("article details:not(.hide)")) fold.open = true;
    await Promise.all([...document.images].map(image => {
        image.loading = "eager";
        return image.decode().catch(() => null);
    }));
    await document.fonts.ready;
}"""
# Put every page into this one. An anchor is named after its page too, such as
# notebooks/04_dcgan.html#summary. Chromium writes down where an anchor is only if
# something links to it.
BIND = """async ([root, site, pages]) => {
    await window.MathJax?.startup?.promise;
    const links = document.createElement("div"), parts = [], told = [];
    const linkTo = (link, name) => link.setAttribute("href", "#" + encodeURIComponent(name));
    links.hidden = true;
    for (const [number, page] of pages.entries()) {
        const text = await (await fetch(root + page)).text();
        const from = new DOMParser().parseFromString(text, "text/html");
        const article = from.querySelector("article");
        const full = address => new URL(address, root + page);
        const heads = [...article.querySelectorAll("section > :is(h1, h2)")].map(head => ({
            name: `${page}#${head.parentElement.id}`,
            title: [...head.childNodes].filter(n => !n.matches?.(".headerlink"))
                .map(n => n.textContent).join("").trim()}));
        for (const one of article.querySelectorAll("[id]:not(svg *)")) one.id = `${page}#${one.id}`;
        article.id = page;
        for (const image of article.querySelectorAll("img[src]")) image.src = full(image.getAttribute("src"));
        for (const link of article.querySelectorAll("a[href]")) {
            const url = full(link.getAttribute("href")), name = url.pathname.slice(1);
            if (url.origin !== location.origin) continue;
            if (pages.includes(name)) linkTo(link, name + decodeURIComponent(url.hash));
            else link.setAttribute("href", site + url.href.slice(root.length));
        }
        for (const name of [page, ...heads.map(head => head.name)])
            linkTo(links.appendChild(document.createElement("a")), name);
        const part = document.createElement("div");
        part.lang = from.documentElement.lang;
        part.style.setProperty("page", `part${number}`);
        part.append(article);
        parts.push(part);
        told.push({heads, lang: part.lang});
    }
    document.documentElement.lang = told[0].lang;
    document.querySelector("article").replaceWith(links, ...parts);
    for (const link of document.querySelectorAll('article a[href^="#"]')) {
        const name = decodeURIComponent(link.getAttribute("href").slice(1));
        if (!document.getElementById(name)) linkTo(link, name.split("#")[0]);
    }
    await window.MathJax?.typesetPromise?.(parts);
    return told;
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

FOOT = """
@page {
  @bottom-left { font: 8.5pt sans-serif; color: #565e6b; }
  @bottom-right { font: 8.5pt sans-serif; color: #565e6b; content: counter(page); }
}
"""
FRONT = """
@page { size: A4; margin: 17mm 18mm 19mm; @bottom-left { content: "Contents"; } }
@page :first { @bottom-left { content: none; } @bottom-right { content: none; } }
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
    """One page of the site, and where it is in the book."""

    name: str  # such as notebooks/04_dcgan
    title: str  # as the menu has it
    caption: str | None  # the part of the book that begins here
    heads: list[dict] = field(default_factory=list)  # name and title, its own first
    lang: str = ""
    first: int = 0  # its first page in the book, from 0


# ---- the site, and its browser ----------------------------------------------------


def listed() -> list[Part]:
    """Return the pages of `_toc.yml`, in order, still unread."""
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
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=program,
            timeout=PATIENCE,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        if int(browser.version.split(".")[0]) < OLDEST:
            raise Failed(
                f"This is Chromium {browser.version}, which writes no footers: install "
                f"Chromium {OLDEST} or a newer one."
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
    tab.evaluate(READY)
    return tab.pdf(prefer_css_page_size=True, print_background=True)


def page_count(data: bytes) -> int:
    """Return the number of pages of a PDF."""
    return len(PdfReader(io.BytesIO(data)).pages)


# ---- the pages --------------------------------------------------------------------


def bind(tab, site: Path, address: str, parts: list[Part]) -> None:
    """Put all pages into one document in the tab, and tell each part what it says."""
    pages = [f"{part.name}.html" for part in parts]
    # A page that has formulas brings MathJax for all of them.
    formulas = (
        page for page in pages if "tex-chtml.js" in (site / page).read_text("utf8")
    )
    tab.goto(address + next(formulas, pages[0]), wait_until="load")
    answers = tab.evaluate(BIND, [address, identity().site, pages])
    for part, told in zip(parts, answers, strict=True):
        part.heads, part.lang = told["heads"], told["lang"]
        part.title = part.title or part.heads[0]["title"]


def body(tab, parts: list[Part], before: int) -> bytes:
    """Print the document in the tab, behind `before` pages of the book."""
    style = [FOOT, f"html {{ counter-reset: page {before}; }} body {{ page: part0; }}"]
    for number, part in enumerate(parts):
        title = json.dumps(part.title, ensure_ascii=False)
        style.append(f"@page part{number} {{ @bottom-left {{ content: {title}; }} }}")
    tab.add_style_tag(content="\n".join(style))
    return printed(tab)


# ---- title and contents -----------------------------------------------------------


def front(tab, parts: list[Part]) -> bytes:
    """Print the title page and the list of contents."""
    book = yaml.safe_load(CITATION.read_text("utf8"))
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
            f'<p><a href="{identity().site}{part.name}.html">'
            f"{html.escape(part.title)}</a><i></i><b>{part.first + 1}</b></p>"
        )
    tab.set_content(
        f'<!doctype html><html lang="{parts[0].lang}"><meta charset="utf-8">'
        f"<style>{FOOT}{FRONT}</style>"
        f'<div class="title"><h1>{title}</h1><p '
        f'class="sub">{sub[:1].upper() + sub[1:]}</p>'
        f'<img alt="" src="data:image/png;base64,{picture}">'
        f'<p class="foot">{authors}<br>Version {book["version"]}, '
        f"{str(book['date-released'])[:4]} · {identity().site}<br>Code under the MIT "
        f"licence, "
        "text and figures under CC BY 4.0</p></div>"
        f'<div class="contents"><h2>Contents</h2>{"".join(lines)}</div></html>'
    )
    return printed(tab)


# ---- joining ----------------------------------------------------------------------


def destinations(data: bytes, before: int) -> dict[str, tuple[int, float, float]]:
    """Return where each anchor is, behind `before` pages: page, left and top."""
    reader = PdfReader(io.BytesIO(data))
    return {
        unquote(name.lstrip("/")): (
            before + reader.get_destination_page_number(place),
            place.left,
            place.top,
        )
        for name, place in reader.named_destinations.items()
    }


def join(opening: bytes, pages: bytes) -> PdfWriter:
    """Put title and contents before the pages, and lead their links there."""
    writer = PdfWriter()
    writer.append(io.BytesIO(opening))
    writer.append(io.BytesIO(pages))
    for page in writer.pages[: page_count(opening)]:
        for link in page.get("/Annots", []):
            link = link.get_object()
            name = link.pop("/A")["/URI"].removeprefix(identity().site)
            link[NameObject("/Dest")] = NameObject(f"/{quote(name, safe='')}")
    return writer


def outline(writer: PdfWriter, parts: list[Part], places: dict) -> None:
    """Give the book its bookmarks: parts, pages, and their sections."""
    add = writer.add_outline_item
    add(title="Contents", page_number=1)
    group = None
    for part in parts:
        if part.caption:
            group = add(title=part.caption, page_number=part.first)
        item = add(
            title=part.title, page_number=part.first, parent=group, is_open=False
        )
        for head in part.heads[1:]:
            page, *place = places[head["name"]]
            add(
                title=head["title"],
                page_number=page,
                parent=item,
                fit=Fit.xyz(*place),
            )


def finish(writer: PdfWriter, lang: str) -> None:
    """Tell what the document is, and how to open it."""
    book = yaml.safe_load(CITATION.read_text("utf8"))
    writer.add_metadata(
        {
            "/Title": book["title"],
            "/Author": ", ".join(one["name"] for one in book["authors"]),
            "/Subject": f"Version {book['version']}, {identity().site}",
            "/Keywords": ", ".join(book.get("keywords", [])),
        }
    )
    writer.root_object[NameObject("/Lang")] = TextStringObject(lang)
    writer.page_mode = "/UseOutlines"
    writer.create_viewer_preferences().display_doctitle = True


def make(site: Path = SITE, output: Path = OUTPUT) -> int:
    """Print the book to `output`; return its number of pages."""
    parts = listed()
    missing = [part for part in parts if not (site / f"{part.name}.html").is_file()]
    if missing:
        raise Failed(
            f"The site has no page {missing[0].name}.html: build it again with make "
            "book."
        )
    with served(site) as root, browsing(address := f"{root}/") as tab:
        if not tab.evaluate(HAS_CHINESE):
            print(
                "No font here has Chinese signs, so the glossary prints boxes in their "
                "place; on Debian: apt-get install fonts-wqy-microhei.",
                file=sys.stderr,
            )
        bind(tab, site, address, parts)
        other = tab.context.new_page()
        before = page_count(front(other, parts))
        pages = body(tab, parts, before)
        places = destinations(pages, before)
        for part in parts:
            part.first = places[f"{part.name}.html"][0]
        opening = front(other, parts)  # now with the right numbers
    writer = join(opening, pages)
    outline(writer, parts, places)
    finish(writer, parts[0].lang)
    output.parent.mkdir(parents=True, exist_ok=True)
    writer.write(output)
    return len(writer.pages)


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
