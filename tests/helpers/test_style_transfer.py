"""Style transfer's pieces against NumPy, SciPy and finite differences."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.linalg import sqrtm

from helpers import data, paintings, style_transfer, vgg


def test_gram_is_the_mean_outer_product_and_forgets_positions():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(1, 5, 7, 4)).astype(np.float32)
    wanted = np.mean([np.outer(f, f) for f in features.reshape(-1, 4)], axis=0)
    np.testing.assert_allclose(
        style_transfer.gram(features), wanted, rtol=1e-5, atol=1e-6
    )
    shuffled = rng.permutation(features.reshape(-1, 4)).reshape(1, 7, 5, 4)
    np.testing.assert_allclose(
        style_transfer.gram(shuffled), wanted, rtol=1e-5, atol=1e-6
    )


def test_total_variation_by_hand():
    image = np.zeros((1, 2, 3, 1), np.float32)
    image[0, 0, 1, 0] = 1  # down: 1 of 3 differs; across: 2 of 4 differ
    assert float(style_transfer.total_variation(image)) == pytest.approx(1 / 3 + 2 / 4)


def test_relative_distance():
    b = np.array([3.0, 4.0])
    assert float(style_transfer.relative_distance(b, b)) == 0
    assert float(style_transfer.relative_distance(0 * b, b)) == 1
    assert float(style_transfer.relative_distance(b + [0, 5], b)) == pytest.approx(1)


def test_match_colours_moves_to_the_style_at_the_least_cost():
    rng = np.random.default_rng(1)
    content = np.clip(rng.normal(0.1, 0.12, (40, 30, 3)) * [1, 0.8, 0.5], -1, 1)
    style = np.clip(
        rng.normal(-0.1, 0.1, (20, 20, 3)) @ rng.normal(0, 0.6, (3, 3)), -1, 1
    )
    moved = style_transfer.match_colours(content, style).reshape(-1, 3).astype(float)
    flat, other = content.reshape(-1, 3), style.reshape(-1, 3)
    np.testing.assert_allclose(moved.mean(0), other.mean(0), atol=1e-5)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(other.T), atol=1e-5)
    a, b = np.cov(flat.T), np.cov(other.T)  # the Bures-Wasserstein distance, by SciPy
    root = sqrtm(sqrtm(a) @ b @ sqrtm(a)).real
    least = np.sum((flat.mean(0) - other.mean(0)) ** 2) + np.trace(a + b - 2 * root)
    cost = np.sum((moved - flat) ** 2) / (len(flat) - 1)
    assert cost == pytest.approx(least, rel=2e-3)


def test_objective_gradient_against_finite_differences():
    network = vgg.build(["conv1_1", "conv2_1"], "random")
    content, style = data.picture("cat", 32), paintings.paint("waves", 32)
    losses = style_transfer.objective(
        network,
        content,
        style,
        style_layers={"conv1_1": 1.0},
        content_layer="conv2_1",
        tv_weight=0.5,
        style_weight=3.0,
    )
    image = tf.constant(content[None] * 0.5 + 0.1)
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss, content_loss, style_loss = losses(image)
    gradient = tape.gradient(loss, image)
    tilt = np.random.default_rng(2).uniform(0.5, 1.5, image.shape).astype(np.float32)
    direction = tilt * gradient / tf.norm(gradient)  # steep enough for float32
    slope, h = float(tf.reduce_sum(gradient * direction)), 0.02
    finite = float(
        losses(image + h * direction)[0] - losses(image - h * direction)[0]
    ) / (2 * h)
    assert slope == pytest.approx(finite, rel=0.02)
    smooth = 0.5 * float(style_transfer.total_variation(image))
    assert float(loss) == pytest.approx(
        float(content_loss + 3 * style_loss) + smooth, rel=1e-4
    )


def test_the_style_loss_is_the_weighted_mean_over_layers():
    names = ["conv1_1", "conv2_1", "conv3_1"]
    network = vgg.build(names, "random")
    content, style = data.picture("cat", 32), paintings.paint("waves", 32)
    image = tf.constant(content[None] * 0.5 + 0.1)

    def style_loss(weights):
        losses = style_transfer.objective(
            network, content, style, style_layers=weights, content_layer="conv1_1"
        )
        loss, content_loss, found = map(float, losses(image))
        assert loss == pytest.approx(content_loss + 5 * found, rel=1e-5)
        return found

    parts = [
        float(
            style_transfer.relative_distance(
                style_transfer.gram(network(image)[name]),
                style_transfer.gram(network(style[None])[name]),
            )
        )
        for name in names
    ]
    for weights in ((1.0, 1.0, 1.0), (0.2, 0.5, 1.0), (20, 50, 100), (0, 3, 0)):
        found = style_loss(dict(zip(names, weights, strict=True)))
        assert found == pytest.approx(np.average(parts, weights=weights), rel=1e-4)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_stylise_comes_nearer_to_the_style(optimizer):
    content, style = data.picture("cat", 48), paintings.paint("waves", 40)
    done = style_transfer.stylise(
        content, style, steps=25, kind="random", palette=False, optimizer=optimizer
    )
    assert done["image"].shape == content.shape and np.abs(done["image"]).max() <= 1
    assert done["style_loss"][-1] < 0.6 * done["style_loss"][0]
    assert done["content_loss"][0] == pytest.approx(0, abs=1e-6)
    assert done["encoder"] == "random" and 25 <= len(done["style_loss"]) <= 45
    assert np.all(np.diff(done["seconds"]) > 0)
    whole = done["content_loss"] + 5 * done["style_loss"]
    np.testing.assert_allclose(done["loss"], whole, rtol=1e-4)


def test_lbfgs_is_given_the_true_gradient():
    """With the content alone to match, L-BFGS finds the picture again from a blurred
    start."""
    content, style = data.picture("cat", 32), paintings.paint("waves", 32)
    done = style_transfer.stylise(
        content,
        style,
        steps=60,
        kind="random",
        palette=False,
        start=0.5 * content,
        style_weight=0.0,
        content_layer="conv1_1",
    )
    assert np.abs(done["image"] - content).mean() < 0.1 * np.abs(0.5 * content).mean()


def test_starts():
    content, style = data.picture("cat", 48), paintings.paint("waves", 40)
    own = np.full_like(content, 0.2)
    matched = style_transfer.match_colours(content, style)
    for start, palette, wanted in (
        ("content", False, content),
        ("content", True, matched),
        (own, True, own),
    ):
        done = style_transfer.stylise(
            content,
            style,
            steps=1,
            learning_rate=1e-6,
            start=start,
            palette=palette,
            kind="random",
            optimizer="adam",
        )
        np.testing.assert_allclose(done["image"], wanted, atol=1e-5)


GOOD = np.zeros((32, 32, 3), np.float32)


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        ({"content": GOOD[:16]}, ValueError, "content"),
        ({"style": GOOD[..., :1]}, ValueError, "style"),
        ({"style": GOOD.astype(np.uint8)}, TypeError, "style"),
        ({"content": GOOD + 2}, ValueError, "content"),
        ({"content": GOOD * np.nan}, ValueError, "content"),
        ({"steps": 0}, ValueError, "steps"),
        ({"learning_rate": 0}, ValueError, "learning_rate"),
        ({"start": "noise"}, ValueError, "start"),
        ({"optimizer": "sgd"}, ValueError, "optimizer"),
        ({"start": GOOD[:, :31]}, ValueError, "start"),
        ({"start": None}, ValueError, "start"),
        ({"start": GOOD.astype(np.uint8)}, TypeError, "start"),
        ({"kind": "vgg11"}, ValueError, "kind"),
        ({"kind": ["random"]}, ValueError, "kind"),
        ({"pooling": []}, ValueError, "pooling"),
        ({"padding": "same"}, ValueError, "padding"),
        ({"palette": "yes"}, TypeError, "palette"),
        ({"style_weight": np.nan}, ValueError, "style_weight"),
        ({"tv_weight": -1}, ValueError, "tv_weight"),
        ({"content_layer": "conv9_9"}, ValueError, "content_layer"),
        # Layers of style as readers write them out of habit.
        ({"style_layers": {"conv1_1": 0}}, ValueError, "a weight above 0"),
        ({"style_layers": ["conv1_1"]}, TypeError, "style_layers must be a dict"),
        ({"style_layers": ("conv1_1", 1.0)}, TypeError, "style_layers must be a dict"),
        ({"style_layers": "conv1_1"}, TypeError, "style_layers must be a dict"),
        ({"style_layers": {}}, TypeError, "style_layers must be a dict"),
        ({"style_layers": {"conv9_1": 1.0}}, ValueError, "style_layers must be one of"),
        ({"style_layers": {1: 1.0}}, ValueError, "style_layers must be one of"),
        ({"style_layers": {"conv1_1": -1}}, ValueError, r"style_layers\['conv1_1'\]"),
        ({"style_layers": {"conv1_1": None}}, TypeError, r"style_layers\['conv1_1'\]"),
        ({"style_layers": {"conv1_1": np.nan}}, ValueError, r"\['conv1_1'\]"),
    ],
)
def test_refusals_name_the_argument_before_anything_is_computed(
    change, error, word, monkeypatch
):
    if "kind" not in change:
        monkeypatch.setattr(style_transfer, "_network", lambda *_: pytest.fail("begun"))
    arguments = {"content": GOOD, "style": GOOD, "kind": "random", "steps": 1, **change}
    with pytest.raises(error, match=word) as caught:
        style_transfer.stylise(
            arguments.pop("content"), arguments.pop("style"), **arguments
        )
    assert "\n" not in str(caught.value)


def test_numbers_of_numpy_are_taken():
    done = style_transfer.stylise(
        GOOD + 0.1,
        data.picture("cat", 32),
        steps=np.int64(2),
        kind="random",
        optimizer="adam",
        learning_rate=np.float32(0.02),
        style_weight=np.array(2.0),
        style_layers={"conv1_1": np.float64(1.0)},
        palette=np.True_,
    )
    assert done["image"].shape == GOOD.shape and len(done["loss"]) == 2


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        ({"network": "vgg16"}, TypeError, "network must come from helpers.vgg.build"),
        ({"network": lambda x: x}, TypeError, "network must come from"),
        (
            {"content_layer": "conv4_2"},
            ValueError,
            "content_layer must be one of conv1_1",
        ),
        ({"style_layers": None}, ValueError, "style_layers must be one of conv1_1"),
        ({"content": GOOD[:31]}, ValueError, "content must be at least 32 pixels"),
    ],
)
def test_objectives_that_cannot_be(change, error, word):
    arguments = {
        "network": vgg.build(["conv1_1"], "random"),
        "content": GOOD,
        "style": GOOD,
        "style_layers": {"conv1_1": 1.0},
        "content_layer": "conv1_1",
        **change,
    }
    with pytest.raises(error, match=word):
        style_transfer.objective(**arguments)


FLOATS = np.ones((1, 4, 4, 3), np.float32)


@pytest.mark.parametrize(
    ("call", "error", "word"),
    [
        (
            lambda: style_transfer.gram(FLOATS[0]),
            ValueError,
            "features must be float of",
        ),
        (lambda: style_transfer.gram(FLOATS > 0), TypeError, "features must be float"),
        (
            lambda: style_transfer.gram(FLOATS[:0]),
            ValueError,
            "features must not be emp",
        ),
        (lambda: style_transfer.gram(FLOATS * np.nan), ValueError, "must be finite"),
        (
            lambda: style_transfer.total_variation(FLOATS[:, :1]),
            ValueError,
            "image must be at least 2 pixels a side",
        ),
        (
            lambda: style_transfer.relative_distance(FLOATS, FLOATS[0]),
            ValueError,
            "a and b must have one shape",
        ),
        (
            lambda: style_transfer.relative_distance(FLOATS, FLOATS.astype(float)),
            ValueError,
            "a and b must have one shape and dtype",
        ),
        (
            lambda: style_transfer.relative_distance(FLOATS, "text"),
            TypeError,
            "b must be float",
        ),
    ],
)
def test_pieces_refuse_what_they_cannot_measure(call, error, word):
    with pytest.raises(error, match=word):
        call()
