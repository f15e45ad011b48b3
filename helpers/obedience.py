"""The exact judge of scenes: what a picture shows, and whether it was asked for."""

from collections.abc import Iterable
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from helpers import _arguments, shapes
from helpers._arguments import instance, told
from helpers.captions import Request, parse
from helpers.shapes import BACKGROUNDS, COLOURS, SHAPES, Object, Scene, World, mask

ATTRIBUTES = ("count", "shape", "colour", "size", "relation", "background")


def read(picture: ArrayLike, world: World) -> Scene | None:
    """Return the scene that a picture shows, or None if it shows none exactly.

    `picture` is (S, S, 3) in [-1, 1]. Each pixel counts as the colour nearest to it; a
    picture with more than 2 % of pixels far from any colour, or 1 % of another
    background, is refused. Each connected patch of a colour must have the bounding box
    of a large or a small object and differ from one shape in at most one pixel of a
    small object, two of a large one, unclear pixels included. Raises TypeError or
    ValueError for what is no picture of that world.

    >>> from helpers import data, obedience, shapes
    >>> pictures, captions, scenes = data.shapes("test", count=1)
    >>> obedience.read(pictures[0], shapes.SMALL) == scenes[0]
    True
    """
    instance(world, "world", World)
    pixels = _arguments.picture(picture)
    if pixels.shape != (world.size, world.size, 3):
        raise ValueError(
            f"picture must have shape ({world.size}, {world.size}, 3) in the "
            f"{world.name} world, got {told(pixels)}."
        )
    names = [*world.backgrounds, *COLOURS]
    colours = [{**BACKGROUNDS, **COLOURS}[name] for name in names]
    palette = np.array(colours, np.float32) / 127.5 - 1
    away = np.linalg.norm(pixels[:, :, None] - palette, axis=3)
    nearest = away.argmin(axis=2)
    unclear = away.min(axis=2) > 0.4
    if unclear.mean() > 0.02:
        return None
    counts = np.bincount(nearest.ravel(), minlength=len(names))
    counts = counts[: len(world.backgrounds)]
    background = int(counts.argmax())
    if counts.sum() - counts[background] > 0.01 * nearest.size:
        return None
    things = []
    for index in range(len(world.backgrounds), len(names)):
        patches, _ = ndimage.label(nearest == index, structure=np.ones((3, 3)))
        for number, box in enumerate(ndimage.find_objects(patches), start=1):
            patch = patches[box] == number
            thing = _name(patch, unclear[box], box, names[index], world)
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
            differs = {
                shape: (mask(shape, side) != patch) | unclear for shape in SHAPES
            }
            wrong = {shape: int(np.sum(pixels)) for shape, pixels in differs.items()}
            shape = min(wrong, key=wrong.get)
            if wrong[shape] > (2 if size == "large" else 1):
                return None
            row, col = (part.start + side // 2 for part in box)
            return Object(shape, colour, size, row, col)
    return None


def meets(scene: Scene | None, request: Request) -> dict[str, bool]:
    """Return which attributes of `request` a scene meets: a dict of bools, with "all".

    `scene` None, a picture that shows no scene, meets none. Objects may be named in any
    order, but "all" asks for one order in which everything holds, and no object may be
    left over: a blue circle and a red square have the colours and the shapes of "a red
    circle and a blue square", but not all. What a request does not demand is met.
    Raises TypeError for what is no Scene or Request.

    >>> from helpers import captions, obedience, shapes
    >>> scene = shapes.Scene((shapes.Object("circle", "blue", "small", row=11, col=3),))
    >>> met = obedience.meets(scene, captions.parse("a red circle"))
    >>> met["shape"], met["colour"], met["all"]
    (True, False, False)
    """
    instance(request, "request", Request)
    if scene is None:
        return dict.fromkeys((*ATTRIBUTES, "all"), False)
    instance(scene, "scene", Scene)
    wanted = [demand for demand in request.demands for _ in range(demand.count)]
    met = {"background": request.background in (None, scene.background)}
    met["count"] = len(scene.objects) == len(wanted)
    orders = list(permutations(scene.objects)) if met["count"] else []

    def fits(order, *names):
        return all(
            getattr(d, n) in (None, getattr(t, n))
            for d, t in zip(wanted, order, strict=True)
            for n in names
        )

    def stands(order):
        wished = request.relation
        stood = len(order) > 1 and shapes.relation(*order[:2])
        return wished is None or stood == wished

    for name in ("shape", "colour"):
        met[name] = any(fits(order, name) for order in orders)
    named = [order for order in orders if fits(order, "shape", "colour")] or orders
    met["size"] = any(fits(order, "size") for order in named)
    met["relation"] = request.relation is None or any(
        stands(order) and fits(order, "shape", "colour") for order in orders
    )
    met["all"] = met["background"] and any(
        stands(order) and fits(order, "shape", "colour", "size") for order in orders
    )
    return met


def obeys(
    picture: ArrayLike, wanted: str | Request, world: World = shapes.SMALL
) -> dict[str, bool]:
    """Return which attributes of a caption (or Request) a picture meets.

    A dict of bools, as from `meets`. `picture` is (S, S, 3) in [-1, 1], S the size of
    `world`. Raises as `read` and `captions.parse` do.

    >>> from helpers import data, obedience
    >>> pictures, captions, scenes = data.shapes("test", count=1)
    >>> obedience.obeys(pictures[0], captions[0])["all"]
    True
    """
    request = _request(wanted, "wanted", world)
    return meets(read(picture, world), request)


def _request(wanted, name, world):
    """Return the Request that a caption makes, or that was given."""
    if not isinstance(wanted, (str, Request)):
        raise TypeError(f"{name} must be a caption or Request, got {told(wanted)}.")
    return wanted if isinstance(wanted, Request) else parse(wanted, world)


def obeys_many(
    pictures: ArrayLike,
    wanted: Iterable[str | Request],
    world: World = shapes.SMALL,
) -> dict[str, np.ndarray]:
    """Return `obeys` for each picture and its caption, as a dict of bool arrays (N,).

    `pictures` is (N, S, S, 3) in [-1, 1], `wanted` a list of N captions or Requests.
    Raises ValueError if there are not as many pictures as captions, else as `obeys`
    does.

    >>> from helpers import data, obedience
    >>> pictures, captions, scenes = data.shapes("test", count=3)
    >>> obedience.obeys_many(pictures, captions)["all"].tolist()
    [True, True, True]
    """
    size = instance(world, "world", World).size
    shown = _arguments.images(pictures, "pictures", shape=(size, size, 3))
    try:
        several = None if isinstance(wanted, (str, bytes, dict)) else list(wanted)
    except Exception:  # nothing that can be gone through
        several = None
    if several is None:
        raise TypeError(f"wanted must be a list of captions, got {told(wanted)}.")
    if len(shown) != len(several):
        raise ValueError(
            "pictures and wanted must be as many, got "
            f"{len(shown)} pictures but {len(several)} captions."
        )
    asked = [_request(one, f"wanted[{i}]", world) for i, one in enumerate(several)]
    found = [meets(read(p, world), r) for p, r in zip(shown, asked, strict=True)]
    return {
        name: np.array([met[name] for met in found], bool)
        for name in (*ATTRIBUTES, "all")
    }
