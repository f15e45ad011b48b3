"""The table of mutants: each can be made, and names tests that are there."""

import pytest

from book.identity import ROOT
from tools import mutants


@pytest.mark.parametrize("mutant", mutants.TABLE, ids=lambda m: m.name)
def test_its_text_and_its_tests_are_there(mutant):
    text = (ROOT / mutant.file).read_text("utf8")
    assert mutant.old in text, f"{mutant.name}: write a new line into tools/mutants.py"
    assert mutant.new != mutant.old
    assert all((ROOT / test).exists() for test in mutant.tests.split())


def test_what_lives_is_told(tmp_path, capsys, monkeypatch):
    """On a book of one line and two mutants, of which a test sees one."""
    (tmp_path / "size.py").write_text("size, other = 3, 4\n")
    (tmp_path / "test_size.py").write_text(
        "import size\n\ndef test_size():\n    assert size.size == 3\n"
    )
    seen = mutants.Mutant("seen", "size.py", "3", "5", "test_size.py")
    unseen = mutants.Mutant("unseen", "size.py", "4", "5", "test_size.py")
    gone = mutants.Mutant("gone", "size.py", "7", "5", "test_size.py")
    monkeypatch.setattr(mutants, "TABLE", (seen, unseen, gone))
    monkeypatch.setattr(mutants, "copy", lambda folder: [
        (folder / p.name).write_text(p.read_text()) for p in tmp_path.glob("*.py")
    ])  # fmt: skip
    assert mutants.main([]) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[-1] for line in said[:2]] == ["killed", "LIVES"]
    assert "its text is gone" in said[2]
    assert said[3] == "mutants: 1 killed, 2 not"
    assert mutants.main(["seen"]) == 1  # its name holds the word, as "unseen" does
