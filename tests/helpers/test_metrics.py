"""Each metric against its definition, written out another way, and against SciPy."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from helpers import _distances, metrics

RTOL = 1e-6
seeds = st.integers(0, 2**32 - 1)
laws = settings(max_examples=25, deadline=None)


def two_sets(seed, m=60, n=80, d=5):
    """Two correlated clouds, apart in mean and in spread."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(m, d)) @ rng.normal(size=(d, d))
    b = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)
    return a, b


def rotation(seed, d):
    return scipy.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]


# ---- Frechet distance ----------------------------------------------------------------


def frechet_by_sqrtm(a, b):
    """The formula as printed in Heusel et al. 2017, with SciPy's matrix square root."""
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(cov_a @ cov_b)
    return np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(
        cov_a + cov_b - 2 * root.real
    )


def frechet_by_symmetric_root(a, b):
    """The symmetric form, tr((A^1/2 B A^1/2)^1/2), with eigenvalues: safe for singular
    A and B."""
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(cov_a)
    root_a = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    cross = np.linalg.eigvalsh(root_a @ cov_b @ root_a)
    root_trace = np.sqrt(np.maximum(cross, 0)).sum()
    return (
        np.sum((a.mean(0) - b.mean(0)) ** 2)
        + np.trace(cov_a)
        + np.trace(cov_b)
        - 2 * root_trace
    )


@pytest.mark.parametrize(("m", "n", "d"), [(500, 400, 64), (60, 80, 5), (30, 200, 12)])
def test_frechet_agrees_with_scipy_sqrtm(m, n, d):
    a, b = two_sets(1, m, n, d)
    assert metrics.frechet_distance(a, b) == pytest.approx(
        frechet_by_sqrtm(a, b), rel=RTOL
    )


@pytest.mark.parametrize(
    ("m", "n", "d"), [(20, 30, 64), (40, 500, 64), (2, 3, 10), (10, 12, 300)]
)
def test_frechet_with_fewer_samples_than_features(m, n, d):
    a, b = two_sets(2, m, n, d)
    found = metrics.frechet_distance(a, b)
    assert found == pytest.approx(frechet_by_symmetric_root(a, b), rel=RTOL)
    assert found == pytest.approx(frechet_by_sqrtm(a, b), rel=RTOL)


def test_frechet_of_rank_deficient_sets_equals_that_in_their_plane():
    a, b = two_sets(3, 50, 50, 2)
    lift = rotation(4, 20)[:, :2]  # the plane, laid into 20 dimensions
    assert metrics.frechet_distance(a @ lift.T, b @ lift.T) == pytest.approx(
        frechet_by_sqrtm(a, b), rel=RTOL
    )


def test_frechet_closed_forms():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(300, 4))
    assert metrics.frechet_distance(x, x + [3, 4, 0, 0]) == pytest.approx(25)
    centred = x - x.mean(0)  # scaled by 3: (3 - 1)^2 times the total variance
    assert metrics.frechet_distance(centred, 3 * centred) == pytest.approx(
        4 * np.trace(np.cov(x, rowvar=False))
    )
    a, b = rng.normal(2, 1, (500, 1)), rng.normal(0, 3, (400, 1))  # one dimension
    expected = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    assert metrics.frechet_distance(a, b) == pytest.approx(expected)


@laws
@given(seeds, st.integers(2, 40), st.integers(1, 30))
def test_frechet_laws(seed, n, d):
    a, b = two_sets(seed, n, n + 3, d)
    size = np.sum(a**2) + np.sum(b**2)
    found = metrics.frechet_distance(a, b)
    turn, shift = rotation(seed, d), np.arange(d) * 1.5
    assert metrics.frechet_distance(a, a) <= 1e-12 * size
    assert metrics.frechet_distance(a, a[::-1]) <= 1e-12 * size
    assert found >= 0
    assert metrics.frechet_distance(b, a) == pytest.approx(found, rel=1e-9)
    assert metrics.frechet_distance(
        a @ turn + shift, b @ turn + shift
    ) == pytest.approx(found, rel=1e-7)
    assert metrics.frechet_distance(3 * a, 3 * b) == pytest.approx(9 * found, rel=1e-9)
    assert metrics.frechet_distance(
        np.hstack([a, 0 * a]), np.hstack([b, 0 * b])
    ) == pytest.approx(found, rel=1e-7)


