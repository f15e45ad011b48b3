"""Pictures as tokens and back, by the tokenizers that chapter 15 trains.

A tokenizer is a pair of small networks and a list of vectors, the codebook. The encoder
turns a picture into a grid of vectors, each is replaced by the number of its nearest
code, and the decoder paints a picture from those numbers. Chapter 15 writes out and
trains both.
"""

import functools
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike

from helpers import _arguments, zoo
from helpers._arguments import choice, counts, told


@keras.saving.register_keras_serializable("noise_to_image")
class NearestCode(layers.Layer):
    """Give every vector the number of its nearest code: (..., D) float -> (...) int32.

    The codebook, (codes, D), is a weight. Nearest is by squared distance; of equals the
    first. Raises TypeError or ValueError for `codes` that are no whole number of at
    least 1. Source: van den Oord et al. 2017, equation 1.

    >>> from helpers import tokenizer
    >>> nearest = tokenizer.NearestCode(2)
    >>> nearest.build((None, 1))
    >>> nearest.set_weights([np.array([[0.0], [10.0]])])  # the codebook
    >>> nearest(np.array([[1.0], [8.0]])).numpy()
    array([0, 1], dtype=int32)
    """

    def __init__(self, codes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.codes = counts(codes=codes)

    def build(self, shape):
        """Make the codebook."""
        self.codebook = self.add_weight(
            shape=(self.codes, shape[-1]),
            initializer="random_normal",
            trainable=False,
            name="codebook",
        )

    def call(self, vectors):
        """Return the numbers of the nearest codes; |v|^2 is the same for all."""
        products = ops.matmul(vectors, ops.transpose(self.codebook))
        distances = ops.sum(self.codebook**2, axis=1) - 2 * products
        return ops.cast(ops.argmin(distances, axis=-1), "int32")

    def compute_output_spec(self, vectors):
        """Say that whole numbers come out."""
        return keras.KerasTensor(vectors.shape[:-1], dtype="int32")

    def get_config(self):
        """Return the settings that make the layer anew."""
        return {**super().get_config(), "codes": self.codes}


class Tokenizer:
    """Turn pictures into tokens and tokens into pictures with a trained `model`.

    `model` holds an encoder, (B, H, W, C) -> (B, h, w) int32, and a decoder, back to
    pictures, as its layers "encoder" and "decoder". `grid` is (h, w), `length` h * w,
    `codes` the number of codes, `image_shape` (H, W, C). Raises TypeError for a model
    without these two.

    >>> from helpers import tokenizer, zoo
    >>> fashion = tokenizer.Tokenizer(zoo.load("15/fashion-tokens"))
    >>> fashion.image_shape, fashion.grid, fashion.length, fashion.codes
    ((28, 28, 1), (7, 7), 49, 128)
    """

    def __init__(self, model: keras.Model) -> None:
        try:
            self.encoder = model.get_layer("encoder")
            self.decoder = model.get_layer("decoder")
            self.codes = int(self.encoder.layers[-1].codes)
        except (AttributeError, ValueError, TypeError):
            raise TypeError(
                "model must hold an encoder that ends in NearestCode, and a decoder, "
                f"got {told(model)}: take one that chapter 15 made, by tokenizer.load."
            ) from None
        self.image_shape = tuple(self.encoder.input_shape[1:])
        self.grid = tuple(self.encoder.output_shape[1:])
        self.length = int(np.prod(self.grid))

    def encode(self, images: ArrayLike, batch_size: int = 500) -> np.ndarray:
        """Return the tokens (N, length) int32, row by row, of images (N, H, W, C).

        Images are float in [-1, 1]. Raises TypeError for another dtype, ValueError for
        another shape, for NaN, and for values outside [-1, 1].

        >>> from helpers import data, tokenizer
        >>> images, labels = data.fashion("test")
        >>> tokens = tokenizer.load("fashion").encode(images[:2])
        >>> tokens.shape, tokens.dtype.name
        ((2, 49), 'int32')
        """
        checked = _arguments.images(images, channels=None, shape=self.image_shape)
        batch_size = counts(batch_size=batch_size)
        found = self._run(self.encoder, checked, batch_size)
        return found.reshape(len(checked), self.length)

    def decode(self, tokens: ArrayLike, batch_size: int = 500) -> np.ndarray:
        """Return images (N, H, W, C) float32 in [-1, 1] of tokens (N, length).

        Tokens may also be (N, h, w). Raises TypeError for tokens that are not whole
        numbers, ValueError for another shape and for tokens outside 0 .. codes - 1.

        >>> from helpers import tokenizer
        >>> fashion = tokenizer.load("fashion")
        >>> random = np.random.default_rng(0).integers(fashion.codes, size=(2, 49))
        >>> fashion.decode(random).shape
        (2, 28, 28, 1)
        """
        wanted = f"tokens must be whole numbers of shape (N, {self.length})"
        found = _arguments.as_array(tokens, wanted)
        if found.dtype.kind not in "iu":
            raise TypeError(
                f"{wanted}, got {told(found)}: codes, not averages of them."
            )
        if found.shape[1:] not in ((self.length,), self.grid) or not len(found):
            raise ValueError(
                f"{wanted}, got {told(found)}: cut off what is not picture, such as a "
                "class or a caption."
            )
        if found.min() < 0 or found.max() >= self.codes:
            raise ValueError(
                f"tokens must be 0 to {self.codes - 1}, got {told(found)}: let only "
                "picture codes be drawn."
            )
        batch_size = counts(batch_size=batch_size)
        found = found.reshape(-1, *self.grid).astype("int32")
        return np.clip(self._run(self.decoder, found, batch_size), -1, 1)

    def reconstruct(self, images: ArrayLike) -> np.ndarray:
        """Return decode(encode(images)): what is left of pictures that became tokens.

        Takes what `encode` takes, and raises as it does.

        >>> from helpers import data, tokenizer
        >>> images, labels = data.fashion("test")
        >>> made = tokenizer.load("fashion").reconstruct(images[:2])
        >>> made.shape, bool(abs(made - images[:2]).mean() < 0.2)
        ((2, 28, 28, 1), True)
        """
        return self.decode(self.encode(images))

    @staticmethod
    def _run(model, inputs, batch_size):
        parts = [inputs[i : i + batch_size] for i in range(0, len(inputs), batch_size)]
        return np.concatenate(
            [np.asarray(model(part, training=False)) for part in parts]
        )


def load(name: str) -> Tokenizer:
    """Return the shipped tokenizer `name`, "fashion" or "shapes".

    Raises ValueError for another name, and what `zoo.load` raises.

    >>> from helpers import tokenizer
    >>> tokenizer.load("fashion").grid
    (7, 7)
    """
    return _loaded(choice(name, "name", ("fashion", "shapes")))


@functools.cache
def _loaded(name):
    return Tokenizer(zoo.load(f"15/{name}-tokens"))
