"""The questions and exercises of chapter 04, DCGAN."""

import numpy as np

from checks.kit import (
    Foreseen,
    Wrong,
    array,
    call,
    close,
    exercise,
    function_question,
    number,
    number_question,
    numbers_question,
    quizzes,
    refuse,
    rephrase,
)
from checks.stretches import apart

quizzes(
    """
    04.q1
      a) With side 4 and stride 3 every third pixel gets two strokes and the others one.
      b) With side 5 and stride 3 two pixels of three get two strokes and the third gets
         one.
    * c) 3 divides 6, so every pixel gets exactly two strokes along each axis.

    04.q2
      a) In training mode the batch's own mean and variance enter every sample.
    * b) Latent 5 moves the mean and the variance that all 64 samples are normalised
         with.
      c) Running averages are used with training=False; training=True takes the batch's
         own.

    04.q3
      a) It is an average: a few exact copies among 1,000 pictures would hardly move it.
    * b) One half says only that neither set tends to lie closer; it is no proof for one
         picture.
      c) Distance to the training set says nothing about the pictures that are never
         made.
    """
)

number_question(
    "04.2",
    5 * 5 * 128 * 64 + 4 * 64,
    rtol=0,
    because=(
        "5 * 5 * 128 * 64 weights and 4 * 64 numbers of the normalisation make 205,056."
    ),
    wrong={
        5 * 5 * 128 * 64: (
            "That is the convolution alone: you forgot the batch normalisation."
        ),
        5 * 5 * 128 * 64 + 2 * 64: (
            "count_params also counts the two running averages, which are not trained."
        ),
        (5 * 5 * 128 * 64 + 64 + 4 * 64, 5 * 5 * 128 * 64 + 64): (
            "use_bias=False leaves out the 64 biases."
        ),
        5 * 5 * 128 * 64 + 4 * 128: (
            "The normalisation comes after the convolution, so it has 64 channels."
        ),
    },
    otherwise=(
        "Add kernel side squared times both channel numbers, and 4 for each channel."
    ),
    hints=[
        "Each pair of an input and an output channel has its own 5 x 5 kernel.",
        "Batch normalisation keeps gamma, beta and two running averages for each "
        "channel.",
    ],
    foreseen=[5 * 128 * 64 + 4 * 64],
)


def _sides(answer):
    """Return `answer` as two numbers."""
    if isinstance(answer, np.ndarray):
        answer = tuple(answer.tolist())
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Wrong("Give two numbers, the side after each layer, as in (14, 28).")
    return tuple(number(value, "each side") for value in answer)


numbers_question(
    "04.1",
    (12, 27),
    parts=("Side after Conv2D", "Side after Conv2DTranspose"),
    rtol=0,
    read=_sides,
    because=(
        "floor((28 - 5) / 2) + 1 = 12, and (12 - 1) * 2 + 5 = 27: rounding lost "
        "one pixel."
    ),
    wrong={
        (14, 28): (
            'That is padding="same"; with "valid" the kernel stays inside the picture.'
        ),
        (11, None): "You counted the steps, 11, but not the first position.",
        (12, 28): (
            "A transposed convolution does not undo the rounding of the first layer."
        ),
        (12, 24): (
            "That is the number of outputs without overlap; the last kernel sticks out."
        ),
        (apart(12, rtol=0), None): (
            "The first side is not right: how often does a kernel of 5 fit into 28?"
        ),
    },
    otherwise="The first side is right; the second is (n - 1) * stride + kernel.",
    hints=[
        "Count positions: the first, and one for each whole step of 2 that is left.",
        "28 - 5 = 23 leaves 11 whole steps; on the way back the last copy starts at 11 "
        "* 2.",
    ],
    foreseen=[
        Foreseen((11, 25), says="first position"),
        Foreseen(((12, 12), (27, 27)), says="each side must be one number"),
        (13, 27),
        12,
    ],
)


def _overwriting(signal, kernel, stride):
    canvas = np.zeros((len(signal) - 1) * stride + max(len(kernel), stride))
    for i, value in enumerate(signal):
        canvas[i * stride : i * stride + len(kernel)] = value * np.asarray(kernel)
    return canvas


def _flipped(signal, kernel, stride):
    return _painted(signal, np.asarray(kernel)[::-1], stride)


def _short(signal, kernel, stride):
    return _painted(signal, kernel, stride)[: (len(signal) - 1) * stride + len(kernel)]


def _unscaled(signal, kernel, stride):
    return _painted(np.ones(len(signal)), kernel, stride)


