"""Checks of chapter 02, the GAN objective."""

import math

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
    "02.q1",
    correct="b",
    because={
        "a": (
            "0.5 everywhere is what q = p would give, but an untrained detective "
            "says it too."
        ),
        "b": (
            "0.5 is the best answer when q = p, and also what a network says that "
            "learned nothing."
        ),
        "c": (
            "A good detective is as unsure as the pictures are alike; at q = p that "
            "is 0.5."
        ),
    },
)

quiz(
    "02.q2",
    correct="c",
    because={
        "a": "The goal is the same, the slopes are not: one is D, the other 1 - D.",
        "b": "The strengths are D and 1 - D; put D = 0.001 into both and divide.",
        "c": "The pushes are 1 - D = 0.999 and D = 0.001: their ratio is 999.",
    },
)

quiz(
    "02.q3",
    correct="b",
    because={
        "a": "W1 needs a bound on the slope; a sigmoid bounds only the height.",
        "b": (
            "With D between 0 and 1 the best answer is 1 where p > q: the total "
            "variation."
        ),
        "c": "With D between 0 and 1 the gain cannot exceed 1, so it cannot diverge.",
    },
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


@exercise(
    "02.1",
    hints=["Write p = 3 q and put it into p / (p + q).", "The q cancels: 3 / (3 + 1)."],
    foreseen=[
        Foreseen(0.25, "share of forgeries"),
        Foreseen(3.0, "between 0 and 1"),
        Foreseen(1.0, "sure"),
        Foreseen(1 / 3, "ratio"),
        Foreseen(75, "between 0 and 1"),
    ],
)
def _(answer):
    value = number(answer)
    if not 0 <= value <= 1:
        raise Wrong("D is a belief and lies between 0 and 1.")
    if close(value, 0.25):
        raise Wrong("That is q / (p + q), the share of forgeries.")
    if close(value, 1 / 3, rtol=0.02):
        raise Wrong(
            "That is the ratio q / p; she compares p with all that lies there, p + q."
        )
    if value == 1:
        raise Wrong("She cannot be sure: one picture in four at this place is forged.")
    if not close(value, 0.75):
        raise Wrong("She says the share of real pictures among all pictures at x.")
    return "Of four pictures at this place three are real."


@exercise(
    "02.2",
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
def _(answer):
    pair = _pair(answer, "Give a pair of numbers: (Jensen-Shannon divergence, W1).")
    divergence, distance = pair
    right = np.log(2) / 2
    if divergence < 0:
        raise Wrong("No divergence is negative; take p log(p/m), not p log(m/p).")
    if distance < 0:
        raise Wrong("W1 is work, mass times distance, and work is not negative here.")
    if np.isinf(divergence):
        raise Wrong(
            "KL(p||q) is infinite here, but JSD compares each with the midpoint m."
        )
    if np.isinf(distance):
        raise Wrong("W1 is finite: ask how far each grain moves.")
    if close(divergence, 1, rtol=0.01) and close(distance, right, rtol=0.01):
        raise Wrong("The order is (divergence, W1); these look swapped.")
    if not close(distance, 1, rtol=0.01):
        raise Wrong(
            "W1 is off: the whole heap is shifted, so ask how far each grain moves."
        )
    if divergence > np.log(2) * 0.99:
        raise Wrong(
            "The ceiling, log 2, is for densities that do not overlap; these do."
        )
    if close(divergence, 0.5, rtol=0.01):
        raise Wrong("That is in bits; nats use the natural logarithm.")
    if close(divergence, right / 2, rtol=0.01):
        raise Wrong(
            "JSD takes half of each of the two KLs, and both are there: add them up."
        )
    if not close(divergence, right, rtol=0.01):
        raise Wrong("W1 is right, the divergence is not.")
    return (
        "Half of each heap lies where the other has nothing: JSD is (log 2)/2, and "
        "W1 is 1."
    )


@exercise(
    "02.3",
    hints=[
        "Weigh the two terms: share * p * log d + (1 - share) * q * log(1 - d).",
        "Set the derivative by d to zero; with share = 1/2 you must get p / (p + q).",
    ],
    foreseen=[
        Foreseen(lambda p, q, share: p / (p + q), "ignores the share"),
        Foreseen(lambda p, q, share: share * p / (p + q), "only in the numerator"),
        Foreseen(
            lambda p, q, share: (1 - share) * p / ((1 - share) * p + share * q),
            "swapped",
        ),
        Foreseen(
            lambda p, q, share: (1 - share) * q / (share * p + (1 - share) * q),
            "forged",
        ),
        Foreseen(lambda p, q: p / (p + q), "failed"),
        Foreseen(lambda p, q, share: float(share), "arrays"),
        Foreseen(lambda p, q, share: p / (p + q) if p > 0 else 0, "arrays"),
        Foreseen(lambda p, q, share: math.exp(math.log(p)), "arrays"),
        Foreseen(0.5, "must be a function"),
    ],
)
def _(answer):
    p, q = np.array([0.2, 0.5, 0.9, 0.1]), np.array([0.4, 0.5, 0.1, 0.6])
    shares = (0.5, 0.9, 0.2)

    def matches(rule):
        return all(close(got[s], rule(s)) for s in shares)

    def said(share):
        try:
            got = array(call(answer, p.copy(), q.copy(), share), "the result")
        except Wrong as reason:
            if "array" not in str(reason):
                raise
            raise Wrong(
                f"{reason} Here p and q are arrays, a density for each place."
            ) from None
        if got.shape != p.shape:
            raise Wrong(
                f"p and q are arrays of shape {p.shape}, a density for each place; "
                f"return one belief for each. This has shape {got.shape}."
            )
        return got

    got = {s: said(s) for s in shares}
    if matches(lambda s: p / (p + q)):
        raise Wrong("This ignores the share: with only real pictures she should say 1.")
    if matches(lambda s: s * p / (p + q)):
        raise Wrong(
            "The share stands only in the numerator; the forged ones need 1 - share."
        )
    if matches(lambda s: (1 - s) * p / ((1 - s) * p + s * q)):
        raise Wrong("The share is swapped: it is the share of real pictures.")
    if matches(lambda s: (1 - s) * q / (s * p + (1 - s) * q)):
        raise Wrong(
            "That is the chance of a forged picture; D is the chance of a real one."
        )
    if not close(got[0.5], p / (p + q)):
        raise Wrong(
            "With a share of one half it must give p / (p + q), and it does not."
        )
    if not matches(lambda s: s * p / (s * p + (1 - s) * q)):
        raise Wrong("It is right at one half, but not at other shares.")
    return (
        "This is Bayes' rule: the share is the prior, the densities are the evidence."
    )


def _softplus(logits):
    return np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))


