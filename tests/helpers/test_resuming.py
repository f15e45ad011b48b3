"""helpers.resuming: a training that was interrupted goes on as if it never had been."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import gan_losses, training
from helpers.resuming import ResumeTraining
from helpers.store import manifest
from tests.helpers.tiny_gan import REAL, adam, batches, few_layers, make, same

FIT = {"batch_size": 8, "verbose": 0}


def train(folder, epochs, model=None, x=REAL, **options):
    """Train a tiny GAN that keeps its state in `folder`; return it."""
    model = make(run_eagerly=True) if model is None else model
    model.fit(x, epochs=epochs, callbacks=ResumeTraining(folder), **(FIT | options))
    return model


def rates(model):
    """Return both learning rates of a GAN."""
    both = model.g_optimizer.learning_rate, model.d_optimizer.learning_rate
    return [float(rate) for rate in both]


# The same as never interrupted.


def test_interrupted_training_equals_uninterrupted(tmp_path):
    whole = make()
    whole.fit(REAL, epochs=4, **FIT)
    train(tmp_path, 2, make())
    resumed, resume = make(), ResumeTraining(tmp_path)
    resumed.fit(REAL, epochs=4, callbacks=[resume], **FIT)
    assert same(whole, resumed, 1e-6) and len(resume.history) == 4
    assert int(resumed.g_optimizer.iterations) == 16
    resumed.fit(REAL, epochs=4, callbacks=[resume], **FIT)  # nothing left to do
    assert int(resumed.g_optimizer.iterations) == 16


@pytest.mark.parametrize("steps", [3, 6])
def test_short_and_long_epochs_of_an_array_resume_exactly(tmp_path, steps):
    whole = make(run_eagerly=True, shift=2)
    whole.fit(REAL, epochs=4, steps_per_epoch=steps, **FIT)
    train(tmp_path, 2, make(run_eagerly=True, shift=2), steps_per_epoch=steps)
    resumed = make(run_eagerly=True, shift=2)
    train(tmp_path, 4, resumed, steps_per_epoch=steps)
    assert same(whole, resumed)


@pytest.mark.parametrize("steps", [None, 3, 6])
def test_a_dataset_resumes_where_it_stopped(tmp_path, steps):
    """With `steps_per_epoch` also a shuffled one, if its seed is told."""

    def dealt():
        if steps is None:
            return batches()
        return tf.data.Dataset.from_tensor_slices(REAL).shuffle(32, seed=1).batch(8)

    whole = make(run_eagerly=True)
    whole.fit(dealt(), epochs=4, steps_per_epoch=steps, verbose=0)
    train(tmp_path, 2, x=dealt(), steps_per_epoch=steps)
    resumed = train(tmp_path, 4, x=dealt(), steps_per_epoch=steps)
    assert same(whole, resumed)


CHILD = """
import sys, time
sys.path.insert(0, sys.argv[2])
from tests.helpers.tiny_gan import REAL, keras, make
from helpers.resuming import ResumeTraining
class Slow(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        print("step", flush=True)
        time.sleep(0.02)
make().fit(REAL, batch_size=8, epochs=40, verbose=0,
           callbacks=[Slow(), ResumeTraining(sys.argv[1])])
"""


@pytest.mark.slow
def test_killed_training_goes_on_from_its_last_whole_epoch(tmp_path):
    """SIGKILL a real process at some step, three times over: the state stays whole."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    here, epochs = Path(__file__).parents[2], []
    for steps in (6, 5, 7):  # 4 steps make an epoch: each process dies inside one
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(here)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(steps):
            assert child.stdout.readline() == "step\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        with np.load(tmp_path / "state.npz") as saved:
            epochs.append(json.loads(str(saved["facts"]))["epoch"] + 1)
    assert epochs[0] >= 1 and epochs == sorted(epochs) and epochs[2] >= 3
    assert child.returncode == -signal.SIGKILL
    whole, resumed, resume = make(), make(), ResumeTraining(tmp_path)
    whole.fit(REAL, epochs=epochs[2] + 1, **FIT)
    resumed.fit(REAL, epochs=epochs[2] + 1, callbacks=[resume], **FIT)
    assert same(whole, resumed, 1e-6)
    assert int(resumed.d_optimizer.iterations) == 4 * (epochs[2] + 1)
    assert len(resume.history) == epochs[2] + 1
    assert os.listdir(tmp_path) == ["state.npz"]  # nothing half-written is left


def test_the_first_epoch_may_be_told_where_nothing_is_kept(tmp_path):
    one, other = make(run_eagerly=True), make(run_eagerly=True)
    one.fit(REAL, epochs=2, initial_epoch=1, **FIT)
    train(tmp_path, 2, other, initial_epoch=1)
    assert same(one, other)
    third = train(tmp_path, 3, initial_epoch=1)  # what is kept counts
    assert int(third.g_optimizer.iterations) == 8


# What the reader changed is not taken back.


def test_lowered_rates_are_used(tmp_path):
    train(tmp_path, 1, make(optimizer=adam(1e-2), run_eagerly=True))
    model = make(optimizer=adam(1e-5), run_eagerly=True)
    train(tmp_path, 2, model)
    assert rates(model) == pytest.approx([1e-5, 1e-5])
    assert int(model.g_optimizer.iterations) == 8
    again = train(tmp_path, 3, make(optimizer=adam(1e-5), run_eagerly=True))
    assert rates(again) == pytest.approx([1e-5, 1e-5])


def test_one_lowered_rate_leaves_the_other(tmp_path):
    model = make(optimizer=adam(1e-2), run_eagerly=True)
    train(tmp_path, 1, model, x=REAL)
    model = make(compiled=False)
    model.compile(adam(1e-5)(), adam(1e-2)(), run_eagerly=True)
    train(tmp_path, 2, model)
    assert rates(model) == pytest.approx([1e-5, 1e-2])


def test_the_advice_after_nan_has_an_effect(tmp_path):
    model = make(optimizer=adam(1e-2), run_eagerly=True)
    train(tmp_path, 1, model)
    fine, model.g_loss_fn = model.g_loss_fn, lambda logits: logits[0, 0] * np.nan
    with pytest.raises(FloatingPointError, match="lower the learning rates and fit"):
        train(tmp_path, 2, model)
    model.g_loss_fn = fine
    model.g_optimizer.learning_rate = model.d_optimizer.learning_rate = 1e-5
    train(tmp_path, 2, model)
    assert rates(model) == pytest.approx([1e-5, 1e-5])


class Lower(keras.callbacks.Callback):
    """Halve both rates after each epoch, as a callback of a reader's may."""

    def on_epoch_end(self, epoch, logs=None):
        for optimizer in (self.model.g_optimizer, self.model.d_optimizer):
            optimizer.learning_rate = optimizer.learning_rate * 0.5


def test_a_rate_that_a_callback_lowered_comes_back(tmp_path):
    both = [Lower(), ResumeTraining(tmp_path)]
    model = make(run_eagerly=True)
    model.fit(REAL, epochs=2, callbacks=both, **FIT)
    assert rates(model) == pytest.approx([2.5e-4] * 2)
    resumed, resume = make(run_eagerly=True), ResumeTraining(tmp_path)
    assert resume.restore(resumed) == 2  # twice, as chapter 05 does
    resumed.fit(REAL, epochs=3, callbacks=[Lower(), resume], **FIT)
    assert rates(resumed) == pytest.approx([1.25e-4] * 2)
    resumed.fit(REAL, epochs=4, callbacks=[resume], **FIT)  # the same model goes on
    assert rates(resumed) == pytest.approx([1.25e-4] * 2)
    last = train(tmp_path, 5)
    assert rates(last) == pytest.approx([1.25e-4] * 2)


def test_the_rate_of_a_plateau_comes_back_to_a_model_with_one_optimizer(tmp_path):
    def fit(epochs, rate=0.1):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(rate), "mse", run_eagerly=True)
        plateau = keras.callbacks.ReduceLROnPlateau("loss", 0.1, 1, min_delta=9)
        keep = ResumeTraining(tmp_path)
        begun = keep.restore(model)
        model.fit(
            np.ones((4, 2)),
            np.ones((4, 1)),
            epochs=epochs,
            initial_epoch=begun,
            verbose=0,
            callbacks=[plateau, keep],
        )
        return float(model.optimizer.learning_rate)

    lowered = fit(2)
    assert lowered == pytest.approx(0.01)
    assert fit(2) == pytest.approx(lowered)
    assert fit(2, rate=0.5) == pytest.approx(0.5)


