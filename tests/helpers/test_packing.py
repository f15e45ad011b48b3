"""packing: models and results come back as they were, and nothing unsafe does."""

import json

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers.store import manifest, packing, records

L = keras.layers


def small_net():
    """A net with the kinds of layer that the book uses, nested and with two outputs."""
    image = keras.Input((8, 8, 1))
    x = L.Conv2D(4, 4, strides=2, padding="same", use_bias=False)(image)
    x = L.LeakyReLU(0.2)(L.BatchNormalization(momentum=0.9)(x))
    x = L.Dropout(0.3)(L.SpectralNormalization(L.Conv2D(4, 3, padding="same"))(x))
    x = L.Conv2DTranspose(4, 4, strides=2, padding="same")(L.GroupNormalization(2)(x))
    flat = L.Dense(16, activation="gelu", name="features")(L.Flatten()(x))
    head = keras.Sequential(
        [keras.Input((16,)), L.Reshape((4, 4, 1)), L.UpSampling2D()]
    )
    return keras.Model(
        image, [L.Dense(10)(flat), head(L.LayerNormalization()(flat))], name="net"
    )


def kept(model, name="05/m"):
    """Return the Record of a model, as a file would give it back."""
    facts, data, suffix = packing.pack_model(model, name)
    record = records.new(name, "model", {}, facts, data, suffix)
    card = json.loads(manifest.json_bytes(record.card, sort=False))
    return records.Record(name, card, data, suffix)


def returned(values):
    """Return a result's values as a file would give them back."""
    numbers, data = packing.pack_values(values)
    record = records.new("05/r", "result", {}, {"values": numbers}, data)
    text = record.files()["05/r.json"].decode()
    card = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))
    return packing.values_of(records.Record("05/r", card, data))


# --- models ------------------------------------------------------------------------


def test_model_comes_back_with_float16_weights():
    model = small_net()
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(0.1, 1, w.shape) for w in model.get_weights()])
    model.compile("adam", "mse")
    back = packing.model_of(kept(model))
    assert not back.compiled
    for old, new in zip(model.get_weights(), back.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old.astype(np.float16).astype(np.float32))
    x = rng.normal(size=(3, 8, 8, 1)).astype(np.float32)
    model.set_weights(back.get_weights())
    for old, new in zip(model(x), back(x), strict=True):
        np.testing.assert_allclose(new, old, rtol=1e-6, atol=1e-6)


def test_weights_are_numbered_and_named():
    model = keras.Sequential(
        [keras.Input((3,)), L.Dense(2, name="first"), L.Dense(1, name="last")]
    )
    record = kept(model)
    assert record.suffix == ".safetensors"
    arrays = packing.weights_of(record)
    assert list(arrays) == [
        "0000 first kernel", "0001 first bias", "0002 last kernel", "0003 last bias",
    ]  # fmt: skip
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float16)}
    assert record.card["parameters"] == 3 * 2 + 2 + 2 + 1


def nested():
    inner = keras.Sequential([L.Dense(4), L.Dense(3)])  # without an Input: built later
    shared = L.Dense(3, name="shared")
    x = keras.Input((3,))
    return keras.Model(x, shared(inner(shared(x))))


def deeper():
    part = keras.Sequential([keras.Input((3,)), nested()], name="part")
    x = keras.Input((3,))
    return keras.Model(x, L.Dense(2)(part(x)))


def recurrent():
    return keras.Sequential(
        [keras.Input((4, 3)), L.Bidirectional(L.GRU(2)), L.Dense(1)]
    )


@pytest.mark.parametrize("build", [nested, deeper, recurrent, small_net])
def test_nested_models_come_back_in_their_order(build):
    model = build()
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    back = packing.model_of(kept(model))
    again = packing.model_of(kept(back))
    for old, new, third in zip(
        model.get_weights(), back.get_weights(), again.get_weights(), strict=True
    ):
        np.testing.assert_allclose(new, old, atol=2e-3)
        np.testing.assert_array_equal(third, new)


def test_two_weights_of_one_name_are_both_kept():
    x = keras.Input((3,))
    one, two = (keras.Sequential([L.Dense(3, name="same")], name="twin") for _ in "ab")
    one.build((None, 3))
    two.build((None, 3))
    two.name = "other"  # so that Keras takes both
    model = keras.Model(x, two(one(x)))
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    assert len({weight.path for weight in model.weights}) < len(model.weights)
    back = packing.model_of(kept(model))
    for old, new in zip(model.get_weights(), back.get_weights(), strict=True):
        np.testing.assert_allclose(new, old, atol=2e-3)


@pytest.mark.parametrize("dtype", ["bfloat16", "float64", "float16", "mixed_bfloat16"])
def test_models_of_other_precision_come_back(dtype):
    model = keras.Sequential([keras.Input((3,)), L.Dense(2, dtype=dtype)])
    model.set_weights([np.full((3, 2), 0.1), np.ones(2)])
    record = kept(model)
    for array in packing.weights_of(record).values():
        assert array.dtype == np.float16
    back = packing.model_of(record)
    x = np.ones((1, 3), "float32")
    np.testing.assert_allclose(
        np.asarray(back(x), "float32"), np.asarray(model(x), "float32"), rtol=1e-2
    )


