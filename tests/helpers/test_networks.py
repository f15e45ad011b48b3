"""The two networks that chapters share: their layers, sizes, and errors for people."""

import keras
import numpy as np
import pytest

from helpers import networks
from tests.helpers.tiny_gan import REAL


def summary(model):
    """Return each layer's type and name (if it was given one), and what it is set to."""
    told = ("units", "filters", "kernel_size", "strides", "padding", "use_bias")
    told += ("data_format", "rate", "negative_slope", "target_shape", "activation")
    told += ("momentum", "epsilon", "axis", "fill_value", "fill_mode", "interpolation")
    rows = []
    for layer in model.layers:
        facts = {k: v for k, v in layer.get_config().items() if k in told}
        facts = {k: v for k, v in facts.items() if v not in ("linear", None)}
        given = layer.name.rstrip("_0123456789") not in (
            "leaky_re_lu",
            "dropout",
            "flatten",
            "reshape",
        )
        rows.append((type(layer).__name__, layer.name if given else "", facts))
    return rows


def test_generator_has_the_layers_of_the_book():
    same = {"strides": (2, 2), "padding": "same", "data_format": "channels_last"}
    norm = {"axis": -1, "momentum": 0.99, "epsilon": 0.001}
    relu = {"negative_slope": 0.0}
    assert summary(networks.build_generator(5, width=3, kernel=4)) == [
        ("InputLayer", "latents", {}),
        ("Dense", "dense", {"units": 294, "use_bias": False}),
        ("BatchNormalization", "dense_norm", norm),
        ("ReLU", "dense_relu", relu),
        ("Reshape", "", {"target_shape": (7, 7, 6)}),
        (
            "Conv2DTranspose",
            "up_to_14",
            {"filters": 3, "kernel_size": (4, 4), "use_bias": False} | same,
        ),
        ("BatchNormalization", "up_norm", norm),
        ("ReLU", "up_relu", relu),
        (
            "Conv2DTranspose",
            "up_to_28",
            {"filters": 1, "kernel_size": (4, 4), "use_bias": True} | same,
        ),
        ("Activation", "images", {"activation": "tanh"}),
    ]


def test_discriminator_has_the_layers_of_the_book():
    same = {"strides": (2, 2), "padding": "same", "data_format": "channels_last"}
    same |= {"kernel_size": (5, 5), "use_bias": True}
    leaky, last = {"negative_slope": 0.2}, {"data_format": "channels_last"}
    shift = {"fill_mode": "constant", "fill_value": -1.0, "interpolation": "nearest"}
    model = networks.build_discriminator(
        width=3, kernel=5, head=7, dropout=0.25, shift=2
    )
    assert summary(model) == [
        ("InputLayer", "images", {}),
        ("RandomTranslation", "shift", shift | last),
        ("Conv2D", "down_to_14", {"filters": 3} | same),
        ("LeakyReLU", "", leaky),
        ("Dropout", "", {"rate": 0.25}),
        ("Conv2D", "down_to_7", {"filters": 6} | same),
        ("LeakyReLU", "", leaky),
        ("Dropout", "", {"rate": 0.25}),
        ("Flatten", "", last),
        ("Dense", "head", {"units": 7, "use_bias": True}),
        ("LeakyReLU", "", leaky),
        ("Dense", "logits", {"units": 1, "use_bias": True}),
    ]
    shift = model.get_layer("shift")
    assert shift.height_factor == shift.width_factor == pytest.approx(2 / 28)
    plain = [kind for kind, *_ in summary(networks.build_discriminator(3, head=0))]
    assert plain == [
        "InputLayer",
        *("Conv2D", "LeakyReLU") * 2,
        "Flatten",
        "Dense",
    ]


def test_networks_have_the_sizes_that_arithmetic_gives():
    generator, discriminator = (
        networks.build_generator(),
        networks.build_discriminator(),
    )
    dense, kernels = 64 * 3136, 16 * 64 * 32 + 16 * 32 * 1 + 1
    assert generator.count_params() == dense + 4 * 3136 + kernels + 4 * 32
    convolutions = 16 * 1 * 32 + 32 + 16 * 32 * 64 + 64
    assert discriminator.count_params() == convolutions + 3136 * 64 + 64 + 64 + 1
    headless = networks.build_discriminator(head=0).count_params()
    assert headless == convolutions + 3136 + 1
    assert generator.output_shape == discriminator.input_shape == (None, 28, 28, 1)
    assert generator.name == "generator" and discriminator.name == "discriminator"