def _tensor(values):
    import tensorflow as tf  # only this checker hands tensors to the reader's code

    return tf.constant(np.asarray(values, np.float32))


def _naive(logits):
    import tensorflow as tf

    return -tf.reduce_mean(tf.math.log(tf.sigmoid(logits)))


@exercise(
    "02.4",
    hints=[
        "The loss is the mean of -log D, with D the sigmoid of the logit.",
        "-log sigmoid(l) = log(1 + exp(-l)).",
        "tf.nn.softplus computes log(1 + exp(.)) without overflow.",
    ],
    foreseen=[
        Foreseen(_naive, "-1000"),
        Foreseen(lambda logits: -_softplus(logits).mean(), "saturating"),
        Foreseen(lambda logits: _softplus(logits).mean(), "detective's"),
        Foreseen(lambda logits: -_softplus(-logits).mean(), "sign"),
        Foreseen(lambda logits: _softplus(-np.asarray(logits)), "one number"),
        Foreseen(lambda logits: _softplus(-np.asarray(logits)).sum(), "mean"),
        Foreseen(lambda logits: -np.mean(logits), "the logit itself"),
        Foreseen(lambda logits: np.mean(logits), "the logit itself"),
        Foreseen(
            lambda logits: -np.mean(1 / (1 + np.exp(-logits))), "logarithm is missing"
        ),
        Foreseen(lambda logits: _softplus(-np.asarray(logits)).mean() + 1, "1.2407"),
        Foreseen(
            lambda logits: (
                -np.log(1e-7 + 1 / (1 + np.exp(-np.maximum(logits, -80)))).mean()
            ),
            "16.1",
        ),
    ],
)
def _(answer):
    logits = np.array([-3.0, -1.0, 0.5, 2.0])
    got = number(call(answer, _tensor(logits)), "the loss")
    wrong = {
        -_softplus(logits).mean(): "That is log(1 - D), the saturating loss.",
        _softplus(
            logits
        ).mean(): "That is -log(1 - D), the detective's half for forgeries.",
        -_softplus(
            -logits
        ).mean(): "The sign is off: descending on log D makes forgeries worse.",
        _softplus(-logits).sum(): "That is the sum; take the mean over the batch.",
        -logits.mean(): "That is the critic's loss, the logit itself; here the loss "
        "is -log D, "
        "with D the sigmoid of the logit.",
        logits.mean(): (
            "That averages the logit itself; the loss is -log D, with D its sigmoid."
        ),
        -np.mean(
            1 / (1 + np.exp(-logits))
        ): "That is the mean of -D; the logarithm is missing.",
    }
    for value, reason in wrong.items():
        if close(got, value):
            raise Wrong(reason)
    right = _softplus(-logits).mean()
    if not close(got, right):
        raise Wrong(
            f"For logits -3, -1, 0.5, 2 it should be {right:.4f}; this gives {got:.4f}."
        )
    extreme = np.ravel(call(answer, _tensor([-1000.0])))
    if not close(extreme, [1000.0]):
        raise Wrong(
            f"Right for mild logits, but at -1000 it gives {extreme[0]:g}, not 1000."
        )
    return "softplus(-l) is -log D, and stays finite when D is zero to the last bit."


