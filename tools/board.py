"""The board: check an entry, measure its digits, begin a new one.

    python -m tools.board --new NAME --samples digits.npy    # begin an entry
    python -m tools.board --new NAME --picture mine.png      # for the gallery alone
    python -m tools.board NAME           # check it, measure it, print its line
    python -m tools.board NAME --add     # and write what was measured into it
    python -m tools.board --own          # draw and measure the book's own anew
    python -m tools.board --changed REF  # check those that differ from a git commit

The board asks for the smallest Fréchet distance on chapter 06's ruler within 300
seconds of two cores: 5,000 digits against the 1,000 of the test split, on the features
of 06/digits-labelled. What an entry must hold stands in tools/board_entries.py.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from book.identity import ROOT, identity
from helpers import data, images, metrics
from tools import board_entries, board_new
from tools.board_entries import COUNT, SIDE

EXTRACTOR = "06/digits-labelled"
GROUPS = 20  # of digits, each left out once for the interval
CLOSE = 0.05  # the share of unseen digits that lies so near to a training digit
MOST_CLOSE, MOST_REPEATED = 0.10, 0.01  # shares that an entry may have of both
TOLERANCE = {"frechet": 0.05, "precision": 0.02, "recall": 0.02}
OWN = {  # name -> what the book says of its own entry
    "dcgan": {
        "model": "04/digits-dcgan",
        "title": "Chapter 04's DCGAN",
        "sentence": "Narrow networks, averaged weights, and forty passes over the "
        "digits.",
        "chapter": "04",
        "seed": 0,
    },
    "training-loop": {
        "model": "05/digits-dcgan",
        "title": "Chapter 05's recipe, all 300 seconds",
        "sentence": "Small batches and a bold rate; of three runs the best on the "
        "validation split.",
        "chapter": "05",
        "seed": 1,
    },
    "clothes": {
        "model": "06/fashion-dcgan",
        "title": "Clothes from chapter 06",
        "sentence": "The same network on clothes, stopped where the validation split "
        "said so.",
        "chapter": "06",
        "seed": 0,
        "shows": "Sixty generated pieces of clothing in five rows: pullovers, "
        "trousers, dresses, bags and shoes, most of them clear.",
    },
}


# --- measuring


def interval(generated: np.ndarray, real: np.ndarray) -> tuple[float, float, float]:
    """Return the Fréchet distance and the ends of its 95 % interval.

    It is the luck of the drawing: how far the value would move with another 5,000
    pictures of the same generator. Each of 20 groups is left out in turn (jackknife);
    the bias of the distance, equal in all, drops out. The 1,000 real pictures are the
    same for everybody, so their luck is not in it.
    """
    value = metrics.frechet_distance(generated, real)
    group = np.arange(len(generated)) % GROUPS
    left = [
        metrics.frechet_distance(generated[group != one], real) for one in range(GROUPS)
    ]
    error = np.sqrt((GROUPS - 1) * np.var(left))
    return value, max(value - 1.96 * error, 0.0), value + 1.96 * error


def centred(digits: np.ndarray) -> np.ndarray:
    """Return digits (N, 28, 28) as rows, each moved so that its ink is in the middle.

    So a copy that was moved is still a copy.
    """
    ink, places = digits.astype(np.float32), np.arange(SIDE)
    total = ink.sum(axis=(1, 2)) + 1e-6
    moved = []
    for axis in (2, 1):
        centre = (ink.sum(axis=axis) @ places) / total
        by = np.rint(centre - (SIDE - 1) / 2).astype(int)
        moved.append((places + by[:, None]) % SIDE)
    index = np.arange(len(ink))[:, None, None]
    return ink[index, moved[0][:, :, None], moved[1][:, None, :]].reshape(len(ink), -1)


def nearest(points: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Return each row's distance to the nearest of `bank`, in grey levels a pixel."""
    found, norms = [], np.sum(bank**2, axis=1)
    for block in np.array_split(points, max(1, len(points) // 500)):
        squared = np.sum(block**2, axis=1)[:, None] + norms - 2 * block @ bank.T
        found.append(squared.min(axis=1))
    return np.sqrt(np.maximum(np.concatenate(found), 0) / points.shape[1])


def nearer(points, bank, honest) -> float:
    """Return the share of `points` that is as near to `bank` as few honest ones are.

    Of `honest` pictures, which cannot be copies, CLOSE lie so near.
    """
    mark = np.quantile(nearest(honest, bank), CLOSE)
    return float(np.mean(nearest(points, bank) < mark))


def copies(digits: np.ndarray) -> dict[str, float]:
    """Return how many digits repeat the book's or each other, as shares and a count."""
    splits = {name: images.to_uint8(data.digits(name)[0]) for name in data.SPLITS}
    rows = {name: centred(one.reshape(-1, SIDE, SIDE)) for name, one in splits.items()}
    points = centred(digits)
    known = {row.tobytes() for one in rows.values() for row in one.astype(np.uint8)}
    unseen = np.concatenate([rows["validation"], rows["test"]])
    return {
        "exact": sum(row.tobytes() in known for row in points.astype(np.uint8)),
        "nearer_to_training": nearer(points, rows["train"], unseen),
        "nearer_to_test": nearer(points, rows["test"], rows["train"][:2000]),
        "repeated": 1 - len({digit.tobytes() for digit in digits}) / len(digits),
    }


def copy_faults(found: dict[str, float]) -> list[str]:
    """Return why an entry with so many copies cannot stand on the board."""
    said = []
    if found["exact"]:
        said.append(
            f"{found['exact']} of the digits are pictures that come with the book, "
            "maybe moved: a generator must draw its own."
        )
    for split in ("training", "test"):
        if (share := found[f"nearer_to_{split}"]) > MOST_CLOSE:
            said.append(
                f"{share:.0%} of the digits lie nearer to a {split} digit than "
                f"{1 - CLOSE:.0%} of unseen digits do, over {MOST_CLOSE:.0%}: that is "
                "learning by heart."
            )
    if found["repeated"] > MOST_REPEATED:
        said.append(
            f"{found['repeated']:.1%} of the digits are there more than once, over "
            f"{MOST_REPEATED:.0%}: draw each from latents of its own."
        )
    return said


def measure(digits: np.ndarray) -> dict[str, float]:
    """Return what the ruler says of digits, uint8 (5000, 28, 28), as a card tells it.

    Raises ValueError with all that is wrong, a line each.
    """
    said = board_new.content_faults(digits)
    found = {} if said else copies(digits)
    if said := said or copy_faults(found):
        raise ValueError("\n".join(said))
    from helpers import zoo

    extractor, floor = zoo.load(EXTRACTOR), zoo.card(EXTRACTOR)["metrics"]["floor"]
    real = metrics.features(extractor, data.digits("test")[0])
    drawn = metrics.features(extractor, images.from_uint8(digits[..., None]))
    scores = metrics.compare(generated=drawn, real=real)
    value, low, high = interval(drawn, real)
    if value < floor:
        raise ValueError(
            f"the Fréchet distance is {value:.3f}, below the floor of {floor:.3f} that "
            "5,000 real digits score: look for test digits in the training."
        )
    measured = {
        **scores,
        "frechet": value,
        "low": low,
        "high": high,
        **{key: found[key] for key in found if key != "exact"},
        "floor": floor,
    }
    rounded = {
        k: round(v, 4) if isinstance(v, float) else v for k, v in measured.items()
    }
    return {**rounded, "extractor": EXTRACTOR}


def claim_faults(claimed: dict, measured: dict) -> list[str]:
    """Return where an entry claims another number than was measured."""
    return [
        f"{key} is claimed as {value:g} and measured as {measured[key]:.3f}, further "
        f"apart than {TOLERANCE[key]:g}: claim what your own measurement says of these "
        "5,000 digits."
        for key, value in claimed.items()
        if abs(value - measured[key]) > TOLERANCE[key]
    ]


def drawn(model: str, seed: int) -> np.ndarray:
    """Return 5,000 pictures of a shipped generator as uint8 (5000, 28, 28)."""
    from helpers import zoo

    generator = zoo.load(model)
    latents = np.random.default_rng(seed).standard_normal(
        (COUNT, generator.input_shape[-1])
    )
    made = generator.predict(latents.astype("float32"), batch_size=500, verbose=0)
    return images.to_uint8(made).reshape(-1, SIDE, SIDE)


def line(name: str, measured: dict) -> str:
    """Return what was measured, in one line for the table and one for copies."""
    return (
        f"{name}: Fréchet {measured['frechet']:.2f} ({measured['low']:.2f} to "
        f"{measured['high']:.2f}), precision {measured['precision']:.2f}, recall "
        f"{measured['recall']:.2f}; {measured['n_generated']:,} digits against "
        f"{measured['n_real']:,}, features of {measured['extractor']}, floor "
        f"{measured['floor']:.2f}\n"
        f"{name}: nearer to a training digit than {1 - CLOSE:.0%} of unseen digits "
        f"{measured['nearer_to_training']:.1%} ({CLOSE:.0%} is usual), to a test digit "
        f"{measured['nearer_to_test']:.1%}; repeated {measured['repeated']:.1%}"
    )


def check(name: str, add: bool = False) -> list[str]:
    """Check and measure one entry, print its lines; return what is wrong with it."""
    said = board_entries.faults(name)
    if add:  # what was measured before is written anew
        said = [one for one in said if not one.startswith("measured ")]
    if said:
        return said
    folder = board_entries.BOARD / name
    entry = json.loads((folder / "entry.json").read_text("utf8"))
    if not board_entries.competes(entry):
        print(f"{name}: a picture for the gallery, and nothing to measure")
        return []
    if "model" in entry:
        digits = drawn(entry["model"], entry["seed"])
    else:
        digits = board_entries.samples(folder / "samples.png")
    try:
        measured = measure(digits)
    except ValueError as error:
        return str(error).splitlines()
    print(line(name, measured))
    if said := claim_faults(entry["claimed"], measured):
        return said
    if add:
        entry["measured"] = {
            **measured,
            "digits": board_entries.belongs_to(entry, folder),
        }
        (folder / "entry.json").write_text(board_new.to_json(entry), "utf8")
    elif "measured" not in entry:
        return ["nothing measured is written into it: say it again with --add."]
    elif differs := [
        key
        for key, value in measured.items()
        if isinstance(value, float) and abs(value - entry["measured"][key]) > 0.05
    ]:
        return [
            f"measured says other numbers ({', '.join(differs)}) than the digits do: "
            "measure it anew with --add."
        ]
    return []


# --- the book's own entries


def own_entry(says: dict) -> tuple[dict, bytes]:
    """Return an entry of the book's own as JSON has it, and its picture.

    Its digits are drawn from a shipped generator, so they are not stored: the seed of
    the training is that of the drawing too, and gives them again.
    """
    from helpers import zoo

    card, digits = zoo.card(says["model"]), drawn(says["model"], says["seed"])
    chapter = board_entries.BY_NUMBER[says["chapter"]]
    entry = {
        "name": "the book",
        "title": says["title"],
        "sentence": says["sentence"],
        "licence": "CC BY 4.0",
        "code": f"{identity().repository}/blob/main/notebooks/{chapter.name}.ipynb",
        "date": board_entries.FIRST_DAY.isoformat(),
        "chapter": says["chapter"],
        "picture_shows": says.get("shows", board_new.DIGITS_SHOWN),
    }
    if "shows" not in says:
        told, measured = card["metrics"], measure(digits)
        settings = card["settings"].get("recipe", card["settings"])
        seconds = told.get("seconds_of_two_cores") or card["cpu_seconds"] / 2
        entry |= {
            "settings": {key: settings[key] for key in settings if key != "seed"},
            "seconds_of_two_cores": round(seconds, 1),
            "device": card["hardware"].partition(",")[0],
            "cores": 2,
            "seed": says["seed"],
            "claimed": {key: round(told[key], 2) for key in TOLERANCE},
            "model": says["model"],
            "measured": {**measured, "digits": card["sha256"]},
        }
    return entry, board_new.png(board_new.enlarged(digits[:60]))


def write_own() -> None:
    """Write the folders of the book's own entries anew."""
    for name in board_entries.OWN:
        entry, picture = own_entry(OWN[name])
        folder = board_entries.BOARD / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "picture.png").write_bytes(picture)
        (folder / "entry.json").write_text(board_new.to_json(entry), "utf8")
        print(f"wrote book/board/{name}")


def changed(reference: str) -> list[str]:
    """Return the entries that differ from a git commit, less those that it took out."""
    listed = subprocess.run(
        [
            "git",
            "diff",
            "--name-only",
            "-z",
            "--end-of-options",
            reference,
            "--",
            "book/board",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        raise ValueError(f"git knows no commit {reference!r}: fetch it first.")
    names = {Path(file).parts[2] for file in listed.stdout.split("\0") if file}
    return sorted(names & {*board_entries.names()})


def _name(argument):
    """Return the name in a NAME or a path book/board/NAME."""
    path = Path(argument)
    if len(path.parts) > 1 and path.resolve().parent == board_entries.BOARD.resolve():
        return path.name
    return argument.rstrip("/")


def main(arguments: list[str] | None = None) -> int:
    """Do what the command says; return 1 where an entry has a fault."""
    parser = argparse.ArgumentParser(
        prog="tools.board", description=__doc__.splitlines()[0]
    )
    parser.add_argument("entry", nargs="*", help="names of folders in book/board")
    parser.add_argument("--add", action="store_true", help="write what was measured")
    parser.add_argument("--new", metavar="NAME", help="begin an entry")
    parser.add_argument("--samples", metavar="FILE", help="5,000 digits, .npy or .npz")
    parser.add_argument("--picture", metavar="FILE", help="a picture for the gallery")
    parser.add_argument("--own", action="store_true", help="make the book's own anew")
    parser.add_argument("--changed", metavar="REF", help="check what differs from it")
    options = parser.parse_args(arguments)
    try:
        if options.new:
            folder = board_new.begin(options.new, options.samples, options.picture)
            shown = folder.relative_to(board_entries.BOARD.parents[1])
            print(f"Made {shown}. Fill in {shown}/entry.json, then say:")
            print(f"python -m tools.board {options.new} --add")
            return 0
        if options.own:
            write_own()
            return 0
        if options.changed:
            names = changed(options.changed)
        else:
            names = [_name(one) for one in options.entry] or board_entries.names()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    bad = 0
    for name in names:
        for fault in check(name, options.add):
            bad += 1
            print(f"{name}: {fault}", file=sys.stderr)
    if not names:
        print("No entry of the board differs.")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
