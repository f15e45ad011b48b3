"""Attention against Keras's own, causality, the cache, the filters and the sampler."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from helpers import sampling, transformer
from helpers.store import packing, records

RNG = np.random.default_rng(0)


def model(**changes):
    keras.utils.set_random_seed(0)
    settings = {"vocabulary": 11, "length": 12, "dim": 16, "depth": 2, "heads": 4}
    built = transformer.build_transformer(**settings | changes)
    for weight in built.weights:  # away from the small start, where everything is alike
        weight.assign(
            weight + 0.3 * RNG.standard_normal(weight.shape).astype("float32")
        )
    return built


def tokens(rows, length, vocabulary=11):
    return RNG.integers(0, vocabulary, (rows, length)).astype("int32")


# ---- attention and block ------------------------------------------------------------


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_that_of_keras(causal):
    x = RNG.standard_normal((3, 7, 24)).astype("float32")
    ours = transformer.Attention(24, 3, causal)
    found = np.asarray(ours(x))
    theirs = keras.layers.MultiHeadAttention(3, 8)
    theirs(x, x)
    kernel = np.asarray(ours.query_key_value.kernel).reshape(
        24, 3, 3, 8
    )  # dim, qkv, heads, d
    zeros = np.zeros((3, 8), "float32")
    out, bias = (np.asarray(w) for w in ours.out.weights)
    theirs.set_weights(
        [
            kernel[:, 0],
            zeros,
            kernel[:, 1],
            zeros,
            kernel[:, 2],
            zeros,
            out.reshape(3, 8, 24),
            bias,
        ]
    )
    np.testing.assert_allclose(found, theirs(x, x, use_causal_mask=causal), atol=1e-5)


def test_attention_by_hand_for_one_head():
    x = RNG.standard_normal((1, 5, 4)).astype("float32")
    layer = transformer.Attention(4, 1, causal=True)
    layer(x)
    q, k, v = np.split(x[0] @ np.asarray(layer.query_key_value.kernel), 3, axis=1)
    rows = []
    for i in range(5):
        weights = np.exp(q[i] @ k[: i + 1].T / 2)
        rows.append(weights / weights.sum() @ v[: i + 1])
    kernel, bias = (np.asarray(w) for w in layer.out.weights)
    np.testing.assert_allclose(layer(x)[0], np.array(rows) @ kernel + bias, atol=1e-5)


def test_a_block_that_adds_nothing_is_the_identity():
    x = RNG.standard_normal((2, 3, 8)).astype("float32")
    block = transformer.Block(8, 2)
    block(x)
    for layer in (block.attention.out, block.narrow):
        layer.set_weights([np.zeros(w.shape) for w in layer.get_weights()])
    np.testing.assert_array_equal(block(x), x)


def test_dropout_acts_in_training_only():
    x = RNG.standard_normal((2, 3, 8)).astype("float32")
    block = transformer.Block(8, 2, dropout=0.5)
    np.testing.assert_array_equal(block(x), block(x, training=False))
    assert np.abs(block(x, training=True) - block(x)).max() > 1e-3


# ---- the model
# ------------------------------------------------------------------------


def test_a_later_token_changes_nothing_before_it():
    net, sequence = model(), tokens(2, 12)
    before = np.asarray(net(sequence))
    for place in (3, 8, 11):
        changed = sequence.copy()
        changed[:, place] = (changed[:, place] + 1) % 11
        after = np.asarray(net(changed))
        np.testing.assert_array_equal(after[:, :place], before[:, :place])
        assert np.abs(after[:, place:] - before[:, place:]).max() > 1e-3


def test_without_the_mask_it_changes_everything():
    net, sequence = model(causal=False), tokens(1, 12)
    changed = sequence.copy()
    changed[:, 11] = (changed[:, 11] + 1) % 11
    assert (np.abs(net(changed) - net(sequence)).max(axis=(0, 2)) > 1e-6).all()


def test_the_order_of_tokens_matters_through_positions_alone():
    net, sequence = model(causal=False), tokens(1, 6)
    assert np.abs(net(sequence[:, ::-1])[:, ::-1] - net(sequence)).max() > 1e-3
    table = net.get_layer("positions").table
    table.assign(tf.zeros_like(table))
    np.testing.assert_allclose(
        net(sequence[:, ::-1])[:, ::-1], net(sequence), atol=1e-4
    )


def test_it_can_be_shipped():
    net, sequence = model(), tokens(2, 9)
    facts, data, suffix = packing.pack_model(net)
    again = packing.model_of(records.new("16/net", "model", {}, facts, data, suffix))
    again.set_weights(net.get_weights())
    np.testing.assert_allclose(again(sequence), net(sequence), atol=1e-5)


def test_it_learns_to_count():
    keras.utils.set_random_seed(1)
    net = transformer.build_transformer(7, 8, dim=16, depth=1, heads=2, dropout=0.0)
    rows = (np.arange(7)[:, None] + np.arange(9)) % 7
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(keras.optimizers.Adam(0.01), loss)
    net.fit(
        np.tile(rows[:, :-1], (20, 1)),
        np.tile(rows[:, 1:], (20, 1)),
        epochs=15,
        verbose=0,
    )
    made = sampling.sample(net, rows[:, :1], 8, temperature=0)
    np.testing.assert_array_equal(made, rows)


# ---- the cache
# ------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [(1,) * 12, (12,), (5, 1, 6), (4, 1, 1, 1, 5)])
def test_cached_logits_are_those_of_the_whole(pieces):
    net, sequence = model(), tokens(3, 12)
    caches, found, start = None, [], 0
    for piece in pieces:
        logits, caches = transformer.extend(
            net, sequence[:, start : start + piece], caches
        )
        found.append(np.asarray(logits))
        start += piece
    np.testing.assert_allclose(np.concatenate(found, axis=1), net(sequence), atol=1e-5)


def test_the_greedy_sequence_is_that_of_the_whole_model():
    net, sequence = model(), tokens(4, 3)
    expected = sequence
    for _ in range(9):
        last = np.asarray(net(expected))[:, -1].argmax(axis=-1)
        expected = np.concatenate([expected, last[:, None]], axis=1)
    np.testing.assert_array_equal(
        sampling.sample(net, sequence, 9, temperature=0), expected
    )


# ---- filters
# ----------------------------------------------------------------------------


def by_hand(logits, temperature, top_k, top_p):
    """Keep tokens one by one, from the likeliest down."""
    p = np.exp(logits / temperature - np.max(logits / temperature))
    p = p / p.sum()
    order = np.argsort(-p)[: top_k or len(p)]
    kept = np.zeros_like(p)
    total = p[order].sum()
    reached = 0.0
    for index in order:
        if top_p is not None and reached >= top_p:
            break
        kept[index] = p[index]
        reached += p[index] / total
    return kept / kept.sum()


@pytest.mark.parametrize("top_k", [None, 1, 3, 40])
@pytest.mark.parametrize("top_p", [None, 0.05, 0.6, 0.95, 1.0])
@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_filters_keep_what_a_loop_keeps(temperature, top_k, top_p):
    logits = RNG.standard_normal((6, 17)).astype("float32") * 2
    found = tf.nn.softmax(
        sampling.filter_logits(logits, temperature, top_k, top_p)
    ).numpy()
    expected = [by_hand(row.astype(float), temperature, top_k, top_p) for row in logits]
    np.testing.assert_allclose(found, expected, atol=1e-5)


# ---- sampling
# ---------------------------------------------------------------------------


def test_it_draws_from_the_model_s_distribution():
    net = model()
    prompt = np.tile([[3, 1]], (4000, 1))
    drawn = sampling.sample(net, prompt, 1, temperature=1.5)[:, 2]
    expected = tf.nn.softmax(net(prompt[:1])[0, -1] / 1.5).numpy().astype(float)
    counts = np.bincount(drawn, minlength=11)
    keep = expected * 4000 > 5
    seen = np.append(counts[keep], counts[~keep].sum())
    chances = np.append(expected[keep], expected[~keep].sum())
    if chances[-1] * 4000 < 1:
        seen, chances = seen[:-1], chances[:-1]
    assert stats.chisquare(seen, chances / chances.sum() * seen.sum()).pvalue > 1e-4


def test_guidance_is_the_formula_of_the_two_logits():
    net, prompt, empty = model(), tokens(8, 2), np.full((8, 2), 10)
    made = sampling.sample(
        net,
        prompt,
        6,
        temperature=0,
        allowed=(0, 10),
        unconditional=empty,
        guidance_scale=2.5,
    )
    with_prompt, without = prompt.astype(int), empty
    for _ in range(6):
        c, u = (np.asarray(net(x))[:, -1, :10] for x in (with_prompt, without))
        last = (u + 2.5 * (c - u)).argmax(axis=-1)[:, None]
        with_prompt, without = (
            np.concatenate([x, last], 1) for x in (with_prompt, without)
        )
    np.testing.assert_array_equal(made, with_prompt)


def test_a_scale_of_one_and_zero_are_either_prompt_alone():
    net, prompt, empty = model(), tokens(8, 2), np.full((8, 2), 10)
    draw = lambda *a, **k: sampling.sample(net, *a, 5, seed=3, **k)[:, 2:]  # noqa: E731
    np.testing.assert_array_equal(draw(prompt, unconditional=empty), draw(prompt))
    guided = draw(prompt, unconditional=empty, guidance_scale=0.0)
    np.testing.assert_array_equal(guided, draw(empty))


def test_only_allowed_tokens_and_same_seed_same_tokens():
    net, prompt = model(), tokens(50, 2)
    first = sampling.sample(net, prompt, 8, temperature=3.0, allowed=(4, 7), seed=1)
    assert set(np.unique(first[:, 2:])) == {4, 5, 6}
    np.testing.assert_array_equal(first[:, :2], prompt)
    again = sampling.sample(net, prompt, 8, temperature=3.0, allowed=(4, 7), seed=1)
    np.testing.assert_array_equal(first, again)
    other = sampling.sample(net, prompt, 8, temperature=3.0, allowed=(4, 7), seed=2)
    assert (first != other).any()


# ---- errors
# -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"prompts": [[0.5]]}, "whole numbers"),
        ({"prompts": [3]}, "shape"),
        ({"prompts": [[11]]}, "0 to 10"),
        ({"prompts": np.zeros((0, 2), int)}, "empty"),
        ({"count": 0}, "count"),
        ({"count": 40}, "places"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_k": 0}, "top_k"),
        ({"top_p": 1.5}, "top_p"),
        ({"allowed": (5, 5)}, "allowed"),
        ({"unconditional": [[1, 2]]}, "shape of prompts"),
        ({"guidance_scale": 3.0}, "unconditional"),
    ],
)
def test_a_wrong_argument_is_named_in_one_sentence(change, says):
    arguments = {"prompts": [[1]], "count": 2} | change
    with pytest.raises((TypeError, ValueError), match=says) as caught:
        sampling.sample(
            MODEL, arguments.pop("prompts"), arguments.pop("count"), **arguments
        )
    assert "\n" not in str(caught.value)


MODEL = model()


def test_models_that_cannot_be_sampled():
    with pytest.raises(ValueError, match="causal"):
        sampling.sample(model(causal=False), [[1]], 2)
    with pytest.raises(TypeError, match="build_transformer"):
        sampling.sample(keras.Sequential([keras.Input((3,))]), [[1]], 2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"vocabulary": 0}, "vocabulary"),
        ({"depth": 1.5}, "depth"),
        ({"heads": 3}, "heads"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_models_that_cannot_be_built(change, says):
    with pytest.raises(ValueError, match=says):
        model(**change)


def test_a_sequence_that_is_too_long():
    with pytest.raises(ValueError, match="13 tokens"):
        MODEL(tokens(1, 13))
