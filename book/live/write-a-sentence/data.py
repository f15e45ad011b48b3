"""Weights, code and results of the model with three objects in free places, of chapter
18."""

from book.live.lib import weights as live_weights
from helpers import shapes, zoo
from helpers.store import packing, records

NAME = "18/text-to-image-three"
CODE = "18/three-code"
ASSETS = [NAME, CODE]


def files() -> dict[str, bytes]:
    """Return the files that this figure fetches."""
    facts, arrays = live_weights.transformer(zoo.load(NAME))
    code = packing.values_of(records.shipped(CODE))
    card = zoo.card(NAME)
    settings, metrics = card["settings"], card["metrics"]
    facts |= {
        "weights": card["parameters"],
        "scenes": sum(settings[count] for count in ("one", "two", "three")),
        "asked": metrics["n"],  # captions of each sort, as chapter 18 judged them
        "obeyed": {sort: mean for sort, (mean, _) in metrics["obeyed"].items()},
        "scale": metrics["scale"],
        "temperature": metrics["temperature"],
        "held": {
            "combinations": shapes.HELD_OUT_COMBINATIONS,
            "relations": shapes.HELD_OUT_RELATIONS,
            "pairs": sorted(sorted(pair) for pair in shapes.HELD_OUT_PAIRS),
        },
    }
    return {
        "model.bin": live_weights.pack(
            facts,
            arrays
            | {f"code.{part}": code[part] for part in ("masks", "inks", "papers")},
        )
    }
