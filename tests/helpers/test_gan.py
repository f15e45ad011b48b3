"""The GAN: losses, average, saving, resuming after a kill, and errors for people."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from helpers import gan, runtime

keras, tf = runtime.keras, runtime.tf
RNG = np.random.default_rng(0)
REAL = np.tanh(RNG.standard_normal((32, 28, 28, 1))).astype("float32")
LOGITS = RNG.normal(0, 3, (2, 16, 1)).astype("float32")


def make(
    kind=gan.NonSaturatingGAN,
    seed=0,
    compiled=True,
    latent_dim=5,
    rate=1e-3,
    **compile_with,
):
    keras.utils.set_random_seed(
        seed
    )  # dropout keeps a seed of its own, which must resume too
    model = kind(
        gan.build_generator(latent_dim, width=2),
        gan.build_discriminator(width=2, head=3, dropout=0.2),
        latent_dim=latent_dim,
        ema_decay=0.9,
        seed=seed,
    )
    if compiled:
        model.compile(
            keras.optimizers.Adam(rate, beta_1=0.5),
            keras.optimizers.Adam(rate),
            **compile_with,
        )
    return model


def same(a, b, tolerance=0.0):
    return all(
        np.allclose(x, y, rtol=0, atol=tolerance)
        for x, y in zip(a.get_weights(), b.get_weights(), strict=True)
    )


# The losses, against their definitions in probabilities.


def probability(logits):
    return 1 / (1 + np.exp(-logits.astype("float64")))


def test_logarithmic_losses_equal_the_formulas_of_the_paper():
    real, generated = LOGITS
    d_of_x, d_of_g = probability(real), probability(generated)
    value = np.log(d_of_x).mean() + np.log(1 - d_of_g).mean()  # V(D, G)
    for kind in (gan.SaturatingGAN, gan.NonSaturatingGAN):
        assert np.isclose(make(kind).d_loss_fn(real, generated), -value, rtol=1e-5)
    assert np.isclose(
        make(gan.SaturatingGAN).g_loss_fn(generated),
        np.log(1 - d_of_g).mean(),
        rtol=1e-5,
    )
    assert np.isclose(
        make(gan.NonSaturatingGAN).g_loss_fn(generated),
        -np.log(d_of_g).mean(),
        rtol=1e-5,
    )


def test_logarithmic_losses_equal_keras_cross_entropy():
    real, generated = LOGITS
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    expected = entropy(np.ones_like(real), real) + entropy(
        np.zeros_like(real), generated
    )
    assert np.isclose(make().d_loss_fn(real, generated), expected, rtol=1e-5)


def test_least_squares_losses():
    real, generated = LOGITS.astype("float64")
    model = make(gan.LeastSquaresGAN)
    expected = ((real - 1) ** 2).mean() / 2 + (generated**2).mean() / 2
    assert np.isclose(model.d_loss_fn(*LOGITS), expected, rtol=1e-5)
    assert np.isclose(
        model.g_loss_fn(LOGITS[1]), ((generated - 1) ** 2).mean() / 2, rtol=1e-5
    )


def test_losses_stay_finite_for_huge_logits():
    far = np.full((4, 1), 1e4, "float32")
    for kind in (gan.SaturatingGAN, gan.NonSaturatingGAN, gan.LeastSquaresGAN):
        assert np.isfinite(make(kind).d_loss_fn(-far, far))
        assert np.isfinite(make(kind).g_loss_fn(-far))


@pytest.mark.parametrize(
    ("kind", "real_above"), [(gan.NonSaturatingGAN, 0), (gan.LeastSquaresGAN, 0.5)]
)
def test_accuracy_counts_both_kinds_of_images(kind, real_above):
    model = make(kind)
    real, generated = LOGITS
    expected = (np.sum(real > real_above) + np.sum(generated < real_above)) / (
        2 * len(real)
    )
    logs = model.track(tf.constant(1.0), tf.constant(2.0), real, generated)
    assert np.isclose(logs["d_accuracy"], expected)
    assert (float(logs["d_loss"]), float(logs["g_loss"])) == (1.0, 2.0)


# One step.


def test_step_equals_one_written_by_hand_with_two_tapes():
    model, twin = make(), make()
    logs = model.train_on_batch(REAL[:8], return_dict=True)
    z = keras.random.normal((8, 5), seed=keras.random.SeedGenerator(0))
    with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
        generated = twin.generator(z, training=True)
        real_logits = twin.discriminator(REAL[:8], training=True)
        generated_logits = twin.discriminator(generated, training=True)
        d_loss = tf.reduce_mean(-tf.math.log_sigmoid(real_logits)) + tf.reduce_mean(
            -tf.math.log_sigmoid(-generated_logits)
        )
        g_loss = tf.reduce_mean(-tf.math.log_sigmoid(generated_logits))
    for network, optimizer, tape, loss in (
        (twin.discriminator, keras.optimizers.Adam(1e-3), d_tape, d_loss),
        (twin.generator, keras.optimizers.Adam(1e-3, beta_1=0.5), g_tape, g_loss),
    ):
        weights = network.trainable_weights
        optimizer.apply(tape.gradient(loss, weights), weights)
    assert np.isclose(logs["d_loss"], d_loss, rtol=1e-5)
    assert same(model.generator, twin.generator, 1e-5)
    assert same(model.discriminator, twin.discriminator, 1e-5)


def test_average_follows_the_recursion():
    model = make()
    expected = [w.astype("float64") for w in model.generator.get_weights()]

    class Follow(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            for i, weight in enumerate(model.generator.get_weights()):
                expected[i] = 0.9 * expected[i] + 0.1 * weight

    model.fit(REAL, batch_size=8, epochs=2, verbose=0, callbacks=Follow())
    for average, value in zip(model.ema_generator.get_weights(), expected, strict=True):
        np.testing.assert_allclose(average, value, rtol=1e-4, atol=1e-5)
    assert not same(model.ema_generator, model.generator)


def test_steps_per_execution_changes_no_weight():
    one, four = make(), make(steps_per_execution=4)
    for model in (one, four):
        model.fit(REAL, batch_size=8, epochs=3, verbose=0)
    assert same(one, four, 1e-6)


def test_order_of_data_follows_from_seed_and_epoch():
    def order(**chosen):
        return np.concatenate(
            [b.numpy() for b in gan.shuffled(REAL, batch_size=6, **chosen)]
        )

    assert np.array_equal(order(seed=1, epoch=2), order(seed=1, epoch=2))
    assert not np.array_equal(order(seed=1, epoch=2), order(seed=1, epoch=3))
    assert not np.array_equal(order(seed=1, epoch=2), order(seed=2, epoch=2))
    seen = order(seed=1)
    assert len(seen) == 30 and len(np.unique(seen.reshape(30, -1), axis=0)) == 30
    assert len(gan.shuffled(REAL, batch_size=6)) == 5


# As a Keras model.


def test_fit_gives_history_and_takes_a_dataset():
    history = make().fit(
        tf.data.Dataset.from_tensor_slices(REAL).batch(8), epochs=2, verbose=0
    )
    assert set(history.history) == {"d_loss", "g_loss", "d_accuracy"}
    assert len(history.history["d_loss"]) == 2


def test_save_and_load_give_the_same_images_and_the_same_next_step(tmp_path):
    model = make(steps_per_execution=2)
    model.fit(REAL, batch_size=8, verbose=0)
    model.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert type(loaded) is gan.NonSaturatingGAN
    assert np.array_equal(loaded.generate(7), model.generate(7))
    assert np.array_equal(loaded.generate(7, ema=False), model.generate(7, ema=False))
    assert loaded.steps_per_execution == 2 and loaded.ema_decay == 0.9
    for name in ("g_optimizer", "d_optimizer"):
        mine, theirs = getattr(model, name), getattr(loaded, name)
        assert mine.get_config() == theirs.get_config()
        for a, b in zip(mine.variables, theirs.variables, strict=True):
            assert np.array_equal(a, b)


def test_uncompiled_model_saves_and_predict_is_the_average(tmp_path):
    model = make(compiled=False)
    model.save(tmp_path / "gan.keras")
    z = RNG.standard_normal((3, 5)).astype("float32")
    images = keras.models.load_model(tmp_path / "gan.keras").predict(z, verbose=0)
    np.testing.assert_allclose(images, model.ema_generator(z), atol=1e-6)


def test_generate_is_the_same_whatever_the_batch():
    model = make()
    z = RNG.standard_normal((10, 5)).astype("float32")
    images = model.generate(z, batch_size=3)
    assert images.dtype == np.float32 and images.shape == (10, 28, 28, 1)
    np.testing.assert_allclose(images, model.ema_generator(z), atol=1e-6)
    assert np.array_equal(model.generate(4), model.generate(4))
    assert not np.array_equal(model.generate(4), model.generate(4, seed=1))


def test_networks_have_the_sizes_that_arithmetic_gives():
    generator, discriminator = gan.build_generator(), gan.build_discriminator()
    dense, kernels = 64 * 3136, 16 * 64 * 32 + 16 * 32 * 1 + 1
    assert generator.count_params() == dense + 4 * 3136 + kernels + 4 * 32
    convolutions = 16 * 1 * 32 + 32 + 16 * 32 * 64 + 64
    assert discriminator.count_params() == convolutions + 3136 * 64 + 64 + 64 + 1
    assert gan.build_discriminator(head=0).count_params() == convolutions + 3136 + 1
    assert generator.output_shape == discriminator.input_shape == (None, 28, 28, 1)


def test_mixed_precision_keeps_losses_and_images_in_float32():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = make()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    history = model.fit(REAL, batch_size=8, verbose=0).history
    assert np.isfinite(history["d_loss"][0])
    assert model.generate(2).dtype == np.float32


# Resuming.


def test_interrupted_training_equals_uninterrupted(tmp_path):
    whole = make()
    whole.fit(REAL, batch_size=8, epochs=4, verbose=0)
    make().fit(
        REAL,
        batch_size=8,
        epochs=2,
        verbose=0,
        callbacks=[gan.ResumeTraining(tmp_path)],
    )
    resumed, resume = make(seed=0), gan.ResumeTraining(tmp_path)
    resumed.fit(REAL, batch_size=8, epochs=4, verbose=0, callbacks=[resume])
    assert same(whole, resumed, 1e-6) and len(resume.history) == 4
    assert int(resumed.g_optimizer.iterations) == 16
    resumed.fit(
        REAL, batch_size=8, epochs=4, verbose=0, callbacks=[resume]
    )  # nothing left to do
    assert int(resumed.g_optimizer.iterations) == 16


CHILD = """
import sys, time
sys.path.insert(0, sys.argv[2])
from test_gan import REAL, gan, keras, make
class Slow(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        print("step", flush=True)
        time.sleep(0.02)
make().fit(REAL, batch_size=8, epochs=40, verbose=0,
           callbacks=[Slow(), gan.ResumeTraining(sys.argv[1])])
"""


def test_killed_training_goes_on_from_its_last_whole_epoch(tmp_path):
    """SIGKILL a real process at some step, three times over; the state is always
    whole."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    here, epochs = os.path.dirname(__file__), []
    for steps in (6, 5, 7):  # 4 steps make an epoch: each process dies inside one
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), here],
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
    whole, resumed, resume = make(), make(), gan.ResumeTraining(tmp_path)
    whole.fit(REAL, batch_size=8, epochs=epochs[2] + 1, verbose=0)
    resumed.fit(REAL, batch_size=8, epochs=epochs[2] + 1, verbose=0, callbacks=[resume])
    assert same(whole, resumed, 1e-6)
    assert int(resumed.d_optimizer.iterations) == 4 * (epochs[2] + 1)
    assert len(resume.history) == epochs[2] + 1


