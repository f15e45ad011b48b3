"""Exercises of chapter 10, style transfer."""

import tracemalloc

import numpy as np

from checks.kit import (
    Foreseen,
    Wrong,
    array,
    call,
    close,
    exercise,
    function_question,
    number_question,
    quizzes,
    rephrase,
)

quizzes(
    """
    10.q1
      a) Positions are forgotten, but each position has looked at a patch; a mirrored
         patch excites other filters.
    * b) A filter that answers to edges rising to the right meets edges that fall: other
         channels are active together.
      c) G is indexed by channels and has no left or right to mirror.

    10.q2
      a) The encoder is frozen: it only measures.
      b) There is no second network here; that is the idea of the next chapter.
    * c) The gradient of the loss is taken with respect to the picture, and only the
         picture moves.

    10.q3
      a) A higher weight matches the same panes more strictly; their size is set by the
         painting.
    * b) The filters have a fixed size in pixels, so larger panes in the painting become
         larger panes in the picture; beyond 128 the row shows that this has an end.
      c) More evaluations come nearer to the same optimum, whose panes have the same
         size.
    """
)

number_question(
    "10.1",
    256 * 257 // 2,
    rtol=0,
    because="C (C + 1) / 2 numbers, and the size of the picture does not enter.",
    wrong={
        256 * 256: (
            "That counts every entry; the matrix is symmetric, so many appear twice."
        ),
        256 * 255: (
            "That is all but the diagonal; take the diagonal and one triangle."
        ),
        256 * 255 // 2: "That is one triangle without the diagonal.",
        (128 * 128 * 256, 512 * 512 * 256): (
            "That counts the activations; the sum over positions has removed those."
        ),
    },
    otherwise="Count the entries of a symmetric 256 x 256 matrix that can differ.",
    hints=[
        "A symmetric matrix is known from its diagonal and one triangle.",
        "C (C + 1) / 2 with C = 256.",
    ],
    foreseen=[256],
)


def _flat(features):
    return features.reshape(-1, features.shape[-1])


def _gram(features):
    return np.einsum("hwi,hwj->ij", features, features) / np.prod(features.shape[:2])


def _scrambled(features):
    rows = features.reshape(features.shape[-1], -1)
    return rows @ rows.T


def _matrix(value):
    made = array(value, "the result")
    if made.shape != (4, 4):
        raise Wrong(
            "For activations (5, 7, 4) the shape must be (4, 4); yours is "
            f"{made.shape}."
        )
    return made


function_question(
    "10.2",
    _gram,
    inputs=[(np.random.default_rng(0).uniform(0, 1, (5, 7, 4)).astype(np.float32),)],
    because="It agrees with the definition, entry by entry.",
    wrong={
        lambda f: _gram(f) * 35: (
            "That is the sum over the positions; the average was asked for."
        ),
        lambda f: _gram(f) / 4: (
            "Divide by the number of positions only, not by the channels."
        ),
        (lambda f: np.cov(_flat(f).T), lambda f: np.cov(_flat(f).T, bias=True)): (
            "That is the covariance: the mean must not be taken off."
        ),
        (_scrambled, lambda f: _scrambled(f) / 35): (
            "That reshape scrambles channels and positions: channels come last, so "
            "reshape to (-1, C)."
        ),
        (
            lambda f: _gram(f) * 35 / 5,
            lambda f: _gram(f) * 35 / 7,
            lambda f: _gram(f) * 35 / 34,
        ): "Divide by the number of positions, here 5 * 7 = 35.",
    },
    otherwise=(
        "Entry (i, j) must be the mean over positions of channel i times channel j."
    ),
    read=_matrix,
    hints=[
        "Reshape to (N, C) first, so that positions become the rows of a matrix.",
        "flat.T @ flat sums over the rows; divide by how many there are.",
    ],
    foreseen=[Foreseen(lambda f: _flat(f) @ _flat(f).T, says="shape")],
)


def _discrepancy(f, s):
    """Compute what 10.3 asks for the long way, over all pairs."""
    return (f @ f.T).mean() + (s @ s.T).mean() - 2 * (f @ s.T).mean()


def _samples():
    rng = np.random.default_rng(1)
    return rng.uniform(0, 1, (30, 6)), rng.uniform(0, 2, (40, 6))


def _thrifty(answer):
    big = np.random.default_rng(1).uniform(0, 1, (2, 2000, 4))
    tracemalloc.start()
    try:
        call(answer, *big)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if peak > 2000 * 2000 * 4:
        raise Wrong(
            "The number is right, but an N x M matrix was formed on the way: take the "
            "means first."
        )


