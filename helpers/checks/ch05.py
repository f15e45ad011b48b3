"""The questions and exercises of chapter 05, the training loop."""

import math

import numpy as np

from helpers.exercises import Foreseen, Wrong, call, close, exercise, number, quiz

quiz("05.q1", correct="b", because={
    "a": "Perfect pictures would give 2 log 2, but so does a discriminator that stopped judging.",
    "b": "Logits near zero give 2 log 2, whatever the reason: look at the pictures to tell.",
    "c": "A discriminator that wins every time has a loss near zero, not 2 log 2.",
})

quiz("05.q2", correct="b", because={
    "a": "The weights are where the players stand, not how they were moving.",
    "b": "All of these enter the next step, so all of them belong into the saved state.",
    "c": "The history is the one thing that the next step does not need.",
})

quiz("05.q3", correct="c", because={
    "a": "No flag is touched in the bare step, and section 'Where it goes wrong' says why.",
    "b": "It does depend on them, through the generated images.",
    "c": "A tape knows every gradient; the list of weights decides whose are asked for.",
})


@exercise(
    "05.1",
    hints=["How many whole batches of 64 are there in 8,000 digits?",
           "125 batches an epoch, and each moves both networks once."],
    foreseen=[Foreseen(192_000, says="pictures"), Foreseen(6000, says="once"),
              Foreseen(125, says="one epoch"), 24],
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
    hints=["After n steps the first weights count with 0.99 to the power n.",
           "Solve 0.99^n < 0.01 with logarithms, and take the next whole number."],
    foreseen=[Foreseen(100, says="0.37"), Foreseen(458, says="just"),
              Foreseen(math.log(0.01) / math.log(0.99), says="whole"), 99],
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
        return np.maximum(0, -real_logits).mean() + np.maximum(0, generated_logits).mean()

    def g_loss_fn(self, generated_logits):
        return -generated_logits.mean()


class _Swapped(_NoMargin):
    def d_loss_fn(self, real_logits, generated_logits):
        return np.maximum(0, 1 + real_logits).mean() + np.maximum(0, 1 - generated_logits).mean()


class _Uphill(_NoMargin):
    def d_loss_fn(self, real_logits, generated_logits):
        return np.maximum(0, 1 - real_logits).mean() + np.maximum(0, 1 + generated_logits).mean()

    def g_loss_fn(self, generated_logits):
        return generated_logits.mean()


class _NoMean(_Uphill):
    def d_loss_fn(self, real_logits, generated_logits):
        return np.maximum(0, 1 - real_logits) + np.maximum(0, 1 + generated_logits)


@exercise(
    "05.3",
    hints=["max(0, x) is tf.nn.relu(x); the expectation is tf.reduce_mean.",
           "d_loss_fn returns reduce_mean(relu(1 - real)) + reduce_mean(relu(1 + generated))."],
    foreseen=[Foreseen(_NoMargin, says="margin"), Foreseen(_Swapped, says="exchanged"),
              Foreseen(_Uphill, says="sign"), Foreseen(_NoMean, says="scalar"), 3.0],
)
def _(answer):
    if not isinstance(answer, type) or not hasattr(answer, "d_loss_fn"):
        raise Wrong("Give the class itself, a subclass of gan.GAN.")
    real = np.array([[2.0], [0.5], [-1.0]], "float32")
    generated = np.array([[-3.0], [-0.5], [1.0]], "float32")
    d_loss = np.asarray(call(answer.d_loss_fn, None, real, generated, name="d_loss_fn"))
    if d_loss.size != 1:
        raise Wrong("d_loss_fn must return a scalar: take the mean over the batch.")
    margins = [np.maximum(0, c - real).mean() + np.maximum(0, c + generated).mean() for c in (1, 0)]
    if close(d_loss.reshape(()), margins[1]):
        raise Wrong("The margin of 1 is missing in d_loss_fn.")
    if close(d_loss.reshape(()), np.maximum(0, 1 + real).mean()
             + np.maximum(0, 1 - generated).mean()):
        raise Wrong("In d_loss_fn real and generated are exchanged.")
    if not close(d_loss.reshape(()), margins[0]):
        raise Wrong("d_loss_fn does not give the formula's value on a small example.")
    g_loss = number(call(answer.g_loss_fn, None, generated, name="g_loss_fn"), "g_loss_fn")
    if close(g_loss, generated.mean()):
        raise Wrong("g_loss_fn has the wrong sign: the generator wants high logits.")
    if not close(g_loss, -generated.mean()):
        raise Wrong("g_loss_fn is minus the mean of the generated logits.")
    return "Logits beyond the margin cost nothing, so the discriminator stops pushing them."


def _by_mean(seconds, epochs):
    return float(np.mean(seconds)) * (epochs - len(seconds))


def _whole(seconds, epochs):
    return float(np.median(seconds)) * epochs


@exercise(
    "05.4",
    hints=["How many epochs are left?", "Which mean shrugs off one odd value?"],
    foreseen=[Foreseen(_by_mean, says="first epoch"), Foreseen(_whole, says="still to come"),
              Foreseen(lambda seconds, epochs: sum(seconds), says="still to come"), 12.0],
)
def _(answer):
    seconds, epochs = [30.0, 2.0, 2.0, 2.5, 2.0], 11
    value = number(call(answer, list(seconds), epochs, name="time_left"), "its result")
    if close(value, np.mean(seconds) * 6):
        raise Wrong("The plain mean lets the slow first epoch spoil the estimate.")
    if value > 20 or close(value, np.sum(seconds)):
        raise Wrong("Count only the epochs that are still to come.")
    if not 11.9 <= value <= 15.1:
        raise Wrong(f"For seconds {seconds} and 11 epochs it says {value:.1f}; about 12 are left.")
    if not close(number(call(answer, [3.0, 3.0], 2, name="time_left")), 0):
        raise Wrong("When all epochs are done, nothing is left.")
    return "The median ignores the slow first epoch and any other odd one."


def _one_each(model, batch_a, batch_b):
    model.train_on_batch(batch_a)


def _two_each(model, batch_a, batch_b):
    model.train_on_batch(batch_a)
    model.train_on_batch(batch_b)


@exercise(
    "05.5",
    hints=["Copy bare_step: the first half twice, once for each batch, then the second half.",
           "Draw fresh noise each time, and make the pictures inside the generator's tape."],
    foreseen=[Foreseen(_one_each, says="1 time"), Foreseen(_two_each, says="generator"), 3],
)
def _(answer):
    from helpers import gan, runtime

    if not callable(answer):
        raise Wrong("Give the function two_for_one.")
    model = gan.NonSaturatingGAN(gan.build_generator(4, width=2),
                                 gan.build_discriminator(2, head=2), latent_dim=4)
    model.compile(runtime.keras.optimizers.Adam(1e-3), runtime.keras.optimizers.Adam(1e-3))
    batches = np.random.default_rng(0).uniform(-1, 1, (2, 8, 28, 28, 1)).astype("float32")
    before = [w.copy() for w in model.generator.get_weights()]
    answer(model, *batches)
    d_count, g_count = (int(o.iterations) for o in (model.d_optimizer, model.g_optimizer))
    if d_count != 2:
        raise Wrong(f"The discriminator was moved {d_count} time{'s' * (d_count != 1)}, not twice.")
    if g_count != 1:
        raise Wrong(f"The generator was moved {g_count} time{'s' * (g_count != 1)}, not once.")
    after = model.generator.get_weights()
    if all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)):
        raise Wrong("The generator's weights did not change.")
    return "Two moves for one. Whether that buys anything in equal seconds, the ruler tells."
