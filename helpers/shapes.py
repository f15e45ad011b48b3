"""Scenes of coloured shapes: drawn by rule, without end, and read back exactly.

A `World` says what a scene may hold. `random_scene` draws one of a split, `draw` paints
it, `read` turns a picture back into its scene or refuses. `helpers.captions` puts
scenes into words and judges a picture by a caption. Pictures are float32 (S, S, 3) in
[-1, 1].
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy import ndimage

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
INVERSE = {"left": "right", "right": "left", "above": "below", "below": "above"}


@dataclass(frozen=True)
class World:
    """Say what scenes may hold: size of the picture, sizes of objects, how many, and
    where.

    `size` is in pixels; `sides` gives the pixels of a large and a small object;
    `backgrounds` are names of BACKGROUNDS; `cell` > 0 puts centres into the middle of
    cells of that many pixels, `cell` 0 anywhere on every second pixel.
    """

    name: str
    size: int
    sides: tuple
    backgrounds: tuple
    most: int
    cell: int


@dataclass(frozen=True)
class Object:
    """Hold one object: shape, colour, size ("large" or "small"), row and col of its
    centre."""

    shape: str
    colour: str
    size: str
    row: int
    col: int


@dataclass(frozen=True)
class Scene:
    """Hold the objects of a picture, in reading order, and the name of its
    background."""

    objects: tuple
    background: str = "dark"


SMALL = World("small", 24, (("large", 7), ("small", 5)), ("dark",), 2, 8)
RICH = World("rich", 32, (("large", 9), ("small", 5)), ("dark", "grey", "purple"), 3, 0)
WORLDS = {world.name: world for world in (SMALL, RICH)}


def mask(shape, side):
    """Return which pixels of a `side` x `side` square (odd) a shape covers, as a bool
    array."""
    middle = side // 2
    rows, cols = np.mgrid[:side, :side] - middle
    if shape == "square":
        return np.ones((side, side), bool)
    if shape == "circle":
        return rows**2 + cols**2 <= middle**2 + 1.5
    if shape == "triangle":
        return np.abs(cols) <= (rows + middle + 1) // 2
    return (np.abs(rows) <= side // 9) | (np.abs(cols) <= side // 9)


def draw(scene, world):
    """Paint a scene: (S, S, 3) float32 in [-1, 1]. Raises ValueError if an object
    leaves it."""
    picture = np.empty((world.size, world.size, 3), np.uint8)
    picture[:] = BACKGROUNDS[scene.background]
    for thing in scene.objects:
        side = dict(world.sides)[thing.size]
        top, left = thing.row - side // 2, thing.col - side // 2
        if min(top, left) < 0 or max(top, left) + side > world.size:
            raise ValueError(
                f"The object at row {thing.row}, col {thing.col} leaves the picture "
                f"of {world.size} pixels: move it inwards."
            )
        part = picture[top : top + side, left : left + side]
        part[mask(thing.shape, side)] = COLOURS[thing.colour]
    return (picture / np.float32(127.5) - 1).astype(np.float32)


def relation(first, second):
    """Return how `first` stands to `second`: "left", "right", "above", "below", or
    None.

    The larger of the two distances between their centres decides; where they are equal,
    none.
    """
    down, right = first.row - second.row, first.col - second.col
    if abs(down) == abs(right):
        return None
    if abs(right) > abs(down):
        return "left" if right < 0 else "right"
    return "above" if down < 0 else "below"


def held_out(scene):
    """Return which held-out things a scene holds: a subset of pairs, relations,
    combinations."""
    kinds = [(thing.colour, thing.shape) for thing in scene.objects]
    found = {"combinations"} if set(kinds) & set(HELD_OUT_COMBINATIONS) else set()
    for i, first in enumerate(scene.objects):
        for j, second in enumerate(scene.objects):
            if i < j and frozenset((kinds[i], kinds[j])) in HELD_OUT_PAIRS:
                found.add("pairs")
            if i != j and (first.shape, relation(first, second), second.shape) in (
                HELD_OUT_RELATIONS
            ):
                found.add("relations")
    return found


def random_scene(rng, world, split="train", objects=None):
    """Draw a scene of `world` that belongs to `split`.

    `rng` is a numpy Generator. Scenes of "train", "validation" and "test" hold nothing
    held out; those of "pairs", "relations" and "combinations" hold that and nothing
    else held out. `objects` fixes how many there are; else three scenes in ten have one
    object (all of them in "combinations"). Raises ValueError for another split, or a
    number that cannot be.
    """
    check_split(split)
    least = 2 if split in ("pairs", "relations") else 1
    if objects is not None and objects not in range(least, world.most + 1):
        raise ValueError(
            f"objects must be from {least} to {world.most} for split {split!r} in "
            f"the {world.name} world, got {objects!r}."
        )
    wanted = {split} - {"train", "validation", "test"}
    if objects is None:
        alone = split == "combinations" or (least == 1 and rng.random() < 0.3)
        objects = 1 if alone else int(rng.integers(2, world.most + 1))
    while True:
        scene = _any_scene(rng, world, objects, split)
        if scene is not None and held_out(scene) == wanted:
            return scene


def _any_scene(rng, world, count, split):
    """Draw a scene without regard to what is held out, or return None if it does not
    fit."""
    kinds = [KINDS[i] for i in rng.integers(len(KINDS), size=count)]
    if split == "combinations":
        kinds[0] = HELD_OUT_COMBINATIONS[rng.integers(len(HELD_OUT_COMBINATIONS))]
    elif split == "pairs":
        pairs = sorted(sorted(pair) for pair in HELD_OUT_PAIRS)
        kinds[:2] = pairs[rng.integers(len(pairs))]
    elif count == 2 and world.cell == 0 and rng.random() < 0.25:
        kinds[1] = kinds[0]  # so that there is something to count
    elif count == 3 and rng.random() < 0.5:
        kinds[1] = kinds[0]
    things = []
    for colour, shape in kinds:
        size, side = world.sides[rng.integers(2)]
        if (
            things
            and things[0].colour == colour
            and things[0].shape == shape
            and world.cell == 0
        ):
            size = things[0].size
            side = dict(world.sides)[size]
        if world.cell:
            row, col = rng.integers(world.size // world.cell, size=2) * world.cell
            row, col = row + world.cell // 2 - 1, col + world.cell // 2 - 1
        else:
            room = (world.size - side) // 2
            row, col = rng.integers(room + 1, size=2) * 2 + side // 2
        thing = Object(shape, colour, size, int(row), int(col))
        for other in things:
            between = side // 2 + dict(world.sides)[other.size] // 2 + 2
            down, right = abs(thing.row - other.row), abs(thing.col - other.col)
            touch = max(down, right) < (1 if world.cell else between)
            unclear = abs(down - right) < (1 if world.cell else 3)
            if touch or unclear:
                return None
        things.append(thing)
    background = world.backgrounds[rng.integers(len(world.backgrounds))]
    return Scene(tuple(sorted(things, key=lambda t: (t.row, t.col))), background)


def read(picture, world):
    """Return the scene that a picture shows, or None if it shows none exactly.

    `picture` is (S, S, 3) in [-1, 1]. Each pixel counts as the colour nearest to it; a
    picture with more than 2 % of pixels far from any colour, or 1 % of another
    background, is refused. Each connected patch of a colour must have the bounding box
    of a large or a small object and differ from one shape in at most one pixel of a
    small object, two of a large one, unclear pixels included. Raises as
    `check_pictures` does.
    """
    picture = check_pictures([picture], world)[0]
    names = [*world.backgrounds, *COLOURS]
    palette = (
        np.array([{**BACKGROUNDS, **COLOURS}[n] for n in names], np.float32) / 127.5 - 1
    )
    away = np.linalg.norm(picture[:, :, None] - palette, axis=3)
    nearest = away.argmin(axis=2)
    unclear = away.min(axis=2) > 0.4
    if unclear.mean() > 0.02:
        return None
    counts = np.bincount(nearest.ravel(), minlength=len(names))[
        : len(world.backgrounds)
    ]
    background = int(counts.argmax())
    if counts.sum() - counts[background] > 0.01 * nearest.size:
        return None
    things = []
    for index in range(len(world.backgrounds), len(names)):
        patches, _ = ndimage.label(nearest == index, structure=np.ones((3, 3)))
        for number, box in enumerate(ndimage.find_objects(patches), start=1):
            thing = _name(
                patches[box] == number, unclear[box], box, names[index], world
            )
            if thing is None:
                return None
            things.append(thing)
    if not 1 <= len(things) <= world.most:
        return None
    return Scene(tuple(sorted(things, key=lambda t: (t.row, t.col))), names[background])


def _name(patch, unclear, box, colour, world):
    """Return the object that a patch of one colour is, or None."""
    for size, side in world.sides:
        if patch.shape == (side, side):
            wrong = {
                shape: int(np.sum((mask(shape, side) != patch) | unclear))
                for shape in SHAPES
            }
            shape = min(wrong, key=wrong.get)
            if wrong[shape] > (2 if size == "large" else 1):
                return None
            rows, cols = box
            return Object(
                shape, colour, size, rows.start + side // 2, cols.start + side // 2
            )
    return None


def make(split="train", count=1000, world="small", seed=0, objects=None):
    """Return (pictures, captions, scenes) of a split; `helpers.data.shapes` documents
    it."""
    from helpers import captions

    check_split(split)
    if not isinstance(world, World) and world not in WORLDS:
        raise ValueError(
            f"world must be a World or one of {', '.join(WORLDS)}, not {world!r}."
        )
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
        raise ValueError(f"count must be a whole number of at least 1, got {count!r}.")
    world = world if isinstance(world, World) else WORLDS[world]
    rng = np.random.default_rng([seed, SPLITS.index(split)])
    scenes = [random_scene(rng, world, split, objects) for _ in range(count)]
    pictures = np.stack([draw(scene, world) for scene in scenes])
    return pictures, [captions.caption(scene, rng, world) for scene in scenes], scenes


def check_split(split):
    """Raise ValueError unless `split` is one of SPLITS."""
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}.")


def check_pictures(pictures, world):
    """Return pictures as float32 (N, S, S, 3), or say in one sentence what is wrong."""
    pictures = np.asarray(pictures)
    if pictures.dtype.kind != "f":
        raise TypeError(
            f"pictures must be floats in [-1, 1], but their dtype is {pictures.dtype}."
        )
    if pictures.shape[1:] != (world.size, world.size, 3):
        raise ValueError(
            f"pictures must have shape (N, {world.size}, {world.size}, 3) in the "
            f"{world.name} world, got {pictures.shape}."
        )
    if not np.isfinite(pictures).all():
        raise ValueError("pictures hold NaN or infinite values.")
    if len(pictures) and np.abs(pictures).max() > 2:
        raise ValueError(
            f"pictures must lie in [-1, 1], but reach {np.abs(pictures).max():.3g}."
        )
    return pictures.astype(np.float32)
