"""Write the parts of the pages that are made, not written: map, results, provenance,
pictures.

    python -m tools.make_pages            # rewrite them
    python -m tools.make_pages --check    # say which are stale, and fail if any is

A made part stands in its page between two comment lines that name it. It is made from
the notebooks, the models' cards and the manifest of the assets alone, without
TensorFlow, so it can be checked in a moment. Nothing between the lines is to be edited
by hand.
"""

import argparse
import base64
import json
import math
import re
import statistics
import sys
from pathlib import Path

from book.chapters import BY_NUMBER, CHAPTERS, PARTS, ROOT, ready
from book.identity import identity
from helpers import _clocks
from helpers.data import _PICTURES
from helpers.store import manifest, records
from tools import draw_map

BOOK = ROOT / "book"
PICTURES = BOOK / "pictures"
DASH = "–"
KINDS = {"data": "Data", "model": "Trained weights", "result": "Measured results"}


def cards() -> list[dict]:
    """Return the cards of all shipped models, by chapter and then by name."""
    return [records.card(name) for name in records.names("model")]


# --- numbers as a reader wants them


def number(value: float) -> str:
    """Return `value` with three significant digits and no exponent: 0.00123, 3.56,
    61.2, 1,205."""
    if value != value:
        return DASH
    if value == 0:
        return "0"
    places = min(6, max(0, 2 - math.floor(math.log10(abs(value)))))
    return f"{value:,.{places}f}"


def spread(value) -> str:
    """Return one number, or mean ± standard deviation (n - 1) of a list with one per
    seed."""
    if value is None:
        return DASH
    if not isinstance(value, list):
        return number(float(value))
    values = [float(one) for one in value]
    if not values:
        return DASH
    if len(values) == 1:
        return number(values[0])
    return f"{number(statistics.fmean(values))} ± {number(statistics.stdev(values))}"


def seeds(value) -> str:
    """Return over how many training seeds a figure was measured."""
    return (
        str(len(value))
        if isinstance(value, list)
        else "1"
        if value is not None
        else DASH
    )


def size(count: int) -> str:
    """Return a number of bytes as kB or MB."""
    return (
        f"{count / 1e6:.1f} MB"
        if count >= 1e6
        else f"{max(1, round(count / 1e3)):,} kB"
    )


