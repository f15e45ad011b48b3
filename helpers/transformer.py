"""A transformer small enough to read: attention, the block, the model, and cached
sampling.

Chapter 16 writes these out; chapters 14, 17 and 18 use them. Everything is a token
here, words and classes as well as picture codes: what a model shall obey stands before
what it shall make.
"""

import weakref

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from helpers.training import check_counts

_samplers = weakref.WeakKeyDictionary()


@keras.saving.register_keras_serializable("noise_to_image")
class Attention(layers.Layer):
    """Let every token take from the others what it asks for: multi-head self-attention.

    (B, L, dim) -> (B, L, dim), softmax(q k^T / sqrt(dim / heads)) v in each of `heads`
    heads. With `causal=True` a token sees itself and those before it. Raises ValueError
    unless `heads` divides `dim`. Source: Vaswani et al. 2017, equation 1 and section
    3.2.2.
    """

    def __init__(self, dim, heads, causal=False, **kwargs):
        super().__init__(**kwargs)
        check_counts(dim=dim, heads=heads)
        if dim % heads:
            raise ValueError(
                f"heads must divide dim, but {heads} heads do not divide {dim}."
            )
        self.dim, self.heads, self.causal = dim, heads, bool(causal)
        self.query_key_value = layers.Dense(
            3 * dim, use_bias=False, name="query_key_value"
        )
        self.out = layers.Dense(dim, name="out")

    def build(self, shape):
        """Make the two dense layers."""
        self.query_key_value.build(shape)
        self.out.build((*shape[:-1], self.dim))
        self.built = True

    def extend(self, x, cache=None):
        """Return (output, cache) for tokens x that come after those whose keys `cache`
        holds."""
        batch, length = ops.shape(x)[0], ops.shape(x)[1]
        x = ops.reshape(self.query_key_value(x), (batch, length, 3, self.heads, -1))
        query, key, value = ops.unstack(
            ops.transpose(x, (2, 0, 3, 1, 4)), 3
        )  # (B, heads, L, d)
        if cache is not None:
            key = ops.concatenate([cache[0], key], axis=2)
            value = ops.concatenate([cache[1], value], axis=2)
        scores = (
            ops.matmul(query, ops.swapaxes(key, 2, 3)) / (self.dim // self.heads) ** 0.5
        )
        if self.causal:  # query i stands at place (keys - queries + i)
            places = ops.arange(ops.shape(key)[2])
            ahead = places[None, :] > places[-length:, None]
            scores = ops.where(ahead, -1e9, scores)
        weights = tf.nn.softmax(scores)  # (B, heads, queries, keys)
        x = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
        return self.out(ops.reshape(x, (batch, length, self.dim))), (key, value)

    def call(self, x):
        """Attend over x alone."""
        return self.extend(x)[0]

    def get_config(self):
        """Tell what makes this layer again."""
        return super().get_config() | {
            "dim": self.dim,
            "heads": self.heads,
            "causal": self.causal,
        }


@keras.saving.register_keras_serializable("noise_to_image")
class Block(layers.Layer):
    """Add to x what attention finds, then what a small network makes of each token.

    (B, L, dim) -> (B, L, dim): x + Attention(LayerNorm(x)), then x + MLP(LayerNorm(x))
    with 4 dim hidden units and GELU; `dropout` acts on both additions. Raises as
    `Attention` does. Source: Vaswani et al. 2017; the norm before, not after: Radford
    et al. 2019, section 2.3.
    """

    def __init__(self, dim, heads, causal=False, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= dropout < 1:
            raise ValueError(
                f"dropout must be at least 0 and below 1, got {dropout!r}."
            )
        self.dropout = dropout
        self.attention = Attention(dim, heads, causal, name="attention")
        self.norms = [
            layers.LayerNormalization(epsilon=1e-5, name=f"norm_{i}") for i in (0, 1)
        ]
        self.wide = layers.Dense(4 * dim, activation="gelu", name="wide")
        self.narrow = layers.Dense(dim, name="narrow")
        self.drop = layers.Dropout(dropout, name="drop")

    def build(self, shape):
        """Make the parts."""
        for part in (*self.norms, self.attention, self.wide):
            part.build(shape)
        self.narrow.build((*shape[:-1], 4 * self.attention.dim))
        self.built = True

    def extend(self, x, cache=None, training=False):
        """Return (output, cache) for tokens x that come after those whose keys `cache`
        holds."""
        found, cache = self.attention.extend(self.norms[0](x), cache)
        x = x + self.drop(found, training=training)
        made = self.narrow(self.wide(self.norms[1](x)))
        return x + self.drop(made, training=training), cache

    def call(self, x, training=False):
        """Go through attention and network once."""
        return self.extend(x, training=training)[0]

    def get_config(self):
        """Tell what makes this layer again."""
        part = self.attention
        settings = {"dim": part.dim, "heads": part.heads, "causal": part.causal}
        return super().get_config() | settings | {"dropout": self.dropout}


@keras.saving.register_keras_serializable("noise_to_image")
class Positions(layers.Layer):
    """Add to each token's vector a learned vector of its place; at most `length`
    places.

    (B, L, dim) -> (B, L, dim). Raises ValueError if L, where it is known, exceeds
    `length`.
    """

    def __init__(self, length, **kwargs):
        super().__init__(**kwargs)
        check_counts(length=length)
        self.length = length

    def build(self, shape):
        """Make one vector a place."""
        self.table = self.add_weight(
            shape=(self.length, shape[-1]),
            name="table",
            initializer=keras.initializers.RandomNormal(0.02),
        )
        self.built = True

    def call(self, x, start=0):
        """Add the vectors of the places from `start` on."""
        if (
            x.shape[1] is not None
            and isinstance(start, int)
            and start + x.shape[1] > self.length
        ):
            raise ValueError(
                f"A sequence of {start + x.shape[1]} tokens does not fit a model made "
                f"for {self.length}: shorten it, or build with a larger length."
            )
        return x + self.table[start : start + ops.shape(x)[1]]

    def get_config(self):
        """Tell what makes this layer again."""
        return super().get_config() | {"length": self.length}


def build_transformer(
    vocabulary,
    length,
    dim=96,
    depth=3,
    heads=4,
    causal=True,
    dropout=0.1,
    name="transformer",
):
    """Build a transformer over tokens: (B, L <= length) int32 -> logits (B, L,
    vocabulary).

    Logits at place i are for the token after it (`causal=True`) or for the token at it
    (`causal=False`). `depth` blocks of width `dim`. Raises ValueError for counts below
    1, for `heads` that do not divide `dim`, and for a `dropout` outside [0, 1). Source:
    Radford et al. 2018 and 2019 (causal), Devlin et al. 2019 (not causal).
    """
    check_counts(
        vocabulary=vocabulary, length=length, dim=dim, depth=depth, heads=heads
    )
    tokens = keras.Input((None,), dtype="int32", name="sequence")
    start = keras.initializers.RandomNormal(stddev=0.02)
    x = layers.Embedding(vocabulary, dim, embeddings_initializer=start, name="tokens")(
        tokens
    )
    x = layers.Dropout(dropout, name="drop")(Positions(length, name="positions")(x))
    for i in range(depth):
        x = Block(dim, heads, causal, dropout, name=f"block_{i}")(x)
    x = layers.LayerNormalization(epsilon=1e-5, name="norm")(x)
    logits = layers.Dense(vocabulary, use_bias=False, name="logits")(x)
    return keras.Model(tokens, logits, name=name)


def extend(model, tokens, caches=None):
    """Return (logits, caches) for `tokens` (B, T) that follow those whose keys `caches`
    holds.

    `model` is causal, from `build_transformer`; `caches` is None at the start of a
    sequence, and afterwards what the last call returned: one pair (keys, values) a
    block, each (B, heads, tokens so far, dim / heads). Logits are (B, T, vocabulary),
    those of the whole sequence's model to rounding.
    """
    blocks = _blocks(model)
    caches = [None] * len(blocks) if caches is None else caches
    start = 0 if caches[0] is None else ops.shape(caches[0][0])[2]
    x = model.get_layer("positions")(model.get_layer("tokens")(tokens), start=start)
    grown = []
    for block, cache in zip(blocks, caches, strict=True):
        x, cache = block.extend(x, cache)
        grown.append(cache)
    return model.get_layer("logits")(model.get_layer("norm")(x)), grown


def filter_logits(logits, temperature=1.0, top_k=None, top_p=None):
    """Sharpen `logits` (.., V) by a temperature and rule out the unlikely tokens with
    -1e9.

    Divides by `temperature` > 0, then keeps the `top_k` largest, then the nucleus: the
    fewest tokens whose probabilities sum to at least `top_p` in (0, 1]. Ties at the
    edge of `top_k` all stay. Returns float32 of the same shape. Raises ValueError for
    values outside their range. Source: Fan et al. 2018 (top-k); Holtzman et al. 2020,
    section 3.1 (nucleus).
    """
    _check_filter(temperature, top_k, top_p)
    logits = tf.cast(logits, tf.float32) / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        least = tf.math.top_k(logits, top_k).values[..., -1:]
        logits = tf.where(logits < least, -1e9, logits)
    if top_p is not None and top_p < 1:
        order = tf.sort(logits, direction="DESCENDING", axis=-1)
        share = tf.cumsum(tf.nn.softmax(order), axis=-1, exclusive=True)
        last = (
            tf.reduce_sum(tf.cast(share < top_p, tf.int32), axis=-1, keepdims=True) - 1
        )
        least = tf.gather(order, last, axis=-1, batch_dims=len(order.shape) - 1)
        logits = tf.where(logits < least, -1e9, logits)
    return logits


def sample(
    model,
    prompts,
    count,
    *,
    temperature=1.0,
    top_k=None,
    top_p=None,
    allowed=None,
    unconditional=None,
    guidance_scale=1.0,
    seed=0,
):
    """Draw `count` tokens after each prompt, one at a time, with cached keys and
    values.

    model: causal, from `build_transformer`. prompts: whole numbers (B, P), P >= 1.
    Returns int32 (B, P + count). `temperature=0` takes the likeliest token.
    `allowed=(low, high)` admits tokens low <= t < high only. With `unconditional`
    prompts (B, P) the logits are u + guidance_scale (c - u), c and u being those after
    either prompt (Ho and Salimans 2022, equation 6, with guidance_scale = w + 1). The
    same `seed` draws the same tokens. Raises TypeError or ValueError, in one sentence
    and before anything is drawn, for a model that is not causal, for tokens outside the
    vocabulary, for sequences longer than the model's places, and for values outside
    their range.
    """
    blocks = _blocks(model)
    if not all(block.attention.causal for block in blocks):
        raise ValueError(
            "model is not causal, so it cannot continue a sequence: build it with "
            "causal=True."
        )
    vocabulary = model.output_shape[-1]
    prompts = _check_tokens(prompts, vocabulary, "prompts")
    check_counts(count=count)
    _check_filter(temperature or 1.0, top_k, top_p)
    length = model.get_layer("positions").length
    if prompts.shape[1] + count > length + 1:
        raise ValueError(
            f"prompts of {prompts.shape[1]} tokens and a count of {count} exceed the "
            f"model's {length} places: ask for fewer."
        )
    low, high = (0, vocabulary) if allowed is None else allowed
    if not 0 <= low < high <= vocabulary:
        raise ValueError(
            f"allowed must be (low, high) within 0 to {vocabulary}, got {allowed!r}."
        )
    if unconditional is not None:
        unconditional = _check_tokens(unconditional, vocabulary, "unconditional")
        if unconditional.shape != prompts.shape:
            raise ValueError(
                f"unconditional must have the shape of prompts, {prompts.shape}, but "
                f"has {unconditional.shape}."
            )
    guided = unconditional is not None
    if not guided and guidance_scale != 1:
        raise ValueError(
            "guidance_scale needs unconditional prompts to lead away from."
        )
    if model not in _samplers:
        _samplers[model] = _make_sampler(weakref.ref(model))
    context = np.concatenate([prompts, unconditional]) if guided else prompts
    drawn = _samplers[model](
        tf.constant(context),
        tf.constant(count),
        tf.constant(float(temperature or 1.0)),
        tf.constant(float(guidance_scale)),
        tf.constant([low, high]),
        tf.constant(int(seed)),
        guided=guided,
        greedy=temperature == 0,
        top_k=top_k,
        top_p=top_p,
    )
    return np.concatenate([prompts, drawn.numpy()], axis=1)


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
            logits = tf.where(barred, -1e9, logits)
            if greedy:
                return tf.argmax(logits, axis=-1, output_type=tf.int32)[:, None]
            logits = filter_logits(logits, temperature, top_k, top_p)
            return tf.random.stateless_categorical(logits, 1, (seed, step), tf.int32)

        logits, caches = extend(model, context)
        drawn = choose(logits[:, -1], 0)
        flat = tf.nest.flatten(caches)
        shapes = [tf.TensorShape([None, s.shape[1], None, s.shape[3]]) for s in flat]

        def body(step, drawn, flat):
            last = tf.tile(drawn[:, -1:], [2 if guided else 1, 1])
            logits, grown = extend(model, last, tf.nest.pack_sequence_as(caches, flat))
            token = choose(logits[:, -1], step)
            return step + 1, tf.concat([drawn, token], axis=1), tf.nest.flatten(grown)

        return tf.while_loop(
            lambda step, *_: step < count,
            body,
            (1, drawn, flat),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, None]), shapes),
        )[1]

    return run


