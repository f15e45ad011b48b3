"""The GAN that chapter 05 types in the open, as a `keras.Model`: train step, losses,
resuming.

Every model here is unconditional, and its images are float32, channels last, in [-1,
1].
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from helpers.training import ResumeTraining, Watch, check_counts, check_images, shuffled

__all__ = [
    "GAN",
    "LeastSquaresGAN",
    "NonSaturatingGAN",
    "ResumeTraining",
    "SaturatingGAN",
    "build_discriminator",
    "build_generator",
    "check_images",
    "shuffled",
]


def build_generator(latent_dim=64, width=32, kernel=4):
    """Build the small DCGAN generator: latents (B, latent_dim) to images (B, 28, 28, 1)
    in [-1, 1].

    Source: Radford, Metz and Chintala, 2016, https://arxiv.org/abs/1511.06434
    """
    check_counts(latent_dim=latent_dim, width=width, kernel=kernel)
    latents = x = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(7 * 7 * 2 * width, use_bias=False, name="dense")(x)
    x = layers.ReLU(name="dense_relu")(layers.BatchNormalization(name="dense_norm")(x))
    x = layers.Reshape((7, 7, 2 * width))(x)  # (B, 7, 7, 2 * width)
    x = layers.Conv2DTranspose(
        width, kernel, strides=2, padding="same", use_bias=False, name="up_to_14"
    )(x)  # (B, 14, 14, width)
    x = layers.ReLU(name="up_relu")(layers.BatchNormalization(name="up_norm")(x))
    x = layers.Conv2DTranspose(1, kernel, strides=2, padding="same", name="up_to_28")(x)
    images = layers.Activation("tanh", dtype="float32", name="images")(
        x
    )  # (B, 28, 28, 1)
    return keras.Model(latents, images, name="generator")


def build_discriminator(width=32, kernel=4, head=64, dropout=0.0, shift=0):
    """Build the small DCGAN discriminator: images (B, 28, 28, 1) to logits (B, 1).

    `head` is the number of units in the hidden layer before the logit; 0 leaves it out.
    `dropout` is the share of activations dropped after each convolution, from 0 to
    below 1. `shift` moves each picture by up to that many pixels (0 to below 28) along
    each axis, unless the network is called with training=False. Raises ValueError that
    names the argument. Source: Radford, Metz and Chintala, 2016,
    https://arxiv.org/abs/1511.06434; the shift after Zhao et al., 2020,
    https://arxiv.org/abs/2006.10738
    """
    check_counts(width=width, kernel=kernel)
    if head != 0:
        check_counts(head=head)
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must lie in [0, 1), got {dropout}.")
    if not 0 <= shift < 28:
        raise ValueError(f"shift must lie in [0, 28), got {shift}.")
    images = x = keras.Input((28, 28, 1), name="images")
    if shift:
        x = layers.RandomTranslation(
            shift / 28,
            shift / 28,
            fill_mode="constant",
            fill_value=-1.0,
            interpolation="nearest",
            name="shift",
        )(x)
    for filters, size in ((width, 14), (2 * width, 7)):  # to (B, size, size, filters)
        x = layers.Conv2D(
            filters, kernel, strides=2, padding="same", name=f"down_to_{size}"
        )(x)
        x = layers.LeakyReLU(0.2)(x)
        x = layers.Dropout(dropout)(x) if dropout else x
    x = layers.Flatten()(x)
    if head:
        x = layers.LeakyReLU(0.2)(layers.Dense(head, name="head")(x))
    logits = layers.Dense(1, dtype="float32", name="logits")(x)
    return keras.Model(images, logits, name="discriminator")


@keras.saving.register_keras_serializable("noise_to_image")
class GAN(keras.Model):
    """Train a generator against a discriminator; a subclass says with which losses.

    `generator` maps latents (B, latent_dim) to images in [-1, 1], `discriminator`
    images to logits (B, 1). `ema_generator` follows the generator as an exponential
    moving average. Source: Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661
    """

    real_above = 0.0  # a real image is recognised when its logit lies above this

    def __init__(
        self, generator, discriminator, *, latent_dim, ema_decay=0.99, seed=0, **kwargs
    ):
        super().__init__(**kwargs)
        check_counts(latent_dim=latent_dim)
        if not 0 <= ema_decay < 1:
            raise ValueError(f"ema_decay must lie in [0, 1), got {ema_decay}.")
        if generator.input_shape[1:] != (latent_dim,):
            raise ValueError(
                f"latent_dim is {latent_dim}, but the generator takes inputs of shape "
                f"{generator.input_shape}: the two must agree."
            )
        if generator.output_shape[1:] != discriminator.input_shape[1:]:
            raise ValueError(
                f"The generator makes images of shape {generator.output_shape[1:]}, "
                f"but the discriminator takes {discriminator.input_shape[1:]}: "
                "the two must agree."
            )
        self.generator, self.discriminator = generator, discriminator
        self.latent_dim, self.ema_decay, self.seed = latent_dim, ema_decay, seed
        self.ema_generator = keras.models.clone_model(generator)
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.name = f"ema_{generator.name}"
        self.ema_generator.trainable = False
        self.latent_seed = keras.random.SeedGenerator(seed)
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")
        self.d_accuracy = keras.metrics.Mean(name="d_accuracy")
        self._functions = {}
        self.built = True

    def d_loss_fn(self, real_logits, generated_logits):
        """Return the discriminator's loss, a scalar, from two batches of logits (B,
        1)."""
        raise NotImplementedError

    def g_loss_fn(self, generated_logits):
        """Return the generator's loss, a scalar, from a batch of logits (B, 1)."""
        raise NotImplementedError

    def compile(self, g_optimizer, d_optimizer, *, jit_compile=False, **kwargs):
        """Set the two optimizers; other arguments go to keras.Model.compile.

        XLA (`jit_compile`) is off unless asked for: on a CPU it makes these models
        slower.
        """
        if (
            type(self).d_loss_fn is GAN.d_loss_fn
            or type(self).g_loss_fn is GAN.g_loss_fn
        ):
            raise TypeError(
                f"{type(self).__name__} has no losses: use NonSaturatingGAN, or a "
                "subclass that defines d_loss_fn and g_loss_fn."
            )
        if g_optimizer is d_optimizer and not isinstance(g_optimizer, str):
            raise ValueError(
                "g_optimizer and d_optimizer are the same object: each network needs "
                "an optimizer of its own."
            )
        super().compile(optimizer=None, jit_compile=jit_compile, **kwargs)
        self.g_optimizer = keras.optimizers.get(g_optimizer)
        self.d_optimizer = keras.optimizers.get(d_optimizer)
        self.g_optimizer.build(self.generator.trainable_weights)
        self.d_optimizer.build(self.discriminator.trainable_weights)
        self._compiled_with = {"jit_compile": jit_compile, **kwargs}

    @property
    def metrics(self):
        """List the running means that fit resets at the start of an epoch."""
        return [self.d_loss, self.g_loss, self.d_accuracy]

    def call(self, latents, training=False):
        """Map latents (B, latent_dim) to images by the averaged generator."""
        return self.ema_generator(latents, training=training)

    def train_step(self, data):
        """Update both networks once from one batch of real images, with one generator
        pass."""
        real_images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        latents = keras.random.normal(
            (ops.shape(real_images)[0], self.latent_dim), seed=self.latent_seed
        )
        with tf.GradientTape(persistent=True) as tape:
            generated_images = self.generator(latents, training=True)
            real_logits = self.discriminator(real_images, training=True)
            generated_logits = self.discriminator(generated_images, training=True)
            d_loss = self.d_loss_fn(real_logits, generated_logits)
            g_loss = self.g_loss_fn(generated_logits)
        d_weights = self.discriminator.trainable_weights
        g_weights = self.generator.trainable_weights
        d_gradients = tape.gradient(d_loss, d_weights)
        g_gradients = tape.gradient(g_loss, g_weights)
        self.d_optimizer.apply(d_gradients, d_weights)
        self.g_optimizer.apply(g_gradients, g_weights)
        self.update_ema()
        return self.track(d_loss, g_loss, real_logits, generated_logits)

    def update_ema(self):
        """Move each weight of `ema_generator` towards the generator's by 1 -
        ema_decay."""
        for average, weight in zip(
            self.ema_generator.weights, self.generator.weights, strict=True
        ):
            average.assign(self.ema_decay * average + (1 - self.ema_decay) * weight)

    def track(self, d_loss, g_loss, real_logits, generated_logits):
        """Update the running means and return them as a dict."""
        right = ops.concatenate(
            [real_logits > self.real_above, generated_logits < self.real_above]
        )
        self.d_loss.update_state(d_loss)
        self.g_loss.update_state(g_loss)
        self.d_accuracy.update_state(ops.cast(right, "float32"))
        return {metric.name: metric.result() for metric in self.metrics}

    def test_step(self, data):
        """Refuse: a GAN's losses on held-out images say nothing of its pictures."""
        raise NotImplementedError(
            "A GAN has no validation loss: measure generated images with "
            "helpers.metrics.evaluate instead."
        )

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        **kwargs,
    ):
        """Train as keras.Model.fit does; `x` is an array of images in [-1, 1] or a
        tf.data.Dataset.

        From an array, epoch k sees its images in an order that follows from (seed, k)
        alone. Raises FloatingPointError as soon as a loss is no longer a number.
        """
        if y is not None:
            raise ValueError("y must be left out: this GAN learns from images alone.")
        callbacks = (
            list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
        )
        callbacks = [callback for callback in callbacks if callback is not None]
        epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        if isinstance(x, tf.data.Dataset):
            shape = tf.nest.flatten(x.element_spec)[0].shape
            self._check_shape(
                tuple(shape[1:]), f"the dataset holds batches of shape {shape}"
            )
        else:
            images = check_images(x, "x")
            self._check_shape(images.shape[1:], f"x has shape {images.shape}")
            x = shuffled(images, batch_size or 64, self.seed, epoch)
            batch_size = None
        if self.compiled:
            for callback in callbacks:
                if isinstance(callback, ResumeTraining):
                    kwargs["initial_epoch"] = callback.restore(self)
        kwargs["shuffle"] = False
        return super().fit(
            x,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=[Watch(epoch), *callbacks],
            **kwargs,
        )

    def _check_shape(self, shape, was):
        expected = self.discriminator.input_shape[1:]
        if len(shape) != len(expected) or any(
            None not in (a, b) and a != b for a, b in zip(shape, expected, strict=True)
        ):
            raise ValueError(
                f"The discriminator takes images of shape {expected}, but {was}."
            )

    def generate(self, count_or_latents, batch_size=256, ema=True, seed=0):
        """Return images (N, H, W, C) float32, from given latents or for a number of
        them.

        A count draws its latents from `seed`, so the same call gives the same latents
        again.
        """
        if np.ndim(count_or_latents) == 0:
            check_counts(count_or_latents=count_or_latents)
            draw = np.random.default_rng(seed).standard_normal(
                (count_or_latents, self.latent_dim)
            )
        else:
            draw = np.asarray(count_or_latents)
        latents = draw.astype("float32")
        if (
            latents.ndim != 2
            or latents.shape[1] != self.latent_dim
            or len(latents) == 0
        ):
            raise ValueError(
                f"count_or_latents must be a count or latents of shape "
                f"(N, {self.latent_dim}), got shape {latents.shape}."
            )
        if not np.isfinite(latents).all():
            raise ValueError("count_or_latents holds NaN or infinite values.")
        check_counts(batch_size=batch_size)
        if ema not in self._functions:
            network = self.ema_generator if ema else self.generator
            self._functions[ema] = tf.function(
                lambda z: network(z, training=False), reduce_retracing=True
            )
        chunks = [
            latents[i : i + batch_size] for i in range(0, len(latents), batch_size)
        ]
        return np.concatenate([self._functions[ema](chunk).numpy() for chunk in chunks])

    def get_config(self):
        """Return what `from_config` needs: both networks and the three numbers."""
        return {
            **super().get_config(),
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "latent_dim": self.latent_dim,
            "ema_decay": self.ema_decay,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        """Rebuild the model from `get_config`."""
        config = dict(config)
        for name in ("generator", "discriminator"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)

    def get_compile_config(self):
        """Return the two optimizers and the other arguments of `compile`."""
        if not self.compiled:
            return {}
        optimizers = {"g_optimizer": self.g_optimizer, "d_optimizer": self.d_optimizer}
        return {
            **keras.saving.serialize_keras_object(optimizers),
            **self._compiled_with,
        }

    def compile_from_config(self, config):
        """Compile as `get_compile_config` tells."""
        self.compile(**keras.saving.deserialize_keras_object(config))


@keras.saving.register_keras_serializable("noise_to_image")
class SaturatingGAN(GAN):
    """Play the game as it was first written: G minimises E[log(1 - D(G(z)))].

    Source: Goodfellow et al., 2014, equation 1, https://arxiv.org/abs/1406.2661
    """

    def d_loss_fn(self, real_logits, generated_logits):
        """Return -E[log D(x)] - E[log(1 - D(G(z)))]."""
        return ops.mean(ops.softplus(-ops.cast(real_logits, "float32"))) + ops.mean(
            ops.softplus(ops.cast(generated_logits, "float32"))
        )

    def g_loss_fn(self, generated_logits):
        """Return E[log(1 - D(G(z)))]."""
        return -ops.mean(ops.softplus(ops.cast(generated_logits, "float32")))


@keras.saving.register_keras_serializable("noise_to_image")
class NonSaturatingGAN(SaturatingGAN):
    """Keep the discriminator's loss; let G maximise E[log D(G(z))].

    Source: Goodfellow et al., 2014, end of section 3, https://arxiv.org/abs/1406.2661
    """

    def g_loss_fn(self, generated_logits):
        """Return -E[log D(G(z))]."""
        return ops.mean(ops.softplus(-ops.cast(generated_logits, "float32")))


@keras.saving.register_keras_serializable("noise_to_image")
class LeastSquaresGAN(GAN):
    """Ask for 1 at real images and 0 at generated ones, by squared distance.

    Source: Mao et al., 2017, equation 9, https://arxiv.org/abs/1611.04076
    """

    real_above = 0.5

    def d_loss_fn(self, real_logits, generated_logits):
        """Return E[(D(x) - 1)^2] / 2 + E[D(G(z))^2] / 2."""
        return (
            ops.mean(ops.square(ops.cast(real_logits, "float32") - 1))
            + ops.mean(ops.square(ops.cast(generated_logits, "float32")))
        ) / 2

    def g_loss_fn(self, generated_logits):
        """Return E[(D(G(z)) - 1)^2] / 2."""
        return ops.mean(ops.square(ops.cast(generated_logits, "float32") - 1)) / 2