def duration(seconds) -> str:
    """Return seconds as a reader says them: 48 s, 5 min; under one second nothing was
    trained."""
    if seconds is None or seconds < 1:
        return DASH
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def chapter_link(number_: str | None) -> str:
    """Return a Markdown link to a chapter, or its bare number where it is not written
    yet."""
    chapter = BY_NUMBER.get(number_ or "")
    if chapter is None:
        return DASH
    return (
        f"[{chapter.number}](../notebooks/{chapter.name}.ipynb)"
        if chapter.ready
        else number_
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; a column of numbers stands right, one of words left."""
    numbers = re.compile(rf"[-−]?\d[\d,.]*( ± [\d,.]+)?( %| s| min| MB| kB)?|{DASH}")
    align = [
        "--:" if all(numbers.fullmatch(cell) for cell in column) else "---"
        for column in zip(*rows, strict=True)
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, align, *rows])


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


def results() -> str:
    """Return the table of all models that were put to the ruler.

    A card that leaves it out was measured as chapter 06 rules: with the extractor
    trained on its data with labels; the floor then is the extractor's own.
    """
    all_cards = cards()
    known = {card["name"]: metrics_of(card) for card in all_cards}
    rows = []
    for card in all_cards:
        metrics = metrics_of(card)
        for one in [metrics, *metrics.get("other", [])]:
            if one.get("frechet") is None:
                continue
            data = one.get("data") or metrics.get("data") or data_of(card)
            extractor = one.get("extractor") or f"06/{data}-labelled"
            floor = one.get("floor") or known.get(extractor, {}).get("floor")
            rows.append(
                [
                    f"`{card['name']}`",
                    f"`{extractor}`",
                    spread(one["frechet"]),
                    spread(floor),
                    seeds(one["frechet"]),
                    spread(one.get("precision")),
                    spread(one.get("recall")),
                    spread(one.get("kernel")),
                    f"{one['n_generated']:,}" if one.get("n_generated") else DASH,
                    trained(card),
                    f"{card['parameters']:,}",
                    data,
                    chapter_link(card.get("chapter")),
                ]
            )
    if not rows:
        return "No model has been put to the ruler yet."
    head = [
        "Model",
        "Extractor",
        "Fréchet",
        "Floor",
        "Seeds",
        "Precision",
        "Recall",
        "Kernel",
        "N",
        "Trained",
        "Parameters",
        "Data",
        "Chapter",
    ]
    notes = [
        f"- `{card['name']}`: {metrics_of(card)['note'].rstrip('.')}."
        for card in all_cards
        if metrics_of(card).get("note")
    ]
    return "\n".join([table(head, rows), *([""] if notes else []), *notes])


def trained(card: dict) -> str:
    """Return how long a model took by the clock that counts where it was made.

    Processor seconds, or on a graphics card seconds of the wall, which is then named.
    What a chapter counted itself, because a card's seconds leave out what was resumed,
    stands in the metrics: `clock_seconds`; earlier ones told half of it.
    """
    metrics = metrics_of(card)
    half = metrics.get("seconds_of_two_cores")
    seconds = metrics.get("clock_seconds") or (half and 2 * half)
    if seconds is None:
        seconds = (_clocks.counted(card) or (None, ""))[0]
    return duration(seconds) + f" on {card['hardware']}" * _clocks.on_card(card)


def metrics_of(card: dict) -> dict:
    """Return what was measured of a model, or nothing."""
    return card.get("metrics") or {}


def data_of(card: dict) -> str:
    """Return the data set a model was trained on, by its settings or by its name."""
    return card.get("settings", {}).get("data") or short(card["name"]).split("-")[0]


def short(name: str) -> str:
    """Return a model's name without its chapter."""
    return name.rpartition("/")[2]


# How an extractor learnt, and the name of the model that it was cut from.
LEARNT_BY = {
    "labelled": ("telling the ten classes apart", "classifier"),
    "unlabelled": ("copying pictures", "unlabelled"),
    "selfsupervised": ("painting hidden patches", "masked"),
}


def judges() -> str:
    """Return the table of the extractors; one cut from a classifier shows that one's
    facts."""
    found = {card["name"]: card for card in cards()}
    rows = []
    for name, card in found.items():
        data, _, kind = name.rpartition("-")
        if kind not in LEARNT_BY:
            continue
        learnt_by, trained_as = LEARNT_BY[kind]
        origin = found.get(f"{data}-{trained_as}", card)
        accuracy = metrics_of(origin).get("accuracy")
        rows.append(
            [
                f"`{name}`",
                chapter_link(card.get("chapter")),
                short(data),
                learnt_by,
                f"{card['parameters']:,}",
                trained(origin),
                f"{100 * accuracy:.1f} %" if accuracy is not None else DASH,
                spread(metrics_of(card).get("floor")),
            ]
        )
    if not rows:
        return "The extractors are not trained yet."
    head = [
        "Extractor",
        "Chapter",
        "Data",
        "Learnt by",
        "Parameters",
        "Trained",
        "Right on the test split",
        "Floor",
    ]
    return table(head, rows)


def obedience() -> str:
    """Return the table of the models that draw from captions: shares obeyed, in
    percent."""
    found = [card for card in cards() if metrics_of(card).get("obeyed")]
    if not found:
        return "No model draws from captions yet."
    splits = sorted(
        {split for card in found for split in metrics_of(card)["obeyed"]},
        key=lambda split: (not split.startswith("seen"), split),
    )
    rows = []
    for card in found:
        obeyed = metrics_of(card)["obeyed"]
        shares = [
            f"{100 * obeyed[split][0]:.1f} ± {100 * obeyed[split][1]:.1f}"
            if split in obeyed
            else DASH
            for split in splits
        ]
        rows.append(
            [
                f"`{card['name']}`",
                *shares,
                trained(card),
                f"{card['parameters']:,}",
                chapter_link(card.get("chapter")),
            ]
        )
    return table(["Model", *splits, "Trained", "Parameters", "Chapter"], rows)


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
        title, words = opening(chapter.path)
        card = [
            f":::{{grid-item-card}} {chapter.number} · {title}",
            f":link: ../notebooks/{chapter.name}",
            ":link-type: doc",
        ]
        if pictures := stored_pictures(chapter.path):
            quoted = json.dumps(" ".join(pictures[0][1].split()), ensure_ascii=False)
            file = picture_name(chapter.name, pictures[0][0])
            card += [f":img-top: pictures/{file}", f":img-alt: {quoted}"]
        cards.append("\n".join([*card, "", words, ":::"]))
    if not cards:
        return "The first chapters are being written."
    left = sum(not chapter.ready for chapter in CHAPTERS)
    rest = (
        f"Another {left} chapters are planned, among them diffusion, colour, and what "
        "goes wrong. The [map of ideas](map.md) shows where each belongs."
    )
    return "\n\n".join(
        ["::::{grid} 1 1 2 2\n:gutter: 3", *cards, "::::", *[rest][:left]]
    )


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
    """Write every made file that is stale and return their names."""
    names = []
    for path, data in made_files().items():
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
