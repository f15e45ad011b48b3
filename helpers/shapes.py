"""Scenes of coloured shapes, drawn by rule, without end.

A `World` says what a scene may hold, `random_scene` draws one of a split, `draw` paints
it. `helpers.captions` puts scenes into words, `helpers.obedience` reads a picture back
and judges it by a caption. Pictures are float32 (S, S, 3) in [-1, 1].
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from helpers._arguments import choice, generator, told, whole

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
    """Hold one object: shape, colour, size (large or small), its centre's row, col."""

    shape: str
    colour: str
    size: str
    row: int
    col: int


@dataclass(frozen=True)
class Scene:
    """Hold a picture's objects, in reading order, and the name of its background."""

    objects: tuple
    background: str = "dark"


SMALL = World("small", 24, (("large", 7), ("small", 5)), ("dark",), 2, 8)
RICH = World("rich", 32, (("large", 9), ("small", 5)), ("dark", "grey", "purple"), 3, 0)
WORLDS = {world.name: world for world in (SMALL, RICH)}


def mask(shape, side):
    """Return which pixels of a `side` x `side` square (odd) a shape covers: bools."""
    choice(shape, "shape", SHAPES)
    side = whole(side, "side")
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
    """Paint a scene: (S, S, 3) float32 in [-1, 1].

    Raises TypeError for what is no Scene or World, ValueError if an object leaves it.
    """
    check_scene(scene), check_world(world)
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
    """Return how `first` stands to `second`: left, right, above, below, or None.

    The larger of the two distances between their centres decides; where they are equal,
    none.
    """
    for name, thing in (("first", first), ("second", second)):
        if not isinstance(thing, Object):
            raise TypeError(f"{name} must be a shapes.Object, got {told(thing)}.")
    down, right = first.row - second.row, first.col - second.col
    if abs(down) == abs(right):
        return None
    if abs(right) > abs(down):
        return "left" if right < 0 else "right"
    return "above" if down < 0 else "below"


def held_out(scene):
    """Return which held-out things a scene holds, of pairs, relations, combinations."""
    check_scene(scene)
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
    choice(split, "split", SPLITS)
    generator(rng), check_world(world)
    least = 2 if split in ("pairs", "relations") else 1
    if objects is not None:
        objects = whole(objects, "objects", least, world.most)
    wanted = {split} - {"train", "validation", "test"}
    if objects is None:
        alone = split == "combinations" or (least == 1 and rng.random() < 0.3)
        objects = 1 if alone else int(rng.integers(2, world.most + 1))
    while True:
        scene = _any_scene(rng, world, objects, split)
        if scene is not None and held_out(scene) == wanted:
            return scene


def _any_scene(rng, world, count, split):
    """Draw a scene, whatever is held out; return None if it does not fit."""
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


def check_world(world):
    """Return `world` if it is a World; raise TypeError if not."""
    if not isinstance(world, World):
        raise TypeError(f"world must be a shapes.World, got {told(world)}.")
    return world


def check_scene(scene):
    """Return `scene` if it is a Scene; raise TypeError if not."""
    if not isinstance(scene, Scene):
        raise TypeError(f"scene must be a shapes.Scene, got {told(scene)}.")
    return scene
