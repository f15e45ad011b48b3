"""How far generated images are from real ones, measured on features.

Everything here works on arrays: `features (N, D)` in, numbers out. Which extractor
makes the features is the caller's choice and must be told beside every number; only
features of the Inception network at 299 pixels may be called FID.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg

from helpers import _arguments
from helpers._arguments import counts, told
from helpers._distances import BLOCK, blocks, kernel_sums, radii, with_norms


def _feature_array(value, name, at_least=2):
    """Return `value` as finite float64 features (N, D), or say what is wrong."""
    array = _arguments.as_array(value, f"{name} must have rows of one length")
    if array.dtype.name == "bfloat16":  # of a model in mixed precision
        array = array.astype(np.float32)
    got = told(array if hasattr(value, "dtype") else value)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} must be real features of shape (N, D), got {got}.")
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(
            f"{name} must have shape (N, D), one row a sample, got {told(array)}: "
            "flatten or extract features first."
        )
    if array.shape[0] < at_least:
        raise ValueError(
            f"{name} must hold at least {at_least} samples, got {told(array)}."
        )
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array).all(axis=1)))
        raise ValueError(
            f"{name} must be finite, got {told(array)}: look at row {row}, the first."
        )
    return array


def _feature_pair(a, b, names, at_least=2) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of features of one width, or say what is wrong."""
    a = _feature_array(a, names[0], at_least)
    b = _feature_array(b, names[1], at_least)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"{names[1]} has {b.shape[1]} features a sample but {names[0]} has "
            f"{a.shape[1]}: use the same extractor for both."
        )
    return a, b


def frechet_distance(a: ArrayLike, b: ArrayLike) -> float:
    """Return the squared Frechet distance of Gaussians fitted to the features a and b.

    |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)), covariances divided by N - 1. a,
    b: (N, D) and (M, D), real and finite, N, M >= 2; N < D is allowed. The trace of the
    root is the sum of the singular values of R_a R_b^T, where C = R^T R comes from a QR
    decomposition of the centred features: no matrix root, and no constant added to the
    diagonal. Raises TypeError or ValueError that names the argument. Source: Dowson and
    Landau 1982; as a measure of generators Heusel et al. 2017, equation 6.

    >>> import numpy as np
    >>> from helpers import metrics
    >>> a = np.random.default_rng(0).normal(size=(50, 4))
    >>> round(metrics.frechet_distance(a, a + 1), 6)
    4.0
    """
    a, b = _feature_pair(a, b, ("a", "b"))
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    root_a, root_b = (
        linalg.qr(x - mean, mode="r", check_finite=False)[0][: x.shape[1]]
        / np.sqrt(len(x) - 1)
        for x, mean in ((a, mean_a), (b, mean_b))
    )
    overlap = linalg.svdvals(root_a @ root_b.T, check_finite=False).sum()
    spread = np.sum(root_a**2) + np.sum(root_b**2) - 2 * overlap
    return float(max(np.sum((mean_a - mean_b) ** 2) + spread, 0.0))


