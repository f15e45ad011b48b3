"""The book's pictures as arrays: digits, clothes, photographs, paintings, scenes.

All come with the book or with the packages it needs; nothing is downloaded unless
`full=True` asks for it. Images are float32, channels last, in [-1, 1]; labels are
int64. Provenance and licence of every bundled file stand in `assets/manifest.json`.
"""

import importlib.util
import os
from pathlib import Path

import numpy as np

from helpers import captions, images, paintings
from helpers import shapes as scenes
from helpers._arguments import choice, counts, flag, whole
from helpers.store import manifest

SPLITS = ("train", "validation", "test")
FASHION_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_PICTURES = {  # name -> package, file in its wheel, credit
    "astronaut": ("skimage", "data/astronaut.png", "NASA, public domain"),
    "cat": ("skimage", "data/chelsea.png", "Stéfan van der Walt, CC0"),
    "coffee": ("skimage", "data/coffee.png", "Rachel Michetti, CC0"),
    "china": ("sklearn", "datasets/images/china.jpg", "danielbuechele, CC BY 2.0"),
    "flower": ("sklearn", "datasets/images/flower.jpg", "vultilion, CC BY 2.0"),
    "rocket": ("skimage", "data/rocket.jpg", "SpaceX, public domain"),
    "hubble_deep_field": (
        "skimage",
        "data/hubble_deep_field.jpg",
        "NASA, public domain",
    ),
    "immunohistochemistry": (
        "skimage",
        "data/ihc.png",
        "Center for Microscopy and Molecular Imaging, no known restrictions",
    ),
    "retina": ("skimage", "data/retina.jpg", "Mikael Häggström, CC0"),
    "brick": ("skimage", "data/brick.png", "CC0Textures, CC0"),
    "grass": ("skimage", "data/grass.png", "linolafett, CC0"),
    "gravel": ("skimage", "data/gravel.png", "CC0Textures, CC0"),
}
PICTURES = tuple(_PICTURES)
CREDITS = {name: credit for name, (_, _, credit) in _PICTURES.items()}
STYLES = paintings.STYLES
PAINTINGS = {  # by Vincent van Gogh; name -> what it is called, and its year
    "tanguy": "Portrait of Père Tanguy, 1887",
    "bridge": "The Langlois bridge at Arles, 1888",
    "harvest": "The harvest, 1888",
    "tarascon": "The painter on the road to Tarascon, 1888",
    "night_cafe": "The night café, 1888",
    "terrace": "Café terrace at night, 1888",
    "vestibule": "Vestibule of the asylum, 1889",
    "church": "The church at Auvers, 1890",
}
_FRAME = 12  # pixels at each border of those that show paper or the wall
_ALIASES = {"chelsea": "cat", "hubble": "hubble_deep_field"}


def digits(split: str = "train", full: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return handwritten digits, (N, 28, 28, 1) float32 in [-1, 1], and labels (N,).

    Labels are int64. Bundled: 8,000 to train, 1,000 validation, 1,000 test, drawn from
    the first 10,000 training images of MNIST (LeCun et al., 1998). With `full=True` all
    of MNIST through keras.datasets (a download of 11 MB, kept in ~/.keras): 55,000,
    5,000 and 10,000. The bundled test images are training images of the full set, so do
    not train on one and report on the other. Raises ValueError for another split,
    TypeError for a `full` that is no bool, ConnectionError if a download is asked for
    and fails.

    >>> from helpers import data
    >>> images, labels = data.digits("test")
    >>> images.shape, labels[:5].tolist()
    ((1000, 28, 28, 1), [8, 1, 9, 3, 3])
    """
    return _full("digits", split) if _asked(split, full) else _bundled("digits", split)


def fashion(split: str = "train", full: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures of clothes, (N, 28, 28, 1) float32 in [-1, 1], and labels (N,).

    Labels are int64. Bundled: 10,000 to train and 1,000 validation from Fashion-MNIST's
    training images, 1,000 test from its test images (Xiao, Rasul and Vollgraf, 2017,
    arXiv:1708.07747). With `full=True` all of it through keras.datasets (a download of
    31 MB, kept in ~/.keras): 55,000, 5,000 and 10,000. `FASHION_NAMES[label]` is the
    garment. Raises as `digits` does.

    >>> from helpers import data
    >>> images, labels = data.fashion("test")
    >>> [data.FASHION_NAMES[label] for label in labels[:3]]
    ['Bag', 'Coat', 'Dress']
    """
    return (
        _full("fashion", split) if _asked(split, full) else _bundled("fashion", split)
    )


def _asked(split, full):
    choice(split, "split", SPLITS)
    return flag(full, "full")


def _bundled(name, split):
    """Read the PNG strips of one split, in the order of their numbers."""
    prefix = f"data/{name}-{split}-"
    strips = sorted(
        k for k in manifest.read() if k.startswith(prefix) and k.endswith(".png")
    )
    if not strips:
        raise FileNotFoundError(
            f"manifest.json lists no {prefix}*: fetch helpers/assets again."
        )
    labels = manifest.read_npz(manifest.verified(f"{prefix}labels.npz"))["labels"]
    parts = []
    for strip in strips:
        with images.Image.open(manifest.verified(strip)) as picture:
            parts.append(np.asarray(picture))
    pixels = np.concatenate(parts).reshape(-1, 28, 28, 1)
    return images.from_uint8(pixels), labels.astype(np.int64)


def _full(name, split):
    """Load a whole data set through keras.datasets, or say why it cannot be done."""
    from keras import datasets

    base = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
    home = os.environ.get("KERAS_HOME", "~/.keras")
    if name == "digits":
        load, url = datasets.mnist.load_data, f"{base}mnist.npz"
        where = f"{home}/datasets/mnist.npz"
    else:
        load = datasets.fashion_mnist.load_data
        url = f"{base}train-images-idx3-ubyte.gz"
        where = f"{home}/datasets/fashion-mnist/ (the four .gz files of Fashion-MNIST)"
    try:
        (train_images, train_labels), (test_images, test_labels) = load()
    except Exception as error:  # no network, refused, broken file: the same advice
        why = (str(error).strip() or repr(error)).splitlines()[0][:120]
        why = why.replace(f" on {url}", "")
        raise ConnectionError(
            f"{name}(full=True) tried {url} and failed ({why}): put the file by hand "
            f"at {where}, or use {name}() without full=True, which needs no network."
        ) from None
    part, labels = {
        "train": (train_images[:55000], train_labels[:55000]),
        "validation": (train_images[55000:], train_labels[55000:]),
        "test": (test_images, test_labels),
    }[split]
    return images.from_uint8(part[..., None]), labels.astype(np.int64)


def picture(name: str, size: int | None = 256) -> np.ndarray:
    """Return one of the photographs in `PICTURES` as (H, W, 3) float32 in [-1, 1].

    They come from the installed scikit-image and scikit-learn (`CREDITS` names the
    authors). `size` cuts out the largest centred square and resizes it to size x size;
    None keeps the whole photograph. Raises ValueError for another name,
    FileNotFoundError if the installed package does not carry the file.

    >>> from helpers import data
    >>> data.picture("cat", size=64).shape
    (64, 64, 3)
    >>> data.CREDITS["cat"]
    'Stéfan van der Walt, CC0'
    """
    known = _ALIASES.get(name, name) if isinstance(name, str) else name
    choice(known, "name", PICTURES)
    package, file, _ = _PICTURES[known]
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).parent / file if spec and spec.origin else None
    if path is None or not path.exists():
        raise FileNotFoundError(
            f"The picture {known!r} comes with the package {package}, whose installed "
            f"copy lacks {file}: install the versions in requirements.txt, or choose "
            f"another picture."
        )
    return images.load_picture(path, size=size)


