"""The kinds of things in scenes, and which of them no training scene holds together.

`helpers.shapes` hands these names on; a kind is (colour, shape).
"""

from itertools import combinations_with_replacement

import numpy as np

from helpers._arguments import told, whole

SHAPES = ("circle", "square", "triangle", "cross")
COLOURS = {  # red, green, blue in 0 to 255, far apart from each other
    "red": (228, 42, 42),
    "green": (34, 178, 70),
    "blue": (48, 96, 240),
    "yellow": (250, 214, 40),
    "pink": (244, 120, 200),
    "white": (245, 245, 245),
}
BACKGROUNDS = {"dark": (26, 26, 36), "grey": (128, 130, 134), "purple": (90, 40, 130)}
SPLITS = ("train", "validation", "test", "pairs", "relations", "combinations")
# What no training scene holds. A kind is (colour, shape); a relation reads "circle left
# square".
HELD_OUT_COMBINATIONS = (
    ("yellow", "circle"),
    ("pink", "square"),
    ("blue", "triangle"),
    ("red", "cross"),
)
HELD_OUT_RELATIONS = (
    ("circle", "left", "square"),
    ("triangle", "above", "cross"),
    ("cross", "left", "triangle"),
    ("square", "above", "circle"),
)
KINDS = tuple(
    (c, s) for c in COLOURS for s in SHAPES if (c, s) not in HELD_OUT_COMBINATIONS
)
_PAIRS = list(combinations_with_replacement(KINDS, 2))
HELD_OUT_PAIRS = frozenset(
    frozenset(_PAIRS[i])
    for i in np.random.default_rng(0).permutation(len(_PAIRS))[:30]
    if _PAIRS[i][0] != _PAIRS[i][1]
)


def some(rng, count, split, alike):
    """Return `count` kinds for a scene of `split`; alike: two may be of one kind."""
    kinds = [KINDS[i] for i in rng.integers(len(KINDS), size=count)]
    if split == "combinations":
        kinds[0] = HELD_OUT_COMBINATIONS[rng.integers(len(HELD_OUT_COMBINATIONS))]
    elif split == "pairs":
        pairs = sorted(sorted(pair) for pair in HELD_OUT_PAIRS)
        kinds[:2] = pairs[rng.integers(len(pairs))]
    elif count == 2 and alike and rng.random() < 0.25:
        kinds[1] = kinds[0]  # so that there is something to count
    elif count == 3 and rng.random() < 0.5:
        kinds[1] = kinds[0]
    return kinds


def check_sides(sides, size):
    """Raise ValueError unless `sides` are those of a large and a small object."""
    try:
        listed = sides if isinstance(sides, (tuple, list)) else []
        pixels = [whole(side, "sides", 1, size) for _, side in listed]
    except (TypeError, ValueError):
        pixels = []
    if len(pixels) != 2 or not all(side % 2 for side in pixels):
        raise ValueError(
            "sides must be two pairs (name, odd number of pixels within size), got "
            f"{told(sides)}."
        )
