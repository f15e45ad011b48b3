"""Checks of chapter 06, how good the pictures are."""

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
)

quiz(
    "06.q1",
    correct="c",
    because={
        "a": (
            "A better discriminator alone raises it, whatever happens to the pictures."
        ),
        "b": (
            "It often goes so, but a collapsing generator shows a rising loss as well."
        ),
        "c": (
            "The loss compares two players who both change; measure the pictures "
            "instead."
        ),
    },
)

quiz(
    "06.q2",
    correct="b",
    because={
        "a": (
            "The distance is not negative, but an unbiased estimate of zero must be, "
            "at times."
        ),
        "b": (
            "Zero lies within one error bar; with more pictures a difference may "
            "still appear."
        ),
        "c": (
            "Nothing is nearer to real than real; a value below zero is the scatter "
            "of the estimate."
        ),
    },
)

quiz(
    "06.q3",
    correct="c",
    because={
        "a": (
            "Noise would push pictures off the land of the real ones, and lower the "
            "precision."
        ),
        "b": (
            "Copies of everything would cover the real pictures, so the recall would "
            "be high too."
        ),
        "c": (
            "What it makes is right, and nearly all of what there is to make is "
            "missing."
        ),
    },
)


@exercise(
    "06.1",
    hints=[
        "The formula has standard deviations, not variances.",
        "(2 - 1)^2 + (3 - 2)^2",
    ],
    foreseen=[
        Foreseen(26, "variances"),
        Foreseen(1, "two terms"),
        Foreseen(2**0.5, "squared"),
        Foreseen(4, "square each"),
        14,
    ],
)
def _(answer):
    value = number(answer)
    if close(value, 26):
        raise Wrong("You subtracted variances, 9 - 4; take their square roots first.")
    if close(value, 1):
        raise Wrong(
            "There are two terms, one for the means and one for the deviations."
        )
    if close(value, 2**0.5):
        raise Wrong(
            "The Fréchet distance as used here is squared: take no root at the end."
        )
    if close(value, 4):
        raise Wrong("That is (1 + 1)^2; square each difference, then add.")
    if not close(value, 2):
        raise Wrong(
            "It is the squared difference of means plus that of standard deviations."
        )
    return "One from the means, one from the deviations 3 and 2."


@exercise(
    "06.2",
    hints=[
        "Write F(N) = F + c/N twice.",
        "The difference, 0.6, is c/2000: the bias left at 2,000.",
    ],
    foreseen=[
        Foreseen(4.4, "still biased"),
        Foreseen(4.7, "average"),
        Foreseen(4.1, "halves once more"),
        Foreseen(0.6, "difference"),
    ],
)
def _(answer):
    value = number(answer)
    if close(value, 4.4):
        raise Wrong("At 2,000 pictures the value is still biased, by c/2000.")
    if close(value, 4.7):
        raise Wrong("An average of two biased numbers is biased too.")
    if close(value, 4.1):
        raise Wrong(
            "That is N = 4,000, where the bias halves once more; go on to the end."
        )
    if close(value, 0.6):
        raise Wrong(
            "0.6 is the difference, and also the bias that is left at 2,000: subtract "
            "it."
        )
    if not close(value, 3.8):
        raise Wrong("Solve F + c/1000 = 5.0 and F + c/2000 = 4.4 for F.")
    return "The bias at 2,000 is as large as the step from 1,000 to 2,000: 0.6."


def _wrong_base(probabilities):
    p = np.asarray(probabilities, float) + 1e-12
    return float(2 ** np.mean(np.sum(p * np.log(p / p.mean(0)), axis=1)))


def _no_exp(probabilities):
    p = np.asarray(probabilities, float) + 1e-12
    return float(np.mean(np.sum(p * np.log(p / p.mean(0)), axis=1)))


def _nan_at_zero(probabilities):
    p = np.asarray(probabilities, float)
    with np.errstate(all="ignore"):
        return float(np.exp(np.mean(np.sum(p * np.log(p / p.mean(0)), axis=1))))


