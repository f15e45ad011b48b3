"""Checks of chapter 15, pictures as words."""

import itertools

import numpy as np
from scipy.spatial.distance import cdist

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
    "15.q1",
    correct="b",
    because={
        "a": "No optimizer holds it at all; running means move the codes.",
        "b": "In value the decoder gets the code, in slope only the encoder's vector.",
        "c": "The arg min has no useful slope in anything: it is flat, with jumps.",
    },
)

quiz(
    "15.q2",
    correct="b",
    because={
        "a": "All 512 occur; 40 equally frequent codes would be as hard to guess.",
        "b": "With equal frequencies the perplexity would be 512.",
        "c": (
            "Use and error are two things: a few codes may do nearly all the work, "
            "and well."
        ),
    },
)

quiz(
    "15.q3",
    correct="a",
    because={
        "a": "On one sheet of many pictures the tables are paid once; compare there.",
        "b": "It can, with one channel.",
        "c": "Its data are entropy-coded already; it is the tables that weigh.",
    },
)


@exercise(
    "15.1",
    hints=[
        "How many tokens are there? 64 / 8 in each direction.",
        "1,024 codes are log2(1024) bits.",
    ],
    foreseen=[
        Foreseen(64, "number of tokens"),
        Foreseen(80, "both directions"),
        Foreseen(64 * 1024, "log2"),
        Foreseen(64 * np.log(1024), "base 2"),
        40960,
    ],
)
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
        Foreseen(32, "upside down"),
        4096,
    ],
)
def _(answer):
    value = number(answer)
    if close(value, 64):
        raise Wrong("The factor 2 is lost: 4 over 2.")
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
    hints=[
        "In decimal numbers every place weighs ten times the one before; here the "
        "bases differ.",
        "The weights are 1, L1, L1 L2: np.cumprod([1, *levels[:-1]]).",
    ],
    foreseen=[
        Foreseen(_no_weights, "same number"),
        Foreseen(_decimal, "127"),
        Foreseen(_own_level, "same number"),
        Foreseen(lambda d, levels: np.arange(len(d)), "own digits"),
        Foreseen(
            lambda d, levels: np.unique(d, axis=0, return_inverse=True)[1].ravel(),
            "own digits",
        ),
        Foreseen(7.0, "function"),
    ],
)
def _(answer):
    for levels in ((8, 4, 4), (3, 5)):
        digits = np.array(list(itertools.product(*map(range, levels))))
        found = array(
            call(answer, digits, levels, name="token"), "token(...)", (len(digits),)
        )
        if len(np.unique(found)) < len(found):
            raise Wrong("Two different combinations get the same number.")
        if not (
            np.array_equal(found, found.round())
            and found.min() >= 0
            and found.max() == len(digits) - 1
        ):
            raise Wrong(
                f"For levels {levels} the numbers must be 0 to {len(digits) - 1}, "
                f"without "
                "gaps."
            )
        some = np.random.default_rng(3).permutation(len(digits))[: len(digits) // 2]
        part = array(
            call(answer, digits[some], levels, name="token"), "token(...)", (len(some),)
        )
        if not np.array_equal(part, found[some]):
            raise Wrong(
                "A row's number must depend on its own digits, not on the other rows."
            )
    return "A number with a base of its own in every place."


def _kmeans(vectors, codes, rounds=10, view=False):
    vectors = np.array(vectors, float)
    book = vectors[:codes] if view else vectors[:codes].copy()
    for _ in range(rounds):
        chosen = cdist(vectors, book).argmin(axis=1)
        for j in np.unique(chosen):
            book[j] = vectors[chosen == j].mean(axis=0)
    return book


def _start(vectors, codes):
    return np.asarray(vectors)[:codes]


def _view(vectors, codes):
    return _kmeans(vectors, codes, view=True)


def _back(vectors, codes):
    start = book = np.asarray(vectors, float)[:codes]
    for _ in range(10):
        chosen = cdist(vectors, book).argmin(axis=1)
        book = np.stack(
            [
                vectors[chosen == j].mean(axis=0) if (chosen == j).any() else start[j]
                for j in range(codes)
            ]
        )
    return book


def _nan(vectors, codes):
    vectors = np.asarray(vectors, float)
    book = vectors[:codes].copy()
    for _ in range(10):
        chosen = cdist(vectors, book).argmin(axis=1)
        with np.errstate(all="ignore"):
            book = np.stack(
                [
                    vectors[chosen == j].sum(axis=0) / (chosen == j).sum()
                    for j in range(codes)
                ]
            )
            book = np.nan_to_num(book)
    return book


@exercise(
    "15.4",
    hints=[
        "scipy's cdist(vectors, book).argmin(axis=1) gives the choices; the chapter's "
        "nearest gives a tensor, so wrap it in np.asarray.",
        "Loop over np.unique(chosen), so that codes without vectors stay.",
    ],
    foreseen=[
        Foreseen(_start, "did not move"),
        Foreseen(lambda v, k: _kmeans(v, k, 1), "ten"),
        Foreseen(lambda v, k: _kmeans(v, k, 9), "ten"),
        Foreseen(_view, "copy"),
        Foreseen(_back, "stays"),
        Foreseen(_nan, "stays"),
        Foreseen(7.0, "function"),
    ],
)
def _(answer):
    vectors = np.random.default_rng(16).standard_normal((300, 3))
    found = array(
        call(answer, vectors.copy(), 12, name="codebook"), "codebook(...)", (12, 3)
    )
    if close(found, vectors[:12]):
        raise Wrong("The codes did not move from where they started.")
    if close(found, _kmeans(vectors, 12, 1)):
        raise Wrong("That is one round; do it ten times.")
    if any(close(found, _kmeans(vectors, 12, rounds)) for rounds in (9, 11)):
        raise Wrong("Count the rounds: it should be ten.")
    if close(found, _view(vectors, 12)):
        raise Wrong(
            "vectors[:codes] is a view, so that to move the codes moves the data: "
            "start from a copy."
        )
    if not close(found, _kmeans(vectors, 12)):
        raise Wrong(
            "Each round: nearest code for every vector, then the mean for every code."
        )
    twice = np.random.default_rng(1820).integers(-9, 10, (12, 2)).astype(float)
    found = array(
        call(answer, twice.copy(), 4, name="codebook"), "codebook(...)", (4, 2)
    )
    if not close(
        found, _kmeans(twice, 4)
    ):  # here a code that has moved loses all its vectors
        raise Wrong("A code without vectors stays where it is, not where it began.")
    return "Codes at the means of their vectors: k-means."