def test_half_written_state_is_never_read(tmp_path):
    callback = gan.ResumeTraining(tmp_path)
    make().fit(REAL, batch_size=8, verbose=0, callbacks=[callback])
    (tmp_path / "state.part").write_bytes(
        b"cut off"
    )  # what a kill while writing leaves
    model = make()
    assert gan.ResumeTraining(tmp_path).restore(model) == 1
    assert not (tmp_path / "state.part").exists()


def test_broken_or_foreign_state_is_told_in_one_sentence(tmp_path):
    make().fit(REAL, batch_size=8, verbose=0, callbacks=[gan.ResumeTraining(tmp_path)])
    with pytest.raises(ValueError, match=r"belongs to another model.*delete"):
        make(latent_dim=6).fit(
            REAL, verbose=0, batch_size=8, callbacks=[gan.ResumeTraining(tmp_path)]
        )
    (tmp_path / "state.npz").write_bytes(b"not an archive")
    with pytest.raises(ValueError, match=r"cannot be read.*delete"):
        gan.ResumeTraining(tmp_path).restore(make())


@pytest.mark.parametrize("steps", [1, 2])
def test_nan_stops_with_one_sentence_and_spares_the_saved_state(tmp_path, steps):
    callback = gan.ResumeTraining(tmp_path)
    model = make(steps_per_execution=steps)
    model.fit(REAL, batch_size=8, verbose=0, callbacks=[callback])
    before = callback.path.read_bytes()
    broken = make(steps_per_execution=steps)
    broken.d_loss_fn = lambda real, generated: tf.reduce_mean(real) * np.nan
    with pytest.raises(
        FloatingPointError, match="d_loss is no longer a number in epoch 2"
    ):
        broken.fit(REAL, batch_size=8, epochs=3, verbose=0, callbacks=[callback])
    assert callback.path.read_bytes() == before


