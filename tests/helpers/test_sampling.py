"""Drawing tokens: the filters by a loop, distributions, guidance, NumPy's numbers, NaN."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from helpers import sampling, transformer
from tests.helpers.test_transformer import RNG, model, tokens

MODEL = model()


def flat():
    """Return a model for which every token is as likely as every other."""
    net = model()
    head = net.get_layer("logits")
    head.kernel.assign(tf.zeros_like(head.kernel))
    return net


# ---- filters -------------------------------------------------------------------------


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


# ---- sampling ------------------------------------------------------------------------


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


def test_the_greedy_sequence_is_that_of_the_whole_model():
    net, sequence = model(), tokens(4, 3)
    expected = sequence
    for _ in range(9):
        last = np.asarray(net(expected))[:, -1].argmax(axis=-1)
        expected = np.concatenate([expected, last[:, None]], axis=1)
    np.testing.assert_array_equal(
        sampling.sample(net, sequence, 9, temperature=0), expected
    )


def test_two_steps_are_drawn_independently_of_each_other():
    drawn = sampling.sample(flat(), np.zeros((6000, 1), int), 2, seed=5)[:, 1:]
    pairs = np.zeros((11, 11))
    np.add.at(pairs, tuple(drawn.T), 1)
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-4  # each pair as often as another


def test_rows_and_later_steps_are_independent_too():
    drawn = sampling.sample(flat(), np.zeros((1, 1), int).repeat(2000, 0), 12, seed=6)
    for first, second in ((1, 12), (7, 8), (11, 12)):
        pairs = np.zeros((11, 11))
        np.add.at(pairs, (drawn[:, first], drawn[:, second]), 1)
        assert stats.chisquare(pairs.ravel()).pvalue > 1e-4
    beside = np.zeros((11, 11))
    np.add.at(beside, (drawn[:-1, 5], drawn[1:, 5]), 1)
    assert stats.chisquare(beside.ravel()).pvalue > 1e-4


@pytest.mark.parametrize("temperature", [0.4, 3.0])
def test_the_nucleus_is_that_of_the_sharpened_distribution(temperature):
    net, prompt, rng = model(), np.tile([[3, 1]], (4000, 1)), np.random.default_rng(5)
    net.set_weights([rng.normal(0, 0.5, w.shape) for w in net.get_weights()])
    logits = np.asarray(net(prompt[:1])[0, -1]).astype(float)
    expected = by_hand(logits, temperature, None, 0.7)
    assert (expected > 0).sum() != (by_hand(logits, 1.0, None, 0.7) > 0).sum()
    drawn = sampling.sample(net, prompt, 1, temperature=temperature, top_p=0.7)[:, 2]
    seen = np.bincount(drawn, minlength=11)
    assert set(np.flatnonzero(seen)) <= set(np.flatnonzero(expected))
    keep = expected * 4000 > 5
    chances = expected[keep] / expected[keep].sum()
    if len(chances) > 1:
        found = stats.chisquare(seen[keep], chances * seen[keep].sum())
        assert found.pvalue > 1e-4


def test_as_many_tokens_as_there_are_places_and_one():
    """The last token is drawn and not read, so it needs no place."""
    assert sampling.sample(MODEL, [[1]], 12).shape == (1, 13)
    assert sampling.sample(MODEL, tokens(2, 12), 1).shape == (2, 13)
    for prompts, count in (([[1]], 13), (tokens(2, 12), 2), (tokens(2, 13), 1)):
        with pytest.raises(ValueError, match="exceed the model's 12 places"):
            sampling.sample(MODEL, prompts, count)


def test_a_temperature_too_small_for_float32_takes_the_likeliest():
    net, prompt = model(), tokens(20, 3)
    greedy = sampling.sample(net, prompt, 4, temperature=0)
    for cold in (1e-6, 1e-50, 5e-324):
        np.testing.assert_array_equal(
            sampling.sample(net, prompt, 4, temperature=cold), greedy
        )
    logits = RNG.standard_normal((5, 7)).astype("float32")
    kept = tf.nn.softmax(sampling.filter_logits(logits, 1e-50)).numpy()
    np.testing.assert_array_equal(kept.argmax(axis=1), logits.argmax(axis=1))
    np.testing.assert_allclose(kept.max(axis=1), 1)


# ---- numbers of NumPy's -------------------------------------------------------------

NUMPY_S = [
    ({"count": np.prod((2, 2))}, {"count": 4}),
    ({"count": np.uint8(4)}, {"count": 4}),
    ({"count": tf.constant(4)}, {"count": 4}),
    ({"top_k": np.arange(1, 4)[1]}, {"top_k": 2}),
    ({"top_p": np.linspace(0.5, 1, 3)[1]}, {"top_p": 0.75}),
    ({"top_p": np.float32(0.75)}, {"top_p": 0.75}),
    ({"temperature": np.float16(0.5)}, {"temperature": 0.5}),
    ({"temperature": np.array(0.5)}, {"temperature": 0.5}),
    ({"temperature": np.int64(0)}, {"temperature": 0}),
    ({"seed": np.int64(7)}, {"seed": 7}),
    ({"allowed": (np.int32(2), np.int64(9))}, {"allowed": (2, 9)}),
    ({"allowed": list(np.array([2, 9]))}, {"allowed": (2, 9)}),
    ({"prompts": np.array([[1, 2]], np.uint8)}, {"prompts": [[1, 2]]}),
    ({"prompts": tf.constant([[1, 2]])}, {"prompts": [[1, 2]]}),
    (
        {"unconditional": np.zeros((1, 1), np.int8), "guidance_scale": np.float64(2)},
        {"unconditional": [[0]], "guidance_scale": 2},
    ),
]


@pytest.mark.parametrize(("theirs", "ours"), NUMPY_S, ids=lambda d: ", ".join(d))
def test_numbers_of_numpy_draw_what_python_s_draw(theirs, ours):
    usual = {"prompts": [[1]], "count": 3, "temperature": 1.5, "seed": 1}
    np.testing.assert_array_equal(
        sampling.sample(MODEL, **usual | theirs), sampling.sample(MODEL, **usual | ours)
    )


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"temperature": np.float32(0.5)}, {"temperature": 0.5}),
        ({"temperature": tf.constant(0.5)}, {"temperature": 0.5}),
        ({"top_k": np.int64(2)}, {"top_k": 2}),
        ({"top_p": np.float64(0.6)}, {"top_p": 0.6}),
    ],
)
def test_filters_take_numbers_of_numpy(theirs, ours):
    logits = RNG.standard_normal((3, 9)).astype("float32")
    np.testing.assert_array_equal(
        sampling.filter_logits(logits, **theirs), sampling.filter_logits(logits, **ours)
    )


# ---- values that are not numbers ----------------------------------------------------


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), np.nan, -np.inf])
def test_guidance_must_be_finite(bad):
    with pytest.raises(ValueError, match=r"^guidance_scale must be a finite"):
        sampling.sample(MODEL, [[1]], 2, unconditional=[[0]], guidance_scale=bad)


@pytest.mark.parametrize("temperature", [0, 1.0])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("layer", ["tokens", "logits"])
def test_a_model_that_has_diverged_is_told(layer, bad, temperature):
    net = model()
    weights = net.get_layer(layer).get_weights()
    weights[0][...] = bad
    net.get_layer(layer).set_weights(weights)
    with pytest.raises(
        FloatingPointError, match="logits are NaN or infinite"
    ) as caught:
        sampling.sample(net, [[1], [2]], 3, temperature=temperature)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_logits_that_become_nan_at_a_later_step_are_told():
    net = model()
    table = net.get_layer("positions").table
    table.assign(np.where(np.arange(12)[:, None] == 3, np.nan, table))
    assert sampling.sample(net, [[1]], 3).shape == (1, 4)  # place 3 is not read yet
    with pytest.raises(FloatingPointError, match="logits are NaN"):
        sampling.sample(net, [[1]], 4)


def test_guidance_that_overflows_is_told():
    with pytest.raises(FloatingPointError, match="guidance_scale is too large"):
        sampling.sample(MODEL, [[1]], 2, unconditional=[[0]], guidance_scale=3e38)


@pytest.mark.parametrize(
    ("logits", "kind", "says"),
    [
        ([1.0, np.nan], ValueError, "without NaN"),
        (tf.constant([1.0, np.nan]), ValueError, "without NaN"),
        (3.0, ValueError, r"shape \(.., V\)"),
        ([], ValueError, r"shape \(.., V\)"),
        ([[1.0], [1.0, 2.0]], ValueError, "rows of one length"),
        (["a"], TypeError, "numbers, got <U1"),
        ([1j, 2j], TypeError, "numbers, got complex"),
        (None, TypeError, "numbers, got None"),
    ],
)
def test_logits_that_are_none(logits, kind, says):
    with pytest.raises(kind, match=f"^logits must .*{says}"):
        sampling.filter_logits(logits)


def test_logits_of_half_precision_and_minus_infinity_are_taken():
    logits = tf.constant([[0.5, 2.0, -1.0]], tf.bfloat16)
    found = sampling.filter_logits(logits, top_k=2)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, [[0.5, 2.0, -1e9]])
    barred = tf.nn.softmax(sampling.filter_logits([0.0, -np.inf, 0.0], top_p=0.9))
    np.testing.assert_allclose(barred, [0.5, 0, 0.5])


# ---- errors ---------------------------------------------------------------------------


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
        ({"allowed": (0, 12)}, "allowed"),
        ({"allowed": 3}, "allowed"),
        ({"allowed": (0.5, 3)}, "allowed"),
        ({"seed": 2**31}, "seed"),
        ({"seed": "a"}, "seed"),
        ({"top_k": 2.5}, "top_k"),
        ({"top_p": 0}, "top_p"),
        ({"count": True}, "count"),
    ],
)
def test_a_wrong_argument_is_named_in_one_sentence(change, says):
    arguments = {"prompts": [[1]], "count": 2} | change
    with pytest.raises((TypeError, ValueError), match=says) as caught:
        sampling.sample(
            MODEL, arguments.pop("prompts"), arguments.pop("count"), **arguments
        )
    assert "\n" not in str(caught.value)


def test_models_that_cannot_be_sampled():
    with pytest.raises(ValueError, match="causal"):
        sampling.sample(model(causal=False), [[1]], 2)
    with pytest.raises(TypeError, match="build_transformer"):
        sampling.sample(keras.Sequential([keras.Input((3,))]), [[1]], 2)
