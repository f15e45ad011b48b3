"""The entries of the board: what one must say, and how its files are read safely.

An entry is a folder `book/board/NAME` with `entry.json`, and

- `samples.png`, 5,000 generated digits, when it competes on the board (the book's own
  name a shipped generator in place of it);
- `picture.png`, when it shows a picture in the gallery.

Whoever sends one is a stranger, so nothing in it is trusted: every key, letter and byte
is checked before it is used, and every fault is one sentence that says what to do.
Neither TensorFlow nor Keras is needed here: the pages are made without them.
"""

import datetime
import hashlib
import json
import re
import unicodedata
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from book.chapters import BY_NUMBER, ROOT
from helpers.store import records

BOARD = ROOT / "book" / "board"
SECONDS = 300  # of two cores, for the training
COUNT, SIDE = 5000, 28
COLUMNS, ROWS = 50, 100  # the digits on a sheet
LICENCES = ("CC0 1.0", "CC BY 4.0", "CC BY-SA 4.0")
LARGEST = {"entry.json": 20_000, "samples.png": 3_000_000, "picture.png": 200_000}
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
ADDRESS = re.compile(r"https://[a-z0-9.-]+\.[a-z]{2,}/[\w./~@%+?=#&:-]{1,300}", re.A)
OTHER_DEVICE = re.compile(
    r"\b(gpu|tpu|npu|cuda|rocm|nvidia|geforce|rtx|gtx|tesla|metal|mps|"
    r"[avhtl]100|h200|t4|l4)\b",
    re.I,
)
FIRST_DAY = datetime.date(2026, 11, 23)  # of the book's first release
OWN = ("clothes", "dcgan", "training-loop")  # the book's own entries
PNG_END = b"IEND\xaeB`\x82"

# key -> (least, most letters, what it is)
TEXTS = {
    "name": (1, 40, "who sends it"),
    "title": (5, 70, "a title"),
    "sentence": (20, 240, "one sentence on what is new in it"),
}
ALWAYS = {*TEXTS, "licence", "code", "date"}
COMPETES = {"settings", "seconds_of_two_cores", "device", "cores", "seed", "claimed"}
SHOWS = {"picture_shows", "chapter"}
MEASURED = (
    "frechet", "low", "high", "precision", "recall", "kernel", "kernel_se",
    "nearer_to_training", "nearer_to_test", "repeated",
)  # fmt: skip


def names() -> list[str]:
    """Return the names of all entries, sorted."""
    if not BOARD.is_dir():
        return []
    return sorted(path.name for path in BOARD.iterdir() if path.name[0] != ".")


def read(name: str) -> dict:
    """Return the JSON of an entry that `faults` finds nothing wrong with."""
    if found := faults(name):
        raise ValueError(f"{name}: {found[0]}")
    return _json(BOARD / name / "entry.json")


def competes(entry: dict) -> bool:
    """Tell whether an entry stands on the board, and not in the gallery alone."""
    return bool(entry.keys() & COMPETES)


# --- faults, each a sentence


def faults(name: str) -> list[str]:
    """Return what is wrong with the entry `name`, its digits not yet measured."""
    if not NAME.fullmatch(name):
        return [
            f"an entry's name must be up to 40 small letters, digits and dashes, such "
            f"as ada-small-shifts, got {name[:60]!r}."
        ]
    folder = BOARD / name
    if folder.is_symlink() or not folder.is_dir():
        return [f"there is no folder book/board/{name}: make it with --new {name}."]
    found = _file_faults(folder)
    if found:
        return found
    try:
        entry = _json(folder / "entry.json")
    except ValueError as error:
        return [str(error)]
    found = [
        *_key_faults(entry, folder),
        *_value_faults(entry),
        *_own_faults(entry, name),
    ]
    for file, check in (("samples.png", samples), ("picture.png", picture)):
        if (folder / file).exists():
            try:
                check(folder / file)
            except ValueError as error:
                found.append(str(error))
    if not found and "measured" in entry:
        found = _measured_faults(entry, folder)
    return found


