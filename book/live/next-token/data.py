"""Image GPT of chapter 16, and the decoder of chapter 15 that shows what it writes."""

from helpers import data, zoo
from tools import live_weights

ASSETS = [
    "weights/fashion-gpt.npz",
    "cards/fashion-gpt.json",
    "weights/fashion-tokens.npz",
    "cards/fashion-tokens.json",
    "data/fashion-train-0.png",
]


def files() -> dict[str, bytes]:
    """Return the files that this figure fetches."""
    facts, arrays = live_weights.tokenizer(
        zoo.load("fashion-tokens"), data.fashion()[0][:4000], encoder=False
    )
    model, weights = live_weights.transformer(zoo.load("fashion-gpt"))
    return {"model.bin": live_weights.pack({**facts, **model}, {**arrays, **weights})}