def kernel_distance(a: ArrayLike, b: ArrayLike) -> tuple[float, float]:
    """Return the unbiased squared MMD under (x.y/D + 1)^3, and its standard error.

    This is the estimator of the kernel inception distance, on whatever features are
    given. Being unbiased it can be negative: near zero means "not told apart at this
    N". a, b: (N, D) and (M, D), real and finite, N, M >= 4. Raises TypeError or
    ValueError that names the argument. The standard error adds the five uncorrelated
    terms of the Hoeffding decomposition (two of first order, three of second), each
    estimated from the same kernels; a term of first order that comes out negative
    counts as zero, so where a and b are alike the error is slightly too large rather
    than too small. Source: Binkowski et al. 2018, section 4; Gretton et al. 2012, lemma
    6.

    >>> import numpy as np
    >>> from helpers import metrics
    >>> a = np.random.default_rng(0).normal(size=(50, 4))
    >>> metrics.kernel_distance(a, a + 1)
    (9.489..., 2.396...)
    """
    a, b = _feature_pair(a, b, ("a", "b"), at_least=4)
    m, n = len(a), len(b)
    rows_aa, _, squares_aa = kernel_sums(a)
    rows_bb, _, squares_bb = kernel_sums(b)
    rows_ab, columns_ab, squares_ab = kernel_sums(a, b)
    # The mean kernel that a sample sees.
    aa, bb = rows_aa / (m - 1), rows_bb / (n - 1)
    ab, ba = rows_ab / n, columns_ab / m
    value = aa.mean() + bb.mean() - 2 * ab.mean()
    # Second order: the mean square of each kernel after both its arguments are centred.
    second_aa = squares_aa / (m * (m - 1)) - 2 * np.mean(aa**2) + aa.mean() ** 2
    second_bb = squares_bb / (n * (n - 1)) - 2 * np.mean(bb**2) + bb.mean() ** 2
    second_ab = squares_ab / (m * n) - np.mean(ab**2) - np.mean(ba**2) + ab.mean() ** 2
    # First order: how much one sample moves the value, less what the finite means add
    # to it.
    first_a = max(np.var(aa - ab, ddof=1) - second_aa / m - second_ab / n, 0.0)
    first_b = max(np.var(bb - ba, ddof=1) - second_bb / n - second_ab / m, 0.0)
    variance = (
        4 * first_a / m
        + 4 * first_b / n
        + 2 * second_aa / (m * (m - 1))
        + 2 * second_bb / (n * (n - 1))
        + 4 * second_ab / (m * n)
    )
    return float(value), float(np.sqrt(max(variance, 0.0)))


def precision_recall(
    *, real: ArrayLike, generated: ArrayLike, k: int = 3
) -> tuple[float, float]:
    """Return (precision, recall): the share of each set in the other's k-NN balls.

    A ball is centred on a sample and reaches to its k-th nearest other sample of its
    own set. Precision is the share of generated samples in a ball of a real one, recall
    the reverse. real, generated: features (N, D) and (M, D), real and finite, N, M > k
    >= 1. Both numbers depend on N and M: compare only what was measured with the same
    counts. A sample that is there more than k times has a ball of radius zero, so
    repeats lower the number that its set's balls give the other set. Raises TypeError
    or ValueError that names the argument. Source: Kynkaanniemi et al. 2019, equations 1
    and 2.

    >>> import numpy as np
    >>> from helpers import metrics
    >>> a = np.random.default_rng(0).normal(size=(50, 4))
    >>> metrics.precision_recall(real=a, generated=a[:10])
    (1.0, 0.86)
    """
    k = counts(k=k)
    real, generated = _feature_pair(real, generated, ("real", "generated"))
    for name, found in (("real", real), ("generated", generated)):
        if k >= len(found):
            raise ValueError(
                f"k is {k}, but {name} has only {len(found)} samples: choose a smaller "
                "k."
            )
    centre = real.mean(axis=0)  # near the origin, rounding is smallest
    r, g = with_norms(real - centre), with_norms(generated - centre)
    slack = 1e-12 * max(r[0][:, -1].max(), g[0][:, -1].max())
    real_radii = radii(r[0], r[1], k)[:, None] + slack
    generated_radii = radii(g[0], g[1], k) + slack
    inside_real = np.zeros(len(generated_radii), bool)
    inside_generated = np.zeros(len(real_radii), bool)
    room = np.empty((BLOCK, len(generated_radii)))
    for block in blocks(len(real_radii)):
        squared = np.matmul(r[0][block], g[1].T, out=room[: block.stop - block.start])
        inside_real |= (squared <= real_radii[block]).any(axis=0)
        inside_generated[block] = (squared <= generated_radii).any(axis=1)
    return float(inside_real.mean()), float(inside_generated.mean())


