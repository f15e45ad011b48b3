"""A transformer small enough to read: attention, the block, the model, and its cache.

Chapter 16 writes these out; chapters 14, 17 and 18 use them. Everything is a token
here, words and classes as well as picture codes: what a model shall obey stands before
what it shall make.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops
from numpy.typing import ArrayLike

from helpers import _tokens
from helpers._arguments import counts, flag, number, text, told

_Cache = tuple[tf.Tensor, tf.Tensor]  # keys and values
_Extended = tuple[tf.Tensor, _Cache]  # output and cache


@keras.saving.register_keras_serializable("noise_to_image")
class Attention(layers.Layer):
    """Let every token take from the others what it asks for: multi-head self-attention.

    (B, L, dim) -> (B, L, dim), softmax(q k^T / sqrt(dim / heads)) v in each of `heads`
    heads. With `causal=True` a token sees itself and those before it. Raises ValueError
    unless `heads` divides `dim`. Source: Vaswani et al. 2017, equation 1 and section
    3.2.2.

    >>> from helpers import transformer
    >>> attention = transformer.Attention(dim=8, heads=2, causal=True)
    >>> attention(tf.ones((1, 3, 8))).shape
    TensorShape([1, 3, 8])
    """

    def __init__(
        self, dim: int, heads: int, causal: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        dim, heads = counts(dim=dim, heads=heads)
        if dim % heads:
            raise ValueError(
                f"heads must divide dim, but {heads} heads do not divide {dim}."
            )
        self.dim, self.heads, self.causal = dim, heads, flag(causal, "causal")
        own = self.dtype_policy  # and not the global one, which may be another
        self.query_key_value = layers.Dense(
            3 * dim, use_bias=False, name="query_key_value", dtype=own
        )
        self.out = layers.Dense(dim, name="out", dtype=own)

    def build(self, shape):
        """Make the two dense layers."""
        self.query_key_value.build(shape)
        self.out.build((*shape[:-1], self.dim))
        self.built = True

    def extend(self, x: tf.Tensor, cache: _Cache | None = None) -> _Extended:
        """Return (output, cache) for tokens x after those whose keys `cache` holds.

        >>> from helpers import transformer
        >>> attention = transformer.Attention(dim=8, heads=2, causal=True)
        >>> attention.build((None, None, 8))
        >>> _, cache = attention.extend(tf.ones((1, 3, 8)))
        >>> output, (keys, values) = attention.extend(tf.ones((1, 1, 8)), cache)
        >>> output.shape, keys.shape  # keys of 4 tokens in each of 2 heads
        (TensorShape([1, 1, 8]), TensorShape([1, 2, 4, 4]))
        """
        batch, length = ops.shape(x)[0], ops.shape(x)[1]
        x = ops.reshape(self.query_key_value(x), (batch, length, 3, self.heads, -1))
        # Each (B, heads, L, d)
        query, key, value = ops.unstack(ops.transpose(x, (2, 0, 3, 1, 4)), 3)
        if cache is not None:
            key = ops.concatenate([cache[0], key], axis=2)
            value = ops.concatenate([cache[1], value], axis=2)
        scale = (self.dim // self.heads) ** 0.5
        scores = ops.matmul(query, ops.swapaxes(key, 2, 3)) / scale
        if self.causal:  # query i stands at place (keys - queries + i)
            places = ops.arange(ops.shape(key)[2])
            ahead = places[None, :] > places[-length:, None]
            # float16 has no -1e9
            never = max(-1e9, float(tf.as_dtype(scores.dtype).min))
            scores = ops.where(ahead, never, scores)
        weights = tf.nn.softmax(scores)  # (B, heads, queries, keys)
        x = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
        return self.out(ops.reshape(x, (batch, length, self.dim))), (key, value)

    def call(self, x):
        """Attend over x alone."""
        return self.extend(x)[0]

    def get_config(self):
        """Tell what makes this layer again."""
        settings = {"dim": self.dim, "heads": self.heads, "causal": self.causal}
        return super().get_config() | settings


@keras.saving.register_keras_serializable("noise_to_image")
class Block(layers.Layer):
    """Add to x what attention finds, then what a small network makes of each token.

    (B, L, dim) -> (B, L, dim): x + Attention(LayerNorm(x)), then x + MLP(LayerNorm(x))
    with 4 dim hidden units and GELU; `dropout` acts on both additions. Raises as
    `Attention` does. Source: Vaswani et al. 2017; the norm before, not after: Radford
    et al. 2019, section 2.3.

    >>> from helpers import transformer
    >>> block = transformer.Block(dim=8, heads=2, dropout=0.1)
    >>> block(tf.ones((1, 3, 8))).shape
    TensorShape([1, 3, 8])
    """

    def __init__(
        self, dim: int, heads: int, causal: bool = False, dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.dropout, own = number(dropout, "dropout", 0, below=1), self.dtype_policy
        self.attention = Attention(dim, heads, causal, name="attention", dtype=own)
        self.norms = [
            layers.LayerNormalization(epsilon=1e-5, name=f"norm_{i}", dtype=own)
            for i in (0, 1)
        ]
        dim = self.attention.dim
        self.wide = layers.Dense(4 * dim, activation="gelu", name="wide", dtype=own)
        self.narrow = layers.Dense(dim, name="narrow", dtype=own)
        self.drop = layers.Dropout(dropout, name="drop", dtype=own)

    def build(self, shape):
        """Make the parts."""
        for part in (*self.norms, self.attention, self.wide):
            part.build(shape)
        self.narrow.build((*shape[:-1], 4 * self.attention.dim))
        self.built = True

    def extend(
        self, x: tf.Tensor, cache: _Cache | None = None, training: bool = False
    ) -> _Extended:
        """Return (output, cache) for tokens x after those whose keys `cache` holds.

        >>> from helpers import transformer
        >>> block = transformer.Block(dim=8, heads=2, causal=True)
        >>> block.build((None, None, 8))
        >>> _, cache = block.extend(tf.ones((1, 3, 8)))
        >>> output, cache = block.extend(tf.ones((1, 1, 8)), cache)
        >>> output.shape
        TensorShape([1, 1, 8])
        """
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
    """Add to each token's vector a learned vector of its place, one of `length`.

    (B, L, dim) -> (B, L, dim). Raises ValueError if L, where it is known, exceeds
    `length`.

    >>> from helpers import transformer
    >>> places = transformer.Positions(length=5)
    >>> places(tf.zeros((1, 3, 8))).shape
    TensorShape([1, 3, 8])
    """

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = counts(length=length)

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
        known = x.shape[1] is not None and isinstance(start, int)
        if known and start + x.shape[1] > self.length:
            raise ValueError(
                f"A sequence of {start + x.shape[1]} tokens does not fit a model made "
                f"for {self.length}: shorten it, or build with a larger length."
            )
        return x + self.table[start : start + ops.shape(x)[1]]

    def get_config(self):
        """Tell what makes this layer again."""
        return super().get_config() | {"length": self.length}


def build_transformer(
    vocabulary: int, length: int, dim: int = 96, depth: int = 3, heads: int = 4,
    causal: bool = True, dropout: float = 0.1, name: str | None = "transformer",
) -> keras.Model:  # fmt: skip
    """Build a transformer: tokens (B, L) int32 -> logits (B, L, vocabulary).

    L is at most `length`. Logits at place i, float32, are for the token after it
    (`causal=True`) or for the token at it (`causal=False`). `depth` blocks of width
    `dim`. Raises TypeError or ValueError for counts below 1, for `heads` that do not
    divide `dim`, for a `dropout` outside [0, 1), and for a `name` that is none. Source:
    Radford et al. 2018 and 2019 (causal), Devlin et al. 2019 (not causal).

    >>> from helpers import transformer
    >>> model = transformer.build_transformer(5, length=6, dim=8, depth=1, heads=2)
    >>> model(tf.constant([[1, 2, 3]])).shape
    TensorShape([1, 3, 5])
    """
    vocabulary, length, dim, depth, heads = counts(
        vocabulary=vocabulary, length=length, dim=dim, depth=depth, heads=heads
    )
    dropout = number(dropout, "dropout", 0, below=1)
    if "/" in (text(name, "name") or ""):
        raise ValueError(f"name must not hold a slash, got {told(name)}.")
    tokens = keras.Input((None,), dtype="int32", name="sequence")
    start = keras.initializers.RandomNormal(stddev=0.02)
    embed = layers.Embedding(vocabulary, dim, start, name="tokens")
    x = embed(tokens)
    x = layers.Dropout(dropout, name="drop")(Positions(length, name="positions")(x))
    for i in range(depth):
        x = Block(dim, heads, causal, dropout, name=f"block_{i}")(x)
    x = layers.LayerNormalization(epsilon=1e-5, name="norm")(x)
    logits = layers.Dense(vocabulary, use_bias=False, name="logits", dtype="float32")(x)
    return keras.Model(tokens, logits, name=name)


def extend(
    model: keras.Model, tokens: ArrayLike, caches: list[_Cache] | None = None
) -> tuple[tf.Tensor, list[_Cache]]:
    """Return (logits, caches) for `tokens` (B, T) after those that `caches` holds.

    `model` is causal, from `build_transformer`; `caches` is None at the start of a
    sequence, and afterwards what the last call returned: one pair (keys, values) a
    block, each (B, heads, tokens so far, dim / heads). Logits are (B, T, vocabulary),
    those of the whole sequence's model to rounding. Raises TypeError or ValueError for
    another model, other tokens or caches; symbols are trusted.

    >>> from helpers import transformer
    >>> model = transformer.build_transformer(5, length=6, dim=8, depth=1, heads=2)
    >>> logits, caches = transformer.extend(model, [[1, 2]])
    >>> logits, caches = transformer.extend(model, [[3]], caches)
    >>> logits.shape, caches[0][0].shape  # keys of 3 tokens in each of 2 heads
    (TensorShape([1, 1, 5]), TensorShape([1, 2, 3, 4]))
    """
    blocks = blocks_of(model)
    if not tf.is_tensor(tokens) or hasattr(tokens, "numpy"):
        tokens = _tokens.tokens(tokens, model.output_shape[-1], "tokens")
    held = _tokens.caches(caches, blocks)
    start = 0 if held[0] is None else ops.shape(held[0][0])[2]
    x = model.get_layer("positions")(model.get_layer("tokens")(tokens), start=start)
    grown = []
    for block, cache in zip(blocks, held, strict=True):
        x, cache = block.extend(x, cache)
        grown.append(cache)
    return model.get_layer("logits")(model.get_layer("norm")(x)), grown


def blocks_of(model: keras.Model) -> list[Block]:
    """Return the blocks of a model that `build_transformer` made, as a list.

    Raises TypeError for another model.

    >>> from helpers import transformer
    >>> model = transformer.build_transformer(5, length=6, dim=8, depth=2, heads=2)
    >>> [block.name for block in transformer.blocks_of(model)]
    ['block_0', 'block_1']
    """
    made = isinstance(model, keras.Model)
    found = [one for one in model.layers if isinstance(one, Block)] if made else []
    if not found:
        raise TypeError(
            "model must come from helpers.transformer.build_transformer, got "
            f"{told(model)}."
        )
    return found
