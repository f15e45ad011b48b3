"""A reader changes a number in quick: it is made, told, kept, and nothing is shipped."""

import json
import os
import sys
import time
import types

import keras
import numpy as np
import pytest

from helpers import gan_losses, networks, training, zoo
from helpers.store import manifest, records, texts, yours

SETTINGS = {"steps": 100, "rate": 0.1}


def net(bias=1.0):
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(2, bias_initializer=keras.initializers.Constant(bias)),
        ]
    )


def never():
    raise AssertionError("this must not be called")


def written(folder):
    """Return every file below a folder: name -> bytes."""
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def house(empty_zoo, monkeypatch):
    """A zoo in which chapter 05 shipped a model and a result, each in 20 seconds."""
    monkeypatch.setattr(yours, "_speed", yours.GFLOPS)
    monkeypatch.setattr(yours, "_made", {})
    monkeypatch.setattr(yours, "_said", set())
    monkeypatch.setattr(yours, "_declined", set())
    monkeypatch.setattr(yours, "instead", set())
    monkeypatch.setattr(yours, "_spent", {})
    monkeypatch.setenv("BOOK_PROFILE", "full")
    zoo.trained("05/toy", net, SETTINGS)
    zoo.measured("05/table", lambda: {"a": 1}, {**SETTINGS, "seeds": [0, 1]})
    for name in ("05/toy", "05/table"):
        record = records.shipped(name)
        card = {**record.card, "seconds": 20.0, "cpu_seconds": 0.0}
        records.ship(records.Record(name, card, record.data, record.suffix))
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    return empty_zoo


def bias(model):
    return float(model.layers[-1].bias[0])


def test_another_value_trains_the_reader_s_own_and_finds_it_again(house, capsys):
    before, kept = written(house), written(records.RUNS)
    own = zoo.trained("05/toy", lambda: net(3), {**SETTINGS, "rate": 0.2})
    assert bias(own) == 3
    said = capsys.readouterr().out
    assert said == (
        "05/toy: yours now, rate=0.2 (the book's: 0.1): about 20 s here. Interrupt the "
        "cell to stop; run it again to go on.\n"
    )
    assert bias(zoo.trained("05/toy", never, {**SETTINGS, "rate": 0.2})) == 3
    assert capsys.readouterr().out == "05/toy: yours, rate=0.2 (the book's: 0.1).\n"
    assert zoo.card("05/toy")["settings"]["rate"] == 0.2
    assert bias(zoo.trained("05/toy", never, SETTINGS)) == 1
    assert zoo.card("05/toy")["settings"]["rate"] == 0.1
    assert written(house) == before  # nothing shipped was touched
    now = written(records.RUNS)
    assert {p: now[p] for p in kept} == kept  # nor what a full run had kept
    assert {p.relative_to(records.RUNS).parts[0] for p in set(now) - set(kept)} == {
        "yours"
    }


def test_what_is_measured_on_a_reader_s_model_goes_into_its_card_alone(house):
    before = written(house)
    zoo.note_metrics("05/toy", {"frechet": 1.0})  # the shipped one stays as it is
    assert "frechet" not in zoo.card("05/toy")["metrics"]
    own = zoo.trained("05/toy", lambda: net(3), {**SETTINGS, "rate": 0.2})
    zoo.note_metrics("05/toy", {"frechet": 2.0})
    assert zoo.card("05/toy")["metrics"]["frechet"] == 2.0
    again = zoo.trained("05/toy", never, {**SETTINGS, "rate": 0.2})
    assert bias(again) == bias(own) == 3
    assert zoo.card("05/toy")["metrics"]["frechet"] == 2.0
    assert written(house) == before


def test_a_result_too_and_a_sweep(house, capsys):
    own = {**SETTINGS, "seeds": [0, 1], "batch": 8}
    assert zoo.measured("05/table", lambda: {"a": 2}, own) == {"a": 2}
    assert "batch=8 (the book has none)" in capsys.readouterr().out
    assert zoo.measured("05/table", never, own) == {"a": 2}
    fewer = {"steps": 100, "seeds": [0, 1]}
    assert zoo.measured("05/table", lambda: {"a": 3}, fewer) == {"a": 3}
    assert "no rate (the book's: 0.1)" in capsys.readouterr().out


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b"{}"])
def test_a_broken_one_is_made_anew(house, broken):
    own = {**SETTINGS, "rate": 0.2}
    zoo.trained("05/toy", lambda: net(3), own)
    card = next((records.RUNS / "yours").rglob("*.json"))
    card.write_bytes(broken)
    assert bias(zoo.trained("05/toy", lambda: net(4), own)) == 4
    card.with_suffix(".safetensors").write_bytes(b"something else")
    assert bias(zoo.trained("05/toy", lambda: net(5), own)) == 5


