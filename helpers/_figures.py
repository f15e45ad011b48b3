"""A figure that a notebook shows once, as a small file."""

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as _Figure
from PIL import Image

DPI = 100


LARGEST = 190_000  # bytes; the book allows 200 KB a figure


class Figure(_Figure):
    """Be a matplotlib figure that a notebook shows once: a small PNG, or a JPEG of
    photographs."""

    photograph = False  # set by `grid` and `sheet` for colour images

    def _repr_png_(self):
        return None if self.photograph else to_png(self)

    def _repr_jpeg_(self):
        return to_jpeg(self) if self.photograph else None


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
