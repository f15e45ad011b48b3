"""The GAN: losses, step, average, settings, saving, and errors for people."""

import io
import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import gan, gan_losses, networks, training
from tests.helpers.tiny_gan import REAL, RNG, batches, make, same

LOGITS = RNG.normal(0, 3, (2, 16, 1)).astype("float32")
LATENTS = RNG.standard_normal((10, 5)).astype("float32")


# The losses, against their definitions in probabilities.


def probability(logits):
    return 1 / (1 + np.exp(-logits.astype("float64")))


def test_logarithmic_losses_equal_the_formulas_of_the_paper():
    real, generated = LOGITS
    d_of_x, d_of_g = probability(real), probability(generated)
    value = np.log(d_of_x).mean() + np.log(1 - d_of_g).mean()  # V(D, G)
    for kind in (gan_losses.SaturatingGAN, gan_losses.NonSaturatingGAN):
        assert np.isclose(make(kind).d_loss_fn(real, generated), -value, rtol=1e-5)
    assert np.isclose(
        make(gan_losses.SaturatingGAN).g_loss_fn(generated),
        np.log(1 - d_of_g).mean(),
        rtol=1e-5,
    )
    assert np.isclose(
        make(gan_losses.NonSaturatingGAN).g_loss_fn(generated),
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
    model = make(gan_losses.LeastSquaresGAN)
    expected = ((real - 1) ** 2).mean() / 2 + (generated**2).mean() / 2
    assert np.isclose(model.d_loss_fn(*LOGITS), expected, rtol=1e-5)
    assert np.isclose(
        model.g_loss_fn(LOGITS[1]), ((generated - 1) ** 2).mean() / 2, rtol=1e-5
    )


def test_losses_stay_finite_for_huge_logits():
    far = np.full((4, 1), 1e4, "float32")
    for kind in (
        gan_losses.SaturatingGAN,
        gan_losses.NonSaturatingGAN,
        gan_losses.LeastSquaresGAN,
    ):
        assert np.isfinite(make(kind).d_loss_fn(-far, far))
        assert np.isfinite(make(kind).g_loss_fn(-far))


@pytest.mark.parametrize(
    ("kind", "real_above"),
    [(gan_losses.NonSaturatingGAN, 0), (gan_losses.LeastSquaresGAN, 0.5)],
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


# As a Keras model.


def test_fit_gives_history_and_takes_a_dataset():
    history = make().fit(batches(), epochs=2, verbose=0)
    assert set(history.history) == {"d_loss", "g_loss", "d_accuracy"}
    assert len(history.history["d_loss"]) == 2


def test_an_array_and_a_dataset_of_the_same_batches_train_alike():
    one, other = make(run_eagerly=True), make(run_eagerly=True)
    one.fit(REAL, batch_size=8, verbose=0)
    other.fit(training.shuffled(REAL, 8, seed=0, epoch=0), verbose=0)
    assert same(one, other)


def test_each_array_epoch_begins_anew_and_goes_over_its_end():
    """An epoch of 3 or of 6 steps sees the first 3, or all 4 and the first 2 again."""
    for steps in (3, 6):
        one, other = make(run_eagerly=True), make(run_eagerly=True)
        one.fit(
            REAL, batch_size=8, steps_per_epoch=np.int64(steps), epochs=2, verbose=0
        )
        for epoch in (0, 1):
            dealt = training.shuffled(REAL, 8, seed=0, epoch=epoch).repeat().take(steps)
            other.fit(dealt, epochs=epoch + 1, initial_epoch=epoch, verbose=0)
        assert int(one.g_optimizer.iterations) == 2 * steps
        assert same(one, other)


def test_each_dataset_epoch_goes_on_where_the_last_one_stopped():
    one, other = make(run_eagerly=True), make(run_eagerly=True)
    one.fit(batches(), steps_per_epoch=3, epochs=2, verbose=0)
    other.fit(batches().repeat().take(6), verbose=0)
    assert same(one, other)


def saved(model, folder):
    """Return what `model` is after it was a file."""
    model.save(folder / "gan.keras")
    return keras.models.load_model(folder / "gan.keras")


def test_save_and_load_give_the_same_images_and_the_same_next_epoch(tmp_path):
    model = make(steps_per_execution=2, shift=2)
    model.fit(REAL, batch_size=8, verbose=0)
    loaded = saved(model, tmp_path)
    assert type(loaded) is gan_losses.NonSaturatingGAN
    assert np.array_equal(loaded.generate(7), model.generate(7))
    assert np.array_equal(loaded.generate(7, ema=False), model.generate(7, ema=False))
    assert loaded.steps_per_execution == 2 and loaded.ema_decay == 0.9
    for name in ("g_optimizer", "d_optimizer"):
        mine, theirs = getattr(model, name), getattr(loaded, name)
        assert mine.get_config() == theirs.get_config()
        for a, b in zip(mine.variables, theirs.variables, strict=True):
            assert np.array_equal(a, b)
    before = model.get_weights()
    for one in (model, loaded):
        one.fit(REAL, batch_size=8, epochs=2, initial_epoch=1, verbose=0)
    assert same(loaded, model)  # latents, dropout and shift went on alike
    assert not np.array_equal(before[0], model.get_weights()[0])


def test_weights_alone_keep_the_seeds_too(tmp_path):
    model, other = (make(of_the_book=True, shift=2, run_eagerly=True) for _ in range(2))
    model.fit(REAL, batch_size=8, verbose=0)
    model.save_weights(tmp_path / "gan.weights.h5")
    other.load_weights(tmp_path / "gan.weights.h5")
    seeds = [
        np.array([v for v in m.variables if "seed" in v.path]) for m in (model, other)
    ]
    assert len(seeds[0]) == 4  # the latents', two of dropout, the shift's
    assert np.array_equal(*seeds)


def test_a_file_from_before_the_seeds_were_kept_loads_too(tmp_path):
    """The first release's files hold no seeds."""
    model = make()
    parents = gan.GAN.__mro__[2:]
    for name in ("save_own_variables", "load_own_variables"):
        assert any(name in vars(parent) for parent in parents)
    old = type("Old", (gan_losses.NonSaturatingGAN,), {})
    old.save_own_variables = keras.Model.save_own_variables
    model.__class__ = old
    model.save_weights(tmp_path / "gan.weights.h5")
    model.__class__ = gan_losses.NonSaturatingGAN
    loaded = make(seed=3)
    loaded.load_weights(tmp_path / "gan.weights.h5")
    assert np.array_equal(loaded.generate(3), model.generate(3))
    assert loaded.latent_seed.state[0] == 3


def test_uncompiled_model_saves_and_predict_is_the_average(tmp_path):
    model = make(compiled=False)
    images = saved(model, tmp_path).predict(LATENTS[:3], verbose=0)
    np.testing.assert_allclose(images, model.ema_generator(LATENTS[:3]), atol=1e-6)


def test_a_saved_model_holds_no_code(tmp_path):
    make().save(tmp_path / "gan.keras")
    with zipfile.ZipFile(tmp_path / "gan.keras") as archive:
        config = json.load(io.BytesIO(archive.read("config.json")))
    assert config["registered_name"] == "noise_to_image>NonSaturatingGAN"


@pytest.mark.parametrize("when", ["fresh", "used", "loaded"])
def test_export_works_whenever_it_is_called(tmp_path, when):
    model = make(run_eagerly=True)
    if when != "fresh":
        model.fit(REAL, batch_size=8, verbose=0)
        model.generate(2)
        model(LATENTS)
    model = saved(model, tmp_path) if when == "loaded" else model
    model.export(tmp_path / "out", verbose=False)
    served = tf.saved_model.load(tmp_path / "out")
    np.testing.assert_allclose(
        served.serve(LATENTS), model.generate(LATENTS), atol=1e-6
    )


def test_generate_is_the_same_whatever_the_batch():
    model = make()
    images = model.generate(LATENTS, batch_size=3)
    assert images.dtype == np.float32 and images.shape == (10, 28, 28, 1)
    np.testing.assert_allclose(images, model.ema_generator(LATENTS), atol=1e-6)
    assert np.array_equal(model.generate(4), model.generate(4))
    assert not np.array_equal(model.generate(4), model.generate(4, seed=1))


@pytest.mark.parametrize("ema", [True, False])
def test_a_picture_alone_is_the_picture_in_its_batch(ema):
    """Batch statistics must not be used: each picture follows from its latents."""
    model = make(run_eagerly=True)
    model.fit(REAL, batch_size=8, verbose=0)
    together = model.generate(LATENTS, ema=ema)
    alone = np.concatenate([model.generate(z[None], ema=ema) for z in LATENTS])
    np.testing.assert_allclose(alone, together, atol=1e-6)
    if not ema:  # the average is frozen, its normalisation never takes the batch's
        loud = np.array(model.generator(LATENTS, training=True))
        assert np.abs(loud - together).max() > 1e-2  # in training mode it would show


def test_generate_leaves_the_model_as_it_is():
    model = make()
    before, count = model.get_weights(), len(model.variables)
    model.generate(3), model.generate(3, ema=False)
    assert len(model.variables) == count
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "bad",
    [
        0,
        -1,
        2.5,
        np.zeros((2, 4)),
        np.zeros(5),
        np.full((2, 5), np.nan),
        np.full((2, 5), 1e300),
        np.zeros((0, 5)),
        np.zeros((2, 5), complex),
        [[1, 2], [3]],
        [],
    ],
)
def test_generate_refuses_bad_counts_and_latents(bad):
    with pytest.raises(ValueError, match=r"^count_or_latents must be"):
        make(compiled=False).generate(bad)


@pytest.mark.parametrize("bad", [True, None, "8"])
def test_generate_refuses_what_is_no_count(bad):
    with pytest.raises(TypeError, match=r"^count_or_latents must be"):
        make(compiled=False).generate(bad)
    for name in ("seed", "batch_size"):
        with pytest.raises(TypeError, match=f"^{name} must be"):
            make(compiled=False).generate(2, **{name: bad})


def test_generate_takes_counts_and_latents_of_any_kind():
    model = make(compiled=False)
    for count in (np.int64(2), np.array(2), tf.constant(2)):
        assert np.array_equal(model.generate(count), model.generate(2))
    wanted = model.generate(LATENTS)
    for latents in (LATENTS.tolist(), tf.constant(LATENTS), LATENTS.astype("float64")):
        assert np.array_equal(model.generate(latents), wanted)


# Networks that are put in later.


def test_generate_uses_the_networks_that_are_there():
    model, fresh = make(compiled=False), networks.build_generator(5, width=2)
    for ema in (True, False):
        model.generate(2, ema=ema)
    model.ema_generator = fresh
    np.testing.assert_allclose(
        model.generate(LATENTS), fresh(LATENTS, training=False), atol=1e-6
    )
    assert not np.array_equal(model.generate(2), model.generate(2, ema=False))


def test_a_new_generator_takes_the_place_of_the_old_one_everywhere(tmp_path):
    model, fresh = make(of_the_book=True), networks.build_generator(5, width=3)
    model.fit(REAL, batch_size=8, verbose=0)
    old, count = model.generator, len(model.weights)
    model.generate(2), model.generate(2, ema=False), model.predict(LATENTS, verbose=0)
    model.generator = fresh
    wanted = np.array(fresh(LATENTS, training=False))
    for images in (
        model.generate(LATENTS, ema=False),
        model.generate(LATENTS),
        model.predict(LATENTS, verbose=0),
        model(LATENTS),
    ):
        np.testing.assert_allclose(images, wanted, atol=1e-6)
    assert len(model.weights) == count and old not in model.layers
    with pytest.raises(ValueError, match=r"compile\(\)"):
        model.fit(REAL, batch_size=8, verbose=0)
    with pytest.raises(ValueError, match="g_optimizer was built for other weights"):
        model.compile(model.g_optimizer, model.d_optimizer)
    model.compile("adam", "adam")
    model.fit(REAL, batch_size=8, verbose=0)
    assert not np.allclose(fresh(LATENTS, training=False), wanted)  # it learns
    assert np.array_equal(saved(model, tmp_path).generate(3), model.generate(3))


def test_a_network_that_does_not_fit_is_not_put_in():
    model = make(compiled=False)
    kept = model.generator
    with pytest.raises(ValueError, match="latent_dim is 5"):
        model.generator = networks.build_generator(6, width=2)
    with pytest.raises(TypeError, match="ema_generator must be"):
        model.ema_generator = None
    other = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten()])
    with pytest.raises(ValueError, match="the two must agree"):
        model.discriminator = other
    assert model.generator is kept
    model.ema_generator = networks.build_generator(5, width=3)
    with pytest.raises(ValueError, match="ema_generator has other weights"):
        model.compile("adam", "adam")


