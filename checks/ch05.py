"""The questions and exercises of chapter 05, the training loop."""

import math

import numpy as np

from checks.kit import (
    Foreseen,
    Wrong,
    call,
    close,
    exercise,
    number,
    quiz,
    rephrase,
)

quiz(
    "05.q1",
    correct="b",
    because={
        "a": (
            "Perfect pictures would give 2 log 2, but so does a discriminator that "
            "stopped judging."
        ),
        "b": (
            "Logits near zero give 2 log 2, whatever the reason: look at the "
            "pictures to tell."
        ),
        "c": "A discriminator that wins every time has a loss near zero, not 2 log 2.",
    },
)

quiz(
    "05.q2",
    correct="b",
    because={
        "a": "The weights are where the players stand, not how they were moving.",
        "b": (
            "All of these enter the next step, so all of them belong into the saved "
            "state."
        ),
        "c": "The history is the one thing that the next step does not need.",
    },
)

quiz(
    "05.q3",
    correct="c",
    because={
        "a": (
            "No flag is touched in the bare step, and section 'Where it goes wrong' "
            "says why."
        ),
        "b": "It does depend on them, through the generated images.",
        "c": (
            "A tape knows every gradient; the list of weights decides whose are "
            "asked for."
        ),
    },
)


@exercise(
    "05.1",
    hints=[
        "How many whole batches of 64 are there in 8,000 digits?",
        "125 batches an epoch, and each moves both networks once.",
    ],
    foreseen=[
        Foreseen(192_000, says="pictures"),
        Foreseen(6000, says="once"),
        Foreseen(125, says="one epoch"),
        24,
    ],
)
def _(answer):
    value = number(answer)
    if value == 192_000:
        raise Wrong("That is the number of pictures seen, 24 times 8,000.")
    if value == 6000:
        raise Wrong("Each step moves each network once, not twice.")
    if value == 125:
        raise Wrong("That is one epoch.")
    if value != 3000:
        raise Wrong("Multiply the steps of one epoch by the number of epochs.")
    return "8,000 / 64 = 125 steps an epoch, times 24."


@exercise(
    "05.2",
    hints=[
        "After n steps the first weights count with 0.99 to the power n.",
        "Solve 0.99^n < 0.01 with logarithms, and take the next whole number.",
    ],
    foreseen=[
        Foreseen(100, says="0.37"),
        Foreseen(458, says="just"),
        Foreseen(math.log(0.01) / math.log(0.99), says="whole"),
        99,
    ],
)
def _(answer):
    value = number(answer)
    if value == 100:
        raise Wrong("After 100 steps they still count for 0.99^100 = 0.37.")
    if value == 458:
        raise Wrong("0.99^458 is 0.01002, just not less than one in a hundred.")
    if 458 < value < 459:
        raise Wrong("Steps come whole: which is the first whole number after that?")
    if value != 459:
        raise Wrong("Solve 0.99^n < 0.01.")
    return "log(0.01) / log(0.99) = 458.2, so 459 steps: less than four epochs of 125."


class _NoMargin:
    def d_loss_fn(self, real_logits, generated_logits):
        return (
            np.maximum(0, -real_logits).mean() + np.maximum(0, generated_logits).mean()
        )

    def g_loss_fn(self, generated_logits):
        return -generated_logits.mean()


class _Swapped(_NoMargin):
    def d_loss_fn(self, real_logits, generated_logits):
        return (
            np.maximum(0, 1 + real_logits).mean()
            + np.maximum(0, 1 - generated_logits).mean()
        )


class _Uphill(_NoMargin):
    def d_loss_fn(self, real_logits, generated_logits):
        return (
            np.maximum(0, 1 - real_logits).mean()
            + np.maximum(0, 1 + generated_logits).mean()
        )

    def g_loss_fn(self, generated_logits):
        return generated_logits.mean()


class _NoMean(_Uphill):
    def d_loss_fn(self, real_logits, generated_logits):
        return np.maximum(0, 1 - real_logits) + np.maximum(0, 1 + generated_logits)


class _Half(_NoMargin):
    def d_loss_fn(self, real_logits, generated_logits):
        return _Uphill.d_loss_fn(self, real_logits, generated_logits) / 2


