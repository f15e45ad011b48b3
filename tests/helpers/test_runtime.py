"""runtime: the profile, the seeds, the clocks, and silence."""

import os
import random
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import runtime


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "quick"), ("", "quick"), ("quick", "quick"), ("full", "full")],
)
def test_profile_comes_from_the_environment(monkeypatch, value, expected):
    if value is not None:
        monkeypatch.setenv("BOOK_PROFILE", value)
    assert runtime.profile() == expected
    assert runtime.budget(quick=1, full=2) == {"quick": 1, "full": 2}[expected]


def test_wrong_profile_is_refused_by_name_everywhere(monkeypatch):
    monkeypatch.setenv("BOOK_PROFILE", "fast")
    for function in (
        runtime.profile,
        runtime.start,
        lambda: runtime.budget(quick=1, full=2),
    ):
        with pytest.raises(
            ValueError, match=r"BOOK_PROFILE is 'fast'.*'quick' or 'full'"
        ):
            function()


def test_same_seed_same_numbers_from_all_three_generators():
    def draw(seed):
        runtime.seed_everything(seed)
        return random.random(), np.random.rand(), float(tf.random.normal(()))  # noqa: NPY002

    first, second, other = draw(7), draw(np.int64(7)), draw(8)
    assert first == second
    assert all(a != b for a, b in zip(first, other))


@pytest.mark.parametrize("seed", [True, 1.0, "1", None])
def test_seed_of_wrong_type(seed):
    with pytest.raises((TypeError, ValueError), match="seed must be a whole number"):
        runtime.seed_everything(seed)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range(seed):
    with pytest.raises(
        ValueError, match="seed must be a whole number from 0 to 4294967295"
    ):
        runtime.seed_everything(seed)


def test_start_prints_one_line_with_the_other_profile(capfd):
    runtime.start(seed=3)
    out, err = capfd.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    for part in (
        "Profile: quick",
        "BOOK_PROFILE=full",
        runtime.device(),
        tf.__version__,
    ):
        assert part in out


def test_start_refuses_another_backend(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match=r"'jax'.*KERAS_BACKEND"):
        runtime.start()


def test_stopwatch_runs_then_stands_even_after_an_error(monkeypatch):
    wall, processor = iter([10.0, 11.5, 14.0]), iter([1.0, 1.25, 3.0])
    monkeypatch.setattr(runtime.time, "perf_counter", lambda: next(wall))
    monkeypatch.setattr(runtime.time, "process_time", lambda: next(processor))

    def work():
        with runtime.stopwatch() as watch:
            watches.append(watch)
            assert watch.seconds == 1.5  # still running
            raise KeyError

    watches = []
    with pytest.raises(KeyError):
        work()
    for _ in range(2):  # the clocks are asked no more
        assert (watches[0].seconds, watches[0].cpu_seconds) == (4.0, 2.0)


def test_matmul_speed_counts_two_operations_a_multiply(monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr(runtime.time, "perf_counter", lambda: float(next(ticks)))
    assert runtime.matmul_gflops(size=100, repeats=2) == pytest.approx(2 * 100**3 / 1e9)
    for bad in ({"size": 0}, {"size": 1.5}, {"repeats": True}):
        with pytest.raises(
            (TypeError, ValueError), match=f"{next(iter(bad))} must be a whole number"
        ):
            runtime.matmul_gflops(**bad)


def test_device_names_cores_or_gpu(monkeypatch):
    monkeypatch.setattr(runtime, "_cores", lambda: 1)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    assert runtime.device() == "CPU, 1 core"
    monkeypatch.setattr(runtime, "_cores", lambda: 8)
    assert runtime.device() == "CPU, 8 cores"
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind=None: ["g", "g"]
    )
    details = {"device_name": "Tesla T4"}
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda gpu: details
    )
    assert runtime.device() == "2 x Tesla T4"
    details.clear()
    assert runtime.device() == "2 x GPU"


def _run(code):
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("TF_", "BOOK_"))
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_tensorflow_starts_and_computes_without_a_word():
    """In a fresh process, with no TF_* variables set: nothing reaches standard
    error."""
    done = _run(
        "from helpers import runtime\n"
        "import tensorflow as tf\n"
        "runtime.start()\n"
        "tf.function(lambda x: x @ x, jit_compile=True)(tf.ones((8, 8)))\n"
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("Profile: quick")


def test_a_broken_tensorflow_is_not_silenced():
    """If the import fails, what C++ and Python said is shown."""
    done = _run(
        "import os, sys\n"
        "class Loader:\n"
        "    def create_module(self, spec): return None\n"
        "    def exec_module(self, module):\n"
        "        os.write(2, b'from C++: library lost\\n'); raise ImportError('no one')\n"
        "class Broken:\n"
        "    def find_spec(self, name, *rest):\n"
        "        from importlib.machinery import ModuleSpec\n"
        "        if name == 'tensorflow': return ModuleSpec(name, Loader())\n"
        "import helpers\n"
        "sys.meta_path.insert(1, Broken())\n"
        "import tensorflow\n"
    )
    assert done.returncode != 0
    assert "from C++: library lost" in done.stderr
    assert "no one" in done.stderr


def test_standard_error_works_again_after_import():
    done = _run("import os, helpers; os.write(2, b'still here')")
    assert done.stderr == "still here"