# Settings of Keras that readers bring along.


@pytest.fixture
def policy():
    """Return a function that sets the policy; the usual one is set again at the end."""
    yield keras.mixed_precision.set_global_policy
    keras.mixed_precision.set_global_policy("float32")


def test_mixed_precision_keeps_losses_and_images_in_float32(policy):
    policy("mixed_bfloat16")
    model = make(of_the_book=True)
    policy("float32")
    history = model.fit(REAL, batch_size=8, verbose=0).history
    assert np.isfinite(history["d_loss"][0])
    assert model.generate(2).dtype == np.float32


@pytest.mark.parametrize("name", ["mixed_float16", "float16"])
def test_half_precision_is_refused_in_one_sentence(policy, name):
    policy(name)
    with pytest.raises(ValueError, match=r"float16 needs scaled losses.*bfloat16"):
        make()
    both = networks.build_generator(5, width=2), networks.build_discriminator(2)
    policy("float32")
    for pair in (
        (both[0], networks.build_discriminator(2)),
        (networks.build_generator(5, width=2), both[1]),
    ):
        model = gan_losses.NonSaturatingGAN(*pair, latent_dim=5)
        with pytest.raises(ValueError, match="float16 needs scaled losses"):
            model.compile("adam", "adam")
        assert not model.compiled
        assert model.generate(2).dtype == np.float32


