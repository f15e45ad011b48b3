"""Figures that live in the page: the marker a notebook leaves, and its stand-in.

On the book's site `book/_static/live.js` finds the marker and lays an invitation under
the picture that stands before it; the figure itself is a script in `book/live/NAME`. In
Jupyter and Colab, where that script is not, the same cell offers sliders where the
chapter gives a function, and the picture and the figure's address otherwise.
"""

import json
import os
import sys
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from helpers._arguments import choice, told

# Tests hold it to pyproject.toml
FIGURES = Path(__file__).resolve().parents[1] / "book" / "live"
SITE = "https://noise-to-image.github.io/noise-to-image/"


def figures() -> list[str]:
    """Return the names of all live figures, sorted.

    >>> from helpers import live
    >>> "gan-plane" in live.figures()
    True
    """
    return sorted(path.parent.name for path in FIGURES.glob("*/figure.json"))


def facts(name: str) -> dict[str, str]:
    """Return {"chapter", "title"}: where live figure `name` stands, what a reader does.

    Raises ValueError for a name that no figure has.

    >>> from helpers import live
    >>> live.facts("gan-plane")["title"]
    'train two networks against each other'
    """
    choice(name, "name", figures())
    return json.loads((FIGURES / name / "figure.json").read_text("utf8"))


def address(name: str) -> str:
    """Return the address of live figure `name` on the book's site.

    Raises ValueError for a name that no figure has.

    >>> from helpers import live
    >>> live.address("gan-plane")
    'https://.../notebooks/02_gan_objective.html#live-gan-plane'
    """
    return f"{SITE}notebooks/{facts(name)['chapter']}.html#live-{name}"


def figure(
    name: str,
    picture: Any = None,
    draw: Callable[..., Any] | None = None,
    **controls: Any,
) -> None:
    """Show `picture`, and let the site put live figure `name` in its place.

    `picture` is a Matplotlib Figure, or None when the cell has shown one already. Where
    a reader can move things (Jupyter, Colab), `draw(**values)` returns another such
    figure for the values of `controls`, which are given as to ipywidgets: (low, high,
    step) makes a slider, a list a menu; without ipywidgets a line says what is missing.
    Returns nothing. Raises ValueError for an
    unknown name, TypeError for controls without `draw` and a `draw` that is no
    function.

    >>> from helpers import live
    >>> live.figure("gan-plane")
    <IPython.core.display.HTML object>
    """
    where = address(name)
    if not callable(draw) and (controls or draw is not None):
        of = ", ".join(controls) or "its controls"
        raise TypeError(f"draw must be a function of {of}, got {told(draw)}.")
    from IPython.display import HTML, display

    if picture is not None:
        display(picture)
    title = facts(name)["title"]
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
    """Tell whether a person may be looking: not while the book runs its chapters."""
    return "BOOK_CHAPTER" not in os.environ and "ipykernel" in sys.modules


def _offer(draw, controls):
    """Show sliders and menus that draw anew; without ipywidgets say that they lack."""
    from IPython.display import display

    try:
        import ipywidgets
    except ImportError:
        print("A still picture: with ipywidgets there would be sliders here.")
        return

    def show(**values):
        display(draw(**values))

    try:
        offered = ipywidgets.interactive(show, {"manual": False}, **controls)
    except (TypeError, ValueError):
        got = ", ".join(f"{name} {told(value)}" for name, value in controls.items())
        raise TypeError(
            f"Each control must be (low, high, step) or a list, got {got}."
        ) from None
    display(offered)
