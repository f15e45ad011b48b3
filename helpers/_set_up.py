"""What a chapter's set-up cell asks once it has found the helpers: can the chapter run?

Outside of Colab nothing is printed. The standard library is enough, because this also
runs where nothing else is installed.
"""

import glob
import importlib.machinery
import json
import os
import re
import sys
from pathlib import Path

HELPERS = Path(__file__).resolve().parent
NEEDED = (
    "numpy", "scipy", "skimage", "sklearn", "matplotlib", "PIL", "h5py", "joblib",
    "safetensors", "tensorflow", "keras",
)  # fmt: skip
CARDS = "/dev/nvidia[0-9]*"  # the devices of NVIDIA's cards, which Colab lends
FULL = re.compile(r"^Time: .*\bfull (\d.*?) on 2 CPU cores", re.MULTILINE)
_chosen = None  # the profile that the cell itself put into the environment


class NotReady(RuntimeError):
    """Say in one sentence why the chapter cannot run here; Jupyter shows no more."""

    def _render_traceback_(self):
        return [str(self)]


def begin(profile, release):
    """Take the profile of the cell's form, and in Colab print one line on the run.

    `release` is the chapter's own. Raises NotReady where something is missing.
    """
    _check_files()
    _check_python()
    _choose(profile)
    other = _other_release(release)
    if "google.colab" in sys.modules:
        print(" · ".join([_where(), *other, *_profile(), *_card()]))
    elif other:
        print(*other)


def _check_files():
    """See that the book is whole: a copy may have broken off, or been deleted."""
    try:
        listed = json.loads((HELPERS / "assets/manifest.json").read_text("utf8"))
        whole = all((HELPERS / "assets" / name).is_file() for name in listed["files"])
    except (OSError, ValueError):
        whole = False
    if not whole:
        raise NotReady(
            f"The book in {HELPERS.parent} is not whole: delete or rename that folder, "
            "restart the kernel, and fetch the book again."
        )


def _check_python():
    """See that this Python is one for the book, and has what the helpers import."""
    way = f"in {HELPERS.parent} `make lab` starts one that has all"
    if sys.version_info < (3, 11):  # noqa: UP036  (a reader's kernel is not ours)
        raise NotReady(
            f"The book needs Python 3.11 or later, and this kernel is Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}: {way}."
        )
    # Asked by the path, because helpers/_quiet.py waits for who asks for TensorFlow.
    find = importlib.machinery.PathFinder.find_spec
    lacks = [n for n in NEEDED if n not in sys.modules and find(n) is None]
    if lacks:
        raise NotReady(
            f"This kernel's Python ({sys.executable}) lacks {', '.join(lacks)}: {way}."
        )


def _choose(profile):
    """Let the form choose "full"; its "quick" leaves what the environment says."""
    global _chosen
    if profile not in ("quick", "full"):
        raise NotReady(
            f"The profile in the first cell is {profile!r}, but must be 'quick' or "
            "'full': choose one of them."
        )
    there = os.environ.get("BOOK_PROFILE", "").strip() or "quick"
    if profile == "full" != there:
        os.environ["BOOK_PROFILE"] = _chosen = "full"
    elif profile == "quick" and there == _chosen:  # the form was set back
        del os.environ["BOOK_PROFILE"]
        _chosen = None


def _other_release(release):
    """Return words on helpers of another release than the chapter's, if they are."""
    try:
        text = (HELPERS.parent / "pyproject.toml").read_text("utf8")
    except OSError:
        return []
    found = re.search(r'^version = "(.+)"$', text, re.MULTILINE)
    if not found or found[1] == release:
        return []
    return [
        f"This chapter is of release {release}, the helpers in {HELPERS.parent} are of "
        f"{found[1]}: better open the chapter that lies there"
    ]


def _where():
    """Return where the book lies, and what was left alone beside it."""
    book = HELPERS.parent
    name = re.sub(r"-\d$", "", book.name)
    taken = book.name != name and (book.parent / name).exists()
    left = f" ({name} is not this release of the book, and was left as it is)"
    return f"The book is in {book}{left if taken else ''}"


def _profile():
    """Return the profile, and how long `full` takes as far as the chapter tells."""
    this = os.environ.get("BOOK_PROFILE", "").strip() or "quick"
    found = FULL.search(_first_cell())
    full = found[1] if found else "as the line of times says"
    return [
        f"profile: {this}",
        f"full: {full} on 2 CPU cores, on a graphics card not measured",
    ]


def _first_cell():
    """Return the text of the chapter's first cell as Colab has it; "" without one."""
    try:
        from google.colab import _message  # Colab has no other way to ask

        reply = _message.blocking_request("get_ipynb", timeout_sec=5)
        return "".join(reply["ipynb"]["cells"][0]["source"])
    except Exception:  # the time is a courtesy
        return ""


def _card():
    """Return a hint if the chapter will compute without a graphics card."""
    if not glob.glob(CARDS):
        return ["no graphics card: Runtime > Change runtime type offers one"]
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return []
    return [
        "a graphics card is here, but TensorFlow does not see it: Runtime > Disconnect "
        "and delete runtime, then connect anew"
    ]