def scheduled(peak):
    """Return a maker of Adams whose rate follows a cosine."""
    return lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(peak, 100)
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (scheduled(1e-2), scheduled(1e-4), scheduled(1e-4)),
        (scheduled(1e-2), adam(1e-4), adam(1e-4)),
        (adam(1e-2), scheduled(1e-4), scheduled(1e-4)),
        (scheduled(1e-2), scheduled(1e-2), scheduled(1e-2)),
    ],
)
def test_a_schedule_is_the_one_compiled_now(tmp_path, before, after, expected):
    train(tmp_path, 1, make(optimizer=before, run_eagerly=True))
    model = train(tmp_path, 2, make(optimizer=after, run_eagerly=True))
    wanted = expected()
    wanted.build([])
    wanted.iterations.assign(8)  # the count of steps went on
    assert int(model.g_optimizer.iterations) == 8
    assert rates(model) == pytest.approx([float(wanted.learning_rate)] * 2)


def test_a_function_may_be_the_rate(tmp_path):
    def falling():
        return 1e-3

    make_adam = lambda: keras.optimizers.Adam(falling)  # noqa: E731
    train(tmp_path, 1, make(optimizer=make_adam, run_eagerly=True))
    model = train(tmp_path, 2, make(optimizer=make_adam, run_eagerly=True))
    assert int(model.g_optimizer.iterations) == 8


