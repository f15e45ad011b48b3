"""Figures: one look, exact pixels, small files, and a sentence for bad input."""

import io
import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from helpers import plots


def rendered(figure):
    return np.asarray(Image.open(io.BytesIO(plots.to_png(figure))).convert("RGB"))


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_lines_stand_out_on_white_by_wcag():
    for role in ("real", "generated", "discriminator", "other", "reference", "ink"):
        assert 1.05 / (luminance(plots.COLORS[role]) + 0.05) >= 3, role


# Machado, Oliveira and Fernandes (2009), severity 1: what a colour looks like without
# one cone.
CONFUSIONS = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.mark.parametrize("kind", CONFUSIONS)
def test_roles_stay_apart_for_colour_blind_readers(kind):
    from skimage.color import deltaE_ciede2000, rgb2lab

    def seen(color):
        rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        mixed = np.clip(np.array(CONFUSIONS[kind]) @ linear, 0, 1)
        back = np.where(
            mixed <= 0.0031308, 12.92 * mixed, 1.055 * mixed ** (1 / 2.4) - 0.055
        )
        return rgb2lab(back[None, None])[0, 0]

    roles = [
        seen(plots.COLORS[role]) for role in ("real", "generated", "discriminator")
    ]
    for i in range(3):
        for j in range(i):
            assert deltaE_ciede2000(roles[i], roles[j]) > 15


def test_a_grid_is_one_image_with_every_pixel_in_its_place():
    images = noise(5, 10, 12)
    figure = plots.grid(images, cols=3, width=4)
    (axes,) = figure.axes
    (shown,) = axes.images
    array = np.asarray(shown.get_array())
    assert array.shape == (2 * 10 + plots.PAD, 3 * 12 + 2 * plots.PAD)
    step_y, step_x = 10 + plots.PAD, 12 + plots.PAD
    for i, image in enumerate(images):
        y, x = i // 3 * step_y, i % 3 * step_x
        np.testing.assert_array_equal(array[y : y + 10, x : x + 12], image)
    assert (array[step_y:, 2 * step_x :] == 1).all()  # the empty place is white


def test_small_images_are_enlarged_by_a_whole_factor():
    checker = np.where(np.indices((8, 8)).sum(0) % 2, 1.0, -1.0)[None]
    figure = plots.grid(checker, width=4)
    pixels = rendered(figure)[..., 0]
    dark = pixels < 128
    rows = np.flatnonzero(dark.any(1))
    side = (rows[-1] - rows[0] + 1) / 8
    assert side == int(side) == 50
    line = dark[rows[0], np.flatnonzero(dark.any(0))[0] :][: 8 * 50]
    runs = np.diff(np.flatnonzero(np.diff(line)))
    assert (runs == 50).all()
    assert set(np.unique(pixels)) <= {0, 255}  # nothing smeared


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 20), st.integers(1, 9), st.integers(2, 40), st.integers(2, 40))
def test_the_grid_has_room_for_all_images(count, cols, height, width):
    figure = plots.grid(np.zeros((count, height, width, 3)), cols=cols)
    array = np.asarray(figure.axes[0].images[0].get_array())
    across = min(cols, count)
    down = math.ceil(count / across)
    assert array.shape[0] == down * (height + plots.PAD) - plots.PAD
    assert array.shape[1] == across * (width + plots.PAD) - plots.PAD
    assert figure.get_size_inches()[0] <= 6 + 1e-9


def test_a_sheet_puts_labels_beside_their_rows_and_columns():
    rows = [noise(3, 16, 16, 3), noise(2, 16, 16, 3, seed=1)]
    figure = plots.sheet(rows, ["first", "second row"], ["a", "b", "c"], title="Sheet")
    (axes,) = figure.axes
    array = np.asarray(axes.images[0].get_array())
    np.testing.assert_allclose(array[18:34, 18:34], (rows[1][1] + 1) / 2, atol=1e-6)
    assert (array[18:34, 36:] == 1).all()
    places = {text.get_text(): text.xy for text in axes.texts}
    assert places["first"][1] == 8
    assert places["second row"][1] == 26
    assert [places[name][0] for name in "abc"] == [8, 26, 44]
    renderer_box = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    assert renderer_box.x0 >= -0.02  # the labels fit into the margin
    assert renderer_box.width <= 7.05


def test_curves_keep_data_names_and_role_colours():
    figure = plots.curves(
        {"d_loss": [3.0, 2.0, 1.0], "g_loss": (np.array([0, 5, 9]), [1.0, 2.0, 4.0])},
        "step",
        "loss",
        title="Losses",
        logy=True,
        band={"g_loss": ([0.5, 1.0, 2.0], [2.0, 4.0, 8.0])},
    )
    axes = figure.axes[0]
    first, second = axes.lines
    assert first.get_color() == plots.COLORS["discriminator"]
    assert second.get_color() == plots.COLORS["generated"]
    np.testing.assert_array_equal(first.get_xdata(), [0, 1, 2])
    np.testing.assert_array_equal(second.get_xdata(), [0, 5, 9])
    assert axes.get_yscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title("left")) == (
        "step",
        "loss",
        "Losses",
    )
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["d_loss", "g_loss"]
    shade = axes.collections[0].get_paths()[0].vertices
    assert shade[:, 1].min() == 0.5
    assert shade[:, 1].max() == 8.0