def test_the_policy_of_the_moment_is_not_that_of_the_networks(policy):
    model = make(compiled=False)
    policy("mixed_float16")
    model.compile("adam", "adam", run_eagerly=True)
    history = model.fit(REAL, batch_size=8, verbose=0).history
    assert np.isfinite(history["g_loss"][0])


def test_double_precision_trains_and_gives_float32(policy):
    keras.config.set_floatx("float64")
    try:
        policy("float64")
        model = make(of_the_book=True, run_eagerly=True)
        history = model.fit(REAL, batch_size=8, verbose=0).history
        assert np.isfinite(history["d_loss"][0])
        assert model.generate(2).dtype == np.float32
    finally:
        keras.config.set_floatx("float32")


def test_a_scaled_optimizer_is_refused():
    def scaled():
        return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1e-2))

    with pytest.raises(ValueError, match=r"g_optimizer expects a scaled loss.*inside"):
        make(optimizer=scaled)
    model = make(compiled=False)
    with pytest.raises(ValueError, match="d_optimizer expects a scaled loss"):
        model.compile("adam", scaled())
    assert not model.compiled


class TwoReplicas:
    """Stand in for a strategy of two devices; this machine may have one."""

    num_replicas_in_sync = 2


def test_two_devices_are_refused_in_one_sentence(monkeypatch):
    model = make()
    with monkeypatch.context() as patch:
        patch.setattr(tf.distribute, "get_strategy", TwoReplicas)
        with pytest.raises(ValueError, match="trains on one device: leave the strat"):
            make()
        with pytest.raises(ValueError, match="trains on one device"):
            model.fit(REAL, batch_size=8, verbose=0)
    model._distribute_strategy = TwoReplicas()  # as if built in its scope
    with pytest.raises(ValueError, match="trains on one device"):
        model.fit(REAL, batch_size=8, verbose=0)


