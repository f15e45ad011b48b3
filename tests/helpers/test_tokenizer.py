"""Nearest codes by SciPy, a tokenizer of a tiny net, the shipped ones, errors."""

import json

import keras
import numpy as np
import pytest
from keras import layers
from scipy.cluster.vq import vq

from helpers import data, obedience, tokenizer
from helpers.store import manifest, packing, records

RNG = np.random.default_rng(0)


def tiny(codes=5):
    """A tokenizer of 4 x 4 pictures with 2 x 2 tokens, of one layer each way."""
    images = keras.Input((4, 4, 1))
    vectors = layers.Conv2D(3, 2, strides=2)(images)
    encoder = keras.Model(images, tokenizer.NearestCode(codes)(vectors), name="encoder")
    numbers = keras.Input((2, 2), dtype="int32")
    x = layers.Embedding(codes, 3, embeddings_initializer="random_normal")(numbers)
    decoder = keras.Model(
        numbers, layers.Conv2DTranspose(1, 2, strides=2)(x), name="decoder"
    )
    pictures = keras.Input((4, 4, 1))
    return keras.Model(pictures, decoder(encoder(pictures)), name="tiny")


def pictures(count):
    return RNG.uniform(-1, 1, (count, 4, 4, 1)).astype("float32")


def test_nearest_code_is_that_of_scipy():
    layer = tokenizer.NearestCode(17)
    vectors = RNG.standard_normal((6, 7, 7, 4)).astype("float32")
    layer.build(vectors.shape)
    layer.codebook.assign(RNG.standard_normal((17, 4)))
    found = np.asarray(layer(vectors))
    expected, _ = vq(vectors.reshape(-1, 4), np.asarray(layer.codebook))
    assert found.shape == (6, 7, 7) and found.dtype == np.int32
    np.testing.assert_array_equal(found.ravel(), expected)


def test_of_two_equal_codes_the_first_is_taken():
    layer = tokenizer.NearestCode(3)
    layer.build((None, 2))
    layer.codebook.assign([[5, 5], [1, 0], [1, 0]])
    assert np.asarray(layer(np.array([[1.0, 0.1]], "float32"))).tolist() == [1]


def test_tokens_are_row_by_row_and_the_same_in_every_batch():
    found = tokenizer.Tokenizer(tiny())
    images = pictures(7)
    tokens = found.encode(images)
    assert (found.grid, found.length, found.codes, found.image_shape) == (
        (2, 2),
        4,
        5,
        (4, 4, 1),
    )
    assert tokens.shape == (7, 4) and tokens.dtype == np.int32
    np.testing.assert_array_equal(tokens, found.encode(images, batch_size=2))
    grid = np.asarray(found.encoder(images[3:4]))[0]
    np.testing.assert_array_equal(tokens[3].reshape(2, 2), grid)


def test_decoding_a_grid_is_decoding_a_row_and_one_token_paints_its_own_patch():
    found = tokenizer.Tokenizer(tiny())
    tokens = RNG.integers(0, 5, (3, 4))
    copies = found.decode(tokens)
    assert copies.shape == (3, 4, 4, 1) and copies.dtype == np.float32
    np.testing.assert_array_equal(
        copies, found.decode(tokens.reshape(3, 2, 2), batch_size=2)
    )
    changed = tokens.copy()
    changed[:, 1] = (changed[:, 1] + 1) % 5  # the upper right token
    differs = np.any(found.decode(changed) != copies, axis=(0, 3))
    np.testing.assert_array_equal(
        differs, np.repeat(np.repeat([[0, 1], [0, 0]], 2, 0), 2, 1)
    )


def test_reconstruct_is_both_ways():
    found, images = tokenizer.Tokenizer(tiny()), pictures(5)
    expected = found.decode(found.encode(images))
    np.testing.assert_array_equal(found.reconstruct(images), expected)


def test_a_tokenizer_survives_the_zoo():
    model = tiny()
    facts, weights, suffix = packing.pack_model(model)
    facts = json.loads(json.dumps(facts))
    kept = records.new("15/tiny", "model", {}, facts, weights, suffix)
    again = packing.model_of(kept)
    for weight in model.weights:
        weight.assign(np.asarray(weight, "float16"))
    tokens = tokenizer.Tokenizer(model).encode(pictures(1).repeat(3, axis=0))
    np.testing.assert_allclose(
        tokenizer.Tokenizer(again).decode(tokens),
        tokenizer.Tokenizer(model).decode(tokens),
    )


