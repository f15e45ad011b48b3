"""Write the parts of the pages that are made, not written: map, results, board,
provenance, pictures.

    python -m tools.make_pages            # rewrite them
    python -m tools.make_pages --check    # say which are stale, and fail if any is

A made part stands in its page between two comment lines that name it. It is made from
the notebooks, the models' cards, the board's entries and the manifest of the assets
alone, without TensorFlow, so it can be checked in a moment. Nothing between the lines
is to be edited by hand.
"""

import argparse
import base64
import json
import re
import sys
from pathlib import Path

from book.cards import PARTS as cards_shown
from book.chapters import CHAPTERS, PARTS, ROOT, ready
from book.identity import identity
from helpers.data import _PICTURES
from helpers.store import manifest, records
from tools import board_page, draw_map
from tools.page_text import DASH, size, table
from tools.results_page import chapter_link, judges, obedience, results

BOOK = ROOT / "book"
PICTURES = BOOK / "pictures"
KINDS = {"data": "Data", "model": "Trained weights", "result": "Measured results"}


# --- the made parts


def idea_map() -> str:
    """Return the drawn map as raw HTML."""
    return f"```{{raw}} html\n{draw_map.block()}\n```"


def contents() -> str:
    """Return the map as an ordered list: every chapter, its idea, and what it builds
    on."""
    lines = []
    for part, name in PARTS.items():
        lines += [f"**Part {part}. {name}**", ""]
        for chapter in CHAPTERS:
            if chapter.part != part:
                continue
            title = f"{chapter.number} {chapter.title}"
            if chapter.ready:
                title = f"[{title}](../notebooks/{chapter.name}.ipynb)"
            needs = f" Builds on {_join(chapter.needs)}." if chapter.needs else ""
            planned = "" if chapter.ready else " (planned)"
            lines.append(f"- {title}{planned}: {_lower(chapter.idea)}.{needs}")
        lines.append("")
    return "\n".join(lines).rstrip()


def _join(words) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def provenance() -> str:
    """Return what comes with the book, where it is from, and under which licence."""
    models, results = set(records.names("model")), set(records.names("result"))
    groups: dict[tuple, list] = {}
    for file, facts in manifest.read().items():
        name = file.rpartition(".")[0]
        if file.startswith("data/"):
            groups.setdefault(("data", name[5:].split("-")[0]), []).append(facts)
        elif name in models and not file.endswith(".json"):
            groups.setdefault(("model", name), []).append(facts)
        elif name in results:  # one row a chapter
            groups.setdefault(("result", name[:2]), []).append(facts)
    lines = []
    for kind, title in KINDS.items():
        rows = []
        for (group, stem), files in sorted(groups.items()):
            if group != kind:
                continue
            facts = files[0]
            source = facts.get("source", DASH)
            if url := facts.get("source_url"):
                source = f"[{source}]({url})"
            source = re.sub(r"^made by chapter (\d\d)$", _made_by, source)
            licence = facts.get("licence", DASH)
            if kind == "result":  # their number and size change with every measurement
                rows.append([source, licence])
                continue
            total = size(sum(one["bytes"] for one in files))
            changed = [facts.get("changes", DASH)] * (kind == "data")
            rows.append([f"`{stem}`", total, source, licence, *changed])
        if rows:
            head = ["Name", "Size", "From", "Licence"][2 * (kind == "result") :]
            head += ["Changed"] * (kind == "data")
            lines += [f"**{title}**", "", table(head, rows), ""]
    return "\n".join(lines).rstrip()


def _made_by(match) -> str:
    return f"chapter {chapter_link(match.group(1))}"


def photographs() -> str:
    """Return the table of the photographs, as `helpers/data.py` lists them."""
    wheels = {"skimage": "scikit-image", "sklearn": "scikit-learn"}
    rows = [
        [f"`{name}`", wheels[package], credit]
        for name, (package, _, credit) in _PICTURES.items()
    ]
    return table(["Name", "Comes with", "By, and terms"], rows)


def gallery() -> str:
    """Return what the reader will make: each written chapter's opening picture and
    words."""
    cards = []
    for chapter in CHAPTERS:
        if not chapter.ready:
            continue
        _, words = opening(chapter.path)
        card = [
            f":::{{grid-item-card}} {chapter.number} · {chapter.title}",
            f":link: ../notebooks/{chapter.name}",
            ":link-type: doc",
        ]
        if pictures := stored_pictures(chapter.path):
            shown = cards_shown.get(chapter.number)
            alt = shown.alt if shown else " ".join(pictures[0][1].split())
            quoted = json.dumps(alt, ensure_ascii=False)
            file = picture_name(chapter.name, pictures[0][0])
            card += [f":img-top: pictures/{file}", f":img-alt: {quoted}"]
        cards.append("\n".join([*card, "", words, ":::"]))
    if not cards:
        return "The first chapters are being written."
    grid = ["::::{grid} 1 1 2 2\n:gutter: 3", *cards, "::::"]
    left = [chapter for chapter in CHAPTERS if not chapter.ready]
    if left:
        count = f"{len(left)} chapters are" if len(left) > 1 else "One chapter is"
        rows = [f"- {one.number} · {one.title}: {_lower(one.idea)}" for one in left]
        grid += [
            f"{count} planned and not written yet. The [map of ideas](map.md) shows "
            "where each belongs.",
            "\n".join(["{.book-rows}", *rows]),
        ]
    return "\n\n".join(grid)


