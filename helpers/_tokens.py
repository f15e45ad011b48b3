"""Tokens and logits that a reader passes in, checked before anything is computed."""

import numpy as np
import tensorflow as tf

from helpers._arguments import as_array, fits, told


def tokens(value, vocabulary, name):
    """Return `value` as int32 (B, P) within the vocabulary, or say what is wrong."""
    array = as_array(value, f"{name} must have rows of one length")
    if array.dtype.kind not in "iu":
        got = told(value) if array.ndim == 0 else told(array)
        raise TypeError(f"{name} must hold whole numbers, got {got}.")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"{name} must have shape (B, P) and not be empty, got {told(array)}."
        )
    if array.min() < 0 or array.max() >= vocabulary:
        raise ValueError(
            f"{name} must lie from 0 to {vocabulary - 1}, got {told(array)}."
        )
    return array.astype(np.int32)


def logits(value):
    """Return logits as a tensor; refuse what holds no numbers. Symbols are trusted."""
    if tf.is_tensor(value) and not hasattr(value, "numpy"):
        return value
    array = as_array(value, "logits must have rows of one length")
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        got = told(value) if array.ndim == 0 else told(array)
        raise TypeError(f"logits must hold numbers, got {got}.")
    if array.ndim == 0 or array.size == 0 or np.isnan(array).any():
        raise ValueError(
            f"logits must have shape (.., V), without NaN, got {told(array)}."
        )
    return tf.convert_to_tensor(value if tf.is_tensor(value) else array)


def caches(value, blocks):
    """Return one pair of keys and values a block, or say what is wrong."""
    if value is None:
        return [None] * len(blocks)
    wanted = f"caches must be None or what extend returned, {len(blocks)} pairs"
    listed = isinstance(value, (list, tuple)) and len(value) == len(blocks)
    if not listed or not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in value
    ):
        raise TypeError(f"{wanted}, got {told(value)}.")
    for block, pair in zip(blocks, value):
        heads, dim = block.attention.heads, block.attention.dim
        for part in pair:
            shape = tuple(getattr(part, "shape", ()))
            if not fits(shape, (None, heads, None, dim // heads)):
                raise ValueError(
                    f"{wanted} of shape (B, {heads}, T, {dim // heads}), got one of "
                    f"{told(part)}."
                )
    return value
