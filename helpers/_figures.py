"""A figure that a notebook shows once, as a small file, and one filled by an array.

A figure is made and rendered in the book's look alone: `look` puts matplotlib's own
defaults and book.mplstyle in the place of what a reader's matplotlibrc or cells say.
"""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as _Figure
from PIL import Image

DPI = 100
LARGEST = 190_000  # bytes; the book allows 200 KB a figure
STYLE = Path(__file__).with_name("book.mplstyle")


def take_look() -> None:
    """Set the book's look for all that is drawn from here on."""
    # What is not in book.mplstyle must be set too, so the defaults come first.
    matplotlib.style.use(["default", STYLE])


@contextlib.contextmanager
def look() -> Iterator[None]:
    """Draw a block in the book's look, then set a reader's settings again."""
    with matplotlib.rc_context():
        take_look()
        yield


class Figure(_Figure):
    """Be a matplotlib figure that a notebook shows once: a small PNG or JPEG."""

    photograph = False  # set for colour images, which are shown as JPEG

    def draw(self, renderer):
        """Draw in the book's look, whoever renders it."""
        with look():
            super().draw(renderer)

    def savefig(self, fname, **options):
        """Save in the book's look; `options` as in matplotlib."""
        with look():
            super().savefig(fname, **options)

    def _repr_png_(self):
        return None if self.photograph else to_png(self)

    def _repr_jpeg_(self):
        return to_jpeg(self) if self.photograph else None


@look()
def drawn(canvas, title, width, margin=0.0, top=0.0):
    """Return (Figure, axes) that one array (H, W, C) fills, right of and below margins.

    It is at most `width` inches wide; `margin` is left free at its left, `top` above.
    """
    tall, wide = canvas.shape[:2]
    factor = (width - margin) * DPI / wide  # screen pixels per image pixel
    if factor >= 1 and int(factor) * wide >= 0.66 * (width - margin) * DPI:
        factor = int(factor)
    across, down = wide * factor / DPI, tall * factor / DPI
    head = top + (0.32 if title else 0)
    figure = Figure(figsize=(across + margin, down + head), dpi=DPI)
    figure.photograph = canvas.shape[2] == 3
    whole = across + margin
    box = (margin / whole, 0, across / whole, down / (down + head))
    axes = figure.add_axes(box)
    axes.axis("off")
    shown = canvas[..., 0] if canvas.shape[2] == 1 else (canvas + 1) / 2
    limits = {"vmin": -1, "vmax": 1, "cmap": "gray"} if canvas.shape[2] == 1 else {}
    smooth = "nearest" if factor == int(factor) or factor >= 3 else "antialiased"
    axes.imshow(shown, interpolation=smooth, aspect="auto", **limits)
    if title:
        figure.text(box[0], 1 - 0.06 / (down + head), title, va="top", fontsize=11.5)
    return figure, axes


def to_png(figure) -> bytes:
    """Render a figure as a PNG of at most about 190 kB; many colours become fewer."""
    picture = _rendered(figure)
    tries = ((None, 1), (256, 1), (128, 1), (128, 0.85), (128, 0.7), (64, 0.6))
    for colors, scale in tries:
        size, smaller = [round(side * scale) for side in picture.size], picture
        if scale != 1:
            smaller = picture.resize(size, Image.Resampling.LANCZOS)
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
