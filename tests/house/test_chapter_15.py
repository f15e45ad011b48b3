"""Chapter 15: its quantiser does what its text says, whichever line is read."""

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from book.chapters import BY_NUMBER


@pytest.fixture(scope="module")
def chapter():
    """Return what the chapter's cells define of its quantiser, without running others."""
    notebook = nbformat.read(BY_NUMBER["15"].path, as_version=4)
    wanted = ("class VectorQuantizer", "def follow")
    cells = [c.source for c in notebook.cells if c.cell_type == "code"]
    space = {"keras": keras, "layers": layers, "np": np, "ops": ops, "tf": tf}
    for source in cells:
        if any(source.startswith(w) or f"\n{w}" in source for w in wanted):
            exec(source, space)
    return space


def quantiser(chapter, decay=0.9, codes=3):
    """Return a quantiser with three codes in the plane, far apart."""
    made = chapter["VectorQuantizer"](codes, decay, 0.25, restart=False)
    made.build((None, 2))
    book = np.float32([[0, 0], [10, 0], [0, 10]])
    made.codebook.assign(book)
    made.sums.assign(book)
    made.counts.assign(np.ones(codes, "float32"))
    return made, book


def test_the_gradient_goes_straight_through(chapter):
    made, book = quantiser(chapter)
    x = tf.Variable(np.float32([[[1, 1], [9, 1]], [[1, 8], [11, 0]]]))
    weights = np.float32([[[1, -2], [3, 4]], [[-5, 6], [7, 8]]])
    with tf.GradientTape() as tape:
        q = made(x, training=False)
        loss = tf.reduce_sum(weights * q)
    np.testing.assert_allclose(q, book[[[0, 1], [2, 1]]], atol=1e-6)
    np.testing.assert_allclose(tape.gradient(loss, x), weights, atol=1e-6)


def test_the_commitment_is_the_mean_squared_distance_times_beta(chapter):
    made, book = quantiser(chapter)
    x = np.float32([[1, 1], [9, 1]])
    made(x, training=False)
    expected = 0.25 * np.mean((x - book[[0, 1]]) ** 2)
    np.testing.assert_allclose(sum(made.losses), expected, rtol=1e-6)


def test_after_one_step_a_code_is_the_weighted_mean_of_old_and_new(chapter):
    """Counts and sums keep `decay` of the past, and take 1 - decay of the batch."""
    decay = 0.9
    made, book = quantiser(chapter, decay)
    x = np.float32(
        [[1, 1], [3, 1], [9, 2]]
    )  # two go to the first code, one to the second
    made(x, training=True)
    counts = decay * np.ones(3) + (1 - decay) * np.array([2, 1, 0])
    sums = decay * book + (1 - decay) * np.array([[4, 2], [9, 2], [0, 0]])
    np.testing.assert_allclose(made.counts, counts, rtol=1e-5)
    np.testing.assert_allclose(made.sums, sums, rtol=1e-5)
    np.testing.assert_allclose(made.codebook, sums / counts[:, None], rtol=1e-3)


def test_the_nearest_code_is_nearest_by_brute_force(chapter):
    rng = np.random.default_rng(0)
    vectors, book = rng.normal(size=(50, 4)), rng.normal(size=(7, 4))
    found = chapter["nearest"](np.float32(vectors), np.float32(book))
    far = ((vectors[:, None] - book[None]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(found, far.argmin(axis=1))
