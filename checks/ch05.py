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
    number_question,
    quizzes,
    rephrase,
)
from checks.stretches import between

quizzes(
    """
    05.q1
      a) Perfect pictures would give 2 log 2, but so does a discriminator that stopped
         judging.
    * b) Logits near zero give 2 log 2, whatever the reason: look at the pictures to
         tell.
      c) A discriminator that wins every time has a loss near zero, not 2 log 2.

    05.q2
      a) The weights are where the players stand, not how they were moving.
    * b) All of these enter the next step, so all of them belong into the saved state.
      c) The history is the one thing that the next step does not need.

    05.q3
      a) No flag is touched in the bare step, and section 'Where it goes wrong' says
         why.
      b) It does depend on them, through the generated images.
    * c) A tape knows every gradient; the list of weights decides whose are asked for.
    """
)

number_question(
    "05.1",
    3000,
    rtol=0,
    because="8,000 / 64 = 125 steps an epoch, times 24.",
    wrong={
        192_000: "That is the number of pictures seen, 24 times 8,000.",
        6000: "Each step moves each network once, not twice.",
        125: "That is one epoch.",
    },
    otherwise="Multiply the steps of one epoch by the number of epochs.",
    hints=[
        "How many whole batches of 64 are there in 8,000 digits?",
        "125 batches an epoch, and each moves both networks once.",
    ],
    foreseen=[24],
)

number_question(
    "05.2",
    459,
    rtol=0,
    because=(
        "log(0.01) / log(0.99) = 458.2, so 459 steps: less than four epochs of 125."
    ),
    wrong={
        100: "After 100 steps they still count for 0.99^100 = 0.37.",
        458: "0.99^458 is 0.01002, just not less than one in a hundred.",
        between(458, 459): (
            "Steps come whole: which is the first whole number after that?"
        ),
    },
    otherwise="Solve 0.99^n < 0.01.",
    hints=[
        "After n steps the first weights count with 0.99 to the power n.",
        "Solve 0.99^n < 0.01 with logarithms, and take the next whole number.",
    ],
    foreseen=[Foreseen(math.log(0.01) / math.log(0.99), says="whole"), 99],
)


def _hinge(real, generated, margin=1):
    return (
        np.maximum(0, margin - real).mean() + np.maximum(0, margin + generated).mean()
    )


def _game(d_loss, g_loss=lambda generated: -generated.mean()):
    """Return a class with these losses, as a reader writes it."""

    class Game:
        def d_loss_fn(self, real, generated):
            return d_loss(real, generated)

        def g_loss_fn(self, generated):
            return g_loss(generated)

    return Game


