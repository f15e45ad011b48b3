"""helpers.training: data in a known order, the rate, and one `fit` for all models."""

import math
import sys
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import _progress, training
from tests.helpers.tiny_gan import REAL

# The order of the data.


def test_order_of_data_follows_from_seed_and_epoch():
    def order(**chosen):
        return np.concatenate(
            [b.numpy() for b in training.shuffled(REAL, batch_size=6, **chosen)]
        )

    assert np.array_equal(order(seed=1, epoch=2), order(seed=1, epoch=2))
    assert not np.array_equal(order(seed=1, epoch=2), order(seed=1, epoch=3))
    assert not np.array_equal(order(seed=1, epoch=2), order(seed=2, epoch=2))
    seen = order(seed=1)
    assert len(seen) == 30 and len(np.unique(seen.reshape(30, -1), axis=0)) == 30
    assert len(training.shuffled(REAL, batch_size=6)) == 5


def test_the_order_is_read_anew_at_each_pass():
    epoch = tf.Variable(0, dtype=tf.int64)
    dealt = training.shuffled(REAL, 8, seed=3, epoch=epoch)
    first = np.concatenate([batch.numpy() for batch in dealt])
    epoch.assign(1)
    second = np.concatenate([batch.numpy() for batch in dealt])
    fixed = training.shuffled(REAL, 8, seed=3, epoch=1)
    assert np.array_equal(second, np.concatenate([b.numpy() for b in fixed]))
    assert not np.array_equal(first, second)


def test_the_order_is_the_one_that_shipped_models_saw():
    """A literal: with another order no model could be made again."""
    numbers = np.linspace(-1, 1, 10, dtype="float32").reshape(10, 1, 1, 1)
    dealt = training.shuffled(numbers, 5, seed=2, epoch=7)
    seen = np.concatenate([b.numpy() for b in dealt]).ravel()
    assert np.rint((seen + 1) * 4.5).astype(int).tolist() == [
        5, 2, 9, 1, 4, 6, 8, 7, 3, 0,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "error", "says"),
    [
        ({"images": REAL * 2}, ValueError, "images must lie in"),
        ({"images": None}, TypeError, "images must be float"),
        ({"batch_size": 33}, ValueError, "batch_size is 33, but images holds only 32"),
        ({"batch_size": 0}, ValueError, "batch_size must be"),
        ({"seed": -1}, ValueError, "seed must be"),
        ({"seed": 2**32}, ValueError, "seed must be"),
        ({"epoch": -1}, ValueError, "epoch must be"),
        ({"epoch": None}, TypeError, "epoch must be"),
    ],
)
def test_what_cannot_be_dealt_is_named(chosen, error, says):
    with pytest.raises(error, match=says):
        training.shuffled(**({"images": REAL, "batch_size": 8} | chosen))


# The rate.


