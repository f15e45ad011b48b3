"""The book's pictures do not depend on a reader's matplotlib: no setting changes one."""

import contextlib
import hashlib
import os
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib import rcParamsDefault

from helpers import plots

RAMP = np.linspace(-1, 1, 4 * 12 * 16, dtype="float32").reshape(4, 12, 16)
COLOUR = np.stack([RAMP, RAMP[::-1], np.cos(9 * RAMP)], axis=-1)


def lines_and_picture():
    """Draw as the chapters do, on axes from `subplots`."""
    figure, (left, right) = plots.subplots(1, 2)
    left.plot([0, 2, 1], label="$x^2$ and words")
    left.scatter([0, 1], [1, 2])
    left.bar([0, 1, 2], [0.5, 1, 0.2])
    left.errorbar([0, 1], [1, 1], [0.1, 0.2])
    left.hist([0, 0, 1, 2])
    left.set(title="A title", xlabel="step", ylabel="loss, 10000")
    left.legend()
    right.imshow(RAMP[0])
    right.contour(RAMP[0], 3)
    right.annotate("here", (1, 2))
    figure.suptitle("All")
    return figure


FIGURES = {
    "grid": lambda: plots.grid(RAMP, cols=2, title="A grid"),
    "photographs": lambda: plots.grid(COLOUR, cols=3, width=2.5),
    "sheet": lambda: plots.sheet(
        [COLOUR[:3], COLOUR[1:3]], ["a", "b"], ["x", "y", "z"]
    ),
    "curves": lambda: plots.curves(
        {"d_loss": [3.0, 1.0], "g_loss": [10.0, 2.0], "floor": [1.0, 1.0]},
        "step",
        "loss",
        title="Losses",
        logy=True,
        band={"d_loss": ([2.0, 0.5], [4.0, 2.0])},
    ),
    "subplots": lines_and_picture,
}

# What changes or stops a picture and has no number or yes/no to turn over.
WORDS = {
    "image.origin": "lower",
    "image.interpolation": "bicubic",
    "image.interpolation_stage": "rgba",
    "image.aspect": "auto",
    "image.cmap": "hot",
    "font.family": ["monospace"],
    "font.weight": "bold",
    "font.style": "italic",
    "axes.titlelocation": "right",
    "axes.titleweight": "bold",
    "axes.labelweight": "bold",
    "axes.facecolor": "black",
    "axes.grid.axis": "x",
    "axes.grid.which": "both",
    "axes.xmargin": 0.4,
    "axes.ymargin": 0.4,
    "axes.autolimit_mode": "round_numbers",
    "axes.prop_cycle": matplotlib.cycler(color=["r", "k"]),
    "figure.constrained_layout.use": True,
    "figure.titleweight": "bold",
    "grid.linestyle": ":",
    "hist.bins": 3,
    "legend.loc": "lower left",
    "legend.facecolor": "red",
    "lines.linestyle": ":",
    "lines.marker": "s",
    "mathtext.fontset": "cm",
    "mathtext.default": "rm",
    "path.sketch": (3, 80, 20),
    "savefig.bbox": None,
    "savefig.format": "svg",
    "savefig.facecolor": "black",
    "savefig.pad_inches": 2.0,
    "scatter.marker": "x",
    "text.hinting": "none",
    "text.usetex": True,
    "xtick.direction": "in",
    "xtick.labelcolor": "red",
    "xtick.alignment": "right",
    "ytick.alignment": "top",
    "errorbar.capsize": 9.0,
    "contour.linewidth": 9.0,
}
# These start no picture anew: which program shows it, where files go, which log.
KEPT = (
    "backend", "date", "docstring", "figure.max_open", "figure.raise", "interactive",
    "keymap", "savefig.directory", "timezone", "tk.", "toolbar", "webagg",
)  # fmt: skip


def turned_over():
    """Return every setting that matplotlib has, with another value than its own."""
    found = {}
    for name, value in rcParamsDefault.items():
        if name.startswith(KEPT):
            continue
        if name in WORDS:
            others = [WORDS[name]]
        elif isinstance(value, bool):
            others = [not value]
        elif isinstance(value, int | float):
            others = [value * 2 + 1, value / 2]
        else:
            continue
        for other in others:
            with contextlib.suppress(ValueError, RuntimeError):  # out of its range
                matplotlib.RcParams({name: other})
                found[name] = other
                break
    return found


@pytest.fixture(scope="module")
def right():
    """Return each figure as it is without settings of a reader."""
    return {name: plots.to_png(draw()) for name, draw in FIGURES.items()}


def test_no_setting_of_matplotlib_reaches_a_picture(right):
    """All are turned over at once; a picture outside of the look cannot be drawn then."""
    settings = turned_over()
    assert len(settings) > 130 and set(WORDS) <= set(settings), set(WORDS) - set(
        settings
    )
    for name, draw in FIGURES.items():
        with matplotlib.rc_context(settings):
            assert plots.to_png(draw()) == right[name], name


@pytest.mark.parametrize("name", sorted(WORDS))
def test_not_one_alone_either(right, name):
    """One that would stop a picture hides what the others would change."""
    with matplotlib.rc_context({name: WORDS[name]}):
        assert plots.to_png(FIGURES["subplots"]()) == right["subplots"]
    with matplotlib.rc_context({name: WORDS[name]}):
        assert plots.to_png(FIGURES["grid"]()) == right["grid"]


def test_a_figure_drawn_before_is_rendered_and_saved_in_the_look(right, tmp_path):
    figure = FIGURES["curves"]()
    figure.savefig(tmp_path / "right.png")
    with matplotlib.rc_context(turned_over()):
        assert plots.to_png(figure) == right["curves"]
        figure.savefig(tmp_path / "also.png")
    saved = (tmp_path / "right.png").read_bytes()
    assert (tmp_path / "also.png").read_bytes() == saved


def test_a_reader_s_settings_are_there_again_after_a_whole_figure():
    with matplotlib.rc_context({"image.origin": "lower", "font.size": 30}):
        for name in ("grid", "sheet", "curves"):
            plots.to_png(FIGURES[name]())
        assert matplotlib.rcParams["image.origin"] == "lower"
        assert matplotlib.rcParams["font.size"] == 30


MATPLOTLIBRC = """
image.origin: lower
image.interpolation: bilinear
text.usetex: True
figure.autolayout: True
axes.xmargin: 0.3
axes.spines.left: False
lines.marker: o
savefig.transparent: True
font.serif: No such font
"""
DRAWN = """
import hashlib, sys
sys.path.insert(0, {folder!r})
from test_look import FIGURES
from helpers import plots
for draw in FIGURES.values():
    print(hashlib.sha256(plots.to_png(draw())).hexdigest())
"""


def test_a_reader_s_matplotlibrc_changes_nothing(right, tmp_path):
    rc = tmp_path / "matplotlibrc"
    rc.write_text(MATPLOTLIBRC)
    done = subprocess.run(
        [sys.executable, "-c", DRAWN.format(folder=os.path.dirname(__file__))],
        env={**os.environ, "MATPLOTLIBRC": str(rc)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    wanted = [hashlib.sha256(png).hexdigest() for png in right.values()]
    assert done.stdout.split() == wanted
