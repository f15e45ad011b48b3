"""records: a card and what stands beside it are written together or not at all."""

import errno
import json
import os
import subprocess
import sys
import textwrap
import time

import keras
import numpy as np
import pytest

from helpers import zoo
from helpers.store import manifest, records

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def net(value):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.set_weights([np.full((3, 2), value), np.zeros(2)])
    return model


def never():
    raise AssertionError("this must not be called")


@pytest.fixture
def full(empty_zoo, monkeypatch):
    monkeypatch.setenv("BOOK_PROFILE", "full")
    return empty_zoo


def everything(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("nth", range(5))
def test_a_rename_that_fails_leaves_the_old_state_everywhere(full, monkeypatch, nth):
    """Two renames put a record into runs/, three into the assets; one of them fails."""
    zoo.trained("05/toy", lambda: net(1), {"rate": 1})
    assets, runs = everything(full), everything(records.RUNS)
    count, replace = [], os.replace

    def fail(old, new):
        count.append(new)
        if len(count) == nth + 1:
            raise OSError(errno.EIO, "the disk is gone")
        replace(old, new)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        zoo.trained("05/toy", lambda: net(2), {"rate": 2})
    monkeypatch.setattr(os, "replace", replace)
    assert everything(full) == assets  # and no litter
    np.testing.assert_array_equal(zoo.load("05/toy")(X), net(1)(X))
    if nth < 2:
        assert everything(records.RUNS) == runs
        zoo.trained("05/toy", never, {"rate": 1})
    else:  # the work of hours is kept, and shipped the next time
        new = zoo.trained("05/toy", never, {"rate": 2})
        np.testing.assert_array_equal(new(X), net(2)(X))
        np.testing.assert_array_equal(zoo.load("05/toy")(X), net(2)(X))


@pytest.mark.parametrize("nth", range(5))
def test_a_first_record_that_cannot_be_renamed_leaves_nothing(full, monkeypatch, nth):
    count, replace = [], os.replace

    def fail(old, new):
        count.append(new)
        if len(count) == nth + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(old, new)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk is full"):
        zoo.trained("05/toy", lambda: net(2), {})
    assert list(everything(full)) == ["manifest.json"]
    assert len(everything(records.RUNS)) == (0 if nth < 2 else 2)


def test_a_kill_in_the_middle_leaves_records_that_are_whole(full):
    """A child ships without end and is killed: each card fits what stands beside it."""
    code = textwrap.dedent("""
        import sys, pathlib
        import numpy as np
        from helpers.store import manifest, records
        manifest.ASSETS = pathlib.Path(sys.argv[1])
        records.RUNS = pathlib.Path(sys.argv[2])
        number = 0
        while True:
            number += 1
            data = np.random.default_rng(number).bytes(200_000)
            one = records.new("05/x", "result", {"n": number}, {"values": {}}, data)
            records.keep(one)
            records.ship(one)
            print(number, flush=True)
    """)
    command = [sys.executable, "-c", code, str(full), str(records.RUNS)]
    for _ in range(4):
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for _ in range(3):
            child.stdout.readline()
        time.sleep(np.random.default_rng().uniform(0, 0.02))
        child.kill()
        child.wait()
        child.stdout.close()
        files = [full / "05/x.json", full / "manifest.json", records.RUNS / "05/x.json"]
        cards = [json.loads(path.read_bytes()) for path in files]  # never half of one
        assert cards[0]["name"] == cards[2]["name"] == "05/x"
        for folder in (full / "05", records.RUNS / "05"):
            assert len((folder / "x.npz").read_bytes()) == 200_000


def test_the_manifest_is_parsed_once_in_a_quick_call(full, monkeypatch):
    zoo.measured("05/table", lambda: {"a": 1}, {})
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    manifest._read.clear()
    parsed, loads = [], json.loads

    def counting(text, *options, **named):
        value = loads(text, *options, **named)
        parsed.append("files" in value if isinstance(value, dict) else False)
        return value

    monkeypatch.setattr(json, "loads", counting)
    zoo.measured("05/table", never, {})
    zoo.measured("05/table", never, {})
    assert sum(parsed) == 1


def test_a_manifest_of_equal_size_is_read_anew(full):
    """Written twice within one tick of the disk's clock, with as many bytes."""
    for data in (b"one", b"two", b"six"):
        manifest.add({"data/x": data})
        stat = (full / "manifest.json").stat()
        os.utime(full / "manifest.json", ns=(0, 0))
        assert manifest.verified("data/x").read_bytes() == data
        assert stat.st_size == (full / "manifest.json").stat().st_size


def test_a_record_knows_its_files_and_its_kind():
    one = records.new("05/x", "result", {"n": 1}, {"values": {"b": 1, "a": 2}}, b"123")
    assert (one.kind, one.settings, one.card["bytes"]) == ("result", {"n": 1}, 3)
    assert one.card["sha256"] == manifest.sha256(b"123")
    assert list(one.files()) == ["05/x.json", "05/x.npz"]
    back = json.loads(one.files()["05/x.json"])
    assert back == one.card
    assert list(back["values"]) == ["b", "a"]  # the order stays
    bare = records.new("05/x", "result", {}, {"values": {}}, None)
    assert list(bare.files()) == ["05/x.json"]
    assert bare.card["bytes"] == 0
    assert "suffix" not in bare.card


def test_names_are_those_of_cards_alone(full):
    zoo.measured("05/table", lambda: {"a": 1}, {})
    zoo.trained("04/toy", lambda: net(1), {})
    manifest.add({"data/words.json": b"{}"})
    assert records.names() == ["04/toy", "05/table"]
    assert records.names("model") == ["04/toy"]
    assert records.names("result") == ["05/table"]
    assert sorted(records.adopt()) == []


def test_who_reuses_tells_which_text_made_it(full, monkeypatch, tmp_path):
    told = tmp_path / "texts"
    monkeypatch.setenv("BOOK_TEXTS", str(told))
    cells = [
        "from helpers import zoo",
        "zoo.measured('05/table', lambda: {'a': 1}, {})",
    ]
    monkeypatch.setattr("helpers.store.texts.session", lambda: cells)
    zoo.measured("05/table", lambda: {"a": 1}, {})
    assert not told.exists()  # made by the text that runs
    cells[1] = cells[1].replace("1", "2")
    zoo.measured("05/table", never, {})
    line = json.loads(told.read_text())
    assert line["name"] == "05/table"
    assert line["was"] == records.card("05/table")["code"]
    assert line["was"]["cells"] != line["now"]["cells"]


def test_the_text_is_noted_before_the_work(full, monkeypatch):
    """Whoever edits a helper while it trains has not trained with the edit."""
    cells = ["zoo.measured('05/table', work, {})"]
    monkeypatch.setattr("helpers.store.texts.session", lambda: list(cells))

    def work():
        cells[0] = "zoo.measured('05/table', other, {})"
        return {"a": 1}

    from helpers.store import texts

    before = texts.of_result("05/table", cells)
    zoo.measured("05/table", work, {})
    assert records.card("05/table")["code"] == before
