"""Checks of chapter 02, the GAN objective."""

import math

import numpy as np

from checks.kit import (
    Foreseen,
    Wrong,
    array,
    call,
    close,
    function_question,
    number_question,
    numbers_question,
    quizzes,
)
from checks.stretches import INFINITE, above, apart, below, near, outside

quizzes(
    """
    02.q1
      a) 0.5 everywhere is what q = p would give, but an untrained detective says it
         too.
    * b) 0.5 is the best answer when q = p, and also what a network says that learned
         nothing.
      c) A good detective is as unsure as the pictures are alike; at q = p that is 0.5.

    02.q2
      a) The goal is the same, the slopes are not: one is D, the other 1 - D.
      b) The strengths are D and 1 - D; put D = 0.001 into both and divide.
    * c) The pushes are 1 - D = 0.999 and D = 0.001: their ratio is 999.

    02.q3
      a) W1 needs a bound on the slope; a sigmoid bounds only the height.
    * b) With D between 0 and 1 the best answer is 1 where p > q: the total variation.
      c) With D between 0 and 1 the gain cannot exceed 1, so it cannot diverge.
    """
)

number_question(
    "02.1",
    0.75,
    because="Of four pictures at this place three are real.",
    wrong={
        outside(0, 1): "D is a belief and lies between 0 and 1.",
        0.25: "That is q / (p + q), the share of forgeries.",
        near(1 / 3, rtol=0.02): (
            "That is the ratio q / p; she compares p with all that lies there, p + q."
        ),
        1: "She cannot be sure: one picture in four at this place is forged.",
    },
    otherwise="She says the share of real pictures among all pictures at x.",
    hints=["Write p = 3 q and put it into p / (p + q).", "The q cancels: 3 / (3 + 1)."],
    foreseen=[
        Foreseen(3.0, "between 0 and 1"),
        Foreseen(75, "between 0 and 1"),
        Foreseen(1 / 3, "ratio"),
    ],
)


def _pair(answer, otherwise):
    """Return `answer` as two floats, which may be infinite; say `otherwise` if it is no
    pair."""
    parts = answer if isinstance(answer, (list, tuple)) else [answer]
    if any(isinstance(part, str) for part in parts):
        raise Wrong(f"{otherwise} Write them without quotes: a text is no number.")
    try:
        pair = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError):
        raise Wrong(otherwise) from None
    if pair.shape != (2,):
        raise Wrong(
            f"{otherwise} This has shape {pair.shape}." if pair.shape else otherwise
        )
    if np.isnan(pair).any():
        raise Wrong(f"{otherwise} This holds a NaN.")
    return pair


numbers_question(
    "02.2",
    (np.log(2) / 2, 1),
    parts=("Jensen-Shannon divergence, in nats", "W1"),
    rtol=0.0099,  # 0.35, two digits of it, is enough
    read=lambda answer: _pair(
        answer, "Give a pair of numbers: (Jensen-Shannon divergence, W1)."
    ),
    because=(
        "Half of each heap lies where the other has nothing: JSD is (log 2)/2, and "
        "W1 is 1."
    ),
    wrong={
        (below(0), None): (
            "No divergence is negative; take p log(p/m), not p log(m/p)."
        ),
        (None, below(0)): (
            "W1 is work, mass times distance, and work is not negative here."
        ),
        (INFINITE, None): (
            "KL(p||q) is infinite here, but JSD compares each with the midpoint m."
        ),
        (None, INFINITE): "W1 is finite: ask how far each grain moves.",
        (1, np.log(2) / 2): ("The order is (divergence, W1); these look swapped."),
        (None, apart(1, rtol=0.0099)): (
            "W1 is off: the whole heap is shifted, so ask how far each grain moves."
        ),
        (above(np.log(2) * 0.99), None): (
            "The ceiling, log 2, is for densities that do not overlap; these do."
        ),
        (0.5, None): "That is in bits; nats use the natural logarithm.",
        (np.log(2) / 4, None): (
            "JSD takes half of each of the two KLs, and both are there: add them up."
        ),
    },
    otherwise="W1 is right, the divergence is not.",
    hints=[
        "m = (p + q)/2 has three stretches: [0, 1], [1, 2] and [2, 3].",
        "p is 1/2 on [0, 2]; m is 1/4, 1/2, 1/4. So p/m is 2, then 1.",
        "For W1 ask how far each grain must go.",
    ],
    foreseen=[
        Foreseen((np.log(2), 1.0), "overlap"),
        Foreseen((0.5, 1.0), "bits"),
        Foreseen((np.log(2) / 2, 0.5), "grain"),
        Foreseen((1.0, np.log(2) / 2), "order"),
        Foreseen((np.log(2) / 4, 1.0), "half of each"),
        Foreseen((np.inf, 1.0), "midpoint"),
        Foreseen((np.log(2) / 2, np.inf), "W1 is finite"),
        Foreseen((-np.log(2) / 2, 1.0), "negative"),
        Foreseen((np.log(2) / 2, -1.0), "negative"),
        Foreseen((2 * np.log(2), 1.0), "ceiling"),
        Foreseen(("log(2)/2", "1"), "quotes"),
        Foreseen((str(np.log(2) / 2), 1.0), "quotes"),
        Foreseen("0.3466, 1", "quotes"),
        Foreseen(0.3466, "pair"),
        Foreseen([[0.3466], [1.0]], "pair"),
    ],
)


