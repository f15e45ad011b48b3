"""Two films of chapter 05: the tutorial's settings and ours, seen at the same 24
seconds."""

import io
import json

import numpy as np
from PIL import Image

from helpers import data, metrics, zoo
from helpers.store import packing, records

NAMES = ("tutorial", "ours")
ASSETS = [
    *(f"05/film-{name}" for name in NAMES),
    "06/digits-labelled",
    "data/digits-train-0.png",
    "data/digits-train-labels.npz",
    "data/digits-test-0.png",
    "data/digits-test-labels.npz",
]
ACROSS = 8  # sheets in a row of the sprite
SHEET = 5  # pictures in a row of a sheet


def floor():
    """Return the Fréchet distance of real digits, as chapter 05 measures it."""
    ruler = zoo.load("06/digits-labelled")
    train, test = (data.digits(split)[0] for split in ("train", "test"))
    return metrics.compare(
        generated=metrics.features(ruler, train[:5000]),
        real=metrics.features(ruler, test),
    )["frechet"]


def sheet(samples):
    """Lay 25 pictures (25, 28, 28, 1) into one (140, 140)."""
    rows = samples.reshape(SHEET, SHEET, 28, 28)
    return rows.transpose(0, 2, 1, 3).reshape(SHEET * 28, SHEET * 28)


def reel(film, frames):
    """Return what the page needs of one film, and add its sheets to `frames`, each
    once."""
    values, recipe = packing.values_of(film), film.settings["recipe"]
    logs = values["logs"]
    epochs = [int(epoch) for epoch in values["epochs"]]
    place = {}
    for moment, epoch in enumerate(epochs):
        if epoch not in place:
            place[epoch] = len(frames)
            frames.append(sheet(values["samples"][moment]))
    ends = np.cumsum(logs["cpu"])
    return {
        "frames": [place[epoch] for epoch in epochs],
        "epochs": epochs,
        "steps_per_epoch": len(data.digits("train")[0]) // recipe["batch"],
        **{
            key: [round(float(v), 4) for v in values[key]]
            for key in ("frechet", "precision", "recall")
        },
        # processor seconds at each epoch's end
        "ends": [round(float(v), 2) for v in ends],
        **{
            key: [round(float(v), 4) for v in logs[key]] for key in ("d_loss", "g_loss")
        },
    }


def files() -> dict[str, bytes]:
    """Return the files that this figure fetches: one sprite and its numbers."""
    films = {name: records.shipped(f"05/film-{name}") for name in NAMES}
    moments = [film.settings["moments"] for film in films.values()]
    if moments[0] != moments[1]:
        raise ValueError(f"The films were taken at different seconds: {moments}.")
    frames = []
    reels = {name: reel(film, frames) for name, film in films.items()}
    rows = -(-len(frames) // ACROSS)
    side = SHEET * 28
    sprite = np.zeros((rows * side, ACROSS * side), "uint8")
    for i, frame in enumerate(frames):
        top, left = i // ACROSS * side, i % ACROSS * side
        sprite[top : top + side, left : left + side] = frame
    picture = io.BytesIO()
    Image.fromarray(sprite).save(picture, "WEBP", lossless=True, quality=100, method=6)
    numbers = {
        "moments": [int(2 * m) for m in moments[0]],  # settings count pairs of seconds
        "across": ACROSS,
        "sheet": SHEET,
        "floor": round(floor(), 4),
        **reels,
    }
    return {
        "film.webp": picture.getvalue(),
        "film.json": json.dumps(numbers, separators=(",", ":")).encode(),
    }
