"""A training's whole state on disk after each epoch, so that an interrupt loses nothing."""

import io
import json
import pathlib

import keras
import numpy as np
from keras import ops

from helpers.store import manifest


class ResumeTraining(keras.callbacks.Callback):
    """Save a model's whole state after each epoch; let the next `fit` go on from there.

    The state is every network, the optimizers, the seeds, the epoch and its history. It
    is written beside the old one and then put in its place, so a kill at any moment
    leaves one whole state in `directory`. `history` holds one dict of metrics for each
    finished epoch. Learning rates are those the model is compiled with: only where they
    are the same as before does a rate that a callback had changed come back.
    """

    def __init__(self, directory):
        super().__init__()
        self.path = pathlib.Path(directory) / "state.npz"
        self.history, self.rates = [], None

    def restore(self, model):
        """Load the saved state into `model`, if any; return the epoch to go on with.

        Raises ValueError for a state that cannot be read or belongs to another model.
        """
        manifest.check_writable(self.path.parent)
        self.history, self.rates = [], _rates(model)
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
                f"The state in {self.path} belongs to another model or optimizer: build "
                f"the same one, or {advice}."
            )
        same_rates = facts.get("rates", self.rates) == self.rates
        for index, variable in enumerate(variables):
            if same_rates or not variable.path.endswith("learning_rate"):
                variable.assign(arrays[str(index)])
        self.history = facts["history"]
        return facts["epoch"] + 1

    def on_epoch_end(self, epoch, logs=None):
        """Write the state atomically; say in one sentence if the disk has no room."""
        self.history.append(
            {name: float(value) for name, value in (logs or {}).items()}
        )
        variables = _state(self.model)
        arrays = {str(i): ops.convert_to_numpy(v) for i, v in enumerate(variables)}
        if not all(
            np.isfinite(a).all() for a in arrays.values() if a.dtype.kind == "f"
        ):
            raise FloatingPointError(
                f"A weight is no longer a number after epoch {epoch + 1}, so nothing was "
                "saved: lower the learning rates and fit again."
            )
        facts = {
            "epoch": epoch,
            "history": self.history,
            "shapes": [list(v.shape) for v in variables],
            "rates": self.rates,
        }
        buffer = io.BytesIO()
        np.savez(buffer, facts=json.dumps(facts), **arrays)
        manifest.write_bytes(self.path, buffer.getvalue())


def _optimizers(model):
    """Return the optimizers of a model: its own, or those of a GAN's two networks."""
    names = ("g_optimizer", "d_optimizer", "optimizer")
    found = [getattr(model, name, None) for name in names]
    return [optimizer for optimizer in found if optimizer is not None]


def _rates(model):
    """Return the learning rates that a model is compiled with; a schedule by its config."""
    rates = [optimizer._learning_rate for optimizer in _optimizers(model)]
    return [
        json.loads(json.dumps(rate.get_config(), default=str))
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
        else float(ops.convert_to_numpy(rate))
        for rate in rates
    ]


def _state(model):
    """List every variable that training changes, in an order that does not vary."""
    optimizers = _optimizers(model)
    for optimizer in optimizers:
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
    skipped = {id(v) for metric in model.metrics for v in metric.variables}
    skipped |= {id(v) for optimizer in optimizers for v in optimizer.variables}
    own = [v for v in model.variables if id(v) not in skipped]
    return own + [v for optimizer in optimizers for v in optimizer.variables]