def test_nothing_is_left_with_pyplot_so_jupyter_shows_each_figure_once():
    before = plt.get_fignums()
    plots.grid(noise(2, 4, 4))
    plots.sheet([noise(2, 4, 4)])
    plots.curves({"a": [1.0, 2.0]}, "x", "y")
    plots.subplots(1, 2)
    assert plt.get_fignums() == before


def test_even_colour_noise_becomes_a_small_file():
    figure = plots.grid(noise(24, 96, 96, 3), cols=6, width=7)
    png = plots.to_png(figure)
    assert len(png) <= 200_000
    assert len(figure._repr_jpeg_()) <= 200_000
    assert Image.open(io.BytesIO(png)).width <= 720


def test_a_plain_figure_keeps_its_full_size():
    figure, axes = plots.subplots(width=5, height=3)
    axes.plot([0, 1])
    wide, tall = Image.open(io.BytesIO(plots.to_png(figure))).size
    assert abs(wide - 500) < 25
    assert abs(tall - 300) < 25


@pytest.mark.parametrize(
    ("images", "kind", "words"),
    [
        (np.zeros((2, 4, 4), np.uint8), TypeError, "from_uint8"),
        (np.full((2, 4, 4), 255.0), ValueError, r"\[-1, 1\]"),
        (np.full((2, 4, 4), np.nan), ValueError, "NaN"),
        (np.zeros((0, 4, 4)), ValueError, "empty"),
        (np.zeros((4, 4)), ValueError, "shape"),
        (np.zeros((2, 4, 4, 2)), ValueError, "shape"),
        ([np.zeros((4, 4)), np.zeros((5, 5))], ValueError, "one size"),
        (["a", "b"], TypeError, "float"),
        (None, TypeError, "float"),
    ],
)
def test_bad_images_get_one_sentence_that_names_them(images, kind, words):
    with pytest.raises(kind, match=words) as caught:
        plots.grid(images)
    assert str(caught.value).startswith("images")
    assert "\n" not in str(caught.value)
    with pytest.raises(kind, match=r"rows_of_images\[0\]"):
        plots.sheet([images])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: plots.grid(noise(2, 4, 4), cols=0), "cols"),
        (lambda: plots.grid(noise(2, 4, 4), cols=2.5), "cols"),
        (lambda: plots.grid(noise(2, 4, 4), width=70), "width"),
        (lambda: plots.sheet([]), "rows_of_images"),
        (lambda: plots.sheet([noise(2, 4, 4), noise(2, 5, 5)]), "one image shape"),
        (lambda: plots.sheet([noise(2, 4, 4)], row_labels=["a", "b"]), "row_labels"),
        (lambda: plots.sheet([noise(2, 4, 4)], col_labels=["a"]), "col_labels"),
        (lambda: plots.curves({}, "x", "y"), "series"),
        (lambda: plots.curves([1, 2], "x", "y"), "series"),
        (lambda: plots.curves({"a": [1, np.nan]}, "x", "y"), "NaN"),
        (lambda: plots.curves({"a": [1, 0]}, "x", "y", logy=True), "above 0"),
        (lambda: plots.curves({"a": ([1, 2, 3], [1, 2])}, "x", "y"), "3 x but 2 y"),
        (lambda: plots.curves({"a": [[1, 2]]}, "x", "y"), "1-D"),
        (lambda: plots.curves({"a": ["x"]}, "x", "y"), "numbers"),
        (lambda: plots.curves({"a": [1, 2]}, "x", "y", band={"b": ([0], [1])}), "band"),
        (lambda: plots.curves({"a": [1, 2]}, "x", "y", band={"a": ([0], [1])}), "band"),
    ],
)
def test_bad_arguments_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_photographs_are_shown_as_jpeg_and_all_else_as_png():
    from skimage.data import astronaut
    from skimage.metrics import peak_signal_noise_ratio

    photograph = astronaut()[None, ::2, ::2].astype("float32") / 127.5 - 1
    colour, grey = plots.grid(photograph, width=4), plots.grid(noise(4, 28, 28, 1))
    assert colour._repr_png_() is None
    assert grey._repr_jpeg_() is None
    assert grey._repr_png_() == plots.to_png(grey)
    data = colour._repr_jpeg_()
    assert len(data) <= 200_000
    shown = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert peak_signal_noise_ratio(rendered(colour), shown) > 30