def _beliefs(value):
    """Read what a function of 02.3 returned: a belief for each of four places."""
    beliefs = array(value, "the result")
    if beliefs.shape != (4,):
        raise Wrong(
            "p and q are arrays of shape (4,), a density for each place; return one "
            f"belief for each. This has shape {beliefs.shape}."
        )
    return beliefs


_PLACES = (np.array([0.2, 0.5, 0.9, 0.1]), np.array([0.4, 0.5, 0.1, 0.6]))

function_question(
    "02.3",
    lambda p, q, share: share * p / (share * p + (1 - share) * q),
    inputs=[(*_PLACES, share) for share in (0.5, 0.9, 0.2)],
    because=(
        "This is Bayes' rule: the share is the prior, the densities are the evidence."
    ),
    wrong={
        lambda p, q, share: p / (p + q): (
            "This ignores the share: with only real pictures she should say 1."
        ),
        lambda p, q, share: share * p / (p + q): (
            "The share stands only in the numerator; the forged ones need 1 - share."
        ),
        lambda p, q, share: (1 - share) * p / ((1 - share) * p + share * q): (
            "The share is swapped: it is the share of real pictures."
        ),
        lambda p, q, share: (1 - share) * q / (share * p + (1 - share) * q): (
            "That is the chance of a forged picture; D is the chance of a real one."
        ),
    },
    otherwise=[
        "With a share of one half it must give p / (p + q), and it does not.",
        "It is right at one half, but not at other shares.",
        "It is right at one half, but not at other shares.",
    ],
    instead={
        "array": "{problem} Here p and q are arrays, a density for each place.",
    },
    read=_beliefs,
    hints=[
        "Weigh the two terms: share * p * log d + (1 - share) * q * log(1 - d).",
        "Set the derivative by d to zero; with share = 1/2 you must get p / (p + q).",
    ],
    foreseen=[
        Foreseen(lambda p, q: p / (p + q), "failed"),
        Foreseen(lambda p, q, share: float(share), "arrays"),
        Foreseen(lambda p, q, share: p / (p + q) if p > 0 else 0, "arrays"),
        Foreseen(lambda p, q, share: math.exp(math.log(p)), "arrays"),
        Foreseen(0.5, "must be a function"),
    ],
)


def _softplus(logits):
    return np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))


def _tensor(values):
    import tensorflow as tf  # only this checker hands tensors to the reader's code

    return tf.constant(np.asarray(values, np.float32))


def _naive(logits):
    import tensorflow as tf

    return -tf.reduce_mean(tf.math.log(tf.sigmoid(logits)))


def _guarded(logits):
    import tensorflow as tf

    naive = -tf.math.log(tf.sigmoid(logits))
    return tf.reduce_mean(tf.where(logits < -80, -logits, naive))


def _extreme(answer):
    value = np.ravel(call(answer, _tensor([-1000.0])))
    if not close(value, [1000.0]):
        raise Wrong(
            f"Right for mild logits, but at -1000 it gives {value[0]:g}, not 1000."
        )
    import tensorflow as tf

    logits = _tensor([-1000.0])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = answer(logits)  # as it is: `call` makes a plain number of it
    if not tf.is_tensor(loss):
        return  # of NumPy's there is no gradient to ask for
    slope = tape.gradient(loss, logits)
    if slope is not None and not close(slope, [-1.0]):
        raise Wrong(
            f"Right in value, but at -1000 its gradient is {float(slope[0]):g}, "
            "not -1: tf.where goes both branches back, the one not taken too."
        )


