"""A GAN so small that a test can train it, and what compares two of them."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from helpers import gan_losses, networks

RNG = np.random.default_rng(0)
REAL = np.tanh(RNG.standard_normal((32, 28, 28, 1))).astype("float32")


def adam(rate=1e-3):
    """Return a function that makes a new Adam."""
    return lambda: keras.optimizers.Adam(rate, beta_1=0.5)


def few_layers(latent_dim=5, shift=0):
    """Return a generator with batch norm and a discriminator with dropout.

    A step of them is some sixty operations, that of the book's own three hundred.
    """
    latents = keras.Input((latent_dim,))
    x = layers.BatchNormalization()(layers.Dense(784, use_bias=False)(latents))
    generator = keras.Model(
        latents, layers.Reshape((28, 28, 1))(layers.Activation("tanh")(x))
    )
    x = images = keras.Input((28, 28, 1))
    if shift:
        x = layers.RandomTranslation(shift / 28, shift / 28, fill_mode="constant")(x)
    x = layers.LeakyReLU(0.2)(layers.Dense(3)(layers.Flatten()(x)))
    logits = layers.Dense(1)(layers.Dropout(0.2)(x))
    return generator, keras.Model(images, logits)


def make(
    kind=gan_losses.NonSaturatingGAN,
    optimizer=None,
    *,
    of_the_book=False,
    seed=0,
    compiled=True,
    latent_dim=5,
    shift=0,
    **compile_with,
):
    """Return a GAN with dropout, which keeps seeds of its own; `optimizer` makes one."""
    keras.utils.set_random_seed(seed)
    if of_the_book:
        both = (
            networks.build_generator(latent_dim, width=2),
            networks.build_discriminator(width=2, head=3, dropout=0.2, shift=shift),
        )
    else:
        both = few_layers(latent_dim, shift)
    model = kind(
        *both,
        latent_dim=latent_dim,
        ema_decay=0.9,
        seed=seed,
    )
    if compiled:
        optimizer = optimizer or adam()
        model.compile(optimizer(), optimizer(), **compile_with)
    return model


def same(a, b, tolerance=0.0):
    """Tell whether two models have the same weights."""
    return all(
        np.allclose(x, y, rtol=0, atol=tolerance)
        for x, y in zip(a.get_weights(), b.get_weights(), strict=True)
    )


def batches(images=REAL, size=8):
    """Return `images` as a tf.data.Dataset, in their order."""
    return tf.data.Dataset.from_tensor_slices(images).batch(size)
