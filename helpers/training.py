"""What training needs around its step: data in a known order, a rate, `fit`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.callbacks import Callback
from numpy.typing import ArrayLike

from helpers import _arguments
from helpers._arguments import counts, number, told, whole
from helpers._datasets import dealt, end_told_once
from helpers._progress import Progress
from helpers.resuming import ResumeTraining
from helpers.store import yours

LARGEST_SEED = 2**32 - 1  # that NumPy and TensorFlow take


def shuffled(
    images: ArrayLike, batch_size: int = 64, seed: int = 0, epoch: int | tf.Variable = 0
) -> tf.data.Dataset:
    """Return one epoch of `images`, in an order that follows from (seed, epoch) alone.

    A tf.data.Dataset of float32 batches (batch_size, H, W, C); what is left over after
    the last whole batch is dropped. `epoch` is an integer or a scalar tf.Variable that
    is read at the start of every pass. Raises TypeError or ValueError that names the
    argument.

    >>> from helpers import training
    >>> images = np.linspace(-1, 1, 5).reshape(5, 1, 1, 1)
    >>> [batch.numpy().shape for batch in training.shuffled(images, batch_size=2)]
    [(2, 1, 1, 1), (2, 1, 1, 1)]
    """
    checked = _arguments.images(images, channels=None)
    batch_size = counts(batch_size=batch_size)
    seed = whole(seed, "seed", 0, LARGEST_SEED)
    if not isinstance(epoch, tf.Variable):
        epoch = whole(epoch, "epoch", 0)
    return dealt(checked, batch_size, seed, epoch, "images")


def warm_cosine(
    learning_rate: float, steps: int, rise: int | None = None, floor: float = 0.0
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return a rate that rises for `rise` of the `steps`, then falls along a cosine.

    A Keras schedule. It starts at a hundredth of `learning_rate`, its peak, and ends at
    `floor` times the peak; `rise` is a twentieth of `steps` unless told. Raises
    ValueError if `steps` is not a whole number of at least 2, `rise` not one from 1 to
    steps - 1, `learning_rate` not above 0, or `floor` not from 0 to 1; TypeError for
    what is no number. Source: Loshchilov and Hutter, 2017,
    https://arxiv.org/abs/1608.03983 (the cosine); Vaswani et al., 2017, section 5.3,
    https://arxiv.org/abs/1706.03762 (the rise)

    >>> from helpers import training
    >>> rate = training.warm_cosine(0.1, steps=100, rise=10)
    >>> [round(float(rate(step)), 3) for step in (0, 10, 55, 100)]
    [0.001, 0.1, 0.05, 0.0]
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


def batches(
    rows: np.ndarray | tuple[np.ndarray, ...], batch_size: int, *,
    seed: int = 0, prepare: Callable[..., Any] | None = None,
) -> tf.data.Dataset:  # fmt: skip
    """Return shuffled batches without end of `rows`: an array, or a tuple of arrays.

    A tf.data.Dataset. Each pass shuffles all rows anew. `prepare` turns a batch into
    what the model is trained on: x, (x, y) or (x, y, weights). Raises TypeError or
    ValueError that names the argument.

    >>> from helpers import training
    >>> batches = training.batches(np.arange(4), batch_size=2)
    >>> first, second = batches.take(2)  # the first pass
    >>> sorted([*first.numpy().tolist(), *second.numpy().tolist()])
    [0, 1, 2, 3]
    """
    batch_size = counts(batch_size=batch_size)
    seed = whole(seed, "seed", 0, LARGEST_SEED)
    parts = rows if isinstance(rows, tuple) else (rows,)
    if not all(isinstance(part, np.ndarray) and part.ndim for part in parts):
        raise TypeError(
            f"rows must be an array, or a tuple of arrays, got {told(rows)}."
        )
    if any(part.dtype.kind not in "biuf" for part in parts):
        raise TypeError(f"rows must hold numbers, got {told(rows)}.")
    if prepare is not None and not callable(prepare):
        raise TypeError(f"prepare must be a function of a batch, got {told(prepare)}.")
    lengths = [len(part) for part in parts]
    if not lengths or lengths[0] == 0 or len(set(lengths)) > 1:
        raise ValueError(
            "rows must be arrays of one length, with a row at least, got lengths "
            f"{', '.join(map(str, lengths))}."
        )
    each = tf.data.Dataset.from_tensor_slices(rows).shuffle(lengths[0], seed=seed)
    each = each.repeat().batch(batch_size)
    return each if prepare is None else each.map(prepare)


def fit(
    model: keras.Model, batches: tf.data.Dataset, *, steps: int, learning_rate: float,
    loss: Any = None, parts: int = 20, rise: int | None = None, floor: float = 0.0,
    validation: Any = None, folder: str | Path | None = None,
    callbacks: Callback | Sequence[Callback] | None = (), chunk: int | None = None,
    **adamw: Any,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Train `model` by AdamW for `steps` steps, in `parts` parts; return its history.

    batches: a tf.data.Dataset without end, see `batches`. The rate is `warm_cosine`;
    other arguments of keras.optimizers.AdamW may be given by name. loss: None if the
    model computes its own. validation: data as for keras.Model.fit; the weights of the
    best part are then restored. folder: the state is kept there after each part, and
    the next call goes on from it. chunk: steps a compiled call. Returns a dict from the
    names of losses to arrays with one value a part. Raises TypeError or ValueError that
    names the argument, FloatingPointError once a loss is no longer a number.

    >>> from helpers import training
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> pairs = training.batches((np.ones((8, 1)), np.ones((8, 1))), batch_size=4)
    >>> settings = {"steps": 2, "parts": 1, "learning_rate": 0.01, "loss": "mse"}
    >>> history = training.fit(model, pairs, **settings)
    >>> history["loss"].shape  # a value for each part
    (1,)
    """
    steps, parts = whole(steps, "steps", 2), counts(parts=parts)
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a keras.Model, got {told(model)}.")
    if not isinstance(batches, tf.data.Dataset):
        raise TypeError(
            "batches must be a tf.data.Dataset, as helpers.training.batches makes one, "
            f"got {told(batches)}."
        )
    if validation is not None and folder is not None:
        raise ValueError(
            "validation and folder do not go together: the best weights so far are not "
            "kept in the folder, so leave one of them out."
        )
    part = max(1, steps // parts)
    rate = warm_cosine(learning_rate, steps, rise, floor)
    model.compile(
        keras.optimizers.AdamW(rate, **adamw),
        loss,
        steps_per_execution=part if chunk is None else counts(chunk=chunk),
    )
    around, begun = [Watch(), Progress(steps // part), *listed(callbacks)], 0
    if folder is None and validation is None:
        folder = yours.next_folder()
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
    with end_told_once():
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


def listed(callbacks: Callback | Sequence[Callback] | None) -> list[Callback]:
    """Return `callbacks`, one or many or None, as a list.

    >>> from helpers import training
    >>> len(training.listed(training.Watch())), training.listed(None)
    (1, [])
    """
    several = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    found = [callback for callback in several if callback is not None]
    for callback in found:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                "callbacks must be a Keras callback, or a list of them, got "
                f"{told(callback)}."
            )
    return found


class Watch(keras.callbacks.Callback):
    """Tell the data which epoch it is; stop at NaN, and where the data ends early.

    >>> from helpers import training
    >>> epoch = tf.Variable(0, dtype=tf.int64)
    >>> training.Watch(epoch).on_epoch_begin(3)
    >>> int(epoch)
    3
    """

    def __init__(self, epoch: tf.Variable | None = None) -> None:
        super().__init__()
        if epoch is not None and not isinstance(epoch, tf.Variable):
            raise TypeError(f"epoch must be a tf.Variable, got {told(epoch)}.")
        self.epoch, self.steps = epoch, 0

    def on_epoch_begin(self, epoch, logs=None):
        """Tell the pipeline."""
        self.steps = 0
        if self.epoch is not None:
            self.epoch.assign(epoch)

    def on_train_batch_end(self, batch, logs=None):
        """Count; a loss is looked at when the epoch ends, not once a compiled call."""
        self.steps = batch + 1

    def on_epoch_end(self, epoch, logs=None):
        """Refuse NaN, and an epoch that the data did not fill, before all is saved."""
        losses = [n for n in logs or {} if n.endswith("loss") and n[:4] != "val_"]
        for name in losses:  # running means, which NaN never leaves
            if not np.isfinite(float(logs[name])):
                raise FloatingPointError(
                    f"{name} is no longer a number in epoch {epoch + 1}: lower the "
                    "learning rates and fit again."
                )
        wanted = (self.params or {}).get("steps") or 1
        if self.steps < wanted and not self.model.stop_training:
            raise ValueError(
                f"The data ended in epoch {epoch + 1} after {self.steps} steps, so "
                "that this epoch was not kept: give a dataset that is not empty and "
                "begins anew at each pass."
            )
