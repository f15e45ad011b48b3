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

from helpers import runtime, zoo
from helpers.store import making, manifest, records

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


class Work:
    """A train or measure function that counts its calls."""

    def __init__(self, result):
        self.calls, self.result = 0, result

    def __call__(self, **point):
        self.calls += 1
        return self.result(**point) if callable(self.result) else self.result


def net():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


def never(*values, **named):
    raise AssertionError("this must not be called")


def written(folder):
    """Return every file below a folder: name -> bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def full(empty_zoo, monkeypatch):
    monkeypatch.setenv("BOOK_PROFILE", "full")
    return empty_zoo


@pytest.fixture
def quick(monkeypatch):
    return lambda: monkeypatch.setenv("BOOK_PROFILE", "quick")


# --- models ------------------------------------------------------------------------


def test_trained_in_full_is_read_in_quick(full, quick):
    work = Work(lambda: (net(), {"steps": np.int64(30), "note": "tiny"}))
    model = zoo.trained("05/toy", work, {"rate": 1e-3, "sizes": (1, 2)})
    quick()
    again = zoo.trained("05/toy", never, {"rate": 1e-3, "sizes": [1, 2]})
    np.testing.assert_array_equal(model(X), again(X))
    np.testing.assert_array_equal(model(X), zoo.load("05/toy")(X))
    assert work.calls == 1
    assert sorted(written(full)) == [
        "05/toy.json", "05/toy.safetensors", "manifest.json",
    ]  # fmt: skip


def test_card_tells_who_made_it_how_and_on_what(full, monkeypatch):
    clock = iter([0.0, 12.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    zoo.trained("05/toy", lambda: (net(), {"steps": 30, "seconds": 999}), {"rate": 0.1})
    card = zoo.card("05/toy")
    raw = (full / "05" / "toy.safetensors").read_bytes()
    assert (card["name"], card["kind"], card["chapter"]) == ("05/toy", "model", "05")
    assert card["settings"] == {"rate": 0.1}
    assert card["seconds"] == 12.0  # measured here, whatever train() says
    assert card["steps"] == 30
    assert card["parameters"] == 3 * 2 + 2
    assert card["bytes"] == len(raw)
    assert (
        card["sha256"]
        == manifest.sha256(raw)
        == manifest.read()["05/toy.safetensors"]["sha256"]
    )
    assert card["hardware"] == runtime.device()
    assert card["cores"] == runtime.cores()
    assert card["cpu_seconds"] >= 0
    assert card["versions"]["tensorflow"] == tf.__version__
    assert card["metrics"] == {}
    assert card["code"] is None  # no notebook made it
    assert zoo.cards() == [card]
    assert manifest.read()["05/toy.json"]["source"] == "made by chapter 05"
    assert zoo.load("05/toy").count_params() == 8


# --- what a graphics card made is not shipped by itself --------------------------------


def on(monkeypatch, device):
    monkeypatch.setattr(runtime, "_card", lambda: device)


def test_a_card_keeps_what_it_made_and_ships_none_of_it(full, monkeypatch, capsys):
    on(monkeypatch, None)
    zoo.trained("05/toy", net, {"rate": 1})
    zoo.measured("05/table", lambda: {"a": 1}, {"rate": 1})
    shipped = written(full)
    on(monkeypatch, "Tesla T4")
    capsys.readouterr()
    judge = lambda model: {"frechet": 2.0}  # noqa: E731
    made = zoo.trained("05/toy", net, {"rate": 2}, judge)
    assert zoo.measured("05/table", lambda: {"a": 2}, {"rate": 2}) == {"a": 2}
    zoo.trained("05/new", net, {})
    zoo.note_metrics("05/toy", {"recall": 0.5})
    assert written(full) == shipped
    said = capsys.readouterr().out
    assert "05/toy was made on Tesla T4: it stays in runs/" in said
    assert "BOOK_SHIP=1" in said
    # and what the same full run asks for later is what it made
    np.testing.assert_array_equal(zoo.load("05/toy")(X), made(X))
    assert zoo.load("05/new").count_params() == 8
    card = zoo.card("05/toy")
    assert card["metrics"] == {"frechet": 2.0, "recall": 0.5}
    assert (card["hardware"], card["settings"]) == ("Tesla T4", {"rate": 2})
    assert card["cores"] == runtime.cores()


def test_nor_does_a_later_run_on_a_processor_ship_it(full, monkeypatch):
    on(monkeypatch, "Tesla T4")
    zoo.trained("05/toy", net, {"rate": 1})
    on(monkeypatch, None)
    zoo.trained("05/toy", never, {"rate": 1})  # taken from runs/
    assert list(written(full)) == ["manifest.json"]


def test_quick_on_a_card_reads_what_is_shipped(full, quick, monkeypatch):
    on(monkeypatch, None)
    first = zoo.trained("05/toy", net, {"rate": 1})
    on(monkeypatch, "Tesla T4")
    zoo.trained("05/toy", net, {"rate": 2})
    quick()
    np.testing.assert_array_equal(
        zoo.trained("05/toy", never, {"rate": 1})(X), first(X)
    )
    assert zoo.card("05/toy")["settings"] == {"rate": 1}


def test_somebody_who_says_so_ships_it(full, monkeypatch):
    on(monkeypatch, "Tesla T4")
    monkeypatch.setenv("BOOK_SHIP", "1")
    zoo.trained("05/toy", net, {"rate": 1})
    assert "05/toy.json" in written(full)


def test_only_other_settings_or_fresh_train_anew(full, monkeypatch):
    work = Work(net)
    first = zoo.trained("05/toy", work, {"rate": 1})
    second = zoo.trained("05/toy", work, {"rate": 1})
    np.testing.assert_array_equal(first(X), second(X))
    assert work.calls == 1
    zoo.trained("05/toy", work, {"rate": 2})
    assert work.calls == 2
    monkeypatch.setenv("BOOK_FRESH", "1")
    zoo.trained("05/toy", work, {"rate": 2})
    assert work.calls == 3


def test_reused_seconds_are_told(full, monkeypatch, tmp_path):
    told = tmp_path / "seconds"
    monkeypatch.setenv("BOOK_REUSED_SECONDS", str(told))
    zoo.trained("05/toy", net, {})
    zoo.measured("05/table", lambda: {"a": 1}, {})
    assert not told.exists()  # nothing was reused yet
    for _ in range(2):
        zoo.trained("05/toy", never, {})
    zoo.measured("05/table", never, {})
    seconds = zoo.card("05/toy")["seconds"]
    assert [float(line) for line in told.read_text().split()][:2] == [seconds, seconds]
    assert len(told.read_text().split()) == 3


def test_what_an_interrupted_run_had_done_is_counted(full, monkeypatch, tmp_path):
    told = tmp_path / "seconds"
    monkeypatch.setenv("BOOK_REUSED_SECONDS", str(told))
    zoo.measured("05/long", lambda: {"a": 1, "resumed_seconds": 100.0}, {})
    assert float(told.read_text()) == 100.0
    zoo.measured("05/long", never, {})
    assert [float(line) for line in told.read_text().split()][1] == pytest.approx(
        100, abs=5
    )
    zoo.measured("05/both", lambda: {"resumed_cpu_seconds": 1e6}, {})
    assert records.card("05/both")["cpu_seconds"] == pytest.approx(1e6, abs=100)


@pytest.mark.parametrize("broken", ["toy.safetensors", "toy.json"])
@pytest.mark.parametrize("content", [b"{", b"{}", b"", None])
def test_a_broken_cache_is_made_anew(full, broken, content):
    work = Work(net)
    zoo.trained("05/toy", work, {})
    path = records.RUNS / "05" / broken
    path.unlink() if content is None else path.write_bytes(content)
    zoo.trained("05/toy", work, {})
    assert work.calls == 2
    zoo.trained("05/toy", never, {})


@pytest.mark.parametrize("file", ["05/toy.safetensors", "05/toy.json"])
@pytest.mark.parametrize("harm", ["altered", "missing"])
def test_lost_assets_are_named_in_quick_and_mended_in_full(
    full, quick, monkeypatch, file, harm
):
    model = zoo.trained("05/toy", net, {})
    path = full / file
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"?")  # of the same size
    quick()
    expected = manifest.read()[file]["sha256"]
    for call in (lambda: zoo.trained("05/toy", never, {}), lambda: zoo.load("05/toy")):
        with pytest.raises(
            (ValueError, FileNotFoundError), match=rf"{harm}.*{expected}.*git checkout"
        ):
            call()
    monkeypatch.setenv("BOOK_PROFILE", "full")
    np.testing.assert_array_equal(zoo.trained("05/toy", never, {})(X), model(X))
    assert manifest.verified(file)


def test_unknown_names_tell_which_is_meant(full, quick):
    zoo.trained("05/toy", net, {})
    zoo.measured("05/table", lambda: {"a": 1}, {})
    quick()
    calls = (
        zoo.load,
        zoo.card,
        lambda name: zoo.trained(name, never, {}),
        lambda name: zoo.measured(name, never, {}),
    )
    for call in calls:
        with pytest.raises(
            ValueError, match=r"'05/toi' is nothing .*BOOK_PROFILE=full"
        ):
            call("05/toi")
        with pytest.raises(ValueError, match=r"'06/toy' is nothing .*is it '05/toy'"):
            call("06/toy")
    assert zoo.load("05/table") == {"a": 1}
    with pytest.raises(ValueError, match="'05/table' is a result, and no model"):
        zoo.card("05/table")


@pytest.mark.parametrize(
    "name",
    ["", "toy", "../toy", "05/../toy", "5/toy", "05/a/b", "05/Toy", "05/a b", "05/-a",
     "05/a--b", "05/", "/05/toy", "05/toy\n"],
)  # fmt: skip
def test_names_that_are_no_file_names(full, name):
    for call in (
        zoo.load,
        zoo.card,
        lambda n: zoo.trained(n, never, {}),
        lambda n: zoo.measured(n, never, {}),
        lambda n: zoo.note_metrics(n, {}),
        lambda n: zoo.folder(n, {}),
    ):
        with pytest.raises(
            ValueError, match="name must be a chapter and small letters"
        ):
            call(name)
        with pytest.raises(TypeError, match="name must be a string"):
            call(3)


@pytest.mark.parametrize("profile", ["quick", "full"])
@pytest.mark.parametrize("settings", [None, [1], {"f": never}, {"x": float("nan")}])
def test_settings_must_be_plain(empty_zoo, monkeypatch, profile, settings):
    monkeypatch.setenv("BOOK_PROFILE", profile)
    for call in (zoo.trained, zoo.measured):
        with pytest.raises(TypeError, match="settings must be a dict"):
            call("05/toy", never, settings)
        with pytest.raises(TypeError, match=r"(train|measure) must be a function"):
            call("05/toy", 5, {})
    with pytest.raises(TypeError, match="settings must be a dict"):
        zoo.folder("05/toy", settings)
    with pytest.raises(TypeError, match="settings must be a dict"):
        zoo.sweep("05/toy", never, settings, {"seed": (0,)})
    with pytest.raises(TypeError, match="judge must be a function"):
        zoo.trained("05/toy", never, {}, judge=3)


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (None, TypeError, "train must return a built functional keras.Model"),
        ((1, 2, 3), TypeError, "train must return a built functional keras.Model"),
        (lambda: (net(), 5), TypeError, r"facts a dict: 5"),
    ],
)
def test_train_must_return_a_model(full, result, error, message):
    with pytest.raises(error, match=message):
        zoo.trained("05/toy", Work(result), {})
    assert manifest.read() == {}


@pytest.mark.parametrize("which", ["assets", "runs"])
def test_nothing_is_trained_that_cannot_be_kept(full, monkeypatch, which):
    def refuse(folder, needed=0):
        if folder == {"assets": full, "runs": records.RUNS}[which]:
            raise PermissionError(f"{folder} cannot be written")

    monkeypatch.setattr(manifest, "check_writable", refuse)
    with pytest.raises(PermissionError, match=f"{which} cannot be written"):
        zoo.trained("05/toy", never, {})
    with pytest.raises(PermissionError, match=f"{which} cannot be written"):
        zoo.measured("05/table", never, {})


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
            "05/toy", train, {"again": number > 0} if number < 2 else {"again": True}
        )
        after.append(draws())
    quick()
    runtime.seed_everything(99)
    zoo.trained("05/toy", never, {"again": True})
    after.append(draws())
    assert len(set(after)) == 1
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_what_was_renamed_keeps_its_seed(full, monkeypatch):
    zoo.measured("05/old", lambda: {"x": np.random.rand()}, {})  # noqa: NPY002
    old = records.shipped("05/old")
    moved = records.Record("05/new", {**old.card, "name": "05/new"})
    records.ship(moved)
    monkeypatch.setenv("BOOK_FRESH", "1")
    again = zoo.measured("05/new", lambda: {"x": np.random.rand()}, {})  # noqa: NPY002
    assert again == {"x": old.card["values"]["x"]}
    assert zoo.measured("05/third", lambda: {"x": np.random.rand()}, {}) != again  # noqa: NPY002


# --- metrics -----------------------------------------------------------------------


def test_metrics_are_added_and_replaced_in_full_only(full, quick, monkeypatch):
    zoo.trained("05/toy", net, {})
    zoo.note_metrics("05/toy", {"frechet": np.float64(5.5), "precision": 0.7})
    zoo.note_metrics("05/toy", {"frechet": 4.5, "seeds": np.arange(3)})
    expected = {"frechet": 4.5, "precision": 0.7, "seeds": [0, 1, 2]}
    assert zoo.card("05/toy")["metrics"] == expected
    zoo.trained("05/toy", never, {})  # reuse keeps them
    assert zoo.card("05/toy")["metrics"] == expected
    quick()
    zoo.note_metrics("05/toy", {"frechet": 0.0})
    assert zoo.card("05/toy")["metrics"] == expected
    with pytest.raises(TypeError, match="metrics must be a dict with strings"):
        zoo.note_metrics("05/toy", [1])
    monkeypatch.setenv("BOOK_PROFILE", "full")
    (full / "05" / "toy.json").unlink()  # lost, then mended from runs/ with its metrics
    zoo.trained("05/toy", never, {})
    assert zoo.card("05/toy")["metrics"] == expected
    zoo.trained("05/toy", net, {"other": 1})  # a new model has not been measured
    assert zoo.card("05/toy")["metrics"] == {}


def test_the_judge_sees_what_is_shipped_and_the_card_is_written_once(
    full, quick, monkeypatch
):
    writes, write = [], manifest.write_all
    monkeypatch.setattr(
        manifest,
        "write_all",
        lambda files: (writes.append(sorted(files)), write(files)),
    )
    seen = []

    def judge(model):
        seen.append(model(X).numpy())
        return {"mean": model(X).numpy().mean(), "lost": float("nan")}

    facts = {"metrics": {"kept": 1}}
    model = zoo.trained("05/toy", lambda: (net(), facts), {}, judge=judge)
    np.testing.assert_array_equal(seen[0], model(X))
    assert [len(files) for files in writes] == [2, 3]  # runs/; assets and manifest
    assert zoo.card("05/toy")["metrics"] == {
        "kept": 1, "mean": pytest.approx(float(seen[0].mean())), "lost": None,
    }  # fmt: skip
    zoo.trained("05/toy", never, {}, judge=never)
    quick()
    zoo.trained("05/toy", never, {}, judge=never)
    assert len(writes) == 2
    with pytest.raises(TypeError, match="metrics must be a dict"):
        making.metrics_of(3)


# --- results -----------------------------------------------------------------------


def test_measured_in_full_is_read_in_quick(full, quick):
    work = Work(
        {"curve": np.linspace(0, 1, 5), "best": np.float64(0.1), "rows": [(1, "a")]}
    )
    first = zoo.measured("05/table", work, {"seeds": 3})
    second = zoo.measured("05/table", work, {"seeds": 3})
    quick()
    third = zoo.measured("05/table", never, {"seeds": 3})
    for result in (first, second, third):
        assert (result["best"], result["rows"]) == (0.1, [[1, "a"]])
        np.testing.assert_array_equal(
            result["curve"], np.linspace(0, 1, 5, dtype=np.float32)
        )
    assert work.calls == 1
    assert os.listdir(full / "05") == [
        "table.json"
    ]  # numbers alone: a reader sees them
    card = json.loads((full / "05" / "table.json").read_text())
    assert card["values"]["curve"]["$numbers"] == [0, 0.25, 0.5, 0.75, 1]


def test_altered_result_is_refused(full, quick):
    picture = np.zeros((4, 4), "uint8")
    zoo.measured("05/table", lambda: {"a": 1, "picture": picture}, {})
    quick()
    for name in ("table.json", "table.npz"):
        path = full / "05" / name
        was = path.read_bytes()
        path.write_bytes(was.replace(was[20:21], b"?", 1))
        with pytest.raises(ValueError, match=rf"{name} has been altered"):
            zoo.measured("05/table", never, {})
        path.write_bytes(was)
    assert zoo.measured("05/table", never, {})["a"] == 1


@pytest.mark.parametrize("values", ["beside", "in the card"])
def test_too_large_a_result_is_kept_but_not_shipped(full, values):
    noise = np.random.default_rng(0).random(900_000)
    work = Work({"a": noise if values == "beside" else noise[:150_000].tolist()})
    for _ in range(2):  # the second time it is not measured again
        with pytest.raises(
            ValueError, match=r"'05/table' takes 3,.* bytes, over the 3,000,000"
        ):
            zoo.measured("05/table", work, {})
    assert work.calls == 1
    assert manifest.read() == {}


def test_measure_must_return_what_can_be_kept(full):
    with pytest.raises(TypeError, match="measure must return a dict, got a list of 1"):
        zoo.measured("05/table", lambda: [1], {})
    with pytest.raises(TypeError, match=r"values\['m'\] is .*Sequential"):
        zoo.measured("05/table", lambda: {"m": net()}, {})
    assert manifest.read() == {}


# --- sweeps ------------------------------------------------------------------------


def test_a_sweep_measures_each_point_once_under_its_own_name(full, quick, monkeypatch):
    work = Work(lambda rate, seed: {"got": [rate, seed]})
    over = {"rate": (0.001, 2), "seed": range(2)}
    found = zoo.sweep("05/rate", work, {"steps": 5}, over)
    points = [[0.001, 0], [0.001, 1], [2, 0], [2, 1]]
    assert [one["got"] for one in found] == points
    assert records.names() == [
        "05/rate-0.001-0", "05/rate-0.001-1", "05/rate-2-0", "05/rate-2-1",
    ]  # fmt: skip
    assert records.card("05/rate-0.001-1")["settings"] == {
        "steps": 5, "rate": 0.001, "seed": 1,
    }  # fmt: skip
    assert work.calls == 4
    quick()
    assert zoo.sweep("05/rate", never, {"steps": 5}, over) == found
    monkeypatch.setenv("BOOK_CHAPTER", "05")
    with pytest.raises(ValueError, match=r"steps=6 \(the book's: 5\)"):
        zoo.sweep("05/rate", never, {"steps": 6}, over)


def test_a_sweep_goes_on_where_it_was(full):
    seen = []

    def measure(seed):
        seen.append(seed)
        if seed == 2 and len(seen) == 3:
            raise KeyboardInterrupt
        return {"seed": seed}

    with pytest.raises(KeyboardInterrupt):
        zoo.sweep("05/runs", measure, {}, {"seed": (0, 1, 2, 3)})
    found = zoo.sweep("05/runs", measure, {}, {"seed": (0, 1, 2, 3)})
    assert found == [{"seed": n} for n in range(4)]
    assert seen == [0, 1, 2, 2, 3]
    found = zoo.sweep("05/runs", measure, {}, {"seed": (0, 1, 2, 3, 4)})  # one more
    assert seen[5:] == [4]


@pytest.mark.parametrize("over", [None, {}, [("seed", (0,))], {"seed": 3}, {"a": "xy"}])
def test_what_a_sweep_goes_over_is_a_dict_of_values(full, over):
    with pytest.raises(TypeError, match="over must be a dict of setting -> values"):
        zoo.sweep("05/runs", never, {}, over)


# --- folders -----------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["quick", "full"])
def test_a_folder_belongs_to_its_settings(empty_zoo, monkeypatch, profile):
    monkeypatch.setenv("BOOK_PROFILE", profile)
    monkeypatch.setattr(manifest, "check_writable", never)
    first = zoo.folder("05/run", {"rate": 0.1, "sizes": (1, 2)})
    assert first == zoo.folder("05/run", {"sizes": [1, 2], "rate": 0.1})
    others = [
        zoo.folder("05/run", {"rate": 0.2, "sizes": (1, 2)}),
        zoo.folder("05/run", {"rate": 0.1}),
        zoo.folder("05/fun", {"rate": 0.1, "sizes": (1, 2)}),
    ]
    assert len({first, *others}) == 4
    assert first.is_relative_to(records.RUNS)
    assert not records.RUNS.exists()  # whoever keeps something makes it


# --- what is shipped ---------------------------------------------------------------


def test_every_shipped_model_loads_and_every_asset_is_listed():
    for card in zoo.cards():
        assert zoo.load(card["name"]).count_params() == card["parameters"]
        file = card["name"] + card["suffix"]
        assert manifest.read()[file]["bytes"] == card["bytes"]
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
    code = "from helpers import zoo; print(zoo.load('16/fashion-gpt').count_params())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout.split()[-1]) == zoo.card("16/fashion-gpt")["parameters"]


# --- adopting what is shipped ------------------------------------------------------


def test_adopt_lets_a_fresh_clone_reuse_what_is_shipped(full):
    zoo.trained("05/toy", Work(net), {"rate": 1})
    zoo.measured("05/sum", Work({"x": 3, "dots": np.zeros(9, "uint8")}), {"n": 1})
    shutil.rmtree(records.RUNS)
    assert sorted(zoo.adopt()) == ["05/sum", "05/toy"]
    zoo.trained("05/toy", never, {"rate": 1})
    assert zoo.measured("05/sum", never, {"n": 1})["x"] == 3
    # other settings: made anew
    assert zoo.measured("05/sum", Work({"x": 4}), {"n": 2})["x"] == 4
    assert zoo.adopt() == []  # what runs/ has is not touched
    assert zoo.measured("05/sum", never, {"n": 2})["x"] == 4


def test_adopt_refuses_an_altered_file(full):
    zoo.trained("05/toy", Work(net), {})
    (manifest.ASSETS / "05" / "toy.safetensors").write_bytes(b"other")
    shutil.rmtree(records.RUNS)
    with pytest.raises(ValueError, match="altered"):
        zoo.adopt()
    assert not (records.RUNS / "05" / "toy.json").exists()
