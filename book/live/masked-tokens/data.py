"""The masked model of chapter 17, the decoder of chapter 15, and real clothes as
tokens."""

import numpy as np

from book.live.lib import weights as live_weights
from helpers import data, tokenizer, zoo

ASSETS = [
    "17/fashion-masked-tokens",
    "15/fashion-tokens",
    "data/fashion-train-0.png",
    "data/fashion-test-0.png",
    "data/fashion-test-labels.npz",
]
CHOSEN = [
    (0, 7),
    (2, 5),
    (3, 4),
    (5, 7),
    (8, 6),
    (9, 7),
]  # (class, which of that class)


def files() -> dict[str, bytes]:
    """Return the files that this figure fetches."""
    facts, arrays = live_weights.tokenizer(
        zoo.load("15/fashion-tokens"), data.fashion()[0][:4000], encoder=False
    )
    model, weights = live_weights.transformer(zoo.load("17/fashion-masked-tokens"))
    pictures, kinds = data.fashion("test")
    chosen = [np.flatnonzero(kinds == kind)[which] for kind, which in CHOSEN]
    tokens = tokenizer.load("fashion").encode(pictures[chosen])
    facts |= {**model, "kinds": [kind for kind, _ in CHOSEN]}
    return {
        "model.bin": live_weights.pack(
            facts, {**arrays, **weights, "clothes": tokens.astype(np.uint8)}
        )
    }
