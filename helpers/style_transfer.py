"""Style transfer by optimising the picture itself (Gatys, Ecker and Bethge, 2016).

Chapter 10 writes these few functions in the open and proves that they give the same
numbers as the ones here; chapter 11 needs them as the slow method that a fast one must
match. A picture's content is one layer's activations; its style is the Gram matrices of
several layers.
"""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import scipy.optimize
import tensorflow as tf
from numpy.typing import ArrayLike

from helpers import _style_arguments, runtime, vgg
from helpers._arguments import choice, counts, flag, number, picture
from helpers._style_arguments import tensor

STYLE_LAYERS = {
    "conv1_1": 0.2, "conv2_1": 0.5, "conv3_1": 1.0, "conv4_1": 1.0, "conv5_1": 1.0,
}  # fmt: skip
CONTENT_LAYER = "conv4_2"
NAMES = ("loss", "content_loss", "style_loss", "seconds")  # what `stylise` notes


def gram(features: ArrayLike) -> tf.Tensor:
    """Return the mean of f f^T over all positions, (B, h, w, C) to (C, C), dtype kept.

    This is the Gram matrix of Gatys et al. (2015) divided by the number of positions.
    Raises TypeError for what is not float, ValueError for another shape, NaN, infinity.

    >>> from helpers import style_transfer
    >>> features = [[[[1.0, 0.0], [1.0, 2.0]]]]  # two positions, two channels
    >>> style_transfer.gram(features).numpy().tolist()
    [[1.0, 1.0], [1.0, 2.0]]
    """
    found = tensor(features, "features", "(B, h, w, C)")
    flat = tf.reshape(found, (-1, found.shape[-1]))
    count = tf.cast(tf.shape(flat)[0], flat.dtype)
    return tf.matmul(flat, flat, transpose_a=True) / count


def relative_distance(a: ArrayLike, b: ArrayLike) -> tf.Tensor:
    """Return |a - b|^2 / |b|^2 as a scalar: 0 when equal, 1 when `a` is all zeros.

    a, b: float arrays or tensors of one shape, finite. Raises TypeError or ValueError.

    >>> from helpers import style_transfer
    >>> float(style_transfer.relative_distance([0.0, 2.0], [0.0, 4.0]))
    0.25
    """
    x, y = tensor(a, "a"), tensor(b, "b")
    if not x.shape.is_compatible_with(y.shape) or x.dtype != y.dtype:
        raise ValueError(
            "a and b must have one shape and dtype, got "
            f"{x.dtype.name} {x.shape} and {y.dtype.name} {y.shape}."
        )
    return tf.reduce_sum((x - y) ** 2) / tf.reduce_sum(y**2)


def total_variation(image: ArrayLike) -> tf.Tensor:
    """Return the mean squared difference of neighbours, down plus across.

    image: float (B, H, W, C), finite, H and W of at least 2. Returns a scalar. Raises
    TypeError or ValueError.

    >>> from helpers import style_transfer
    >>> stripes = np.array([[0.0, 1.0], [0.0, 1.0]]).reshape(1, 2, 2, 1)
    >>> float(style_transfer.total_variation(stripes))  # 0 down, 1 across
    1.0
    """
    x = tensor(image, "image", "(B, H, W, C)", smallest=2)
    down, across = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1]
    return tf.reduce_mean(down**2) + tf.reduce_mean(across**2)


def match_colours(content: ArrayLike, style: ArrayLike) -> np.ndarray:
    """Give `content` the colours of `style`, their mean and covariance, moved least.

    Both are (H, W, 3) in [-1, 1], of any sizes from 2 pixels a side; returns float32 of
    content's shape, clipped to [-1, 1]. The map is the optimal transport between two
    Gaussians (Pitié and Kokaram, 2007). Raises TypeError or ValueError for other
    pictures.

    >>> from helpers import style_transfer
    >>> content, style = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 8, 8, 3))
    >>> moved = style_transfer.match_colours(content, style)
    >>> bool(np.allclose(moved.mean((0, 1)), style.mean((0, 1)), atol=1e-3))
    True
    """
    both = picture(content, "content", 2), picture(style, "style", 2)
    pixels, others = (p.reshape(-1, 3).astype(float) for p in both)
    a, b = (_root(np.cov(p.T) + 1e-6 * np.eye(3)) for p in (pixels, others))
    undo = np.linalg.inv(a)
    move = undo @ _root(a @ b @ b @ a) @ undo
    moved = (pixels - pixels.mean(0)) @ move + others.mean(0)
    return np.clip(moved, -1, 1).reshape(both[0].shape).astype(np.float32)