class _Untaped(_NoMargin):
    d_loss_fn = _Uphill.d_loss_fn


@exercise(
    "05.3",
    hints=[
        "max(0, x) is tf.nn.relu(x); the expectation is tf.reduce_mean.",
        "d_loss_fn returns reduce_mean(relu(1 - real)) + reduce_mean(relu(1 + "
        "generated)).",
    ],
    foreseen=[
        Foreseen(_NoMargin, says="margin"),
        Foreseen(_Swapped, says="exchanged"),
        Foreseen(_Uphill, says="sign"),
        Foreseen(_NoMean, says="scalar"),
        Foreseen(_Half, says="half"),
        Foreseen(_Untaped, says="tape"),
        3.0,
    ],
)
def _(answer):
    from helpers import gan

    if not isinstance(answer, type) or not hasattr(answer, "d_loss_fn"):
        raise Wrong("Give the class itself, a subclass of gan.GAN.")
    names = ("d_loss_fn", "g_loss_fn")
    missing = [
        n for n in names if getattr(answer, n, None) in (None, getattr(gan.GAN, n))
    ]
    if len(missing) == 2:
        raise NotImplementedError
    if missing:
        raise Wrong(f"{missing[0]} is not written yet.")
    real = np.array([[2.0], [0.5], [-1.0]], "float32")
    generated = np.array([[-3.0], [-0.5], [1.0]], "float32")
    d_loss = np.asarray(call(answer.d_loss_fn, None, real, generated, name="d_loss_fn"))
    if d_loss.size != 1:
        raise Wrong("d_loss_fn must return a scalar: take the mean over the batch.")
    margins = [
        np.maximum(0, c - real).mean() + np.maximum(0, c + generated).mean()
        for c in (1, 0)
    ]
    if close(d_loss.reshape(()), margins[1]):
        raise Wrong("The margin of 1 is missing in d_loss_fn.")
    if close(
        d_loss.reshape(()),
        np.maximum(0, 1 + real).mean() + np.maximum(0, 1 - generated).mean(),
    ):
        raise Wrong("In d_loss_fn real and generated are exchanged.")
    if close(2 * d_loss.reshape(()), margins[0]):
        raise Wrong("That is half of it: the two expectations are added, not averaged.")
    if not close(d_loss.reshape(()), margins[0]):
        raise Wrong("d_loss_fn does not give the formula's value on a small example.")
    g_loss = number(
        call(answer.g_loss_fn, None, generated, name="g_loss_fn"), "g_loss_fn"
    )
    if close(g_loss, generated.mean()):
        raise Wrong("g_loss_fn has the wrong sign: the generator wants high logits.")
    if not close(g_loss, -generated.mean()):
        raise Wrong("g_loss_fn is minus the mean of the generated logits.")
    if not _leaves_a_trace(answer):
        raise Wrong(
            "The values are right, but no gradient passes: NumPy leaves no trace on "
            "the tape. Use tf or keras.ops."
        )
    return (
        "Logits beyond the margin cost nothing, so the discriminator stops pushing "
        "them."
    )


def _leaves_a_trace(answer):
    """Tell whether both losses pass a gradient back to the logits."""
    import tensorflow as tf

    logits = tf.Variable([[0.5], [-0.5]])
    for loss in (
        lambda: answer.d_loss_fn(None, logits, logits),
        lambda: answer.g_loss_fn(None, logits),
    ):
        try:
            with tf.GradientTape() as tape:
                value = loss()
            if tape.gradient(value, logits) is None:
                return False
        except (TypeError, AttributeError, ValueError, NotImplementedError):
            return False
    return True


def _by_mean(seconds, epochs):
    return float(np.mean(seconds)) * (epochs - len(seconds))


def _by_mean_of_the_rest(seconds, epochs):
    return float(np.mean(seconds[1:])) * (epochs - len(seconds))


def _by_last(seconds, epochs):
    return seconds[-1] * (epochs - len(seconds))


def _by_fastest(seconds, epochs):
    return min(seconds) * (epochs - len(seconds))


