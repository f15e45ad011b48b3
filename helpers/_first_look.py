"""A look at the first batch of a reader's dataset, which Keras would believe."""

import tensorflow as tf

from helpers import _arguments


class FirstLook:
    """Check the first batch that a reader's dataset gives, as arrays are checked.

    `shape` is that of one image. Used as a context around `fit`: what was found wrong
    inside the pipeline is raised there in its own words.
    """

    def __init__(self, shape):
        self.shape, self.problem = tuple(shape), None

    def at(self, dataset):
        """Return `dataset` with its first batch watched; raise for what is no image."""
        spec = dataset.element_spec
        if isinstance(spec, dict):
            name = next(
                (n for n in ("image", "images", "x") if n in spec), next(iter(spec))
            )
            raise TypeError(
                f"x gives dicts with {', '.join(map(str, spec))}: choose the images by "
                f"x.map(lambda item: item[{name!r}])."
            )
        first = tf.nest.flatten(spec)[0]
        if not isinstance(first, tf.TensorSpec) or not first.dtype.is_floating:
            raise TypeError(
                f"x must give float images in [-1, 1], got {first.dtype.name}: scale them "
                "in a .map, as helpers.images.from_uint8 does."
            )
        _arguments.shape_of_batches(first.shape, self.shape, "x")

        def watched(index, item):
            batch = tf.nest.flatten(item)[0]
            seen = tf.cond(
                index == 0,
                lambda: tf.numpy_function(self._check, [batch], tf.bool),
                lambda: True,
            )
            with tf.control_dependencies([seen]):
                return tf.nest.map_structure(tf.identity, item)

        return dataset.enumerate().map(watched)

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
        if self.problem is not None:
            raise self.problem from None
