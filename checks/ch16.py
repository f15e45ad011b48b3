"""Checks of chapter 16, image GPT."""

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
    "16.q1",
    correct="a",
    because={
        "a": (
            "The mask hides what stands ahead, so all places can be answered side by "
            "side."
        ),
        "b": "With temperature 0 one would still have to wait for the token before.",
        "c": "Then each place would see the token that it shall guess.",
    },
)

quiz(
    "16.q2",
    correct="c",
    because={
        "a": "Four greys take at most 2 bits, and 256 up to 8; the scales differ.",
        "b": (
            "It may well be, but these two numbers do not say so: they code "
            "different data."
        ),
        "c": "Bits per dimension compare models of the same data only.",
    },
)

quiz(
    "16.q3",
    correct="b",
    because={
        "a": (
            "The judge counts how often it sees the class; real clothes may be odd, "
            "and still real."
        ),
        "b": "Odd shirts that look like coats are not drawn any more.",
        "c": "It may have, but this does not show it: any judge prefers the typical.",
    },
)


@exercise(
    "16.1",
    hints=["A token of chance p takes -log2(p) bits.", "Divide their sum by three."],
    foreseen=[
        Foreseen(6, "per token"),
        Foreseen(2 * np.log(2), "base 2"),
        Foreseen(-np.log2(0.875 / 3), "mean of the logarithms"),
    ],
)
def _(answer):
    value = number(answer)
    if close(value, 6):
        raise Wrong("That is the whole picture; the question asks for bits per token.")
    if close(value, 2 * np.log(2)):
        raise Wrong("Those are nats; bits are logarithms to base 2.")
    if close(value, -np.log2(0.875 / 3)):
        raise Wrong("Take the mean of the logarithms, not the logarithm of the mean.")
    if not close(value, 2):
        raise Wrong("That is not the number of bits per token.")
    return "One, two and three bits: two on average."


@exercise(
    "16.2",
    hints=[
        "The first draw reads one token, the class. The second reads two.",
        "Add up what each of the 49 draws reads.",
    ],
    foreseen=[
        1224,
        Foreseen(49, "without"),
        Foreseen(49 * 50, "grows"),
        Foreseen(sum(range(1, 51)), "last token"),
        Foreseen(sum(range(1, 49)), "class"),
    ],
)
def _(answer):
    value = number(answer)
    for wrong, reason in (
        (
            49,
            "That is the count with the cache; without it every draw reads the row "
            "again.",
        ),
        (49 * 50, "The row grows: only the last draw reads all of it."),
        (
            sum(range(1, 51)),
            "When the last token is drawn it need not be read any more.",
        ),
        (
            sum(range(1, 49)),
            "The class is read as well: the first draw reads 1, the last 49.",
        ),
    ):
        if close(value, wrong, rtol=0, atol=0.4):
            raise Wrong(reason)
    if not close(value, 1225, rtol=0, atol=0.4):
        raise Wrong("That is not the count.")
    return "1,225 against 49: 25 times more."


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


@exercise(
    "16.3",
    hints=[
        "np.argsort(-p) puts the likeliest first.",
        "A token is kept if those before it sum to less than the share.",
    ],
    foreseen=[
        Foreseen(_not_scaled, "sum to 1"),
        Foreseen(_one_short, "at least"),
        _one_more,
    ],
)
def _(answer):
    rng = np.random.default_rng(0)
    drawn = [(rng.dirichlet(np.full(9, 0.6)), share) for share in (0.3, 0.75, 0.9, 1.0)]
    for p, share in (*drawn, (np.array([0.25, 0.5, 0.125, 0.125]), 0.5)):
        given = array(
            call(answer, p.copy(), share, name="nucleus"),
            "what nucleus returns",
            p.shape,
        )
        right = _nucleus(p, share)
        if np.allclose(given, right, atol=1e-6):
            continue
        if np.allclose(given, _not_scaled(p, share), atol=1e-6):
            raise Wrong("The chances that are left must be scaled to sum to 1.")
        if np.allclose(given, _one_short(p, share), atol=1e-6):
            raise Wrong(
                "The kept chances must sum to at least the share: the token that "
                "passes it belongs to the nucleus."
            )
        raise Wrong(
            f"For share {share} and chances {np.round(p, 3)} it returns "
            f"{np.round(given, 3)}, and the nucleus is {np.round(right, 3)}."
        )
    return "A sure model keeps one token, an unsure one many."


def _pairs(rows, levels):
    counts = np.ones((levels, levels, levels))
    np.add.at(
        counts, (rows[:, :-2].ravel(), rows[:, 1:-1].ravel(), rows[:, 2:].ravel()), 1
    )
    return counts / counts.sum(axis=2, keepdims=True)


def _unsmoothed(rows, levels):
    counts = _counts(rows, levels)
    return counts / np.maximum(counts.sum(axis=2, keepdims=True), 1)


def _counts(rows, levels):
    counts = np.zeros((levels, levels, levels))
    np.add.at(
        counts, (rows[:, :-2].ravel(), rows[:, 1:-1].ravel(), rows[:, 2:].ravel()), 1
    )
    return counts


def _once(rows, levels):
    counts = np.ones((levels, levels, levels))
    counts[rows[:, :-2], rows[:, 1:-1], rows[:, 2:]] += 1
    return counts / counts.sum(axis=2, keepdims=True)


def _all(rows, levels):
    counts = _counts(rows, levels) + 1
    return counts / counts.sum()


@exercise(
    "16.4",
    hints=[
        "Start from np.ones((levels, levels, levels)) and add every triple.",
        "Divide by the sum over the last axis: the chances of c after each pair sum to "
        "1.",
    ],
    foreseen=[
        Foreseen(_unsmoothed, "one to every count"),
        Foreseen(_all, "each pair"),
        Foreseen(_once, "np.add.at"),
        lambda rows, levels: _pairs(rows, 4),
    ],
)
def _(answer):
    rng = np.random.default_rng(0)
    for levels in (4, 3):
        rows, shape = rng.integers(0, levels, (20, 12)), (levels,) * 3
        given = array(
            call(answer, rows.copy(), levels, name="train_pairs"),
            "what train_pairs returns",
            shape,
        )
        if np.allclose(given, _pairs(rows, levels), atol=1e-6):
            continue
        if np.allclose(given, _unsmoothed(rows, levels), atol=1e-6):
            raise Wrong(
                "Add one to every count: a triple never seen must not have chance zero."
            )
        if np.allclose(given, _all(rows, levels), atol=1e-6):
            raise Wrong(
                "The chances after each pair must sum to 1, not all chances together."
            )
        if np.allclose(given, _once(rows, levels), atol=1e-6):
            raise Wrong(
                "counts[a, b, c] += 1 with arrays adds to each place only once, "
                "however often it occurs: np.add.at adds every time."
            )
        raise Wrong("Some of the chances differ from those that the counts give.")
    return "Two pixels of memory; the transformer has them all."
