"""_set_up: what the set-up cell asks. The cell itself: tests/house/test_set_up_cell."""

import importlib.machinery
import json
import subprocess
import sys
import types

import pytest

from helpers import _set_up


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Return the folder of a small book that is whole, of release 1.2.3."""
    assets = tmp_path / "book/helpers/assets"
    assets.mkdir(parents=True)
    (assets / "manifest.json").write_text(json.dumps({"files": {"a.txt": {}}}))
    (assets / "a.txt").write_text("an asset")
    facts = tmp_path / "book/pyproject.toml"
    facts.write_text('[project]\nname = "helpers"\nversion = "1.2.3"\n')
    monkeypatch.setattr(_set_up, "HELPERS", assets.parent)
    monkeypatch.setattr(_set_up, "CARDS", str(tmp_path / "nvidia*"))
    return tmp_path / "book"


@pytest.fixture
def colab(monkeypatch):
    """Play Colab with a chapter in its first cell; return the answer, to be changed."""
    answer = {
        "source": ["# T\n", "\n", "Time: quick 9 s · full 2 h 07 min on 2 CPU cores"]
    }
    module = types.ModuleType("google.colab")
    module._message = types.SimpleNamespace(
        blocking_request=lambda kind, timeout_sec: {"ipynb": {"cells": [answer]}}
    )
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", module)
    return answer


def said(capsys):
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_outside_of_colab_nothing_is_printed(book, capsys):
    _set_up.begin("quick", "1.2.3")
    assert said(capsys) == ""


def test_in_colab_one_line_tells_place_profile_time_and_card(book, colab, capsys):
    _set_up.begin("quick", "1.2.3")
    assert said(capsys) == (
        f"The book is in {book} · profile: quick · full: 2 h 07 min on 2 CPU cores, on "
        "a graphics card not measured · no graphics card: Runtime > Change runtime type "
        "offers one\n"
    )


@pytest.mark.parametrize(
    "source",
    ["Time: quick N s · full N min on 2 CPU cores · needs: 02", "", "# A title"],
)
def test_a_time_that_nobody_measured_is_not_told(book, colab, capsys, source):
    colab["source"] = [source]
    _set_up.begin("quick", "1.2.3")
    assert "full: as the line of times says on 2 CPU cores" in said(capsys)


def test_a_colab_that_does_not_answer_is_no_fault(book, colab, capsys):
    del sys.modules["google.colab"]._message
    _set_up.begin("quick", "1.2.3")
    assert "full: as the line of times says" in said(capsys)


@pytest.mark.parametrize(("seen", "hint"), [([], True), (["GPU:0"], False)])
def test_a_card_that_tensorflow_does_not_see_is_told(
    book, colab, capsys, monkeypatch, seen, hint
):
    (book.parent / "nvidia0").touch()
    config = types.SimpleNamespace(list_physical_devices=lambda kind: seen)
    stand_in = types.SimpleNamespace(config=config)
    monkeypatch.setitem(sys.modules, "tensorflow", stand_in)
    _set_up.begin("quick", "1.2.3")
    line = said(capsys)
    assert ("TensorFlow does not see it" in line) is hint
    assert "no graphics card" not in line and line.count("\n") == 1


def test_helpers_of_another_release_are_named(book, capsys):
    _set_up.begin("quick", "1.3.0")
    line = said(capsys)
    assert "of release 1.3.0" in line and "are of 1.2.3" in line
    assert line.count("\n") == 1


@pytest.mark.parametrize("lost", ["a.txt", "manifest.json"])
def test_a_book_with_a_file_less_is_refused(book, lost):
    (book / "helpers/assets" / lost).unlink()
    with pytest.raises(
        _set_up.NotReady, match="is not whole: delete or rename"
    ) as told:
        _set_up.begin("quick", "1.2.3")
    assert told.value._render_traceback_() == [str(told.value)]


def test_a_python_that_lacks_something_is_refused_by_its_name(book, monkeypatch):
    find = importlib.machinery.PathFinder.find_spec
    lost = {"keras", "skimage"}
    for name in lost:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(
        importlib.machinery.PathFinder,
        "find_spec",
        lambda name, *rest: None if name in lost else find(name, *rest),
    )
    with pytest.raises(
        _set_up.NotReady, match=r"lacks skimage, keras: in .* `make lab`"
    ):
        _set_up.begin("quick", "1.2.3")


def test_an_old_python_is_refused(book, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    with pytest.raises(_set_up.NotReady, match=r"3\.11 or later.*is Python 3\.9"):
        _set_up.begin("quick", "1.2.3")


def test_it_imports_nothing_and_leaves_the_start_of_tensorflow_quiet():
    code = (
        "import sys; from helpers import _quiet, _set_up\n"
        "_set_up.begin('quick', '0.0.0')\n"
        "heavy = {'numpy', 'matplotlib', 'tensorflow', 'keras'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert [f.seen for f in sys.meta_path if isinstance(f, _quiet._Watch)] == [False]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