def test_whole_numbers_and_single_ones_are_kept_as_they_are():
    class Counter(L.Layer):
        def build(self, shape):
            self.count = self.add_weight(
                shape=(), dtype="int32", trainable=False, name="count"
            )

        def call(self, x):
            return x

    Counter.__module__ = "helpers.made_up"
    model = keras.Sequential([keras.Input((2,)), Counter()])
    model.set_weights([np.int32(70_001)])
    array = next(iter(packing.weights_of(kept(model)).values()))
    assert (array.shape, array.dtype, int(array)) == ((), np.int32, 70_001)


def test_weights_of_before_have_numbers_and_load_in_order():
    model = keras.Sequential([keras.Input((3,)), L.Dense(2), L.Dense(1)])
    facts, _, _ = packing.pack_model(model)
    arrays = {
        f"w{i:04d}": w.astype("float16") for i, w in enumerate(model.get_weights())
    }
    record = records.Record("05/old", facts, manifest.npz_bytes(arrays))
    for old, new in zip(
        model.get_weights(), packing.model_of(record).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(new, old.astype("float16").astype("float32"))


def test_architecture_keeps_what_is_not_default_and_drops_the_rest():
    config = kept(small_net()).card["architecture"]
    layers = {layer["name"]: layer["config"] for layer in config["config"]["layers"]}
    norm = next(v for k, v in layers.items() if k.startswith("batch_norm"))
    assert norm["momentum"] == 0.9
    assert "epsilon" not in norm
    conv = next(
        v for k, v in layers.items() if k == "conv2d" or k.startswith("conv2d_")
    )
    assert conv["use_bias"] is False
    # Keras 3.15 has settings unknown to 3.13
    assert conv["kernel_initializer"]["config"] == {}
    assert "compile_config" not in config


def test_weights_that_do_not_fit_are_refused():
    record = kept(small_net())
    other = kept(keras.Sequential([keras.Input((3,)), L.Dense(2)]))
    mixed = records.Record("05/m", record.card, other.data, other.suffix)
    with pytest.raises(
        ValueError, match="weights of '05/m' do not fit its architecture"
    ):
        packing.model_of(mixed)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 70000.0])
def test_weights_that_float16_cannot_hold_are_refused(bad):
    model = keras.Sequential([keras.Input((1,)), L.Dense(1, name="last")])
    model.set_weights([np.array([[bad]]), np.zeros(1)])
    with pytest.raises(
        ValueError, match=r"weight .*last/kernel of model 'm' (holds|exceeds)"
    ):
        packing.pack_model(model, "m")


@keras.saving.register_keras_serializable("elsewhere")
class Own(keras.layers.Layer):
    """A reader's own layer."""

    def call(self, x):
        return x


@pytest.mark.parametrize("layer", [L.Lambda(lambda x: x), Own()])
def test_lambda_and_foreign_layers_are_refused_at_any_depth(layer):
    inner = keras.Sequential([keras.Input((2,)), layer])
    model = keras.Sequential([keras.Input((2,)), L.Dense(2), inner])
    with pytest.raises(ValueError, match=r"'m' holds (Lambda|Own) .*no Lambda"):
        packing.pack_model(model, "m")
    # as someone else may have written it into a card
    card = {"architecture": json.loads(model.to_json())}
    with pytest.raises(ValueError, match=r"'05/m' holds (Lambda|Own)"):
        packing.model_of(records.Record("05/m", card, b"never read"))


def test_what_is_no_functional_model_is_refused():
    class Subclassed(keras.Model):
        pass

    for thing in (Subclassed(), keras.Sequential([L.Dense(2)]), np.zeros(3), None):
        with pytest.raises(
            TypeError, match=r"must return a built functional keras.Model"
        ):
            packing.pack_model(thing)


# --- results -----------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
KEYS = st.text(max_size=4) | st.integers() | st.booleans() | st.none() | st.floats()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values=st.dictionaries(KEYS, VALUES, max_size=4))
def test_nested_values_come_back_equal_and_in_order(values):
    assert repr(returned(values)) == repr(values)  # NaN, infinity and -0.0 included


ARRAYS = hnp.arrays(
    st.sampled_from(
        [np.float32, np.uint8, np.int8, np.bool_, np.int64, np.uint64, np.int32]
    ),
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
)


@given(array=ARRAYS)
def test_arrays_come_back_bit_by_bit(array):
    back = returned({"a": [array]})["a"][0]
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()  # NaN, -0.0 and the smallest included


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=9))
def test_floats_are_written_by_the_fewest_digits(numbers):
    array = np.array(numbers, np.float32)
    written, data = packing.pack_values({"a": array})
    assert data is None
    for number, digits in zip(array, written["a"]["$numbers"], strict=True):
        assert np.float32(digits).tobytes() == number.tobytes()
        assert len(repr(digits)) <= len(repr(float(number)))


