"""The tokenizer of chapter 15, and real pieces of clothing from the test pictures."""

import numpy as np

from book.live.lib import weights as live_weights
from helpers import data, images, zoo

ASSETS = [
    "15/fashion-tokens",
    "data/fashion-train-0.png",
    "data/fashion-test-0.png",
    "data/fashion-test-labels.npz",
]
CHOSEN = [
    (0, 8),
    (0, 7),
    (1, 4),
    (2, 5),
    (3, 5),
    (4, 4),
    (5, 7),
    (6, 9),
    (7, 0),
    (8, 6),
    (9, 7),
    (9, 4),
]  # (class, which of that class in the test pictures): clear, and unlike


def files() -> dict[str, bytes]:
    """Return the files that this figure fetches."""
    facts, arrays = live_weights.tokenizer(
        zoo.load("15/fashion-tokens"), data.fashion()[0][:4000]
    )
    pictures, kinds = data.fashion("test")
    chosen = [np.flatnonzero(kinds == kind)[which] for kind, which in CHOSEN]
    arrays["pictures"] = images.to_uint8(pictures[chosen])
    facts["kinds"] = [kind for kind, _ in CHOSEN]
    return {"tokenizer.bin": live_weights.pack(facts, arrays)}