@exercise(
    "05.3",
    hints=[
        "max(0, x) is tf.nn.relu(x); the expectation is tf.reduce_mean.",
        "d_loss_fn returns reduce_mean(relu(1 - real)) + reduce_mean(relu(1 + "
        "generated)).",
    ],
    foreseen=[
        Foreseen(_game(lambda real, made: _hinge(real, made, 0)), says="margin"),
        Foreseen(_game(lambda real, made: _hinge(made, real)), says="exchanged"),
        Foreseen(_game(_hinge, lambda made: made.mean()), says="sign"),
        Foreseen(_game(lambda real, made: 1 - real), says="scalar"),
        Foreseen(_game(lambda real, made: _hinge(real, made) / 2), says="half"),
        Foreseen(_game(_hinge), says="tape"),
        Foreseen(
            type("Begun", (), {"d_loss_fn": lambda self, *logits: _hinge(*logits)}),
            says="g_loss_fn is not written yet",
        ),
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

    d_loss = d_loss.reshape(())
    if close(d_loss, _hinge(real, generated, margin=0)):
        raise Wrong("The margin of 1 is missing in d_loss_fn.")
    if close(d_loss, _hinge(generated, real)):
        raise Wrong("In d_loss_fn real and generated are exchanged.")
    if close(2 * d_loss, _hinge(real, generated)):
        raise Wrong("That is half of it: the two expectations are added, not averaged.")
    if not close(d_loss, _hinge(real, generated)):
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


@exercise(
    "05.4",
    hints=["How many epochs are left?", "Which mean shrugs off one odd value?"],
    foreseen=[
        Foreseen(lambda s, n: np.mean(s) * (n - len(s)), says="first epoch"),
        Foreseen(lambda s, n: np.median(s) * n, says="still to come"),
        Foreseen(lambda s, n: sum(s), says="still to come"),
        Foreseen(lambda s, n: np.mean(s[1:]) * (n - len(s)), says="slow epoch"),
        Foreseen(lambda s, n: s[-1] * (n - len(s)), says="slow"),
        Foreseen(lambda s, n: min(s) * (n - len(s)), says="fast"),
        Foreseen(lambda s, n: np.median(s[1:]) * (n - len(s)), says="one epoch"),
        Foreseen(lambda s, n: np.median(s) * (n - len(s) - 1), says="about 12 are"),
        Foreseen(lambda s, n: np.median(s) * max(n - len(s), 1), says="nothing is"),
        12.0,
    ],
)
def _(answer):
    def said(seconds, epochs):
        left = call(answer, list(seconds), epochs, name="time_left")
        return number(left, "its result")

    seconds = [30.0, 2.0, 2.0, 2.5, 2.0]
    value = said(seconds, 11)
    if close(value, np.mean(seconds) * 6):
        raise Wrong("The plain mean lets the slow first epoch spoil the estimate.")
    if value > 20 or close(value, np.sum(seconds)):
        raise Wrong("Count only the epochs that are still to come.")
    if not 11.9 <= value <= 15.1:
        raise Wrong(
            f"For seconds {seconds} and 11 epochs it says {value:.1f}; about 12 are "
            "left."
        )
    seconds = [30.0, 2.0, 2.0, 9.0, 2.0, 2.0, 9.5]
    value = said(seconds, 12)
    if not 9.9 <= value <= 11:
        raise Wrong(
            f"One slow epoch late in the run spoils it: for {seconds} and 12 epochs it "
            f"says {value:.1f}; about 10 are left."
        )
    seconds = [30.0, 4.0, 0.5, 4.0, 4.0, 4.0]
    value = said(seconds, 10)
    if not 12 <= value <= 17:
        raise Wrong(
            f"One fast epoch spoils it: for {seconds} and 10 epochs it says "
            f"{value:.1f}; about 16 are left."
        )
    try:
        alone = close(said([3.0], 3), 6.0)
    except Wrong:
        alone = False
    if not alone:
        raise Wrong(
            "When only one epoch is finished, take that one: [3.0] and 3 epochs give 6."
        )
    if not close(said([3.0, 3.0], 2), 0):
        raise Wrong("When all epochs are done, nothing is left.")
    return "The median ignores the slow first epoch and any other odd one."


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
        Foreseen(lambda model, a, b: model.train_on_batch(a), says="1 time"),
        Foreseen(
            lambda model, a, b: (model.train_on_batch(a), model.train_on_batch(b)),
            says="generator",
        ),
        Foreseen(lambda model, a, b: _play(model, [a, b, None], sign=-1), says="sign"),
        Foreseen(
            lambda model, a, b: _play(model, [a, b, None], swapped=True),
            says="exchanged",
        ),
        Foreseen(lambda model, a, b: _play(model, [a, a, None]), says="batch_a"),
        Foreseen(lambda model, a, b: _play(model, [None, a, b]), says="before"),
        Foreseen(
            lambda model, a, b: model.generator(np.zeros((8, 64), "float32")),
            says="latent_dim",
        ),
        3,
    ],
)
def _(answer):
    import keras

    from helpers import gan_losses, networks

    if not callable(answer):
        raise Wrong("Give the function two_for_one.")
    keras.utils.set_random_seed(0)
    model = gan_losses.NonSaturatingGAN(
        networks.build_generator(4, width=2),
        networks.build_discriminator(2, head=2),
        latent_dim=4,
    )
    model.compile(*(keras.optimizers.SGD(0.01) for _ in range(2)))
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
