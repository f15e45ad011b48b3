"""zoo: full makes and ships, quick reads, equal settings are not worked for twice."""

import json
import os
import random
import shutil
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import manifest, runtime, zoo

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


class Work:
    """A train or measure function that counts its calls."""

    def __init__(self, result):
        self.calls, self.result = 0, result

    def __call__(self):
        self.calls += 1
        return self.result() if callable(self.result) else self.result


def net():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


def never():
    raise AssertionError("this must not be called")


@pytest.fixture
def full(empty_zoo, monkeypatch):
    monkeypatch.setenv("BOOK_PROFILE", "full")
    return empty_zoo


@pytest.fixture
def quick(monkeypatch):
    return lambda: monkeypatch.setenv("BOOK_PROFILE", "quick")


# --- models
# -------------------------------------------------------------------------------


def test_trained_in_full_is_read_in_quick(full, quick):
    work = Work(lambda: (net(), {"steps": np.int64(30), "note": "tiny"}))
    model = zoo.trained("toy", work, {"rate": 1e-3, "sizes": (1, 2)})
    quick()
    again = zoo.trained("toy", never, {"rate": 1e-3, "sizes": [1, 2]})
    np.testing.assert_array_equal(model(X), again(X))
    np.testing.assert_array_equal(model(X), zoo.load("toy")(X))
    assert work.calls == 1


def test_card_tells_who_made_it_how_and_on_what(full, monkeypatch):
    monkeypatch.setenv("BOOK_CHAPTER", "05")
    clock = iter([0.0, 12.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    zoo.trained("toy", lambda: (net(), {"steps": 30, "seconds": 999}), {"rate": 0.1})
    card = zoo.card("toy")
    raw = (full / "weights" / "toy.npz").read_bytes()
    assert card["name"] == "toy"
    assert card["chapter"] == "05"
    assert card["settings"] == {"rate": 0.1}
    assert card["seconds"] == 12.0  # measured here, whatever train() says
    assert card["steps"] == 30
    assert card["parameters"] == 3 * 2 + 2
    assert card["bytes"] == len(raw)
    assert (
        card["sha256"]
        == manifest.sha256(raw)
        == manifest.read()["weights/toy.npz"]["sha256"]
    )
    assert card["hardware"] == runtime.device()
    assert card["versions"]["tensorflow"] == tf.__version__
    assert card["metrics"] == {}
    assert zoo.cards() == [card]
    assert manifest.read()["cards/toy.json"]["source"] == "made by chapter 05"
    assert zoo.load("toy").count_params() == 8


def test_only_other_settings_or_fresh_train_anew(full, monkeypatch):
    work = Work(net)
    first = zoo.trained("toy", work, {"rate": 1})
    second = zoo.trained("toy", work, {"rate": 1})
    np.testing.assert_array_equal(first(X), second(X))
    assert work.calls == 1
    zoo.trained("toy", work, {"rate": 2})
    assert work.calls == 2
    monkeypatch.setenv("BOOK_FRESH", "1")
    zoo.trained("toy", work, {"rate": 2})
    assert work.calls == 3


def test_reused_seconds_are_told(full, monkeypatch, tmp_path):
    told = tmp_path / "seconds"
    monkeypatch.setenv("BOOK_REUSED_SECONDS", str(told))
    zoo.trained("toy", net, {})
    zoo.measured("table", lambda: {"a": 1}, {})
    assert not told.exists()  # nothing was reused yet
    for _ in range(2):
        zoo.trained("toy", never, {})
    zoo.measured("table", never, {})
    seconds = zoo.card("toy")["seconds"]
    assert [float(line) for line in told.read_text().split()][:2] == [seconds, seconds]
    assert len(told.read_text().split()) == 3


def test_what_an_interrupted_run_had_done_is_counted(full, monkeypatch, tmp_path):
    told = tmp_path / "seconds"
    monkeypatch.setenv("BOOK_REUSED_SECONDS", str(told))
    zoo.measured("long", lambda: {"a": 1, "resumed_seconds": 100.0}, {})
    assert float(told.read_text()) == 100.0
    zoo.measured("long", never, {})
    assert [float(line) for line in told.read_text().split()][1] == pytest.approx(
        100, abs=5
    )


@pytest.mark.parametrize("broken", ["weights.npz", "card.json"])
def test_a_broken_cache_is_made_anew(full, broken):
    work = Work(net)
    zoo.trained("toy", work, {})
    (zoo.RUNS / "toy" / broken).write_bytes(b"{")
    zoo.trained("toy", work, {})
    assert work.calls == 2


@pytest.mark.parametrize("file", ["weights/toy.npz", "cards/toy.json"])
@pytest.mark.parametrize("harm", ["altered", "missing"])
def test_lost_assets_are_named_in_quick_and_mended_in_full(
    full, quick, monkeypatch, file, harm
):
    model = zoo.trained("toy", net, {})
    path = full / file
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    quick()
    expected = manifest.read()[file]["sha256"]
    with pytest.raises(
        (ValueError, FileNotFoundError), match=rf"{harm}.*{expected}.*git checkout"
    ):
        zoo.trained("toy", never, {})
    monkeypatch.setenv("BOOK_PROFILE", "full")
    np.testing.assert_array_equal(zoo.trained("toy", never, {})(X), model(X))


def test_quick_refuses_other_settings_by_name(full, quick):
    zoo.trained("toy", net, {"rate": 0.1, "width": 8})
    zoo.measured("table", lambda: {"a": 1}, {"seeds": [0, 1]})
    quick()
    with pytest.raises(
        ValueError, match=r"rate=0\.1 \(yours: 0\.2\).*BOOK_PROFILE=full"
    ):
        zoo.trained("toy", never, {"rate": 0.2, "width": 8})
    with pytest.raises(ValueError, match=r"width=8 \(yours: None\)"):
        zoo.trained("toy", never, {"rate": 0.1})
    with pytest.raises(
        ValueError, match=r"result 'table' .*seeds=\[0, 1\] \(yours: \[0\]\)"
    ):
        zoo.measured("table", never, {"seeds": [0]})


def test_unknown_names_tell_what_there_is(full, quick):
    zoo.trained("toy", net, {})
    quick()
    for call in (zoo.load, zoo.card, lambda name: zoo.trained(name, never, {})):
        with pytest.raises(
            ValueError, match=r"name 'toi' is not a model .*\(there are: toy\)"
        ):
            call("toi")
    with pytest.raises(ValueError, match="'toi' is not a measured result"):
        zoo.measured("toi", never, {})


@pytest.mark.parametrize(
    "name", ["", "../toy", "a/b", "Toy", "a b", "-a", "a--b", None, 3]
)
def test_names_that_are_no_file_names(full, name):
    for call in (
        zoo.load,
        zoo.card,
        lambda n: zoo.trained(n, never, {}),
        lambda n: zoo.measured(n, never, {}),
        lambda n: zoo.note_metrics(n, {}),
    ):
        with pytest.raises(ValueError, match="name must be small letters"):
            call(name)


@pytest.mark.parametrize("profile", ["quick", "full"])
@pytest.mark.parametrize("settings", [None, [1], {"f": never}, {"x": float("nan")}])
def test_settings_must_be_plain(empty_zoo, monkeypatch, profile, settings):
    monkeypatch.setenv("BOOK_PROFILE", profile)
    for call in (zoo.trained, zoo.measured):
        with pytest.raises(TypeError, match="settings must be a dict"):
            call("toy", never, settings)
        with pytest.raises(TypeError, match=r"(train|measure) must be a function"):
            call("toy", 5, {})


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (None, TypeError, "train must return a built functional keras.Model"),
        ((1, 2, 3), TypeError, "train must return a built functional keras.Model"),
        (lambda: (net(), 5), TypeError, "facts a dict, not 5"),
    ],
)
def test_train_must_return_a_model(full, result, error, message):
    with pytest.raises(error, match=message):
        zoo.trained("toy", Work(result), {})
    assert manifest.read() == {}