def test_what_a_decoder_paints_beyond_the_range_is_clipped():
    model = tiny()
    paint = model.get_layer("decoder").layers[-1]
    paint.set_weights([100 * w for w in paint.get_weights()])
    found, tokens = tokenizer.Tokenizer(model), np.arange(20).reshape(5, 4) % 5
    raw = np.asarray(found.decoder(tokens.reshape(5, 2, 2)))
    assert raw.min() < -1.5 and raw.max() > 1.5
    np.testing.assert_array_equal(found.decode(tokens), np.clip(raw, -1, 1))


def test_the_codebook_is_never_trained():
    layer = tokenizer.NearestCode(5)
    layer.build((None, 3))
    assert layer.trainable_weights == []
    assert [w.path for w in layer.non_trainable_weights] == [layer.codebook.path]
    model = tiny()
    assert not any("codebook" in w.path for w in model.trainable_weights)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.zeros((2, 5, 4, 1)), "must have shape"),
        (np.zeros((4, 4, 1)), "must have shape"),
        (np.zeros((0, 4, 4, 1)), "must not be empty"),
        (np.full((1, 4, 4, 1), 255.0), r"lie in \[-1, 1\]"),
        (np.full((1, 4, 4, 1), np.nan), "must be finite"),
    ],
)
def test_bad_images_are_told(images, says):
    with pytest.raises(ValueError, match=says):
        tokenizer.Tokenizer(tiny()).encode(images)


@pytest.mark.parametrize(
    ("tokens", "kind", "says"),
    [
        (np.zeros((2, 5), int), ValueError, r"of shape \(N, 4\), got int64 \(2, 5\)"),
        (np.zeros((0, 4), int), ValueError, r"of shape \(N, 4\), got int64 \(0, 4\)"),
        (3, ValueError, r"of shape \(N, 4\), got 3"),
        ([[1], [1, 2]], ValueError, r"of shape \(N, 4\), got a list of 2"),
        (np.zeros((2, 4)), TypeError, "whole numbers"),
        (np.full((2, 4), 5), ValueError, "0 to 4"),
        (np.full((2, 4), -1), ValueError, "0 to 4"),
    ],
)
def test_bad_tokens_are_told(tokens, kind, says):
    with pytest.raises(kind, match=says):
        tokenizer.Tokenizer(tiny()).decode(tokens)


def test_models_and_names_that_are_none_are_told():
    with pytest.raises(TypeError, match="encoder that ends in NearestCode, and a dec"):
        tokenizer.Tokenizer(keras.Sequential([keras.Input((2,)), layers.Dense(1)]))
    images = keras.Input((4, 4, 1))
    encoder = keras.Model(images, layers.Flatten()(images), name="encoder")
    numbers = keras.Input((16,))
    decoder = keras.Model(numbers, layers.Dense(3)(numbers), name="decoder")
    without_codes = keras.Model(images, decoder(encoder(images)))
    with pytest.raises(TypeError, match="encoder that ends in NearestCode"):
        tokenizer.Tokenizer(without_codes)
    for name in ("photos", ["fashion"], None):
        with pytest.raises(ValueError, match="name must be one of fashion, shapes"):
            tokenizer.load(name)
    with pytest.raises(ValueError, match="codes must be a whole number"):
        tokenizer.NearestCode(0)
    assert tokenizer.NearestCode(np.int64(3)).get_config()["codes"] == 3


@pytest.mark.skipif(
    "15/fashion-tokens.json" not in manifest.read(), reason="not trained yet"
)
def test_the_shipped_one_is_better_than_the_mean_picture_and_agrees_with_its_codebook():
    found = tokenizer.load("fashion")
    images = data.fashion("test")[0][:200]
    tokens = found.encode(images)
    assert found.grid == (7, 7) and found.codes == 128
    # independent: the encoder's layers without the last, and SciPy's nearest code
    to_vectors = keras.Model(found.encoder.input, found.encoder.layers[-2].output)
    vectors = np.asarray(to_vectors(images)).reshape(-1, to_vectors.output_shape[-1])
    expected, _ = vq(vectors, np.asarray(found.encoder.layers[-1].codebook))
    assert np.mean(tokens.ravel() == expected) > 0.999
    mean = data.fashion("train")[0].mean(axis=0)
    assert np.mean((found.decode(tokens) - images) ** 2) < 0.2 * np.mean(
        (mean - images) ** 2
    )


@pytest.mark.parametrize("split", ["test", "pairs", "relations"])
def test_scenes_keep_their_captions_through_the_tokens(split):
    """What text to image stands on: at least 97 % of held-out scenes are judged
    right."""
    scenes, sentences, _ = data.shapes(split, 400, seed=9)
    copies = tokenizer.load("shapes").reconstruct(scenes)
    assert obedience.obeys_many(copies, sentences)["all"].mean() >= 0.97