def test_a_strategy_of_one_device_is_welcome():
    alone = make(run_eagerly=True)
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        model = make()
    for one in (alone, model):
        one.fit(REAL, batch_size=8, verbose=0)
    assert same(alone, model, 1e-5)


# Errors for people.


def refused(error, says, call, *args, **kwargs):
    """Assert that a call is refused in one sentence; return the sentence."""
    with pytest.raises(error, match=says) as told:
        call(*args, **kwargs)
    text = str(told.value)
    assert len(text) < 300 and text.endswith(".") and "\n" not in text, text
    assert ". " not in text, text
    return text


@pytest.mark.parametrize(
    ("images", "error", "says"),
    [
        (REAL[..., 0], ValueError, r"x must have shape \(N, H, W, C\)"),
        (REAL[:0], ValueError, "x must not be empty"),
        (REAL * 2, ValueError, r"x must lie in \[-1, 1\]"),
        (((REAL + 1) * 127).astype("uint8"), TypeError, "x must be .*uint8"),
        (((REAL + 1) * 127).astype("float32"), ValueError, r"lie in \[-1, 1\]"),
        (np.where(REAL > 0.5, np.nan, REAL), ValueError, "NaN"),
        (REAL[:, :20], ValueError, r"x must have shape \(N, 28, 28, 1\)"),
        (np.repeat(REAL, 3, axis=-1), ValueError, r"shape \(N, 28, 28, 1\)"),
        (None, TypeError, "x must be float images"),
        ("digits", TypeError, "x must be float images"),
        ({"image": REAL}, TypeError, "x must be float images"),
        ((REAL[i : i + 8] for i in (0, 8)), TypeError, "x must be float images"),
        ([REAL[0], REAL[1, :20]], ValueError, "x must be images of one size"),
    ],
)
def test_fit_refuses_bad_images(images, error, says):
    refused(error, says, make(run_eagerly=True).fit, images, batch_size=8, verbose=0)


