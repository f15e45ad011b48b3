"""The networks that more than one chapter builds: the small DCGAN's two."""

import keras
from keras import layers

from helpers._arguments import counts, number, whole

LAST = "channels_last"  # whatever a reader's own Keras is set to


def build_generator(
    latent_dim: int = 64, width: int = 32, kernel: int = 4
) -> keras.Model:
    """Build the small DCGAN generator, from latents to images in [-1, 1].

    Latents are (B, latent_dim), images (B, 28, 28, 1); `width` is the number of
    channels at 14 x 14, `kernel` the size of both kernels. Raises TypeError or
    ValueError that names the argument. Source: Radford, Metz and Chintala, 2016,
    https://arxiv.org/abs/1511.06434

    >>> from helpers import networks
    >>> generator = networks.build_generator(latent_dim=8, width=2)
    >>> generator.input_shape, generator.output_shape
    ((None, 8), (None, 28, 28, 1))
    """
    latent_dim, width, kernel = counts(
        latent_dim=latent_dim, width=width, kernel=kernel
    )
    latents = x = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(7 * 7 * 2 * width, use_bias=False, name="dense")(x)
    x = layers.ReLU(name="dense_relu")(layers.BatchNormalization(name="dense_norm")(x))
    x = layers.Reshape((7, 7, 2 * width))(x)  # (B, 7, 7, 2 * width)
    up = {"strides": 2, "padding": "same", "data_format": LAST}
    x = layers.Conv2DTranspose(width, kernel, use_bias=False, name="up_to_14", **up)(x)
    x = layers.ReLU(name="up_relu")(layers.BatchNormalization(name="up_norm")(x))
    x = layers.Conv2DTranspose(1, kernel, name="up_to_28", **up)(x)  # (B, 28, 28, 1)
    images = layers.Activation("tanh", dtype="float32", name="images")(x)
    return keras.Model(latents, images, name="generator")


def build_discriminator(
    width: int = 32,
    kernel: int = 4,
    head: int = 64,
    dropout: float = 0.0,
    shift: int = 0,
) -> keras.Model:
    """Build the small DCGAN discriminator, from images to logits.

    Images are (B, 28, 28, 1), logits (B, 1). `head` is the number of units in the
    hidden layer before the logit; 0 leaves it out. `dropout` is the share of
    activations dropped after each convolution, from 0 to below 1. `shift` moves each
    picture by up to that many pixels (0 to below 28) along each axis, unless the
    network is called with training=False. Raises TypeError or ValueError that names the
    argument. Source: Radford, Metz and Chintala, 2016,
    https://arxiv.org/abs/1511.06434; the shift after Zhao et al., 2020,
    https://arxiv.org/abs/2006.10738

    >>> from helpers import networks
    >>> discriminator = networks.build_discriminator(width=2, head=3, dropout=0.3)
    >>> discriminator.input_shape, discriminator.output_shape
    ((None, 28, 28, 1), (None, 1))
    """
    width, kernel = counts(width=width, kernel=kernel)
    head, shift = whole(head, "head", 0), whole(shift, "shift", 0, 27)
    dropout = number(dropout, "dropout", 0, below=1)
    images = x = keras.Input((28, 28, 1), name="images")
    if shift:
        x = layers.RandomTranslation(
            shift / 28,
            shift / 28,
            fill_mode="constant",
            fill_value=-1.0,
            interpolation="nearest",
            data_format=LAST,
            name="shift",
        )(x)
    down = {"strides": 2, "padding": "same", "data_format": LAST}
    for filters, size in ((width, 14), (2 * width, 7)):  # to (B, size, size, filters)
        x = layers.Conv2D(filters, kernel, name=f"down_to_{size}", **down)(x)
        x = layers.LeakyReLU(0.2)(x)
        x = layers.Dropout(dropout)(x) if dropout else x
    x = layers.Flatten(LAST)(x)
    if head:
        x = layers.LeakyReLU(0.2)(layers.Dense(head, name="head")(x))
    logits = layers.Dense(1, dtype="float32", name="logits")(x)
    return keras.Model(images, logits, name="discriminator")
