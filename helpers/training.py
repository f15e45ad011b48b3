"""What training needs around its step: data in a known order, a rate, `fit`."""

import sys
import time

import keras
import numpy as np
import tensorflow as tf

from helpers import _arguments
from helpers._arguments import counts, number, whole
from helpers.resuming import ResumeTraining


def shuffled(images, batch_size=64, seed=0, epoch=0):
    """Return one epoch of `images`, in an order that follows from (seed, epoch) alone.

    A tf.data.Dataset. `epoch` is an integer or a scalar tf.Variable that is read at the
    start of every pass. What is left over after the last whole batch is dropped.
    """
    images = _arguments.images(images, channels=None)
    batch_size, seed = counts(batch_size=batch_size), whole(seed, "seed", 0)
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
    """Return a rate that rises for `rise` of the `steps`, then falls along a cosine.

    It starts at a hundredth of `learning_rate`, its peak, and ends at `floor` times the
    peak; `rise` is a twentieth of `steps` unless told. Raises ValueError if `steps` is
    not a whole number of at least 2, `rise` not one from 1 to steps - 1,
    `learning_rate` not above 0, or `floor` not from 0 to 1. Source: Loshchilov and
    Hutter 2017 (the cosine); Vaswani et al. 2017, section 5.3 (the rise).
    """
    steps = whole(steps, "steps", 2)
    rise = whole(max(1, steps // 20) if rise is None else rise, "rise", 1, steps - 1)
    learning_rate = number(learning_rate, "learning_rate", above=0)
    floor = number(floor, "floor", 0, 1)
    return keras.optimizers.schedules.CosineDecay(
        0.01 * learning_rate,
        steps - rise,
        alpha=floor,
        warmup_target=learning_rate,
        warmup_steps=rise,
    )


def batches(rows, batch_size, *, seed=0, prepare=None):
    """Return shuffled batches without end of `rows`: an array, or a tuple of arrays.

    A tf.data.Dataset. Each pass shuffles all rows anew. `prepare` turns a batch into
    what the model is trained on: x, (x, y) or (x, y, weights).
    """
    batch_size = counts(batch_size=batch_size)
    first = rows[0] if isinstance(rows, tuple) else rows
    dealt = tf.data.Dataset.from_tensor_slices(rows).shuffle(len(first), seed=seed)
    dealt = dealt.repeat().batch(batch_size)
    return dealt if prepare is None else dealt.map(prepare)


def fit(
    model,
    batches,
    *,
    steps,
    learning_rate,
    loss=None,
    parts=20,
    rise=None,
    floor=0.0,
    validation=None,
    folder=None,
    callbacks=(),
    chunk=None,
    **adamw,
):
    """Train `model` by AdamW for `steps` steps, in `parts` parts; return its history.

    batches: a tf.data.Dataset without end, see `batches`. The rate is `warm_cosine`;
    other arguments of keras.optimizers.AdamW may be given by name. loss: None if the
    model computes its own. validation: data as for keras.Model.fit; the weights of the
    best part are then restored. folder: the state is kept there after each part, and
    the next call goes on from it. chunk: steps a compiled call. Returns a dict from the
    names of losses to arrays with one value a part. Raises FloatingPointError once a
    loss is no longer a number.
    """
    steps, parts = whole(steps, "steps", 2), counts(parts=parts)
    part = max(1, steps // parts)
    rate = warm_cosine(learning_rate, steps, rise, floor)
    model.compile(
        keras.optimizers.AdamW(rate, **adamw),
        loss,
        steps_per_execution=part if chunk is None else counts(chunk=chunk),
    )
    around, begun = [Watch(), Progress(steps // part), *callbacks], 0
    if validation is not None:
        around.append(
            keras.callbacks.EarlyStopping(
                "val_loss", patience=steps, restore_best_weights=True
            )
        )
    kept = [] if folder is None else [ResumeTraining(folder)]
    for state in kept:
        begun = state.restore(model)
        batches = batches.skip(begun * part) if begun else batches
    found = model.fit(
        batches,
        steps_per_epoch=part,
        epochs=steps // part,
        initial_epoch=begun,
        verbose=0,
        shuffle=False,
        validation_data=validation,
        validation_batch_size=None if validation is None else 500,
        callbacks=[*around, *kept],
    )
    rows = kept[0].history if kept else None
    names = rows[0] if rows else found.history
    return {
        name: np.array([row[name] for row in rows] if rows else found.history[name])
        for name in names
    }


class Progress(keras.callbacks.Callback):
    """Show one line with the time left, where a person looks: a terminal, a notebook."""

    def __init__(self, parts):
        super().__init__()
        self.parts, self.shown = parts, sys.stdout.isatty()

    def on_train_begin(self, logs=None):
        """Start the clock."""
        self.began, self.first = time.perf_counter(), None

    def on_epoch_end(self, epoch, logs=None):
        """Write the line anew."""
        self.first = epoch if self.first is None else self.first
        spent, done = time.perf_counter() - self.began, epoch - self.first + 1
        left = spent / done * (self.parts - epoch - 1)
        if self.shown:
            end = "\n" if epoch + 1 == self.parts else ""
            line = f"part {epoch + 1} of {self.parts}, about {left:.0f} s left"
            print(f"\r{line:60}", end=end, flush=True)


class Watch(keras.callbacks.Callback):
    """Tell the data which epoch it is; stop when a loss is no number, or no data came."""

    def __init__(self, epoch=None):
        super().__init__()
        self.epoch, self.batches, self.number = epoch, 0, 0

    def on_epoch_begin(self, epoch, logs=None):
        """Tell the pipeline."""
        self.batches, self.number = 0, epoch
        if self.epoch is not None:
            self.epoch.assign(epoch)

    def on_train_batch_end(self, batch, logs=None):
        """Look at the running means of all losses: NaN never leaves them."""
        self.batches += 1
        for name in (name for name in logs if name.endswith("loss")):
            if not np.isfinite(float(logs[name])):
                raise FloatingPointError(
                    f"{name} is no longer a number in epoch {self.number + 1}, step "
                    f"{batch + 1}: lower the learning rates and fit again."
                )

    def on_epoch_end(self, epoch, logs=None):
        """Refuse an epoch in which nothing was trained, before anything is saved."""
        if self.batches == 0:
            raise ValueError(
                f"The data gave no batch in epoch {epoch + 1}: it can be read only once, "
                "so give a dataset that begins anew, or call .repeat() on it and say "
                "steps_per_epoch."
            )
