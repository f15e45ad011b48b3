"""Scenes and captions: shapes, splits, relations, the grammar there and back, errors."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from helpers import captions, data, obedience, shapes

WORLDS = list(shapes.WORLDS.values())
world = pytest.mark.parametrize("world", WORLDS, ids=lambda w: w.name)


@pytest.fixture(scope="module")
def drawn():
    return {w.name: data.shapes("test", 2000, w.name) for w in WORLDS}


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


# ---- splits --------------------------------------------------------------------------


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


INVERSE = {"left": "right", "right": "left", "above": "below", "below": "above"}


def test_what_is_held_out_leaves_every_colour_and_shape_in_training():
    assert {c for c, _ in shapes.KINDS} == set(shapes.COLOURS)
    assert {s for _, s in shapes.KINDS} == set(shapes.SHAPES)
    assert len(shapes.KINDS) == 20
    assert 20 <= len(shapes.HELD_OUT_PAIRS) <= 30
    for one, how, other in shapes.HELD_OUT_RELATIONS:
        assert (other, INVERSE[how], one) not in shapes.HELD_OUT_RELATIONS


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


def test_the_larger_distance_names_the_relation():
    def at(row, col):
        return shapes.Object("circle", "red", "small", row, col)

    middle = at(50, 50)
    for down in range(-40, 41, 8):
        for right in range(-40, 41, 8):
            if abs(down) == abs(right):
                expected = None
            elif abs(right) > abs(down):
                expected = "left" if right < 0 else "right"
            else:
                expected = "above" if down < 0 else "below"
            assert shapes.relation(at(50 + down, 50 + right), middle) == expected


# ---- captions ------------------------------------------------------------------------


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


# ---- errors --------------------------------------------------------------------------


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
    assert obedience.obeys_many(pictures, sentences, own)["all"].all()
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


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"size": 2.5}, ValueError, "size"),
        ({"size": 6, "cell": 0}, ValueError, "sides"),  # smaller than a large object
        ({"sides": (("large", 8), ("small", 5))}, ValueError, "odd"),
        ({"sides": 7}, ValueError, "sides"),
        ({"backgrounds": ()}, TypeError, "backgrounds"),
        ({"backgrounds": ("pink",)}, ValueError, "backgrounds"),
        ({"most": 0}, ValueError, "most"),
        ({"cell": -1}, ValueError, "cell"),
    ],
)
def test_worlds_that_cannot_be(change, kind, says):
    with pytest.raises(kind, match=says):
        replace(shapes.SMALL, **change)


def test_a_world_without_room_is_told_and_not_waited_for():
    crowded = replace(shapes.SMALL, name="crowded", size=9, most=2, cell=0)
    with pytest.raises(ValueError, match="no room for 2 objects"):
        data.shapes("test", 1, crowded, objects=2)
    lonely = replace(shapes.SMALL, name="lonely", most=1)
    assert {len(s.objects) for s in data.shapes("test", 9, lonely)[2]} == {1}
    with pytest.raises(ValueError, match="needs two objects"):
        data.shapes("pairs", 1, lonely)


def test_scenes_that_have_no_words():
    rng = np.random.default_rng(0)
    one = shapes.Object("circle", "red", "small", 3, 3)
    other = shapes.Object("square", "blue", "small", 11, 11)
    for scene, says in (
        (shapes.Scene(()), "one to three objects, got 0"),
        (shapes.Scene((one,) * 4), "one to three objects, got 4"),
        (shapes.Scene((one, other)), "diagonal"),
    ):
        with pytest.raises(ValueError, match=says):
            captions.caption(scene, rng, shapes.SMALL)
    huge = replace(one, size="huge")
    with pytest.raises(ValueError, match="size of an object of scene"):
        shapes.draw(shapes.Scene((huge,)), shapes.SMALL)
