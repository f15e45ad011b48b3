"""The one look of every figure in the book.

Each function returns a `Figure` and shows nothing: end a cell with it, and the notebook
displays it once. (A figure made through `pyplot` is displayed a second time by Jupyter
itself, so none is; `subplots` gives an empty one in the book's look.) Importing the
module sets the style.
"""

import sys
from pathlib import Path

import matplotlib.style
import numpy as np

from helpers import _arguments, _figures
from helpers._arguments import counts, number, told
from helpers._figures import DPI, Figure
from helpers.images import tile

#: One colour per role in the whole book (Okabe and Ito's palette, safe for
#: colour-blind readers).
COLORS = {
    "real": "#0072B2",  # blue
    "generated": "#D55E00",  # orange
    "discriminator": "#009E73",  # green
    "other": "#A6569D",  # purple, for a fourth line
    "light": "#56B4E9",  # sky blue, for a fifth
    "reference": "#6B7280",  # grey: floors, limits, guides
    "ink": "#1F2933",  # text and axes
}
_ALIASES = {
    "d_loss": "discriminator",
    "d_accuracy": "discriminator",
    "critic": "discriminator",
    "g_loss": "generated",
    "generator": "generated",
    "data": "real",
    "floor": "reference",
}
PAD = 2  # pixels between tiles


def style() -> None:
    """Take on the book's look (book.mplstyle), and show figures as small files."""
    matplotlib.style.use(Path(__file__).with_name("book.mplstyle"))
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:  # Jupyter's own formatter for figures would make larger files
        formatters = shell.display_formatter.formatters
        formatters["image/png"].for_type(Figure, Figure._repr_png_)
        formatters["image/jpeg"].for_type(Figure, Figure._repr_jpeg_)


def subplots(rows=1, cols=1, *, width=6, height=None, **options):
    """Return an empty `(Figure, axes)` in the book's look, `width` by `height` inches.

    `axes` is one Axes, or an array of them as from `matplotlib.pyplot.subplots`;
    `options` go to `Figure.subplots`. Raises ValueError for a width outside 2 to 7
    inches.
    """
    rows, cols = counts(rows=rows, cols=cols)
    width = _width(width)
    height = 0.6 * width if height is None else number(height, "height", above=0)
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    return figure, figure.subplots(rows, cols, **options)


def grid(images, cols=8, title=None, width=6):
    """Show images as one tiled picture, `cols` in a row.

    `images` is float (N, H, W, C) or (N, H, W) in [-1, 1], C of 1 or 3. `width` is at
    most so many inches: small images are enlarged by a whole factor so that their
    pixels stay square. Returns a Figure; raises TypeError or ValueError with one
    sentence for anything else.
    """
    images = _batch(images, "images")
    cols = min(counts(cols=cols), len(images))
    return _picture(tile(images, cols=cols, pad=PAD), title, _width(width))[0]