def _without_first(seconds, epochs):
    return float(np.median(seconds[1:])) * (epochs - len(seconds))


def _whole(seconds, epochs):
    return float(np.median(seconds)) * epochs


@exercise(
    "05.4",
    hints=["How many epochs are left?", "Which mean shrugs off one odd value?"],
    foreseen=[
        Foreseen(_by_mean, says="first epoch"),
        Foreseen(_whole, says="still to come"),
        Foreseen(lambda seconds, epochs: sum(seconds), says="still to come"),
        Foreseen(_by_mean_of_the_rest, says="slow epoch"),
        Foreseen(_by_last, says="slow"),
        Foreseen(_by_fastest, says="fast"),
        Foreseen(_without_first, says="one epoch"),
        12.0,
    ],
)
def _(answer):
    seconds, epochs = [30.0, 2.0, 2.0, 2.5, 2.0], 11
    value = number(call(answer, list(seconds), epochs, name="time_left"), "its result")
    if close(value, np.mean(seconds) * 6):
        raise Wrong("The plain mean lets the slow first epoch spoil the estimate.")
    if value > 20 or close(value, np.sum(seconds)):
        raise Wrong("Count only the epochs that are still to come.")
    if not 11.9 <= value <= 15.1:
        raise Wrong(
            f"For seconds {seconds} and 11 epochs it says {value:.1f}; about 12 are "
            f"left."
        )
    seconds = [30.0, 2.0, 2.0, 9.0, 2.0, 2.0, 9.5]
    value = number(call(answer, list(seconds), 12, name="time_left"), "its result")
    if not 9.9 <= value <= 11:
        raise Wrong(
            f"One slow epoch late in the run spoils it: for {seconds} and 12 epochs it "
            f"says {value:.1f}; about 10 are left."
        )
    seconds = [30.0, 4.0, 0.5, 4.0, 4.0, 4.0]
    value = number(call(answer, list(seconds), 10, name="time_left"), "its result")
    if not 12 <= value <= 17:
        raise Wrong(
            f"One fast epoch spoils it: for {seconds} and 10 epochs it says "
            f"{value:.1f}; "
            "about 16 are left."
        )
    try:
        alone = close(number(call(answer, [3.0], 3, name="time_left")), 6.0)
    except Wrong:
        alone = False
    if not alone:
        raise Wrong(
            "When only one epoch is finished, take that one: [3.0] and 3 epochs give 6."
        )
    if not close(number(call(answer, [3.0, 3.0], 2, name="time_left")), 0):
        raise Wrong("When all epochs are done, nothing is left.")
    return "The median ignores the slow first epoch and any other odd one."


def _one_each(model, batch_a, batch_b):
    model.train_on_batch(batch_a)


def _two_each(model, batch_a, batch_b):
    model.train_on_batch(batch_a)
    model.train_on_batch(batch_b)


def _play(model, moves, sign=1, swapped=False):
    """Make `moves`, a list of real batches for the discriminator and None for the
    generator."""
    import tensorflow as tf

    for batch in moves:
        network, optimizer = (
            (model.generator, model.g_optimizer)
            if batch is None
            else (model.discriminator, model.d_optimizer)
        )
        with tf.GradientTape() as tape:
            drawn = model.generator(
                tf.random.normal((8, model.latent_dim)), training=True
            )
            logits = model.discriminator(drawn, training=True)
            if batch is None:
                loss = sign * model.g_loss_fn(logits)
            else:
                real = model.discriminator(batch, training=True)
                loss = model.d_loss_fn(*((logits, real) if swapped else (real, logits)))
        weights = network.trainable_weights
        optimizer.apply(tape.gradient(loss, weights), weights)


def _uphill(model, batch_a, batch_b):
    _play(model, [batch_a, batch_b, None], sign=-1)


def _exchanged(model, batch_a, batch_b):
    _play(model, [batch_a, batch_b, None], swapped=True)


def _first_batch_twice(model, batch_a, batch_b):
    _play(model, [batch_a, batch_a, None])


def _generator_first(model, batch_a, batch_b):
    _play(model, [None, batch_a, batch_b])


