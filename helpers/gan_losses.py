"""One short class for each game: the GAN of `helpers.gan` with a paper's losses."""

import keras
import tensorflow as tf
from keras import ops
from numpy.typing import ArrayLike

from helpers.gan import GAN


@keras.saving.register_keras_serializable("noise_to_image")
class SaturatingGAN(GAN):
    """Play the game as it was first written: G minimises E[log(1 - D(G(z)))].

    Source: Goodfellow et al., 2014, equation 1, https://arxiv.org/abs/1406.2661

    >>> from helpers import gan_losses, networks
    >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
    >>> model = gan_losses.SaturatingGAN(*both, latent_dim=8)
    >>> float(model.g_loss_fn([[-9.0]]))  # nearly flat where D is sure: log(1 - 0.0001)
    -0.000123...
    """

    def d_loss_fn(
        self, real_logits: ArrayLike, generated_logits: ArrayLike
    ) -> tf.Tensor:
        """Return -E[log D(x)] - E[log(1 - D(G(z)))].

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.SaturatingGAN(*both, latent_dim=8)
        >>> float(model.d_loss_fn([[0.0]], [[0.0]]))  # D(x) = D(G(z)) = 1/2: 2 log 2
        1.386...
        """
        return ops.mean(ops.softplus(-ops.cast(real_logits, "float32"))) + ops.mean(
            ops.softplus(ops.cast(generated_logits, "float32"))
        )

    def g_loss_fn(self, generated_logits: ArrayLike) -> tf.Tensor:
        """Return E[log(1 - D(G(z)))].

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.SaturatingGAN(*both, latent_dim=8)
        >>> float(model.g_loss_fn([[0.0]]))  # D(G(z)) = 1/2: -log 2
        -0.693...
        """
        return -ops.mean(ops.softplus(ops.cast(generated_logits, "float32")))


@keras.saving.register_keras_serializable("noise_to_image")
class NonSaturatingGAN(SaturatingGAN):
    """Keep the discriminator's loss; let G maximise E[log D(G(z))].

    Source: Goodfellow et al., 2014, end of section 3, https://arxiv.org/abs/1406.2661

    >>> from helpers import gan_losses, networks
    >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
    >>> model = gan_losses.NonSaturatingGAN(*both, latent_dim=8)
    >>> float(model.g_loss_fn([[-9.0]]))  # steep where D is sure: -log 0.0001
    9.000...
    """

    def g_loss_fn(self, generated_logits: ArrayLike) -> tf.Tensor:
        """Return -E[log D(G(z))].

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.NonSaturatingGAN(*both, latent_dim=8)
        >>> float(model.g_loss_fn([[0.0]]))  # D(G(z)) = 1/2: log 2
        0.693...
        """
        return ops.mean(ops.softplus(-ops.cast(generated_logits, "float32")))


@keras.saving.register_keras_serializable("noise_to_image")
class LeastSquaresGAN(GAN):
    """Ask for 1 at real images and 0 at generated ones, by squared distance.

    Source: Mao et al., 2017, equation 9, https://arxiv.org/abs/1611.04076

    >>> from helpers import gan_losses, networks
    >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
    >>> model = gan_losses.LeastSquaresGAN(*both, latent_dim=8)
    >>> float(model.d_loss_fn([[1.0]], [[0.0]]))  # what the discriminator wants
    0.0
    """

    real_above = 0.5

    def d_loss_fn(
        self, real_logits: ArrayLike, generated_logits: ArrayLike
    ) -> tf.Tensor:
        """Return E[(D(x) - 1)^2] / 2 + E[D(G(z))^2] / 2.

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.LeastSquaresGAN(*both, latent_dim=8)
        >>> float(model.d_loss_fn([[0.5]], [[0.5]]))
        0.25
        """
        return (
            ops.mean(ops.square(ops.cast(real_logits, "float32") - 1))
            + ops.mean(ops.square(ops.cast(generated_logits, "float32")))
        ) / 2

    def g_loss_fn(self, generated_logits: ArrayLike) -> tf.Tensor:
        """Return E[(D(G(z)) - 1)^2] / 2.

        >>> from helpers import gan_losses, networks
        >>> both = networks.build_generator(8, 2), networks.build_discriminator(2)
        >>> model = gan_losses.LeastSquaresGAN(*both, latent_dim=8)
        >>> float(model.g_loss_fn([[0.0], [1.0]]))  # (1 + 0) / 2, halved
        0.25
        """
        return ops.mean(ops.square(ops.cast(generated_logits, "float32") - 1)) / 2