def _uniform_marginal(probabilities):
    p = np.asarray(probabilities, float) + 1e-12
    return float(np.exp(np.mean(np.sum(p * np.log(p * p.shape[1]), axis=1))))


@exercise(
    "06.3",
    hints=[
        "p(y) is probabilities.mean(axis=0).",
        "KL is the sum over classes of p log(p / p_y); 0 log 0 counts as 0.",
        "scipy.special.rel_entr(p, q) is p log(p/q), with zeros handled.",
    ],
    foreseen=[
        Foreseen(_no_exp, "exp"),
        Foreseen(_nan_at_zero, "NaN"),
        Foreseen(_uniform_marginal, "average"),
        _wrong_base,
        Foreseen(7.0, "function"),
    ],
)
def _(answer):
    sure = np.repeat(np.eye(4), 3, axis=0)
    same = np.tile([0.7, 0.2, 0.1], (5, 1))
    mixed = np.array(
        [[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.9, 0.05, 0.05]]
    )
    expected = np.exp(np.mean(np.sum(mixed * np.log(mixed / mixed.mean(0)), axis=1)))
    found = call(answer, mixed, name="inception_score")
    value = number(found, "inception_score(...)")
    if close(value, np.log(expected)):
        raise Wrong("This is the mean KL; the score is exp of it.")
    result = np.asarray(call(answer, sure, name="inception_score"), float)
    if not np.isfinite(result).all():
        raise Wrong("A probability of zero gives NaN; count 0 log 0 as 0.")
    result = number(result, "inception_score(...)")
    value_same = number(
        call(answer, same, name="inception_score"), "inception_score(...)"
    )
    if not close(value_same, 1):
        raise Wrong(
            "If every prediction is the same, p(y|x) = p(y) and the score is 1; is "
            "p(y) the average of the predictions?"
        )
    if not close(value, expected):
        raise Wrong(
            f"For one set of four predictions it gives {value:.4f}, not {expected:.4f}."
        )
    if not close(result, 4):
        raise Wrong(
            "Four classes, each predicted for sure and equally often, must give 4."
        )
    return "Between 1, all predictions the same, and the number of classes."


def _always_train(generated, train, held_out):
    return 1.0


def _count(generated, train, held_out):
    return _share(generated, train, held_out) * len(generated)


def _swapped(generated, train, held_out):
    return 1 - _share(generated, train, held_out)


def _mean_distances(generated, train, held_out):
    to_train = np.linalg.norm(generated[:, None] - train[None], axis=2).mean(axis=1)
    to_held_out = np.linalg.norm(generated[:, None] - held_out[None], axis=2).mean(
        axis=1
    )
    return float(np.mean(to_train < to_held_out))


def _stacked(generated, train, held_out):
    """Look for the neighbour among all three sets, the picture itself included."""
    everything = np.concatenate([train, held_out, generated])
    distances = np.linalg.norm(generated[:, None] - everything[None], axis=2)
    return float(np.mean(distances.argmin(axis=1) < len(train)))


def _share(generated, train, held_out):
    to_train = np.linalg.norm(generated[:, None] - train[None], axis=2).min(axis=1)
    to_held_out = np.linalg.norm(generated[:, None] - held_out[None], axis=2).min(
        axis=1
    )
    return float(np.mean(to_train < to_held_out))