def test_a_maintainer_s_run_proves_what_is_shipped(house, monkeypatch):
    monkeypatch.setenv("BOOK_CHAPTER", "05")
    with pytest.raises(ValueError, match=r"rate=0\.2 \(the book's: 0\.1\).*=full"):
        zoo.trained("05/toy", never, {**SETTINGS, "rate": 0.2})


def test_what_cannot_be_kept_is_told_before_it_is_made(house, monkeypatch):
    def full_disk(folder):
        raise OSError("The disk is full.")

    monkeypatch.setattr(manifest, "check_writable", full_disk)
    with pytest.raises(OSError, match="The disk is full"):
        zoo.trained("05/toy", never, {**SETTINGS, "rate": 0.2})


# ---- how long ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 20),
        ({"rate": 9}, 20),
        ({"steps": 50}, 10),
        ({"steps": 300}, 60),
        ({"steps": "many"}, 20),
        ({"steps": True}, 20),
        ({"epochs": 4, "steps": 50}, 40),
        ({"seeds": [0]}, 10),
        ({"seeds": [0, 1, 2, 3]}, 40),
    ],
)
def test_the_time_is_in_proportion_to_what_is_counted(monkeypatch, changes, seconds):
    monkeypatch.setattr(yours, "_speed", yours.GFLOPS)
    before = {"steps": 100, "epochs": 1, "seeds": [0, 1], "rate": 1}
    card = {"seconds": 20, "settings": before}
    assert yours.expected(card, before | changes) == pytest.approx(seconds)
    monkeypatch.setattr(yours, "_speed", yours.GFLOPS / 2)
    assert yours.expected(card, before | changes) == pytest.approx(2 * seconds)
    busy = {**card, "cpu_seconds": 16}  # of two cores, and others were at work
    assert yours.expected(busy, before) == pytest.approx(2 * 16 / yours.CORES)
    mine = {**card, "gflops": yours.GFLOPS / 2}
    assert yours.expected(mine, before | changes) == pytest.approx(seconds)


def test_a_time_that_is_asked_for_is_no_less(monkeypatch):
    """The book's own run found the training done, and its card tells the rest alone;
    and a fast machine does not make two minutes shorter."""
    monkeypatch.setattr(yours, "_speed", 10 * yours.GFLOPS)
    card = {"seconds": 24, "cpu_seconds": 5, "settings": {"seconds": 300, "rate": 1}}
    assert yours.expected(card, {"seconds": 300, "rate": 2}) == pytest.approx(330)
    assert yours.expected(card, {"seconds": 30, "rate": 2}) == pytest.approx(33)
    rung = {"seconds": 66, "cpu_seconds": 5, "settings": {"moments": [15, 60]}}
    assert yours.expected(rung, {"moments": [15, 60], "rate": 2}) == pytest.approx(66)
    assert yours.expected(rung, {"moments": 60}) == pytest.approx(6.6)


def test_a_card_s_large_product_promises_no_miracle(monkeypatch):
    """Small layers wait for launches: 50 times the product is not 50 times the pace."""
    card = {"seconds": 20, "settings": {"steps": 100}}
    monkeypatch.setattr(yours, "_speed", 50 * yours.GFLOPS)
    assert yours.expected(card, {"steps": 100}) == pytest.approx(20 / 50)
    monkeypatch.setattr(yours.runtime, "_card", lambda: "Tesla T4")
    assert yours.expected(card, {"steps": 100}) == pytest.approx(20 / yours.ON_CARD)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (7.4, "7 s"), (38, "40 s"), (99, "100 s"), (101, "2 min"),
     (600, "10 min"), (5900, "98 min"), (7560, "2.1 h")],
)  # fmt: skip
def test_times_in_words(seconds, words):
    assert yours.told(seconds) == words