@pytest.mark.parametrize("steps", [2, 40, 1200])
def test_the_rate_rises_on_a_line_and_falls_on_a_cosine(steps):
    schedule, peak, rise = training.warm_cosine(2e-3, steps), 2e-3, max(1, steps // 20)
    for step in sorted({*range(min(steps, 100)), *range(0, steps, 29), rise, steps}):
        if step < rise:
            right = peak * (0.01 + 0.99 * step / rise)
        else:
            right = peak * (1 + math.cos(math.pi * (step - rise) / (steps - rise))) / 2
        assert float(schedule(step)) == pytest.approx(right, abs=1e-9)
    assert float(schedule(rise)) == pytest.approx(peak)


@pytest.mark.parametrize(
    ("rate", "steps", "word"),
    [
        (2e-3, 1, "steps"),
        (2e-3, 0, "steps"),
        (2e-3, 10.5, "steps"),
        (0.0, 100, "learning_rate"),
        (-1.0, 100, "learning_rate"),
        (np.nan, 100, "learning_rate"),
        (np.inf, 100, "learning_rate"),
    ],
)
def test_bad_settings_are_named(rate, steps, word):
    with pytest.raises(ValueError, match=word):
        training.warm_cosine(rate, steps)


def test_rise_and_floor_can_be_told():
    schedule = training.warm_cosine(2e-3, 400, rise=100, floor=0.05)
    assert float(schedule(50)) == pytest.approx(2e-3 * (0.01 + 0.99 / 2), abs=1e-9)
    assert float(schedule(250)) == pytest.approx(2e-3 * (0.05 + 0.95 / 2), abs=1e-9)
    assert float(schedule(400)) == pytest.approx(0.05 * 2e-3, abs=1e-9)
    for wrong, word in (
        ({"rise": 400}, "rise"),
        ({"rise": 0}, "rise"),
        ({"floor": 1.5}, "floor"),
        ({"floor": np.nan}, "floor"),
    ):
        with pytest.raises(ValueError, match=word):
            training.warm_cosine(2e-3, 400, **wrong)


# Batches without end.


def test_batches_deal_every_row_once_a_pass_and_never_end():
    rows = np.arange(6)
    dealt = training.batches(rows, 4, seed=1)
    seen = np.concatenate([b.numpy() for b in dealt.take(6)])
    assert [sorted(seen[i : i + 6]) for i in range(0, 24, 6)] == [list(rows)] * 4
    assert not np.array_equal(seen[:6], seen[6:12])
    again = training.batches(rows, 4, seed=1)
    assert np.array_equal(seen, np.concatenate([b.numpy() for b in again.take(6)]))


def test_batches_keep_rows_together_and_may_be_prepared():
    rows = np.arange(6), np.arange(6) * 10
    for a, b in training.batches(rows, 4).take(3):
        assert np.array_equal(a * 10, b)
    prepared = training.batches(rows, 4, prepare=lambda a, b: (a + 1, b))
    for a, b in prepared.take(3):
        assert np.array_equal((a - 1) * 10, b)


@pytest.mark.parametrize(
    ("chosen", "error", "says"),
    [
        ({"rows": None}, TypeError, "rows must be an array"),
        ({"rows": 3}, TypeError, "rows must be an array"),
        ({"rows": [[1], [1, 2]]}, TypeError, "rows must be an array"),
        ({"rows": np.array(["a", "b"])}, TypeError, "rows must hold numbers"),
        ({"rows": np.zeros((0, 2))}, ValueError, "with a row at least, got lengths 0"),
        ({"rows": ()}, ValueError, "rows must be arrays of one length"),
        ({"rows": (np.zeros(3), np.zeros(4))}, ValueError, "got lengths 3, 4"),
        ({"batch_size": 0}, ValueError, "batch_size must be"),
        ({"batch_size": "4"}, TypeError, "batch_size must be"),
        ({"seed": None}, TypeError, "seed must be"),
        ({"prepare": 3}, TypeError, "prepare must be a function of a batch, got 3"),
    ],
)
def test_what_makes_no_batches_is_named(chosen, error, says):
    with pytest.raises(error, match=says):
        training.batches(**({"rows": np.zeros(4), "batch_size": 2} | chosen))


# One fit for all.

ROWS = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
TARGETS = ROWS @ np.float32([[1], [2], [3]])


def line(**options):
    """Fit a line by `training.fit`; return the model and its history."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    chosen = {
        "batches": training.batches((ROWS, TARGETS), 8, seed=1),
        "loss": "mse",
        "steps": 40,
        "parts": 4,
        "learning_rate": 0.1,
    }
    history = training.fit(model, **(chosen | options))
    return model, history


def test_fit_trains_and_tells_each_part():
    model, history = line()
    assert set(history) == {"loss"} and history["loss"].shape == (4,)
    assert history["loss"][-1] < 0.3 * history["loss"][0]
    assert int(model.optimizer.iterations) == 40
    assert isinstance(model.optimizer, keras.optimizers.AdamW)
    other, _ = line(weight_decay=0.5, beta_2=0.9, clipnorm=1.0)
    assert other.optimizer.weight_decay == 0.5 and other.optimizer.beta_2 == 0.9


def test_fit_follows_the_rate_of_warm_cosine():
    model, _ = line(steps=40, rise=10, floor=0.5, parts=40, chunk=1)
    rate = training.warm_cosine(0.1, 40, rise=10, floor=0.5)
    assert float(model.optimizer.learning_rate) == pytest.approx(float(rate(40)))


def test_fit_that_was_interrupted_goes_on_as_if_never(tmp_path):
    whole, history = line()

    class Later(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        line(folder=tmp_path, callbacks=Later())
    model, resumed = line(folder=tmp_path)
    np.testing.assert_array_equal(resumed["loss"], history["loss"])
    for a, b in zip(whole.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    _, finished = line(folder=tmp_path)  # nothing left to do
    np.testing.assert_array_equal(finished["loss"], history["loss"])


def test_fit_brings_back_the_weights_of_the_best_part():
    validation = ROWS, 0.3 * TARGETS
    model, history = line(validation=validation)
    best = float(np.min(history["val_loss"]))
    assert best < 0.5 * history["val_loss"][-1]  # it passes there, and goes on
    found = float(np.mean((np.array(model(ROWS)) - validation[1]) ** 2))
    assert found == pytest.approx(best, rel=1e-4)


def test_fit_stops_where_a_loss_is_no_number(tmp_path):
    def broken(y, prediction):
        return tf.reduce_mean(prediction) * np.nan

    with pytest.raises(FloatingPointError, match="loss is no longer a number in epoch"):
        line(loss=broken, folder=tmp_path)
    assert not list(tmp_path.iterdir())


class Unread(dict):
    """Logs whose numbers nobody may fetch, as a card would have to be waited for."""

    def __getitem__(self, name):
        raise AssertionError(f"{name} was read within an epoch")


def test_a_loss_is_looked_at_when_an_epoch_ends_and_not_before():
    watch = training.Watch()
    for batch in range(3):
        watch.on_train_batch_end(batch, Unread(loss=np.nan))
    with pytest.raises(FloatingPointError, match="loss is no longer a number in epoch"):
        watch.on_epoch_end(0, {"loss": np.nan})


def test_fit_calls_the_host_once_a_part():
    """One compiled call a part: Keras itself fetches the losses after each call."""
    calls = []

    class Calls(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            calls.append(batch)

    line(steps=40, parts=4, callbacks=Calls())
    assert calls == [9, 9, 9, 9]


def test_fit_says_when_the_data_ends():
    short = tf.data.Dataset.from_tensor_slices((ROWS, TARGETS)).batch(8)
    with pytest.raises(ValueError, match="The data ended in epoch 1 after 2 steps"):
        line(batches=short, chunk=1)


@pytest.mark.parametrize(
    ("chosen", "error", "says"),
    [
        ({"steps": 1}, ValueError, "steps must be"),
        ({"parts": 0}, ValueError, "parts must be"),
        ({"chunk": 2.5}, ValueError, "chunk must be"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be"),
        ({"batches": (ROWS, TARGETS)}, TypeError, r"helpers\.training\.batches makes"),
        ({"callbacks": "progress"}, TypeError, "callbacks must be a Keras callback"),
        ({"folder": 3}, TypeError, "must be a folder's path, got 3"),
        (
            {"folder": "runs", "validation": (ROWS, TARGETS)},
            ValueError,
            "validation and folder do not go together",
        ),
    ],
)
def test_what_fit_cannot_use_is_named(chosen, error, says):
    with pytest.raises(error, match=says):
        line(**chosen)


def test_fit_asks_for_a_model():
    batches = training.batches(ROWS, 8)
    with pytest.raises(TypeError, match=r"model must be a keras\.Model, got None"):
        training.fit(None, batches, steps=4, learning_rate=0.1)


# What a reader sees meanwhile.


@pytest.mark.parametrize(
    ("terminal", "kernel", "chapter", "shown"),
    [
        (True, False, False, True),
        (False, True, False, True),
        (False, True, True, False),  # the book executes its own chapters
        (False, False, False, False),
    ],
)
def test_progress_is_shown_where_a_person_looks(
    monkeypatch, capsys, terminal, kernel, chapter, shown
):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    if kernel:
        monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    else:
        monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    if chapter:
        monkeypatch.setenv("BOOK_CHAPTER", "05")
    else:
        monkeypatch.delenv("BOOK_CHAPTER", raising=False)
    seconds = iter([0.0, 10.0, 20.0])
    monkeypatch.setattr(_progress.time, "perf_counter", lambda: next(seconds))
    progress = _progress.Progress(4)
    progress.on_train_begin()
    progress.on_epoch_end(2)  # a resumed run: two parts were there
    progress.on_epoch_end(3)
    lines = [line.rstrip() for line in capsys.readouterr().out.split("\r")]
    wanted = ["", "part 3 of 4, about 10 s left", "part 4 of 4, about 0 s left"]
    assert lines == (wanted if shown else [""])


def test_watch_and_progress_refuse_what_they_cannot_use():
    with pytest.raises(TypeError, match=r"epoch must be a tf\.Variable, got 3"):
        training.Watch(3)
    with pytest.raises(ValueError, match="parts must be"):
        _progress.Progress(0)
