"""Checks of chapter 02, the GAN objective."""

import numpy as np

from helpers.exercises import Foreseen, Wrong, array, call, close, exercise, number, quiz

quiz("02.q1", correct="b", because={
    "a": "0.5 everywhere is what q = p would give, but an untrained detective says it too.",
    "b": "0.5 is the best answer when q = p, and also what a network says that learned nothing.",
    "c": "A good detective is as unsure as the pictures are alike; at q = p that is 0.5.",
})  # fmt: skip

quiz("02.q2", correct="c", because={
    "a": "The goal is the same, the slopes are not: one is D, the other 1 - D.",
    "b": "The strengths are D and 1 - D; put D = 0.001 into both and divide.",
    "c": "The pushes are 1 - D = 0.999 and D = 0.001: their ratio is 999.",
})  # fmt: skip

quiz("02.q3", correct="b", because={
    "a": "W1 needs a bound on the slope; a sigmoid bounds only the height.",
    "b": "With D between 0 and 1 the best answer is 1 where p > q: the total variation.",
    "c": "With D between 0 and 1 the gain cannot exceed 1, so it cannot diverge.",
})  # fmt: skip


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
        raise Wrong("That is the ratio q / p; she compares p with all that lies there, p + q.")
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
        Foreseen((np.inf, 1.0), "infinity"),
        Foreseen(0.3466, "pair"),
    ],
)
def _(answer):
    pair = array(answer)
    if pair.shape != (2,):
        raise Wrong("Give a pair: (Jensen-Shannon divergence, W1).")
    divergence, distance = pair
    right = np.log(2) / 2
    if close(divergence, 1, rtol=0.01) and close(distance, right, rtol=0.01):
        raise Wrong("The order is (divergence, W1); these look swapped.")
    if not close(distance, 1, rtol=0.01):
        raise Wrong("W1 is off: the whole heap is shifted, so ask how far each grain moves.")
    if close(divergence, np.log(2), rtol=0.01):
        raise Wrong("log 2 is the ceiling, for densities that do not overlap; these do.")
    if close(divergence, 0.5, rtol=0.01):
        raise Wrong("That is in bits; nats use the natural logarithm.")
    if close(divergence, right / 2, rtol=0.01):
        raise Wrong("JSD takes half of each of the two KLs, and both are there: add them up.")
    if not close(divergence, right, rtol=0.01):
        raise Wrong("W1 is right, the divergence is not.")
    return "Half of each heap lies where the other has nothing: JSD is (log 2)/2, and W1 is 1."


