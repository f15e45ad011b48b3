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
    number,
    quiz,
    rephrase,
)

quiz(
    "10.q1",
    correct="b",
    because={
        "a": "Positions are forgotten, but each position has looked at a patch; a "
        "mirrored patch "
        "excites other filters.",
        "b": "A filter that answers to edges rising to the right meets edges that "
        "fall: other "
        "channels are active together.",
        "c": "G is indexed by channels and has no left or right to mirror.",
    },
)

quiz(
    "10.q2",
    correct="c",
    because={
        "a": "The encoder is frozen: it only measures.",
        "b": "There is no second network here; that is the idea of the next chapter.",
        "c": "The gradient of the loss is taken with respect to the picture, and only "
        "the picture "
        "moves.",
    },
)

quiz(
    "10.q3",
    correct="b",
    because={
        "a": (
            "A higher weight matches the same panes more strictly; their size is set "
            "by the painting."
        ),
        "b": "The filters have a fixed size in pixels, so larger panes in the "
        "painting become larger "
        "panes in the picture; beyond 128 the row shows that this has an end.",
        "c": (
            "More evaluations come nearer to the same optimum, whose panes have the "
            "same size."
        ),
    },
)


@exercise(
    "10.1",
    hints=[
        "A symmetric matrix is known from its diagonal and one triangle.",
        "C (C + 1) / 2 with C = 256.",
    ],
    foreseen=[
        Foreseen(256 * 256, says="symmetric"),
        Foreseen(256 * 255 // 2, says="diagonal"),
        Foreseen(128 * 128 * 256, says="positions"),
        Foreseen(256 * 255, says="diagonal"),
        256,
    ],
)
def _(answer):
    value = number(answer)
    if close(value, 256 * 256):
        raise Wrong(
            "That counts every entry; the matrix is symmetric, so many appear twice."
        )
    if close(value, 256 * 255):
        raise Wrong("That is all but the diagonal; take the diagonal and one triangle.")
    if close(value, 256 * 255 // 2):
        raise Wrong("That is one triangle without the diagonal.")
    if close(value, 128 * 128 * 256) or close(value, 512 * 512 * 256):
        raise Wrong(
            "That counts the activations; the sum over positions has removed those."
        )
    if value != 256 * 257 // 2:
        raise Wrong(
            "Count the entries of a symmetric 256 x 256 matrix that can differ."
        )
    return "C (C + 1) / 2 numbers, and the size of the picture does not enter."


def _gram(features):
    return np.einsum("hwi,hwj->ij", features, features) / np.prod(features.shape[:2])


@exercise(
    "10.2",
    hints=[
        "Reshape to (N, C) first, so that positions become the rows of a matrix.",
        "flat.T @ flat sums over the rows; divide by how many there are.",
    ],
    foreseen=[
        Foreseen(
            lambda f: f.reshape(-1, f.shape[-1]).T @ f.reshape(-1, f.shape[-1]),
            says="average",
        ),
        Foreseen(
            lambda f: f.reshape(-1, f.shape[-1]) @ f.reshape(-1, f.shape[-1]).T,
            says="shape",
        ),
        Foreseen(lambda f: np.cov(f.reshape(-1, f.shape[-1]).T), says="mean"),
        Foreseen(lambda f: _gram(f) / f.shape[-1], says="positions"),
        Foreseen(
            lambda f: f.reshape(f.shape[-1], -1) @ f.reshape(f.shape[-1], -1).T / 35,
            says="scrambles",
        ),
        Foreseen(lambda f: _gram(f) * 35 / 34, says="35"),
        Foreseen(lambda f: _gram(f) * 7, says="35"),
    ],
)
def _(answer):
    features = np.random.default_rng(0).uniform(0, 1, (5, 7, 4)).astype(np.float32)
    made = array(call(answer, features.copy()), "the result", None)
    wanted = _gram(features)
    if made.shape != wanted.shape:
        raise Wrong(
            f"For activations (5, 7, 4) the shape must be (4, 4); yours is "
            f"{made.shape}."
        )
    if close(made, 35 * wanted):
        raise Wrong("That is the sum over the positions; the average was asked for.")
    if close(made, wanted / 4):
        raise Wrong("Divide by the number of positions only, not by the channels.")
    flat = features.reshape(-1, 4)
    if close(made, np.cov(flat.T)) or close(made, np.cov(flat.T, bias=True)):
        raise Wrong("That is the covariance: the mean must not be taken off.")
    scrambled = features.reshape(4, -1) @ features.reshape(4, -1).T
    if any(close(made, scrambled / n) for n in (1, 35)):
        raise Wrong(
            "That reshape scrambles channels and positions: channels come last, so "
            "reshape to (-1, C)."
        )
    if any(close(made, 35 / n * wanted) for n in (5, 7, 34)):
        raise Wrong("Divide by the number of positions, here 5 * 7 = 35.")
    if not close(made, wanted):
        raise Wrong(
            "Entry (i, j) must be the mean over positions of channel i times channel j."
        )
    return "It agrees with the definition, entry by entry."


@exercise(
    "10.3",
    hints=[
        "The mean over all pairs of f·s is a product of two means.",
        "You end with the squared distance of the two mean vectors.",
    ],
    foreseen=[
        Foreseen(
            lambda f, s: np.sqrt(np.sum((f.mean(0) - s.mean(0)) ** 2)), says="square"
        ),
        Foreseen(lambda f, s: np.mean((f.mean(0) - s.mean(0)) ** 2), says="Sum"),
        Foreseen(
            lambda f, s: np.sum((f.T @ f / len(f) - s.T @ s / len(s)) ** 2), says="Gram"
        ),
        lambda f, s: np.sum((f.sum(0) - s.sum(0)) ** 2),
        Foreseen(
            lambda f, s: (f @ f.T).mean() + (s @ s.T).mean() - 2 * (f @ s.T).mean(),
            says="matrix",
        ),
        Foreseen(lambda f, s: np.sum((f.mean(1) - s.mean(1)) ** 2), says="axis 0"),
        Foreseen(lambda f, s: np.mean((f - s) ** 2), says="axis 0"),
    ],
)
def _(answer):
    rng = np.random.default_rng(1)
    f, s = rng.uniform(0, 1, (30, 6)), rng.uniform(0, 2, (40, 6))
    wanted = (f @ f.T).mean() + (s @ s.T).mean() - 2 * (f @ s.T).mean()
    with rephrase(
        {
            "broadcast": "The two samples have different sizes, 30 and 40 here: "
            "average "
            "each over its positions (axis 0) before you compare."
        }
    ):
        made = number(call(answer, f.copy(), s.copy()), "the result")
    if close(made, np.sqrt(wanted)):
        raise Wrong("That is the distance; its square was asked for.")
    if close(made, wanted / 6):
        raise Wrong("Sum over the channels; do not average them.")
    if close(made, np.sum((f.T @ f / 30 - s.T @ s / 40) ** 2)):
        raise Wrong("That is the Gram distance, the one of the squared kernel.")
    if not close(made, wanted):
        raise Wrong(
            "It differs from the mean of f·f' + the mean of s·s' - 2 the mean of f·s."
        )
    big = rng.uniform(0, 1, (2, 2000, 4))
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
    return (
        "The squared distance of the mean activations: first moments instead of second."
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


@exercise(
    "10.5",
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
def _(answer):
    rng = np.random.default_rng(3)
    f, s = rng.uniform(0.1, 1, (30, 5)), rng.uniform(0.1, 2, (10, 5))
    a, b, pooled = f.T @ f / 30, s.T @ s / 10, np.concatenate([f, s])
    for t, wanted in ((0.0, a), (1.0, b)):
        with rephrase(
            {
                "indices": "Here a and b are the Gram matrices of one layer, arrays of "
                "shape (C, C), not dicts: mix these two."
            }
        ):
            made = array(call(answer, a.copy(), b.copy(), t), "the result", (5, 5))
        if not close(made, wanted):
            raise Wrong(
                f"At t = {t:.0f} the target must be {'a' if t == 0 else 'b'} itself."
            )
    made = array(call(answer, a.copy(), b.copy(), 0.25), "the result", (5, 5))
    if not close(made, pooled.T @ pooled / 40):
        raise Wrong(
            "At t = 0.25 it differs from the Gram matrix of a pooled sample with a "
            "quarter from b."
        )
    return "It is the Gram matrix of a sample drawn from both paintings."
