"""Checks of chapter 18, text to image."""

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
    "18.q1",
    correct="c",
    because={
        "a": (
            "A code that never stood in a training target gets no chance, however "
            "long it trains."
        ),
        "b": (
            "The alphabet has no letter for the patch; a larger writer has the same "
            "alphabet."
        ),
        "c": "Once edge and colour have a letter each, every joining can be said.",
    },
)

quiz(
    "18.q2",
    correct="a",
    because={
        "a": "The reader writes them; all that is to be drawn is the picture.",
        "b": "Every picture token sees all words, for they stand before it.",
        "c": "It is trained, by what the words do for the picture's tokens.",
    },
)

quiz(
    "18.q3",
    correct="b",
    because={
        "a": "Red and blue have changed places: no red circle is there.",
        "b": (
            "Both colours, both shapes and two objects are there, joined wrongly; "
            "size was left open."
        ),
        "c": "There are two objects, a circle and a square, a red one and a blue one.",
    },
)


@exercise(
    "18.1",
    hints=["Every mask can be said with every ink.", "As many codes in all: 40 + 8."],
    foreseen=[Foreseen(320, "how many more"), Foreseen(48, "codes"), 280],
)
def _(answer):
    value = number(answer)
    if close(value, 320):
        raise Wrong("That is how many it can say; the question asks how many more.")
    if close(value, 48):
        raise Wrong(
            "Those are the codes; count the patches that pairs of them can say."
        )
    if not close(value, 272):
        raise Wrong(
            "Take the pairs, 40 times 8, less the 48 patches of the other code."
        )
    return (
        "At most 320 against 48; codes that are alike say less, and every new code "
        "says more."
    )


def _mix(mask, ink, paper):
    return mask[:, None] * ink + (1 - mask[:, None]) * paper


def _turned(mask, ink, paper):
    return _mix(1 - mask, ink, paper)


def _no_paper(mask, ink, paper):
    return mask[:, None] * ink


@exercise(
    "18.2",
    hints=[
        "mask[:, None] has shape (16, 1) and meets the three colours.",
        "Where the mask is 1 stands the ink, where it is 0 the paper.",
    ],
    foreseen=[
        Foreseen(_turned, "other way"),
        Foreseen(_no_paper, "paper"),
        lambda *_: np.zeros(3),
    ],
)
def _(answer):
    rng = np.random.default_rng(0)
    for _ in range(3):
        mask, (ink, paper) = rng.random(16), rng.uniform(-1, 1, (2, 3))
        given = array(
            call(answer, mask.copy(), ink.copy(), paper.copy(), name="mix"),
            "what mix returns",
            (16, 3),
        )
        if np.allclose(given, _mix(mask, ink, paper), atol=1e-5):
            continue
        if np.allclose(given, _turned(mask, ink, paper), atol=1e-5):
            raise Wrong("It is the other way round: mask 1 is ink, mask 0 is paper.")
        if np.allclose(given, _no_paper(mask, ink, paper), atol=1e-5):
            raise Wrong("Where the mask is 0 the paper must show.")
        raise Wrong("Each pixel is mask times ink plus (1 - mask) times paper.")
    return "One line, and any mask takes any ink."


def _effective(counts):
    q = np.asarray(counts, float)
    q = q[q > 0] / q.sum()
    return np.exp(-(q * np.log(q)).sum())


def _naive(counts):
    q = np.asarray(counts, float) / np.sum(counts)
    return np.exp(-(q * np.log(q)).sum())


def _simpson(counts):
    q = np.asarray(counts, float) / np.sum(counts)
    return 1 / (q**2).sum()


def _bits(counts):
    return np.log(_effective(counts)) / np.log(2)


def _nats(counts):
    return np.log(_effective(counts))


def _present(counts):
    return float(np.sum(np.asarray(counts) > 0))


@exercise(
    "18.3",
    hints=[
        "0 log 0 counts as 0: leave the zeros out.",
        "First make shares of the counts.",
    ],
    foreseen=[
        Foreseen(_bits, "exp"),
        Foreseen(_nats, "exp"),
        Foreseen(_present, "share"),
        Foreseen(_naive, "zeros"),
        Foreseen(_simpson, "other measure"),
    ],
)
def _(answer):
    for counts in ([5, 5, 5, 5], [90, 5, 5], [3, 0, 1, 0], [7]):
        with np.errstate(all="ignore"):
            given = call(answer, np.array(counts), name="effective")
        if np.size(given) == 1 and isinstance(given, float) and not np.isfinite(given):
            raise Wrong(
                "With a count of zero it is not a number: leave the zeros out, they "
                "add nothing."
            )
        given, right = number(given), _effective(counts)
        if np.isclose(given, right, atol=1e-6):
            continue
        if np.isclose(given, _simpson(counts)):
            raise Wrong(
                "That is 1 over the sum of squares, another measure of variety; take "
                "exp of the entropy."
            )
        if np.isclose(given, _nats(counts)) or np.isclose(given, _bits(counts)):
            raise Wrong("That is the entropy; the effective number is its exp.")
        if np.isclose(given, _present(counts)):
            raise Wrong(
                "That counts the answers that came at all; weigh each by its share."
            )
        raise Wrong(
            f"For counts {counts} it gives {given:.4g}; it should be {right:.4g}."
        )
    return (
        "Four alike count four; ninety in a hundred for one count little more than one."
    )


def _fit(patch, mask, paper):
    return mask @ (patch - (1 - mask[:, None]) * paper) / (mask @ mask)


def _mean_lit(patch, mask, paper):
    return (patch * mask[:, None]).sum(axis=0) / mask.sum()


@exercise(
    "18.4",
    hints=[
        "The squared error is the sum of |m c + (1 - m) b - x|^2 over the 16 pixels.",
        "Its derivative by c is zero where the sum of m (m c + (1 - m) b - x) is zero.",
    ],
    foreseen=[
        Foreseen(_mean_lit, "paper"),
        Foreseen(lambda p, m, b: m @ (p - (1 - m[:, None]) * b) / m.sum(), "squares"),
    ],
)
def _(answer):
    rng = np.random.default_rng(1)
    for _ in range(3):
        mask, patch = rng.random(16), rng.uniform(-1, 1, (16, 3))
        paper = rng.uniform(-1, 1, 3)
        given = array(
            call(answer, patch.copy(), mask.copy(), paper.copy(), name="fit_ink"),
            "what fit_ink returns",
            (3,),
        )
        if np.allclose(given, _fit(patch, mask, paper), atol=1e-5):
            continue
        if np.allclose(given, _mean_lit(patch, mask, paper), atol=1e-5):
            raise Wrong(
                "That is the mean of the covered pixels; the paper shows through where "
                "the mask is below 1, so take it away first."
            )
        rest = patch - (1 - mask[:, None]) * paper
        if np.allclose(given, mask @ rest / mask.sum(), atol=1e-5):
            raise Wrong("Divide by the sum of the squares of the mask, not by its sum.")
        error = ((_mix(mask, np.asarray(given), paper) - patch) ** 2).sum()
        best = ((_mix(mask, _fit(patch, mask, paper), paper) - patch) ** 2).sum()
        raise Wrong(f"Its squared error is {error:.4f}, and {best:.4f} can be had.")
    return (
        "The same step, taken for masks and inks in turn, is called alternating "
        "least squares."
    )