@exercise(
    "02.5",
    hints=[
        "The gradient of xy for x is y, for y it is x.",
        "x descends: x - rate * (2 * y - old_y).",
        "y ascends, with the same doubling: y + rate * (2 * x - old_x).",
    ],
    foreseen=[
        Foreseen(lambda x, y, u, v, r: (x - r * y, y + r * x), "simultaneous"),
        Foreseen(
            lambda x, y, u, v, r: (x - r * (2 * y - v), y - r * (2 * x - u)), "ascend"
        ),
        Foreseen(
            lambda x, y, u, v, r: (x - r * (2 * x - u), y + r * (2 * y - v)),
            "other player",
        ),
        Foreseen(
            lambda x, y, u, v, r: (x - r * (2 * y + v), y + r * (2 * x + u)), "minus"
        ),
        Foreseen(
            lambda x, y, u, v, r: (y + r * (2 * x - u), x - r * (2 * y - v)), "order"
        ),
        Foreseen(lambda x, y, u, v, r: (x - r * v, y + r * u), "(0.67, -0.35)"),
        Foreseen(lambda x, y, u, v, r: (x - r * v, y + r * u), "(0.81, -0.31)"),
        Foreseen(lambda x, y, u, v, r: x - r * y, "two numbers"),
        Foreseen(lambda x, y, u, v, r: [[x - r * y], [y + r * x]], "shape (2, 1)"),
        Foreseen(lambda x, y, u, v, r: ("0.81", "-0.31"), "quotes"),
    ],
)
def _(answer):
    x, y, u, v, rate = 0.7, -0.4, 0.5, 0.3, 0.1

    def step(*arguments):
        point = _pair(
            call(answer, *arguments), "Return two numbers: the new x and the new y."
        )
        if np.isinf(point).any():
            raise Wrong("The new point holds an infinity.")
        return float(point[0]), float(point[1])

    got = step(x, y, u, v, rate)
    right = (x - rate * (2 * y - v), y + rate * (2 * x - u))
    wrong = {
        right[::-1]: "The order is (new x, new y); these look swapped.",
        (
            x - rate * y,
            y + rate * x,
        ): "That is the plain simultaneous step; use the old point.",
        (
            x - rate * (2 * y - v),
            y - rate * (2 * x - u),
        ): "y must ascend: add its gradient.",
        (
            x - rate * (2 * x - u),
            y + rate * (2 * y - v),
        ): "The gradient of xy for one player is the other player's value.",
        (
            x - rate * (2 * y + v),
            y + rate * (2 * x + u),
        ): "The old gradient is taken off: 2 g minus the old g.",
    }
    for point, reason in wrong.items():
        if close(got, point):
            raise Wrong(reason)
    if not close(got, right):
        raise Wrong(
            f"From ({x}, {y}), before it ({u}, {v}), with rate {rate} the formula "
            f"leads to ({right[0]:.2f}, {right[1]:.2f}); this gives ({got[0]:.2f}, "
            f"{got[1]:.2f})."
        )
    old, now = (1.0, 0.0), (1.0, 0.0)
    for _ in range(500):
        old, now = now, step(*now, *old, rate)
    radius = np.hypot(*now)
    if not radius < 0.2:
        raise Wrong(f"The step is right, but 500 of them end at radius {radius:.2f}.")
    return f"500 steps end at radius {radius:.3f}: memory does what looking ahead did."
