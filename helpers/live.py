"""Figures that live in the page: the marker a notebook leaves, and what Jupyter shows
instead.

On the book's site `book/_static/live.js` finds the marker and lays an invitation under
the picture that stands before it; the figure itself is a script in `book/live/NAME`. In
Jupyter and Colab, where that script is not, the same cell offers sliders where the
chapter gives a function, and the picture and the figure's address otherwise.
"""

import os
import sys
from html import escape
from typing import NamedTuple

# Tests hold it to pyproject.toml
SITE = "https://noise-to-image.github.io/noise-to-image/"


class Figure(NamedTuple):
    """Name the chapter in which a live figure stands, and what a reader does with
    it."""

    chapter: str
    title: str


FIGURES = {
    "gan-plane": Figure("02_gan_objective", "train two networks against each other"),
    "latent-space": Figure("04_dcgan", "walk through the generator's latent space"),
    "training-run": Figure("05_training_loop", "watch two trainings side by side"),
    "ruler": Figure("06_evaluation", "drag two clouds and read three rulers"),
    "style": Figure("10_style_transfer", "choose weight, layers and start"),
    "tokens": Figure("15_image_tokens", "change a token and see the picture"),
    "next-token": Figure("16_image_gpt", "write a picture token by token"),
    "masked-tokens": Figure("17_masked_tokens", "uncover a picture in a few steps"),
    "write-a-sentence": Figure("18_text_to_image", "write a sentence and get pictures"),
}


def address(name):
    """Return the address of live figure `name` on the book's site.

    Raises ValueError for a name that no figure has.
    """
    if name not in FIGURES:
        raise ValueError(
            f"name {name!r} is no live figure; there are: {', '.join(FIGURES)}."
        )
    return f"{SITE}notebooks/{FIGURES[name].chapter}.html#live-{name}"


def figure(name, picture=None, draw=None, **controls):
    """Show `picture`, and let the site put live figure `name` in its place; return
    nothing.

    `picture` is a Matplotlib Figure, or None when the cell has shown one already. Where
    a reader can move things (Jupyter, Colab), `draw(**values)` returns another such
    figure for the values of `controls`, which are given as to ipywidgets: (low, high,
    step) makes a slider, a list a menu. Raises ValueError for an unknown name,
    TypeError for controls without `draw`.
    """
    where = address(name)
    if controls and not callable(draw):
        raise TypeError(
            f"draw must be a function of {', '.join(controls)}, not {draw!r}."
        )
    from IPython.display import HTML, display

    if picture is not None:
        display(picture)
    title = FIGURES[name].title
    display(
        HTML(
            f'<div class="live" data-live="{name}" data-title="{escape(title)}">'
            f'<span class="live-note">Alive in the book\'s pages: <a '
            f'href="{where}">{escape(title)}'
            "</a>.</span></div>"
        )
    )
    if draw is not None and _reader_is_here():
        _offer(draw, controls)


def _reader_is_here():
    """Say whether a person may be looking: not while the book executes its own
    chapters."""
    return "BOOK_CHAPTER" not in os.environ and "ipykernel" in sys.modules


def _offer(draw, controls):
    """Show sliders and menus that draw anew; without ipywidgets the picture has to
    do."""
    try:
        import ipywidgets
    except ImportError:
        return
    from IPython.display import display

    def show(**values):
        display(draw(**values))

    display(ipywidgets.interactive(show, {"manual": False}, **controls))