LABELS = np.arange(32)
NUMBERS = tf.TensorSpec(None)  # of unknown rank


def generated(images, spec=NUMBERS, size=8):
    """Return a dataset whose shape Keras cannot know beforehand."""

    def deal():
        for i in range(0, len(images), size):
            yield images[i : i + size]

    return tf.data.Dataset.from_generator(deal, output_signature=spec)


@pytest.mark.parametrize(
    ("dataset", "error", "says"),
    [
        (batches(np.uint8(127.5 * (REAL + 1))), TypeError, "got uint8: scale"),
        (batches(np.int32(REAL)), TypeError, "got int32: scale"),
        (
            batches(127.5 * (REAL + 1)),
            ValueError,
            r"lie in \[-1, 1\], got float32 \(8,",
        ),
        (batches(REAL * np.nan), ValueError, "x must be finite"),
        (batches(REAL[:, :20]), ValueError, r"\(N, 28, 28, 1\), got \(None, 20"),
        (batches(np.repeat(REAL, 3, axis=-1)), ValueError, r"\(N, 28, 28, 1\)"),
        (
            tf.data.Dataset.from_tensor_slices(REAL),
            ValueError,
            r"got \(28, 28, 1\).*call \.batch",
        ),
        (
            batches({"image": REAL, "label": LABELS}),
            TypeError,
            r"dicts with image, label.*x\.map\(lambda item: item\['image'\]\)",
        ),
        (
            batches({"label": LABELS, "pixels": REAL}),
            TypeError,
            r"x\.map\(lambda item: item\['pixels'\]\)",
        ),
        (
            batches(({"image": REAL}, LABELS)),
            TypeError,
            r"x\.map\(lambda \*item: item\[0\]\['image'\]\)",
        ),
        (batches((LABELS, REAL)), ValueError, r"\(N, 28, 28, 1\), got \(None,\)"),
        (batches(((REAL, REAL), LABELS)), TypeError, "first part is images, got tuple"),
        (batches((REAL, *[LABELS] * 3)), TypeError, "tuples of 4: choose the images"),
        (batches(np.array(["a"] * 32)), ValueError, r"\(N, 28, 28, 1\)"),
        (generated(REAL[:, :20]), ValueError, r"x must have shape \(N, 28, 28, 1\)"),
        (generated(REAL[:, :, :, 0]), ValueError, "x must have"),
        (generated(REAL * 3), ValueError, r"lie in \[-1, 1\]"),
        (
            generated(REAL[:, :20], tf.TensorSpec((None, None, None, 1))),
            ValueError,
            r"x must have shape \(N, 28, 28, 1\)",
        ),
    ],
)
def test_fit_refuses_bad_datasets(dataset, error, says):
    refused(error, says, make(run_eagerly=True).fit, dataset, verbose=0)