@exercise(
    "06.4",
    hints=[
        "cdist(generated, train).min(axis=1) is each picture's way to the training "
        "set.",
        "Compare it with the way to the held-out set, and take the mean of the "
        "comparison.",
    ],
    foreseen=[
        Foreseen(_count, "share"),
        Foreseen(_swapped, "held-out"),
        Foreseen(_mean_distances, "nearest"),
        Foreseen(_stacked, "its own nearest"),
        _always_train,
    ],
)
def _(answer):
    rng = np.random.default_rng(0)
    train, held_out = rng.normal(size=(60, 4)), rng.normal(size=(60, 4))
    copies = train[:40] + 0.01 * rng.normal(size=(40, 4))
    honest = rng.normal(size=(80, 4))
    mixture = np.concatenate([copies[:20], honest[:20]])
    sets = (("copies", copies), ("honest pictures", honest), ("a mixture", mixture))
    values = [
        number(call(answer, points, train, held_out, name="copied_share"))
        for _, points in sets
    ]
    if not any(values):
        raise Wrong(
            "No picture of any set found a training neighbour; is each its own "
            "nearest? Search among training and held-out pictures only."
        )
    for (name, points), value in zip(sets, values, strict=True):
        expected = _share(points, train, held_out)
        if not -1e-9 <= value <= 1 + 1e-9:
            raise Wrong("A share lies between 0 and 1.")
        if close(value, expected):
            continue
        if close(value, 1 - expected):
            raise Wrong(
                "This is the share whose nearest neighbour is held-out; turn it round."
            )
        raise Wrong(
            f"For {name} it gives {value:.3f}, not {expected:.3f}; compare the nearest "
            "neighbour in each set."
        )
    return "An honest generator gets about one half, a copyist nearly one."


def _from_training(keep=None, noise=0.0, scale=1.0, offset=0.0):
    """Return an answer to 06.5 that is made when it is checked, so that loading stays
    cheap."""

    def make():
        from helpers import data

        pictures, labels = data.fashion("train")
        pictures = pictures if keep is None else pictures[labels == keep]
        pictures = np.resize(pictures, (1000, 28, 28, 1))
        extra = (
            np.random.default_rng(0).normal(0, noise, pictures.shape) if noise else 0
        )
        return np.clip(scale * pictures + offset + extra, -1, 1).astype("float32")

    return make


@exercise(
    "06.5",
    hints=[
        "High precision: every picture must look like a real one of some kind.",
        "Low recall: most kinds must be missing.",
        "Keep the training pictures of one kind only, and fill up to 1,000 with "
        "np.resize.",
    ],
    foreseen=[
        Foreseen(_from_training(), "recall"),
        Foreseen(_from_training(keep=1, noise=0.6), "precision"),
        Foreseen(np.zeros((10, 28, 28, 1), "float32"), "shape"),
        Foreseen(np.full((1000, 28, 28, 1), 200.0, "float32"), r"[-1, 1]"),
        Foreseen(_from_training(scale=0.5, offset=0.5), "[0, 1]"),
    ],
)
def _(answer):
    if callable(answer):
        answer = call(answer)
    pictures = array(answer, "the pictures").astype("float32")
    if pictures.shape != (1000, 28, 28, 1):
        raise Wrong(
            f"The pictures must have shape (1000, 28, 28, 1), not {pictures.shape}."
        )
    if np.abs(pictures).max() > 1.001:
        raise Wrong("The pictures must lie in [-1, 1].")
    if pictures.min() > -0.5:
        raise Wrong(
            "Nothing here is dark, and real backgrounds are -1: are these in [0, 1] "
            "instead of [-1, 1]?"
        )
    from helpers import data, metrics, zoo

    extractor = zoo.load("06/fashion-labelled")
    real, made = (
        metrics.features(extractor, x) for x in (data.fashion("test")[0], pictures)
    )
    precision, recall = metrics.precision_recall(real, made)
    if precision < 0.85:
        raise Wrong(
            f"The precision is {precision:.2f}, below 0.85: too many of them lie off "
            f"the "
            "land of real pictures. (Even real training pictures reach little more, "
            "and of a few repeated ones each unlucky one costs a lot.)"
        )
    if recall > 0.2:
        raise Wrong(
            f"The recall is {recall:.2f}, above 0.2: they cover too much of what is "
            f"real."
        )
    sharpness, of_real = (
        np.median(np.abs(np.diff(x, axis=2)).max(axis=(1, 2, 3)))
        for x in (pictures, data.fashion("test")[0])
    )
    if sharpness < 0.6 * of_real:
        return (
            "Both numbers are met, and yet: these pictures are much smoother than real "
            "ones. Precision takes a typical smear for real. Try it with sharp "
            "pictures, too."
        )
    return (
        "High precision, low recall: what a generator that makes one kind only "
        "would read."
    )