def _other_latents(model, batch_a, batch_b):
    model.generator(np.zeros((8, 64), "float32"))


def _noted(moves, name, apply):
    def noted(*arguments, **named):
        moves.append(name)
        return apply(*arguments, **named)

    return noted


@exercise(
    "05.5",
    hints=[
        "Copy bare_step with model.generator, model.discriminator, model.latent_dim in "
        "place of the notebook's names: the discriminator's half twice, once for each "
        "batch, then the generator's.",
        "Draw fresh noise each time, and make the pictures inside the generator's "
        "tape.",
    ],
    foreseen=[
        Foreseen(_one_each, says="1 time"),
        Foreseen(_two_each, says="generator"),
        Foreseen(_uphill, says="sign"),
        Foreseen(_exchanged, says="exchanged"),
        Foreseen(_first_batch_twice, says="batch_a"),
        Foreseen(_generator_first, says="before"),
        Foreseen(_other_latents, says="latent_dim"),
        3,
    ],
)
def _(answer):
    from helpers import gan, runtime

    if not callable(answer):
        raise Wrong("Give the function two_for_one.")
    runtime.keras.utils.set_random_seed(0)
    model = gan.NonSaturatingGAN(
        gan.build_generator(4, width=2),
        gan.build_discriminator(2, head=2),
        latent_dim=4,
    )
    model.compile(*(runtime.keras.optimizers.SGD(0.01) for _ in range(2)))
    moves, asked = [], []
    for name in ("d", "g"):
        optimizer = getattr(model, f"{name}_optimizer")
        optimizer.apply = _noted(moves, name, optimizer.apply)
    d_loss_fn, g_loss_fn = model.d_loss_fn, model.g_loss_fn
    model.d_loss_fn = lambda real, drawn: asked.append(real) or d_loss_fn(real, drawn)
    batches = (
        np.random.default_rng(0).uniform(-1, 1, (2, 8, 28, 28, 1)).astype("float32")
    )
    real_logits = [
        model.discriminator(batch, training=True).numpy() for batch in batches
    ]
    before = [w.copy() for w in model.generator.get_weights()]
    fixed = np.random.default_rng(1).standard_normal((64, 4)).astype("float32")
    with rephrase(
        {
            "(None, 4)": (
                "This model's latents have length 4: write model.latent_dim, "
                "not LATENT_DIM."
            ),
            "Unknown variable": "An optimizer was handed the other network's weights.",
            "No gradients": "No gradient arrived: make the pictures inside the tape.",
        }
    ):
        answer(model, *batches)
    d_count, g_count = (
        int(o.iterations) for o in (model.d_optimizer, model.g_optimizer)
    )
    if d_count != 2:
        raise Wrong(
            f"The discriminator was moved {d_count} time{'s' * (d_count != 1)}, not "
            f"twice."
        )
    if g_count != 1:
        raise Wrong(
            f"The generator was moved {g_count} time{'s' * (g_count != 1)}, not once."
        )
    if moves != ["d", "d", "g"] and sorted(moves) == ["d", "d", "g"]:
        raise Wrong(
            "The generator moved before the discriminator's two moves were made."
        )
    after = model.generator.get_weights()
    if all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)):
        raise Wrong("The generator's weights did not change.")
    if len(asked) == 2:
        seen = [np.asarray(logits) for logits in asked]
        if not close(seen[0], real_logits[0], 1e-4):
            raise Wrong(
                "The first discriminator move did not judge batch_a as real: are real "
                "and generated exchanged?"
            )
        distances = [np.abs(seen[1] - logits).mean() for logits in real_logits]
        if distances[0] < distances[1]:
            raise Wrong(
                "Both discriminator moves saw batch_a; the second belongs to batch_b."
            )

    def judged(weights):
        model.generator.set_weights(weights)
        drawn = model.generator(fixed, training=True)
        return float(g_loss_fn(model.discriminator(drawn, training=False)))

    if judged(after) > judged(before):
        raise Wrong(
            "After your step the generator is judged worse than before: look at the "
            "sign of its loss."
        )
    return (
        "Two moves for one. Whether that buys anything in equal seconds, the ruler "
        "tells."
    )
