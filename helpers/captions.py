"""Sentences about scenes: written by a small grammar, parsed by another.

`caption` puts a scene of `helpers.shapes` into words, in many wordings; `parse` reads
what a sentence demands, from the words alone.
"""

import re
from dataclasses import dataclass

import numpy as np

from helpers import shapes
from helpers._arguments import choice, generator, instance, told, whole

NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3}
SIZES = {"large": "large", "big": "large", "small": "small", "little": "small"}
RELATIONS = {
    "left of": "left",
    "to the left of": "left",
    "right of": "right",
    "to the right of": "right",
    "above": "above",
    "over": "above",
    "below": "below",
    "under": "below",
}
OPENINGS = ("", "", "there is ", "a picture of ", "draw ")
PLURALS = {
    shape: shape + ("es" if shape == "cross" else "s") for shape in shapes.SHAPES
}
WORDS = tuple(
    sorted(
        {
            word
            for phrase in (
                *NUMBERS,
                *SIZES,
                *RELATIONS,
                *OPENINGS,
                *PLURALS,
                *PLURALS.values(),
                *shapes.COLOURS,
                *shapes.BACKGROUNDS,
                "on a background",
                "and",
                "is",
                "are",
                "with it",
            )
            for word in phrase.split()
        }
    )
)


@dataclass(frozen=True)
class Demand:
    """Hold what a caption says of some objects: how many, which; size None is any.

    Raises TypeError or ValueError for what no caption says.

    >>> from helpers import captions
    >>> demand = captions.Demand(count=2, size="small", colour="red", shape="circle")
    >>> captions.parse("two small red circles").demands == (demand,)
    True
    """

    count: int
    size: str | None
    colour: str
    shape: str

    def __post_init__(self):
        whole(self.count, "count", 1, max(NUMBERS.values()))
        if self.size is not None:
            choice(self.size, "size", sorted(set(SIZES.values())))
        choice(self.colour, "colour", shapes.COLOURS)
        choice(self.shape, "shape", shapes.SHAPES)


@dataclass(frozen=True)
class Request:
    """Hold what a caption demands: objects, how two of them stand, the background.

    Raises TypeError or ValueError for what no caption demands.

    >>> from helpers import captions
    >>> request = captions.Request((captions.Demand(1, None, "red", "circle"),))
    >>> captions.parse("a red circle") == request
    True
    """

    demands: tuple[Demand, ...]
    relation: str | None = None
    background: str | None = None

    def __post_init__(self):
        several = isinstance(self.demands, tuple)
        if not several or not all(isinstance(one, Demand) for one in self.demands):
            raise TypeError(
                f"demands must be a tuple of captions.Demand, got {told(self.demands)}."
            )
        if self.relation is not None:
            choice(self.relation, "relation", sorted(set(RELATIONS.values())))
        if self.background is not None:
            choice(self.background, "background", shapes.BACKGROUNDS)


def caption(scene: shapes.Scene, rng: np.random.Generator, world: shapes.World) -> str:
    """Return a sentence that is true of `scene`, in a wording that `rng` chooses.

    scene: a shapes.Scene of one to three objects, no two of them on a diagonal; rng: a
    numpy Generator; world: the shapes.World it belongs to. Raises TypeError for other
    things, ValueError for a scene that the grammar has no words for.

    >>> import numpy as np
    >>> from helpers import captions, shapes
    >>> scene = shapes.Scene((shapes.Object("circle", "red", "small", row=11, col=3),))
    >>> captions.caption(scene, np.random.default_rng(0), shapes.SMALL)
    'draw a little red circle'
    """
    instance(scene, "scene", shapes.Scene), instance(world, "world", shapes.World)
    generator(rng)
    if not 1 <= len(scene.objects) <= max(NUMBERS.values()):
        raise ValueError(
            f"scene must hold one to three objects, got {len(scene.objects)}."
        )
    things = [scene.objects[i] for i in rng.permutation(len(scene.objects))]
    opening = OPENINGS[rng.integers(len(OPENINGS))]
    ending = ""
    if len(world.backgrounds) > 1 and rng.random() < 0.5:
        ending = f" on a {scene.background} background"
    alike = len({(t.colour, t.shape, t.size) for t in things}) == 1
    if len(things) == 2 and not (world.cell == 0 and alike and rng.random() < 0.7):
        first, second = (_phrase([thing], rng) for thing in things)
        found = shapes.relation(*things)
        ways = [words for words, meaning in RELATIONS.items() if meaning == found]
        if not ways:
            raise ValueError(
                "scene has its two objects on a diagonal, which no caption tells: move "
                "one of them."
            )
        how = ways[rng.integers(len(ways))]
        form = rng.integers(5)
        if form == 0:
            return f"{how} {second} is {first}{ending}"
        if form == 1:
            return f"{opening}{second} with {first} {how} it{ending}"
        return f"{opening}{first} {how} {second}{ending}"
    groups: dict[tuple[str, str, str], list[shapes.Object]] = {}
    for thing in things:
        groups.setdefault((thing.colour, thing.shape, thing.size), []).append(thing)
    phrases = [_phrase(group, rng) for group in groups.values()]
    if opening == "there is " and len(next(iter(groups.values()))) > 1:
        opening = "there are "
    return opening + " and ".join(phrases) + ending


