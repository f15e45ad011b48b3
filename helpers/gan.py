"""The GAN that chapter 05 types in the open, as a `keras.Model`: its train step.

It is unconditional, and its images are float32, channels last, in [-1, 1]. The losses
of the games stand in `helpers.gan_losses`.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from helpers._arguments import counts, images, number, told, whole
from helpers._first_look import FirstLook
from helpers._gan_rules import SavedGAN, check_networks, refuse_what_is_not_shared
from helpers.resuming import ResumeTraining
from helpers.training import Watch, shuffled


@keras.saving.register_keras_serializable("noise_to_image")
class GAN(SavedGAN):
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
        latent_dim, seed = counts(latent_dim=latent_dim), whole(seed, "seed", 0)
        ema_decay = number(ema_decay, "ema_decay", 0, below=1)
        check_networks(generator, discriminator, latent_dim)
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
        self._functions = {}  # ema or not -> (network, its compiled call)
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
                "g_optimizer and d_optimizer are the same object: each network needs an "
                "optimizer of its own."
            )
        refuse_what_is_not_shared(self)
        super().compile(optimizer=None, jit_compile=jit_compile, **kwargs)
        self.g_optimizer = keras.optimizers.get(g_optimizer)
        self.d_optimizer = keras.optimizers.get(d_optimizer)
        for optimizer in (self.g_optimizer, self.d_optimizer):
            if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
                raise ValueError(
                    "A GAN's losses are not scaled, so LossScaleOptimizer would all but "
                    "stop it: pass the optimizer inside, and train in float32 or "
                    "mixed_bfloat16."
                )
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
        steps_per_epoch=None,
        **kwargs,
    ):
        """Train as keras.Model.fit does; `x` is images in [-1, 1] or a tf.data.Dataset.

        From an array, epoch k sees its images in an order that follows from (seed, k)
        alone, `steps_per_epoch` or not. Raises TypeError or ValueError for what cannot
        be trained on, FloatingPointError once a loss is no longer a number.
        """
        if y is not None:
            raise ValueError("y must be left out: this GAN learns from images alone.")
        if refused := [name for name in kwargs if name.startswith("validation_")]:
            raise ValueError(
                f"{refused[0]} must be left out, for a GAN has no validation loss: measure "
                "generated images with helpers.metrics.evaluate instead."
            )
        refuse_what_is_not_shared(self)
        epochs = counts(epochs=epochs)
        if steps_per_epoch is not None:
            steps_per_epoch = counts(steps_per_epoch=steps_per_epoch)
        batch_size = counts(batch_size=64 if batch_size is None else batch_size)
        several = isinstance(callbacks, (list, tuple))
        callbacks = [
            c for c in (callbacks if several else [callbacks]) if c is not None
        ]
        epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        look = FirstLook(self.discriminator.input_shape[1:])
        if isinstance(x, tf.data.Dataset):
            x = look.at(x)
        else:
            array = images(x, "x", channels=None, shape=look.shape)
            x = shuffled(array, batch_size, self.seed, epoch)
            if steps_per_epoch is not None:  # each epoch from its own beginning
                x, steps_per_epoch = x.repeat().take(steps_per_epoch), None
        if self.compiled:
            for callback in callbacks:
                if isinstance(callback, ResumeTraining):
                    kwargs["initial_epoch"] = callback.restore(self)
        kwargs["shuffle"] = False
        with look:
            return super().fit(
                x,
                epochs=epochs,
                verbose=verbose,
                callbacks=[Watch(epoch), *callbacks],
                steps_per_epoch=steps_per_epoch,
                **kwargs,
            )

    def generate(self, count_or_latents, batch_size=256, ema=True, seed=0):
        """Return images (N, H, W, C) float32, from given latents or for a number of
        them.

        A count draws its latents from `seed`, so the same call gives the same latents
        again.
        """
        if np.ndim(count_or_latents) == 0:
            count = whole(count_or_latents, "count_or_latents")
            rng = np.random.default_rng(whole(seed, "seed", 0))
            draw = rng.standard_normal((count, self.latent_dim))
        else:
            draw = np.asarray(count_or_latents)
        if draw.dtype.kind not in "fiu" or draw.shape[1:] != (self.latent_dim,):
            raise ValueError(
                f"count_or_latents must be a count or latents of shape "
                f"(N, {self.latent_dim}), got {told(draw)}."
            )
        latents = draw.astype("float32")
        if len(latents) == 0 or not np.isfinite(latents).all():
            raise ValueError(
                f"count_or_latents must be finite latents, one at least, got {told(draw)}."
            )
        batch_size = counts(batch_size=batch_size)
        run = self._function(ema)
        chunks = [
            latents[i : i + batch_size] for i in range(0, len(latents), batch_size)
        ]
        return np.concatenate([run(chunk).numpy() for chunk in chunks])

    def _function(self, ema):
        """Return the compiled call of the network that is there now."""
        network = self.ema_generator if ema else self.generator
        known, function = self._functions.get(bool(ema), (None, None))
        if known is not network:
            function = tf.function(
                lambda z: network(z, training=False), reduce_retracing=True
            )
            self._functions[bool(ema)] = network, function
        return function

    def export(self, *args, **kwargs):
        """Export the averaged generator, which is what a call of this model runs."""
        return self.ema_generator.export(*args, **kwargs)
