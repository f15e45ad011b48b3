"""Batches for a GAN: an array dealt in a known order, or a reader's dataset watched."""

import contextlib
import warnings

import tensorflow as tf

from helpers import _arguments


def dealt(images, batch_size, seed, epoch, name):
    """Return one epoch of checked images, as `helpers.training.shuffled` tells."""
    steps = len(images) // batch_size
    if steps == 0:
        raise ValueError(
            f"batch_size is {batch_size}, but {name} holds only {len(images)}: choose "
            "a smaller batch_size."
        )
    with tf.device("CPU"):
        source = tf.constant(images)

    def one_epoch(_):
        key = tf.stack([tf.constant(seed, tf.int64), tf.cast(epoch, tf.int64)])
        order = tf.random.experimental.stateless_shuffle(
            tf.range(len(images)), seed=key
        )
        order = tf.reshape(order[: steps * batch_size], (steps, batch_size))
        return tf.data.Dataset.from_tensor_slices(order)

    order = tf.data.Dataset.range(1).flat_map(one_epoch)
    batches = order.map(lambda index: tf.gather(source, index)).prefetch(2)
    return batches.apply(tf.data.experimental.assert_cardinality(steps))


@contextlib.contextmanager
def end_told_once():
    """Keep back what Keras says of data that end: `training.Watch` says it better."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Your input ran out of data")
        yield


class Looked:
    """Check every batch of a reader's dataset, which Keras would believe.

    `shape` is that of one image. Used as a context around `fit`: what was found wrong
    inside the pipeline is raised there in its own words.
    """

    def __init__(self, shape):
        self.shape, self.problem = tuple(shape), None

    def at(self, dataset):
        """Return `dataset` with its images watched; raise for what cannot be images."""
        spec = dataset.element_spec
        several = isinstance(spec, tuple)
        if several and not 1 <= len(spec) <= 3:
            raise TypeError(
                f"x gives tuples of {len(spec)}: choose the images by "
                "x.map(lambda image, *rest: image)."
            )
        first = spec[0] if several else spec
        item = "*item" if several else "item"
        if isinstance(first, dict):
            which = f"{item.strip('*')}{'[0]' * several}[{self._images(first)!r}]"
            raise TypeError(
                f"x gives dicts with {', '.join(map(str, first))}: choose the images "
                f"by x.map(lambda {item}: {which})."
            )
        if not isinstance(first, tf.TensorSpec):
            raise TypeError(
                "x must give images, or tuples whose first part is images, got "
                f"{type(first).__name__.removesuffix('Spec')}: choose them in a .map."
            )
        _arguments.shape_of_batches(first.shape, self.shape, "x")
        if not first.dtype.is_floating:
            raise TypeError(
                f"x must give float images in [-1, 1], got {first.dtype.name}: scale "
                "them in a .map, for instance by tf.cast(x, 'float32') / 127.5 - 1."
            )
        known = first.shape.rank is not None and first.shape[1:].is_fully_defined()

        def watched(images, *rest):
            numbers = tf.cast(images, tf.float32)
            inside = tf.reduce_all(tf.abs(numbers) <= 1 + _arguments.SLACK)
            right = tf.cond(  # NumPy is asked only where something may be wrong
                tf.logical_and(inside, known and tf.size(images) > 0),
                lambda: True,
                lambda: tf.numpy_function(self._check, [numbers], tf.bool),
            )
            with tf.control_dependencies([right]):
                images = tf.ensure_shape(tf.identity(images), (None, *self.shape))
            return (images, *rest) if several else images

        return dataset.map(watched)

    def _images(self, parts):
        """Return the name of the part that is likeliest the images."""
        named = [name for name in ("image", "images", "x") if name in parts]
        ranks = {name: getattr(part, "shape", None) for name, part in parts.items()}
        deep = [n for n, s in ranks.items() if s is not None and (s.rank or 0) >= 3]
        return (named + deep + list(parts) + ["image"])[0]

    def _check(self, batch):
        try:
            _arguments.images(batch, "x", channels=None, shape=self.shape)
        except (TypeError, ValueError) as problem:
            self.problem = problem
            raise
        return True

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.problem is not None and isinstance(error, tf.errors.OpError):
            raise self.problem from None
