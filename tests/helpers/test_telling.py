"""In a reader's session a claim that does not hold is told; in the book's it stops."""

import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from helpers import _telling
from helpers.store import yours

CELL = """
a, seen = 3, []
assert a == 3
assert a < 3, "never shown"
for k in range(3):
    assert k < 2
    seen.append(k)
def inside(x):
    assert x > 0, "a positive one"
    return x
"""


@pytest.fixture
def shell(monkeypatch):
    """Return a fresh IPython, which `get_ipython` finds."""
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    monkeypatch.delenv("BOOK_STRICT", raising=False)
    yield made
    made.ast_transformers.clear()
    made.events.callbacks["post_run_cell"].clear()
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


def test_a_reader_is_told_and_goes_on(shell, capsys):
    _telling.begin()
    _telling.begin()  # a chapter that is started twice
    done = shell.run_cell(CELL)
    assert done.success
    said = [line for line in capsys.readouterr().out.splitlines() if line]
    assert said == ["Not so in this run: a < 3", "Not so in this run: k < 2"]
    assert shell.user_ns["seen"] == [0, 1, 2]
    assert shell.user_ns["inside"](1) == 1
    with pytest.raises(AssertionError, match="a positive one"):
        shell.user_ns["inside"](-1)


@pytest.mark.parametrize("name", ["BOOK_STRICT", "BOOK_CHAPTER"])
def test_the_book_s_own_runs_stop(shell, monkeypatch, name, capsys):
    monkeypatch.setenv(name, "1")
    _telling.begin()
    assert isinstance(shell.run_cell(CELL).error_in_exec, AssertionError)


def test_a_failed_cell_says_what_is_the_book_s_own(shell, monkeypatch, capsys):
    _telling.begin()
    monkeypatch.setattr(yours, "instead", set())
    shell.run_cell("1 / 0")
    assert "the book's own" not in capsys.readouterr().out
    yours.instead.update({"04/digits-dcgan", "05/film-ours"})
    shell.run_cell("2 / 1")
    assert "the book's own" not in capsys.readouterr().out
    shell.run_cell("3 / 0")
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("Perhaps because 04/digits-dcgan and 1 more is still")
    assert "PATIENCE = 60" in said


def test_a_script_is_left_alone(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    _telling.begin()
    assert "IPython" not in sys.modules