# ---- kernel distance -----------------------------------------------------------------


def naive_mmd(a, b):
    """The unbiased squared MMD as three double sums in plain Python."""

    def kernel(x, y):
        return (sum(p * q for p, q in zip(x, y, strict=True)) / len(x) + 1) ** 3

    m, n = len(a), len(b)
    within_a = sum(kernel(a[i], a[j]) for i in range(m) for j in range(m) if i != j)
    within_b = sum(kernel(b[i], b[j]) for i in range(n) for j in range(n) if i != j)
    between = sum(kernel(x, y) for x in a for y in b)
    return within_a / (m * (m - 1)) + within_b / (n * (n - 1)) - 2 * between / (m * n)


@pytest.mark.parametrize(("m", "n", "d"), [(4, 5, 1), (17, 9, 3), (12, 12, 40)])
def test_kernel_agrees_with_double_sums(m, n, d):
    a, b = two_sets(6, m, n, d)
    assert metrics.kernel_distance(a, b)[0] == pytest.approx(naive_mmd(a, b), rel=RTOL)


def test_kernel_across_block_borders():
    a, b = two_sets(7, _distances.BLOCK + 70, 2 * _distances.BLOCK + 1, 6)
    kernels = [(x @ y.T / 6 + 1) ** 3 for x, y in ((a, a), (b, b), (a, b))]
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in kernels[:2]]
    assert metrics.kernel_distance(a, b)[0] == pytest.approx(
        sum(within) - 2 * kernels[2].mean(), rel=RTOL
    )


@pytest.mark.parametrize(
    ("shift", "m", "n", "d", "low", "high"),
    [
        (0.0, 60, 60, 4, 0.9, 1.3),
        (0.0, 40, 120, 4, 0.9, 1.3),  # alike: may err on the large side
        (0.0, 100, 100, 64, 0.9, 1.15),
        (0.8, 60, 90, 4, 0.9, 1.15),
        (0.8, 60, 90, 64, 0.9, 1.15),
    ],
)
def test_kernel_is_unbiased_and_its_error_bar_is_right(shift, m, n, d, low, high):
    """Over 400 draws the mean meets the truth, and the mean error bar the spread."""
    rng = np.random.default_rng(8)

    def draw(m, n):
        return metrics.kernel_distance(
            rng.normal(size=(m, d)), rng.normal(size=(n, d)) + shift
        )

    draws = np.array([draw(m, n) for _ in range(400)])
    # without a shift the truth is 0; with one, a far larger sample stands in for it
    truth, truth_error = (0.0, 0.0) if shift == 0 else draw(5000, 5000)
    spread = draws[:, 0].std(ddof=1)
    assert abs(draws[:, 0].mean() - truth) < 4 * np.hypot(
        spread / np.sqrt(400), truth_error
    )
    assert low < np.sqrt(np.mean(draws[:, 1] ** 2)) / spread < high


def test_beside_itself_a_set_keeps_the_terms_of_second_order_alone():
    """Then V = 4 s_aa / (m (m - 1)) + 4 s_ab / m^2, here from whole kernel matrices."""
    a = np.random.default_rng(14).normal(size=(30, 5))
    kernel, m = (a @ a.T / 5 + 1) ** 3, 30
    away = np.eye(m) - 1 / m
    cross = np.mean((away @ kernel @ away) ** 2)  # centred in both arguments
    others = kernel - np.diag(np.diag(kernel))
    seen = others.sum(1) / (m - 1)
    within = np.sum(others**2) / (m * (m - 1)) - 2 * np.mean(seen**2) + seen.mean() ** 2
    expected = 4 * within / (m * (m - 1)) + 4 * cross / m**2
    assert metrics.kernel_distance(a, a)[1] == pytest.approx(np.sqrt(expected))


