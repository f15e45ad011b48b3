"""Tokens drawn from a transformer one by one: temperature, top-k, top-p, guidance."""

import weakref
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from helpers import _tokens
from helpers._arguments import counts, number, told, whole
from helpers.transformer import blocks_of, extend

COLDEST = 1e-6  # a temperature below it would be 0 in float32

_samplers: weakref.WeakKeyDictionary[keras.Model, Any] = weakref.WeakKeyDictionary()


def filter_logits(
    logits: ArrayLike,
    temperature: float | tf.Tensor = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> tf.Tensor:
    """Sharpen `logits` (.., V) by a temperature; give unlikely tokens -1e9.

    Divides by `temperature` > 0 (what lies below 1e-6 counts as that), then keeps the
    `top_k` largest, then the nucleus: the fewest tokens whose probabilities sum to at
    least `top_p` in (0, 1]. Ties at the edge of `top_k` all stay. Returns float32 of
    the same shape. Raises TypeError for what are no numbers, ValueError for values
    outside their range. Source: Fan et al. 2018 (top-k); Holtzman et al. 2020, section
    3.1 (nucleus).

    >>> from helpers import sampling
    >>> kept = sampling.filter_logits([2.0, 1.0, 0.0], temperature=0.5, top_k=2)
    >>> kept.numpy().tolist()
    [4.0, 2.0, -1000000000.0]
    """
    found = _tokens.logits(logits)
    if not tf.is_tensor(temperature) or hasattr(temperature, "numpy"):
        temperature = max(number(temperature, "temperature", above=0), COLDEST)
    top_k, top_p = _check_filter(top_k, top_p)
    found = tf.cast(found, tf.float32) / temperature
    if top_k is not None and top_k < found.shape[-1]:
        least = tf.math.top_k(found, top_k).values[..., -1:]
        found = tf.where(found < least, -1e9, found)
    if top_p is not None and top_p < 1:
        order = tf.sort(found, direction="DESCENDING", axis=-1)
        share = tf.cumsum(tf.nn.softmax(order), axis=-1, exclusive=True)
        kept = tf.cast(share < top_p, tf.int32)
        last = tf.reduce_sum(kept, axis=-1, keepdims=True) - 1
        least = tf.gather(order, last, axis=-1, batch_dims=len(order.shape) - 1)
        found = tf.where(found < least, -1e9, found)
    return found


def sample(
    model: keras.Model,
    prompts: ArrayLike,
    count: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    allowed: tuple[int, int] | None = None,
    unconditional: ArrayLike | None = None,
    guidance_scale: float = 1.0,
    seed: int = 0,
) -> np.ndarray:
    """Draw `count` tokens after each prompt, one at a time, with cached keys.

    model: causal, from `build_transformer`. prompts: whole numbers (B, P), P >= 1.
    Returns int32 (B, P + count). `temperature=0` takes the likeliest token.
    `allowed=(low, high)` admits tokens low <= t < high only. With `unconditional`
    prompts (B, P) the logits are u + guidance_scale (c - u), c and u being those after
    either prompt (Ho and Salimans 2022, equation 6, with guidance_scale = w + 1). The
    same `seed` draws the same tokens. Raises TypeError or ValueError, in one sentence
    and before anything is drawn, for a model that is not causal, for tokens outside the
    vocabulary, for sequences longer than the model's places, and for values outside
    their range; FloatingPointError if the model's logits are no numbers.

    >>> from helpers import sampling, transformer
    >>> model = transformer.build_transformer(5, 8, dim=8, depth=1, heads=2)
    >>> sampling.sample(model, [[1, 2], [3, 4]], 4, allowed=(0, 1)).tolist()
    [[1, 2, 0, 0, 0, 0], [3, 4, 0, 0, 0, 0]]
    """
    blocks = blocks_of(model)
    if not all(block.attention.causal for block in blocks):
        raise ValueError(
            "model is not causal, so it cannot continue a sequence: build it with "
            "causal=True."
        )
    vocabulary = model.output_shape[-1]
    begun = _tokens.tokens(prompts, vocabulary, "prompts")
    count, seed = counts(count=count), whole(seed, "seed", -(2**31), 2**31 - 1)
    temperature = number(temperature, "temperature", 0)
    greedy, temperature = temperature == 0, max(temperature, COLDEST)
    guidance_scale = number(guidance_scale, "guidance_scale")
    top_k, top_p = _check_filter(top_k, top_p)
    length = model.get_layer("positions").length
    if begun.shape[1] + count > length + 1:
        raise ValueError(
            f"prompts of {begun.shape[1]} tokens and a count of {count} exceed the "
            f"model's {length} places: ask for fewer."
        )
    low, high = _check_allowed(allowed, vocabulary)
    context, guided = begun, unconditional is not None
    if guided:
        away = _tokens.tokens(unconditional, vocabulary, "unconditional")
        if away.shape != begun.shape:
            raise ValueError(
                f"unconditional must have the shape of prompts, {begun.shape}, got "
                f"{away.shape}."
            )
        context = np.concatenate([begun, away])
    elif guidance_scale != 1:
        raise ValueError(
            "guidance_scale needs unconditional prompts to lead away from: pass both."
        )
    if model not in _samplers:
        _samplers[model] = _make_sampler(weakref.ref(model))
    drawn, finite = _samplers[model](
        tf.constant(context),
        tf.constant(count),
        tf.constant(temperature),
        tf.constant(guidance_scale),
        tf.constant([low, high]),
        tf.constant(seed),
        guided=guided,
        greedy=greedy,
        top_k=top_k,
        top_p=top_p,
    )
    if not finite:
        raise FloatingPointError(
            "The model's logits are NaN or infinite, so nothing can be drawn: its "
            "training has diverged, or guidance_scale is too large."
        )
    return np.concatenate([begun, drawn.numpy()], axis=1)


def _make_sampler(reference):
    """Return the compiled loop that `sample` runs for one model."""

    @tf.function(reduce_retracing=True)
    def run(
        context,
        count,
        temperature,
        scale,
        allowed,
        seed,
        *,
        guided,
        greedy,
        top_k,
        top_p,
    ):
        model = reference()
        rows = tf.shape(context)[0] // (2 if guided else 1)
        codes = tf.range(model.output_shape[-1])
        barred = (codes < allowed[0]) | (codes >= allowed[1])

        def choose(logits, step):
            if guided:
                towards, away = logits[:rows], logits[rows:]
                logits = away + scale * (towards - away)
            finite = tf.reduce_all(tf.math.is_finite(logits))
            logits = tf.where(finite, logits, 0.0)  # so that the loop can end
            logits = tf.where(barred, -1e9, logits)
            if greedy:
                likeliest = tf.argmax(logits, axis=-1, output_type=tf.int32)
                return likeliest[:, None], finite
            logits = filter_logits(logits, temperature, top_k, top_p)
            key = (seed, step)  # other random numbers at every step
            return tf.random.stateless_categorical(logits, 1, key, tf.int32), finite

        logits, caches = extend(model, context)
        drawn, finite = choose(logits[:, -1], 0)
        flat = tf.nest.flatten(caches)
        shapes = [tf.TensorShape([None, s.shape[1], None, s.shape[3]]) for s in flat]

        def body(step, drawn, finite, flat):
            last = tf.tile(drawn[:, -1:], [2 if guided else 1, 1])
            logits, grown = extend(model, last, tf.nest.pack_sequence_as(caches, flat))
            token, well = choose(logits[:, -1], step)
            drawn = tf.concat([drawn, token], axis=1)
            return step + 1, drawn, finite & well, tf.nest.flatten(grown)

        return tf.while_loop(
            lambda step, *_: step < count,
            body,
            (1, drawn, finite, flat),
            shape_invariants=(
                tf.TensorShape([]),
                tf.TensorShape([None, None]),
                tf.TensorShape([]),
                shapes,
            ),
        )[1:3]

    return run


def _check_allowed(allowed, vocabulary):
    """Return (low, high), the codes that may be drawn, as Python numbers."""
    wanted = f"allowed must be (low, high) within 0 to {vocabulary}"
    if allowed is None:
        return 0, vocabulary
    if not isinstance(allowed, (tuple, list)) or len(allowed) != 2:
        raise TypeError(f"{wanted}, got {told(allowed)}.")
    low, high = (whole(code, "allowed", 0, vocabulary) for code in allowed)
    if low >= high:
        raise ValueError(f"{wanted}, got ({low}, {high}).")
    return low, high


def _check_filter(top_k, top_p):
    """Return both as Python numbers, or None; say what is out of range."""
    top_k = None if top_k is None else counts(top_k=top_k)
    return top_k, None if top_p is None else number(top_p, "top_p", 0, 1, above=0)
