"""Checks of chapter 17, masked tokens."""

import numpy as np

from checks.kit import Foreseen, array, function_question, number_question, quizzes

quizzes(
    """
    17.q1
      a) BERT has more layers than the model here.
    * b) At the start all is hidden, and it never met a row like that.
      c) This chapter's model reads both ways too.

    17.q2
      a) A pattern ties neighbours: drawn at once they may contradict each other.
      b) With nothing settled the sleeves depend on one another most.
    * c) Given what is settled they tell nothing of each other, so no information is
         lost.

    17.q3
      a) It has queries, keys and values as the other model has.
    * b) Without a causal mask, keys and values of all places change with every settled
         token.
      c) With 49 steps a cache would be welcome, and there is none either.
    """
)

number_question(
    "17.1",
    181,
    rtol=0,
    because="More than two thirds are drawn in the second half.",
    wrong={
        128: "That is half; the cosine falls slowly at first.",
        (75, 74): "Those are settled; the question asks how many are still hidden.",
    },
    otherwise="It is 256 cos(pi t / 2T) with t = 6 and T = 12, rounded down.",
    hints=[
        "How much of the way is step 6 of 12? Put t / T into the cosine.",
        "cos(pi / 4) of 256, rounded down.",
    ],
    foreseen=[182],
)

number_question(
    "17.2",
    0.5,
    because="Half of the time, however perfect the model is.",
    wrong={
        0.8: "That is the truth; tokens drawn at once do not know of one another.",
    },
    otherwise="Each token is 0 or 1 with chance one half, whatever the other is.",
    hints=[
        "What are the chances of each token alone?",
        "Drawn at once, one token knows nothing of the other.",
    ],
    foreseen=[0.64],
)


def _settle(sure, hidden, left):
    rank = np.where(hidden, sure, np.inf).argsort(axis=1).argsort(axis=1)
    return hidden & (rank < left)


def _surest(sure, hidden, left):
    rank = np.where(hidden, -sure, np.inf).argsort(axis=1).argsort(axis=1)
    return hidden & (rank < left)


def _unsettled(given, sure, hidden, left):
    if (given & ~hidden).any():
        return "A place that is not hidden must not be hidden again."
    return (
        f"With left = {left}, just the {left} least sure of the hidden places must "
        "stay hidden in each row."
    )


def _guesses():
    rng = np.random.default_rng(0)
    return [(rng.random((30, 12)), rng.random((30, 12)) < 0.7, n) for n in (4, 1, 0)]


function_question(
    "17.3",
    _settle,
    inputs=_guesses(),
    because="The least sure are guessed again, with more to go on.",
    wrong={
        _surest: "Those are the surest; the least sure stay hidden.",
        lambda sure, hidden, left: hidden & ~_settle(sure, hidden, left): (
            "Those are the places that get settled; return those that stay hidden."
        ),
    },
    otherwise=_unsettled,
    name="settle",
    read=lambda value: array(value, "what settle returns", (30, 12)).astype(bool),
    hints=[
        "Places that are not hidden must not count: give them an infinite value first.",
        "argsort twice gives ranks.",
    ],
    foreseen=[
        Foreseen(
            lambda sure, hidden, left: sure.argsort(axis=1).argsort(axis=1) < left,
            "not hidden",
        ),
        lambda sure, hidden, left: _settle(sure, hidden, 4),
    ],
)


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


def _joints():
    """Return chances of triples, of three values and of two, with each first place."""
    joints = {}
    for many in (3, 2):
        joint = np.random.default_rng(many).dirichlet(np.full(many**3, 0.4)) + 1e-4
        joints[many] = (joint / joint.sum()).reshape(many, many, many)
    return [(joints[3], 0), (joints[3], 1), (joints[3], 2), (joints[2], 1)]


function_question(
    "17.4",
    _two_steps,
    inputs=_joints(),
    rtol=1e-5,
    because=(
        "In a chain the middle comes first: given it, the ends tell nothing of each "
        "other."
    ),
    wrong={
        lambda joint, first: joint: (
            "That is the truth; the last two are drawn at once, each on its own."
        ),
        _all_at_once: (
            "All three are independent there; the last two must depend on the first."
        ),
        lambda joint, first: np.moveaxis(_two_steps(joint, first), first, 0): (
            "The place drawn first still stands in front: move it back."
        ),
        lambda joint, first: _two_steps(joint, 0): (
            "It is right for first = 0, and not for first = {1}."
        ),
    },
    otherwise=(
        "The chance of a triple is that of the first, times that of each other given "
        "the first."
    ),
    name="two_steps",
    result="what two_steps returns",
    hints=[
        "np.moveaxis(joint, first, 0) brings the first place to the front.",
        "Given the first, sum over one of the others to get the chances of the third.",
    ],
)
