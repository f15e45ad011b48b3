"""The generator of chapter 04, its ten typical digits, and eight directions to walk
in."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from book.live.lib import weights as live_weights
from helpers import data, metrics, zoo

ASSETS = [
    "04/digits-dcgan",
    "06/digits-labelled",
    "data/digits-train-0.png",
    "data/digits-train-labels.npz",
]
COUNT = 5000  # latents drawn for all that is measured here
NUDGED = 150  # of them, those at which the generator is differentiated
DIRECTIONS = 8  # lean, ink, and six more


def generate(generator, latents):
    """Return the pictures (N, 28, 28) of latents (N, 64)."""
    latents = np.asarray(latents, "float32")
    return np.concatenate(
        [
            np.array(generator(latents[i : i + 500], training=False))
            for i in range(0, len(latents), 500)
        ]
    )[..., 0]


def lean_and_ink(pictures):
    """Return how far each picture leans to the right (a tangent), and its share of
    white."""
    ink = (pictures.astype("float64") + 1) / 2
    row, column = np.mgrid[:28, :28]
    total = ink.sum(axis=(1, 2))
    down = row - ((ink * row).sum(axis=(1, 2)) / total)[:, None, None]
    right = column - ((ink * column).sum(axis=(1, 2)) / total)[:, None, None]
    return (
        -(ink * down * right).sum(axis=(1, 2)) / (ink * down**2).sum(axis=(1, 2)),
        ink.mean(axis=(1, 2)),
    )


def typical(latents, pictures):
    """Return, for each digit, the mean of the latents that clearly draw it, at length
    1.

    As chapter 04 does: clear is a picture whose five nearest training digits have one
    label.
    """
    extractor = zoo.load("06/digits-labelled")
    digits, labels = data.digits("train")
    neighbours = NearestNeighbors(n_neighbors=5).fit(
        metrics.features(extractor, digits)
    )
    index = neighbours.kneighbors(metrics.features(extractor, pictures[..., None]))[1]
    means = np.array(
        [
            latents[(labels[index] == digit).all(axis=1)].mean(axis=0)
            for digit in range(10)
        ]
    )
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def sensitivity(generator, latents, step=0.05):
    """Return the mean of J'J over `latents`: how much the picture changes in each
    direction."""
    total = np.zeros((latents.shape[1],) * 2)
    nudges = step * np.eye(latents.shape[1])
    for latent in latents:
        difference = generate(generator, latent + nudges) - generate(
            generator, latent - nudges
        )
        jacobian = difference.reshape(len(nudges), -1).astype("float64") / (2 * step)
        total += jacobian @ jacobian.T
    return total / len(latents)


def directions(generator, latents, pictures):
    """Return orthonormal directions (8, 64): lean, ink, and the six that matter most
    beside them.

    The first two are fitted by least squares to what is measured on the pictures; the
    others are the leading eigenvectors of `sensitivity` among all directions at right
    angles to them.
    """
    inputs = np.column_stack([latents, np.ones(len(latents))])
    found = []
    for measured in lean_and_ink(pictures):
        slope = np.linalg.lstsq(inputs, measured, rcond=None)[0][:-1]
        slope -= sum((slope @ other * other for other in found), np.zeros(len(slope)))
        found.append(slope / np.linalg.norm(slope))
    rest = np.eye(latents.shape[1]) - sum(np.outer(d, d) for d in found)
    matrix = rest @ sensitivity(generator, latents[:NUDGED]) @ rest
    vectors = np.linalg.eigh(matrix)[1][:, ::-1].T[: DIRECTIONS - len(found)]
    # An eigenvector has no sign of its own: let the largest number of each be positive.
    largest = np.take_along_axis(
        vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1
    )
    return np.array([*found, *(vectors * np.sign(largest))])


def files() -> dict[str, bytes]:
    """Return the file that this figure fetches."""
    generator = zoo.load("04/digits-dcgan")
    latents = np.random.default_rng(0).standard_normal(
        (COUNT, generator.input_shape[1])
    )
    pictures = generate(generator, latents)
    layers, arrays = live_weights.chain(generator)
    arrays["anchors"] = typical(latents, pictures)
    arrays["directions"] = directions(generator, latents, pictures)
    return {"generator.bin": live_weights.pack({"chain": layers}, arrays)}