def test_other_settings_of_the_optimizer_are_those_compiled_now(tmp_path):
    train(tmp_path, 1)

    def other():
        return keras.optimizers.Adam(1e-3, beta_1=0.9, clipnorm=1.0)

    model = train(tmp_path, 2, make(optimizer=other, run_eagerly=True))
    assert model.g_optimizer.beta_1 == 0.9 and model.g_optimizer.clipnorm == 1.0
    assert not same(model.generator, train(tmp_path / "same", 2).generator)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"optimizer": lambda: keras.optimizers.Adamax(1e-3)}, "optimizers"),
        ({"optimizer": lambda: keras.optimizers.SGD(1e-3)}, "optimizers"),
        ({"seed": 1}, "seed 0, but here it is 1"),
        ({"kind": gan_losses.LeastSquaresGAN}, "class NonSaturatingGAN, but here"),
    ],
)
def test_another_run_is_told_and_not_mixed_in(tmp_path, change, says):
    train(tmp_path, 1)
    state = (tmp_path / "state.npz").read_bytes()
    model = make(run_eagerly=True, **change)
    before = model.get_weights()
    with pytest.raises(ValueError, match=rf"was made with {says}.*delete .*state.npz"):
        train(tmp_path, 2, model)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (tmp_path / "state.npz").read_bytes() == state


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.Adam(1e-3, amsgrad=True),
        lambda: keras.optimizers.Adam(1e-3, use_ema=True),
    ],
)
def test_an_optimizer_with_more_variables_is_told(tmp_path, optimizer):
    train(tmp_path, 1)
    with pytest.raises(ValueError, match=r"another model or optimizer.*delete"):
        train(tmp_path, 2, make(optimizer=optimizer, run_eagerly=True))