def _file_faults(folder):
    found = []
    for path in sorted(folder.iterdir()):
        if path.name not in LARGEST:
            found.append(
                f"{path.name[:60]!r} does not belong into an entry, which holds "
                f"{', '.join(LARGEST)} alone: take it out."
            )
        elif path.is_symlink() or not path.is_file():
            found.append(f"{path.name} must be a file of its own, and no link.")
        elif (size := path.stat().st_size) > LARGEST[path.name]:
            found.append(
                f"{path.name} has {size:,} bytes, over the {LARGEST[path.name]:,} "
                "that it may have: make it smaller."
            )
    if not found and not (folder / "entry.json").is_file():
        found = ["entry.json is missing: make the folder with --new, and fill it in."]
    return found


def _json(path):
    """Return the object in a JSON file; ValueError where it is none or speaks twice."""

    def once(pairs):
        keys = [key for key, _ in pairs]
        if len(keys) != len(set(keys)):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ValueError(f"it says {twice[:40]!r} twice")
        return dict(pairs)

    def refuse(word):
        raise ValueError(f"{word} is no number of JSON")

    try:
        found = json.loads(
            path.read_bytes().decode("utf8"),
            object_pairs_hook=once,
            parse_constant=refuse,
        )
    except (ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:120].rstrip(".")
        raise ValueError(f"{path.name} is no good JSON ({why}): mend it.") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} must hold one object, {{..}}.")
    return found


def _key_faults(entry, folder):
    """Say which keys and files an entry lacks, or has too many."""
    stands = competes(entry) or (folder / "samples.png").exists()
    shows = (folder / "picture.png").exists()
    wanted = set(ALWAYS)
    wanted |= COMPETES if stands else {"chapter"}
    wanted |= {"picture_shows"} if shows else set()
    found = [f"entry.json lacks {key!r}." for key in sorted(wanted - entry.keys())]
    allowed = wanted | SHOWS | ({"measured", "model"} if stands else set())
    found += [
        f"entry.json has {str(key)[:40]!r}, which an entry does not say: take it out."
        for key in sorted(entry.keys() - allowed)
    ]
    if not stands and not shows:
        found.append(
            "there is neither samples.png, to compete, nor picture.png, to show."
        )
    if stands and (folder / "samples.png").exists() == ("model" in entry):
        found.append(
            "samples.png is missing: write it with --new and --samples."
            if "model" not in entry
            else "an entry has either samples.png or a model that the book ships."
        )
    return found


def _value_faults(entry):
    """Say which values of an entry cannot be."""
    checks = {
        **dict.fromkeys(TEXTS, _text),
        "picture_shows": lambda key, value: _text(key, value, 25, 400),
        "device": lambda key, value: _text(key, value, 3, 80) or _device(value),
        "licence": _licence,
        "code": _address,
        "date": _date,
        "settings": _settings,
        "seconds_of_two_cores": lambda key, value: _number(key, value, 1, SECONDS),
        "cores": lambda key, value: _whole(key, value, 1, 1024),
        "seed": lambda key, value: _whole(key, value, 0, 2**32 - 1),
        "claimed": _claimed,
        "chapter": _chapter,
        "model": _model,
    }
    return [
        fault
        for key, check in checks.items()
        if key in entry and (fault := check(key, entry[key]))
    ]


def _own_faults(entry, name):
    """Say so where somebody speaks in the book's name, or shows its generators."""
    says = str(entry.get("name", "")).casefold().strip() == "the book"
    if (says or "model" in entry) and name not in OWN:
        return ["only the book's own entries have a model, or are by 'the book'."]
    return []


def _text(key, value, least=None, most=None):
    """Say what is wrong with a line of text that will stand on a page."""
    if least is None:
        least, most, what = TEXTS[key]
        wanted = f"{key} must be {what}, a text of {least} to {most} letters"
    else:
        wanted = f"{key} must be a text of {least} to {most} letters"
    if not isinstance(value, str):
        return f"{wanted}, got {type(value).__name__}."
    if not least <= len(value) <= most or value != value.strip():
        return f"{wanted} without spaces around it, got {len(value)}."
    kinds = [unicodedata.category(letter) for letter in value]
    bad = next(
        (
            letter
            for letter, kind in zip(value, kinds, strict=True)
            if kind[0] == "C" or kind in ("Zl", "Zp")
        ),
        None,
    )
    if bad is not None:
        return (
            f"{key} holds U+{ord(bad):04X}, which cannot be seen on a page: write it "
            "in one line of plain letters."
        )
    if re.search(r"[<>]|&#?\w+;", value):
        return f"{key} must be plain text without HTML: leave out <, > and entities."
    if re.search(r"://|\bwww\.|\b(javascript|data):", value, re.I):
        return f"{key} holds an address: the only one belongs into code."
    if "!" in value or "！" in value:
        return f"{key} has an exclamation mark: the page is calm, so leave it out."
    if re.search("M{3}", "".join(kind[0] for kind in kinds)):
        return f"{key} heaps marks upon a letter: write it plainly."
    if not any(kind[0] in "LN" for kind in kinds):
        return f"{key} has no letter in it: say it in words."
    if key in ("sentence", "picture_shows") and value[-1] not in ".?。？":
        return f"{key} must be a whole sentence, with its full stop."
    return None