def test_the_map_that_is_advised_makes_a_dataset_fit():
    catalogue = batches({"label": LABELS, "image": np.uint8(127.5 * (REAL + 1))})
    chosen = catalogue.map(lambda item: item["image"])
    chosen = chosen.map(lambda x: tf.cast(x, "float32") / 127.5 - 1)
    model = make(run_eagerly=True)
    model.fit(chosen, verbose=0)
    pairs = batches(({"image": REAL}, LABELS)).map(lambda *item: item[0]["image"])
    model.fit(pairs, verbose=0)
    assert int(model.g_optimizer.iterations) == 8


@pytest.mark.parametrize("late", [REAL * 9, REAL * np.nan])
def test_a_later_batch_of_a_dataset_is_looked_at_too(late):
    both = np.concatenate([REAL[:16], late[:16]])
    model = make(run_eagerly=True)
    refused(ValueError, "^x must", model.fit, batches(both), verbose=0)
    assert int(model.g_optimizer.iterations) <= 2


@pytest.mark.parametrize(
    "dataset",
    [
        batches((REAL, LABELS)),
        batches((REAL, LABELS, np.ones(32))),
        batches((REAL,)),
        batches(REAL * 1.0005),  # rounding
        batches(REAL.astype("float64")),
        generated(REAL),
        generated(REAL, tf.TensorSpec((None, 28, 28, 1))),
    ],
)
def test_datasets_of_many_forms_train_alike(dataset):
    model, plain = make(run_eagerly=True), make(run_eagerly=True)
    model.fit(dataset, epochs=2, verbose=0)
    plain.fit(batches(), epochs=2, verbose=0)
    assert same(model, plain, 1e-3)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_datasets_of_half_precision_train(kind):
    model = make(run_eagerly=True)
    model.fit(batches().map(lambda x: tf.cast(x, kind)), verbose=0)
    assert int(model.g_optimizer.iterations) == 4


@pytest.mark.parametrize("steps", [1, 2])
def test_a_dataset_that_is_used_up_stops_in_one_sentence(steps):
    once = (REAL[i : i + 8] for i in range(0, 32, 8))
    spec = tf.TensorSpec((None, 28, 28, 1))
    dataset = tf.data.Dataset.from_generator(lambda: once, output_signature=spec)
    model = make(steps_per_execution=steps)
    says = "^The data ended in epoch 2 after 0 steps"
    refused(ValueError, says, model.fit, dataset, epochs=3, verbose=0)


def test_a_dataset_that_ends_within_an_epoch_stops_in_one_sentence():
    once = (REAL[i : i + 8] for i in range(0, 32, 8))
    dataset = tf.data.Dataset.from_generator(lambda: once, output_signature=NUMBERS)
    model, says = make(run_eagerly=True), "^The data ended in epoch 2 after 1 steps"
    options = {"epochs": 3, "steps_per_epoch": 3, "verbose": 0}
    refused(ValueError, says, model.fit, dataset, **options)


