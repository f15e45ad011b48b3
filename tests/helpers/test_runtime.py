"""runtime: the profile, the seeds, the clocks. Its silence is tested in test_quiet."""

import random
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


@pytest.mark.parametrize("seed", [True, "1", None, [1]])
def test_seed_of_wrong_type(seed):
    with pytest.raises(TypeError, match="seed must be a whole number"):
        runtime.seed_everything(seed)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, np.nan])
def test_seed_out_of_range(seed):
    with pytest.raises(ValueError, match="seed must be a whole number from 0 to 42949"):
        runtime.seed_everything(seed)


def test_the_largest_seed_is_welcome():
    runtime.seed_everything(2**32 - 1)


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


def test_start_names_the_setting_of_channels_first():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(RuntimeError, match=r"channels first.*keras\.json") as told:
            runtime.start()
    finally:
        keras.config.set_image_data_format("channels_last")
    assert str(told.value).count("\n") == 0 and str(told.value).endswith(".")
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
    for bad, error in (
        ({"size": 0}, ValueError),
        ({"size": 1.5}, ValueError),
        ({"repeats": True}, TypeError),
    ):
        with pytest.raises(error, match=f"{next(iter(bad))} must be a whole number"):
            runtime.matmul_gflops(**bad)


def test_device_names_cores_or_gpu(monkeypatch):
    monkeypatch.setattr(runtime, "cores", lambda: 1)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    assert runtime.device() == "CPU, 1 core"
    monkeypatch.setattr(runtime, "cores", lambda: 8)
    assert runtime.device() == "CPU, 8 cores"
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: ["g"] * 2)
    details = {"device_name": "Tesla T4"}
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda gpu: details
    )
    assert runtime.device() == "2 x Tesla T4"
    details.clear()
    assert runtime.device() == "2 x GPU"


# The clock that counts: what a machine is, `runtime._card` says.


@pytest.fixture(params=[None, "Tesla T4"], ids=["a processor", "a card"])
def card(request, monkeypatch):
    """Pretend a graphics card, or none: its name."""
    monkeypatch.setattr(runtime, "_card", lambda: request.param)
    return request.param


def test_the_clock_is_the_processor_s_or_on_a_card_the_wall_s(monkeypatch, card):
    now = {"wall": 10.0, "processor": 1.0}
    monkeypatch.setattr(runtime.time, "perf_counter", lambda: now["wall"])
    monkeypatch.setattr(runtime.time, "process_time", lambda: now["processor"])
    begun = runtime.clock()
    with runtime.stopwatch() as watch:
        now |= {"wall": 14.0, "processor": 31.0}
    assert runtime.on_card() == bool(card)
    assert runtime.clock() - begun == watch.clock == (4 if card else 30)
    assert (watch.seconds, watch.cpu_seconds) == (4, 30)
    assert runtime.clock_name() == ("wall seconds" if card else "processor seconds")


def test_processor_seconds_are_those_of_all_cores(monkeypatch):
    """They are not halved on two cores, nor told of one thread alone."""
    import threading
    import time

    monkeypatch.setattr(runtime, "_card", lambda: None)
    begun, own = runtime.clock(), time.thread_time()

    def work():
        while runtime.clock() - begun < 0.3:
            np.sort(np.arange(10_000)[::-1])

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runtime.clock() - begun >= 0.3
    assert time.thread_time() - own < 0.25  # most of it was spent elsewhere


@pytest.mark.parametrize("profile", ["quick", "full"])
def test_a_card_has_a_budget_of_its_own_in_quick(monkeypatch, card, profile):
    monkeypatch.setenv("BOOK_PROFILE", profile)
    live = "full" if profile == "full" else "card" if card else "quick"
    assert runtime.budget(quick="quick", full="full", card="card") == live
    assert runtime.budget(quick=1, full=2) == {"quick": 1, "full": 2}[profile]
    assert runtime.budget(quick=1, full=2, card=0) in (
        (0,) if live == "card" else (1, 2)
    )


def test_the_first_line_names_the_card_and_tf32_is_off(card, capsys):
    tf.config.experimental.enable_tensor_float_32_execution(True)
    runtime.start()
    assert not tf.config.experimental.tensor_float_32_execution_enabled()
    said = capsys.readouterr().out
    assert f" · {card or f'CPU, {runtime.cores()} core'}" in said


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (
            {"seconds": 652.63, "cpu_seconds": 1153.08, "hardware": "CPU, 2 cores"},
            "1,153 processor seconds on 2 CPU cores (653 s on the wall)",
        ),
        (
            {"seconds": 3.25, "cpu_seconds": 5, "hardware": "CPU, 1 core", "cores": 1},
            "5.0 processor seconds on 1 CPU core (3.2 s on the wall)",
        ),
        ({"cpu_seconds": 30, "hardware": "CPU"}, "30 processor seconds"),
        (
            {"seconds": 41.2, "cpu_seconds": 7, "hardware": "Tesla T4", "cores": 2},
            "41 wall seconds on Tesla T4",
        ),
        ({"seconds": 20, "hardware": "CPU, 8 cores"}, "20 wall seconds on 8 CPU cores"),
        ({"seconds": 20, "cpu_seconds": 30}, "20 wall seconds"),  # on what, who knows
        ({}, "in a time that was not kept"),
    ],
)
def test_a_card_s_time_is_told_as_far_as_it_is_known(known, words):
    assert runtime.took(known) == words


def test_took_asks_for_a_dict():
    with pytest.raises(TypeError, match="card must be a dict, got 'text'"):
        runtime.took("text")


def test_every_shipped_card_tells_its_clock_and_its_machine():
    from helpers.store import records

    for name in records.names():
        assert " processor seconds on 2 CPU cores (" in runtime.took(records.card(name))


def test_versions_are_those_in_use():
    versions = runtime.versions()
    assert versions["tensorflow"] == tf.__version__
    assert versions["keras"] == keras.__version__
    assert versions["numpy"] == np.__version__
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
