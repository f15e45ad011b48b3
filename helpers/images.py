"""Pictures in and out: load a reader's own safely, tile, resize, convert to [-1, 1].

Images are float32, channels last, in [-1, 1]. Every function checks what it is given.
"""

import contextlib
import io
import math
import os
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageOps

from helpers import _arguments
from helpers._arguments import choice, number, told, whole

MAX_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO", "AVIF")
_METHODS = ("bicubic", "bilinear", "lanczos3", "area", "nearest")


def load_picture(
    path_or_bytes: str | Path | bytes, size: int | None = None
) -> np.ndarray:
    """Load a picture file as (H, W, 3) float32 in [-1, 1].

    Takes a path or the file's bytes. Honours the EXIF rotation; lays transparency on
    white; turns palette, CMYK, grey and 16-bit pictures to RGB; takes the first frame
    of an animation. Colour profiles are not applied. With `size` (1 to 8192) the
    largest centred square is cut out and resized to (size, size, 3). Raises
    FileNotFoundError, IsADirectoryError, PermissionError, TypeError, or ValueError for
    what is not a picture, is broken, or has more than 50 megapixels (found before
    decoding).

    >>> from PIL import Image
    >>> from helpers import images
    >>> Image.new("RGB", (60, 40), "white").save("mine.png")
    >>> images.load_picture("mine.png", size=32).shape
    (32, 32, 3)
    """
    if size is not None:
        size = whole(size, "size", 1, 8192)
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
                "WebP, TIFF or BMP file."
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
                    "it in an image editor and save it anew, or get the file once more."
                ) from None


def _source(path_or_bytes):
    """Return (path or byte stream, name for messages), once there is something."""
    if isinstance(path_or_bytes, (bytes, bytearray, memoryview)):
        if len(path_or_bytes) == 0:
            raise ValueError(
                "path_or_bytes is empty: give the bytes of a picture file."
            )
        return io.BytesIO(path_or_bytes), "path_or_bytes"
    if not isinstance(path_or_bytes, (str, os.PathLike)):
        raise TypeError(
            "path_or_bytes must be a path or the bytes of a picture file, got "
            f"{told(path_or_bytes)}."
        )
    path = os.fsdecode(path_or_bytes)
    shown = path if len(path) <= 150 else f"..{path[-100:]}"
    if path.startswith(("http://", "https://")):
        raise ValueError(
            f"{shown} is an address: download the picture and give the file's path."
        )
    try:
        if os.path.isdir(path) or not path:
            raise IsADirectoryError(
                f"{shown or 'The empty path'} is a folder: give one picture file."
            )
        size = os.path.getsize(path)
    except PermissionError:
        raise PermissionError(
            f"{shown} may not be read: check its access rights."
        ) from None
    except IsADirectoryError:
        raise
    except (OSError, ValueError):  # ValueError: a path with a null character
        raise FileNotFoundError(
            f"{shown!r} does not exist: check the path and the folder you are in."
        ) from None
    if size == 0:
        raise ValueError(f"{shown} is an empty file: get the picture once more.")
    return path, shown


def _known(name):
    Image.init()
    return name in Image.OPEN


def _too_large(label, image=None):
    size = f"{image.width} x {image.height} pixels" if image else "too many pixels"
    return (
        f"{label} has {size}: make it smaller than {MAX_PIXELS // 10**6} megapixels "
        "first."
    )


def _to_rgb(image, size):
    """Return a loaded Pillow image as (H, W, 3) float32 in [-1, 1]."""
    with contextlib.suppress(Exception):  # unreadable metadata: show it as it is stored
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
    """Return a grey picture of 16 or 32 bits as uint8, 16 bits by 257."""
    pixels = np.nan_to_num(np.asarray(image, dtype=np.float64))
    low, high = pixels.min(), pixels.max()
    if image.mode.startswith("I") and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    return np.rint(255 * (pixels - low) / max(high - low, 1e-30)).astype(np.uint8)


def to_uint8(x: ArrayLike) -> np.ndarray:
    """Return images in [-1, 1] as uint8, any shape: -1 becomes 0, 1 becomes 255.

    Raises TypeError for what is no array of floats, ValueError for NaN, for values out
    of range, and for an empty array.

    >>> from helpers import images
    >>> images.to_uint8([-1.0, 0.0, 1.0])
    array([  0, 128, 255], dtype=uint8)
    """
    array = _arguments.images(x, "x", dims=range(1, 9), channels=None)
    return np.rint((array + 1) * 127.5).astype(np.uint8)


