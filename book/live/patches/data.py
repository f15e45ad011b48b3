"""The masked autoencoder of chapter 14, a shelf of training pictures to look neighbours
up in, and the test pictures to hide patches of."""

import gzip

import numpy as np

from book.live.lib import weights as live_weights
from helpers import data, images, zoo

ASSETS = [
    "14/fashion-masked",
    "data/fashion-train-0.png",
    "data/fashion-train-1.png",
    "data/fashion-train-labels.npz",
    "data/fashion-test-0.png",
    "data/fashion-test-labels.npz",
]
SHELF = (
    2000  # of the 10,000 training pictures, the first: as many as the page may weigh
)
PICTURES = 64  # test pictures, those on which chapter 14 measures the rivals


def network(model) -> tuple[dict, dict[str, np.ndarray]]:
    """Return (facts, arrays) of the masked autoencoder, for `Network` of
    painters.js."""
    parts = {name: model.get_layer(name) for name in ("embed", "encoder", "decoder")}

    def find(part, kind):
        return [x for x in parts[part].layers if type(x).__name__ == kind]

    facts, arrays = {}, {}
    for part in ("encoder", "decoder"):
        facts[part], more = live_weights.blocks(parts[part], f"{part}.")
        (norm,) = find(part, "LayerNormalization")
        arrays |= more
        arrays |= {f"{part}.norm.gain": norm.gamma, f"{part}.norm.shift": norm.beta}
    for part in ("embed", "decoder"):
        (places,) = find(part, "Positions")
        arrays[f"{part}.positions"] = places.table
    dense = [*find("embed", "Dense"), *find("decoder", "Dense")]
    for name, layer in zip(("embed", "known", "pixels"), dense, strict=True):
        arrays |= {f"{name}.kernel": layer.kernel, f"{name}.bias": layer.bias}
    return facts, {name: np.asarray(array) for name, array in arrays.items()}


def files() -> dict[str, bytes]:
    """Return the file that this figure fetches, packed by gzip, which halves
    pictures."""
    facts, arrays = network(zoo.load("14/fashion-masked"))
    pictures, kinds = data.fashion("test")
    facts["hidden"] = zoo.card("14/fashion-masked")["settings"]["hidden"]
    facts["kinds"] = kinds[:PICTURES].tolist()
    arrays["pictures"] = images.to_uint8(pictures[:PICTURES])
    arrays["shelf"] = images.to_uint8(data.fashion()[0][:SHELF])
    packed = live_weights.pack(facts, arrays)
    return {"model.bin": gzip.compress(packed, 9, mtime=0)}