function_question(
    "02.4",
    lambda logits: _softplus(-logits).mean(),
    inputs=[(np.array([-3.0, -1.0, 0.5, 2.0]),)],
    because="softplus(-l) is -log D, and stays finite when D is zero to the last bit.",
    wrong={
        lambda logits: -_softplus(logits).mean(): (
            "That is log(1 - D), the saturating loss."
        ),
        lambda logits: _softplus(logits).mean(): (
            "That is -log(1 - D), the detective's half for forgeries."
        ),
        lambda logits: -_softplus(-logits).mean(): (
            "The sign is off: descending on log D makes forgeries worse."
        ),
        lambda logits: _softplus(-np.asarray(logits)).sum(): (
            "That is the sum; take the mean over the batch."
        ),
        lambda logits: -np.mean(logits): (
            "That is the critic's loss, the logit itself; here the loss is -log D, "
            "with D the sigmoid of the logit."
        ),
        lambda logits: np.mean(logits): (
            "That averages the logit itself; the loss is -log D, with D its sigmoid."
        ),
        lambda logits: -np.mean(1 / (1 + np.exp(-logits))): (
            "That is the mean of -D; the logarithm is missing."
        ),
    },
    otherwise=(
        "For logits -3, -1, 0.5, 2 it should be {right:.4f}; this gives {given:.4f}."
    ),
    result="the loss",
    handed=_tensor,
    then=_extreme,
    hints=[
        "The loss is the mean of -log D, with D the sigmoid of the logit.",
        "-log sigmoid(l) = log(1 + exp(-l)).",
        "tf.nn.softplus computes log(1 + exp(.)) without overflow.",
    ],
    foreseen=[
        Foreseen(_naive, "-1000"),
        Foreseen(_guarded, "its gradient is nan"),
        Foreseen(lambda logits: _softplus(-np.asarray(logits)), "one number"),
        Foreseen(lambda logits: _softplus(-np.asarray(logits)).mean() + 1, "1.2407"),
        Foreseen(
            lambda logits: (
                -np.log(1e-7 + 1 / (1 + np.exp(-np.maximum(logits, -80)))).mean()
            ),
            "16.1",
        ),
    ],
)


def _optimistic(x, y, u, v, rate):
    return x - rate * (2 * y - v), y + rate * (2 * x - u)


def _point(value):
    point = _pair(value, "Return two numbers: the new x and the new y.")
    if np.isinf(point).any():
        raise Wrong("The new point holds an infinity.")
    return point


def _long_way(answer):
    old, now = (1.0, 0.0), (1.0, 0.0)
    for _ in range(500):
        old, now = now, tuple(_point(call(answer, *now, *old, 0.1)).tolist())
    radius = np.hypot(*now)
    if not radius < 0.2:
        raise Wrong(f"The step is right, but 500 of them end at radius {radius:.2f}.")
    return f"500 steps end at radius {radius:.3f}: memory does what looking ahead did."


function_question(
    "02.5",
    _optimistic,
    inputs=[(0.7, -0.4, 0.5, 0.3, 0.1)],
    wrong={
        lambda *given: _optimistic(*given)[::-1]: (
            "The order is (new x, new y); these look swapped."
        ),
        lambda x, y, u, v, r: (x - r * y, y + r * x): (
            "That is the plain simultaneous step; use the old point."
        ),
        lambda x, y, u, v, r: (x - r * (2 * y - v), y - r * (2 * x - u)): (
            "y must ascend: add its gradient."
        ),
        lambda x, y, u, v, r: (x - r * (2 * x - u), y + r * (2 * y - v)): (
            "The gradient of xy for one player is the other player's value."
        ),
        lambda x, y, u, v, r: (x - r * (2 * y + v), y + r * (2 * x + u)): (
            "The old gradient is taken off: 2 g minus the old g."
        ),
        lambda x, y, u, v, r: (
            x - r * (2 * y - v),
            y + r * (2 * (x - r * (2 * y - v)) - u),
        ): ("Both move at once: y's step uses the old x, not the one just computed."),
    },
    otherwise=(
        "From ({0}, {1}), before it ({2}, {3}), with rate {4} the formula leads to "
        "({right[0]:.4f}, {right[1]:.4f}); this gives ({given[0]:.4f}, {given[1]:.4f})."
    ),
    read=_point,
    then=_long_way,
    hints=[
        "The gradient of xy for x is y, for y it is x.",
        "x descends: x - rate * (2 * y - old_y).",
        "y ascends, with the same doubling: y + rate * (2 * x - old_x).",
    ],
    foreseen=[
        Foreseen(lambda x, y, u, v, r: (x - r * v, y + r * u), "(0.6700, -0.3500)"),
        Foreseen(lambda x, y, u, v, r: (x - r * v, y + r * u), "(0.8100, -0.3100)"),
        Foreseen(lambda x, y, u, v, r: x - r * y, "two numbers"),
        Foreseen(lambda x, y, u, v, r: [[x - r * y], [y + r * x]], "shape (2, 1)"),
        Foreseen(lambda x, y, u, v, r: ("0.81", "-0.31"), "quotes"),
    ],
)
