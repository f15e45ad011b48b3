"""What a reader passes in, checked once for all: images, counts, numbers.

Every refusal is one sentence that says what is wanted and what came, and never prints
an array: `images must lie in [-1, 1], got float32 (2, 28, 28, 1) from 5 to 5`.
"""

import math
import sys

import numpy as np

SLACK = 1e-3  # so far outside of [-1, 1] is rounding, and is clipped
LARGEST = 2**31 - 1  # what TensorFlow's int32 holds


def told(value):
    """Return what `value` is in a few words: type, shape and range, not its numbers."""
    if isinstance(value, (list, tuple, dict, set)):
        return f"a {type(value).__name__} of {len(value)}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _told_array(value)
    if isinstance(value, (str, bytes)):
        return repr(value) if len(value) <= 40 else f"{value[:36]!r}.."
    if value is None or isinstance(value, (bool, int, float, complex)):
        text = repr(value)
        return text if len(text) <= 40 else f"{text[:36]}.."
    return f"a value of type {type(value).__name__}"


def _told_array(value):
    try:
        array = np.asarray(value)
    except Exception:  # a symbol, or something that only looks like an array
        return f"a {type(value).__name__} of shape {value.shape}"
    if array.ndim == 0 and array.dtype.kind in "biufc":
        return str(array.item())
    text = f"{array.dtype} {array.shape}".replace(",)", ")")
    if array.size == 0 or array.dtype.kind not in "biuf":
        return text
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return f"{text} with NaN or infinity"
    return f"{text} from {array.min():.4g} to {array.max():.4g}"


def images(value, name="images", *, dims=(4,), channels=(1, 3), shape=None, least=1):
    """Return `value` as float32 images in [-1, 1], or say what is wrong.

    dims: how many axes it may have. channels: how many the last of the most axes may
    hold (None: any number). shape: what the axes after the first must be, None for any.
    least: how many there must be at least, along the first axis. Values that rounding
    brought beyond -1 or 1 are clipped. Raises TypeError or ValueError.
    """
    array = as_array(value, f"{name} must be images of one size")
    if array.dtype.name == "bfloat16":  # of a model in mixed precision
        array = array.astype(np.float32)

    def refuse(kind, wanted, advice=""):
        raise kind(f"{name} must {wanted}, got {told(array)}{advice}.")

    if array.dtype.kind != "f":
        if array.dtype == np.uint8:
            advice = ": convert with helpers.images.from_uint8"
            refuse(TypeError, "be float images in [-1, 1]", advice)
        got = told(array if hasattr(value, "dtype") else value)
        raise TypeError(f"{name} must be float images in [-1, 1], got {got}.")
    wrong = array.ndim not in dims
    if channels and not wrong and array.ndim == max(dims):
        wrong = array.shape[-1] not in channels
    if wrong:
        axes = " or ".join(_axes(n, channels, single=len(dims) == 1) for n in dims)
        wanted = f"have shape {axes}" if len(dims) < 4 else "have at least one axis"
        refuse(ValueError, wanted)
    if shape is not None and not fits(array.shape[1:], shape):
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        refuse(ValueError, f"have shape (N, {wanted})", ": resize them")
    if array.size == 0:
        refuse(ValueError, "not be empty")
    if len(array) < least:
        refuse(ValueError, f"hold at least {least} images")
    low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        refuse(ValueError, "be finite", ": find where it began")
    if low < -1 - SLACK or high > 1 + SLACK:
        refuse(ValueError, "lie in [-1, 1]", ": scale or clip them")
    array = array.astype(np.float32, copy=False)
    return np.clip(array, -1, 1) if low < -1 or high > 1 else array


def as_array(value, wanted):
    """Return `value` as a NumPy array; else raise ValueError, the sentence `wanted`."""
    try:
        return np.asarray(value)
    except Exception:  # rows of several lengths, a symbol without values
        raise ValueError(f"{wanted}, got {told(value)}.") from None


def _axes(count, channels, single):
    """Return how images of `count` axes are shaped, for a sentence."""
    last = "C" if channels is None else " or ".join(map(str, channels))
    full = {1: "(W)", 2: "(H, W)", 3: f"(H, W, {last})", 4: f"(N, H, W, {last})"}
    if count == 3 and channels and not single:
        return "(N, H, W)"
    return full.get(count, f"of {count} axes")


def fits(found, wanted):
    """Tell whether two shapes are one, None standing for any number."""
    return len(found) == len(wanted) and all(
        None in (a, b) or a == b for a, b in zip(found, wanted, strict=True)
    )


