"""The machine and the run: profile, seeds, quiet logs, device, clocks.

TensorFlow is imported by what needs it, when it is called. This module knows nothing of
models or data.
"""

import contextlib
import logging
import os
import platform
import sys
import time
from typing import Any

import numpy as np

from helpers import _arguments, _clocks, _quiet, _telling
from helpers._clocks import Stopwatch

PROFILES = ("quick", "full")


def profile() -> str:
    """Return "quick" or "full", as the environment variable BOOK_PROFILE says.

    Unset or empty is "quick". Raises ValueError for any other value.

    >>> from helpers import runtime
    >>> runtime.profile()
    'quick'
    """
    value = os.environ.get("BOOK_PROFILE", "").strip() or "quick"
    if value not in PROFILES:
        raise ValueError(
            f"The environment variable BOOK_PROFILE is {value!r}, but must be 'quick' "
            "or 'full': set it to one of them, or unset it for 'quick'."
        )
    return value


def budget(*, quick: Any, full: Any, card: Any = None) -> Any:
    """Return `quick` in the quick profile and `full` in the full one.

    `card`, unless None, takes the place of `quick` where a graphics card computes: what
    a cell does live there in the same patience. It is no setting of a record, since the
    book's were made without one.

    >>> from helpers import runtime
    >>> runtime.budget(quick=100, full=5000)
    100
    """
    if profile() == "full":
        return full
    return card if card is not None and on_card() else quick


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and TensorFlow's random numbers with `seed`.

    It is an integer from 0 to 2**32 - 1. Raises TypeError for what is no number,
    ValueError for one with a fraction or out of range.

    >>> import random
    >>> from helpers import runtime
    >>> runtime.seed_everything(7)
    >>> random.random()
    0.3238...
    """
    seed = _arguments.whole(seed, "seed", 0, 2**32 - 1)
    import keras

    keras.utils.set_random_seed(seed)


def device() -> str:
    """Return the name of the device that computes: a GPU's name, or "CPU, N cores".

    >>> from helpers import runtime
    >>> runtime.device()  # such as 'CPU, 8 cores'
    '...'
    """
    count = cores()
    return _card() or f"CPU, {count} core" + ("s" if count != 1 else "")


def cores() -> int:
    """Return how many cores this process may use, by affinity and container limits.

    >>> from helpers import runtime
    >>> runtime.cores() >= 1
    True
    """
    import joblib

    return joblib.cpu_count()


def on_card() -> bool:
    """Tell whether a graphics card computes.

    >>> from helpers import runtime
    >>> runtime.on_card() == (not runtime.device().startswith("CPU"))
    True
    """
    return _card() is not None


def clock() -> float:
    """Return the seconds that count here: of all cores on a CPU, of the wall on a card.

    Only differences of two mean anything. On a processor they pass while a core works
    for this process, so that other programs take no time away; a graphics card's work
    is seen by the wall alone. `clock_name` says which they are.

    >>> from helpers import runtime
    >>> begun = runtime.clock()
    >>> 0 <= runtime.clock() - begun < 60
    True
    """
    return time.perf_counter() if on_card() else time.process_time()


def clock_name() -> str:
    """Return what `clock` counts: "processor seconds" or "wall seconds".

    >>> from helpers import runtime
    >>> runtime.clock_name()  # without a graphics card: 'processor seconds'
    '... seconds'
    """
    return _clocks.WALL if on_card() else _clocks.PROCESSOR


def took(card: dict[str, Any]) -> str:
    """Return in words how long a card's record took, by which clock, on what.

    `card` is a dict as `zoo.card` returns it; what it does not tell is left out. Raises
    TypeError for what is no dict.

    >>> from helpers import runtime
    >>> runtime.took({"seconds": 25.2, "cpu_seconds": 41.7, "hardware": "CPU, 2 cores"})
    '42 processor seconds on 2 CPU cores (25 s on the wall)'
    """
    if not isinstance(card, dict):
        raise TypeError(f"card must be a dict, got {_arguments.told(card)}.")
    return _clocks.told(card)


def versions() -> dict[str, str]:
    """Return the versions in use: a dict of python, tensorflow, keras and numpy.

    >>> from helpers import runtime
    >>> runtime.versions()
    {'python': '3...', 'tensorflow': '2...', 'keras': '3...', 'numpy': '2...'}
    """
    import keras
    import tensorflow as tf

    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


def _card():
    """Return the name of the graphics card that computes, None where there is none."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    name = None
    with contextlib.suppress(Exception):  # a name is a courtesy
        name = tf.config.experimental.get_device_details(gpus[0]).get("device_name")
    return f"{len(gpus)} x " * (len(gpus) > 1) + (name or "GPU")


