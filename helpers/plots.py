"""The one look of every figure in the book.

Each function returns a `Figure` and shows nothing: end a cell with it, and the notebook
displays it once. (A figure made through `pyplot` is displayed a second time by Jupyter
itself, so none is; `subplots` gives an empty one in the book's look.) Importing the
module sets the style.
"""

import io
import sys

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as _Figure
from PIL import Image

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
DPI = 100
PAD = 2  # pixels between tiles
LARGEST = 190_000  # bytes; the book allows 200 KB a figure


class Figure(_Figure):
    """Be a matplotlib figure that a notebook shows once: a small PNG, or a JPEG of
    photographs."""

    photograph = False  # set by `grid` and `sheet` for colour images

    def _repr_png_(self):
        return None if self.photograph else to_png(self)

    def _repr_jpeg_(self):
        return to_jpeg(self) if self.photograph else None


def style() -> None:
    """Set matplotlib's defaults to the book's look, and show figures as small files in
    Jupyter."""
    cycle = [
        COLORS[k] for k in ("real", "generated", "discriminator", "other", "light")
    ]
    matplotlib.rcParams.update(
        {
            "figure.dpi": DPI,
            "savefig.dpi": DPI,
            "figure.figsize": (6, 3.6),
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "axes.facecolor": "white",
            "font.family": "DejaVu Sans",
            "font.size": 10.5,
            "mathtext.fontset": "dejavusans",
            "axes.titlesize": 11.5,
            "axes.titlelocation": "left",
            "axes.titlepad": 8,
            "axes.labelsize": 10.5,
            "xtick.labelsize": 9.5,
            "ytick.labelsize": 9.5,
            "legend.fontsize": 9.5,
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.8,
            "axes.edgecolor": COLORS["ink"],
            "axes.labelcolor": COLORS["ink"],
            "text.color": COLORS["ink"],
            "xtick.color": COLORS["ink"],
            "ytick.color": COLORS["ink"],
            "axes.grid": True,
            "grid.color": "#E3E7EB",
            "grid.linewidth": 0.8,
            "axes.axisbelow": True,
            "lines.linewidth": 2.0,
            "lines.solid_capstyle": "round",
            "axes.prop_cycle": matplotlib.cycler(color=cycle),
            "image.cmap": "gray",
        }
    )
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
    height = 0.6 * _width(width) if height is None else height
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
    if not isinstance(cols, (int, np.integer)) or cols < 1:
        raise ValueError(f"cols must be a whole number of at least 1; got {cols!r}.")
    cols = min(int(cols), len(images))
    return _picture(tile(images, cols=cols, pad=PAD), title, _width(width))[0]


def sheet(rows_of_images, row_labels=None, col_labels=None, title=None, width=7):
    """Show rows of images as one labelled contact sheet.

    `rows_of_images` is a list of arrays (or lists) of float images (H, W, C) or (H, W)
    in [-1, 1], all of one size; short rows are filled up with white. `row_labels` stand
    at the left, `col_labels` on top. Returns a Figure; raises TypeError or ValueError
    with one sentence.
    """
    if len(rows_of_images) == 0:
        raise ValueError("rows_of_images is empty; give at least one row of images.")
    rows = [_batch(row, f"rows_of_images[{i}]") for i, row in enumerate(rows_of_images)]
    shapes = sorted({row.shape[1:] for row in rows})
    if len(shapes) > 1:
        raise ValueError(
            f"rows_of_images must all have one image shape; found {shapes}."
        )
    cols = max(len(row) for row in rows)
    for name, labels, count in (
        ("row_labels", row_labels, len(rows)),
        ("col_labels", col_labels, cols),
    ):
        if labels is not None and len(labels) != count:
            raise ValueError(f"{name} must hold {count} texts; got {len(labels)}.")
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
    """Render a figure as a PNG of at most about 190 kB, reducing its colours if it
    must."""
    picture = _rendered(figure)
    for colors, scale in (
        (None, 1),
        (256, 1),
        (128, 1),
        (128, 0.85),
        (128, 0.7),
        (64, 0.6),
    ):
        size = [round(side * scale) for side in picture.size]
        smaller = (
            picture if scale == 1 else picture.resize(size, Image.Resampling.LANCZOS)
        )
        data = _encoded(smaller if colors is None else smaller.quantize(colors), "PNG")
        if len(data) <= LARGEST:
            break
    return data


def to_jpeg(figure) -> bytes:
    """Render a figure of photographs as a JPEG of at most about 190 kB."""
    picture = _rendered(figure)
    for quality in (90, 85, 78, 70, 60):
        data = _encoded(picture, "JPEG", quality=quality)
        if len(data) <= LARGEST:
            break
    return data


def _rendered(figure):
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.06)
    return Image.open(buffer).convert("RGB")


def _encoded(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, optimize=True, **options)
    return buffer.getvalue()


def _picture(canvas, title, width, margin=0.0, top=0.0):
    """Draw one array with one imshow, exactly filling its axes below `top`, right of
    `margin`."""
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
    try:
        images = np.asarray(images)
    except ValueError:
        raise ValueError(f"{name} must be images of one size; these differ.") from None
    if images.dtype.kind != "f":
        raise TypeError(
            f"{name} must be float images in [-1, 1], not {images.dtype}; "
            "helpers.images.from_uint8 converts 8-bit ones."
        )
    images = (
        images[..., None]
        if images.ndim == 3 and images.shape[-1] not in (1, 3)
        else images
    )
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or images.size == 0:
        raise ValueError(
            f"{name} must have shape (N, H, W, 1 or 3) or (N, H, W), with N of at "
            f"least 1; got {images.shape}."
        )
    if not np.isfinite(images).all():
        raise ValueError(f"{name} holds NaN or infinity; look where it first appeared.")
    if np.abs(images).max() > 1.001:
        raise ValueError(
            f"{name} must lie in [-1, 1]; found {images.min():.3g} to "
            f"{images.max():.3g}: scale or clip them first."
        )
    return np.clip(images.astype(np.float32), -1, 1)


def _line(values, name, positive=False):
    try:
        values = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be made of numbers.") from None
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            f"{name} must be a 1-D array of at least one value; got {values.shape}."
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinity; cut the curve before it.")
    if positive and values.min() <= 0:
        raise ValueError(
            f"{name} must be above 0 for a logarithmic axis; found {values.min():g}."
        )
    return values


def _width(width):
    if not isinstance(width, (int, float)) or not 2 <= width <= 7:
        raise ValueError(f"width must be 2 to 7 inches; got {width!r}.")
    return width


style()