def test_a_dataset_without_a_batch_stops_in_one_sentence():
    few = batches().take(0)
    says = "^The data ended in epoch 1 after 0 steps"
    refused(ValueError, says, make(run_eagerly=True).fit, few, verbose=0)


def test_a_dataset_of_fewer_steps_than_asked_begins_again():
    model = make(run_eagerly=True)
    model.fit(batches(), steps_per_epoch=10, epochs=2, verbose=0)
    assert int(model.g_optimizer.iterations) == 20


def test_a_callback_may_end_an_epoch():
    class Enough(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model = make(run_eagerly=True)
    model.fit(REAL, batch_size=8, epochs=3, verbose=0, callbacks=Enough())
    assert int(model.g_optimizer.iterations) == 2


@pytest.mark.parametrize(
    ("chosen", "error", "says"),
    [
        ({"y": np.zeros(32)}, ValueError, "y must be left out"),
        ({"validation_data": REAL}, ValueError, "validation_data must.*metrics.eval"),
        ({"validation_split": 0.25}, ValueError, "validation_split must be left out"),
        ({"sample_weight": np.ones(32)}, ValueError, "sample_weight must be left out"),
        ({"class_weight": {0: 1.0}}, ValueError, "class_weight must be left out"),
        ({"shuffle": False}, ValueError, "shuffle must be left out"),
        ({"batch_size": 0}, ValueError, "batch_size must be a whole number"),
        ({"batch_size": -8}, ValueError, "batch_size must be a whole number"),
        ({"batch_size": 8.5}, ValueError, "batch_size must be a whole number"),
        ({"batch_size": "8"}, TypeError, "batch_size must be a whole number"),
        ({"batch_size": 64}, ValueError, "batch_size is 64, but x holds only 32"),
        ({"epochs": 0}, ValueError, "epochs must be a whole number"),
        ({"epochs": "many"}, TypeError, "epochs must be a whole number"),
        ({"steps_per_epoch": 0}, ValueError, "steps_per_epoch must be a whole number"),
        ({"steps_per_epoch": 1.5}, ValueError, "steps_per_epoch must be a whole num"),
        ({"initial_epoch": -1}, ValueError, "initial_epoch must be a whole number"),
        (
            {"callbacks": keras.callbacks.ReduceLROnPlateau("d_loss")},
            ValueError,
            "ReduceLROnPlateau sets the rate of one optimizer.*a GAN has two",
        ),
        (
            {"callbacks": [keras.callbacks.LearningRateScheduler(lambda epoch: 1e-3)]},
            ValueError,
            "LearningRateScheduler sets the rate",
        ),
    ],
)
def test_fit_refuses_arguments_at_once(chosen, error, says):
    model = make(run_eagerly=True)
    refused(error, says, model.fit, REAL, **({"batch_size": 8, "verbose": 0} | chosen))
    assert int(model.g_optimizer.iterations) == 0


def test_fit_takes_numbers_of_numpy_and_what_changes_nothing():
    model = make(run_eagerly=True)
    model.fit(
        REAL,
        batch_size=np.int64(8),
        epochs=np.uint8(1),
        verbose=0,
        callbacks=(None,),
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        sample_weight=None,
    )
    model.fit(batches(), shuffle=False, verbose=0)  # as Keras, its order is its own
    assert int(model.g_optimizer.iterations) == 8


def test_evaluating_is_refused():
    with pytest.raises(NotImplementedError, match="no validation loss"):
        make(run_eagerly=True).evaluate(REAL, verbose=0)


def test_model_refuses_what_does_not_fit_together():
    generator = networks.build_generator(5, width=2)
    discriminator = networks.build_discriminator(2)
    build = gan_losses.NonSaturatingGAN
    with pytest.raises(ValueError, match="latent_dim is 6"):
        build(generator, discriminator, latent_dim=6)
    for wrong, error in ((1.0, ValueError), (-0.1, ValueError), ("slow", TypeError)):
        with pytest.raises(error, match="ema_decay"):
            build(generator, discriminator, latent_dim=5, ema_decay=wrong)
    for wrong, error in ((-1, ValueError), (2**32, ValueError), (None, TypeError)):
        with pytest.raises(error, match="seed must be"):
            build(generator, discriminator, latent_dim=5, seed=wrong)
    other = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten()])
    with pytest.raises(ValueError, match="the two must agree"):
        build(generator, other, latent_dim=5)
    model, adam = make(compiled=False), keras.optimizers.Adam()
    with pytest.raises(ValueError, match="an optimizer of its own"):
        model.compile(adam, adam)
    with pytest.raises(TypeError, match="GAN has no losses"):
        gan.GAN(generator, discriminator, latent_dim=5).compile("adam", "adam")
    with pytest.raises(ValueError, match="compile"):
        model.fit(REAL, batch_size=8)


