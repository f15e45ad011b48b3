"""Pictures in and out: load a reader's own safely, tile, resize, and convert to and
from [-1, 1].

Images are float32, channels last, in [-1, 1]. Every function checks what it is given.
"""

import contextlib
import io
import math
import os
import warnings

import numpy as np
from PIL import Image, ImageOps

from helpers import runtime as runtime  # quiet TensorFlow before anything imports it

MAX_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO", "AVIF")
_METHODS = ("bicubic", "bilinear", "lanczos3", "area", "nearest")
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_SLACK = 1e-3  # rounding errors are not out of range


def load_picture(path_or_bytes, size=None):
    """Load a picture file as (H, W, 3) float32 in [-1, 1], or (size, size, 3) if `size`
    is given.

    Takes a path or the file's bytes. Honours the EXIF rotation; lays transparency on
    white; turns palette, CMYK, grey and 16-bit pictures to RGB; takes the first frame
    of an animation. Colour profiles are not applied. With `size` (1 to 8192) the
    largest centred square is cut out and resized. Raises FileNotFoundError,
    IsADirectoryError, TypeError, or ValueError for what is not a picture, is broken, or
    has more than 50 megapixels (found before decoding).
    """
    if size is not None:
        size = _whole("size", size, 1, 8192)
    source, label = _source(path_or_bytes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own warnings on size and metadata
        try:
            opened = Image.open(source, formats=[f for f in _FORMATS if _known(f)])
        except Image.DecompressionBombError:
            raise ValueError(_too_large(label)) from None
        except PermissionError:
            raise PermissionError(
                f"{label} may not be read: check its access rights."
            ) from None
        except Exception:  # whatever a broken header made Pillow stumble over
            raise ValueError(
                f"{label} is not a picture that can be read: give a PNG, JPEG, GIF, "
                f"WebP, TIFF or "
                "BMP file."
            ) from None
        with opened as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(_too_large(label, image))
            try:
                image.load()
                return _to_rgb(image, size)
            except Exception:
                raise ValueError(
                    f"{label} is a damaged or truncated {image.format} picture: open "
                    f"it in an "
                    "image editor and save it again, or get the file once more."
                ) from None


def _source(path_or_bytes):
    """Return (path or byte stream, name for messages) after checking that there is
    something."""
    if isinstance(path_or_bytes, (bytes, bytearray, memoryview)):
        if len(path_or_bytes) == 0:
            raise ValueError(
                "path_or_bytes is empty: give the bytes of a picture file."
            )
        return io.BytesIO(path_or_bytes), "path_or_bytes"
    if not isinstance(path_or_bytes, (str, os.PathLike)):
        raise TypeError(
            "path_or_bytes must be a path or the bytes of a picture file, not "
            f"{type(path_or_bytes).__name__}."
        )
    path = os.fspath(path_or_bytes)
    if isinstance(path, str) and path.startswith(("http://", "https://")):
        raise ValueError(
            f"{path} is an address: download the picture and give the file's path."
        )
    if os.path.isdir(path) or not path:
        raise IsADirectoryError(
            f"{path or 'The empty path'} is a folder: give one picture file."
        )
    try:
        missing, empty = (
            not os.path.exists(path),
            os.path.exists(path) and not os.path.getsize(path),
        )
    except ValueError:  # a path with a null character
        missing, empty = True, False
    if missing:
        raise FileNotFoundError(
            f"{path!r} does not exist: check the path and the folder you are in."
        )
    if empty:
        raise ValueError(f"{path} is an empty file: get the picture once more.")
    return path, str(path)


def _known(name):
    Image.init()
    return name in Image.OPEN


def _too_large(label, image=None):
    size = f"{image.width} x {image.height} pixels" if image else "too many pixels"
    return (
        f"{label} has {size}: make it smaller than {MAX_PIXELS // 10**6} "
        f"megapixels first."
    )


def _to_rgb(image, size):
    """Return a loaded Pillow image as (H, W, 3) float32 in [-1, 1]."""
    with contextlib.suppress(
        Exception
    ):  # unreadable metadata: show the picture as it is stored
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):  # more than 8 bits a pixel, grey
        image = Image.fromarray(_eight_bits(image))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    if size is not None:
        image = ImageOps.fit(image, (size, size), method=Image.Resampling.LANCZOS)
    return from_uint8(np.asarray(image))


def _eight_bits(image):
    """Return a grey picture of 16 or 32 bits as uint8: 16 bits by 257, others by their
    range."""
    pixels = np.nan_to_num(np.asarray(image, dtype=np.float64))
    low, high = pixels.min(), pixels.max()
    if image.mode.startswith("I") and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    return np.rint(255 * (pixels - low) / max(high - low, 1e-30)).astype(np.uint8)


def _whole(name, value, low, high):
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, not {value!r}.")
    if not low <= value <= high:
        raise ValueError(f"{name} must lie between {low} and {high}, but is {value}.")
    return int(value)


