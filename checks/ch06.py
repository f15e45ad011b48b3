"""Checks of chapter 06, how good the pictures are."""

import numpy as np

from checks.kit import (
    Foreseen,
    Wrong,
    array,
    call,
    exercise,
    function_question,
    number,
    number_question,
    quizzes,
    rephrase,
)

quizzes(
    """
    06.q1
      a) A better discriminator alone raises it, whatever happens to the pictures.
      b) It often goes so, but a collapsing generator shows a rising loss as well.
    * c) The loss compares two players who both change; measure the pictures instead.

    06.q2
      a) The distance is not negative, but an unbiased estimate of zero must be, at
         times.
    * b) Zero lies within one error bar; with more pictures a difference may still
         appear.
      c) Nothing is nearer to real than real; a value below zero is the scatter of the
         estimate.

    06.q3
      a) Noise would push pictures off the land of the real ones, and lower the
         precision.
      b) Copies of everything would cover the real pictures, so the recall would be high
         too.
    * c) What it makes is right, and nearly all of what there is to make is missing.
    """
)

number_question(
    "06.1",
    2,
    because="One from the means, one from the deviations 3 and 2.",
    wrong={
        26: "You subtracted variances, 9 - 4; take their square roots first.",
        1: "There are two terms, one for the means and one for the deviations.",
        2**0.5: (
            "The Fréchet distance as used here is squared: take no root at the end."
        ),
        4: "That is (1 + 1)^2; square each difference, then add.",
    },
    otherwise="It is the squared difference of means plus that of standard deviations.",
    hints=[
        "The formula has standard deviations, not variances.",
        "(2 - 1)^2 + (3 - 2)^2",
    ],
    foreseen=[14],
)

number_question(
    "06.2",
    3.8,
    because="The bias at 2,000 is as large as the step from 1,000 to 2,000: 0.6.",
    wrong={
        4.4: "At 2,000 pictures the value is still biased, by c/2000.",
        4.7: "An average of two biased numbers is biased too.",
        4.1: "That is N = 4,000, where the bias halves once more; go on to the end.",
        0.6: (
            "0.6 is the difference, and also the bias that is left at 2,000: subtract "
            "it."
        ),
    },
    otherwise="Solve F + c/1000 = 5.0 and F + c/2000 = 4.4 for F.",
    hints=[
        "Write F(N) = F + c/N twice.",
        "The difference, 0.6, is c/2000: the bias left at 2,000.",
    ],
)


def _divergence(probabilities):
    """Return the mean of KL(p(y|x) || p(y)), for probabilities that may be zero."""
    p = np.asarray(probabilities, float) + 1e-12
    return float(np.mean(np.sum(p * np.log(p / p.mean(0)), axis=1)))


def _nan_at_zero(probabilities):
    p = np.asarray(probabilities, float)
    with np.errstate(all="ignore"):
        return float(np.exp(np.mean(np.sum(p * np.log(p / p.mean(0)), axis=1))))


def _uniform_marginal(probabilities):
    p = np.asarray(probabilities, float) + 1e-12
    return float(np.exp(np.mean(np.sum(p * np.log(p * p.shape[1]), axis=1))))


def _score(value):
    with rephrase({"NaN": "A probability of zero gives NaN; count 0 log 0 as 0."}):
        return number(value, "inception_score(...)")


function_question(
    "06.3",
    lambda probabilities: np.exp(_divergence(probabilities)),
    inputs=[
        (np.tile([0.7, 0.2, 0.1], (5, 1)),),
        (
            np.array(
                [[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.9, 0.05, 0.05]]
            ),
        ),
        (np.repeat(np.eye(4), 3, axis=0),),
    ],
    because="Between 1, all predictions the same, and the number of classes.",
    wrong={_divergence: "This is the mean KL; the score is exp of it."},
    otherwise=[
        "If every prediction is the same, p(y|x) = p(y) and the score is 1; is "
        "p(y) the average of the predictions?",
        "For one set of four predictions it gives {given:.4f}, not {right:.4f}.",
        "Four classes, each predicted for sure and equally often, must give 4.",
    ],
    name="inception_score",
    read=_score,
    hints=[
        "p(y) is probabilities.mean(axis=0).",
        "KL is the sum over classes of p log(p / p_y); 0 log 0 counts as 0.",
        "scipy.special.rel_entr(p, q) is p log(p/q), with zeros handled.",
    ],
    foreseen=[
        Foreseen(_nan_at_zero, "NaN"),
        Foreseen(_uniform_marginal, "average"),
        lambda probabilities: 2 ** _divergence(probabilities),
        Foreseen(7.0, "function"),
    ],
)


def _ways(points, others):
    return np.linalg.norm(points[:, None] - others[None], axis=2)


def _share(generated, train, held_out):
    to_train, to_held_out = (_ways(generated, x).min(axis=1) for x in (train, held_out))
    return float(np.mean(to_train < to_held_out))


def _mean_distances(generated, train, held_out):
    means = (_ways(generated, x).mean(axis=1) for x in (train, held_out))
    return float(np.mean(np.less(*means)))


def _stacked(generated, train, held_out):
    """Look for the neighbour among all three sets, the picture itself included."""
    everything = np.concatenate([train, held_out, generated])
    return float(np.mean(_ways(generated, everything).argmin(axis=1) < len(train)))


def _suspects():
    """Return honest pictures, copies and a mixture, each with both sets, as points."""
    rng = np.random.default_rng(0)
    train, held_out = rng.normal(size=(60, 4)), rng.normal(size=(60, 4))
    copies = train[:40] + 0.01 * rng.normal(size=(40, 4))
    honest = rng.normal(size=(80, 4))
    mixture = np.concatenate([copies[:20], honest[:20]])
    return [(points, train, held_out) for points in (honest, copies, mixture)]


def _read_share(value):
    share = number(value)
    if not -1e-9 <= share <= 1 + 1e-9:
        raise Wrong("A share lies between 0 and 1.")
    return share


function_question(
    "06.4",
    _share,
    inputs=_suspects(),
    because="An honest generator gets about one half, a copyist nearly one.",
    wrong={
        _stacked: (
            "No picture of any set found a training neighbour; is each its own "
            "nearest? Search among training and held-out pictures only."
        ),
        lambda *sets: 1 - _share(*sets): (
            "This is the share whose nearest neighbour is held-out; turn it round."
        ),
    },
    otherwise=[
        f"For {name} it gives {{given:.3f}}, not {{right:.3f}}; compare the nearest "
        "neighbour in each set."
        for name in ("honest pictures", "copies", "a mixture")
    ],
    name="copied_share",
    read=_read_share,
    hints=[
        "cdist(generated, train).min(axis=1) is each picture's way to the training "
        "set.",
        "Compare it with the way to the held-out set, and take the mean of the "
        "comparison.",
    ],
    foreseen=[
        Foreseen(lambda *sets: _share(*sets) * len(sets[0]), "share"),
        Foreseen(_mean_distances, "nearest"),
        lambda generated, train, held_out: 1.0,
    ],
)


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
    precision, recall = metrics.precision_recall(real=real, generated=made)
    if precision < 0.85:
        raise Wrong(
            f"The precision is {precision:.2f}, below 0.85: too many of them lie off "
            "the land of real pictures. (Even real training pictures reach little "
            "more, and of a few repeated ones each unlucky one costs a lot.)"
        )
    if recall > 0.2:
        raise Wrong(
            f"The recall is {recall:.2f}, above 0.2: they cover too much of what is "
            "real."
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
