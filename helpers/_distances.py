"""Sums over all pairs of samples, in blocks: the arithmetic under `helpers.metrics`."""

import numpy as np

BLOCK = 256  # rows of a distance matrix held at once: with 10,000 columns, 20 MB


def blocks(count):
    """Return the slices of `count` rows, BLOCK at a time."""
    return [slice(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]


def kernel_sums(x, y=None):
    """Return row sums, column sums, sum of squares of K; y=None: off the diagonal."""
    same, y = y is None, x if y is None else y
    # left @ right.T = x.y / D + 1
    left = np.hstack([x / x.shape[1], np.ones((len(x), 1))])
    right = np.hstack([y, np.ones((len(y), 1))])
    rows, columns, squares = np.zeros(len(x)), np.zeros(len(y)), 0.0
    for block in blocks(len(x)):
        for other in blocks(len(y)):
            if same and other.start < block.start:
                continue  # K(x, x) is symmetric: its upper blocks suffice
            k = left[block] @ right[other].T
            k *= np.square(k)
            if same and other == block:
                np.fill_diagonal(k, 0.0)
            twice = 2 if same and other != block else 1
            squares += twice * np.vdot(k, k)
            rows[block] += k.sum(axis=1)
            if not same:
                columns[other] += k.sum(axis=0)
            elif twice == 2:
                rows[other] += k.sum(axis=0)
    return rows, columns, squares


def with_norms(x):
    """Return (p, q) such that p_i . q_j = |x_i|^2 + |x_j|^2 - 2 x_i . x_j."""
    norms, ones = np.sum(x**2, axis=1, keepdims=True), np.ones((len(x), 1))
    return np.hstack([x, ones, norms]), np.hstack([-2 * x, norms, ones])


def radii(left, right, k):
    """Return the squared distance of each sample to its k-th nearest other sample."""
    radii, room = np.empty(len(left)), np.empty((BLOCK, len(left)))
    for block in blocks(len(left)):
        squared = np.matmul(left[block], right.T, out=room[: block.stop - block.start])
        squared[np.arange(len(squared)), np.arange(block.start, block.stop)] = -1.0
        squared.partition(k, axis=1)  # index 0 is the sample itself
        radii[block] = squared[:, k]
    return radii
