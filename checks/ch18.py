"""Checks of chapter 18, text to image."""

import numpy as np

from checks.kit import (
    Foreseen,
    function_question,
    number,
    number_question,
    quizzes,
    rephrase,
)

quizzes(
    """
    18.q1
      a) A code that never stood in a training target gets no chance, however long it
         trains.
      b) The alphabet has no letter for the patch; a larger writer has the same
         alphabet.
    * c) Once edge and colour have a letter each, every joining can be said.

    18.q2
    * a) The reader writes them; all that is to be drawn is the picture.
      b) Every picture token sees all words, for they stand before it.
      c) It is trained, by what the words do for the picture's tokens.

    18.q3
      a) Red and blue have changed places: no red circle is there.
    * b) Both colours, both shapes and two objects are there, joined wrongly; size was
         left open.
      c) There are two objects, a circle and a square, a red one and a blue one.
    """
)

number_question(
    "18.1",
    272,
    rtol=0,
    because=(
        "At most 320 against 48; codes that are alike say less, and every new code "
        "says more."
    ),
    wrong={
        320: "That is how many it can say; the question asks how many more.",
        48: "Those are the codes; count the patches that pairs of them can say.",
    },
    otherwise="Take the pairs, 40 times 8, less the 48 patches of the other code.",
    hints=["Every mask can be said with every ink.", "As many codes in all: 40 + 8."],
    foreseen=[280],
)


def _mix(mask, ink, paper):
    return mask[:, None] * ink + (1 - mask[:, None]) * paper


def _parts():
    rng = np.random.default_rng(0)
    return [(rng.random(16), *rng.uniform(-1, 1, (2, 3))) for _ in range(3)]


function_question(
    "18.2",
    _mix,
    inputs=_parts(),
    rtol=1e-5,
    because="One line, and any mask takes any ink.",
    wrong={
        lambda mask, ink, paper: _mix(1 - mask, ink, paper): (
            "It is the other way round: mask 1 is ink, mask 0 is paper."
        ),
        lambda mask, ink, paper: mask[:, None] * ink: (
            "Where the mask is 0 the paper must show."
        ),
    },
    otherwise="Each pixel is mask times ink plus (1 - mask) times paper.",
    name="mix",
    result="what mix returns",
    hints=[
        "mask[:, None] has shape (16, 1) and meets the three colours.",
        "Where the mask is 1 stands the ink, where it is 0 the paper.",
    ],
    foreseen=[lambda *_: np.zeros(3)],
)


def _entropy(counts):
    q = np.asarray(counts, float)
    q = q[q > 0] / q.sum()
    return -(q * np.log(q)).sum()


def _naive(counts):
    q = np.asarray(counts, float) / np.sum(counts)
    return np.exp(-(q * np.log(q)).sum())


def _simpson(counts):
    q = np.asarray(counts, float) / np.sum(counts)
    return 1 / (q**2).sum()


def _effective(value):
    with rephrase(
        {
            "NaN": "With a count of zero it is not a number: leave the zeros out, they "
            "add nothing."
        }
    ):
        return number(value)


function_question(
    "18.3",
    lambda counts: np.exp(_entropy(counts)),
    inputs=[([5, 5, 5, 5],), ([90, 5, 5],), ([3, 0, 1, 0],), ([7],)],
    rtol=1e-5,
    because=(
        "Four alike count four; ninety in a hundred for one count little more than one."
    ),
    wrong={
        _simpson: (
            "That is 1 over the sum of squares, another measure of variety; take exp "
            "of the entropy."
        ),
        (_entropy, lambda counts: _entropy(counts) / np.log(2)): (
            "That is the entropy; the effective number is its exp."
        ),
        lambda counts: float(np.sum(np.asarray(counts) > 0)): (
            "That counts the answers that came at all; weigh each by its share."
        ),
    },
    otherwise="For counts {0} it gives {given:.4g}; it should be {right:.4g}.",
    name="effective",
    handed=np.array,
    read=_effective,
    hints=[
        "0 log 0 counts as 0: leave the zeros out.",
        "First make shares of the counts.",
    ],
    foreseen=[Foreseen(_naive, "zeros")],
)


def _fit(patch, mask, paper):
    return mask @ (patch - (1 - mask[:, None]) * paper) / (mask @ mask)


def _error(given, patch, mask, paper):
    error, best = (
        ((_mix(mask, ink, paper) - patch) ** 2).sum()
        for ink in (given, _fit(patch, mask, paper))
    )
    return f"Its squared error is {error:.4f}, and {best:.4f} can be had."


def _patches():
    rng = np.random.default_rng(1)
    drawn = [
        (rng.random(16), rng.uniform(-1, 1, (16, 3)), rng.uniform(-1, 1, 3))
        for _ in range(3)
    ]
    return [(patch, mask, paper) for mask, patch, paper in drawn]


function_question(
    "18.4",
    _fit,
    inputs=_patches(),
    rtol=1e-5,
    because=(
        "The same step, taken for masks and inks in turn, is called alternating least "
        "squares."
    ),
    wrong={
        lambda patch, mask, paper: mask @ patch / mask.sum(): (
            "That is the mean of the covered pixels; the paper shows through where the "
            "mask is below 1, so take it away first."
        ),
        lambda p, m, b: m @ (p - (1 - m[:, None]) * b) / m.sum(): (
            "Divide by the sum of the squares of the mask, not by its sum."
        ),
    },
    otherwise=_error,
    name="fit_ink",
    result="what fit_ink returns",
    hints=[
        "The squared error is the sum of |m c + (1 - m) b - x|^2 over the 16 pixels.",
        "Its derivative by c is zero where the sum of m (m c + (1 - m) b - x) is zero.",
    ],
)
