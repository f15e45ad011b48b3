"""What a GAN asks of its two networks, and how it becomes a file and comes back."""

import keras
import tensorflow as tf
from keras import ops

from helpers._arguments import told


def check_networks(generator, discriminator, latent_dim):
    """Say in one sentence why two networks cannot play with each other."""
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        functional = isinstance(network, keras.Model) and hasattr(network, "operations")
        sequential = isinstance(network, keras.Sequential)
        if not (functional or sequential) or not network.built:
            raise TypeError(
                f"{name} must be a functional or Sequential keras.Model that begins with "
                f"keras.Input, got {told(network)}."
            )
    if generator.input_shape[1:] != (latent_dim,):
        raise ValueError(
            f"latent_dim is {latent_dim}, but the generator takes inputs of shape "
            f"{generator.input_shape}: the two must agree."
        )
    if generator.output_shape[1:] != discriminator.input_shape[1:]:
        raise ValueError(
            f"The generator makes images of shape {generator.output_shape[1:]}, but the "
            f"discriminator takes {discriminator.input_shape[1:]}: the two must agree."
        )


def refuse_what_is_not_shared(model):
    """Say what a GAN's train step cannot do: several replicas, scaled losses."""
    strategies = (tf.distribute.get_strategy(), model.distribute_strategy)
    if any(one.num_replicas_in_sync > 1 for one in strategies if one is not None):
        raise ValueError(
            "A GAN of this book trains on one device: leave the strategy's scope."
        )
    if model.generator.compute_dtype == "float16":
        raise ValueError(
            "mixed_float16 needs scaled losses, which this GAN has not: build the "
            "networks in float32 or under the policy 'mixed_bfloat16'."
        )


class SavedGAN(keras.Model):
    """Save and load both networks, their average, the optimizers and the seeds."""

    def _seeds(self):
        """List the states of all random numbers inside, in an order that stays."""
        return [v for v in self.variables if "seed_generator_state" in v.path]

    def save_own_variables(self, store):
        """Keep where the random numbers stand, so that a loaded model goes on alike."""
        super().save_own_variables(store)
        for index, state in enumerate(self._seeds()):
            store[f"seed_{index}"] = ops.convert_to_numpy(state)

    def load_own_variables(self, store):
        """Read what `save_own_variables` wrote; a file without seeds keeps the new ones."""
        own = {name: store[name] for name in list(store)}
        seeds = [own.pop(name) for name in sorted(own, key=_number) if "seed_" in name]
        super().load_own_variables(own)
        for state, kept in zip(self._seeds(), seeds, strict=False):
            state.assign(kept)

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


def _number(name):
    return int(name.rpartition("_")[2]) if name.rpartition("_")[2].isdigit() else -1
