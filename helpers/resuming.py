"""A training's whole state on disk after each epoch: an interrupt loses nothing."""

import io
import json
import os
import pathlib
from typing import Any

import keras
import numpy as np

from helpers._arguments import told
from helpers.store import manifest


class ResumeTraining(keras.callbacks.Callback):
    """Save a model's whole state after each epoch; let the next `fit` go on from there.

    The state is every network, the optimizers, the seeds, the epoch and its history. It
    is written beside the old one and then put in its place, so a kill at any moment
    leaves one whole state in `directory`. `history` holds one dict of metrics for each
    finished epoch. `GAN.fit` and `training.fit` go on from it by themselves.

    What the model is compiled with counts. Only where a learning rate is compiled as it
    was before, what a callback had made of it since comes back.

    >>> from helpers import resuming
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> kept = resuming.ResumeTraining("kept")
    >>> fitted = model.fit(np.ones((2, 1)), np.ones(2), callbacks=[kept], verbose=0)
    >>> kept.path.name, len(kept.history)
    ('state.npz', 1)
    """

    def __init__(self, directory: str | pathlib.Path) -> None:
        super().__init__()
        if not isinstance(directory, (str, os.PathLike)):
            raise TypeError(
                f"directory must be a folder's path, got {told(directory)}."
            )
        self.path = pathlib.Path(directory) / "state.npz"
        self.history: list[dict[str, float]] = []
        self.rates: list[Any] | None = None

    def restore(self, model: keras.Model) -> int:
        """Load the saved state into `model`, if any; return the epoch to go on with.

        Raises ValueError for a state that cannot be read or belongs to another model,
        PermissionError or OSError if the next state could not be written.

        >>> from helpers import resuming
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> kept = resuming.ResumeTraining("kept")
        >>> fitted = model.fit(np.ones((2, 1)), np.ones(2), callbacks=[kept], verbose=0)
        >>> resuming.ResumeTraining("kept").restore(model)  # one epoch is done
        1
        """
        if not isinstance(model, keras.Model):
            raise TypeError(f"model must be a keras.Model, got {told(model)}.")
        if not model.built:
            raise ValueError(
                "The model has no weights yet: begin it with keras.Input, or call it "
                "once, before it is trained."
            )
        manifest.check_writable(self.path.parent)
        for left in self.path.parent.glob(f".{self.path.name}.*"):
            left.unlink(missing_ok=True)  # what a kill while writing leaves
        self.history, self.rates = [], _rates(model)
        if not self.path.exists():
            return 0
        advice = f"delete {self.path} to start from the beginning"
        try:
            saved = manifest.read_npz(self.path)
            facts = json.loads(str(saved["facts"]))
            arrays = [saved[str(i)] for i in range(len(facts["shapes"]))]
            history, begun, made = facts["history"], facts["epoch"] + 1, facts["made"]
            before, now = facts["rates"], facts["rates_now"]
        except Exception as error:
            raise ValueError(
                f"{self.path} cannot be read as a saved training state "
                f"({type(error).__name__}): {advice}."
            ) from error
        for name, value in _made(model).items():
            if made.get(name) != value:
                raise ValueError(
                    f"The state in {self.path} was made with {name} "
                    f"{made.get(name)}, but here it is {value}: choose the same, or "
                    f"{advice}."
                )
        variables = _state(model)
        if [list(v.shape) for v in variables] != facts["shapes"]:
            raise ValueError(
                f"The state in {self.path} belongs to another model or optimizer: "
                f"build the same one, or {advice}."
            )
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)
        for index, optimizer in enumerate(_optimizers(model)):
            if self.rates[index] in (before[index], now[index]):
                self.rates[index] = before[index]
                if isinstance(now[index], float):
                    optimizer.learning_rate = now[index]
        self.history = history
        return begun

    def on_train_begin(self, logs=None):
        """Note the rates, where nobody called `restore`."""
        self.rates = _rates(self.model) if self.rates is None else self.rates

    def on_epoch_end(self, epoch, logs=None):
        """Write the state atomically; say in one sentence if the disk has no room."""
        self.history.append(
            {name: float(value) for name, value in (logs or {}).items()}
        )
        arrays = [v.numpy() for v in _state(self.model)]
        if not all(np.isfinite(a).all() for a in arrays if a.dtype.kind == "f"):
            raise FloatingPointError(
                f"A weight is no longer a number after epoch {epoch + 1}, so nothing "
                "was saved: lower the learning rates and fit again."
            )
        facts = {
            "epoch": epoch,
            "history": self.history,
            "shapes": [list(a.shape) for a in arrays],
            "made": _made(self.model),
            "rates": self.rates,
            "rates_now": _rates(self.model),
        }
        buffer, named = io.BytesIO(), {str(i): a for i, a in enumerate(arrays)}
        np.savez(buffer, facts=json.dumps(facts), **named)
        manifest.write_bytes(self.path, buffer.getvalue())


def _optimizers(model):
    """Return the optimizers of a model: its own, or those of a GAN's two networks."""
    names = ("g_optimizer", "d_optimizer", "optimizer")
    found = [getattr(model, name, None) for name in names]
    return [optimizer for optimizer in found if optimizer is not None]


def _rate(optimizer):
    """Return an optimizer's rate as it stands there: a variable, or a schedule."""
    return getattr(optimizer, "inner_optimizer", optimizer)._learning_rate


def _rates(model):
    """Return the learning rates that a model has now; a schedule by its config."""
    rates = [_rate(optimizer) for optimizer in _optimizers(model)]
    return [
        json.loads(json.dumps(rate.get_config(), default=str))
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
        else getattr(rate, "__name__", "a function")
        if callable(rate)
        else float(rate.numpy())
        for rate in rates
    ]


def _made(model):
    """Return what a state depends on and no shape tells."""
    made = {"class": type(model).__name__}
    made["optimizers"] = [type(one).__name__ for one in _optimizers(model)]
    seed = getattr(model, "seed", None)
    return made | ({"seed": seed} if isinstance(seed, int) else {})


def _state(model):
    """List every variable that training changes but the rates, in a fixed order."""
    optimizers = _optimizers(model)
    for optimizer in optimizers:
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
    skipped = {id(v) for metric in model.metrics for v in metric.variables}
    slots = [v for optimizer in optimizers for v in optimizer.variables]
    own = [v for v in model.variables if id(v) not in skipped | set(map(id, slots))]
    rates = {id(_rate(optimizer)) for optimizer in optimizers}
    return own + [v for v in slots if id(v) not in rates]