def _on(canvas):
    """Return a `paint` on what `canvas(n, k, stride)` makes: too small, or of whole
    numbers."""

    def paint(signal, kernel, stride):
        painted = canvas(len(signal), len(kernel), stride)
        for i, value in enumerate(signal):
            painted[i * stride : i * stride + len(kernel)] += value * kernel
        return painted

    return paint


def _painted(signal, kernel, stride):
    """Compute what 04.3 asks for another way: insert zeros, then convolve in full."""
    stretched = np.zeros((len(signal) - 1) * stride + 1)
    stretched[::stride] = signal
    full = np.convolve(stretched, kernel)
    return np.pad(full, (0, max(stride - len(kernel), 0)))


@exercise(
    "04.3",
    hints=[
        "The canvas is (n - 1) * stride + max(kernel length, stride) long.",
        "canvas[i * stride : i * stride + len(kernel)] += signal[i] * kernel",
    ],
    foreseen=[
        Foreseen(_overwriting, says="add"),
        Foreseen(_flipped, says="reversed"),
        Foreseen(_short, says="longer than the kernel"),
        Foreseen(_unscaled, says="scaled by"),
        Foreseen(_on(lambda n, k, s: np.zeros(n * s)), says="canvas is too short"),
        Foreseen(
            _on(lambda n, k, s: np.zeros((n - 1) * s + max(k, s), int)), says="np.zeros"
        ),
        Foreseen(
            lambda x, k, s: np.roll(_painted(x, k, s), 1),
            says="starts at place i * stride",
        ),
        3.0,
    ],
)
def _(answer):
    rng = np.random.default_rng(4)
    for length, size, stride in ((1, 3, 2), (5, 4, 2), (6, 3, 2), (4, 3, 3), (3, 2, 4)):
        signal, kernel = rng.standard_normal(length), rng.standard_normal(size)
        told = (
            f"{length} input{'s' * (length > 1)}, a kernel of {size} and stride "
            f"{stride}"
        )
        target = _painted(signal, kernel, stride)
        with rephrase(
            {
                "broadcast": f"For {told} the canvas is too short, so its last slice "
                f"is cut off: it needs {len(target)} places.",
                "cast": "The canvas must be made of floats: np.zeros(length) is.",
            }
        ):
            value = array(
                call(answer, signal, kernel, stride, name="paint"), "the result"
            )
        if value.shape != target.shape:
            more = " (a stride longer than the kernel leaves zeros at the end)" * (
                stride > size
            )
            raise Wrong(
                f"For {told} the canvas has {len(target)} places; yours has shape "
                f"{value.shape}{more}."
            )
        if close(value, target):
            continue
        case = signal, kernel, stride
        refuse(
            {
                "The kernel is reversed: paint it as it is.": close(
                    value, _flipped(*case)
                ),
                "Where copies overlap they must add, not replace each other.": close(
                    value, _overwriting(*case)
                ),
                "Each copy of the kernel must be scaled by its input.": close(
                    value, _unscaled(*case)
                ),
            }
        )
        raise Wrong(
            f"The numbers differ for {told}: copy i starts at place i * stride, "
            "scaled by input i."
        )
    return (
        "Stretching the signal with zeros and convolving in full gives the same canvas."
    )


def _seen(convolutions):
    """Compute what 04.4 asks for another way: follow the leftmost and the rightmost
    input back."""
    first = last = 0
    for kernel, stride in reversed(convolutions):
        first, last = first * stride, last * stride + kernel - 1
    return last - first + 1


def _without_strides(convolutions):
    return 1 + sum(kernel - 1 for kernel, _ in convolutions)


def _from_nothing(convolutions):
    return _seen(convolutions) - 1


def _stride_too_early(convolutions):
    side, apart = 1, 1
    for kernel, stride in convolutions:
        apart *= stride
        side += (kernel - 1) * apart
    return side


function_question(
    "04.4",
    _seen,
    inputs=[
        ([(3, 1)],),
        ([(4, 2), (4, 2)],),
        ([(5, 2)] * 4,),
        ([(3, 1), (4, 2), (5, 3)],),
        ([(7, 4), (3, 1), (3, 2)],),
    ],
    rtol=0,
    because=(
        "Following the outermost inputs back through the layers gives the same sides."
    ),
    wrong={
        _without_strides: (
            "For {0} you ignore the strides; each one widens later steps."
        ),
        _from_nothing: (
            "For {0} you are one short: start from one pixel, not from none."
        ),
        _stride_too_early: (
            "For {0} a stride counts too early: it acts on the layers after it."
        ),
        lambda convolutions: _seen(convolutions[::-1]): (
            "For {0} the order is turned round: the first layer comes first."
        ),
    },
    otherwise="For {0} a unit sees {right}, not {given:g}.",
    name="receptive_field",
    hints=[
        "Keep two numbers: the side so far, and how far apart neighbouring units are "
        "in pixels.",
        "The stride of a layer widens the steps of the layers after it, not its own.",
    ],
    foreseen=[61],
)


