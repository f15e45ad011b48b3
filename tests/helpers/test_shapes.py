"""Scenes and captions: the checker against brute force, splits, grammar, round trips,
errors."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from helpers import captions, data, shapes

WORLDS = list(shapes.WORLDS.values())
world = pytest.mark.parametrize("world", WORLDS, ids=lambda w: w.name)


@pytest.fixture(scope="module")
def drawn():
    return {w.name: data.shapes("test", 2000, w.name) for w in WORLDS}


# ---- the checker
# ------------------------------------------------------------------------


@world
def test_it_reads_what_was_drawn(world, drawn):
    pictures, sentences, scenes = drawn[world.name]
    assert (
        np.mean(
            [shapes.read(p, world) == s for p, s in zip(pictures, scenes, strict=True)]
        )
        == 1
    )
    assert captions.obeys_many(pictures, sentences, world)["all"].mean() >= 0.995


def swapped(scene, what, rng):
    """Return `scene` with one colour or shape replaced, or its two objects
    exchanged."""
    things = list(scene.objects)
    i = rng.integers(len(things))
    if what == "colour":
        others = [c for c in shapes.COLOURS if c != things[i].colour]
        things[i] = replace(things[i], colour=others[rng.integers(len(others))])
    elif what == "shape":
        others = [s for s in shapes.SHAPES if s != things[i].shape]
        things[i] = replace(things[i], shape=others[rng.integers(len(others))])
    else:
        first, second = things
        things = [
            replace(first, row=second.row, col=second.col),
            replace(second, row=first.row, col=first.col),
        ]
    return replace(scene, objects=tuple(sorted(things, key=lambda t: (t.row, t.col))))


@world
@pytest.mark.parametrize("what", ["colour", "shape", "relation"])
def test_it_passes_nothing_after_a_swap(world, drawn, what):
    rng, tried = np.random.default_rng(1), 0
    for _, sentence, scene in zip(*drawn[world.name], strict=True):
        request = captions.parse(sentence, world)
        if what == "relation":
            alike = len({(d.colour, d.shape) for d in request.demands}) == 1
            sides = dict(world.sides)
            far = all(
                min(t.row, t.col) >= max(sides.values()) // 2
                and max(t.row, t.col) + max(sides.values()) // 2 < world.size
                for t in scene.objects
            )
            if request.relation is None or alike or not far:
                continue
        picture = shapes.draw(swapped(scene, what, rng), world)
        met = captions.obeys(picture, request, world)
        assert not met["all"] and not met[what], sentence
        tried += 1
    assert tried > 300


@world
def test_it_survives_noise_and_refuses_what_is_no_scene(world, drawn):
    rng = np.random.default_rng(0)
    pictures, sentences, scenes = (part[:300] for part in drawn[world.name])
    noisy = pictures + rng.normal(0, 0.1, pictures.shape).astype("float32")
    assert captions.obeys_many(noisy, sentences, world)["all"].mean() > 0.98
    for blur in (0.6, 0.9, 1.2, 1.6):  # never another scene than the true one
        soft = ndimage.gaussian_filter(pictures, (0, blur, blur, 0))
        found = [shapes.read(picture, world) for picture in soft]
        assert all(f in (None, s) for f, s in zip(found, scenes, strict=True))
    assert found.count(None) > 250
    garbage = rng.uniform(-1, 1, (20, world.size, world.size, 3)).astype("float32")
    assert all(shapes.read(picture, world) is None for picture in garbage)
    empty = shapes.draw(shapes.Scene(()), world)
    assert shapes.read(empty, world) is None


@world
def test_it_refuses_mixtures_of_two_shapes(world):
    row = col = world.size // 2 - 1
    for size, _ in world.sides:
        for i, one in enumerate(shapes.SHAPES):
            for other in shapes.SHAPES[i + 1 :]:
                pair = [
                    shapes.draw(
                        shapes.Scene((shapes.Object(s, "green", size, row, col),)),
                        world,
                    )
                    for s in (one, other)
                ]
                assert (
                    shapes.read((pair[0] + pair[1]) / 2, world) is None or one != other
                )
                half = pair[0].copy()
                half[:, col + 1 :] = pair[1][:, col + 1 :]
                found = shapes.read(half, world)
                assert found is None or size == "small", (one, other)


def test_a_search_through_all_scenes_of_one_object_agrees():
    places = [3, 11, 19]
    scenes = [
        shapes.Scene((shapes.Object(s, c, size, row, col),))
        for s in shapes.SHAPES
        for c in shapes.COLOURS
        for size in ("large", "small")
        for row in places
        for col in places
    ]
    all_of_them = np.stack([shapes.draw(scene, shapes.SMALL) for scene in scenes])
    rng = np.random.default_rng(3)
    for i in rng.integers(len(scenes), size=200):
        picture = all_of_them[i] + rng.normal(0, 0.08, all_of_them[i].shape).astype(
            "float32"
        )
        nearest = np.square(all_of_them - picture).sum(axis=(1, 2, 3)).argmin()
        assert shapes.read(picture, shapes.SMALL) == scenes[nearest]


@pytest.mark.parametrize("side", [5, 7, 9])
def test_shapes_differ_by_more_than_the_checker_forgives(side):
    masks = [shapes.mask(shape, side) for shape in shapes.SHAPES]
    apart = [np.sum(a != b) for i, a in enumerate(masks) for b in masks[i + 1 :]]
    assert min(apart) > (2 if side == 5 else 4)
    for m in masks:
        assert m.any(0).all() and m.any(1).all()  # its bounding box is its side
        assert (m == m[:, ::-1]).all() and ndimage.label(m)[1] == 1


def test_the_small_world_has_some_hundreds_of_patches_at_most():
    pictures = data.shapes("train", 3000)[0]
    parts = pictures.reshape(-1, 6, 4, 6, 4, 3).swapaxes(2, 3).reshape(-1, 48)
    assert 50 < len(np.unique(parts.round(3), axis=0)) < 600


# ---- splits
# -----------------------------------------------------------------------------


@world
@pytest.mark.parametrize("split", shapes.SPLITS)
def test_each_split_holds_what_it_is_about(world, split):
    pictures, _, scenes = data.shapes(split, 300, world.name)
    wanted = {split} - {"train", "validation", "test"}
    for scene in scenes:
        kinds = [(t.colour, t.shape) for t in scene.objects]
        found = (
            {"combinations"}
            if any(k in shapes.HELD_OUT_COMBINATIONS for k in kinds)
            else set()
        )
        if any(
            frozenset((a, b)) in shapes.HELD_OUT_PAIRS for a in kinds for b in kinds
        ):
            found.add("pairs")
        for a in scene.objects:
            for b in scene.objects:
                for name, right in (("left", True), ("above", False)):
                    dr, dc = b.row - a.row, b.col - a.col
                    holds = (dc > abs(dr)) if right else (dr > abs(dc))
                    if holds and (a.shape, name, b.shape) in shapes.HELD_OUT_RELATIONS:
                        found.add("relations")
        assert found == wanted
    assert (
        pictures.shape == (300, world.size, world.size, 3)
        and pictures.dtype == np.float32
    )
    assert pictures.min() >= -1 and pictures.max() <= 1


def test_what_is_held_out_leaves_every_colour_and_shape_in_training():
    assert {c for c, _ in shapes.KINDS} == set(shapes.COLOURS)
    assert {s for _, s in shapes.KINDS} == set(shapes.SHAPES)
    assert len(shapes.KINDS) == 20
    assert 20 <= len(shapes.HELD_OUT_PAIRS) <= 30
    for one, how, other in shapes.HELD_OUT_RELATIONS:
        assert (other, shapes.INVERSE[how], one) not in shapes.HELD_OUT_RELATIONS


def test_the_same_seed_gives_the_same_scenes():
    first, again = data.shapes("pairs", 20, seed=4), data.shapes("pairs", 20, seed=4)
    np.testing.assert_array_equal(first[0], again[0])
    assert first[1:] == again[1:]
    assert data.shapes("pairs", 20, seed=5)[2] != first[2]
    assert (
        data.shapes("validation", 20, seed=4)[2] != data.shapes("test", 20, seed=4)[2]
    )


@pytest.mark.parametrize("objects", [1, 2, 3])
def test_the_number_of_objects_can_be_fixed(objects):
    scenes = data.shapes("train", 50, "rich", objects=objects)[2]
    assert {len(scene.objects) for scene in scenes} == {objects}


# ---- captions
# ---------------------------------------------------------------------------


@world
def test_captions_use_the_words_in_many_wordings(world, drawn):
    sentences = drawn[world.name][1]
    used = {word for sentence in sentences for word in sentence.split()}
    assert used <= set(captions.WORDS)
    if world.name == "rich":
        assert set(captions.WORDS) - used <= {"one"}
    forms = {
        " ".join(
            "X"
            if w in (*shapes.COLOURS, *captions.PLURALS, *captions.PLURALS.values())
            else w
            for w in s.split()
        )
        for s in sentences
    }
    assert len(forms) > 100


def by_words(sentence):
    """Read a sentence without the grammar: colours and shapes in their order, and how
    many."""
    singular = {plural: shape for shape, plural in captions.PLURALS.items()}
    words = sentence.split()
    found = []
    for i, word in enumerate(words):
        if word in shapes.COLOURS:
            size = captions.SIZES.get(words[i - 1])
            number = words[i - 1 if size is None else i - 2]
            shape = singular.get(words[i + 1], words[i + 1])
            found.append((captions.NUMBERS[number], size, word, shape))
    return found


@world
def test_parsing_agrees_with_a_reading_word_by_word(world, drawn):
    for sentence in drawn[world.name][1]:
        request = captions.parse(sentence, world)
        demands = [(d.count, d.size, d.colour, d.shape) for d in request.demands]
        assert sorted(demands, key=str) == sorted(by_words(sentence), key=str)
        last = sentence.split()[-2:]
        assert request.background == (last[0] if last[-1] == "background" else None)


@pytest.mark.parametrize(
    ("sentence", "first", "how", "second"),
    [
        ("a red circle left of a blue square", "red", "left", "blue"),
        ("to the left of a blue square is a red circle", "red", "left", "blue"),
        ("a blue square with a red circle to the left of it", "red", "left", "blue"),
        ("There is a red circle, over a blue square.", "red", "above", "blue"),
        ("under a blue square is a small red circle", "red", "below", "blue"),
    ],
)
def test_each_form_says_who_stands_where(sentence, first, how, second):
    request = captions.parse(sentence)
    assert [d.colour for d in request.demands] == [first, second]
    assert request.relation == how


def test_attributes_are_judged_one_by_one():
    thing = shapes.Object("circle", "red", "small", 11, 3)
    other = shapes.Object("square", "white", "large", 11, 19)
    picture = shapes.draw(shapes.Scene((thing, other)), shapes.SMALL)

    def missed(sentence):
        met = captions.obeys(picture, sentence)
        assert met["all"] == all(met[name] for name in captions.ATTRIBUTES)
        return {n for n in captions.ATTRIBUTES if not met[n]}

    assert missed("a red circle left of a white square") == set()
    assert missed("a white square right of a red circle") == set()
    assert missed("a red circle right of a white square") == {"relation"}
    assert missed("a large red circle left of a white square") == {"size"}
    assert missed("a red cross left of a white square") == {"shape", "relation"}
    assert missed("a blue circle left of a white square") == {"colour", "relation"}
    assert "count" in missed("a red circle")


def test_the_right_parts_on_the_wrong_objects_are_not_all():
    scene = shapes.Scene(
        (
            shapes.Object("circle", "blue", "small", 8, 6),
            shapes.Object("square", "red", "small", 20, 24),
        )
    )
    met = captions.obeys(
        shapes.draw(scene, shapes.RICH), "a red circle and a blue square", shapes.RICH
    )
    assert met["shape"] and met["colour"] and met["count"] and not met["all"]


# ---- errors
# -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("a turquoise circle", "'turquoise' is not known.*triangle"),
        ("", "cannot be read"),
        ("circle red a", "cannot be read"),
        ("three red circles and two blue squares", "at most 3"),
    ],
)
def test_sentences_that_cannot_be_read(sentence, says):
    with pytest.raises(ValueError, match=says):
        captions.parse(sentence)


def test_other_wrong_arguments():
    with pytest.raises(TypeError, match="string"):
        captions.parse(7)
    with pytest.raises(ValueError, match="background"):
        captions.parse("a red circle on a grey background", shapes.SMALL)
    for arguments, says in (
        (("trian",), "split"),
        (("test", 0), "count"),
        (("test", 5, "huge"), "world"),
        (("test", 5, "small", 0, 3), "objects"),
        (("pairs", 5, "rich", 0, 1), "objects"),
    ):
        with pytest.raises(ValueError, match=says):
            data.shapes(*arguments)
    good = np.zeros((24, 24, 3), "float32")
    for picture, says in (
        (good[:20], "shape"),
        (good + np.nan, "NaN"),
        (good + 9, "reach 9"),
    ):
        with pytest.raises(ValueError, match=says):
            shapes.read(picture, shapes.SMALL)
    with pytest.raises(TypeError, match="floats"):
        shapes.read(good.astype("uint8"), shapes.SMALL)
    with pytest.raises(ValueError, match="1 pictures but 2"):
        captions.obeys_many(good[None], ["a red circle"] * 2)
    with pytest.raises(ValueError, match="leaves the picture"):
        shapes.draw(
            shapes.Scene((shapes.Object("circle", "red", "large", 0, 0),)), shapes.SMALL
        )


def test_a_world_of_ones_own_is_drawn_as_it_says():
    own = replace(shapes.SMALL, name="own", backgrounds=("grey",), cell=0)
    pictures, sentences, scenes = data.shapes("test", 60, own, objects=2)
    assert {scene.background for scene in scenes} == {"grey"}
    assert (
        len(
            {thing.row % own.sides[0][1] for scene in scenes for thing in scene.objects}
        )
        > 3
    )
    assert captions.obeys_many(pictures, sentences, own)["all"].all()
    assert (
        pictures[:, 0, 0] != data.shapes("test", 60, "small", objects=2)[0][:, 0, 0]
    ).any()


def test_words_are_those_that_parse_reads():
    assert captions.words(" A big RED circle, please!".replace(" please", "")) == [
        "a",
        "big",
        "red",
        "circle",
    ]
    assert captions.words("...") == []
    with pytest.raises(
        ValueError, match="'dog' is not known here: the words are a, above"
    ):
        captions.words("a red dog")
    with pytest.raises(TypeError, match="string"):
        captions.words(3)