def _blocks(model):
    """Return the blocks of a model that `build_transformer` made, or say that it is
    another."""
    found = [
        layer for layer in getattr(model, "layers", ()) if isinstance(layer, Block)
    ]
    if not found:
        raise TypeError(
            "model must come from helpers.transformer.build_transformer, not "
            f"{type(model).__name__}."
        )
    return found


def _check_tokens(tokens, vocabulary, name):
    """Return `tokens` as int32 (B, P) within the vocabulary, or say what is wrong."""
    tokens = np.asarray(tokens)
    if tokens.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must hold whole numbers, but its dtype is {tokens.dtype}."
        )
    if tokens.ndim != 2 or 0 in tokens.shape:
        raise ValueError(
            f"{name} must have shape (B, P) and not be empty, got {tokens.shape}."
        )
    if tokens.min() < 0 or tokens.max() >= vocabulary:
        raise ValueError(
            f"{name} must lie from 0 to {vocabulary - 1}, but reach from "
            f"{tokens.min()} to {tokens.max()}."
        )
    return tokens.astype(np.int32)


def _check_filter(temperature, top_k, top_p):
    """Raise one sentence for a filter outside its range; tensors are taken on trust."""
    if not tf.is_tensor(temperature) and not 0 < temperature < np.inf:
        raise ValueError(
            f"temperature must be above 0 and finite, got {temperature!r}."
        )
    if top_k is not None:
        check_counts(top_k=top_k)
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must be above 0 and at most 1, got {top_p!r}.")
