"""What style transfer is given, checked before anything is computed."""

import numpy as np
import tensorflow as tf

from helpers import vgg
from helpers._arguments import as_array, choice, number, picture, told

KNOWN = vgg.layer_names("vgg19")


def layers(weights, usual):
    """Return the layers of style with their weights as a dict; None: the usual ones."""
    if weights is None:
        return dict(usual)
    if not isinstance(weights, dict) or not weights:
        raise TypeError(
            "style_layers must be a dict from layer to weight, such as "
            f"{{'conv1_1': 1.0}}, got {told(weights)}."
        )
    found = {
        choice(layer, "style_layers", KNOWN): number(w, f"style_layers[{layer!r}]", 0)
        for layer, w in weights.items()
    }
    if sum(found.values()) == 0:
        raise ValueError(
            "style_layers must have a weight above 0, or there is no style."
        )
    return found


def encoder(network, names):
    """Raise one sentence unless `network` is a model that returns the layers named."""
    outputs = getattr(network, "output", None)
    if not callable(network) or not isinstance(outputs, dict):
        raise TypeError(
            f"network must come from helpers.vgg.build, got {told(network)}."
        )
    for name in names:
        role = "content_layer" if name is names[0] else "style_layers"
        choice(name, role, list(outputs))


def start(value, content):
    """Return `value`, "content" or "style", or the picture that it is."""
    if hasattr(value, "dtype"):
        value = picture(value, "start", 32)
        if value.shape != content.shape:
            raise ValueError(
                f"start must have the shape of content, {content.shape}, got "
                f"{told(value)}."
            )
        return value
    if not isinstance(value, str) or value not in ("content", "style"):
        raise ValueError(
            f"start must be 'content', 'style' or a picture, got {told(value)}."
        )
    return value


def first_picture(start, content, style):
    """Return the picture to begin with, as a checked `start` says."""
    if isinstance(start, str) and start == "style":
        resized = tf.image.resize(style, content.shape[:2])
        return tf.clip_by_value(resized, -1, 1).numpy()
    return content if isinstance(start, str) else start


def tensor(value, name, shape=None, smallest=1):
    """Return a float tensor, or say what is wrong; the values of a symbol are trusted.

    shape: None, or the words for four axes; the two in the middle are then at least
    `smallest`.
    """
    wanted = f"{name} must be float" + (f" of shape {shape}" if shape else "")
    if not tf.is_tensor(value):
        value = as_array(value, wanted)
        if value.dtype.kind != "f":
            raise TypeError(f"{wanted}, got {told(value)}.")
        value = tf.convert_to_tensor(value)
    if not value.dtype.is_floating:
        raise TypeError(f"{wanted}, got {told(value)}.")
    known = value.shape.rank is not None
    if shape and known and value.shape.rank != 4:
        raise ValueError(f"{wanted}, got {told(value)}.")
    if not hasattr(value, "numpy"):
        return value
    if 0 in value.shape:
        raise ValueError(f"{name} must not be empty, got {told(value)}.")
    if shape and min(value.shape[1:3]) < smallest:
        raise ValueError(
            f"{name} must be at least {smallest} pixels a side, got {told(value)}."
        )
    if not np.isfinite(value).all():
        raise ValueError(f"{name} must be finite, got {told(value)}.")
    return value
