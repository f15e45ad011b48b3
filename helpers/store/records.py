"""A record: what was trained or measured, with all that is known of it.

Models and results are kept alike. `assets/NN/NAME.json` is the card: who made it, with
which settings, by which code, in how many seconds, on what; of a result also its
numbers. What is no number stands beside it: a model's weights, a result's pictures.
`runs/NN/` holds the same files as a full run made them on this machine.
"""

import dataclasses
import json
import os
import re
import zlib
from pathlib import Path

from helpers import _clocks, runtime
from helpers._arguments import told
from helpers.store import manifest, texts

RUNS = Path(os.environ.get("BOOK_RUNS") or Path(__file__).resolve().parents[2] / "runs")
LARGEST = 3_000_000  # bytes a file may take
KINDS = ("model", "result")


@dataclasses.dataclass(frozen=True)
class Record:
    """Hold one model or result: its card, and the bytes beside it, if there are any.

    `suffix` is the ending of the file beside the card, such as ".npz".
    """

    name: str
    card: dict
    data: bytes | None = None
    suffix: str = ".npz"

    @property
    def kind(self):
        """Return "model" or "result"."""
        return self.card["kind"]

    @property
    def settings(self):
        """Return the settings it was made with."""
        return self.card["settings"]

    def files(self):
        """Return the record as files: name below assets/ or runs/ -> bytes."""
        found = {f"{self.name}.json": manifest.json_bytes(self.card, sort=False)}
        if self.data is not None:
            found[f"{self.name}{self.suffix}"] = self.data
        return found


def new(name, kind, settings, facts, data, suffix=".npz"):
    """Return a Record whose card holds the hash of `data`."""
    beside = {} if data is None else {"sha256": manifest.sha256(data), "suffix": suffix}
    size = {"bytes": 0 if data is None else len(data)}
    card = {**facts, "name": name, "kind": kind, "settings": settings, **size, **beside}
    return Record(name, card, data, suffix)


def shipped(name):
    """Return the shipped Record `name`, its files' hashes checked.

    Raises ValueError for an unknown name or an altered file, FileNotFoundError for a
    missing one.
    """
    check_name(name)
    if f"{name}.json" not in manifest.read():
        short = name.rpartition("/")[2]
        near = [one for one in names() if one.rpartition("/")[2] == short]
        advice = f"; is it {near[0]!r}" if near and near[0] != name else ""
        raise ValueError(
            f"name {name!r} is nothing that this book ships{advice}: its chapter makes "
            "it with BOOK_PROFILE=full in the environment."
        )
    card = json.loads(manifest.verified(f"{name}.json").read_text("utf8"))
    suffix = card.get("suffix")
    data = None if suffix is None else manifest.verified(name + suffix).read_bytes()
    return Record(name, card, data, suffix or ".npz")


def names(kind=None):
    """Return the names of all that is shipped, or of one kind, sorted."""
    cards = re.compile(r"\d\d/.*\.json")
    found = [file[:-5] for file in sorted(manifest.read()) if cards.fullmatch(file)]
    return [name for name in found if kind in (None, card(name)["kind"])]


def card(name):
    """Return the card of what is shipped as `name`, without what stands beside it."""
    return json.loads(manifest.verified(f"{name}.json").read_text("utf8"))


def kept(name, settings):
    """Return the Record that an earlier full run left in `runs/`, or None.

    None too where its settings were others, a file is broken, or BOOK_FRESH is 1.
    """
    record = None if os.environ.get("BOOK_FRESH") == "1" else _in_runs(name)
    return record if record and record.settings == settings else None


def in_use(name):
    """Return the Record of a model for a chapter that runs: the shipped one.

    In a full run it is the one in `runs/` where that was made but may not be shipped.
    """
    check_name(name)
    record = _in_runs(name) if runtime.profile() == "full" else None
    return record if record and not may_ship(record) else shipped(name)


def _in_runs(name):
    """Return the whole Record in `runs/`, None where there is none."""
    try:
        card = json.loads((RUNS / f"{name}.json").read_text("utf8"))
        suffix, _ = card.get("suffix"), card["settings"]
        data = None if suffix is None else (RUNS / (name + suffix)).read_bytes()
        if data is None or manifest.sha256(data) == card["sha256"]:
            return Record(name, card, data, suffix or ".npz")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # a broken cache is no reason to stop: make it anew
    return None


def keep(record):
    """Write a Record into `runs/`."""
    files = record.files()
    manifest.write_all({RUNS / file: data for file, data in files.items()})


def may_ship(record):
    """Tell whether a Record may go into the assets by itself: no graphics card made it.

    The book's numbers are those of a processor, which anybody can make again; another
    kind of arithmetic is shipped on purpose alone, by BOOK_SHIP=1 in the environment.
    """
    return os.environ.get("BOOK_SHIP") == "1" or not _clocks.on_card(record.card)


def ship(record):
    """Write a Record into the assets, if it is not there already and may be.

    Raises ValueError if one of its files is too large.
    """
    if not may_ship(record):
        print(
            f"{record.name} was made on {record.card['hardware']}: it stays in runs/, "
            "and what the book ships stays as it is. BOOK_SHIP=1 in the environment "
            "would ship it.",
            flush=True,
        )
        return
    files = record.files()
    if (size := max(map(len, files.values()))) > LARGEST:
        raise ValueError(
            f"{record.name!r} takes {size:,} bytes, over the {LARGEST:,} that may be "
            "shipped: store pictures as uint8, fewer of them, or a summary."
        )
    if all(manifest.holds(file, manifest.sha256(data)) for file, data in files.items()):
        return
    chapter = record.name.partition("/")[0]
    manifest.add(files, source=f"made by chapter {chapter}", licence="MIT")


def adopt():
    """Copy what is shipped into `runs/` where that has nothing; return the names."""
    missing = [name for name in names() if not (RUNS / f"{name}.json").exists()]
    for name in missing:
        keep(shipped(name))
    return missing


def seed_of(name):
    """Return the seed that belongs to a name; what was renamed keeps the one it had."""
    if f"{name}.json" in manifest.read():
        return card(name).get("seed", zlib.crc32(name.encode()))
    return zlib.crc32(name.encode())


def tell_text(record):
    """Tell the chapter tool of a record that another text made than the one running."""
    if path := os.environ.get("BOOK_TEXTS"):
        now = texts.of_result(record.name, texts.session())
        with open(path, "a", encoding="utf-8") as file:
            line = {"name": record.name, "was": record.card.get("code"), "now": now}
            file.write(json.dumps(line) + "\n")


def check_name(name):
    """Raise one sentence unless `name` is a chapter, a slash and a short name."""
    if not isinstance(name, str):
        raise TypeError(f"name must be a string such as '05/digits', got {told(name)}.")
    if not re.fullmatch(r"\d\d/[a-z0-9]+([-_.][a-z0-9]+)*", name):
        raise ValueError(
            "name must be a chapter and small letters, digits, '-', '_' or '.', such "
            f"as '05/digits', got {told(name)}."
        )


def is_shipped(record):
    """Tell whether the same data and settings are shipped, whatever its metrics."""
    if not manifest.holds(f"{record.name}.json"):
        return False
    there = card(record.name)
    same = all(there.get(k) == record.card.get(k) for k in ("sha256", "settings"))
    return same and (
        record.data is None
        or manifest.holds(record.name + record.suffix, record.card["sha256"])
    )
