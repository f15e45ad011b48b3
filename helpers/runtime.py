"""The machine and the run: profile, seeds, quiet logs, device, clocks.

Importing this module imports TensorFlow with its C++ start-up messages kept out of the
notebook. It knows nothing of models or data.
"""

import contextlib
import logging
import os
import platform
import sys
import tempfile
import time

PROFILES = ("quick", "full")


@contextlib.contextmanager
def _stderr_held():
    """Hold back what C++ code writes to file descriptor 2; give it back if the block
    fails."""
    try:
        sys.stderr.flush()
        saved = os.dup(2)
    except (OSError, ValueError, AttributeError):  # no standard error to guard
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
with _stderr_held():
    import keras
    import numpy as np
    import tensorflow as tf

    tf.config.list_physical_devices()  # looking for a GPU is noisy too


def profile():
    """Return "quick" or "full", as the environment variable BOOK_PROFILE says (unset:
    "quick").

    Raises ValueError for any other value.
    """
    value = os.environ.get("BOOK_PROFILE", "").strip() or "quick"
    if value not in PROFILES:
        raise ValueError(
            f"The environment variable BOOK_PROFILE is {value!r}, but must be 'quick' "
            f"or 'full': "
            "set it to one of them, or unset it for 'quick'."
        )
    return value


def budget(*, quick, full):
    """Return `quick` in the quick profile and `full` in the full one."""
    return quick if profile() == "quick" else full


def seed_everything(seed):
    """Seed Python's, NumPy's and TensorFlow's random numbers with `seed` (0 to 2**32 -
    1).

    Raises TypeError if it is not an integer, ValueError if it is out of range.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed must be an integer, not {type(seed).__name__}.")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must lie between 0 and 2**32 - 1, but is {seed}.")
    keras.utils.set_random_seed(int(seed))


def device():
    """Return the name of the device that computes: a GPU's name, or "CPU, N cores"."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        name = None
        with contextlib.suppress(
            Exception
        ):  # a name is a courtesy, never a reason to stop
            name = tf.config.experimental.get_device_details(gpus[0]).get("device_name")
        return f"{len(gpus)} x " * (len(gpus) > 1) + (name or "GPU")
    cores = _cores()
    return f"CPU, {cores} core" + ("s" if cores != 1 else "")


def versions():
    """Return the versions in use: a dict of python, tensorflow, keras and numpy."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


def _cores():
    """Return how many cores this process may use (affinity and container limits
    counted)."""
    import joblib

    return joblib.cpu_count()


class _Stopwatch:
    """Seconds since the block began; they stand still when it ends."""

    def __init__(self):
        self._start, self._end = self._now(), None

    @staticmethod
    def _now():
        return time.perf_counter(), time.process_time()

    def _stop(self):
        self._end = self._now()

    @property
    def seconds(self):
        """Wall-clock seconds (float)."""
        return (self._end or self._now())[0] - self._start[0]

    @property
    def cpu_seconds(self):
        """Processor seconds of all threads of this process (float)."""
        return (self._end or self._now())[1] - self._start[1]


@contextlib.contextmanager
def stopwatch():
    """Time a block: `with stopwatch() as watch: ...`, then `watch.seconds`,
    `watch.cpu_seconds`.

    Both can be read while the block runs; they stop with it, even when it raises.
    """
    watch = _Stopwatch()
    try:
        yield watch
    finally:
        watch._stop()


def matmul_gflops(size=2048, repeats=8):
    """Measure the speed of this machine's float32 matrix product, in 10^9 operations a
    second.

    Multiplies two (size, size) matrices `repeats` times and takes the fastest; one
    product counts 2 * size**3 operations. Raises ValueError unless both are positive
    integers.
    """
    for name, value in (("size", size), ("repeats", repeats)):
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, np.integer))
            or value < 1
        ):
            raise ValueError(f"{name} must be a positive integer, but is {value!r}.")
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


def start(seed=0):
    """Begin a chapter: quiet the logs, seed everything, print one line on profile and
    machine.

    Raises ValueError for a wrong BOOK_PROFILE, RuntimeError if Keras runs on another
    backend.
    """
    this = profile()
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"Keras runs on {keras.backend.backend()!r}, but this book needs "
            f"TensorFlow: set the "
            "environment variable KERAS_BACKEND to 'tensorflow' and restart the kernel."
        )
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with contextlib.suppress(ImportError):
        from absl import logging as absl_logging

        absl_logging.set_verbosity(absl_logging.ERROR)
    for gpu in tf.config.list_physical_devices("GPU"):
        with contextlib.suppress(
            RuntimeError, ValueError
        ):  # too late once it is in use
            tf.config.experimental.set_memory_growth(gpu, True)
    seed_everything(seed)
    with _stderr_held():  # wake the device and XLA, both of which greet once a process
        tf.reduce_sum(tf.random.stateless_uniform((2, 2), (0, 0))).numpy()
        with contextlib.suppress(Exception):  # a machine without XLA is no worse for it
            tf.function(lambda x: x + x, jit_compile=True)(tf.zeros(())).numpy()
    other = PROFILES[this == "quick"]
    print(
        f"Profile: {this} (for the other: BOOK_PROFILE={other} in the environment) · "
        f"{device()} · Python {sys.version_info.major}.{sys.version_info.minor} · "
        f"TensorFlow {tf.__version__} · Keras {keras.__version__}"
    )
