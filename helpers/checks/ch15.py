"""Checks of chapter 15, pictures as words."""

import itertools

import numpy as np
from scipy.spatial.distance import cdist

from helpers.exercises import Foreseen, Wrong, array, call, close, exercise, number, quiz

quiz("15.q1", correct="b", because={
    "a": "No optimizer holds it at all; running means move the codes.",
    "b": "In value the decoder gets the code, in slope only the encoder's vector.",
    "c": "The arg min has no useful slope in anything: it is flat, with jumps.",
})  # fmt: skip

quiz("15.q2", correct="b", because={
    "a": "All 512 occur; 40 is how many equally frequent codes would have this entropy.",
    "b": "With equal frequencies the perplexity would be 512.",
    "c": "Use and error are two things: a few codes may do nearly all the work, and well.",
})  # fmt: skip

quiz("15.q3", correct="a", because={
    "a": "On one sheet of many pictures the tables are paid once; compare there.",
    "b": "It can, with one channel.",
    "c": "Its data are entropy-coded already; it is the tables that weigh.",
})  # fmt: skip


@exercise(
    "15.1",
    hints=["How many tokens are there? 64 / 8 in each direction.",
           "1,024 codes are log2(1024) bits."],
    foreseen=[
        Foreseen(64, "number of tokens"),
        Foreseen(80, "both directions"),
        Foreseen(64 * 1024, "log2"),
        Foreseen(64 * np.log(1024), "base 2"),
        40960,
    ],
)  # fmt: skip
def _(answer):
    value = number(answer)
    if close(value, 64):
        raise Wrong("That is the number of tokens; each has its bits.")
    if close(value, 80):
        raise Wrong("There are 8 tokens in a row and 8 rows: count both directions.")
    if close(value, 64 * 1024):
        raise Wrong("A choice among 1,024 takes log2(1024) bits, not 1,024.")
    if close(value, 64 * np.log(1024)):
        raise Wrong("Bits are logarithms to base 2.")
    if not close(value, 640):
        raise Wrong("It is the number of tokens times the bits of one.")
    return "64 tokens of 10 bits each."


@exercise(
    "15.2",
    hints=["Set the two expressions equal.", "Divide both sides by 2 L d."],
    foreseen=[
        Foreseen(64, "factor 2"),
        Foreseen(256, "does not enter"),
        Foreseen(32, "upside down"),
        4096,
    ],
)
def _(answer):
    value = number(answer)
    if close(value, 64):
        raise Wrong("The factor 2 is lost: 4 over 2.")
    if close(value, 256):
        raise Wrong("The number of tokens asked about does not enter: solve for L.")
    if close(value, 32):
        raise Wrong("The ratio of the constants is upside down.")
    if not close(value, 128):
        raise Wrong("Solve 2 L^2 d = 4 L d^2 for L.")
    return "L = 2 d: beyond it the pairs cost most."


def _no_weights(digits, levels):
    return np.asarray(digits).sum(axis=1)


def _decimal(digits, levels):
    return np.asarray(digits) @ (10 ** np.arange(len(levels)))


def _own_level(digits, levels):
    return np.asarray(digits) @ np.cumprod(levels)


@exercise(
    "15.3",
    hints=["In decimal numbers every place weighs ten times the one before; here the bases differ.",
           "The weights are 1, L1, L1 L2: np.cumprod([1, *levels[:-1]])."],
    foreseen=[
        Foreseen(_no_weights, "same number"),
        Foreseen(_decimal, "127"),
        Foreseen(_own_level, "same number"),
        Foreseen(7.0, "function"),
    ],
)  # fmt: skip
def _(answer):
    for levels in ((8, 4, 4), (3, 5)):
        digits = np.array(list(itertools.product(*map(range, levels))))
        found = array(call(answer, digits, levels, name="token"), "token(...)", (len(digits),))
        if len(np.unique(found)) < len(found):
            raise Wrong("Two different combinations get the same number.")
        if not (np.array_equal(found, found.round()) and found.min() >= 0
                and found.max() == len(digits) - 1):  # fmt: skip
            raise Wrong("For levels (8, 4, 4) the numbers must be 0 to 127, without gaps.")
    return "A number with a base of its own in every place."


def _kmeans(vectors, codes, rounds=10):
    vectors = np.asarray(vectors, float)
    book = vectors[:codes].copy()
    for _ in range(rounds):
        chosen = cdist(vectors, book).argmin(axis=1)
        for j in np.unique(chosen):
            book[j] = vectors[chosen == j].mean(axis=0)
    return book


def _start(vectors, codes):
    return np.asarray(vectors)[:codes]


def _nan(vectors, codes):
    vectors = np.asarray(vectors, float)
    book = vectors[:codes].copy()
    for _ in range(10):
        chosen = cdist(vectors, book).argmin(axis=1)
        with np.errstate(all="ignore"):
            book = np.stack([vectors[chosen == j].sum(axis=0) / (chosen == j).sum()
                             for j in range(codes)])  # fmt: skip
            book = np.nan_to_num(book)
    return book


@exercise(
    "15.4",
    hints=["scipy's cdist(vectors, book).argmin(axis=1) gives the choices.",
           "Loop over np.unique(chosen), so that codes without vectors stay."],
    foreseen=[
        Foreseen(_start, "did not move"),
        Foreseen(lambda v, k: _kmeans(v, k, 1), "ten"),
        Foreseen(_nan, "stays"),
        Foreseen(7.0, "function"),
    ],
)  # fmt: skip
def _(answer):
    rng = np.random.default_rng(15)
    vectors = rng.standard_normal((300, 3))
    found = array(call(answer, vectors.copy(), 12, name="codebook"), "codebook(...)", (12, 3))
    if close(found, vectors[:12]):
        raise Wrong("The codes did not move from where they started.")
    if close(found, _kmeans(vectors, 12, 1)):
        raise Wrong("That is one round; do it ten times.")
    if not close(found, _kmeans(vectors, 12)):
        raise Wrong("Each round: nearest code for every vector, then the mean for every code.")
    twice = np.concatenate([np.full((2, 3), 9.0), vectors])  # the second code is never the first
    found = array(call(answer, twice, 2, name="codebook"), "codebook(...)", (2, 3))
    if not close(found, _kmeans(twice, 2)):
        raise Wrong("A code without vectors stays where it is.")
    return "Codes at the means of their vectors: k-means."