def shape_of_batches(found, wanted, name):
    """Raise ValueError unless batches of shape `found` hold images of `wanted`."""
    found = None if found.rank is None else tuple(found)
    if found is not None and not fits(found[1:], wanted):
        text = ", ".join("any" if n is None else str(n) for n in wanted)
        raise ValueError(
            f"{name} must give batches of shape (N, {text}), got {found}: resize them, "
            "or call .batch on single images."
        )


def picture(value, name="picture", smallest=1):
    """Return `value` as one float32 picture (H, W, 3) in [-1, 1]; refuse as `images`.

    smallest: how many pixels each side must have at least.
    """
    array = images(value, name, dims=(3,), channels=(3,))
    if min(array.shape[:2]) < smallest:
        raise ValueError(
            f"{name} must be at least {smallest} pixels a side, got {told(array)}."
        )
    return array


def whole(value, name, low=1, high=None):
    """Return `value` as a Python int from `low` to `high`, or say what is wrong.

    Without `high` it may reach LARGEST. Raises TypeError for what is no number,
    ValueError for one with a fraction or out of range.
    """
    found, top = _item(value), LARGEST if high is None else high
    whole = isinstance(found, int) and not isinstance(found, bool)
    if whole and low <= found <= top:
        return found
    beyond = high is not None or (whole and found > top)
    limits = f"from {low} to {top}" if beyond else f"of at least {low}"
    kind = ValueError if whole or isinstance(found, float) else TypeError
    raise kind(f"{name} must be a whole number {limits}, got {told(value)}.")


def _item(value):
    """Return a number of NumPy's, or an array without axes, as a number of Python's."""
    try:
        single = hasattr(value, "dtype") and np.ndim(value) == 0
        return np.asarray(value).item() if single else value
    except Exception:  # a symbol has no value
        return value


def counts(**values):
    """Return the arguments as Python ints of at least 1: one, or a tuple of them.

    Raises as `whole` does.
    """
    found = tuple(whole(value, name) for name, value in values.items())
    return found[0] if len(found) == 1 else found


def number(value, name, low=-math.inf, high=math.inf, *, above=None, below=None):
    """Return `value` as a finite Python float within the limits, or say what is wrong.

    low and high belong to the range, above and below do not. Raises TypeError for what
    is not a number, ValueError for NaN, infinity and what is out of range.
    """
    limits = [
        f"above {above:g}" if above is not None else "",
        f"below {below:g}" if below is not None else "",
        f"at least {low:g}" if low > -math.inf else "",
        f"at most {high:g}" if high < math.inf else "",
    ]
    wanted = " and ".join(filter(None, limits))
    wanted = f"{name} must be a finite number{' ' * bool(wanted)}{wanted}"
    found = _item(value)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise TypeError(f"{wanted}, got {told(value)}.")
    inside = abs(found) <= sys.float_info.max and low <= found <= high
    inside = inside and (above is None or found > above)
    if not inside or not (below is None or found < below):
        raise ValueError(f"{wanted}, got {told(value)}.")
    return float(found)


def choice(value, name, allowed):
    """Return `value` if it is one of `allowed` strings; raise ValueError if not."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(
            f"{name} must be one of {', '.join(allowed)}, got {told(value)}."
        )
    return value


def text(value, name):
    """Return `value` if it is a string or None; raise TypeError if not."""
    if not isinstance(value, (str, type(None))):
        raise TypeError(f"{name} must be a string or None, got {told(value)}.")
    return value


def texts(value, name, count):
    """Return `value` as a list of `count` strings or numbers, or say what is wrong."""
    try:
        found = [] if isinstance(value, (str, bytes)) else list(value)
    except Exception:  # nothing that can be gone through
        found = []
    plain = all(isinstance(one, (str, int, float, np.generic)) for one in found)
    if len(found) != count or not plain:
        raise ValueError(f"{name} must hold {count} texts, got {told(value)}.")
    return found


def flag(value, name):
    """Return `value` as a bool; raise TypeError for anything but True and False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {told(value)}.")
    return bool(value)


def instance(value, name, kind):
    """Return `value` if it is a `kind`, a class of ours; raise TypeError if not."""
    if not isinstance(value, kind):
        wanted = f"{kind.__module__.removeprefix('helpers.')}.{kind.__name__}"
        raise TypeError(f"{name} must be a {wanted}, got {told(value)}.")
    return value


def generator(value, name="rng"):
    """Return `value` if it is a NumPy Generator; raise TypeError if not."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(
            f"{name} must come from numpy.random.default_rng, got {told(value)}."
        )
    return value