def _device(value):
    if OTHER_DEVICE.search(value):
        return (
            f"device is {value!r}, but the board is for processors alone, so that "
            "everybody can take part: train without it."
        )
    return None


def _licence(key, value):
    if value not in LICENCES:
        return f"licence must be one of {', '.join(LICENCES)}, got {str(value)[:40]!r}."
    return None


def _address(key, value):
    if not isinstance(value, str) or not ADDRESS.fullmatch(value) or ".." in value:
        return (
            "code must be the address of the code, https://.., in plain letters, got "
            f"{str(value)[:60]!r}."
        )
    return None


def _date(key, value):
    try:
        found = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
        day = datetime.date.fromisoformat(found[0])
    except (TypeError, ValueError):
        return f"date must be a day such as 2026-12-31, got {str(value)[:40]!r}."
    today = max(datetime.date.today(), FIRST_DAY)  # a clock may be wrong
    if day > today + datetime.timedelta(days=1):  # elsewhere on Earth it is tomorrow
        return f"date is {day}, which is yet to come: give the day of the training."
    if day < FIRST_DAY:
        return (
            f"date is {day}, before the book was there: give the day of the training."
        )
    return None


def _settings(key, value):
    if not isinstance(value, dict) or not 1 <= len(value) <= 40:
        return "settings must be 1 to 40 numbers by name, such as {'batch': 64}."
    for name, one in value.items():
        if not re.fullmatch(r"\w{1,40}", name):
            return f"settings has the name {name[:40]!r}: use letters, digits and _."
        plain = isinstance(one, (bool, int, float)) and abs(one) < 1e12
        if not plain and (not isinstance(one, str) or _text(name, one, 1, 60)):
            return f"settings: {name} must be a number or a short text."
    return None


def _number(key, value, low, high):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and low <= value <= high:
        return None
    got = str(value)[:40]
    if key == "seconds_of_two_cores" and number and value > high:
        return (
            f"seconds_of_two_cores is {got}, over the {high} of the board: it is the "
            "CPU seconds of the training, divided by 2."
        )
    return f"{key} must be a number from {low:,} to {high:,}, got {got}."


def _whole(key, value, low, high):
    if isinstance(value, bool) or not isinstance(value, int):
        return f"{key} must be a whole number, got {str(value)[:40]!r}."
    return _number(key, value, low, high)


def _claimed(key, value):
    known = {"frechet": 10_000, "precision": 1, "recall": 1}
    if not isinstance(value, dict) or "frechet" not in value or value.keys() - known:
        return (
            "claimed must say what you measured, as {'frechet': 4.2}, with precision "
            "and recall if you like."
        )
    for name, one in value.items():
        if fault := _number(f"claimed {name}", one, 0, known[name]):
            return fault
    return None


def _chapter(key, value):
    if not isinstance(value, str) or value not in BY_NUMBER or not _ready(value):
        return (
            f"chapter must be the number of a written chapter such as '05', got "
            f"{str(value)[:20]!r}."
        )
    return None


def _ready(number):
    return BY_NUMBER[number].ready


def _model(key, value):
    if value not in records.names("model"):
        return f"model must be one that the book ships, got {str(value)[:40]!r}."
    return None


