"""Checks of chapter 14, learning without labels."""

from collections import Counter

import numpy as np

from checks.kit import (
    Foreseen,
    Wrong,
    array,
    call,
    exercise,
    function_question,
    number_question,
    quizzes,
)
from checks.stretches import exactly

quizzes(
    """
    14.q1
      a) A mark holds no pixels; the decoder's marks do not either.
    * b) 37 of 49 tokens would be marks, and a whole picture, later, has none.
      c) A mark is a vector like any other.

    14.q2
      a) A shift leaves left and right as they are.
    * b) A mirrored left shoe is a right shoe, and the views teach that they are the
         same.
      c) Brightness does not turn one into the other.

    14.q3
      a) A low loss says that partners are found, not that anything worth knowing was
         learnt.
    * b) If any detail finds the partner, nothing else is learnt: strengthen the views.
      c) It changes how much the most similar strangers count; a detail that gives the
         partner away would still do.
    """
)

number_question(
    "14.1",
    (49 / 12) ** 2,
    rtol=5e-3,
    because="Sixteen to seventeen times: to hide much is also cheap.",
    wrong={
        49 / 12: "Pairs grow with the square of the length.",
        (12 / 49) ** 2: "That is upside down: 49 tokens over 12.",
        (exactly(16), exactly(17)): "Nearly: give one decimal at least.",
    },
    otherwise="It is the ratio of the two values of 2 L^2 d.",
    hints=[
        "The width d is the same on both sides: it cancels.",
        "Only L squared is left.",
    ],
    foreseen=[Foreseen(16, "decimal")],
)


def _contrastive(strangers, temperature=0.2):
    """Return the loss of a view whose partner alone is like it."""
    partner = np.exp(1 / temperature)
    return -np.log(partner / (partner + strangers))


number_question(
    "14.2",
    _contrastive(510),
    rtol=5e-4,
    because="Even perfect vectors do not reach zero: 510 strangers weigh 1 each.",
    wrong={
        _contrastive(511): (
            "A view is not compared with itself: there are 511 candidates, its partner "
            "among them."
        ),
        _contrastive(254): "Each of the 256 pictures has two views: 512.",
        _contrastive(510, temperature=1): (
            "Divide the similarities by the temperature first."
        ),
    },
    otherwise=(
        "The loss of one view is -log of the partner's share among 511 candidates."
    ),
    hints=[
        "Write down the fraction for one view: how many terms has the denominator?",
        "The partner gives exp(1 / 0.2); how many others are there, and what does each "
        "give?",
    ],
    foreseen=[Foreseen(1.491, "itself")],
)


def _same_order(count, hidden, rng):
    order = np.tile(rng.permutation(49), (count, 1))
    return order[:, : 49 - hidden], order[:, 49 - hidden :]


def _swapped(count, hidden, rng):
    order = np.argsort(rng.random((count, 49)), axis=1)
    return order[:, :hidden], order[:, hidden:]


def _with_replacement(count, hidden, rng):
    order = rng.integers(0, 49, (count, 49))
    return order[:, : 49 - hidden], order[:, 49 - hidden :]


def _no_rng(count, hidden, rng, seed=None):
    order = np.argsort(np.random.default_rng(seed).random((count, 49)), axis=1)
    return order[:, : 49 - hidden], order[:, 49 - hidden :]


def _rotated(count, hidden, rng):
    order = (rng.integers(0, 49, (count, 1)) + np.arange(49)) % 49
    return order[:, : 49 - hidden], order[:, 49 - hidden :]