def test_nan_weight_is_never_saved(tmp_path):
    model, callback = make(), gan.ResumeTraining(tmp_path)
    callback.restore(model)
    callback.set_model(model)
    model.generator.weights[0].assign(model.generator.weights[0] * np.nan)
    with pytest.raises(FloatingPointError, match="nothing was saved"):
        callback.on_epoch_end(0, {"d_loss": 1.0})
    assert not callback.path.exists()


# Errors for people.


@pytest.mark.parametrize(
    ("images", "error", "says"),
    [
        (REAL[..., 0], ValueError, "must have shape"),
        (REAL[:0], ValueError, "not be empty"),
        (REAL * 2, ValueError, r"lie in \[-1, 1\]"),
        (((REAL + 1) * 127).astype("uint8"), TypeError, "uint8"),
        (np.where(REAL > 0.5, np.nan, REAL), ValueError, "NaN"),
        (REAL[:, :20], ValueError, "discriminator takes images of shape"),
        (None, TypeError, "array of images"),
        (
            tf.data.Dataset.from_tensor_slices(REAL[:, :20]).batch(8),
            ValueError,
            "discriminator takes",
        ),
    ],
)
def test_fit_refuses_bad_images(images, error, says):
    with pytest.raises(error, match=says):
        make().fit(images, batch_size=8, verbose=0)