# What is on disk.


def test_what_a_kill_while_writing_leaves_is_never_read(tmp_path):
    train(tmp_path, 1)
    (tmp_path / ".state.npz.k1ll3d").write_bytes(b"cut off")
    (tmp_path / "notes.txt").write_text("the reader's own")
    assert ResumeTraining(tmp_path).restore(make()) == 1
    assert sorted(os.listdir(tmp_path)) == ["notes.txt", "state.npz"]


def test_broken_or_foreign_state_is_told_in_one_sentence(tmp_path):
    train(tmp_path, 1)
    with pytest.raises(ValueError, match=r"belongs to another model.*delete"):
        train(tmp_path, 2, make(latent_dim=6, run_eagerly=True))
    path = tmp_path / "state.npz"
    whole = path.read_bytes()

    def store(**arrays):
        np.savez(path, **arrays)

    for spoil in (
        lambda: path.write_bytes(b"not an archive"),
        lambda: path.write_bytes(b""),
        lambda: path.write_bytes(whole[: len(whole) // 2]),
        lambda: store(x=np.zeros(3)),
        lambda: store(facts="[]"),
        lambda: store(facts="{"),
        lambda: store(facts=json.dumps({"epoch": 0, "history": [], "shapes": [[3]]})),
    ):
        spoil()
        with pytest.raises(ValueError, match=r"cannot be read.*delete .*state\.npz"):
            ResumeTraining(tmp_path).restore(make())


@pytest.mark.parametrize("steps", [1, 2])
def test_nan_stops_with_one_sentence_and_spares_the_saved_state(tmp_path, steps):
    callback = ResumeTraining(tmp_path)
    model = make(steps_per_execution=steps)
    model.fit(REAL, callbacks=[callback], **FIT)
    before = callback.path.read_bytes()
    broken = make(steps_per_execution=steps)
    broken.d_loss_fn = lambda real, generated: tf.reduce_mean(real) * np.nan
    with pytest.raises(
        FloatingPointError, match="d_loss is no longer a number in epoch 2"
    ):
        broken.fit(REAL, epochs=3, callbacks=[callback], **FIT)
    assert callback.path.read_bytes() == before


def test_nan_weight_is_never_saved(tmp_path):
    model, callback = make(), ResumeTraining(tmp_path)
    callback.restore(model)
    callback.set_model(model)
    model.generator.weights[0].assign(model.generator.weights[0] * np.nan)
    with pytest.raises(FloatingPointError, match="nothing was saved"):
        callback.on_epoch_end(0, {"d_loss": 1.0})
    assert not callback.path.exists()


def test_an_epoch_without_data_is_never_saved(tmp_path):
    once = (REAL[i : i + 8] for i in range(0, 32, 8))
    spec = tf.TensorSpec((None, 28, 28, 1))
    dataset = tf.data.Dataset.from_generator(lambda: once, output_signature=spec)
    with pytest.raises(ValueError, match="The data ended in epoch 2 after 0 steps"):
        train(tmp_path, 3, x=dataset)
    resume = ResumeTraining(tmp_path)
    assert resume.restore(make()) == 1 and len(resume.history) == 1


def test_what_is_refused_leaves_the_state_and_the_model(tmp_path):
    train(tmp_path, 1)
    state = (tmp_path / "state.npz").read_bytes()
    model = make(run_eagerly=True)
    before = model.get_weights()
    for wrong in ({"validation_data": REAL}, {"batch_size": 0}, {"x": REAL * 2}):
        with pytest.raises(ValueError, match=r"must"):
            train(tmp_path, 2, model, **wrong)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (tmp_path / "state.npz").read_bytes() == state


class Failing:
    """Stand in for a file that a full disk takes some bytes of."""

    def __init__(self, file, number):
        self.file, self.number = file, number

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, data):
        """Write half, then fail."""
        self.file.write(data[: len(data) // 2])
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_with_the_path_and_spares_the_old_state(
    tmp_path, monkeypatch, number
):
    train(tmp_path, 1)
    state, real = (tmp_path / "state.npz").read_bytes(), os.fdopen
    monkeypatch.setattr(
        manifest.os, "fdopen", lambda *given: Failing(real(*given), number)
    )
    with pytest.raises(OSError, match=r"disk is full: .*state\.npz") as told:
        train(tmp_path, 2)
    assert str(told.value).endswith(".") or told.value.strerror.endswith(".")
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["state.npz"]
    assert (tmp_path / "state.npz").read_bytes() == state
    assert ResumeTraining(tmp_path).restore(make()) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_rename_that_fails_spares_the_old_state(tmp_path, monkeypatch, number):
    """The state is written beside the old one, and then put in its place."""
    train(tmp_path, 1)
    state = (tmp_path / "state.npz").read_bytes()

    def fail(source, target):
        assert Path(target).read_bytes() == state  # untouched until this moment
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(manifest.os, "replace", fail)
    with pytest.raises(OSError, match=r"."):
        train(tmp_path, 2)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["state.npz"]
    assert (tmp_path / "state.npz").read_bytes() == state


def test_a_folder_that_cannot_be_written_is_told_before_the_first_step(
    tmp_path, monkeypatch
):
    def refuse(*given, **named):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(manifest.tempfile, "TemporaryFile", refuse)
    model = make(run_eagerly=True)
    with pytest.raises(PermissionError, match=f"{tmp_path} cannot be written"):
        train(tmp_path, 1, model)
    assert int(model.g_optimizer.iterations) == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write all")
def test_a_read_only_folder_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="cannot be written"):
        train(tmp_path, 1)


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "run").write_text("not a folder")
    with pytest.raises(OSError, match=f"{tmp_path}/run cannot be written"):
        train(tmp_path / "run", 1)


def test_a_folder_is_made_where_none_is(tmp_path):
    train(tmp_path / "a" / "b", 1)
    assert (tmp_path / "a" / "b" / "state.npz").exists()


# Any model.


def test_a_model_without_weights_is_told(tmp_path):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match=r"no weights yet: begin it with keras\.Input"):
        ResumeTraining(tmp_path).restore(model)