@pytest.mark.parametrize(
    ("value", "beside"),
    [
        (np.linspace(0, 1, packing.SHORT), False),
        (np.linspace(0, 1, packing.SHORT + 1), True),
        (np.zeros((2, 2), "uint8"), True),  # a picture
        (np.array([1.0, np.nan]), True),  # JSON has no word for it
        (np.array([[np.inf, 1]]), True),
        (np.arange(3), False),
        (np.array([2**53 + 1, -(2**63)]), False),
        (np.array([True]), False),
        (np.zeros((0, 3)), False),
    ],
)
def test_what_a_reader_can_read_is_in_the_card(value, beside):
    written, data = packing.pack_values({"a": value})
    assert (data is not None) == beside
    assert ("$array" in written["a"]) == beside
    if beside:
        assert written["a"] == {"$array": "array0"}
    back = returned({"a": value})["a"]
    expected = value.astype(np.float32) if value.dtype.kind == "f" else value
    np.testing.assert_array_equal(back, expected)
    assert (back.dtype, back.shape) == (expected.dtype, value.shape)


def test_numbers_that_json_does_not_know_are_written_as_words():
    values = {
        "a": float("nan"),
        "b": [np.float32("inf"), -np.inf],
        "c": np.array(np.nan),
    }
    written, data = packing.pack_values(values)
    assert data is None
    assert written == {
        "a": {"$float": "nan"},
        "b": [{"$float": "inf"}, {"$float": "-inf"}],
        "c": {"$float": "nan"},
    }
    back = returned(values)
    assert np.isnan(back["a"])
    assert np.isnan(back["c"])
    assert back["b"] == [np.inf, -np.inf]


def test_arrays_and_numpy_numbers():
    values = {
        "curve": np.linspace(0, 1, 5),
        "picture": np.arange(12, dtype=np.uint8).reshape(2, 2, 3),
        "counts": np.arange(3),
        "flags": np.array([True, False]),
        "tensor": keras.ops.ones((2,)),
        "nested": [
            {"deep": (np.float64(0.1), np.int32(7), np.bool_(True), np.array(2.5))}
        ],
        "$array": "a key that looks like ours",
        "inner": {"$numbers": [1], "$float": "nan"},
        3: {4: "as keys"},
    }
    back = returned(values)
    assert list(back) == list(values)
    assert back["curve"].dtype == np.float32
    assert back["picture"].dtype == np.uint8
    assert back["counts"].dtype == np.int64
    assert back["flags"].dtype == np.bool_
    np.testing.assert_allclose(back["curve"], values["curve"], rtol=1e-7)
    for key in ("picture", "counts", "flags", "tensor"):
        np.testing.assert_array_equal(back[key], values[key])
    assert back["nested"] == [{"deep": [0.1, 7, True, 2.5]}]
    assert back["$array"] == "a key that looks like ours"
    assert back["inner"] == {"$numbers": [1], "$float": "nan"}
    assert back[3] == {4: "as keys"}
    assert [type(x) for x in back["nested"][0]["deep"]] == [float, int, bool, float]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({1, 2}, "a set of 2"),
        (object(), "a value of type object"),
        (np.array([{}], dtype=object), r"object \(1\)"),
        (np.array(["a"]), r"<U1 \(1\)"),
        (1j, "1j"),
        (b"raw", "b'raw'"),
    ],
)
def test_what_cannot_be_kept_is_named_with_its_place(value, kind):
    with pytest.raises(
        TypeError, match=rf"values\['a'\]\[1\] is {kind}, which cannot be kept"
    ):
        packing.pack_values({"a": [0, value]})


@pytest.mark.parametrize("key", [(1, 2), b"raw"])
def test_keys_that_cannot_be_kept_are_named(key):
    with pytest.raises(TypeError, match=r"A key of values\['a'\] is .*cannot be kept"):
        packing.pack_values({"a": {key: 1}})
    assert returned({"a": {np.int64(2): 1}}) == {"a": {2: 1}}


def test_plain_numbers_for_json():
    text = json.dumps({"a": np.float32(0.5), "b": np.arange(2)}, default=packing.plain)
    assert json.loads(text) == {"a": 0.5, "b": [0, 1]}
    with pytest.raises(TypeError, match="object cannot be stored"):
        packing.plain(object())


def test_packed_bytes_depend_on_nothing_but_the_values():
    values = {"a": np.ones(500), "b": [1, 2]}
    assert packing.pack_values(values) == packing.pack_values(values)
    assert _fixed() == _fixed()


def _fixed():
    model = keras.Sequential([keras.Input((2,)), L.Dense(2, name="d")], name="fixed")
    model.set_weights([np.eye(2), np.zeros(2)])
    return packing.pack_model(model)[1]