@exercise(
    "14.3",
    hints=[
        "What does np.argsort make of a row of random numbers, such as rng.random(49)?",
        "The first 49 - hidden columns are seen, the rest hidden.",
    ],
    foreseen=[
        Foreseen(_same_order, "own order"),
        Foreseen(_swapped, "must have shape"),
        Foreseen(_with_replacement, "once"),
        Foreseen(_no_rng, "same rng"),
        Foreseen(
            lambda count, hidden, rng: _no_rng(count, hidden, rng, seed=0),
            "Another rng",
        ),
        Foreseen(lambda count, hidden, rng: rng.random((count, 49)), "two arrays"),
        Foreseen(_rotated, "random choice"),
    ],
)
def _(answer):
    parts = call(answer, 40, 37, np.random.default_rng(0), name="shuffle")
    if not isinstance(parts, tuple | list) or len(parts) != 2:
        raise Wrong(
            "shuffle must return two arrays: the places seen, then the places hidden."
        )
    seen = array(parts[0], "what shuffle returns first", (40, 12))
    hidden = array(parts[1], "what shuffle returns second", (40, 37))
    if not (
        np.sort(np.concatenate([seen, hidden], axis=1), axis=1) == np.arange(49)
    ).all():
        raise Wrong("Each place from 0 to 48 must stand in every row just once.")
    if (np.sort(seen, axis=1) == np.sort(seen[0])).all():
        raise Wrong("Every picture hides the same places: each needs its own order.")
    for count, hidden in ((200, 37), (300, 12)):
        n = 49 - hidden
        first, second, other = (
            call(answer, count, hidden, np.random.default_rng(seed), name="shuffle")
            for seed in (0, 0, 1)
        )
        seen = array(first[0], "what shuffle returns first", (count, n))
        if not np.array_equal(np.asarray(second[0]), seen):
            raise Wrong(
                "The same rng must give the same order: draw from the rng that is "
                "passed in, and from nothing else."
            )
        if np.array_equal(np.asarray(other[0]), seen):
            raise Wrong(
                "Another rng must give another order: draw from the rng that is passed "
                "in."
            )
        chosen = np.zeros((count, 49), bool)
        np.put_along_axis(chosen, seen.astype(int), True, axis=1)
        both = (chosen[:, 1:] & chosen[:, :-1]).mean()  # neighbours that are both seen
        if (
            abs(both - n * (n - 1) / (49 * 48)) > 0.04
            or np.ptp(chosen.mean(axis=0)) > 0.35
        ):
            raise Wrong(
                "The places seen are not a random choice: every place must have the "
                "same chance, whatever its neighbours have."
            )
    return "Sorting noise shuffles every row on its own."


def _euclid(train, labels, test, k):
    d = ((test[:, None] - train[None]) ** 2).sum(2)
    rows = np.argsort(d, axis=1)[:, :k]
    return np.array([np.bincount(labels[row]).argmax() for row in rows])


def _vote(train, labels, test, k, most=lambda votes: np.bincount(votes).argmax()):
    train = train / np.linalg.norm(train, axis=1, keepdims=True)
    rows = np.argsort(-(test @ train.T), axis=1)[:, :k]
    return np.array([most(labels[row]) for row in rows])


def _not_scaled(train, labels, test, k):
    rows = np.argsort(-(test @ train.T), axis=1)[:, :k]
    return np.array([np.bincount(labels[row]).argmax() for row in rows])


def _first_met(train, labels, test, k):
    return _vote(
        train, labels, test, k, lambda votes: Counter(votes).most_common()[0][0]
    )


def _rows():
    rng = np.random.default_rng(0)
    train = rng.standard_normal((60, 5)) * rng.uniform(0.2, 5, (60, 1))
    return train, rng.integers(0, 4, 60), rng.standard_normal((30, 5)), 7


function_question(
    "14.4",
    _vote,
    inputs=[_rows()],
    rtol=0,
    because="No weights were trained, and it reads the space all the same.",
    wrong={
        _euclid: (
            "Those are the nearest by distance; use the cosine, which ignores lengths."
        ),
        lambda train, labels, test, k: _vote(train, labels, test, 1): (
            "Only the nearest row voted; let the k nearest vote."
        ),
        _not_scaled: "Those are plain products; scale the rows to length 1 first.",
        _first_met: (
            "Of labels with equally many votes take the smallest, not the first met."
        ),
    },
    otherwise=lambda given, *rows: (
        f"{(given != _vote(*rows)).sum()} of 30 labels are not the vote's outcome: "
        "check the order of the neighbours and how ties are settled."
    ),
    name="vote",
    result="what vote returns",
    hints=[
        "Scale the rows to length 1; then one matrix product holds all cosines.",
        "np.bincount counts votes, and argmax takes the first of equals.",
    ],
)