def from_uint8(x: ArrayLike) -> np.ndarray:
    """Return uint8 images, any shape, as float32 in [-1, 1], undoing `to_uint8`.

    Raises TypeError for another dtype, ValueError for an empty array.

    >>> import numpy as np
    >>> from helpers import images
    >>> images.from_uint8(np.array([0, 255], np.uint8))
    array([-1.,  1.], dtype=float32)
    """
    array = _arguments.as_array(x, "x must be images of one size")
    if array.dtype != np.uint8:
        got = told(array if hasattr(x, "dtype") else x)
        raise TypeError(f"x must be uint8 images, got {got}.")
    if array.size == 0:
        raise ValueError(f"x must not be empty, got {told(array)}.")
    return array.astype(np.float32) / np.float32(127.5) - np.float32(1)


def tile(
    images: ArrayLike,
    rows: int | None = None,
    cols: int | None = None,
    pad: int = 2,
    value: float = 1.0,
) -> np.ndarray:
    """Lay images (N, H, W, C) or (N, H, W) out in a grid and return it as (H', W', C).

    The grid is float32 in [-1, 1] and fills row by row, with `pad` pixels of `value`
    between images (none outside) and empty places of `value`. Left out, `rows` and
    `cols` make it as square as can be. Raises TypeError or ValueError for what are no
    images in [-1, 1], and ValueError if N images do not fit into rows * cols, or the
    grid would have more than 200 megapixels.

    >>> from helpers import data, images
    >>> digits, _ = data.digits("test")
    >>> images.tile(digits[:10], cols=5).shape
    (58, 148, 1)
    """
    array = _arguments.images(images, dims=(3, 4))
    array = array[..., None] if array.ndim == 3 else array
    count, height, width, channels = array.shape
    rows = None if rows is None else whole(rows, "rows", 1, 10_000)
    cols = None if cols is None else whole(cols, "cols", 1, 10_000)
    pad = whole(pad, "pad", 0, 1000)
    value = number(value, "value", -1, 1)
    if cols is None:
        cols = math.ceil(math.sqrt(count)) if rows is None else math.ceil(count / rows)
    rows = math.ceil(count / cols) if rows is None else rows
    if rows * cols < count:
        raise ValueError(
            f"rows * cols = {rows * cols} leaves no room for {count} images."
        )
    shape = rows * (height + pad), cols * (width + pad), channels
    if shape[0] * shape[1] > 4 * MAX_PIXELS:
        raise ValueError(
            f"rows, cols and pad make a grid of {shape[0]} x {shape[1]} pixels: ask "
            "for a smaller one."
        )
    grid = np.full(shape, value, np.float32)
    cells = grid.reshape(rows, height + pad, cols, width + pad, channels)
    for index, image in enumerate(array):
        cells[index // cols, :height, index % cols, :width] = image
    return grid[: shape[0] - pad, : shape[1] - pad]


def resize(
    images: ArrayLike, size: int | tuple[int, int], method: str = "bicubic"
) -> np.ndarray:
    """Resize images in [-1, 1] to `size`: n, or (height, width).

    images: (H, W, C) or (N, H, W, C), C of 1 or 3. `method` is bicubic (default),
    bilinear, lanczos3, area or nearest; shrinking smooths first, so that nothing
    aliases. Returns float32 in [-1, 1] (overshoot is clipped). Raises TypeError or
    ValueError for other images, sizes (1 to 8192) or methods.

    >>> from helpers import data, images
    >>> images.resize(data.picture("cat", size=64), (16, 32)).shape
    (16, 32, 3)
    """
    array = _arguments.images(images, dims=(3, 4), channels=None)
    if array.shape[-1] not in (1, 3):
        raise ValueError(f"images must have 1 or 3 channels last, got {told(array)}.")
    choice(method, "method", _METHODS)
    pair = size if isinstance(size, (tuple, list)) else (size, size)
    if len(pair) != 2:
        raise ValueError(f"size must be n or (height, width), got {told(size)}.")
    sides = [whole(side, "size", 1, 8192) for side in pair]
    smooth = method not in ("area", "nearest")
    import tensorflow as tf

    resized = tf.image.resize(array, sides, method=method, antialias=smooth)
    return np.clip(resized.numpy().astype(np.float32), -1, 1)
