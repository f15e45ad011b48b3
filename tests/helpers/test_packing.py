"""packing: models and results become bytes and come back the same, and nothing unsafe
does."""

import json

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def saved(model, name="05/m"):
    """Return the Record of a model, as it comes back from the disk."""
    facts, data, suffix = packing.pack_model(model, name)
    record = records.new(name, "model", {}, facts, data, suffix)
    return records.Record(name, json.loads(json.dumps(record.card)), data, suffix)


def kept(values):
    """Return a result's values as they come back from the disk."""
    numbers, data = packing.pack_values(values)
    record = records.new("05/r", "result", {}, {"values": numbers}, data)
    text = manifest.json_bytes(record.card, sort=False)
    return packing.values_of(records.Record("05/r", json.loads(text), data))


def test_model_comes_back_with_float16_weights():
    model = small_net()
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(0.1, 1, w.shape) for w in model.get_weights()])
    model.compile("adam", "mse")
    back = packing.model_of(saved(model))
    assert not back.compiled
    for old, new in zip(model.get_weights(), back.get_weights()):
        np.testing.assert_array_equal(new, old.astype(np.float16).astype(np.float32))
    x = rng.normal(size=(3, 8, 8, 1)).astype(np.float32)
    model.set_weights(back.get_weights())
    for old, new in zip(model(x), back(x)):
        np.testing.assert_allclose(new, old, rtol=1e-6, atol=1e-6)


def test_architecture_keeps_what_is_not_default_and_drops_the_rest():
    config = packing.pack_model(small_net())[0]["architecture"]
    layers = {layer["name"]: layer["config"] for layer in config["config"]["layers"]}
    norm = next(v for k, v in layers.items() if k.startswith("batch_norm"))
    assert norm["momentum"] == 0.9
    assert "epsilon" not in norm
    conv = next(
        v for k, v in layers.items() if k == "conv2d" or k.startswith("conv2d_")
    )
    assert conv["use_bias"] is False
    assert (
        conv["kernel_initializer"]["config"] == {}
    )  # Keras 3.15 has settings unknown to 3.13
    assert "compile_config" not in config


def test_weights_that_do_not_fit_are_refused():
    other = keras.Sequential([keras.Input((3,)), L.Dense(2)])
    card, data = saved(small_net()).card, saved(other).data
    wrong = records.Record("05/m", card, data, ".safetensors")
    with pytest.raises(
        ValueError, match="weights of '05/m' do not fit its architecture"
    ):
        packing.model_of(wrong)


def test_weights_are_numbered_and_named():
    model = keras.Sequential([keras.Input((1,)), L.Dense(1, name="last")])
    assert list(packing.weights_of(saved(model))) == [
        "0000 last kernel",
        "0001 last bias",
    ]


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
    config = json.loads(
        model.to_json()
    )  # as someone else may have written it into a card
    with pytest.raises(ValueError, match=r"'m' holds (Lambda|Own)"):
        packing.model_of(records.Record("m", {"architecture": config}, b"never read"))


def test_what_is_no_functional_model_is_refused():
    class Subclassed(keras.Model):
        pass

    for thing in (Subclassed(), keras.Sequential([L.Dense(2)]), np.zeros(3), None):
        with pytest.raises(
            TypeError, match=r"must return a built functional keras.Model"
        ):
            packing.pack_model(thing)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
KEYS = st.text(max_size=4) | st.integers() | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values=st.dictionaries(KEYS, VALUES, max_size=4))
def test_nested_values_come_back_equal(values):
    assert repr(kept(values)) == repr(
        values
    )  # NaN, -0.0 and the order of keys included


@given(numbers=st.lists(st.floats(width=32), min_size=1, max_size=30))
def test_short_arrays_of_float32_come_back_bit_by_bit(numbers):
    array = np.array(numbers, np.float32)
    back = kept({"a": array})["a"]
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0, 3), (2, 3)])
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "uint8"])
def test_empty_and_small_arrays_keep_shape_and_type(shape, dtype):
    array = np.ones(shape, dtype)
    back = kept({"a": array})["a"]
    assert (back.dtype, back.shape) == (array.dtype, array.shape)


def test_large_whole_numbers_are_exact():
    array = np.array([2**53 + 1, -(2**62)])
    assert kept({"a": array})["a"].tolist() == array.tolist()


def test_numbers_can_be_read_and_pictures_stand_beside():
    pictures, curve = np.zeros((2, 8, 8), np.uint8), np.linspace(0, 1, 5)
    numbers, data = packing.pack_values({"curve": curve, "pictures": pictures})
    assert numbers["curve"]["$numbers"] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert numbers["pictures"] == {"$array": "array0"}
    assert data is not None
    assert packing.pack_values({"curve": curve})[1] is None


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
    }
    back = kept(values)
    assert back["curve"].dtype == np.float32
    assert back["picture"].dtype == np.uint8
    assert back["counts"].dtype == np.int64
    assert back["flags"].dtype == np.bool_
    np.testing.assert_allclose(back["curve"], values["curve"], rtol=1e-7)
    for key in ("picture", "counts", "flags", "tensor"):
        np.testing.assert_array_equal(back[key], values[key])
    assert back["nested"] == [{"deep": [0.1, 7, True, 2.5]}]
    assert back["$array"] == "a key that looks like ours"
    assert [type(x) for x in back["nested"][0]["deep"]] == [float, int, bool, float]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({1, 2}, "set"),
        (object(), "object"),
        (np.array([{}], dtype=object), "object"),
        (np.array(["a"]), "<U1"),
        (1j, "1j"),
    ],
)
def test_what_cannot_be_kept_is_named_with_its_place(value, kind):
    with pytest.raises(
        TypeError, match=rf"values\['a'\]\[1\] is .*{kind}.*, which cannot be kept"
    ):
        packing.pack_values({"a": [0, value]})


def test_plain_numbers_for_json():
    text = json.dumps({"a": np.float32(0.5), "b": np.arange(2)}, default=packing.plain)
    assert json.loads(text) == {"a": 0.5, "b": [0, 1]}
    with pytest.raises(TypeError, match="object cannot be stored"):
        packing.plain(object())


def test_packed_bytes_depend_on_nothing_but_the_values():
    values = {"a": np.ones(500), "b": [1, 2]}
    assert packing.pack_values(values) == packing.pack_values(values)
    assert packing.pack_model(_fixed())[1] == packing.pack_model(_fixed())[1]


def _fixed():
    model = keras.Sequential([keras.Input((2,)), L.Dense(2, name="d")])
    model.set_weights([np.eye(2), np.zeros(2)])
    return model