def test_nothing_is_trained_that_cannot_be_kept(full, monkeypatch):
    def refuse(folder, needed=0):
        raise PermissionError(f"{folder} cannot be written")

    monkeypatch.setattr(manifest, "check_writable", refuse)
    with pytest.raises(PermissionError, match="cannot be written"):
        zoo.trained("toy", never, {})
    with pytest.raises(PermissionError, match="cannot be written"):
        zoo.measured("table", never, {})


def test_what_follows_is_the_same_whichever_way_the_model_came(full, quick):
    def draws():
        return random.random(), np.random.rand(), float(tf.random.normal(()))  # noqa: NPY002

    def train():
        seen.append(draws())
        return net()

    seen, after = [], []
    for number in range(3):
        runtime.seed_everything(number)
        zoo.trained(
            "toy", train, {"again": number > 0} if number < 2 else {"again": True}
        )
        after.append(draws())
    quick()
    runtime.seed_everything(99)
    zoo.trained("toy", never, {"again": True})
    after.append(draws())
    assert len(set(after)) == 1
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_metrics_are_added_and_replaced_in_full_only(full, quick, monkeypatch):
    zoo.trained("toy", net, {})
    zoo.note_metrics("toy", {"frechet": np.float64(5.5), "precision": 0.7})
    zoo.note_metrics("toy", {"frechet": 4.5, "seeds": np.arange(3)})
    expected = {"frechet": 4.5, "precision": 0.7, "seeds": [0, 1, 2]}
    assert zoo.card("toy")["metrics"] == expected
    zoo.trained("toy", never, {})  # reuse keeps them
    assert zoo.card("toy")["metrics"] == expected
    quick()
    zoo.note_metrics("toy", {"frechet": 0.0})
    assert zoo.card("toy")["metrics"] == expected
    with pytest.raises(TypeError, match="metrics must be a dict with strings"):
        zoo.note_metrics("toy", [1])
    monkeypatch.setenv("BOOK_PROFILE", "full")
    (
        full / "cards" / "toy.json"
    ).unlink()  # lost, then mended from runs/ with its metrics
    zoo.trained("toy", never, {})
    assert zoo.card("toy")["metrics"] == expected
    zoo.trained("toy", net, {"other": 1})  # a new model has not been measured
    assert zoo.card("toy")["metrics"] == {}


