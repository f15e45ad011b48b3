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
        ({"kind": "vgg11"}, ValueError, "kind"),
    ],
)
def test_refusals_name_the_argument(change, error, word):
    arguments = {"content": GOOD, "style": GOOD, "kind": "random", "steps": 1, **change}
    with pytest.raises(error, match=word):
        style_transfer.stylise(
            arguments.pop("content"), arguments.pop("style"), **arguments
        )
