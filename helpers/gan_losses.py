"""One short class for each game: the GAN of `helpers.gan` with a paper's losses."""

import keras
from keras import ops

from helpers.gan import GAN


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
