"""Scenes of coloured shapes, drawn by rule, without end.

A `World` says what a scene may hold, `random_scene` draws one of a split, `draw` paints
it. `helpers.captions` puts scenes into words, `helpers.obedience` reads a picture back
and judges it by a caption. Pictures are float32 (S, S, 3) in [-1, 1].
"""

from dataclasses import dataclass

import numpy as np

from helpers import _kinds
from helpers._arguments import choice, generator, instance, told, whole
from helpers._kinds import (
    BACKGROUNDS,
    COLOURS,
    HELD_OUT_COMBINATIONS,
    HELD_OUT_PAIRS,
    HELD_OUT_RELATIONS,
    SHAPES,
    SPLITS,
)

KINDS = _kinds.KINDS


@dataclass(frozen=True)
class World:
    """Say what scenes may hold: how large the picture and its objects, how many, where.

    `size` is in pixels; `sides` gives the pixels of a large and a small object, two
    pairs (name, odd number); `backgrounds` are names of BACKGROUNDS; `most` is how many
    objects there may be; `cell` > 0 puts centres into the middle of cells of that many
    pixels, `cell` 0 anywhere on every second pixel. Raises TypeError or ValueError.

    >>> from helpers import data, shapes
    >>> sides = (("large", 7), ("small", 5))
    >>> world = shapes.World("tiny", 16, sides, ("dark",), most=1, cell=8)
    >>> data.shapes(count=2, world=world)[0].shape
    (2, 16, 16, 3)
    """

    name: str
    size: int
    sides: tuple[tuple[str, int], ...]
    backgrounds: tuple[str, ...]
    most: int
    cell: int

    def __post_init__(self):
        if not isinstance(self.name, str):
            raise TypeError(f"name must be a string, got {told(self.name)}.")
        size = whole(self.size, "size", 1, 1024)
        whole(self.most, "most", 1, 9), whole(self.cell, "cell", 0, size)
        _kinds.check_sides(self.sides, size)
        if not isinstance(self.backgrounds, tuple) or not self.backgrounds:
            raise TypeError(
                f"backgrounds must be a tuple, got {told(self.backgrounds)}."
            )
        for one in self.backgrounds:
            choice(one, "backgrounds", BACKGROUNDS)


@dataclass(frozen=True)
class Object:
    """Hold one object: shape, colour, size (large or small), its centre's row, col.

    Raises TypeError or ValueError for a shape, colour or place that there is not.

    >>> from helpers import shapes
    >>> thing = shapes.Object("circle", "red", "large", row=11, col=3)
    >>> thing.colour
    'red'
    """

    shape: str
    colour: str
    size: str
    row: int
    col: int

    def __post_init__(self):
        choice(self.shape, "shape", SHAPES), choice(self.colour, "colour", COLOURS)
        if not isinstance(self.size, str):
            raise TypeError(f"size must be 'large' or 'small', got {told(self.size)}.")
        whole(self.row, "row", 0), whole(self.col, "col", 0)


@dataclass(frozen=True)
class Scene:
    """Hold a picture's objects, in reading order, and the name of its background.

    Raises TypeError or ValueError for what is no tuple of Object, or no background.

    >>> from helpers import shapes
    >>> scene = shapes.Scene((shapes.Object("circle", "red", "large", row=11, col=3),))
    >>> len(scene.objects), scene.background
    (1, 'dark')
    """

    objects: tuple[Object, ...]
    background: str = "dark"

    def __post_init__(self):
        several = isinstance(self.objects, tuple)
        if not several or not all(isinstance(one, Object) for one in self.objects):
            raise TypeError(
                f"objects must be a tuple of shapes.Object, got {told(self.objects)}."
            )
        choice(self.background, "background", BACKGROUNDS)


SMALL = World("small", 24, (("large", 7), ("small", 5)), ("dark",), 2, 8)
RICH = World("rich", 32, (("large", 9), ("small", 5)), ("dark", "grey", "purple"), 3, 0)
WORLDS = {world.name: world for world in (SMALL, RICH)}


