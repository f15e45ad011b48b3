"""images: every kind of file a reader may bring, and the laws of scaling and tiling."""

import io
import struct
import zlib

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from helpers import images

PIXEL = 1 / 127.5  # one grey level in [-1, 1]


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(height=40, width=60):
    """A picture whose four corners differ, so that every rotation shows."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([255 * x / (width - 1), 255 * y / (height - 1), 0 * x + 90], axis=-1)
    return rgb.astype(np.uint8)


# ---- loading -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_files_come_back_exactly(kind):
    loaded = images.load_picture(encoded(Image.fromarray(gradient()), kind))
    assert loaded.dtype == np.float32
    np.testing.assert_allclose(loaded, gradient() / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_files_come_back_nearly(kind):
    loaded = images.load_picture(encoded(Image.fromarray(gradient()), kind, quality=95))
    assert loaded.shape == (40, 60, 3)
    assert np.abs(loaded - (gradient() / 127.5 - 1)).mean() < 3 * PIXEL


def test_path_string_bytes_and_memoryview_agree(tmp_path):
    data = encoded(Image.fromarray(gradient()))
    path = tmp_path / "my picture.png"
    path.write_bytes(data)
    expected = images.load_picture(data)
    for source in (path, str(path), bytearray(data), memoryview(data)):
        np.testing.assert_array_equal(images.load_picture(source), expected)


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.swapaxes(0, 1)),
        (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: a.swapaxes(0, 1)[::-1, ::-1]),
        (8, lambda a: np.rot90(a, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_rotation_is_honoured(kind, orientation, undo):
    """The eight orientations as the EXIF 2.3 standard (tag 0x0112) defines them."""
    image = Image.fromarray(gradient())
    exif = image.getexif()
    exif[0x0112] = orientation
    loaded = images.load_picture(encoded(image, kind, exif=exif))
    np.testing.assert_allclose(loaded, undo(gradient()) / 127.5 - 1, atol=1e-6)


def test_broken_exif_does_not_hide_the_picture():
    data = encoded(
        Image.fromarray(gradient()), "PNG", exif=b"Exif\x00\x00II*\x00\xff\xff"
    )
    assert images.load_picture(data).shape == (40, 60, 3)


def test_transparency_is_laid_on_white():
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, :, 0], rgba[0, :, 3] = 255, (0, 128, 255)
    loaded = images.load_picture(encoded(Image.fromarray(rgba)))
    alpha = (
        np.array([0, 128, 255]) / 255
    )  # over white: 1 - alpha of green and blue shines through
    expected = np.stack([np.ones(3), 1 - alpha, 1 - alpha], -1)[None] * 2 - 1
    np.testing.assert_allclose(loaded, expected, atol=PIXEL)


def test_transparent_palette_and_grey_colours_are_laid_on_white():
    for mode in ("P", "L"):
        image = Image.new(mode, (2, 1), 0)
        image.putpixel((1, 0), 5)
        if mode == "P":
            image.putpalette([0, 0, 255] * 5 + [255, 0, 0] * 251)
        loaded = images.load_picture(encoded(image, "PNG", transparency=0))
        np.testing.assert_allclose(loaded[0, 0], [1, 1, 1])
        expected = [1, -1, -1] if mode == "P" else [5 / 127.5 - 1] * 3
        np.testing.assert_allclose(loaded[0, 1], expected, atol=1e-6)


def test_cmyk_follows_the_subtractive_formula():
    cmyk = np.array(
        [[[255, 0, 0, 0], [0, 255, 0, 0], [0, 0, 0, 255], [0, 0, 0, 0]]], np.uint8
    )
    loaded = images.load_picture(encoded(Image.fromarray(cmyk, mode="CMYK"), "TIFF"))
    c, k = cmyk[..., :3] / 255.0, cmyk[..., 3:] / 255.0
    np.testing.assert_allclose(loaded, 2 * (1 - c) * (1 - k) - 1, atol=2 * PIXEL)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_scale(kind):
    deep = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    loaded = images.load_picture(encoded(Image.fromarray(deep), kind))
    np.testing.assert_allclose(loaded[..., 0], deep / 65535 * 2 - 1, atol=PIXEL)
    assert (loaded == loaded[..., :1]).all()
    dark = images.load_picture(encoded(Image.fromarray(deep // 256), kind))
    assert dark.max() < -0.98  # a dark picture stays dark


@pytest.mark.parametrize("scale", [1.0, 200.0])
def test_floating_point_tiff(scale):
    values = np.linspace(0, scale, 64, dtype=np.float32).reshape(8, 8)
    loaded = images.load_picture(encoded(Image.fromarray(values), "TIFF"))
    np.testing.assert_allclose(loaded[..., 1], values / scale * 2 - 1, atol=PIXEL)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "YCbCr"])
def test_other_modes_become_three_channels(mode):
    kind = "JPEG" if mode == "YCbCr" else "PNG"
    white = images.load_picture(
        encoded(Image.new("RGB", (4, 3), "white").convert(mode), kind)
    )
    assert white.shape == (3, 4, 3)
    np.testing.assert_allclose(white, 1, atol=2 * PIXEL)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_animation_gives_its_first_frame(kind):
    frames = [Image.new("RGB", (5, 4), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    expected = np.broadcast_to([1, -1, -1], (4, 5, 3))
    np.testing.assert_allclose(images.load_picture(data), expected, atol=4 * PIXEL)


def test_size_takes_the_centred_square():
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255  # the middle third is the square to keep
    loaded = images.load_picture(encoded(Image.fromarray(wide)), size=10)
    assert loaded.shape == (10, 10, 3)
    assert loaded[:, 2:-2].min() > 0.99
    tall = images.load_picture(encoded(Image.fromarray(wide.swapaxes(0, 1))), size=10)
    np.testing.assert_allclose(tall, loaded.swapaxes(0, 1), atol=PIXEL)


def test_agrees_with_scikit_image_on_a_photograph():
    data = encoded(Image.fromarray(skimage.data.astronaut()))
    loaded = images.load_picture(data)
    np.testing.assert_allclose(loaded, skimage.data.astronaut() / 127.5 - 1, atol=1e-6)


# ---- refusing ------------------------------------------------------------------------


def test_too_many_pixels_are_refused_before_decoding(monkeypatch):
    data = encoded(
        Image.new("1", (10_000, 5_001))
    )  # a few kilobytes that would fill 50 MB
    monkeypatch.setattr(
        Image.Image, "load", lambda self: pytest.fail("the picture was decoded")
    )
    with pytest.raises(ValueError, match=r"10000 x 5001 pixels.*50 megapixels"):
        images.load_picture(data)


def test_a_decompression_bomb_is_refused_without_warning(recwarn):
    header = bytearray(encoded(Image.new("1", (8, 8))))
    header[16:24] = struct.pack(
        ">II", 60_000, 60_000
    )  # width and height in PNG's first chunk
    header[29:33] = struct.pack(">I", zlib.crc32(header[12:29]))
    with pytest.raises(ValueError, match="50 megapixels"):
        images.load_picture(bytes(header))
    assert not recwarn.list


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (b"", ValueError, "path_or_bytes is empty"),
        (b"hello, I am text", ValueError, "not a picture that can be read"),
        (b"%PDF-1.7 no picture", ValueError, "not a picture that can be read"),
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            ValueError,
            "not a picture",
        ),
        ("nowhere.png", FileNotFoundError, "'nowhere.png' does not exist"),
        ("nul\0.png", FileNotFoundError, "does not exist"),
        ("", IsADirectoryError, "is a folder"),
        ("https://example.org/a.png", ValueError, "is an address: download"),
        (None, TypeError, "path_or_bytes must be a path or the bytes"),
        (np.zeros((3, 3, 3)), TypeError, r"got float64 \(3, 3, 3\)"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(source, error, message):
    with pytest.raises(error, match=message) as caught:
        images.load_picture(source)
    assert "\n" not in str(caught.value)


def test_folder_and_empty_file_are_refused(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        images.load_picture(tmp_path)
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ValueError, match=r"empty\.jpg is an empty file"):
        images.load_picture(tmp_path / "empty.jpg")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_truncated_files_are_refused_wherever_they_end(kind):
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    for part in np.linspace(0.02, 0.9, 30):
        with pytest.raises(ValueError, match=r"truncated|not a picture"):
            images.load_picture(data[: int(part * len(data))])


@settings(max_examples=20)
@given(st.data())
def test_random_damage_gives_a_picture_or_one_sentence(data):
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]))
    broken = bytearray(encoded(Image.fromarray(gradient(12, 10)), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(
            st.integers(0, 255)
        )
    try:
        loaded = images.load_picture(bytes(broken))
    except ValueError as error:
        sentence = str(error)
    else:
        assert loaded.ndim == 3
        assert np.isfinite(loaded).all()
        sentence = ""
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("size", "error"), [(0, ValueError), (2.5, ValueError), (True, TypeError)]
)
def test_wrong_size(size, error):
    with pytest.raises(error, match="size must"):
        images.load_picture(encoded(Image.fromarray(gradient())), size=size)


# ---- scaling -------------------------------------------------------------------------


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, max_side=6)))
def test_bytes_survive_the_round_trip(x):
    y = images.from_uint8(x)
    assert y.dtype == np.float32
    assert y.min() >= -1
    assert y.max() <= 1
    np.testing.assert_array_equal(images.to_uint8(y), x)


@given(hnp.arrays(np.float32, (3, 4), elements=st.floats(-1, 1, width=32)))
def test_floats_survive_the_round_trip_within_half_a_level(x):
    back = images.from_uint8(images.to_uint8(x))
    assert np.abs(back - x).max() <= PIXEL / 2 + 1e-6


def test_ends_and_middle_of_the_scale():
    assert images.to_uint8(np.array([-1.0, 0.0, 1.0])).tolist() == [0, 128, 255]
    assert images.from_uint8(np.array([0, 255], np.uint8)).tolist() == [-1.0, 1.0]


BAD = [
    (np.full((1, 4, 4, 3), np.nan), ValueError, "finite"),
    (np.full((1, 4, 4, 3), np.inf), ValueError, "finite"),
    (np.full((1, 4, 4, 3), 1.5), ValueError, r"\[-1, 1\], got .* from 1.5 to 1.5"),
    (np.full((1, 4, 4, 3), 9, np.uint8), TypeError, "from_uint8"),
    (np.zeros((0, 4, 4, 3)), ValueError, "empty"),
    (np.array(["a"]), TypeError, "float images"),
    ([np.zeros((2, 2, 3)), np.zeros((3, 2, 3))], ValueError, "one size"),
]


@pytest.mark.parametrize(("x", "error", "message"), BAD)
@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("images", images.tile),
        ("images", lambda x: images.resize(x, 2)),
        ("x", images.to_uint8),
    ],
)
def test_bad_images_are_refused_by_name(name, function, x, error, message):
    with pytest.raises(error, match=rf"^{name} must.*{message}"):
        function(x)


@pytest.mark.parametrize(
    "function", [images.tile, lambda images_: images.resize(images_, 2)]
)
def test_two_channels_are_no_colour(function):
    with pytest.raises(ValueError, match=r"must have .*1 or 3.*\(1, 4, 4, 2\)"):
        function(np.zeros((1, 4, 4, 2)))


def test_from_uint8_refuses_floats_and_nothing():
    with pytest.raises(TypeError, match=r"x must be uint8 images, got float64 \(3\)"):
        images.from_uint8(np.zeros(3))
    with pytest.raises(ValueError, match="x must not be empty"):
        images.from_uint8(np.zeros((0, 2), np.uint8))


# ---- tiling --------------------------------------------------------------------------


@given(
    count=st.integers(1, 20),
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    channels=st.sampled_from([1, 3]),
    cols=st.none() | st.integers(1, 7),
    pad=st.integers(0, 3),
)
def test_grid_has_its_shape_and_every_image_its_place(
    count, height, width, channels, cols, pad
):
    rng = np.random.default_rng(count)
    batch = rng.uniform(-1, 1, (count, height, width, channels)).astype(np.float32)
    grid = images.tile(batch, cols=cols, pad=pad, value=-0.5)
    across = cols or int(np.ceil(np.sqrt(count)))
    down = -(-count // across)
    assert grid.shape == (
        down * height + (down - 1) * pad,
        across * width + (across - 1) * pad,
        channels,
    )
    left = grid.copy()
    for index, image in enumerate(batch):
        top, start = index // across * (height + pad), index % across * (width + pad)
        place = np.s_[top : top + height, start : start + width]
        np.testing.assert_array_equal(grid[place], image)
        left[place] = -0.5
    assert (left == -0.5).all()  # all else is padding


def test_grid_takes_grey_batches_lists_and_rows():
    grid = images.tile([np.zeros((2, 3))] * 5, rows=1, pad=1)
    assert grid.shape == (2, 5 * 3 + 4, 1)
    assert images.tile(np.zeros((4, 2, 2, 3)), rows=3, cols=2, pad=0).shape == (6, 4, 3)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rows": 1, "cols": 2}, ValueError, "leaves no room for 3"),
        ({"cols": 0}, ValueError, "cols must be a whole number from 1"),
        ({"rows": 1.0}, ValueError, "rows must be a whole number"),
        ({"pad": -1}, ValueError, "pad must be a whole number from 0"),
        ({"value": 255}, ValueError, "value must be a finite number .*at most 1"),
    ],
)
def test_wrong_grids_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        images.tile(np.zeros((3, 2, 2, 1)), **options)


# ---- resizing ------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(64, 48), (300, 200), (1024, 700)])
def test_resize_agrees_with_pillow(shape):
    photograph = images.from_uint8(skimage.data.astronaut())
    channels = [
        np.asarray(
            Image.fromarray(photograph[..., c]).resize(
                shape[::-1], Image.Resampling.BICUBIC
            )
        )
        for c in range(3)
    ]
    expected = np.clip(np.stack(channels, -1), -1, 1)
    np.testing.assert_allclose(images.resize(photograph, shape), expected, atol=2e-3)


def test_resize_keeps_batches_flat_colour_and_its_own_size():
    batch = np.full((2, 9, 7, 1), 0.25, np.float32)
    for method in ("bicubic", "bilinear", "lanczos3", "area", "nearest"):
        out = images.resize(batch, (5, 11), method=method)
        assert out.shape == (2, 5, 11, 1)
        assert out.dtype == np.float32
        np.testing.assert_allclose(out, 0.25, atol=1e-6)
    noise = np.random.default_rng(0).uniform(-1, 1, (8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(images.resize(noise, 8), noise, atol=1e-6)


@pytest.mark.parametrize(
    ("size", "error"), [(0, ValueError), ((2, 2, 2), ValueError), (2.0, ValueError)]
)
def test_resize_refuses_wrong_sizes(size, error):
    with pytest.raises(error, match="size must"):
        images.resize(np.zeros((4, 4, 1)), size)


def test_resize_refuses_unknown_methods():
    with pytest.raises(ValueError, match="method must be one of bicubic"):
        images.resize(np.zeros((4, 4, 1)), 2, method="magic")