def _phrase(group, rng):
    """Put equal objects into words, with their size or without."""
    thing, count = group[0], len(group)
    numbers = [word for word, value in NUMBERS.items() if value == count]
    number = "a" if count == 1 and rng.random() < 0.8 else numbers[-1]
    sizes = [word for word, value in SIZES.items() if value == thing.size]
    size = sizes[rng.integers(len(sizes))] + " " if rng.random() < 0.6 else ""
    shape = thing.shape if count == 1 else PLURALS[thing.shape]
    return f"{number} {size}{thing.colour} {shape}"


def _alternatives(words):
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_THING = (
    f"(?:{_alternatives(NUMBERS)}) (?:(?:{_alternatives(SIZES)}) )?"
    f"(?:{_alternatives(shapes.COLOURS)}) "
    f"(?:{_alternatives([*PLURALS, *PLURALS.values()])})"
)
_HOW = _alternatives(RELATIONS)
_OPENING = "(?:(?:there (?:is|are)|a picture of|draw) )?"
_FORMS = [
    re.compile(form)
    for form in (
        f"{_OPENING}(?P<first>{_THING}) (?P<how>{_HOW}) (?P<second>{_THING})",
        f"(?P<how>{_HOW}) (?P<second>{_THING}) (?:is|are) (?P<first>{_THING})",
        f"{_OPENING}(?P<second>{_THING}) with (?P<first>{_THING}) (?P<how>{_HOW}) it",
        f"{_OPENING}(?P<list>{_THING}(?: and {_THING})*)",
    )
]
_ENDING = re.compile(
    f"(?P<rest>.*?)(?: on a (?P<background>{'|'.join(shapes.BACKGROUNDS)}) background)?"
)


def words(sentence: str) -> list[str]:
    """Return the words of a sentence as a list, in small letters and without its stops.

    Raises TypeError for what is not a string, and ValueError, in one sentence, for a
    word that is not in WORDS, with the list of those that are.

    >>> from helpers import captions
    >>> captions.words("A red circle, above it.")
    ['a', 'red', 'circle', 'above', 'it']
    """
    if not isinstance(sentence, str):
        raise TypeError(f"sentence must be a string, got {told(sentence)}.")
    found = re.sub(r"[.,;:!?]", " ", sentence.lower()).split()
    for word in found:
        if word not in WORDS:
            raise ValueError(
                f"The word {told(word)} is not known here: the words are "
                f"{', '.join(WORDS)}."
            )
    return found


def parse(sentence: str, world: shapes.World = shapes.RICH) -> Request:
    """Return the Request that a sentence makes.

    Capitals, commas, full stops and further spaces do not matter. Raises TypeError for
    what is not a string, and ValueError, in one sentence, for a word that the grammar
    does not have (with the list of those it has), for a sentence that it cannot read,
    and for more objects or another background than `world` has.

    >>> from helpers import captions
    >>> request = captions.parse("A red circle left of a small blue square.")
    >>> request.relation, [demand.shape for demand in request.demands]
    ('left', ['circle', 'square'])
    """
    instance(world, "world", shapes.World)
    sentence = " ".join(words(sentence))
    parts = _ENDING.fullmatch(sentence)
    assert parts is not None  # it matches every sentence
    match = next(filter(None, (form.fullmatch(parts["rest"]) for form in _FORMS)), None)
    if match is None:
        raise ValueError(
            f"The sentence {told(sentence)} cannot be read: write for example 'a large "
            "red circle' or 'a red circle left of a small blue square'."
        )
    found = match.groupdict()
    phrases = (
        [found["first"], found["second"]]
        if "how" in found
        else found["list"].split(" and ")
    )
    request = Request(
        tuple(map(_demand, phrases)),
        RELATIONS.get(found.get("how", "")),
        parts["background"],
    )
    if sum(demand.count for demand in request.demands) > world.most:
        raise ValueError(
            f"The {world.name} world has at most {world.most} objects: ask for fewer."
        )
    if request.background not in (None, *world.backgrounds):
        raise ValueError(
            f"The {world.name} world has no {request.background} background: leave it "
            "out."
        )
    return request


def _demand(phrase):
    """Read one noun phrase."""
    number, *size, colour, shape = phrase.split()
    singular = {plural: shape for shape, plural in PLURALS.items()}
    size = SIZES[size[0]] if size else None
    return Demand(NUMBERS[number], size, colour, singular.get(shape, shape))