def mask(shape: str, side: int) -> np.ndarray:
    """Return which pixels of a `side` x `side` square (odd) a shape covers: bools.

    Raises TypeError or ValueError for another shape, or a side outside 1 to 1024.

    >>> from helpers import shapes
    >>> print(shapes.mask("triangle", 5).astype(int))
    [[0 0 1 0 0]
     [0 1 1 1 0]
     [0 1 1 1 0]
     [1 1 1 1 1]
     [1 1 1 1 1]]
    """
    choice(shape, "shape", SHAPES)
    side = whole(side, "side", 1, 1024)
    middle = side // 2
    rows, cols = np.mgrid[:side, :side] - middle
    if shape == "square":
        return np.ones((side, side), bool)
    if shape == "circle":
        return rows**2 + cols**2 <= middle**2 + 1.5
    if shape == "triangle":
        return np.abs(cols) <= (rows + middle + 1) // 2
    return (np.abs(rows) <= side // 9) | (np.abs(cols) <= side // 9)


def draw(scene: Scene, world: World) -> np.ndarray:
    """Paint a scene: (S, S, 3) float32 in [-1, 1].

    Raises TypeError for what is no Scene or World, ValueError if an object leaves it or
    has a size that the world does not have.

    >>> from helpers import shapes
    >>> scene = shapes.Scene((shapes.Object("circle", "red", "large", row=11, col=3),))
    >>> shapes.draw(scene, shapes.SMALL).shape
    (24, 24, 3)
    """
    instance(scene, "scene", Scene), instance(world, "world", World)
    picture, sides = np.empty((world.size, world.size, 3), np.uint8), dict(world.sides)
    picture[:] = BACKGROUNDS[scene.background]
    for thing in scene.objects:
        side = sides[choice(thing.size, "The size of an object of scene", sides)]
        top, left = thing.row - side // 2, thing.col - side // 2
        if min(top, left) < 0 or max(top, left) + side > world.size:
            raise ValueError(
                f"The object at row {thing.row}, col {thing.col} leaves the picture "
                f"of {world.size} pixels: move it inwards."
            )
        part = picture[top : top + side, left : left + side]
        part[mask(thing.shape, side)] = COLOURS[thing.colour]
    return (picture / np.float32(127.5) - 1).astype(np.float32)


def relation(first: Object, second: Object) -> str | None:
    """Return how `first` stands to `second`: left, right, above, below, or None.

    The larger of the two distances between their centres decides; where they are equal,
    none. Raises TypeError for what is no Object.

    >>> from helpers import shapes
    >>> circle = shapes.Object("circle", "red", "large", row=11, col=3)
    >>> cross = shapes.Object("cross", "blue", "large", row=11, col=19)
    >>> shapes.relation(circle, cross)
    'left'
    """
    instance(first, "first", Object), instance(second, "second", Object)
    down, right = first.row - second.row, first.col - second.col
    if abs(down) == abs(right):
        return None
    if abs(right) > abs(down):
        return "left" if right < 0 else "right"
    return "above" if down < 0 else "below"


def held_out(scene: Scene) -> set[str]:
    """Return which held-out things a scene holds, of pairs, relations, combinations.

    A set of strings. Raises TypeError for what is no Scene.

    >>> from helpers import shapes
    >>> thing = shapes.Object("circle", "yellow", "large", row=11, col=3)
    >>> shapes.held_out(shapes.Scene((thing,)))
    {'combinations'}
    """
    instance(scene, "scene", Scene)
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


def random_scene(
    rng: np.random.Generator,
    world: World,
    split: str = "train",
    objects: int | None = None,
) -> Scene:
    """Draw a scene of `world` that belongs to `split`.

    `rng` is a numpy Generator. Scenes of "train", "validation" and "test" hold nothing
    held out; those of "pairs", "relations" and "combinations" hold that and nothing
    else held out. `objects` fixes how many there are; else three scenes in ten have one
    object (all of them in "combinations"). Raises TypeError or ValueError for another
    split, for a number that cannot be, and for a world without room for the objects.

    >>> import numpy as np
    >>> from helpers import shapes
    >>> scene = shapes.random_scene(np.random.default_rng(0), shapes.SMALL)
    >>> [(thing.colour, thing.shape) for thing in scene.objects]
    [('yellow', 'square'), ('green', 'triangle')]
    """
    choice(split, "split", SPLITS)
    generator(rng), instance(world, "world", World)
    least = 2 if split in ("pairs", "relations") else 1
    if world.most < least:
        raise ValueError(
            f"split {split!r} needs two objects, but world has at most {world.most}."
        )
    if objects is not None:
        objects = whole(objects, "objects", least, world.most)
    elif world.most == 1:
        objects = 1
    wanted = {split} - {"train", "validation", "test"}
    if objects is None:
        alone = split == "combinations" or (least == 1 and rng.random() < 0.3)
        objects = 1 if alone else int(rng.integers(2, world.most + 1))
    for _ in range(10_000):
        scene = _any_scene(rng, world, objects, split)
        if scene is not None and held_out(scene) == wanted:
            return scene
    raise ValueError(
        f"world has no room for {objects} objects, large or small, that do not touch: "
        "make it larger, or ask for fewer."
    )


def _any_scene(rng, world, count, split):
    """Draw a scene, whatever is held out; return None if it does not fit."""
    kinds = _kinds.some(rng, count, split, alike=world.cell == 0)
    things = []
    for colour, shape in kinds:
        size, side = world.sides[rng.integers(2)]
        alike = things and (things[0].colour, things[0].shape) == (colour, shape)
        if alike and world.cell == 0:
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
