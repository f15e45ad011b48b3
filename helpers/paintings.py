"""Paintings by rule: six pictures drawn with NumPy and Pillow, to serve as styles.

Nothing here is a copy of a painting. Each function follows a rule that a school of
painting made its own (a brush that follows a flow, planes between black lines, dots of
pure colour), so the pictures may be used and shared freely, and every seed gives
another. All geometry is in units of the picture's side: the same seed at another size
is the same painting, smaller or larger.
"""

import numpy as np
from PIL import Image, ImageFilter

from helpers import _painters, _planes
from helpers._arguments import choice, whole

_PAINTERS = {
    "swirls": _painters.swirls,
    "de_stijl": _planes.de_stijl,
    "waves": _painters.waves,
    "stained_glass": _planes.stained_glass,
    "pointillism": _painters.pointillism,
    "constructivism": _planes.constructivism,
}
STYLES = tuple(_PAINTERS)


def paint(name: str, size: int = 256, seed: int = 0) -> np.ndarray:
    """Paint one of `STYLES` and return it as (size, size, 3) float32 in [-1, 1].

    The same `name`, `size` and `seed` give the same picture; another `seed` gives
    another picture by the same rule. Raises TypeError or ValueError for a name that is
    not in `STYLES`, a `size` that is not a whole number from 16 to 2048, or a `seed`
    that is not one from 0 to 2**32 - 1.

    >>> from helpers import paintings
    >>> paintings.paint("de_stijl", size=32, seed=3).shape
    (32, 32, 3)
    """
    choice(name, "name", STYLES)
    size, seed = whole(size, "size", 16, 2048), whole(seed, "seed", 0, 2**32 - 1)
    picture = np.clip(_PAINTERS[name](size, np.random.default_rng(seed)), 0, 1)
    image = Image.fromarray(np.round(255 * picture).astype(np.uint8))
    if image.width // size >= 4:  # soften first, so that tiny sizes do not sparkle
        image = image.filter(ImageFilter.BoxBlur(image.width / size / 4))
    image = image.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(image, dtype=np.float32) / 127.5 - 1.0