@laws
@given(seeds, st.integers(4, 30), st.integers(1, 20))
def test_kernel_laws(seed, n, d):
    a, b = two_sets(seed, n, n + 2, d)
    turn, order = rotation(seed, d), np.random.default_rng(seed).permutation(n)
    found = metrics.kernel_distance(a, b)
    scale = (
        np.mean((np.abs(a @ b.T) / d + 1) ** 3)
        + np.mean((a @ a.T / d + 1) ** 3)
        + np.mean((b @ b.T / d + 1) ** 3)
    )
    for other in (
        metrics.kernel_distance(b, a),
        metrics.kernel_distance(a @ turn, b @ turn),
        metrics.kernel_distance(a[order], b),
    ):
        assert other[0] == pytest.approx(found[0], rel=1e-8, abs=1e-10 * scale)
    assert found[1] >= 0


# ---- precision and recall ------------------------------------------------------------


def precision_recall_by_definition(real, generated, k):
    def share_inside(points, centres):
        among = np.sort(cdist(centres, centres), axis=1)[
            :, k
        ]  # column 0 is the point itself
        return np.mean(
            [np.any(np.linalg.norm(centres - p, axis=1) <= among) for p in points]
        )

    return share_inside(generated, real), share_inside(real, generated)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(
    ("m", "n", "d"), [(50, 70, 2), (300, 40, 8), (_distances.BLOCK + 44, 310, 3)]
)
def test_precision_recall_agrees_with_the_definition(m, n, d, k):
    real, generated = two_sets(9, m, n, d)
    assert metrics.precision_recall(
        real=real, generated=generated, k=k
    ) == pytest.approx(precision_recall_by_definition(real, generated, k))


def test_precision_recall_known_cases():
    rng = np.random.default_rng(10)
    left, right = rng.normal(size=(200, 3)) - 50, rng.normal(size=(200, 3)) + 50
    both = np.vstack([left, right])
    assert metrics.precision_recall(real=left, generated=right) == (0.0, 0.0)
    # half of the modes is missing
    precision, recall = metrics.precision_recall(real=both, generated=left)
    assert precision == 1.0 and recall == 0.5
    # half of what is made is wrong
    precision, recall = metrics.precision_recall(real=left, generated=both)
    assert precision == 0.5 and recall == 1.0


def test_copies_count_as_inside_although_every_radius_is_zero():
    real = np.repeat(np.random.default_rng(11).normal(size=(20, 6)) + 1000, 5, axis=0)
    assert metrics.precision_recall(real=real, generated=real[::-1]) == (1.0, 1.0)


@laws
@given(seeds, st.integers(6, 40), st.integers(1, 10), st.integers(1, 4))
def test_precision_recall_laws(seed, n, d, k):
    real, generated = two_sets(seed, n, n + 5, d)
    found = metrics.precision_recall(real=real, generated=generated, k=k)
    assert metrics.precision_recall(real=real, generated=real, k=k) == (1.0, 1.0)
    assert metrics.precision_recall(real=generated, generated=real, k=k) == found[::-1]
    turn = rotation(seed, d)
    assert (
        metrics.precision_recall(
            real=2 * real @ turn + 5, generated=2 * generated @ turn + 5, k=k
        )
        == found
    )
    wider = metrics.precision_recall(real=real, generated=generated, k=k + 1)
    assert wider[0] >= found[0] and wider[1] >= found[1]


# ---- features and evaluate -----------------------------------------------------------


def brightness_by_row(images):
    return images.mean(axis=(2, 3))


def some_images(seed, n=30):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 8, 6, 1)).astype("float32")


