"""The one look of every figure in the book.

Each function returns a `Figure` and shows nothing: end a cell with it, and the notebook
displays it once. (A figure made through `pyplot` is displayed a second time by Jupyter
itself, so none is; `subplots` gives an empty one in the book's look.) Importing the
module sets the style.
"""

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from helpers import _arguments, _figures
from helpers._arguments import flag, number, text, texts, told, whole
from helpers._figures import DPI, Figure, drawn
from helpers.images import tile

#: One colour per role in the whole book (Okabe and Ito's, safe for the colour-blind).
COLORS = {
    "real": "#0072B2",  # blue
    "generated": "#D55E00",  # orange
    "discriminator": "#009E73",  # green
    "other": "#A6569D",  # purple, for a fourth line
    "light": "#56B4E9",  # sky blue, for a fifth
    "reference": "#6B7280",  # grey: floors, limits, guides
    "ink": "#1F2933",  # text and axes
}
_ALIASES = dict.fromkeys(("d_loss", "d_accuracy", "critic"), "discriminator")
_ALIASES |= {"g_loss": "generated", "generator": "generated"}
_ALIASES |= {"data": "real", "floor": "reference"}
PAD = 2  # pixels between tiles


def style() -> None:
    """Take on the book's look (book.mplstyle), and show figures as small files.

    Importing this module does it, and so does `subplots`; a setting of yours goes then.

    >>> import matplotlib
    >>> from helpers import plots
    >>> plots.style()
    >>> matplotlib.rcParams["lines.linewidth"]
    2.0
    """
    _figures.take_look()
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:  # Jupyter's own formatter for figures would make larger files
        formatters = shell.display_formatter.formatters
        formatters["image/png"].for_type(Figure, Figure._repr_png_)
        formatters["image/jpeg"].for_type(Figure, Figure._repr_jpeg_)


def subplots(
    rows: int = 1,
    cols: int = 1,
    *,
    width: float = 6,
    height: float | None = None,
    **options: Any,
) -> tuple[Figure, Any]:
    """Return an empty `(Figure, axes)` in the book's look, `width` by `height` inches.

    `axes` is one Axes, or an array of them as from `matplotlib.pyplot.subplots`;
    `options` go to `Figure.subplots`. Without `height` it is 0.6 of the width. Raises
    TypeError or ValueError for `rows` or `cols` outside 1 to 50, a `width` outside 2 to
    7 inches, or a `height` that is not above 0 and at most 50.

    >>> from helpers import plots
    >>> figure, axes = plots.subplots(width=4)
    >>> figure
    <Figure size 400x240 with 1 Axes>
    """
    rows, cols = whole(rows, "rows", 1, 50), whole(cols, "cols", 1, 50)
    width = number(width, "width", 2, 7)
    height = 0.6 * width if height is None else number(height, "height", 0, 50, above=0)
    style()
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    return figure, figure.subplots(rows, cols, **options)


def grid(
    images: ArrayLike, cols: int = 8, title: str | None = None, width: float = 6
) -> Figure:
    """Show images as one tiled picture, `cols` in a row.

    `images` is float (N, H, W, C) or (N, H, W) in [-1, 1], C of 1 or 3. `width` is at
    most so many inches: small images are enlarged by a whole factor so that their
    pixels stay square. Raises TypeError or ValueError for anything else.

    >>> from helpers import data, plots
    >>> images, labels = data.digits("test")
    >>> plots.grid(images[:16], title="digits")
    <Figure size ... with 1 Axes>
    """
    images = _batch(images, "images")
    canvas = tile(images, cols=min(whole(cols, "cols"), len(images)), pad=PAD)
    return drawn(canvas, text(title, "title"), number(width, "width", 2, 7))[0]


@_figures.look()
def sheet(
    rows_of_images: Iterable[ArrayLike],
    row_labels: Iterable[Any] | None = None,
    col_labels: Iterable[Any] | None = None,
    title: str | None = None,
    width: float = 7,
) -> Figure:
    """Show rows of images as one labelled contact sheet.

    `rows_of_images` is a list of arrays (or lists) of float images (H, W, C) or (H, W)
    in [-1, 1], all of one size; short rows are filled up with white. `row_labels` stand
    at the left, `col_labels` on top. Raises TypeError or ValueError for anything else.

    >>> from helpers import data, plots
    >>> images, labels = data.digits("test")
    >>> rows = [images[labels == digit][:6] for digit in range(3)]
    >>> plots.sheet(rows, row_labels=["zeros", "ones", "twos"])
    <Figure size ... with 1 Axes>
    """
    rows, width = _rows(rows_of_images), number(width, "width", 2, 7)
    shapes = sorted({row.shape[1:] for row in rows})
    if len(shapes) > 1:
        raise ValueError(f"rows_of_images must all have one image shape, got {shapes}.")
    cols = max(len(row) for row in rows)
    if row_labels is not None:
        row_labels = texts(row_labels, "row_labels", len(rows))
    if col_labels is not None:
        col_labels = texts(col_labels, "col_labels", cols)
    blank = np.ones((1, *shapes[0]), np.float32)
    full = [np.concatenate([row, *[blank] * (cols - len(row))]) for row in rows]
    parts = [part for label in row_labels or [] for part in str(label).split("\n")]
    longest = max(map(len, parts), default=0)
    margin = 0.085 * longest + 0.12 if longest else 0
    if margin > 0.8 * width:
        raise ValueError(
            f"row_labels have up to {longest} letters a line, which leave no room for "
            "images: break them by \\n."
        )
    lines = max((str(label).count("\n") + 1 for label in col_labels or []), default=0)
    canvas = tile(np.concatenate(full), cols=cols, pad=PAD)
    top = 0.19 * lines + 0.05 if lines else 0
    figure, axes = drawn(canvas, text(title, "title"), width, margin, top)
    height, wide = shapes[0][0] + PAD, shapes[0][1] + PAD
    near = {"textcoords": "offset points", "fontsize": 9.5}
    for i, label in enumerate(row_labels or []):
        y = i * height + shapes[0][0] / 2
        axes.annotate(label, (0, y), (-6, 0), ha="right", va="center", **near)
    for j, label in enumerate(col_labels or []):
        x = j * wide + shapes[0][1] / 2
        axes.annotate(label, (x, 0), (0, 4), ha="center", va="bottom", **near)
    return figure


