"""What training needs around the step: data in a known order, a rate, a watch, a state
to resume.

`helpers.gan` gives `shuffled` and `ResumeTraining` on to the chapters.
"""

import io
import json
import os
import pathlib

import keras
import numpy as np
import tensorflow as tf
from keras import ops


def shuffled(images, batch_size=64, seed=0, epoch=0):
    """Return one epoch of `images` as a tf.data.Dataset whose order follows from (seed,
    epoch).

    `epoch` is an integer or a scalar tf.Variable that is read at the start of every
    pass. What is left over after the last whole batch is dropped.
    """
    images = check_images(images)
    check_counts(batch_size=batch_size)
    steps = len(images) // batch_size
    if steps == 0:
        raise ValueError(
            f"batch_size is {batch_size}, but images holds only {len(images)}: "
            "choose a smaller batch_size."
        )
    with tf.device("CPU"):
        source = tf.constant(images)

    def one_epoch(_):
        key = tf.stack([tf.cast(seed, tf.int32), tf.cast(epoch, tf.int32)])
        order = tf.random.experimental.stateless_shuffle(
            tf.range(len(images)), seed=key
        )
        order = tf.reshape(order[: steps * batch_size], (steps, batch_size))
        return tf.data.Dataset.from_tensor_slices(order)

    order = tf.data.Dataset.range(1).flat_map(one_epoch)
    batches = order.map(lambda index: tf.gather(source, index)).prefetch(2)
    return batches.apply(tf.data.experimental.assert_cardinality(steps))


def warm_cosine(learning_rate, steps, rise=None, floor=0.0):
    """Return a schedule that rises for `rise` of the `steps`, then falls along a
    cosine.

    It starts at a hundredth of `learning_rate`, its peak, and ends at `floor` times the
    peak; `rise` is a twentieth of `steps` unless told. Raises ValueError if `steps` is
    not a whole number of at least 2, `rise` not one from 1 to steps - 1,
    `learning_rate` not above 0, or `floor` not from 0 to 1. Source: Loshchilov and
    Hutter 2017 (the cosine); Vaswani et al. 2017, section 5.3 (the rise).
    """
    check_counts(steps=steps)
    if steps < 2:
        raise ValueError(
            f"steps must be at least 2, to rise and to fall, got {steps!r}."
        )
    rise = max(1, steps // 20) if rise is None else rise
    check_counts(rise=rise)
    if rise >= steps:
        raise ValueError(f"rise must be below steps, but {rise} is not below {steps}.")
    if not 0 < learning_rate < np.inf:
        raise ValueError(
            f"learning_rate must be above 0 and finite, got {learning_rate!r}."
        )
    if not 0 <= floor <= 1:
        raise ValueError(f"floor must be from 0 to 1, got {floor!r}.")
    return keras.optimizers.schedules.CosineDecay(
        0.01 * learning_rate,
        steps - rise,
        alpha=floor,
        warmup_target=learning_rate,
        warmup_steps=rise,
    )


class ResumeTraining(keras.callbacks.Callback):
    """Save the whole state of a `GAN` after each epoch, and let the next `fit` go on
    from there.

    The state is both networks, the average, both optimizers, the seeds, the epoch and
    its history. It is written beside the old one and then put in its place, so a kill
    at any moment leaves one whole state in `directory`. `history` holds one dict of
    metrics for each finished epoch.
    """

    def __init__(self, directory):
        super().__init__()
        self.path = pathlib.Path(directory) / "state.npz"
        self.history = []

    def restore(self, model):
        """Load the saved state into `model` if there is one, and return the epoch to go
        on with."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.with_suffix(".part").unlink(missing_ok=True)
        self.history = []
        if not self.path.exists():
            return 0
        advice = f"delete {self.path} to start from the beginning"
        try:
            with np.load(self.path, allow_pickle=False) as saved:
                arrays = {name: saved[name] for name in saved.files}
            facts = json.loads(str(arrays.pop("facts")))
        except Exception as error:
            raise ValueError(
                f"{self.path} cannot be read as a saved training state "
                f"({type(error).__name__}): {advice}."
            ) from error
        variables = _state(model)
        if [list(v.shape) for v in variables] != facts["shapes"]:
            raise ValueError(
                f"The state in {self.path} belongs to another model or optimizer: "
                f"build the same one, or {advice}."
            )
        for index, variable in enumerate(variables):
            variable.assign(arrays[str(index)])
        self.history = facts["history"]
        return facts["epoch"] + 1

    def on_epoch_end(self, epoch, logs=None):
        """Write the state atomically."""
        self.history.append(
            {name: float(value) for name, value in (logs or {}).items()}
        )
        variables = _state(self.model)
        arrays = {str(i): ops.convert_to_numpy(v) for i, v in enumerate(variables)}
        if not all(
            np.isfinite(a).all() for a in arrays.values() if a.dtype.kind == "f"
        ):
            raise FloatingPointError(
                f"A weight is no longer a number after epoch {epoch + 1}, so "
                "nothing was saved: lower the learning rates and fit again."
            )
        shapes = [list(v.shape) for v in variables]
        facts = json.dumps({"epoch": epoch, "history": self.history, "shapes": shapes})
        buffer = io.BytesIO()
        np.savez(buffer, facts=facts, **arrays)
        part = self.path.with_suffix(".part")
        with open(part, "wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.path)


class Watch(keras.callbacks.Callback):
    """Tell the data pipeline which epoch it is, and stop when a loss is no longer a
    number."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        """Tell the pipeline."""
        self.epoch.assign(epoch)

    def on_train_batch_end(self, batch, logs=None):
        """Look at both running means: NaN never leaves them."""
        for name in ("d_loss", "g_loss"):
            if not np.isfinite(float(logs[name])):
                raise FloatingPointError(
                    f"{name} is no longer a number in epoch {int(self.epoch) + 1}, "
                    f"step {batch + 1}: lower the learning rates and fit again."
                )


def check_images(images, name="images"):
    """Return `images` if they are float32 (N, H, W, C) in [-1, 1]; raise one sentence
    if not."""
    if not hasattr(images, "shape") or not hasattr(images, "dtype"):
        raise TypeError(
            f"{name} must be an array of images, got {type(images).__name__}."
        )
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise TypeError(
            f"{name} must be float32 in [-1, 1], got {images.dtype}: "
            "convert with helpers.images.from_uint8."
        )
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(
            f"{name} must have shape (N, height, width, channels) and not be empty, "
            f"got {images.shape}."
        )
    if not np.isfinite(images).all():
        raise ValueError(f"{name} holds NaN or infinite values.")
    if images.min() < -1 or images.max() > 1:
        raise ValueError(
            f"{name} must lie in [-1, 1], but runs from {images.min():.3g} to "
            f"{images.max():.3g}."
        )
    return images.astype("float32", copy=False)


def check_counts(**counts):
    """Raise one sentence unless every argument is a whole number of at least 1."""
    for name, value in counts.items():
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, np.integer))
            or value < 1
        ):
            raise ValueError(
                f"{name} must be a whole number of at least 1, got {value!r}."
            )


def _state(model):
    """List every variable that training changes, in an order that does not vary."""
    metric_variables = {id(v) for metric in model.metrics for v in metric.variables}
    own = [v for v in model.variables if id(v) not in metric_variables]
    return own + model.g_optimizer.variables + model.d_optimizer.variables