def test_the_largest_seed_trains():
    model = make(seed=2**32 - 1, run_eagerly=True)
    model.fit(REAL, batch_size=8, verbose=0)
    assert int(model.g_optimizer.iterations) == 4


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"loss": "mse"}, "loss must be left out: the class says which"),
        ({"metrics": ["mse"]}, "metrics must be left out"),
        ({"optimizer": "adam"}, "optimizer must be left out: give g_optimizer"),
    ],
)
def test_compile_refuses_what_it_would_ignore(chosen, says):
    made = make(compiled=False)
    refused(ValueError, says, made.compile, "adam", "adam", **chosen)


def test_compile_refuses_the_optimizer_of_another_model():
    one, other = make(), make(compiled=False)
    says = "d_optimizer was built for other weights than these: pass a new"
    refused(ValueError, says, other.compile, "adam", one.d_optimizer)
    one.compile(one.g_optimizer, one.d_optimizer)  # its own are welcome again


class Subclassed(keras.Model):
    """A network of a reader's own, without an Input."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(784)

    def call(self, z):
        return keras.ops.reshape(self.dense(z), (-1, 28, 28, 1))


def called(network):
    """Return a network that has been called once, so that it has weights."""
    network(LATENTS)
    return network


@pytest.mark.parametrize(
    "network",
    [
        Subclassed(),
        called(Subclassed()),
        keras.Sequential([keras.layers.Dense(784)]),
        keras.layers.Dense(784),
        lambda z: z,
        None,
    ],
)
def test_a_network_without_an_input_is_asked_for_one(network):
    says = "must be a functional or Sequential keras.Model that begins with keras.Inp"
    generator, build = networks.build_generator(5, width=2), gan_losses.NonSaturatingGAN
    both = networks.build_discriminator(2)
    refused(TypeError, "generator " + says, build, network, both, latent_dim=5)
    both = generator, network
    refused(TypeError, "discriminator " + says, build, *both, latent_dim=5)


def test_sequential_networks_and_those_with_models_inside_are_welcome():
    inner = networks.build_discriminator(2, head=0)
    images = keras.Input((28, 28, 1))
    outer = keras.Model(images, inner(images))
    generator = keras.Sequential([keras.Input((5,)), networks.build_generator(5, 2)])
    model = gan_losses.NonSaturatingGAN(generator, outer, latent_dim=5)
    model.compile("adam", "adam", run_eagerly=True)
    model.fit(REAL, batch_size=8, verbose=0)
    assert model.generate(2).shape == (2, 28, 28, 1)


def test_probabilities_in_place_of_logits_are_refused():
    generator = networks.build_generator(5, width=2)
    layers = [keras.Input((28, 28, 1)), keras.layers.Flatten()]
    for last in (
        [keras.layers.Dense(1, activation="sigmoid")],
        [keras.layers.Dense(1), keras.layers.Activation("sigmoid")],
    ):
        judge, build = keras.Sequential(layers + last), gan_losses.NonSaturatingGAN
        says = "discriminator must return logits, but ends in a sigmoid"
        refused(ValueError, says, build, generator, judge, latent_dim=5)