@pytest.mark.parametrize("batch_size", [1, 7, 30, 500])
def test_features_do_not_depend_on_the_batch(batch_size):
    images = some_images(0)
    found = metrics.features(brightness_by_row, images, batch_size)
    assert found.dtype == np.float64 and found.shape == (30, 8)
    np.testing.assert_allclose(found, brightness_by_row(images), rtol=1e-6)


def test_features_of_a_keras_model():
    import keras

    model = keras.Sequential(
        [keras.Input((8, 6, 1)), keras.layers.GlobalAveragePooling2D()]
    )
    images = some_images(1)
    np.testing.assert_allclose(
        metrics.features(model, images), images.mean((1, 2)), atol=1e-6
    )
    with pytest.raises(
        ValueError, match=r"images have shape .* but the extractor takes"
    ):
        metrics.features(model, images[:, :5])


def test_evaluate_is_the_four_metrics():
    generated, real = some_images(2, 50), some_images(3, 30) * 0.8
    found = metrics.evaluate(
        real_images=real, generated_images=generated, extractor=brightness_by_row
    )
    a, b = brightness_by_row(generated), brightness_by_row(real)
    assert found["frechet"] == pytest.approx(metrics.frechet_distance(a, b), rel=1e-5)
    assert (found["kernel"], found["kernel_se"]) == pytest.approx(
        metrics.kernel_distance(a, b), rel=1e-4
    )
    assert (found["n_real"], found["n_generated"]) == (30, 50)
    same = metrics.evaluate(
        real_images=real, generated_images=real[::-1], extractor=brightness_by_row
    )
    assert (same["precision"], same["recall"]) == (1.0, 1.0)


def test_compare_uses_equal_counts_for_precision_and_recall():
    a, b = two_sets(13, 40, 40, 4)
    # equal counts: all rows are used, so their order is no matter
    found = metrics.compare(real=b, generated=a)
    assert (found["precision"], found["recall"]) == metrics.precision_recall(
        real=b, generated=a
    )
    few = metrics.compare(real=b, generated=np.vstack([a, a + 1000]))
    assert few["n_generated"] == 80 and few["precision"] < 0.7 * found["precision"]
    few = metrics.compare(real=np.vstack([b, b + 1000]), generated=a)
    assert few["n_real"] == 80 and few["recall"] < 0.7 * found["recall"]
    again = metrics.compare(real=np.vstack([b, b + 1000]), generated=a)
    assert few == again  # the rows are drawn by a fixed seed
    with pytest.raises(ValueError, match=r"^generated must hold at least 4 samples"):
        metrics.compare(real=b, generated=a[:3])


# ---- errors for people ---------------------------------------------------------------

good = np.random.default_rng(12).normal(size=(10, 3))
holed = good.copy()
holed[7, 1] = np.nan
BAD_FEATURES = [
    (good[0], ValueError, r"{name} must have shape \(N, D\)"),
    (good[None], ValueError, r"{name} must have shape \(N, D\)"),
    (good[:0], ValueError, "{name} must hold at least"),
    (good[:1], ValueError, "{name} must hold at least"),
    (good[:, :0], ValueError, r"{name} must have shape .*\(10, 0\)"),
    (holed, ValueError, r"{name} must be finite, .* with NaN or infinity.*row 7"),
    (
        np.where(np.isnan(holed), np.inf, holed),
        ValueError,
        "{name} must be finite, .* with NaN or infinity.*row 7",
    ),
    (good.astype(complex), TypeError, "{name} must be real features.*complex128"),
    (good > 0, TypeError, "{name} must be real features.*bool"),
    (good.astype(str), TypeError, "{name} must be real features"),
    (None, TypeError, "{name} must be real features"),
    ([[1.0], [1.0, 2.0]], ValueError, "{name} must have rows of one length"),
]
MEASURES = [
    (metrics.frechet_distance, ("a", "b")),
    (metrics.kernel_distance, ("a", "b")),
    (metrics.precision_recall, ("real", "generated")),
    (metrics.compare, ("real", "generated")),
]


