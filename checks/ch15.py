"""Checks of chapter 15, pictures as words."""

import itertools

import numpy as np
from scipy.spatial.distance import cdist

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

quizzes(
    """
    15.q1
      a) No optimizer holds it at all; running means move the codes.
    * b) In value the decoder gets the code, in slope only the encoder's vector.
      c) The arg min has no useful slope in anything: it is flat, with jumps.

    15.q2
      a) All 512 occur; 40 equally frequent codes would be as hard to guess.
    * b) With equal frequencies the perplexity would be 512.
      c) Use and error are two things: a few codes may do nearly all the work, and well.

    15.q3
    * a) On one sheet of many pictures the tables are paid once; compare there.
      b) It can, with one channel.
      c) Its data are entropy-coded already; it is the tables that weigh.
    """
)

number_question(
    "15.1",
    640,
    because="64 tokens of 10 bits each.",
    wrong={
        64: "That is the number of tokens; each has its bits.",
        80: "There are 8 tokens in a row and 8 rows: count both directions.",
        64 * 1024: "A choice among 1,024 takes log2(1024) bits, not 1,024.",
        64 * np.log(1024): "Bits are logarithms to base 2.",
    },
    otherwise="It is the number of tokens times the bits of one.",
    hints=[
        "How many tokens are there? 64 / 8 in each direction.",
        "1,024 codes are log2(1024) bits.",
    ],
    foreseen=[40960],
)

number_question(
    "15.2",
    128,
    rtol=0,
    because="L = 2 d: beyond it the pairs cost most.",
    wrong={
        64: "The factor 2 is lost: 4 over 2.",
        32: "The ratio of the constants is upside down.",
    },
    otherwise="Solve 2 L^2 d = 4 L d^2 for L.",
    hints=["Set the two expressions equal.", "Divide both sides by 2 L d."],
    foreseen=[4096],
)


@exercise(
    "15.3",
    hints=[
        "In decimal numbers every place weighs ten times the one before; here the "
        "bases differ.",
        "The weights are 1, L1, L1 L2: np.cumprod([1, *levels[:-1]]).",
    ],
    foreseen=[
        Foreseen(lambda d, levels: d.sum(axis=1), "same number"),
        Foreseen(lambda d, levels: d @ 10 ** np.arange(len(levels)), "127"),
        Foreseen(lambda d, levels: d @ np.cumprod(levels), "same number"),
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
                "without gaps."
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


_SOME = np.random.default_rng(16).standard_normal((300, 3))
# Here a code that has moved loses all its vectors.
_FEW = np.random.default_rng(1820).integers(-9, 10, (12, 2)).astype(float)

function_question(
    "15.4",
    _kmeans,
    inputs=[(_SOME, 12), (_FEW, 4)],
    because="Codes at the means of their vectors: k-means.",
    wrong={
        lambda vectors, codes: vectors[:codes]: (
            "The codes did not move from where they started."
        ),
        lambda vectors, codes: _kmeans(vectors, codes, 1): (
            "That is one round; do it ten times."
        ),
        (
            lambda vectors, codes: _kmeans(vectors, codes, 9),
            lambda vectors, codes: _kmeans(vectors, codes, 11),
        ): "Count the rounds: it should be ten.",
        lambda vectors, codes: _kmeans(vectors, codes, view=True): (
            "vectors[:codes] is a view, so that to move the codes moves the data: "
            "start from a copy."
        ),
    },
    otherwise=[
        "Each round: nearest code for every vector, then the mean for every code.",
        "A code without vectors stays where it is, not where it began.",
    ],
    name="codebook",
    result="codebook(...)",
    hints=[
        "scipy's cdist(vectors, book).argmin(axis=1) gives the choices; the chapter's "
        "nearest gives a tensor, so wrap it in np.asarray.",
        "Loop over np.unique(chosen), so that codes without vectors stay.",
    ],
    foreseen=[
        Foreseen(_back, "stays"),
        Foreseen(_nan, "stays"),
        Foreseen(7.0, "function"),
    ],
)