@_figures.look()
def curves(
    series: dict[str, Any],
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    logy: bool = False,
    band: dict[str, Any] | None = None,
) -> Figure:
    """Draw named curves in one set of axes.

    `series` maps a name to `y` or to `(x, y)`, 1-D arrays of equal length. A name that
    is a role of `COLORS` (or d_loss, g_loss, floor ..) gets its colour. `band` maps a
    name to `(low, high)`, drawn as a shade. `logy` needs values above 0. Raises
    TypeError or ValueError for anything else.

    >>> from helpers import plots
    >>> losses = {"d_loss": [0.7, 0.6, 0.5], "g_loss": [0.7, 0.8, 1.1]}
    >>> plots.curves(losses, "epoch", "loss")
    <Figure size 600x360 with 1 Axes>
    """
    if not isinstance(series, dict) or not series:
        raise ValueError(
            f"series must be a dict of name -> y or (x, y), got {told(series)}."
        )
    if band is not None and not isinstance(band, dict):
        raise TypeError(
            f"band must be a dict of name -> (low, high), got {told(band)}."
        )
    for name in band or {}:
        if name not in series:
            raise ValueError(f"band names {told(name)}, which series does not have.")
    text(xlabel, "xlabel"), text(ylabel, "ylabel"), text(title, "title")
    flag(logy, "logy")
    figure, axes = subplots()
    for name, values in series.items():
        here = f"series[{name!r}]"
        xy = isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) == 1
        y = _line(values[1] if xy else values, here, logy)
        x = _line(values[0], f"the x of {here}") if xy else np.arange(len(y))
        if len(x) != len(y):
            raise ValueError(f"{here} has {len(x)} x but {len(y)} y values.")
        color = COLORS.get(_ALIASES.get(name, name))
        dashes = "--" if name == "floor" else "-"
        (line,) = axes.plot(x, y, label=name, color=color, ls=dashes)
        if band and name in band:
            here, edges = f"band[{name!r}]", band[name]
            if not isinstance(edges, (tuple, list)) or len(edges) != 2:
                raise ValueError(f"{here} must be (low, high), got {told(edges)}.")
            low, high = (_line(edge, here, logy) for edge in edges)
            if not len(low) == len(high) == len(y):
                raise ValueError(f"{here} must be as long as its curve, {len(y)}.")
            axes.fill_between(x, low, high, color=line.get_color(), alpha=0.18, lw=0)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title or "")
    if logy:
        axes.set_yscale("log")
    if len(series) > 1:
        axes.legend()
    return figure


def to_png(figure: Figure) -> bytes:
    """Render a Figure as the bytes of a PNG of at most about 190 kB.

    Raises TypeError for what is no figure of this module's.

    >>> from helpers import plots
    >>> figure, axes = plots.subplots()
    >>> plots.to_png(figure)[1:4]
    b'PNG'
    """
    if not isinstance(figure, Figure):
        raise TypeError(f"figure must come from helpers.plots, got {told(figure)}.")
    return _figures.to_png(figure)


def _rows(rows_of_images):
    """Return rows of images as a list of float32 arrays (N, H, W, C)."""
    try:
        listed = not isinstance(rows_of_images, (str, bytes, dict))
        rows = list(rows_of_images) if listed else None
    except Exception:  # nothing that can be gone through
        rows = None
    if rows is None:
        raise TypeError(
            "rows_of_images must be a list of rows of images, got "
            f"{told(rows_of_images)}."
        )
    if not rows:
        raise ValueError("rows_of_images is empty: give at least one row of images.")
    return [_batch(row, f"rows_of_images[{i}]") for i, row in enumerate(rows)]


def _batch(images, name) -> np.ndarray:
    """Return images as float32 (N, H, W, C); (N, H, W) gets an axis of channels."""
    images = _arguments.as_array(images, f"{name} must be images of one size")
    if images.ndim == 3 and images.shape[-1] not in (1, 3):
        images = images[..., None]
    return _arguments.images(images, name)


def _line(values, name, positive=False):
    """Return a curve as float64 (N,), N of at least 1, or say what is wrong."""
    got, wanted = told(values), f"{name} must be made of numbers"
    values = _arguments.as_array(values, wanted)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{wanted}, got {got}.")
    values = values.astype(np.float64)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            f"{name} must be a 1-D array of at least one value, got {got}."
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinity: cut the curve before it.")
    if positive and values.min() <= 0:
        raise ValueError(f"{name} must be above 0 for a logarithmic axis, got {got}.")
    return values


style()