@pytest.mark.parametrize(("bad", "error", "message"), BAD_FEATURES)
@pytest.mark.parametrize(("function", "names"), MEASURES)
def test_bad_features_are_refused_by_name(function, names, bad, error, message):
    for name in names:
        arguments = {**dict.fromkeys(names, good), name: bad}
        with pytest.raises(error, match=f"^{message.format(name=name)}") as caught:
            function(**arguments)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("function", "names"), MEASURES)
def test_different_widths_are_refused(function, names):
    with pytest.raises(ValueError, match=r"has 2 features a sample but .* has 3"):
        function(**dict(zip(names, (good, good[:, :2]), strict=True)))


def test_kernel_needs_four_samples():
    with pytest.raises(ValueError, match=r"^b must hold at least 4 samples"):
        metrics.kernel_distance(good, good[:3])


@pytest.mark.parametrize(
    ("k", "error", "message"),
    [
        (10, ValueError, "k is 10, but real has only 10 samples"),
        (0, ValueError, "k must be a whole number of at least 1"),
        (-1, ValueError, "k must be a whole number of at least 1"),
        (2.5, ValueError, "k must be a whole number"),
        (True, TypeError, "k must be a whole number"),
        ("3", TypeError, "k must be a whole number"),
    ],
)
def test_bad_k_is_refused(k, error, message):
    with pytest.raises(error, match=f"^{message}"):
        metrics.precision_recall(real=good, generated=good, k=k)


pictures = some_images(4)
BAD_IMAGES = [
    ((pictures * 127 + 128).astype("uint8"), TypeError, "must be float images"),
    (pictures[0], ValueError, r"must have shape \(N, H, W, C\)"),
    (pictures[:0], ValueError, "must not be empty"),
    (pictures * np.nan, ValueError, "must be finite"),
    (pictures * 127, ValueError, r"must lie in \[-1, 1\]"),
]


@pytest.mark.parametrize(("bad", "error", "message"), BAD_IMAGES)
def test_bad_images_are_refused_by_name(bad, error, message):
    with pytest.raises(error, match=f"^images {message}"):
        metrics.features(brightness_by_row, bad)
    with pytest.raises(error, match=f"^generated_images {message}"):
        metrics.evaluate(
            real_images=pictures, generated_images=bad, extractor=brightness_by_row
        )
    with pytest.raises(error, match=f"^real_images {message}"):
        metrics.evaluate(
            real_images=bad, generated_images=pictures, extractor=brightness_by_row
        )


def test_other_bad_arguments_of_features():
    with pytest.raises(TypeError, match=r"^extractor must be a model"):
        metrics.features("digits-labelled", pictures)
    for size in (0, 2.0):
        with pytest.raises(
            ValueError, match=r"^batch_size must be a whole number of at"
        ):
            metrics.features(brightness_by_row, pictures, size)
    for wrong in (
        lambda images: images,
        lambda images: images.mean(),
        lambda images: images.mean(axis=(0, 3)),  # as many rows as an image has
        lambda images: np.zeros((len(images), len(images))),  # another D a batch
        lambda images: None,
    ):
        with pytest.raises((TypeError, ValueError), match=r"^the output of extractor"):
            metrics.features(wrong, pictures, batch_size=20)
    with pytest.raises(ValueError, match=r"^generated_images must hold at least 4"):
        metrics.evaluate(
            real_images=pictures,
            generated_images=pictures[:3],
            extractor=brightness_by_row,
        )


def test_features_of_a_model_in_mixed_precision():
    import tensorflow as tf

    def half(images):
        return tf.cast(brightness_by_row(images), tf.bfloat16)

    found = metrics.features(half, pictures)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, brightness_by_row(pictures), atol=1e-2)