def features(
    extractor: Callable[..., Any], images: ArrayLike, batch_size: int = 500
) -> np.ndarray:
    """Return what the extractor says of each image, as an array (N, D) of float64.

    extractor: a Keras model or any callable from (B, H, W, C) to (B, D), for example
    zoo.load("06/digits-labelled"). images: float (N, H, W, C) in [-1, 1]. batch_size:
    images a call, at least 1. Raises TypeError or ValueError that names the argument;
    what a function of your own raises comes through.

    >>> import numpy as np
    >>> from helpers import metrics
    >>> extractor = lambda batch: batch.mean(axis=(1, 2))
    >>> metrics.features(extractor, np.zeros((5, 8, 8, 3))).shape
    (5, 3)
    """
    pictures = _arguments.images(images, channels=None)
    batch_size = counts(batch_size=batch_size)
    if not callable(extractor) or isinstance(extractor, type):
        raise TypeError(
            "extractor must be a model or a function of images, got "
            f"{told(extractor)}: pass for example zoo.load(NAME)."
        )
    takes = getattr(extractor, "input_shape", None)
    if isinstance(takes, tuple) and not _arguments.fits(pictures.shape[1:], takes[1:]):
        raise ValueError(
            f"images have shape {pictures.shape[1:]} each, but the extractor takes "
            f"{takes[1:]}: resize them or take the extractor made for them."
        )
    name, parts = "the output of extractor", []
    for start in range(0, len(pictures), batch_size):
        batch = pictures[start : start + batch_size]
        parts.append(_feature_array(extractor(batch), name, at_least=1))
        if len(parts[-1]) != len(batch) or parts[-1].shape[1] != parts[0].shape[1]:
            raise ValueError(
                f"{name} must have shape ({len(batch)}, D) for as many images, got "
                f"{told(parts[-1])}."
            )
    return np.concatenate(parts)


def compare(*, real: ArrayLike, generated: ArrayLike) -> dict[str, float]:
    """Measure features of generated against real images by every number here.

    Both: (N, D), at least 4 rows each. Returns a dict: frechet, kernel, kernel_se,
    precision, recall, n_real, n_generated. Precision and recall (k=3) use as many rows
    of each set as the smaller one has, drawn without replacement by a fixed seed.
    Raises TypeError or ValueError that names the argument.

    >>> import numpy as np
    >>> from helpers import metrics
    >>> a = np.random.default_rng(0).normal(size=(50, 4))
    >>> round(metrics.compare(real=a, generated=a + 1)["frechet"], 6)
    4.0
    """
    real, generated = _feature_pair(real, generated, ("real", "generated"), at_least=4)
    kernel, kernel_se = kernel_distance(generated, real)
    count, rng = min(len(real), len(generated)), np.random.default_rng(0)
    precision, recall = precision_recall(
        real=rng.permutation(real)[:count], generated=rng.permutation(generated)[:count]
    )
    return {
        "frechet": frechet_distance(generated, real),
        "kernel": kernel,
        "kernel_se": kernel_se,
        "precision": precision,
        "recall": recall,
        "n_real": len(real),
        "n_generated": len(generated),
    }


def evaluate(
    *,
    real_images: ArrayLike,
    generated_images: ArrayLike,
    extractor: Callable[..., Any],
) -> dict[str, float]:
    """Measure generated against real images: `compare` on what `extractor` says.

    Both: float (N, H, W, C) in [-1, 1], at least 4 images each. Returns the dict of
    `compare`. Raises TypeError or ValueError that names the argument.

    >>> from helpers import data, metrics
    >>> images, labels = data.digits("validation")
    >>> pair = {"real_images": images[:50], "generated_images": -images[:50]}
    >>> metrics.evaluate(extractor=lambda x: x.mean(axis=(1, 2)), **pair)["frechet"]
    2.3...
    """
    found = [
        features(extractor, _arguments.images(value, name, channels=None, least=4))
        for name, value in (
            ("generated_images", generated_images),
            ("real_images", real_images),
        )
    ]
    return compare(generated=found[0], real=found[1])
