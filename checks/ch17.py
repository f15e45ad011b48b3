"""Checks of chapter 17, masked tokens."""

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
    "17.q1",
    correct="b",
    because={
        "a": "BERT has more layers than the model here.",
        "b": "At the start all is hidden, and it never met a row like that.",
        "c": "This chapter's model reads both ways too.",
    },
)

quiz(
    "17.q2",
    correct="c",
    because={
        "a": "A pattern ties neighbours: drawn at once they may contradict each other.",
        "b": "With nothing settled the sleeves depend on one another most.",
        "c": (
            "Given what is settled they tell nothing of each other, so no "
            "information is lost."
        ),
    },
)

quiz(
    "17.q3",
    correct="b",
    because={
        "a": "It has queries, keys and values as the other model has.",
        "b": (
            "Without a causal mask, keys and values of all places change with every "
            "settled token."
        ),
        "c": "With 49 steps a cache would be welcome, and there is none either.",
    },
)


@exercise(
    "17.1",
    hints=[
        "How much of the way is step 6 of 12? Put t / T into the cosine.",
        "cos(pi / 4) of 256, rounded down.",
    ],
    foreseen=[Foreseen(128, "cosine"), Foreseen(75, "hidden"), 182],
)
def _(answer):
    value = number(answer)
    if close(value, 128):
        raise Wrong("That is half; the cosine falls slowly at first.")
    if close(value, 75) or close(value, 74):
        raise Wrong("Those are settled; the question asks how many are still hidden.")
    if not close(value, 181, rtol=1e-6):
        raise Wrong("It is 256 cos(pi t / 2T) with t = 6 and T = 12, rounded down.")
    return "More than two thirds are drawn in the second half."


@exercise(
    "17.2",
    hints=[
        "What are the chances of each token alone?",
        "Drawn at once, one token knows nothing of the other.",
    ],
    foreseen=[Foreseen(0.8, "at once"), 0.64],
)
def _(answer):
    value = number(answer)
    if close(value, 0.8):
        raise Wrong(
            "That is the truth; tokens drawn at once do not know of one another."
        )
    if not close(value, 0.5):
        raise Wrong("Each token is 0 or 1 with chance one half, whatever the other is.")
    return "Half of the time, however perfect the model is."


def _settle(sure, hidden, left):
    rank = np.where(hidden, sure, np.inf).argsort(axis=1).argsort(axis=1)
    return hidden & (rank < left)


def _surest(sure, hidden, left):
    rank = np.where(hidden, -sure, np.inf).argsort(axis=1).argsort(axis=1)
    return hidden & (rank < left)


def _settled(sure, hidden, left):
    return hidden & ~_settle(sure, hidden, left)


def _any_place(sure, hidden, left):
    return sure.argsort(axis=1).argsort(axis=1) < left


@exercise(
    "17.3",
    hints=[
        "Places that are not hidden must not count: give them an infinite value first.",
        "argsort twice gives ranks.",
    ],
    foreseen=[
        Foreseen(_surest, "least sure"),
        Foreseen(_any_place, "not hidden"),
        Foreseen(_settled, "settled"),
        lambda sure, hidden, left: _settle(sure, hidden, 4),
    ],
)
def _(answer):
    rng = np.random.default_rng(0)
    for left in (4, 1, 0):
        sure, hidden = rng.random((30, 12)), rng.random((30, 12)) < 0.7
        given = array(
            call(answer, sure.copy(), hidden.copy(), left, name="settle"),
            "what settle returns",
            (30, 12),
        ).astype(bool)
        if np.array_equal(given, _settle(sure, hidden, left)):
            continue
        if (given & ~hidden).any():
            raise Wrong("A place that is not hidden must not be hidden again.")
        if np.array_equal(given, _surest(sure, hidden, left)):
            raise Wrong("Those are the surest; the least sure stay hidden.")
        if np.array_equal(given, _settled(sure, hidden, left)):
            raise Wrong(
                "Those are the places that get settled; return those that stay hidden."
            )
        raise Wrong(
            f"With left = {left}, just the {left} least sure of the hidden places must "
            "stay hidden in each row."
        )
    return "The least sure are guessed again, with more to go on."


def _two_steps(joint, first):
    p = np.moveaxis(joint, first, 0)
    start = p.sum(axis=(1, 2))
    given = p / start[:, None, None]
    drawn = (
        start[:, None, None]
        * given.sum(axis=2)[:, :, None]
        * given.sum(axis=1)[:, None, :]
    )
    return np.moveaxis(drawn, 0, first)


def _all_at_once(joint, first):
    a, b, c = joint.sum(axis=(1, 2)), joint.sum(axis=(0, 2)), joint.sum(axis=(0, 1))
    return a[:, None, None] * b[None, :, None] * c[None, None, :]


def _not_back(joint, first):
    return np.moveaxis(_two_steps(joint, first), first, 0)


def _always_zero(joint, first):
    return _two_steps(joint, 0)


@exercise(
    "17.4",
    hints=[
        "np.moveaxis(joint, first, 0) brings the first place to the front.",
        "Given the first, sum over one of the others to get the chances of the third.",
    ],
    foreseen=[
        Foreseen(_all_at_once, "independent"),
        Foreseen(_always_zero, "first"),
        Foreseen(_not_back, "back"),
        Foreseen(lambda joint, first: joint, "at once"),
    ],
)
def _(answer):
    for many, first in ((3, 0), (3, 1), (3, 2), (2, 1)):
        joint = np.random.default_rng(many).dirichlet(np.full(many**3, 0.4)) + 1e-4
        joint = (joint / joint.sum()).reshape(many, many, many)
        given = array(
            call(answer, joint.copy(), first, name="two_steps"),
            "what two_steps returns",
            joint.shape,
        )
        if np.allclose(given, _two_steps(joint, first), atol=1e-6):
            continue
        if np.allclose(given, joint, atol=1e-6):
            raise Wrong(
                "That is the truth; the last two are drawn at once, each on its own."
            )
        if np.allclose(given, _all_at_once(joint, first), atol=1e-6):
            raise Wrong(
                "All three are independent there; the last two must depend on the "
                "first."
            )
        if np.allclose(given, _not_back(joint, first), atol=1e-6):
            raise Wrong("The place drawn first still stands in front: move it back.")
        if np.allclose(given, _two_steps(joint, 0), atol=1e-6):
            raise Wrong(f"It is right for first = 0, and not for first = {first}.")
        raise Wrong(
            "The chance of a triple is that of the first, times that of each other "
            "given the first."
        )
    return (
        "In a chain the middle comes first: given it, the ends tell nothing of "
        "each other."
    )