def readme_table() -> str:
    """Return the README's table: each written chapter, what is made, a Colab button."""
    book = identity()
    rows = [
        f"| {one.number} | [{one.title}](notebooks/{one.name}.ipynb) | {one.makes} | "
        f"[Open in Colab]({book.colab(one.path.name)}) |"
        for one in ready()
    ]
    head = "| | Chapter | What you make | |\n| --- | --- | --- | --- |"
    return "\n".join([head, *rows])


def menu() -> str:
    """Return the menu's parts with their written chapters, for _toc.yml."""
    lines = []
    for part, name in PARTS.items():
        there = [one for one in ready() if one.part == part]
        lines += [f"  - caption: {name}", "    chapters:"] if there else []
        for one in there:
            lines += [
                f"      - file: notebooks/{one.name}",
                f'        title: "{one.number} · {one.title}"',
            ]
    return "\n".join(lines)


MADE = {  # page -> its made parts
    "index.md": {"gallery": gallery},
    "map.md": {"map": idea_map, "contents": contents},
    "results.md": {"results": results, "judges": judges, "obedience": obedience},
    "board.md": {
        "board": board_page.board,
        "details": board_page.details,
        "shown": board_page.shown,
    },
    "licences.md": {"provenance": provenance, "photographs": photographs},
    "README.md": {"chapters": readme_table},
    "_toc.yml": {"menu": menu},
}


# How a made part's two comment lines begin and end in each kind of file.
COMMENTS = {".md": ("% ", ""), ".yml": ("# ", ""), "README.md": ("<!-- ", " -->")}


def fill(text: str, part: str, made: str, kind: str = ".md") -> str:
    """Return a page's `text` with `made` between the two comment lines of `part`."""
    begin, end = map(re.escape, COMMENTS[kind])
    pattern = re.compile(
        rf"(^{begin}made by tools/make_pages.py: {part}{end}$\n).*?"
        rf"(^{begin}end of {part}{end}$)",
        re.M | re.S,
    )
    if not pattern.search(text):
        raise ValueError(f"The page has no place for the made part {part!r}.")
    gap = "" if kind == ".yml" else "\n"
    return pattern.sub(
        lambda match: f"{match.group(1)}{gap}{made}\n{gap}{match.group(2)}", text
    )


def pages() -> dict[Path, str]:
    """Return every page that has made parts, as it should be: path -> text."""
    wanted = {}
    for page, parts in MADE.items():
        path = ROOT / page if page in ("README.md", "_toc.yml") else BOOK / page
        text = path.read_text(encoding="utf-8")
        kind = page if page in COMMENTS else path.suffix
        for part, make in parts.items():
            text = fill(text, part, make(), kind)
        wanted[path] = text
    return wanted


# --- pictures: taken from what the chapters stored


def opening(path: Path) -> tuple[str, str]:
    """Return a notebook's title and the words under it, up to the line that tells the
    time."""
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    lines = "".join(first["source"]).splitlines()
    title = lines[0].removeprefix("#").strip()
    words = []
    for line in lines[1:]:
        if line.startswith("Time:"):
            break
        words.append(line.strip())
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(" ".join(words).split()))
    return re.sub(r"^\d\d\s*[·.:-]?\s*", "", title), text


def pictures() -> dict[Path, bytes]:
    """Return the pictures that the welcome page shows, as they should be: path ->
    bytes."""
    wanted = {}
    for chapter in CHAPTERS:
        if chapter.ready and (found := stored_pictures(chapter.path)):
            wanted[PICTURES / picture_name(chapter.name, found[0][0])] = found[0][0]
    return wanted


def picture_name(name: str, data: bytes) -> str:
    """Return the file name of a picture: photographs are stored as JPEG, all else as
    PNG."""
    return name + (".jpg" if data.startswith(b"\xff\xd8") else ".png")


def stored_pictures(path: Path) -> list[tuple[bytes, str]]:
    """Return the pictures a notebook stored, in order, each with its text
    alternative."""
    found = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        image = cell.get("metadata", {}).get("mystnb", {}).get("image", {})
        for output in cell.get("outputs", []):
            kinds = output.get("data", {})
            data = kinds.get("image/png") or kinds.get("image/jpeg")
            if data:
                found.append((base64.b64decode("".join(data)), image.get("alt", "")))
    return found


def stale() -> list[str]:
    """Return the names of the made files that differ from what would be made now."""
    return [
        path.relative_to(ROOT).as_posix()
        for path, data in made_files().items()
        if not path.is_file() or path.read_bytes() != data
    ]


def made_files() -> dict[Path, bytes]:
    """Return every file this tool writes, as it should be: path -> bytes."""
    return {**{path: text.encode() for path, text in pages().items()}, **pictures()}


def write() -> list[str]:
    """Write every made file that is stale and return their names.

    A picture that a chapter no longer opens with goes.
    """
    names, wanted = [], made_files()
    for path in PICTURES.glob("[0-9][0-9]_*"):
        if path not in wanted:
            path.unlink()
    for path, data in wanted.items():
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            names.append(path.relative_to(ROOT).as_posix())
    return names


def main() -> None:
    """Write the made parts, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="change nothing, fail if stale"
    )
    if not parser.parse_args().check:
        for name in write():
            print(f"wrote {name}")
    elif old := stale():
        sys.exit(f"Stale: {', '.join(old)}. Run: python -m tools.make_pages")


if __name__ == "__main__":
    main()