def style(name: str, size: int = 256, seed: int = 0) -> np.ndarray:
    """Return a painting by rule, one of `STYLES`: (size, size, 3) float32 in [-1, 1].

    The same seed gives the same painting (helpers/paintings.py draws it). Raises as
    `paintings.paint` does.

    >>> from helpers import data
    >>> data.style("waves", size=32, seed=1).shape
    (32, 32, 3)
    """
    return paintings.paint(name, size=size, seed=seed)


def painting(name: str, size: int | None = None) -> np.ndarray:
    """Return one of van Gogh's `PAINTINGS` as (H, W, 3) float32 in [-1, 1].

    None gives it whole, 350 to 650 pixels a side, less a margin of 12 pixels where the
    photographs of them show paper; `size` cuts out the largest centred square and
    resizes it to size x size. Raises ValueError for another name, TypeError or
    ValueError for another size.

    >>> from helpers import data
    >>> data.painting("church").shape, data.PAINTINGS["church"]
    ((476, 373, 3), 'The church at Auvers, 1890')
    """
    choice(name, "name", tuple(PAINTINGS))
    side = None if size is None else whole(size, "size", 1, 8192)
    files = manifest.read_npz(manifest.verified("data/paintings.npz"))
    whole_one = images.load_picture(files[name].tobytes())
    found = whole_one[_FRAME:-_FRAME, _FRAME:-_FRAME]
    if side is None:
        return found
    height, width = found.shape[:2]
    square = min(height, width)
    top, left = (height - square) // 2, (width - square) // 2
    return images.resize(found[top : top + square, left : left + square], side)


def shapes(
    split: str = "train",
    count: int = 1000,
    world: str | scenes.World = "small",
    seed: int = 0,
    objects: int | None = None,
) -> tuple[np.ndarray, list[str], list[scenes.Scene]]:
    """Return captioned scenes: pictures, captions, and what is truly in each.

    Pictures are (N, S, S, 3) float32 in [-1, 1]. They are drawn by rule
    (helpers/shapes.py), as many as `count` asks for, the same for the same `split`,
    `world`, `seed` and `objects`; captions are strings (helpers/captions.py), scenes
    say exactly what is where. `world` is "small" (24 x 24, one or two objects in the
    cells of a 3 x 3 grid), "rich" (32 x 32, up to three objects anywhere, three
    backgrounds), or a `shapes.World` of your own. `split` is "train", "validation" or
    "test", alike and without anything held out, or "pairs", "relations" or
    "combinations", which hold what no training scene has: two objects that never meet,
    a relation of two shapes, a colour on a shape. `objects` fixes their number. Raises
    TypeError or ValueError for another split, world, count, seed or number of objects.

    >>> from helpers import data
    >>> pictures, captions, scenes = data.shapes("test", count=3)
    >>> pictures.shape, captions
    ((3, 24, 24, 3), ['a green triangle', 'a blue square', 'one white cross'])
    >>> scenes[0].objects[0].colour
    'green'
    """
    choice(split, "split", scenes.SPLITS)
    count, seed = counts(count=count), whole(seed, "seed", 0, 2**32 - 1)
    if not isinstance(world, scenes.World):
        world = scenes.WORLDS[choice(world, "world", scenes.WORLDS)]
    rng = np.random.default_rng([seed, scenes.SPLITS.index(split)])
    drawn = [scenes.random_scene(rng, world, split, objects) for _ in range(count)]
    pictures = np.stack([scenes.draw(scene, world) for scene in drawn])
    return pictures, [captions.caption(scene, rng, world) for scene in drawn], drawn