def sheet(rows_of_images, row_labels=None, col_labels=None, title=None, width=7):
    """Show rows of images as one labelled contact sheet.

    `rows_of_images` is a list of arrays (or lists) of float images (H, W, C) or (H, W)
    in [-1, 1], all of one size; short rows are filled up with white. `row_labels` stand
    at the left, `col_labels` on top. Returns a Figure; raises TypeError or ValueError
    with one sentence.
    """
    if not hasattr(rows_of_images, "__len__") or isinstance(
        rows_of_images, (str, dict)
    ):
        raise TypeError(
            f"rows_of_images must be a list of rows of images, got {told(rows_of_images)}."
        )
    if len(rows_of_images) == 0:
        raise ValueError("rows_of_images is empty: give at least one row of images.")
    rows = [_batch(row, f"rows_of_images[{i}]") for i, row in enumerate(rows_of_images)]
    shapes = sorted({row.shape[1:] for row in rows})
    if len(shapes) > 1:
        raise ValueError(f"rows_of_images must all have one image shape, got {shapes}.")
    cols = max(len(row) for row in rows)
    for name, labels, count in (
        ("row_labels", row_labels, len(rows)),
        ("col_labels", col_labels, cols),
    ):
        if labels is not None and (
            not hasattr(labels, "__len__") or len(labels) != count
        ):
            raise ValueError(f"{name} must hold {count} texts, got {told(labels)}.")
    blank = np.ones((1, *shapes[0]), np.float32)
    full = [np.concatenate([row, *[blank] * (cols - len(row))]) for row in rows]
    longest = max(
        (len(part) for text in row_labels or [] for part in str(text).split("\n")),
        default=0,
    )
    margin = 0.085 * longest + 0.12 if longest else 0
    lines = max((str(text).count("\n") + 1 for text in col_labels or []), default=0)
    figure, axes = _picture(
        tile(np.concatenate(full), cols=cols, pad=PAD),
        title,
        _width(width),
        margin,
        0.19 * lines + 0.05 if lines else 0,
    )
    height, wide = shapes[0][0] + PAD, shapes[0][1] + PAD
    for i, text in enumerate(row_labels or []):
        y = i * height + shapes[0][0] / 2
        axes.annotate(
            text,
            (0, y),
            (-6, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=9.5,
        )
    for j, text in enumerate(col_labels or []):
        x = j * wide + shapes[0][1] / 2
        axes.annotate(
            text,
            (x, 0),
            (0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9.5,
        )
    return figure


def curves(series, xlabel, ylabel, title=None, logy=False, band=None):
    """Draw named curves in one set of axes.

    `series` maps a name to `y` or to `(x, y)`, 1-D arrays of equal length. A name that
    is a role of `COLORS` (or d_loss, g_loss, floor ..) gets its colour. `band` maps a
    name to `(low, high)`, drawn as a shade. `logy` needs values above 0. Returns a
    Figure; raises ValueError.
    """
    if not isinstance(series, dict) or not series:
        raise ValueError("series must be a dict of at least one name -> y or (x, y).")
    if band is not None and not isinstance(band, dict):
        raise TypeError(
            f"band must be a dict of name -> (low, high), got {told(band)}."
        )
    unknown = sorted(set(band or {}) - set(series))
    if unknown:
        raise ValueError(f"band names {unknown}, but series has {sorted(series)}.")
    figure, axes = subplots()
    for name, values in series.items():
        pair = (
            isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) == 1
        )
        y = _line(values[1] if pair else values, f"series[{name!r}]", logy)
        x = (
            _line(values[0], f"the x of series[{name!r}]")
            if pair
            else np.arange(len(y))
        )
        if len(x) != len(y):
            raise ValueError(f"series[{name!r}] has {len(x)} x but {len(y)} y values.")
        color = COLORS.get(_ALIASES.get(name, name))
        (line,) = axes.plot(
            x, y, label=name, color=color, ls="--" if name == "floor" else "-"
        )
        if band and name in band:
            if not isinstance(band[name], (tuple, list)) or len(band[name]) != 2:
                raise ValueError(
                    f"band[{name!r}] must be (low, high), got {told(band[name])}."
                )
            low, high = (_line(edge, f"band[{name!r}]", logy) for edge in band[name])
            if not len(low) == len(high) == len(y):
                raise ValueError(
                    f"band[{name!r}] must be as long as its curve, {len(y)}."
                )
            axes.fill_between(x, low, high, color=line.get_color(), alpha=0.18, lw=0)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title or "")
    if logy:
        axes.set_yscale("log")
    if len(series) > 1:
        axes.legend()
    return figure


def to_png(figure) -> bytes:
    """Render a Figure as the bytes of a PNG of at most about 190 kB."""
    if not isinstance(figure, Figure):
        raise TypeError(f"figure must come from helpers.plots, got {told(figure)}.")
    return _figures.to_png(figure)


def _picture(canvas, title, width, margin=0.0, top=0.0):
    """Draw one array with one imshow that fills its axes, below `top` and `margin`."""
    tall, wide = canvas.shape[:2]
    factor = (width - margin) * DPI / wide  # screen pixels per image pixel
    if factor >= 1 and int(factor) * wide >= 0.66 * (width - margin) * DPI:
        factor = int(factor)
    across, down = wide * factor / DPI, tall * factor / DPI
    head = top + (0.32 if title else 0)
    figure = Figure(figsize=(across + margin, down + head), dpi=DPI)
    figure.photograph = canvas.shape[2] == 3
    box = (
        margin / (across + margin),
        0,
        across / (across + margin),
        down / (down + head),
    )
    axes = figure.add_axes(box)
    axes.axis("off")
    shown = canvas[..., 0] if canvas.shape[2] == 1 else (canvas + 1) / 2
    limits = {"vmin": -1, "vmax": 1, "cmap": "gray"} if canvas.shape[2] == 1 else {}
    smooth = "nearest" if factor == int(factor) or factor >= 3 else "antialiased"
    axes.imshow(shown, interpolation=smooth, aspect="auto", **limits)
    if title:
        figure.text(box[0], 1 - 0.06 / (down + head), title, va="top", fontsize=11.5)
    return figure, axes


def _batch(images, name):
    """Return images as float32 (N, H, W, C); (N, H, W) gets an axis of channels."""
    try:
        images = np.asarray(images)
    except ValueError:
        raise ValueError(f"{name} must be images of one size, these differ.") from None
    if images.ndim == 3 and images.shape[-1] not in (1, 3):
        images = images[..., None]
    return _arguments.images(images, name)


def _line(values, name, positive=False):
    """Return a curve as float64 (N,), N of at least 1, or say what is wrong."""
    got = told(values)
    try:
        values = np.asarray(values, dtype=np.float64)
    except Exception:
        raise ValueError(f"{name} must be made of numbers, got {got}.") from None
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            f"{name} must be a 1-D array of at least one value, got {got}."
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinity: cut the curve before it.")
    if positive and values.min() <= 0:
        raise ValueError(f"{name} must be above 0 for a logarithmic axis, got {got}.")
    return values


def _width(width):
    return number(width, "width", 2, 7)


style()