@exercise(
    "02.3",
    hints=[
        "Weigh the two terms: share * p * log d + (1 - share) * q * log(1 - d).",
        "Set the derivative by d to zero; with share = 1/2 you must get p / (p + q).",
    ],
    foreseen=[
        Foreseen(lambda p, q, share: p / (p + q), "ignores the share"),
        Foreseen(lambda p, q, share: share * p / (p + q), "only in the numerator"),
        Foreseen(lambda p, q, share: (1 - share) * p / ((1 - share) * p + share * q), "swapped"),
        Foreseen(
            lambda p, q, share: (1 - share) * q / (share * p + (1 - share) * q), "forged"
        ),
        Foreseen(lambda p, q: p / (p + q), "failed"),
        Foreseen(0.5, "must be a function"),
    ],
)
def _(answer):
    p, q = np.array([0.2, 0.5, 0.9, 0.1]), np.array([0.4, 0.5, 0.1, 0.6])
    shares = (0.5, 0.9, 0.2)

    def matches(rule):
        return all(close(got[s], rule(s)) for s in shares)

    got = {s: array(call(answer, p, q, s), "the result", p.shape) for s in shares}
    if matches(lambda s: p / (p + q)):
        raise Wrong("This ignores the share: with only real pictures she should say 1.")
    if matches(lambda s: s * p / (p + q)):
        raise Wrong("The share stands only in the numerator; the forged ones need 1 - share.")
    if matches(lambda s: (1 - s) * p / ((1 - s) * p + s * q)):
        raise Wrong("The share is swapped: it is the share of real pictures.")
    if matches(lambda s: (1 - s) * q / (s * p + (1 - s) * q)):
        raise Wrong("That is the chance of a forged picture; D is the chance of a real one.")
    if not close(got[0.5], p / (p + q)):
        raise Wrong("With a share of one half it must give p / (p + q), and it does not.")
    if not matches(lambda s: s * p / (s * p + (1 - s) * q)):
        raise Wrong("It is right at one half, but not at other shares.")
    return "This is Bayes' rule: the share is the prior, the densities are the evidence."


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
        Foreseen(lambda logits: -np.mean(logits), "without its logarithm"),
    ],
)
def _(answer):
    logits = np.array([-3.0, -1.0, 0.5, 2.0])
    got = number(call(answer, _tensor(logits)), "the loss")
    wrong = {
        -_softplus(logits).mean(): "That is log(1 - D), the saturating loss.",
        _softplus(logits).mean(): "That is -log(1 - D), the detective's half for forgeries.",
        -_softplus(-logits).mean(): "The sign is off: descending on log D makes forgeries worse.",
        _softplus(-logits).sum(): "That is the sum; take the mean over the batch.",
        -logits.mean(): "That is the critic's loss, without its logarithm.",
    }
    for value, reason in wrong.items():
        if close(got, value):
            raise Wrong(reason)
    if not close(got, _softplus(-logits).mean()):
        raise Wrong(f"For logits -3, -1, 0.5, 2 it should be 1.3005; this gives {got:.4f}.")
    extreme = np.ravel(call(answer, _tensor([-1000.0])))
    if not close(extreme, [1000.0]):
        raise Wrong(f"Right for mild logits, but at -1000 it gives {extreme[0]:g}, not 1000.")
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
        Foreseen(lambda x, y, u, v, r: (x - r * (2 * y - v), y - r * (2 * x - u)), "ascend"),
        Foreseen(lambda x, y, u, v, r: (x - r * (2 * x - u), y + r * (2 * y - v)), "other player"),
        Foreseen(lambda x, y, u, v, r: (x - r * (2 * y + v), y + r * (2 * x + u)), "minus"),
        Foreseen(lambda x, y, u, v, r: x - r * y, "pair"),
    ],
)
def _(answer):
    x, y, u, v, rate = 0.7, -0.4, 0.5, 0.3, 0.1
    got = np.ravel(array(call(answer, x, y, u, v, rate), "the new point"))
    if got.shape != (2,):
        raise Wrong("Return a pair: the new x and the new y.")
    wrong = {
        (x - rate * y, y + rate * x): "That is the plain simultaneous step; use the old point.",
        (x - rate * (2 * y - v), y - rate * (2 * x - u)): "y must ascend: add its gradient.",
        (x - rate * (2 * x - u), y + rate * (2 * y - v)):
            "The gradient of xy for one player is the other player's value.",
        (x - rate * (2 * y + v), y + rate * (2 * x + u)):
            "The old gradient is taken off: 2 g minus the old g.",
    }  # fmt: skip
    for point, reason in wrong.items():
        if close(got, point):
            raise Wrong(reason)
    if not close(got, (x - rate * (2 * y - v), y + rate * (2 * x - u))):
        raise Wrong("One step from (0.7, -0.4) does not land where the formula says.")
    old, now = (1.0, 0.0), (1.0, 0.0)
    for _ in range(500):
        old, now = now, tuple(call(answer, *now, *old, rate))
    radius = np.hypot(*now)
    if not radius < 0.2:
        raise Wrong(f"The step is right, but 500 of them end at radius {radius:.2f}.")
    return f"500 steps end at radius {radius:.3f}: memory does what looking ahead did."