# --- results
# ------------------------------------------------------------------------------


def test_measured_in_full_is_read_in_quick(full, quick):
    work = Work(
        {"curve": np.linspace(0, 1, 5), "best": np.float64(0.1), "rows": [(1, "a")]}
    )
    first = zoo.measured("table", work, {"seeds": 3})
    second = zoo.measured("table", work, {"seeds": 3})
    quick()
    third = zoo.measured("table", never, {"seeds": 3})
    for result in (first, second, third):
        assert (result["best"], result["rows"]) == (0.1, [[1, "a"]])
        np.testing.assert_array_equal(
            result["curve"], np.linspace(0, 1, 5, dtype=np.float32)
        )
    assert work.calls == 1
    assert os.listdir(full / "measured") == ["table.npz"]


def test_altered_result_is_refused(full, quick):
    zoo.measured("table", lambda: {"a": 1}, {})
    path = full / "measured" / "table.npz"
    path.write_bytes(path.read_bytes() + b"?")
    quick()
    with pytest.raises(ValueError, match=r"table\.npz has been altered"):
        zoo.measured("table", never, {})


def test_too_large_a_result_is_kept_but_not_shipped(full):
    noise = np.random.default_rng(0).random(900_000)
    work = Work({"a": noise})
    for _ in range(2):  # the second time it is not measured again
        with pytest.raises(
            ValueError, match=r"'table' takes 3,.* bytes, over the 3,000,000"
        ):
            zoo.measured("table", work, {})
    assert work.calls == 1
    assert manifest.read() == {}


def test_measure_must_return_what_can_be_kept(full):
    with pytest.raises(TypeError, match="measure must return a dict, not list"):
        zoo.measured("table", lambda: [1], {})
    with pytest.raises(TypeError, match=r"values\['m'\] is a Sequential"):
        zoo.measured("table", lambda: {"m": net()}, {})


# --- what is shipped
# ----------------------------------------------------------------------


def test_every_shipped_model_loads_and_every_asset_is_listed():
    for card in zoo.cards():
        assert zoo.load(card["name"]).count_params() == card["parameters"]
        assert manifest.read()[f"weights/{card['name']}.npz"]["bytes"] == card["bytes"]
    on_disk = {
        path.relative_to(manifest.ASSETS).as_posix()
        for path in manifest.ASSETS.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert on_disk == set(manifest.read())
    for name in on_disk:
        manifest.verified(name)
    assert json.loads((manifest.ASSETS / "manifest.json").read_text())["files"]


def test_a_model_with_layers_of_the_book_loads_in_a_process_that_never_named_them():
    code = "from helpers import zoo; print(zoo.load('fashion-gpt').count_params())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout.split()[-1]) == zoo.card("16/fashion-gpt")["parameters"]


# --- adopting what is shipped
# ---------------------------------------------------------------


def test_adopt_lets_a_fresh_clone_reuse_what_is_shipped(full):
    zoo.trained("toy", Work(net), {"rate": 1})
    zoo.measured("sum", Work({"x": 3}), {"n": 1})
    shutil.rmtree(zoo.RUNS)
    assert sorted(zoo.adopt()) == ["sum", "toy"]
    zoo.trained("toy", never, {"rate": 1})
    assert zoo.measured("sum", never, {"n": 1})["x"] == 3
    assert (
        zoo.measured("sum", Work({"x": 4}), {"n": 2})["x"] == 4
    )  # other settings: made anew
    assert zoo.adopt() == []  # what runs/ has is not touched
    assert zoo.measured("sum", never, {"n": 2})["x"] == 4


def test_adopt_refuses_an_altered_file(full):
    zoo.trained("toy", Work(net), {})
    (manifest.ASSETS / "weights" / "toy.npz").write_bytes(b"other")
    shutil.rmtree(zoo.RUNS)
    with pytest.raises(ValueError, match="altered"):
        zoo.adopt()
    assert not (zoo.RUNS / "toy" / "card.json").exists()