def _measured_faults(entry, folder):
    """Say whether a measurement has its form and belongs to these digits."""
    measured = entry["measured"]
    again = "measure it anew with --add."
    if not isinstance(measured, dict):
        return [f"measured must be what --add writes: {again}"]
    facts = {"n_generated": COUNT, "n_real": 1000, "extractor": "06/digits-labelled"}
    whole = all(measured.get(key) == value for key, value in facts.items())
    if not whole or measured.keys() != {*facts, *MEASURED, "floor", "digits"}:
        return [f"measured is not as --add writes it: {again}"]
    for key in (*MEASURED, "floor"):
        least = -10 if key == "kernel" else 0
        if fault := _number(f"measured {key}", measured[key], least, 10_000):
            return [fault]
    if not measured["low"] <= measured["frechet"] <= measured["high"]:
        return [f"measured has a distance outside of its interval: {again}"]
    if belongs_to(entry, folder) != measured["digits"]:
        return [f"measured belongs to other digits than these: {again}"]
    return []


def belongs_to(entry: dict, folder: Path) -> str:
    """Return the hash by which a measurement names its digits, or their generator."""
    if "model" in entry:
        return records.card(entry["model"])["sha256"]
    return hash_of(samples(folder / "samples.png"))


# --- pictures


def hash_of(digits: np.ndarray) -> str:
    """Return the SHA-256 of the pixels of digits, however a file packed them."""
    return hashlib.sha256(digits.tobytes()).hexdigest()


def samples(path: Path) -> np.ndarray:
    """Return the digits on a sheet, uint8 (5000, 28, 28); ValueError where it is none.

    The sheet is a grey PNG of 8 bits, 1400 x 2800 pixels: 50 digits a row, 100 rows.
    """
    wanted = (COLUMNS * SIDE, ROWS * SIDE)
    pixels = _png(path, ("L",), lambda size: size == wanted, _sheet_advice)
    return from_sheet(np.asarray(pixels))


def from_sheet(sheet: np.ndarray) -> np.ndarray:
    """Return the digits (5000, 28, 28) that stand on a sheet (2800, 1400)."""
    rows = sheet.reshape(ROWS, SIDE, COLUMNS, SIDE)
    return np.ascontiguousarray(rows.swapaxes(1, 2)).reshape(-1, SIDE, SIDE)


def to_sheet(digits: np.ndarray, columns: int = COLUMNS) -> np.ndarray:
    """Return digits (N, 28, 28) as one picture, `columns` of them a row."""
    rows = digits.reshape(-1, columns, SIDE, SIDE).swapaxes(1, 2)
    return rows.reshape(len(rows) * SIDE, columns * SIDE)


def _sheet_advice(size):
    width, height = size
    held = (width // SIDE) * (height // SIDE)
    if width % SIDE == 0 and height % SIDE == 0 and held < COUNT:
        return f"it holds {held:,} digits of the {COUNT:,}: draw more, and use --new"
    return f"it must be {COLUMNS * SIDE} x {ROWS * SIDE}: use --new with --samples"


def picture(path: Path) -> Image.Image:
    """Return the picture of an entry; ValueError where it is none that a page shows."""
    return _png(
        path,
        ("L", "RGB", "P"),
        lambda size: 200 <= size[0] <= 1600 and 50 <= size[1] <= 1600,
        lambda size: "it must be 200 to 1600 wide and 50 to 1600 high",
    )


def _png(path, modes, fits, advice):
    """Return the one picture in a PNG file, its size known before it is decoded."""
    name = path.name
    if not path.read_bytes().endswith(PNG_END):
        raise ValueError(
            f"{name} is no whole PNG, or has more behind it: save it anew."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image = Image.open(path, formats=["PNG"])
            size, mode = image.size, image.mode
    except Exception:  # whatever a broken header made Pillow stumble over
        raise ValueError(
            f"{name} is not a PNG that can be read: save it anew."
        ) from None
    with image:
        if not fits(size):
            raise ValueError(
                f"{name} has {size[0]} x {size[1]} pixels, but {advice(size)}."
            )
        if mode not in modes:
            raise ValueError(
                f"{name} has the mode {mode}, and must have {' or '.join(modes)}: save "
                "it with 8 bits a colour and without transparency."
            )
        try:
            image.load()
        except Exception:
            raise ValueError(f"{name} is a damaged PNG: save it anew.") from None
        if getattr(image, "is_animated", False) or "transparency" in image.info:
            raise ValueError(f"{name} moves or is transparent: save a plain picture.")
        if "exif" in image.info or image.getexif():
            raise ValueError(
                f"{name} carries a camera's notes (EXIF), maybe a place: save it "
                "without."
            )
        return image.copy()