def test_what_takes_too_long_is_shown_as_the_book_has_it(house, capsys):
    long = {**SETTINGS, "steps": 10_000}
    assert bias(zoo.trained("05/toy", never, long)) == 1
    said = capsys.readouterr().out
    assert said == (
        "05/toy: steps=10000 (the book's: 100) would take about 33 min here, so the "
        "book's own is shown. To train yours put `PATIENCE = 41  # minutes` into the "
        "parameter cell, or choose steps=2400 for about 10 min.\n"
    )
    assert zoo.card("05/toy")["settings"] == SETTINGS
    assert yours.instead == {"05/toy"}
    zoo.trained("05/toy", never, SETTINGS)
    assert not yours.instead


def test_patience_is_for_all_that_is_begun_together(house, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PATIENCE", "0.6")  # 36 seconds, and each takes 20
    zoo.trained("05/toy", lambda: net(3), {**SETTINGS, "rate": 0.2})
    own = {**SETTINGS, "seeds": [0, 1], "rate": 0.2}
    assert zoo.measured("05/table", never, own) == {"a": 1}
    said = capsys.readouterr().out.splitlines()[-1]
    assert "would take about 20 s here after the 20 s so far" in said
    assert said.endswith("put `PATIENCE = 1  # minutes` into the parameter cell.")
    assert bias(zoo.trained("05/toy", never, {**SETTINGS, "rate": 0.2})) == 3
    zoo.trained("05/toy", net, {**SETTINGS, "steps": 50})  # 10 seconds


def test_patience_is_the_chapter_s(house, monkeypatch):
    long = {**SETTINGS, "steps": 10_000}
    main = types.SimpleNamespace(PATIENCE=41)
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert bias(zoo.trained("05/toy", lambda: net(7), long)) == 7
    main.PATIENCE = 0
    assert bias(zoo.trained("05/toy", never, {**SETTINGS, "rate": 5})) == 1
    for wrong in ("long", -1, float("nan"), [3]):
        main.PATIENCE = wrong
        with pytest.raises(ValueError, match="PATIENCE must be a number of minutes"):
            yours.patience()
    del main.PATIENCE
    assert yours.patience() == 10
    monkeypatch.setenv("BOOK_PATIENCE", "3")
    assert yours.patience() == 3


# ---- room ----------------------------------------------------------------------------


def test_the_oldest_go_first_and_are_named(house, capsys):
    for rate in (1.0, 2.0, 3.0):
        zoo.trained("05/toy", net, {**SETTINGS, "rate": rate})
    cards = sorted(
        (records.RUNS / "yours").rglob("*.json"),
        key=lambda p: json.loads(p.read_text())["settings"]["rate"],
    )
    for age, card in zip((10, 30, 20), cards, strict=True):
        os.utime(card, (time.time() - age,) * 2)
    zoo.trained("05/toy", never, {**SETTINGS, "rate": 2.0})  # used again: the youngest
    size = sum(p.stat().st_size for p in cards[0].parent.iterdir())
    capsys.readouterr()
    gone = yours.trim(largest=size - 1)
    assert gone == [f"05/{cards[2].stem}"]
    assert gone[0] in capsys.readouterr().out
    assert yours.trim(largest=size) == []
    assert len(yours.trim(keep=cards[1], largest=0)) == 1
    assert {p.stem for p in cards[0].parent.iterdir()} == {cards[1].stem}


# ---- what rests on it ----------------------------------------------------------------

CELLS = [
    "from helpers import zoo\nRATE = 0.1",
    "model = zoo.trained('05/toy', train, {'rate': RATE})",
    "def measure():\n    return {'a': model}",
    "table = zoo.measured('05/table', measure, {'n': 1})",
    "other = zoo.measured('05/other', lambda: {}, {'n': 1})",
]


def test_what_rests_on_a_reader_s_model_is_made_anew_too(house, monkeypatch, capsys):
    monkeypatch.setattr(texts, "session", lambda: CELLS)
    own, table = {**SETTINGS, "rate": 0.2}, {**SETTINGS, "seeds": [0, 1]}
    assert zoo.measured("05/table", never, table) == {"a": 1}
    zoo.trained("05/toy", lambda: net(3), own)
    assert zoo.measured("05/table", lambda: {"a": 3}, table) == {"a": 3}
    assert "it rests on your 05/toy" in capsys.readouterr().out
    assert zoo.measured("05/table", never, table) == {"a": 3}
    monkeypatch.setattr(texts, "session", lambda: [*CELLS[:3], CELLS[4]])
    zoo.trained("05/toy", never, SETTINGS)  # back to the book's
    monkeypatch.setattr(texts, "session", lambda: CELLS)
    assert zoo.measured("05/table", never, table) == {"a": 1}


def test_what_rests_on_a_model_that_took_too_long_is_the_book_s(
    house, monkeypatch, capsys
):
    monkeypatch.setattr(texts, "session", lambda: CELLS)
    zoo.trained("05/toy", never, {**SETTINGS, "steps": 10_000})
    other = {**SETTINGS, "steps": 10_000, "seeds": [0, 1]}
    capsys.readouterr()
    assert zoo.measured("05/table", never, other) == {"a": 1}
    assert capsys.readouterr().out == "05/table: the book's own, as 05/toy is.\n"
    zoo.trained("05/toy", never, SETTINGS)
    changed = {**SETTINGS, "seeds": [0]}
    assert zoo.measured("05/table", lambda: {"a": 4}, changed) == {"a": 4}


def test_code_counts_where_it_can_be_seen(house, monkeypatch):
    own = {**SETTINGS, "rate": 0.2}
    monkeypatch.setattr(texts, "session", lambda: CELLS)
    zoo.trained("05/toy", lambda: net(3), own)
    edited = ["def train():\n    return 1", *CELLS]
    monkeypatch.setattr(texts, "session", lambda: edited)
    assert bias(zoo.trained("05/toy", lambda: net(4), own)) == 4
    monkeypatch.setattr(texts, "session", lambda: [c + "  # a word" for c in CELLS])
    assert bias(zoo.trained("05/toy", never, own)) == 3


# ---- an interrupt --------------------------------------------------------------------


class Stop(keras.callbacks.Callback):
    """Interrupt at the beginning of an epoch, and count those that were begun."""

    def __init__(self, at=None):
        super().__init__()
        self.at, self.begun = at, []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun.append(epoch)
        if epoch == self.at:
            raise KeyboardInterrupt


def small_gan(stop):
    pictures = np.random.default_rng(0).uniform(-1, 1, (16, 28, 28, 1))
    model = gan_losses.NonSaturatingGAN(
        networks.build_generator(4, 2), networks.build_discriminator(2), latent_dim=4
    )
    model.compile("adam", "adam", run_eagerly=True)
    model.fit(pictures, batch_size=8, epochs=4, verbose=0, callbacks=[stop])
    return model.ema_generator


def small_line(stop):
    keras.utils.set_random_seed(0)
    model = net()
    rows = np.random.default_rng(0).normal(size=(8, 3)), np.zeros((8, 2))
    training.fit(
        model, training.batches(rows, 4), steps=8, parts=4, loss="mse",
        learning_rate=0.1, callbacks=[stop],
    )  # fmt: skip
    return model


@pytest.mark.parametrize("work", [small_gan, small_line])
def test_an_interrupt_keeps_what_was_done_and_the_next_run_goes_on(house, work, capsys):
    own = {**SETTINGS, "rate": 0.2}
    with pytest.raises(KeyboardInterrupt):
        zoo.trained("05/toy", lambda: work(Stop(at=2)), own)
    stop = Stop()
    resumed = zoo.trained("05/toy", lambda: work(stop), own)
    assert stop.begun == [2, 3]
    assert "going on from what was kept" in capsys.readouterr().out
    whole = zoo.trained("05/toy", lambda: work(Stop()), {**SETTINGS, "rate": 0.3})
    for a, b in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not list((records.RUNS / "yours").rglob("*.part"))


def test_two_trainings_in_one_keep_their_states_apart(house):
    own, first, second = {**SETTINGS, "rate": 0.2}, Stop(), Stop(at=1)

    def both(*stops):
        small_line(stops[0])
        return small_line(stops[1])

    with pytest.raises(KeyboardInterrupt):
        zoo.trained("05/toy", lambda: both(first, second), own)
    first, second = Stop(), Stop()
    zoo.trained("05/toy", lambda: both(first, second), own)
    assert first.begun == [] and second.begun == [1, 2, 3]


def test_outside_nothing_is_kept_unasked(house, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = written(tmp_path)
    small_gan(Stop())
    assert written(tmp_path) == before
