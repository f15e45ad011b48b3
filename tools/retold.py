"""Say why a changed text alters no result: `python -m tools.retold --why "..."`.

A record's card holds the hashes of the text that made it: of its chapter's cells that
lead to it, and of each helper that these reach. A notebook's stamp holds that of all
its code cells. Where the text of today is another, either the record is made anew, or
somebody says here why it would come out the same; `book/retold.json` keeps the reason
for a reviewer. `--check` lists what has no reason.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from book import retold
from helpers.store import manifest, texts

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
ADVICE = (
    "make it anew (`make chapter N={chapter} PROFILE=full`), or say why it stands: "
    "`make retold WHY='..'`"
)


class Change(NamedTuple):
    """Hold one text that is another than the one that made something."""

    made: str  # a record's name, or a notebook's
    place: str
    was: str | None
    now: str | None

    @property
    def chapter(self) -> str:
        """Return the number of the chapter that makes it."""
        return self.made[:2]


def cells(notebook: Path) -> list[str]:
    """Return the code cells of a notebook."""
    book = json.loads(notebook.read_text("utf8"))
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    return ["".join(cell["source"]) for cell in code]


@functools.cache
def helper(module: str) -> str | None:
    """Return the present hash of a helper's file, None where it is gone."""
    return texts.of_helpers([module]).get(module)


def cards() -> Iterator[dict]:
    """Yield the card of each record that the book ships and whose text is known."""
    for file in sorted(manifest.read()):
        if file.endswith(".json"):
            card = json.loads(manifest.verified(file).read_text("utf8"))
            if card.get("code"):
                yield card


def changes(name: str, was: dict, now: dict) -> Iterator[Change]:
    """Yield where the text that made a record differs from the present one."""
    if was["cells"] != now["cells"]:
        yield Change(name, name, was["cells"], now["cells"])
    for module in sorted({*was["helpers"], *now["helpers"]}):
        # one that is reached no longer counts by what it says today
        before, after = was["helpers"].get(module), now["helpers"].get(module)
        after = after or helper(module)
        if before != after:
            yield Change(name, f"helpers/{module}.py", before, after)


def of_record(card: dict) -> Iterator[Change]:
    """Yield where the text that made a shipped record differs from today's."""
    name = card["name"]
    found = sorted(NOTEBOOKS.glob(f"{name[:2]}_*.ipynb"))
    if found:
        yield from changes(name, card["code"], texts.of_result(name, cells(found[0])))


def of_stamp(notebook: Path) -> Iterator[Change]:
    """Yield the change of a notebook's cells since its outputs were made."""
    stamp = json.loads(notebook.read_text("utf8"))["metadata"].get("book", {})
    was, now = stamp.get("code_hash"), texts.of_cells(cells(notebook))
    if was != now and not stamp.get("draft"):  # nobody reads a draft's outputs yet
        yield Change(notebook.stem, notebook.stem, was, now)


def open_changes() -> list[Change]:
    """Return all changes for which no reason is written down."""
    known = retold.steps()
    found = [change for card in cards() for change in of_record(card)]
    found += [c for path in sorted(NOTEBOOKS.glob("*.ipynb")) for c in of_stamp(path)]
    return [c for c in found if not retold.stands(*c[1:], told=known)]


def say(changes: list[Change]) -> list[str]:
    """Return one sentence about each place: what changed, what it made, what to do."""
    places: dict[str, list[Change]] = {}
    for change in changes:
        places.setdefault(change.place, []).append(change)
    lines = []
    for place, found in places.items():
        made = [c.made for c in found]
        more = f" and {len(made) - 1} more were" if len(made) > 1 else " was"
        where = "its cells" if place == made[0] else place
        chapters = ", ".join(sorted({c.chapter for c in found}))
        lines.append(
            f"{made[0]}{more} made by another text: {where} ({found[0].was or 'none'}, "
            f"now {found[0].now or 'gone'}); {ADVICE.format(chapter=chapters)}."
        )
    return lines


def told(lines: list[str]) -> list[str]:
    """Return a line for each record that another text made, with the reasons told.

    `lines` are what `zoo` wrote into the file named by BOOK_TEXTS: JSON of a record's
    name, the text that made it and the one that now runs.
    """
    known, found = retold.steps(), {}
    for line in lines:
        record = json.loads(line)
        name, was, now = record["name"], record["was"], record["now"]
        if not was:
            found[name] = f"{name}: nothing is known of the text that made it"
        elif different := list(changes(name, was, now)):
            found[name] = _told(name, different, known)
    return list(found.values())


def _told(name: str, different: list[Change], known: list[dict]) -> str:
    why = {c.place: retold.reasons(*c[1:], told=known) for c in different}
    places = ", ".join("its cells" if p == name else p for p in why)
    said = dict.fromkeys(reason for each in why.values() for reason in each or ())
    missing = [p for p, each in why.items() if each is None]
    parts = [f"{name} was made by another text of {places}", *said]
    if missing:
        parts.append("no reason is written down: " + ADVICE.format(chapter=name[:2]))
    return "; ".join(part.rstrip(".") for part in parts) + "."


def write(why: str) -> int:
    """Write one reason for all open changes; return how many places it speaks of."""
    why = " ".join(why.split())
    if len(why) < 20:
        raise SystemExit("Say in a sentence why no result is altered: WHY='..'.")
    texts_of: dict[str, list] = {}
    for change in open_changes():
        hashes = texts_of.setdefault(change.place, [change.now])
        if change.was not in hashes[:-1]:
            hashes.insert(-1, change.was)
    if texts_of:
        retold.add(why, texts_of)
    return len(texts_of)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="tools.retold", description=__doc__.splitlines()[0]
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--why", help="the reason, a sentence")
    what.add_argument("--check", action="store_true", help="list them; fail if any")
    options = parser.parse_args(arguments)
    if options.check:
        found = say(open_changes())
        print("\n".join(found), file=sys.stderr)
        return int(bool(found))
    count = write(options.why)
    print(
        f"{count} places" if count else "Every text is that of today, or has a reason."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
