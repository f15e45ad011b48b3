"""Image GPT of chapter 16, and the decoder of chapter 15 that shows what it writes."""

from book.live.lib import weights as live_weights
from helpers import data, zoo

ASSETS = ["16/fashion-gpt", "15/fashion-tokens", "data/fashion-train-0.png"]


def files() -> dict[str, bytes]:
    """Return the files that this figure fetches."""
    facts, arrays = live_weights.tokenizer(
        zoo.load("15/fashion-tokens"), data.fashion()[0][:4000], encoder=False
    )
    model, weights = live_weights.transformer(zoo.load("16/fashion-gpt"))
    return {"model.bin": live_weights.pack({**facts, **model}, {**arrays, **weights})}