def _root(matrix):
    """Return the symmetric square root of a symmetric positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def objective(
    network: keras.Model,
    content: ArrayLike,
    style: ArrayLike,
    *,
    style_layers: dict[str, float] | None = None,
    content_layer: str = CONTENT_LAYER,
    style_weight: float = 5.0,
    tv_weight: float = 0.0,
) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
    """Return a tf.function from image (1, H, W, 3) to (loss, content_loss, style_loss).

    `network` is an encoder (`vgg.build`) that returns all the layers named; `content`
    and `style` are (H, W, 3) in [-1, 1], at least 32 pixels a side. The losses are
    relative distances, so that layers and pictures compare; style_loss is their mean
    over `style_layers` (a dict from layer to weight), and loss = content_loss +
    style_weight * style_loss + tv_weight * total_variation. Raises TypeError or
    ValueError that names the argument. Source: Gatys, Ecker and Bethge 2016.

    >>> from helpers import data, style_transfer, vgg
    >>> cat, waves = data.picture("cat", 32), data.style("waves", 32)
    >>> network = vgg.build(["conv1_1", "conv2_1"], kind="random")
    >>> layers = {"content_layer": "conv2_1", "style_layers": {"conv1_1": 1.0}}
    >>> losses = style_transfer.objective(network, cat, waves, **layers)
    >>> loss, content_loss, style_loss = losses(tf.constant(cat[None]))
    >>> round(float(content_loss), 3), bool(style_loss > 0)  # the cat, unpainted
    (0.0, True)
    """
    weights = _style_arguments.layers(style_layers, STYLE_LAYERS)
    photograph, painting = picture(content, "content", 32), picture(style, "style", 32)
    style_weight = number(style_weight, "style_weight", 0)
    tv_weight = number(tv_weight, "tv_weight", 0)
    _style_arguments.encoder(network, [content_layer, *weights])
    wanted_content = network(photograph[None])[content_layer]
    found = network(painting[None])
    wanted_style = {k: gram(f) for k, f in found.items() if k in weights}
    total = sum(weights.values())

    @tf.function
    def losses(image):
        features = network(image)
        content_loss = relative_distance(features[content_layer], wanted_content)
        style_loss = sum(
            w / total * relative_distance(gram(features[k]), wanted_style[k])
            for k, w in weights.items()
        )
        smooth = tv_weight * total_variation(image) if tv_weight else 0.0
        loss = content_loss + style_weight * style_loss + smooth
        return loss, content_loss, style_loss

    return losses


@functools.lru_cache(maxsize=8)
def _network(layers, kind, pooling, padding):
    return vgg.build(list(layers), kind, pooling=pooling, padding=padding)


def stylise(
    content: ArrayLike, style: ArrayLike, *, steps: int = 200, optimizer: str = "lbfgs",
    learning_rate: float = 0.03, palette: bool = True,
    start: str | np.ndarray = "content", style_layers: dict[str, float] | None = None,
    content_layer: str = CONTENT_LAYER, style_weight: float = 5.0,
    tv_weight: float = 0.0, kind: str = "auto", pooling: str = "average",
    padding: str = "reflect",
) -> dict[str, Any]:  # fmt: skip
    """Repaint `content` in the style of `style`, the picture itself being the variable.

    `content` and `style` are (H, W, 3) float32 in [-1, 1], at least 32 pixels a side,
    of any two sizes. `steps` counts evaluations of the loss and its gradient.
    `optimizer` is "lbfgs" (SciPy's L-BFGS-B, as in Gatys et al.) or "adam", the only
    one that uses `learning_rate`. With `palette` the photograph is first given the
    colours of style (`match_colours`), and its content is measured on that. `start` is
    "content" (after that change), "style" (resized), or a picture like content. Other
    arguments as in `objective` and `vgg.build`. Returns a dict: image (H,
    W, 3) float32 in [-1, 1]; loss, content_loss, style_loss, seconds (arrays, one value
    an evaluation); encoder (its name). Raises ValueError or TypeError for unsuitable
    pictures or options, before anything is computed; FloatingPointError if the loss is
    no longer finite. Source: Gatys, Ecker and Bethge 2016.

    >>> from helpers import data, style_transfer
    >>> cat, waves = data.picture("cat", 32), data.style("waves", 32)
    >>> layers = {"content_layer": "conv2_1", "style_layers": {"conv1_1": 1.0}}
    >>> made = style_transfer.stylise(cat, waves, steps=2, kind="random", **layers)
    >>> made["image"].shape, made["loss"].shape, made["encoder"]
    ((32, 32, 3), (2,), 'random')
    """
    photograph, painting = picture(content, "content", 32), picture(style, "style", 32)
    steps = counts(steps=steps)
    learning_rate = number(learning_rate, "learning_rate", 0, 1, above=0)
    style_weight = number(style_weight, "style_weight", 0)
    tv_weight = number(tv_weight, "tv_weight", 0)
    choice(optimizer, "optimizer", ("lbfgs", "adam")), flag(palette, "palette")
    choice(pooling, "pooling", vgg.POOLINGS), choice(padding, "padding", vgg.PADDINGS)
    choice(content_layer, "content_layer", vgg.layer_names("vgg19"))
    start = _style_arguments.start(start, photograph)
    style_layers = _style_arguments.layers(style_layers, STYLE_LAYERS)
    layers = tuple(dict.fromkeys([*style_layers, content_layer]))
    network = _network(layers, vgg.find(kind), pooling, padding)
    if palette:
        photograph = match_colours(photograph, painting)
    image = _style_arguments.first_picture(start, photograph, painting)
    losses = objective(
        network,
        photograph,
        painting,
        style_layers=style_layers,
        tv_weight=tv_weight,
        content_layer=content_layer,
        style_weight=style_weight,
    )
    history = []

    @tf.function
    def value_and_gradient(image):
        with tf.GradientTape() as tape:
            tape.watch(image)
            values = losses(image)
        return values, tape.gradient(values[0], image)

    with runtime.stopwatch() as watch:

        def evaluate(image):
            values, gradient = value_and_gradient(image)
            history.append([*map(float, values), watch.seconds])
            if not np.isfinite(history[-1]).all():
                raise FloatingPointError(
                    f"The loss is not finite at evaluation {len(history)}: "
                    "lower learning_rate or style_weight."
                )
            return gradient

        image = (_lbfgs if optimizer == "lbfgs" else _adam)(
            evaluate, history, image[None], steps, learning_rate
        )[0]
    return {
        "image": image,
        "encoder": network.name,
        **dict(zip(NAMES, np.transpose(history))),
    }


def _lbfgs(evaluate, history, image, steps, learning_rate):
    def function(flat):
        gradient = evaluate(tf.constant(flat.reshape(image.shape), tf.float32))
        return history[-1][0], gradient.numpy().ravel().astype(np.float64)

    limits = {"maxfun": steps - 1, "maxiter": steps, "ftol": 0.0, "gtol": 0.0}
    found = scipy.optimize.minimize(
        function,
        image.ravel(),
        jac=True,
        method="L-BFGS-B",
        bounds=scipy.optimize.Bounds(-1, 1),
        options=limits,
    )
    return found.x.reshape(image.shape).astype(np.float32)


def _adam(evaluate, history, image, steps, learning_rate):
    image = tf.Variable(image)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps, alpha=0.05)
    adam = keras.optimizers.Adam(schedule)
    adam.build([image])
    for _ in range(steps):
        adam.apply([evaluate(image.value())], [image])
        image.assign(tf.clip_by_value(image, -1.0, 1.0))
    return image.numpy()
