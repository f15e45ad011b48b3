"""Checks of chapter 16, image GPT."""

import numpy as np

from checks.kit import function_question, number_question, quizzes

quizzes(
    """
    16.q1
    * a) The mask hides what stands ahead, so all places can be answered side by side.
      b) With temperature 0 one would still have to wait for the token before.
      c) Then each place would see the token that it shall guess.

    16.q2
      a) Four greys take at most 2 bits, and 256 up to 8; the scales differ.
      b) It may well be, but these two numbers do not say so: they code different data.
    * c) Bits per dimension compare models of the same data only.

    16.q3
      a) The judge counts how often it sees the class; real clothes may be odd, and
         still real.
    * b) Odd shirts that look like coats are not drawn any more.
      c) It may have, but this does not show it: any judge prefers the typical.
    """
)

number_question(
    "16.1",
    2,
    because="One, two and three bits: two on average.",
    wrong={
        6: "That is the whole picture; the question asks for bits per token.",
        2 * np.log(2): "Those are nats; bits are logarithms to base 2.",
        -np.log2(0.875 / 3): (
            "Take the mean of the logarithms, not the logarithm of the mean."
        ),
    },
    otherwise="That is not the number of bits per token.",
    hints=["A token of chance p takes -log2(p) bits.", "Divide their sum by three."],
)

number_question(
    "16.2",
    1225,
    rtol=0,
    because="1,225 against 49: 25 times more.",
    wrong={
        49: (
            "That is the count with the cache; without it every draw reads the row "
            "again."
        ),
        49 * 50: "The row grows: only the last draw reads all of it.",
        sum(range(1, 51)): (
            "When the last token is drawn it need not be read any more."
        ),
        sum(range(1, 49)): (
            "The class is read as well: the first draw reads 1, the last 49."
        ),
    },
    otherwise="That is not the count.",
    hints=[
        "The first draw reads one token, the class. The second reads two.",
        "Add up what each of the 49 draws reads.",
    ],
    foreseen=[1224],
)


def _nucleus(p, share):
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    kept = np.zeros_like(p)
    kept[order[before < share]] = p[order[before < share]]
    return kept / kept.sum()


def _not_scaled(p, share):
    kept = _nucleus(p, share)
    return np.where(kept > 0, p, 0.0)


def _one_short(p, share):
    order = np.argsort(-p)
    kept = np.zeros_like(p)
    chosen = order[np.cumsum(p[order]) <= share]
    kept[chosen] = p[chosen]
    return kept / max(kept.sum(), 1e-12)


def _one_more(p, share):
    order = np.argsort(-p)
    kept = np.zeros_like(p)
    chosen = order[np.cumsum(p[order]) - p[order] <= share]
    kept[chosen] = p[chosen]
    return kept / kept.sum()


def _chances():
    rng = np.random.default_rng(0)
    drawn = [(rng.dirichlet(np.full(9, 0.6)), share) for share in (0.3, 0.75, 0.9, 1.0)]
    return [*drawn, (np.array([0.25, 0.5, 0.125, 0.125]), 0.5)]


function_question(
    "16.3",
    _nucleus,
    inputs=_chances(),
    rtol=1e-5,
    because="A sure model keeps one token, an unsure one many.",
    wrong={
        _not_scaled: "The chances that are left must be scaled to sum to 1.",
        _one_short: (
            "The kept chances must sum to at least the share: the token that passes it "
            "belongs to the nucleus."
        ),
    },
    otherwise=lambda given, p, share: (
        f"For share {share} and chances {np.round(p, 3)} it returns "
        f"{np.round(given, 3)}, and the nucleus is {np.round(_nucleus(p, share), 3)}."
    ),
    name="nucleus",
    result="what nucleus returns",
    hints=[
        "np.argsort(-p) puts the likeliest first.",
        "A token is kept if those before it sum to less than the share.",
    ],
    foreseen=[_one_more],
)


def _counts(rows, levels, start=0):
    counts = np.full((levels, levels, levels), float(start))
    np.add.at(
        counts, (rows[:, :-2].ravel(), rows[:, 1:-1].ravel(), rows[:, 2:].ravel()), 1
    )
    return counts


def _pairs(rows, levels):
    counts = _counts(rows, levels, start=1)
    return counts / counts.sum(axis=2, keepdims=True)


def _unsmoothed(rows, levels):
    counts = _counts(rows, levels)
    return counts / np.maximum(counts.sum(axis=2, keepdims=True), 1)


def _all(rows, levels):
    counts = _counts(rows, levels, start=1)
    return counts / counts.sum()


def _once(rows, levels):
    counts = np.ones((levels, levels, levels))
    counts[rows[:, :-2], rows[:, 1:-1], rows[:, 2:]] += 1
    return counts / counts.sum(axis=2, keepdims=True)


def _greys():
    rng = np.random.default_rng(0)
    return [(rng.integers(0, levels, (20, 12)), levels) for levels in (4, 3)]


function_question(
    "16.4",
    _pairs,
    inputs=_greys(),
    rtol=1e-5,
    because="Two pixels of memory; the transformer has them all.",
    wrong={
        _unsmoothed: (
            "Add one to every count: a triple never seen must not have chance zero."
        ),
        _all: "The chances after each pair must sum to 1, not all chances together.",
        _once: (
            "counts[a, b, c] += 1 with arrays adds to each place only once, however "
            "often it occurs: np.add.at adds every time."
        ),
    },
    otherwise="Some of the chances differ from those that the counts give.",
    name="train_pairs",
    result="what train_pairs returns",
    hints=[
        "Start from np.ones((levels, levels, levels)) and add every triple.",
        "Divide by the sum over the last axis: the chances of c after each pair sum to "
        "1.",
    ],
    foreseen=[lambda rows, levels: _pairs(rows, 4)],
)