def _nearest(rows, train):
    rows, train = np.asarray(rows, float), np.asarray(train, float)
    squares = (
        (rows**2).sum(axis=1)[:, None] + (train**2).sum(axis=1) - 2 * rows @ train.T
    )
    return np.sqrt(np.maximum(squares.min(axis=1), 0))


def _copied(generated, held_out, train):
    limit = np.quantile(_nearest(held_out, train), 0.01)
    return np.mean(_nearest(generated, train) < limit)


@exercise(
    "04.5",
    hints=[
        "Take each row's distance to the closest training row, for both sets.",
        "np.quantile(held_out_distances, 0.01) is the limit; count how many lie below "
        "it.",
    ],
    foreseen=[
        Foreseen(lambda g, h, t: 0.01, says="memoriser"),
        Foreseen(lambda g, h, t: float(_copied(g, h, t) > 0.5), says="one copy in ten"),
        Foreseen(
            lambda g, h, t: np.mean(_nearest(g, t) < np.median(_nearest(h, t))),
            says="1 % quantile",
        ),
        Foreseen(lambda g, h, t: 1 - _copied(g, h, t), says="other way"),
        Foreseen(
            lambda g, h, t: np.mean(_nearest(g, t) < np.quantile(_nearest(h, t), 0.99)),
            says="upper quantile",
        ),
        Foreseen(
            lambda g, h, t: np.mean(
                _nearest(g, t) < np.percentile(_nearest(h, t), 0.01)
            ),
            says="np.percentile",
        ),
        Foreseen(
            lambda g, h, t: np.mean(_nearest(g, t) < _nearest(h, t).min()),
            says="np.percentile",
        ),
        Foreseen(lambda g, h, t: np.mean(_nearest(g, t) < 0.5), says="a fixed limit"),
        Foreseen(lambda g, h, t: _copied(g, g, t), says="held_out"),
        0.1,
    ],
)
def _(answer):
    rng = np.random.default_rng(5)
    train, held_out, fresh = (rng.standard_normal((300, 6)) for _ in range(3))
    copies = train[:30] + 1e-3 * rng.standard_normal((30, 6))
    tenth = np.concatenate([fresh[:270], copies])

    def share(generated, held_out=held_out, scale=1):
        value = number(
            call(
                answer,
                scale * generated,
                scale * held_out,
                scale * train,
                name="copied",
            ),
            "the result",
        )
        if not 0 <= value <= 1:
            raise Wrong(f"A share lies between 0 and 1; yours is {value:g}.")
        return value

    of_copies, of_tenth, of_fresh = share(copies), share(tenth), share(fresh)
    if of_fresh > 0.9:
        raise Wrong(
            "Innocent rows are called copies: the comparison is the other way round, "
            "or you took the upper quantile."
        )
    if of_copies < 0.995:
        raise Wrong(
            f"A memoriser, every row a training row and a little noise, scores "
            f"{of_copies:.2f}: compare with distances of held_out to train."
        )
    if of_fresh > 0.2:
        raise Wrong(
            f"New rows score {of_fresh:.2f}: take the 1 % quantile of the held-out "
            "distances."
        )
    if abs(of_tenth - _copied(tenth, held_out, train)) > 0.02:
        raise Wrong(
            f"With one copy in ten the share is about 0.1; yours is {of_tenth:.2f}."
        )
    # Many rows, so that the 1 % quantile is neither the minimum nor the 0.01 %
    # quantile.
    many, fresh = rng.standard_normal((2, 1000, 6))
    near = np.concatenate(
        [fresh[:800], train[:200] + 0.1 * rng.standard_normal((200, 6))]
    )
    for generated in (fresh, near):
        found, target = share(generated, many), _copied(generated, many, train)
        if abs(share(generated, many, 100) - found) > 0.004:
            raise Wrong(
                "All rows a hundred times as large must give the same share: take the "
                "limit from held_out, not a fixed limit."
            )
        if abs(found - target) > 0.004:
            raise Wrong(
                f"With 1,000 held-out rows the share should be {target:.3f}; yours is "
                f"{found:.3f}. The limit is np.quantile(distances, 0.01); "
                f"np.percentile "
                "wants 1 in its place."
            )
    return "It catches a memoriser, finds one copy in ten, and lets new rows pass."