def stopwatch() -> Stopwatch:
    """Time a block: `with stopwatch() as watch:`, then read `watch.seconds`.

    `watch.cpu_seconds` counts all threads of the process, and `watch.clock` is the one
    of the two that counts here (see `clock`). All can be read while the block runs;
    they stop with it, even when it raises. Without a block it runs on from the call.

    >>> from helpers import runtime
    >>> with runtime.stopwatch() as watch:
    ...     total = sum(range(1000))
    >>> 0 < watch.seconds < 60
    True
    """
    return Stopwatch(on_card())


def matmul_gflops(size: int = 2048, repeats: int = 8) -> float:
    """Return how fast float32 matrices multiply here, in 10^9 operations a second.

    Multiplies two (size, size) matrices `repeats` times and takes the fastest; one
    product counts 2 * size**3 operations. Raises TypeError or ValueError unless both
    are whole numbers of at least 1.

    >>> from helpers import runtime
    >>> runtime.matmul_gflops(size=64, repeats=2) > 0
    True
    """
    size, repeats = _arguments.counts(size=size, repeats=repeats)
    import tensorflow as tf

    generator = np.random.default_rng(0)
    a, b = (
        tf.constant(generator.random((size, size), dtype=np.float32)) for _ in range(2)
    )
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(a, b)))
    product().numpy()  # trace and warm up
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        product().numpy()
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def start(seed: int = 0) -> None:
    """Begin a chapter: quiet the logs, seed everything, print one line on the run.

    Float32 keeps its 24 bits on every card: TF32, which drops 13 of them, is off.
    In a reader's session a chapter's `assert` then tells what does not hold, and goes
    on. Raises ValueError for a wrong BOOK_PROFILE, RuntimeError if Keras runs on
    another backend or is set to channels first.

    >>> from helpers import runtime
    >>> runtime.start(seed=1)
    Profile: quick (for the other: BOOK_PROFILE=full in the environment) · ...
    """
    this = profile()
    import keras
    import tensorflow as tf

    _check_keras(keras)
    _telling.begin()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with contextlib.suppress(ImportError):
        from absl import logging as absl_logging

        absl_logging.set_verbosity(absl_logging.ERROR)
    for gpu in tf.config.list_physical_devices("GPU"):
        with contextlib.suppress(RuntimeError, ValueError):  # too late once in use
            tf.config.experimental.set_memory_growth(gpu, True)
    tf.config.experimental.enable_tensor_float_32_execution(False)
    if tf.__version__.startswith("2.20.") and not tf.config.list_physical_devices(
        "GPU"
    ):
        # There the remapper fails on a LeakyReLU after a convolution, and says so.
        tf.config.optimizer.set_experimental_options({"remapping": False})
    seed_everything(seed)
    with _quiet.stderr_held():  # the device and XLA both greet once a process
        tf.reduce_sum(tf.random.stateless_uniform((2, 2), (0, 0))).numpy()
        with contextlib.suppress(Exception):  # a machine without XLA is no worse for it
            tf.function(lambda x: x + x, jit_compile=True)(tf.zeros(())).numpy()
    other = PROFILES[this == "quick"]
    print(
        f"Profile: {this} (for the other: BOOK_PROFILE={other} in the environment) · "
        f"{device()} · Python {sys.version_info.major}.{sys.version_info.minor} · "
        f"TensorFlow {tf.__version__} · Keras {keras.__version__}"
    )


def _check_keras(keras):
    """Say which setting of Keras does not fit the book, if one does not."""
    _quiet.check_backend(keras.backend.backend())
    if keras.config.image_data_format() != "channels_last":
        raise RuntimeError(
            "Keras is set to channels first, but this book's images have channels "
            "last: call keras.config.set_image_data_format('channels_last'), or change "
            "image_data_format in ~/.keras/keras.json."
        )