@pytest.mark.parametrize(
    "number", [np.int64, np.uint8, np.array, keras.ops.convert_to_tensor]
)
def test_sizes_may_be_numbers_of_numpy_and_tensorflow(number):
    generator = networks.build_generator(number(8), number(4), number(3))
    assert generator.input_shape == (None, 8)
    discriminator = networks.build_discriminator(
        number(2), number(3), number(5), np.float32(0.5), number(1)
    )
    plain = networks.build_discriminator(2, 3, 5, 0.5, 1)
    assert summary(discriminator) == summary(plain)


def test_channels_first_in_a_readers_keras_changes_nothing():
    keras.config.set_image_data_format("channels_first")
    try:
        generator = networks.build_generator(5, width=2)
        shifted = networks.build_discriminator(2, head=3, shift=2)
    finally:
        keras.config.set_image_data_format("channels_last")
    for mine, usual in (
        (generator, networks.build_generator(5, width=2)),
        (shifted, networks.build_discriminator(2, head=3, shift=2)),
    ):
        assert summary(mine) == summary(usual)
        usual.set_weights(mine.get_weights())
        inputs = REAL[:4] if mine is shifted else REAL[:4, :5, 0, 0]
        np.testing.assert_array_equal(
            mine(inputs, training=False), usual(inputs, training=False)
        )


BAD = [
    ({"width": 0}, ValueError),
    ({"width": 2.5}, ValueError),
    ({"width": "wide"}, TypeError),
    ({"kernel": 1.5}, ValueError),
    ({"kernel": True}, TypeError),
]


@pytest.mark.parametrize(
    ("chosen", "error"),
    [
        *BAD,
        ({"head": -1}, ValueError),
        ({"head": None}, TypeError),
        ({"dropout": 1}, ValueError),
        ({"dropout": -0.1}, ValueError),
        ({"dropout": np.nan}, ValueError),
        ({"dropout": "half"}, TypeError),
        ({"shift": -1}, ValueError),
        ({"shift": 28}, ValueError),
        ({"shift": 0.5}, ValueError),
    ],
)
def test_the_discriminator_refuses_bad_sizes(chosen, error):
    with pytest.raises(error, match=f"^{next(iter(chosen))} must be"):
        networks.build_discriminator(**chosen)


@pytest.mark.parametrize(
    ("chosen", "error"),
    [*BAD, ({"latent_dim": 0}, ValueError), ({"latent_dim": [8]}, TypeError)],
)
def test_the_generator_refuses_bad_sizes(chosen, error):
    with pytest.raises(error, match=f"^{next(iter(chosen))} must be"):
        networks.build_generator(**chosen)


def test_dropout_and_shift_act_in_training_alone():
    model = networks.build_discriminator(2, head=2, dropout=0.5)
    quiet = [np.array(model(REAL[:8], training=False)) for _ in range(2)]
    loud = [np.array(model(REAL[:8], training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*quiet)
    assert not np.array_equal(*loud) and not np.array_equal(quiet[0], loud[0])


def test_a_shift_moves_pictures_in_training_alone_and_fills_with_black():
    discriminator = networks.build_discriminator(2, head=2, shift=3)
    plain = networks.build_discriminator(2, head=2)
    plain.set_weights([w for w in discriminator.get_weights() if w.dtype.kind == "f"])
    np.testing.assert_array_equal(
        discriminator(REAL[:8], training=False), plain(REAL[:8], training=False)
    )
    white = np.ones((200, 28, 28, 1), "float32")
    moved = np.array(discriminator.get_layer("shift")(white, training=True))[..., 0]
    assert set(np.unique(moved)) == {-1.0, 1.0}
    rows, columns = ((moved == -1).all(axis=axis).sum(axis=1) for axis in (2, 1))
    assert set(rows) == set(columns) == {0, 1, 2, 3}
    assert plain.count_params() == sum(w.size for w in plain.get_weights())