function_question(
    "10.3",
    _discrepancy,
    inputs=[_samples()],
    because=(
        "The squared distance of the mean activations: first moments instead of second."
    ),
    wrong={
        lambda f, s: np.sqrt(np.sum((f.mean(0) - s.mean(0)) ** 2)): (
            "That is the distance; its square was asked for."
        ),
        lambda f, s: np.mean((f.mean(0) - s.mean(0)) ** 2): (
            "Sum over the channels; do not average them."
        ),
        lambda f, s: np.sum((f.T @ f / len(f) - s.T @ s / len(s)) ** 2): (
            "That is the Gram distance, the one of the squared kernel."
        ),
    },
    otherwise=(
        "It differs from the mean of f·f' + the mean of s·s' - 2 the mean of f·s."
    ),
    instead={
        "broadcast": "The two samples have different sizes, 30 and 40 here: average "
        "each over its positions (axis 0) before you compare."
    },
    then=_thrifty,
    hints=[
        "The mean over all pairs of f·s is a product of two means.",
        "You end with the squared distance of the two mean vectors.",
    ],
    foreseen=[
        lambda f, s: np.sum((f.sum(0) - s.sum(0)) ** 2),
        Foreseen(_discrepancy, says="matrix"),
        Foreseen(lambda f, s: np.sum((f.mean(1) - s.mean(1)) ** 2), says="axis 0"),
        Foreseen(lambda f, s: np.mean((f - s) ** 2), says="axis 0"),
    ],
)


@exercise(
    "10.4",
    hints=[
        "The weights 0.299, 0.587 and 0.114 add up to 1: what does adding d to R, G "
        "and B do to the brightness?",
        "Add (painted - photo) @ luma to every channel.",
        "A brightness has shape (H, W); [..., None] gives it a last axis, for the "
        "channels.",
    ],
    foreseen=[
        Foreseen(lambda photo, painted: painted, says="colours"),
        Foreseen(lambda photo, painted: photo, says="brightness"),
        Foreseen(
            lambda photo, painted: np.clip(
                photo
                + ((painted - photo) @ np.array([0.299, 0.587, 0.114]))[..., None],
                -1,
                1,
            ),
            says="clip",
        ),
        lambda photo, painted: photo + (painted - photo).mean(-1, keepdims=True),
        Foreseen(
            lambda photo, painted: painted @ np.array([0.299, 0.587, 0.114]),
            says="shape",
        ),
        Foreseen(
            lambda photo, painted: (
                photo + (painted - photo) @ np.array([0.299, 0.587, 0.114])
            ),
            says="None",
        ),
    ],
)
def _(answer):
    rng = np.random.default_rng(2)
    photo, painted = rng.uniform(-1, 1, (2, 6, 5, 3))
    luma = np.array([0.299, 0.587, 0.114])
    with rephrase(
        {
            "broadcast": "A brightness has shape (H, W), a picture (H, W, 3): give the "
            "brightness a last axis with [..., None]."
        }
    ):
        made = array(call(answer, photo.copy(), painted.copy()), "the result")
    if made.shape != photo.shape:
        raise Wrong(
            f"The result must have the photograph's shape (H, W, 3), not {made.shape}."
        )
    wanted = photo + ((painted - photo) @ luma)[..., None]
    if close(made, np.clip(wanted, -1, 1)):
        raise Wrong(
            "Right but for the clip: clipped pixels do not have the brightness wanted."
        )
    if not close(made @ luma, painted @ luma, atol=1e-5):
        raise Wrong("The brightness of the result is not that of the painted picture.")
    moved = made - photo
    if not close(moved, np.broadcast_to(moved[..., :1], moved.shape), atol=1e-5):
        raise Wrong(
            "The brightness is right, but the photograph's colours changed: add the "
            "same amount to red, green and blue."
        )
    return (
        "The painting's brightness, the photograph's differences between red, "
        "green and blue."
    )


def _mixtures():
    """Return the Gram matrices of two samples, with each of three shares."""
    rng = np.random.default_rng(3)
    f, s = rng.uniform(0.1, 1, (30, 5)), rng.uniform(0.1, 2, (10, 5))
    return [(f.T @ f / 30, s.T @ s / 10, share) for share in (0.0, 1.0, 0.25)]


function_question(
    "10.5",
    lambda a, b, t: a + t * (b - a),
    inputs=_mixtures(),
    because="It is the Gram matrix of a sample drawn from both paintings.",
    otherwise=[
        "At t = 0 the target must be a itself.",
        "At t = 1 the target must be b itself.",
        "At t = 0.25 it differs from the Gram matrix of a pooled sample with a "
        "quarter from b.",
    ],
    instead={
        "indices": "Here a and b are the Gram matrices of one layer, arrays of "
        "shape (C, C), not dicts: mix these two."
    },
    hints=[
        "Think of a sample of positions, a share t of them from b.",
        "A Gram matrix is a mean, and means of pooled samples are weighted means.",
    ],
    foreseen=[
        Foreseen(lambda a, b, t: t * a + (1 - t) * b, says="t = 0"),
        Foreseen(lambda a, b, t: a + t * b, says="t = 1"),
        lambda a, b, t: (a + b) / 2,
        Foreseen(lambda a, b, t: a ** (1 - t) * b**t, says="pooled"),
        Foreseen(
            lambda a, b, t: {k: (1 - t) * a[k] + t * b[k] for k in a}, says="one layer"
        ),
    ],
)
