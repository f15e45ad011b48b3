"""What a GAN asks of its networks and of `fit`, and how it is saved and loaded."""

import keras
import tensorflow as tf

from helpers._arguments import told

NETWORKS = ("generator", "discriminator", "ema_generator")
LOSSES = "the class says which losses, see helpers.gan_losses"
METRICS = "d_loss, g_loss and d_accuracy are always measured"
ALIKE = "this GAN learns from images alone, and from all alike"
JUDGE = (
    "a GAN has no validation loss, so measure generated images with "
    "helpers.metrics.evaluate"
)
NO_USE = {  # arguments of Keras that would be ignored here, or misunderstood
    "optimizer": "give g_optimizer and d_optimizer",
    **dict.fromkeys(("loss", "loss_weights"), LOSSES),
    **dict.fromkeys(("metrics", "weighted_metrics"), METRICS),
    **dict.fromkeys(("y", "sample_weight", "class_weight"), ALIKE),
    **dict.fromkeys(("validation_data", "validation_split"), JUDGE),
    "shuffle": "an array's order follows from the seed and the epoch, so for another "
    "order give a tf.data.Dataset",
}
HARMLESS = {"validation_split": 0, "shuffle": True}


def refuse_what_has_no_use(**options):
    """Raise ValueError for an argument of Keras that does nothing for a GAN."""
    for name, value in options.items():
        plain = isinstance(value, (bool, int, float)) and name in HARMLESS
        harmless = value is None or (plain and value == HARMLESS[name])
        if name in NO_USE and not harmless:
            raise ValueError(f"{name} must be left out: {NO_USE[name]}.")


def check_losses(kind, base):
    """Say that a subclass of `base` has no losses of its own, if so."""
    if kind.d_loss_fn is base.d_loss_fn or kind.g_loss_fn is base.g_loss_fn:
        raise TypeError(
            f"{kind.__name__} has no losses: use NonSaturatingGAN, or a subclass that "
            "defines d_loss_fn and g_loss_fn."
        )


def check_networks(generator, discriminator, latent_dim, called="generator"):
    """Say in one sentence why two networks cannot play with each other."""
    for name, network in ((called, generator), ("discriminator", discriminator)):
        functional = isinstance(network, keras.Model) and hasattr(network, "operations")
        sequential = isinstance(network, keras.Sequential)
        if not (functional or sequential) or not network.built:
            raise TypeError(
                f"{name} must be a functional or Sequential keras.Model that begins "
                f"with keras.Input, got {told(network)}."
            )
    if generator.input_shape[1:] != (latent_dim,):
        raise ValueError(
            f"latent_dim is {latent_dim}, but the {called} takes inputs of shape "
            f"{generator.input_shape}: the two must agree."
        )
    if generator.output_shape[1:] != discriminator.input_shape[1:]:
        raise ValueError(
            f"The {called} makes images of shape {generator.output_shape[1:]}, but "
            f"the discriminator takes {discriminator.input_shape[1:]}: the two must "
            "agree."
        )
    last = getattr(discriminator.layers[-1], "activation", None)
    if last is keras.activations.sigmoid:
        raise ValueError(
            "discriminator must return logits, but ends in a sigmoid: leave it out, "
            "for the losses apply it."
        )


def refuse_what_is_not_shared(model):
    """Say what a GAN's train step cannot do: several replicas, scaled losses."""
    strategies = (tf.distribute.get_strategy(), model.distribute_strategy)
    if any(one.num_replicas_in_sync > 1 for one in strategies if one is not None):
        raise ValueError(
            "A GAN of this book trains on one device: leave the strategy's scope."
        )
    layers = model.generator.layers + model.discriminator.layers
    if any(layer.compute_dtype == "float16" for layer in layers):
        raise ValueError(
            "float16 needs scaled losses, which this GAN has not: build the networks "
            "in float32, or under the policy 'mixed_bfloat16'."
        )


def check_average(model):
    """Refuse an average that was put in and is not of the generator's weights."""
    shapes = [
        [w.shape for w in m.weights] for m in (model.generator, model.ema_generator)
    ]
    if shapes[0] != shapes[1]:
        raise ValueError(
            "ema_generator has other weights than generator, so that it cannot follow "
            "it: put in a generator of the same form first."
        )


def check_optimizer(optimizer, name, network):
    """Refuse an optimizer that scales losses, or that belongs to other weights."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            f"{name} expects a scaled loss, which this GAN has not, so that training "
            "would all but stop: pass the optimizer inside, and train in float32 or "
            "mixed_bfloat16."
        )
    known = {id(weight) for weight in optimizer._trainable_variables}
    if optimizer.built and not known.issuperset(map(id, network.trainable_weights)):
        raise ValueError(
            f"{name} was built for other weights than these: pass a new optimizer."
        )


def refuse_callbacks(callbacks):
    """Say why a callback that sets the rate of the one optimizer does not fit a GAN."""
    for callback in callbacks:
        if isinstance(
            callback,
            (
                keras.callbacks.ReduceLROnPlateau,
                keras.callbacks.LearningRateScheduler,
            ),
        ):
            raise ValueError(
                f"{type(callback).__name__} sets the rate of one optimizer, and a GAN "
                "has two: give them schedules, or set g_optimizer.learning_rate and "
                "d_optimizer.learning_rate in a callback of your own."
            )


def average_of(generator):
    """Return a copy of `generator`, to which its running average is written."""
    average = keras.models.clone_model(generator)
    average.set_weights(generator.get_weights())
    average.name, average.trainable = f"ema_{generator.name}", False
    return average


class SavedGAN(keras.Model):
    """Hold a GAN's networks; save and load them with the optimizers and the seeds."""

    def __setattr__(self, name, value):
        """Let a network be replaced: what was made of the old one is made anew.

        A new generator begins its average anew; before the next `fit` the model must be
        compiled again, since optimizers belong to the weights of the old network.
        """
        old = self.__dict__.get(name) if name in NETWORKS else None
        if old is None or value is old:
            super().__setattr__(name, value)
            return
        if name == "discriminator":
            check_networks(self.generator, value, self.latent_dim)
        else:
            check_networks(value, self.discriminator, self.latent_dim, name)
        self._tracker.untrack(old)
        super().__setattr__(name, value)
        self.compiled, self.predict_function = False, None
        if name == "generator":
            self.ema_generator = average_of(value)

    def _seeds(self):
        """List the states of all random numbers inside, in an order that stays."""
        return [v for v in self.variables if "seed_generator_state" in v.path]

    def save_own_variables(self, store):
        """Keep where the random numbers stand, so that a loaded model goes on alike."""
        super().save_own_variables(store)
        for index, state in enumerate(self._seeds()):
            store[f"seed_{index}"] = state.numpy()

    def load_own_variables(self, store):
        """Read what `save_own_variables` wrote, seeds where the file has them."""
        own = {name: store[name] for name in store.keys()}  # noqa: SIM118
        for index, state in enumerate(self._seeds()):
            kept = own.pop(f"seed_{index}", None)
            if kept is not None:
                state.assign(kept)
        super().load_own_variables(own)

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


def optimizer_of(value, name):
    """Return a Keras optimizer from itself, its name or its config; refuse others."""
    found = None
    if value is not None:
        try:
            found = keras.optimizers.get(value)
        except Exception:  # Keras tells each kind of value in other words
            found = None
    if not isinstance(found, keras.optimizers.Optimizer):
        raise TypeError(
            f"{name} must be a Keras optimizer or the name of one, got {told(value)}."
        )
    return found
