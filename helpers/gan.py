"""The GAN that chapter 05 types in the open, as a `keras.Model`: its train step.

It is unconditional, and its images are float32, channels last, in [-1, 1]. The losses
of the games stand in `helpers.gan_losses`.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from keras.callbacks import Callback
from numpy.typing import ArrayLike

from helpers import _gan_rules as rules
from helpers._arguments import as_array, counts, flag, images, number, told, whole
from helpers._datasets import Looked, dealt, end_told_once
from helpers._progress import kept_too
from helpers.resuming import ResumeTraining
from helpers.training import LARGEST_SEED, Watch, listed


@keras.saving.register_keras_serializable("noise_to_image")
class GAN(rules.SavedGAN):
    """Train a generator against a discriminator; a subclass says with which losses.

    `generator` maps latents (B, latent_dim) to images in [-1, 1], `discriminator`
    images to logits (B, 1); both are functional or Sequential. `ema_generator` follows
    the generator as an exponential moving average. Raises TypeError or ValueError for
    what does not fit together. Source: Goodfellow et al. 2014.

    >>> from helpers import gan_losses, networks
    >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
    >>> model = gan_losses.NonSaturatingGAN(*both, latent_dim=8)
    >>> model.generate(4).shape
    (4, 28, 28, 1)
    """

    real_above = 0.0  # a real image is recognised when its logit lies above this

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, *,
        latent_dim: int, ema_decay: float = 0.99, seed: int = 0, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        latent_dim = counts(latent_dim=latent_dim)
        seed = whole(seed, "seed", 0, LARGEST_SEED)
        ema_decay = number(ema_decay, "ema_decay", 0, below=1)
        rules.check_networks(generator, discriminator, latent_dim)
        self.generator, self.discriminator = generator, discriminator
        self.latent_dim, self.ema_decay, self.seed = latent_dim, ema_decay, seed
        self.ema_generator = rules.average_of(generator)
        self.latent_seed = keras.random.SeedGenerator(seed)
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")
        self.d_accuracy = keras.metrics.Mean(name="d_accuracy")
        self._calls: WeakKeyDictionary = WeakKeyDictionary()  # network -> compiled call
        self.built = True

    def d_loss_fn(
        self, real_logits: ArrayLike, generated_logits: ArrayLike
    ) -> tf.Tensor:
        """Return the discriminator's loss, a scalar, from two batches of logits.

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.LeastSquaresGAN(*both, latent_dim=8)
        >>> float(model.d_loss_fn([[1.0]], [[0.5]]))  # (0 + 0.5^2) / 2
        0.125
        """
        raise NotImplementedError

    def g_loss_fn(self, generated_logits: ArrayLike) -> tf.Tensor:
        """Return the generator's loss, a scalar, from a batch of logits (B, 1).

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.LeastSquaresGAN(*both, latent_dim=8)
        >>> float(model.g_loss_fn([[0.5]]))  # (0.5 - 1)^2 / 2
        0.125
        """
        raise NotImplementedError

    def compile(self, g_optimizer, d_optimizer, *, jit_compile=False, **kwargs):
        """Set the two optimizers; other arguments go to keras.Model.compile.

        XLA (`jit_compile`) is off unless asked for: on a CPU it makes these models
        slower. Raises TypeError for a class without losses, ValueError for what this
        train step cannot use.
        """
        rules.check_losses(type(self), GAN)
        rules.refuse_what_has_no_use(**kwargs)
        rules.refuse_what_is_not_shared(self)
        if not isinstance(jit_compile, str) or jit_compile != "auto":
            jit_compile = flag(jit_compile, "jit_compile")
        g_optimizer = rules.optimizer_of(g_optimizer, "g_optimizer")
        d_optimizer = rules.optimizer_of(d_optimizer, "d_optimizer")
        if g_optimizer is d_optimizer:
            raise ValueError(
                "g_optimizer and d_optimizer are the same object: each network needs "
                "an optimizer of its own."
            )
        rules.check_average(self)
        rules.check_optimizer(g_optimizer, "g_optimizer", self.generator)
        rules.check_optimizer(d_optimizer, "d_optimizer", self.discriminator)
        super().compile(optimizer=None, jit_compile=jit_compile, **kwargs)
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer
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
        """Update both networks once from real images, with one generator pass."""
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

    def update_ema(self) -> None:
        """Move each average by 1 - ema_decay towards the generator's weight.

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.NonSaturatingGAN(*both, latent_dim=8, ema_decay=0.75)
        >>> model.generator.set_weights([w + 1 for w in model.generator.get_weights()])
        >>> model.update_ema()
        >>> model.ema_generator.layers[-2].bias.numpy()  # it was 0
        array([0.25], dtype=float32)
        """
        pairs = zip(self.ema_generator.weights, self.generator.weights, strict=True)
        for average, weight in pairs:
            average.assign(self.ema_decay * average + (1 - self.ema_decay) * weight)

    def track(
        self, d_loss: tf.Tensor | float, g_loss: tf.Tensor | float,
        real_logits: tf.Tensor | np.ndarray, generated_logits: tf.Tensor | np.ndarray,
    ) -> dict[str, tf.Tensor]:  # fmt: skip
        """Update the running means and return them as a dict.

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.NonSaturatingGAN(*both, latent_dim=8)
        >>> means = model.track(1.5, 2.0, np.array([[3], [-1]]), np.array([[-2], [-1]]))
        >>> {name: float(mean) for name, mean in means.items()}  # 3 of 4 are right
        {'d_loss': 1.5, 'g_loss': 2.0, 'd_accuracy': 0.75}
        """
        edge = self.real_above
        right = ops.concatenate([real_logits > edge, generated_logits < edge])
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
        self, x: ArrayLike | tf.data.Dataset | None = None, y: None = None,
        batch_size: int | None = None, epochs: int = 1, verbose: str | int = "auto",
        callbacks: Callback | Sequence[Callback] | None = None, *,
        steps_per_epoch: int | None = None, initial_epoch: int = 0, **kwargs: Any,
    ) -> keras.callbacks.History:  # fmt: skip
        """Train as keras.Model.fit does; `x` is images in [-1, 1] or a tf.data.Dataset.

        From an array, epoch k sees its images in an order that follows from (seed, k)
        alone, `steps_per_epoch` or not. A dataset has its own batches and its own
        order; with `steps_per_epoch` an epoch goes on where the last one stopped.
        Raises TypeError or ValueError for what cannot be trained on,
        FloatingPointError once a loss is no longer a number.

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.NonSaturatingGAN(*both, latent_dim=8)
        >>> model.compile("adam", "adam")
        >>> history = model.fit(np.zeros((8, 28, 28, 1)), batch_size=8, verbose=0)
        >>> sorted(history.history)
        ['d_accuracy', 'd_loss', 'g_loss']
        """
        if given := isinstance(x, tf.data.Dataset):
            kwargs.pop("shuffle", None)
        rules.refuse_what_has_no_use(y=y, **kwargs)
        rules.refuse_what_is_not_shared(self)
        rules.refuse_callbacks(callbacks := listed(callbacks))
        begun, epochs = whole(initial_epoch, "initial_epoch", 0), counts(epochs=epochs)
        if steps_per_epoch is not None:
            steps_per_epoch = counts(steps_per_epoch=steps_per_epoch)
        batch_size = counts(batch_size=64 if batch_size is None else batch_size)
        callbacks = kept_too(callbacks, epochs) if self.compiled else callbacks
        epoch = tf.Variable(0, dtype=tf.int64)
        look = Looked(self.discriminator.input_shape[1:])
        if given:
            data = look.at(x)
        else:
            data = images(x, "x", channels=None, shape=look.shape)
            data = dealt(data, batch_size, self.seed, epoch, "x")
            if steps_per_epoch is not None:  # each epoch from its own beginning
                data, steps_per_epoch = data.repeat().take(steps_per_epoch), None
        for callback in callbacks if self.compiled else ():
            if isinstance(callback, ResumeTraining):
                begun = callback.restore(self) or begun
        if steps_per_epoch is not None:  # on through the dataset, and over its end
            data = data.repeat().skip(begun * steps_per_epoch)
        kwargs |= {"shuffle": False, "epochs": epochs, "verbose": verbose}
        kwargs |= {"steps_per_epoch": steps_per_epoch, "initial_epoch": begun}
        with look, end_told_once():
            return super().fit(data, callbacks=[Watch(epoch), *callbacks], **kwargs)

    def generate(
        self, count_or_latents: ArrayLike, batch_size: int = 256, ema: bool = True,
        seed: int = 0,
    ) -> np.ndarray:  # fmt: skip
        """Return images (N, H, W, C) float32, from a number of latents or given ones.

        A count draws its latents from `seed`, so that the same call gives the same
        pictures again; given latents are (N, latent_dim). `ema` chooses between the
        averaged generator and the generator itself. A picture does not depend on the
        others. Raises TypeError or ValueError that names the argument.

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.NonSaturatingGAN(*both, latent_dim=8)
        >>> pictures = model.generate(3, seed=1)
        >>> pictures.shape, bool((pictures == model.generate(3, seed=1)).all())
        ((3, 28, 28, 1), True)
        """
        batch_size, ema = counts(batch_size=batch_size), flag(ema, "ema")
        seed = whole(seed, "seed", 0, LARGEST_SEED)
        wanted = f"count_or_latents must be a count or latents (N, {self.latent_dim})"
        draw = as_array(count_or_latents, wanted)
        if draw.ndim == 0:
            count = whole(count_or_latents, "count_or_latents")
            draw = np.random.default_rng(seed).standard_normal((count, self.latent_dim))
        if draw.dtype.kind not in "fiu" or draw.shape[1:] != (self.latent_dim,):
            raise ValueError(f"{wanted}, got {told(draw)}.")
        latents = tf.cast(draw, "float32").numpy()  # 1e300 becomes infinity
        if len(latents) == 0 or not np.isfinite(latents).all():
            raise ValueError(f"{wanted}, finite and at least one, got {told(draw)}.")
        run = self._call_of(self.ema_generator if ema else self.generator)
        starts = range(0, len(latents), batch_size)
        return np.concatenate(
            [run(latents[i : i + batch_size]).numpy() for i in starts]
        )

    def _call_of(self, network):
        """Return the compiled call of `network`, for pictures and not for training."""
        if network not in self._calls:
            self._calls[network] = tf.function(
                lambda z: network(z, training=False), reduce_retracing=True
            )
        return self._calls[network]

    def export(self, *args: Any, **kwargs: Any) -> None:
        """Export the averaged generator, which is what a call of this model runs.

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.NonSaturatingGAN(*both, latent_dim=8)
        >>> model.export("painter", verbose=False)
        >>> painter = tf.saved_model.load("painter")
        >>> painter.serve(tf.zeros((4, 8))).shape
        TensorShape([4, 28, 28, 1])
        """
        return self.ema_generator.export(*args, **kwargs)