def _checked(name, images, dims, channels=True):
    """Return `images` as a float32 array after checking dimensions, range and
    finiteness."""
    try:
        array = np.asarray(images)
    except ValueError:
        raise ValueError(f"{name} must all have the same shape.") from None
    if array.dtype.kind not in "fi":
        raise TypeError(
            f"{name} must be numbers in [-1, 1], not {array.dtype}"
            + ("; convert with images.from_uint8." if array.dtype == np.uint8 else ".")
        )
    if array.ndim not in dims:
        wanted = " or ".join(str(d) for d in dims)
        raise ValueError(
            f"{name} must have {wanted} dimensions, but has shape {array.shape}."
        )
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, but has shape {array.shape}.")
    if channels and array.ndim == max(dims) and array.shape[-1] not in (1, 3):
        raise ValueError(
            f"{name} must have 1 or 3 channels last, but has shape {array.shape}."
        )
    low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"{name} must be finite, but holds NaN or infinity.")
    if low < -1 - _SLACK or high > 1 + _SLACK:
        raise ValueError(
            f"{name} must lie in [-1, 1], but reaches from {low:.4g} to {high:.4g}."
        )
    return np.clip(array.astype(np.float32), -1, 1)


def to_uint8(x):
    """Return images in [-1, 1], any shape, as uint8: -1 becomes 0 and 1 becomes 255,
    rounded."""
    return np.rint((_checked("x", x, range(1, 9), channels=False) + 1) * 127.5).astype(
        np.uint8
    )


def from_uint8(x):
    """Return uint8 images, any shape, as float32 in [-1, 1]: the inverse of
    `to_uint8`."""
    array = np.asarray(x)
    if array.dtype != np.uint8:
        raise TypeError(f"x must be uint8, not {array.dtype}.")
    if array.size == 0:
        raise ValueError(f"x must not be empty, but has shape {array.shape}.")
    return array.astype(np.float32) / np.float32(127.5) - np.float32(1)


def to_gray(x):
    """Return images (..., 3) or (..., 1) in [-1, 1] as grey (..., 1), weights of ITU-R
    BT.601."""
    array = _checked("x", x, range(2, 9), channels=False)
    if array.shape[-1] not in (1, 3):
        raise ValueError(
            f"x must have 1 or 3 channels last, but has shape {array.shape}."
        )
    return array if array.shape[-1] == 1 else np.clip(array @ _LUMA, -1, 1)[..., None]


def tile(images, rows=None, cols=None, pad=2, value=1.0):
    """Lay images (N, H, W, C) or (N, H, W) out in a grid and return it as (H', W', C).

    The grid fills row by row, with `pad` pixels of `value` between images (none
    outside) and empty places of `value`. Left out, `rows` and `cols` make it as square
    as can be. Raises ValueError if N images do not fit into rows * cols.
    """
    array = _checked("images", images, (3, 4))
    array = array[..., None] if array.ndim == 3 else array
    count, height, width, channels = array.shape
    rows = None if rows is None else _whole("rows", rows, 1, 10_000)
    cols = None if cols is None else _whole("cols", cols, 1, 10_000)
    pad = _whole("pad", pad, 0, 1000)
    value = float(_checked("value", [value], (1,), channels=False)[0])
    if cols is None:
        cols = math.ceil(math.sqrt(count)) if rows is None else math.ceil(count / rows)
    rows = math.ceil(count / cols) if rows is None else rows
    if rows * cols < count:
        raise ValueError(
            f"rows * cols = {rows * cols} leaves no room for {count} images."
        )
    shape = rows * (height + pad), cols * (width + pad), channels
    grid = np.full(shape, value, np.float32)
    cells = grid.reshape(rows, height + pad, cols, width + pad, channels)
    for index, image in enumerate(array):
        cells[index // cols, :height, index % cols, :width] = image
    return grid[: shape[0] - pad, : shape[1] - pad]


def resize(images, size, method="bicubic"):
    """Resize an image (H, W, C) or images (N, H, W, C) in [-1, 1] to `size`: n or
    (height, width).

    `method` is bicubic (default), bilinear, lanczos3, area or nearest; shrinking
    smooths first, so that nothing aliases. Returns float32 in [-1, 1] (overshoot is
    clipped).
    """
    array = _checked("images", images, (3, 4), channels=False)
    if array.shape[-1] not in (1, 3):
        raise ValueError(
            f"images must have 1 or 3 channels last, but has shape {array.shape}."
        )
    if method not in _METHODS:
        raise ValueError(
            f"method must be one of {', '.join(_METHODS)}, not {method!r}."
        )
    pair = size if isinstance(size, (tuple, list)) else (size, size)
    if len(pair) != 2:
        raise ValueError(f"size must be n or (height, width), not {size!r}.")
    pair = [_whole("size", side, 1, 8192) for side in pair]
    smooth = method not in ("area", "nearest")
    resized = runtime.tf.image.resize(array, pair, method=method, antialias=smooth)
    return np.clip(resized.numpy().astype(np.float32), -1, 1)
