"""Begin an entry of the board: a reader's digits or picture as its files.

`python -m tools.board --new NAME --samples digits.npy` calls `begin`.
"""

import datetime
import io
import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from helpers import images
from tools import board_entries
from tools.board_entries import COUNT, SIDE

DIGITS_SHOWN = (
    "Sixty generated handwritten digits in five rows of twelve, drawn one after the "
    "other and not chosen."
)


def begin(name: str, samples: str | None, picture: str | None) -> Path:
    """Make the folder of a new entry, with a template of entry.json to fill in.

    Raises ValueError for a name, digits or a picture that cannot be.
    """
    if not board_entries.NAME.fullmatch(name):
        raise ValueError(board_entries.faults(name)[0])
    folder = board_entries.BOARD / name
    if folder.exists():
        raise ValueError(f"book/board/{name} is there already: choose another name.")
    if not samples and not picture:
        raise ValueError("say what it shows: --samples FILE.npy, or --picture FILE.")
    entry = {
        **dict.fromkeys(("name", "title", "sentence"), ""),
        "licence": "CC BY 4.0",
        "code": "https://",
        "date": datetime.date.today().isoformat(),
    }
    files = {}
    if samples:
        digits = load(samples)
        files["samples.png"] = png(board_entries.to_sheet(digits))
        files["picture.png"] = png(enlarged(digits[:60]))
        entry |= {
            "settings": {},
            "seconds_of_two_cores": None,
            "device": "",
            "cores": None,
            "seed": None,
            "claimed": {"frechet": None},
            "picture_shows": DIGITS_SHOWN,
        }
    if picture:
        files["picture.png"] = shrunk(picture)
        entry |= {"picture_shows": ""} | ({} if samples else {"chapter": ""})
    folder.mkdir(parents=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    (folder / "entry.json").write_text(to_json(entry), "utf8")
    return folder


def load(path: str) -> np.ndarray:
    """Return the digits in a .npy or .npz file as uint8 (5000, 28, 28).

    Takes uint8, or floats in [-1, 1]. Raises ValueError with what is wrong.
    """
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.lib.npyio.NpzFile):
            if len(found.files) != 1:
                raise ValueError(f"{path} must hold one array, got {len(found.files)}.")
            found = found[found.files[0]]
    except FileNotFoundError:
        raise ValueError(f"{path} is not there: np.save it first.") from None
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        if "must hold one array" in str(error):
            raise
        raise ValueError(
            f"{path} is no .npy or .npz of plain numbers: write it with "
            "np.save('digits.npy', pictures)."
        ) from None
    if not isinstance(found, np.ndarray):
        raise ValueError(f"{path} must hold an array, written by np.save.")
    shape = f"{found.dtype} {found.shape}"
    if found.ndim == 4 and found.shape[-1] == 1:
        found = found[..., 0]
    if found.ndim != 3 or found.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"{path} must have shape (5000, 28, 28, 1), got {shape}.")
    if len(found) != COUNT:
        advice = "draw more" if len(found) < COUNT else "take the first 5,000, unchosen"
        raise ValueError(
            f"{path} must hold {COUNT:,} digits, got {len(found):,}: {advice}."
        )
    if found.dtype.kind == "f":
        if not np.isfinite(found).all():
            raise ValueError(f"{path} holds NaN or infinity: see where it came from.")
        low, high = float(found.min()), float(found.max())
        if low < -1.001 or high > 1.001 or low >= 0:
            raise ValueError(
                f"{path} must hold floats in [-1, 1], black -1 and white 1, or uint8, "
                f"got {shape} from {low:.3g} to {high:.3g}."
            )
        found = images.to_uint8(np.clip(found, -1, 1)[..., None].astype("float32"))
        found = found[..., 0]
    elif found.dtype != np.uint8:
        raise ValueError(f"{path} must hold floats in [-1, 1] or uint8, got {shape}.")
    if said := content_faults(found):
        raise ValueError(f"{path}: {said[0]}")
    return found


def png(pixels: np.ndarray) -> bytes:
    """Return pixels as the bytes of a PNG, the same on every machine."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def enlarged(digits: np.ndarray) -> np.ndarray:
    """Return sixty digits as one picture of five rows, each pixel a square of two."""
    return (
        board_entries.to_sheet(digits, columns=12).repeat(2, axis=0).repeat(2, axis=1)
    )


def shrunk(path: str) -> bytes:
    """Return a picture file as a PNG that fits; ValueError where there is no way."""
    try:
        pixels = images.to_uint8(images.load_picture(path))
    except (OSError, ValueError) as error:
        raise ValueError(str(error)) from None
    image = Image.fromarray(pixels)
    most = board_entries.LARGEST["picture.png"]
    for side in (1200, 900, 700, 500, 400, 300):
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        made = png(np.asarray(image))
        if len(made) <= most:
            return made
    raise ValueError(f"{path} stays over {most:,} bytes: cut out a part of it.")


def content_faults(digits: np.ndarray) -> list[str]:
    """Return what is wrong with digits, uint8, before they are measured."""
    if digits.max() <= 1:
        return ["the digits have values 0 and 1 of 255, all black: multiply by 255."]
    if digits.min() == digits.max():
        return ["the digits are all one grey: something went wrong on the way."]
    if digits.mean() > 127:
        return ["the digits are black on white, not white on black: invert them."]
    return []


def to_json(value: dict) -> str:
    """Return an entry as the text of its file."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