def test_fit_refuses_labels_large_batches_and_validation():
    with pytest.raises(ValueError, match="y must be left out"):
        make().fit(REAL, np.zeros(32))
    with pytest.raises(ValueError, match="batch_size is 64"):
        make().fit(REAL, batch_size=64)
    with pytest.raises(NotImplementedError, match="no validation loss"):
        make().evaluate(REAL, verbose=0)


def test_model_refuses_what_does_not_fit_together():
    generator, discriminator = (
        gan.build_generator(5, width=2),
        gan.build_discriminator(2),
    )
    with pytest.raises(ValueError, match="latent_dim is 6"):
        gan.NonSaturatingGAN(generator, discriminator, latent_dim=6)
    with pytest.raises(ValueError, match="ema_decay"):
        gan.NonSaturatingGAN(generator, discriminator, latent_dim=5, ema_decay=1.0)
    other = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten()])
    with pytest.raises(ValueError, match="the two must agree"):
        gan.NonSaturatingGAN(generator, other, latent_dim=5)
    model, adam = make(compiled=False), keras.optimizers.Adam()
    with pytest.raises(ValueError, match="an optimizer of its own"):
        model.compile(adam, adam)
    with pytest.raises(TypeError, match="GAN has no losses"):
        gan.GAN(generator, discriminator, latent_dim=5).compile("adam", "adam")
    with pytest.raises(ValueError, match="compile"):
        model.fit(REAL, batch_size=8)


@pytest.mark.parametrize(
    "bad",
    [0, -1, 2.5, True, np.zeros((2, 4)), np.full((2, 5), np.nan), np.zeros((0, 5))],
)
def test_generate_refuses_bad_counts_and_latents(bad):
    with pytest.raises(ValueError, match="count_or_latents"):
        make().generate(bad)


@pytest.mark.parametrize(
    "chosen",
    [
        {"width": 0},
        {"kernel": 1.5},
        {"head": -1},
        {"dropout": 1},
        {"shift": -1},
        {"shift": 28},
    ],
)
def test_builders_refuse_bad_sizes(chosen):
    with pytest.raises(ValueError, match=next(iter(chosen))):
        gan.build_discriminator(**chosen)


def test_a_shift_moves_pictures_in_training_alone_and_fills_with_black():
    discriminator = gan.build_discriminator(2, head=2, shift=3)
    plain = gan.build_discriminator(2, head=2)
    plain.set_weights([w for w in discriminator.get_weights() if w.dtype.kind == "f"])
    np.testing.assert_array_equal(
        discriminator(REAL[:8], training=False), plain(REAL[:8], training=False)
    )
    white = np.ones((200, 28, 28, 1), "float32")
    moved = np.array(discriminator.get_layer("shift")(white, training=True))[..., 0]
    assert set(np.unique(moved)) == {-1.0, 1.0}
    rows, columns = ((moved == -1).all(axis=axis).sum(axis=1) for axis in (2, 1))
    assert set(rows) == set(columns) == {0, 1, 2, 3}
    assert plain.count_params() == sum(w.size for w in plain.get_weights())