def test_a_gan_that_is_not_compiled_is_told(tmp_path):
    train(tmp_path, 1)
    with pytest.raises(ValueError, match="optimizers"):
        ResumeTraining(tmp_path).restore(make(compiled=False))
    with pytest.raises(ValueError, match=r"compile\(\)"):
        train(tmp_path, 1, make(compiled=False))


def test_a_scaled_optimizer_of_keras_resumes(tmp_path):
    """Keras wraps the optimizer by itself under mixed_float16."""

    def fit(steps):
        keras.mixed_precision.set_global_policy("mixed_float16")
        try:
            keras.utils.set_random_seed(0)
            layer = keras.layers.Dense(1)
            model = keras.Sequential([keras.Input((2,)), layer])
        finally:
            keras.mixed_precision.set_global_policy("float32")
        rows = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
        history = training.fit(
            model,
            training.batches(rows, 4),
            loss="mse",
            steps=8,
            parts=steps,
            learning_rate=1e-2,
            folder=tmp_path,
        )
        return history["loss"]

    first = fit(4)
    assert len(first) == 4
    np.testing.assert_array_equal(fit(4), first)  # nothing left to do


def test_two_networks_and_their_average_are_in_the_state(tmp_path):
    model = train(tmp_path, 1)
    other = make(run_eagerly=True)
    ResumeTraining(tmp_path).restore(other)
    for name in ("generator", "discriminator", "ema_generator"):
        assert same(getattr(model, name), getattr(other, name))
    assert not same(other.ema_generator, other.generator)
    assert not same(other.ema_generator, few_layers()[0])
