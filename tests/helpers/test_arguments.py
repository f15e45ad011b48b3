"""The one check of what a reader passes in: what it takes, what it says, at every door."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import (
    _arguments,
    images,
    metrics,
    obedience,
    plots,
    shapes,
    style_transfer,
    training,
)

GOOD = np.linspace(-1, 1, 2 * 6 * 6 * 3, dtype="float32").reshape(2, 6, 6, 3)

# ---- words --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "True"),
        (2.5, "2.5"),
        ("text", "'text'"),
        (b"x", "b'x'"),
        ("two\nlines", r"'two\nlines'"),
        ("a" * 100, "'" + "a" * 36 + "'.."),
        (10**60, "1" + "0" * 35 + ".."),
        ([], "a list of 0"),
        ([[1], [1, 2]], "a list of 2"),
        ((1, 2, 3), "a tuple of 3"),
        ({"a": 1}, "a dict of 1"),
        (object(), "a value of type object"),
        ((n for n in "ab"), "a value of type generator"),
        (np.float32(0.5), "0.5"),
        (np.array(7), "7"),
        (np.zeros((2, 3)), "float64 (2, 3) from 0 to 0"),
        (np.zeros(3, np.uint8), "uint8 (3) from 0 to 0"),
        (np.zeros((0, 3)), "float64 (0, 3)"),
        (np.array([1, np.nan]), "float64 (2) with NaN or infinity"),
        (np.array([1, np.inf]), "float64 (2) with NaN or infinity"),
        (np.array([object()]), "object (1)"),
        (np.ones(2, complex), "complex128 (2)"),
        (tf.zeros((2, 3)), "float32 (2, 3) from 0 to 0"),
        (keras.Input((3,)), "a KerasTensor of shape (None, 3)"),
    ],
)
def test_a_value_is_told_in_a_few_words(value, words):
    assert _arguments.told(value) == words


def test_no_value_is_printed_at_length():
    for value in (GOOD, GOOD.tolist(), {"a": GOOD}, {1, 2}, GOOD.astype(str)):
        assert len(_arguments.told(value)) < 60
        assert "[" not in _arguments.told(value)


# ---- images -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "bfloat16"])
def test_floats_of_any_width_become_float32(kind):
    wide = GOOD.astype(tf.bfloat16.as_numpy_dtype if kind == "bfloat16" else kind)
    found = _arguments.images(wide)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, wide.astype("float32"))
    np.testing.assert_array_equal(_arguments.images(wide.tolist()), found)
    np.testing.assert_array_equal(_arguments.images(tf.constant(wide)), found)


def test_what_needs_no_change_is_not_copied():
    assert _arguments.images(GOOD) is GOOD


@pytest.mark.parametrize(
    ("options", "value", "says"),
    [
        ({}, GOOD[0], r"must have shape \(N, H, W, 1 or 3\), got float32 \(6, 6, 3\)"),
        ({}, GOOD[..., :2], r"must have shape \(N, H, W, 1 or 3\)"),
        ({"dims": (3, 4)}, GOOD[0, 0], r"must have shape \(N, H, W\) or \(N, H"),
        (
            {"dims": (3, 4), "channels": None},
            GOOD[0, 0],
            r"must have shape \(H, W, C\) or \(N",
        ),
        ({"dims": range(1, 9)}, np.float32(0), "must have at least one axis, got 0.0"),
        ({"shape": (5, 6, 3)}, GOOD, r"must have shape \(N, 5, 6, 3\).*resize them"),
        ({"shape": (None, 6, 1)}, GOOD, r"must have shape \(N, any, 6, 1\)"),
        ({"least": 3}, GOOD, "must hold at least 3 images"),
        ({}, GOOD[:0], "must not be empty"),
        ({}, GOOD + np.nan, "must be finite, got .* with NaN"),
        ({}, GOOD * 127, r"must lie in \[-1, 1\], got .* from -127 to 127"),
        ({}, [GOOD, GOOD[:1]], "must be images of one size, got a list of 2"),
    ],
)
def test_what_are_no_images_is_told(options, value, says):
    with pytest.raises(ValueError, match=f"^mine {says}") as caught:
        _arguments.images(value, "mine", **options)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ((127 * GOOD).astype("uint8"), "got uint8 .*from_uint8"),
        ((127 * GOOD).astype("int16"), "got int16"),
        (GOOD > 0, "got bool"),
        (GOOD + 1j, "got complex"),
        (np.array([[object()]]), "got object"),
        (None, "got None"),
        ("text", "got 'text'"),
        ([1, 2], "got a list of 2"),
        ((n for n in "ab"), "got a value of type generator"),
    ],
)
def test_what_holds_no_floats_is_a_type_error(value, says):
    with pytest.raises(TypeError, match=f"^images must be float images.*{says}"):
        _arguments.images(value)


CONTENT = np.zeros((32, 32, 3), "float32")
SCENE = np.zeros((24, 24, 3), "float32") - 0.8
DOORS = {
    "images.tile": (lambda x: images.tile(x), GOOD),
    "images.resize": (lambda x: images.resize(x, 3), GOOD),
    "images.to_uint8": (lambda x: images.to_uint8(x), GOOD),
    "metrics.features": (lambda x: metrics.features(lambda i: i.mean((2, 3)), x), GOOD),
    "obedience.read": (lambda x: obedience.read(x, shapes.SMALL), SCENE),
    "obedience.obeys_many": (
        lambda x: obedience.obeys_many(x, ["a red circle"]),
        SCENE[None],
    ),
    "plots.grid": (lambda x: plots.grid(x), GOOD),
    "plots.sheet": (lambda x: plots.sheet([x]), GOOD),
    "style_transfer.match_colours": (
        lambda x: style_transfer.match_colours(x, CONTENT),
        CONTENT,
    ),
    "training.shuffled": (lambda x: training.shuffled(x, 1), GOOD),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_has_the_one_tolerance(door):
    enter, value = DOORS[door]
    inside, outside = value.copy(), value.copy()
    inside.flat[0], outside.flat[0] = -1.0009, -1.0011
    enter(inside)
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\], got .* from -1.001"):
        enter(outside)


def test_rounding_beyond_the_range_is_clipped():
    value = GOOD.copy()
    value.flat[0], value.flat[-1] = -1.0005, 1.0005
    found = _arguments.images(value)
    assert (found.min(), found.max()) == (-1, 1)
    assert value.max() > 1  # the reader's array is left alone


def test_a_picture_has_three_axes_and_a_size():
    np.testing.assert_array_equal(_arguments.picture(GOOD[0], smallest=6), GOOD[0])
    with pytest.raises(ValueError, match="mine must be at least 7 pixels a side"):
        _arguments.picture(GOOD[0], "mine", smallest=7)
    with pytest.raises(ValueError, match=r"mine must have shape \(H, W, 3\)"):
        _arguments.picture(GOOD, "mine")


# ---- numbers ------------------------------------------------------------------------

THREES = [3, np.int64(3), np.uint8(3), np.array(3), tf.constant(3), np.prod((3, 1))]


@pytest.mark.parametrize("value", THREES, ids=lambda v: type(v).__name__)
def test_whole_numbers_of_any_kind_become_python_s(value):
    for found in (_arguments.whole(value, "n"), _arguments.counts(n=value)):
        assert found == 3 and type(found) is int
    found = _arguments.number(value, "n")
    assert found == 3 and type(found) is float


@pytest.mark.parametrize(
    "value", [0.5, np.float32(0.5), np.array(0.5), tf.constant(0.5)]
)
def test_numbers_of_any_kind_become_python_s(value):
    found = _arguments.number(value, "n", 0, below=1)
    assert found == 0.5 and type(found) is float


@pytest.mark.parametrize(
    ("value", "options", "kind", "says"),
    [
        (0, {}, ValueError, "a whole number of at least 1, got 0"),
        (-1, {"low": 0}, ValueError, "a whole number of at least 0, got -1"),
        (9, {"high": 8}, ValueError, "a whole number from 1 to 8, got 9"),
        (1, {"low": 0, "high": 0}, ValueError, "from 0 to 0, got 1"),
        (2.5, {}, ValueError, "a whole number of at least 1, got 2.5"),
        (2.0, {}, ValueError, "got 2.0"),
        (float("nan"), {}, ValueError, "got nan"),
        (2**31, {}, ValueError, "a whole number from 1 to 2147483647"),
        (np.float32(2), {}, ValueError, "got 2.0"),
        (True, {}, TypeError, "got True"),
        (np.True_, {}, TypeError, "got True"),
        (None, {}, TypeError, "got None"),
        ("3", {}, TypeError, "got '3'"),
        ([3], {}, TypeError, "got a list of 1"),
        ([[1], [1, 2]], {}, TypeError, "got a list of 2"),
        (np.array([3]), {}, TypeError, r"got int64 \(1\)"),
        (keras.Input(()), {}, TypeError, "got a KerasTensor"),
    ],
)
def test_what_is_no_whole_number_is_told(value, options, kind, says):
    with pytest.raises(kind, match=f"^n must be .*{says}"):
        _arguments.whole(value, "n", **options)


def test_the_largest_whole_number_fits_tensorflow():
    assert _arguments.whole(2**31 - 1, "n") == tf.int32.max
    assert _arguments.whole(2**32 - 1, "n", 0, 2**32 - 1) == 2**32 - 1


@pytest.mark.parametrize(
    ("value", "options", "kind", "says"),
    [
        (float("nan"), {}, ValueError, "a finite number, got nan"),
        (float("inf"), {}, ValueError, "a finite number, got inf"),
        (10**400, {}, ValueError, "a finite number, got 1000"),
        (-1, {"low": 0}, ValueError, "at least 0, got -1"),
        (0, {"above": 0}, ValueError, "above 0, got 0"),
        (1, {"low": 0, "below": 1}, ValueError, "below 1 and at least 0, got 1"),
        (3, {"low": 0, "high": 2}, ValueError, "at least 0 and at most 2, got 3"),
        (True, {}, TypeError, "got True"),
        ("1", {}, TypeError, "got '1'"),
        (1j, {}, TypeError, "got 1j"),
        ([[1], [1, 2]], {}, TypeError, "got a list of 2"),
        (np.array([0.5]), {}, TypeError, r"got float64 \(1\)"),
    ],
)
def test_what_is_no_number_is_told(value, options, kind, says):
    with pytest.raises(kind, match=f"^n must be .*{says}"):
        _arguments.number(value, "n", **options)


# ---- all else -----------------------------------------------------------------------


def test_words_flags_and_objects():
    assert _arguments.choice("a", "n", ("a", "b")) == "a"
    assert _arguments.flag(np.True_, "n") is True
    assert _arguments.text("a", "n") == "a" and _arguments.text(None, "n") is None
    assert _arguments.texts(("a", 1, np.int8(2)), "n", 3) == ["a", 1, 2]
    assert _arguments.texts({"a": 0, "b": 0}, "n", 2) == ["a", "b"]
    rng = np.random.default_rng(0)
    assert _arguments.generator(rng) is rng
    assert _arguments.instance(shapes.SMALL, "n", shapes.World) is shapes.SMALL
    assert _arguments.fits((2, 3), (None, 3)) and not _arguments.fits((2, 3), (2,))


@pytest.mark.parametrize(
    ("check", "kind", "says"),
    [
        (
            lambda: _arguments.choice("c", "n", ("a", "b")),
            ValueError,
            "one of a, b, got",
        ),
        (lambda: _arguments.choice(["a"], "n", ("a",)), ValueError, "got a list of 1"),
        (lambda: _arguments.flag(1, "n"), TypeError, "True or False, got 1"),
        (lambda: _arguments.text(1, "n"), TypeError, "a string or None, got 1"),
        (lambda: _arguments.texts("ab", "n", 2), ValueError, "hold 2 texts, got 'ab'"),
        (lambda: _arguments.texts([None], "n", 1), ValueError, "hold 1 texts"),
        (lambda: _arguments.texts(7, "n", 1), ValueError, "hold 1 texts, got 7"),
        (lambda: _arguments.generator(0, "n"), TypeError, "default_rng, got 0"),
        (
            lambda: _arguments.instance("small", "n", shapes.World),
            TypeError,
            "a shapes.World, got 'small'",
        ),
    ],
)
def test_other_refusals(check, kind, says):
    with pytest.raises(kind, match=f"^n must .*{says}"):
        check()
