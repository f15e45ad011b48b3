"""Two of the changes that chapters propose, made as a reader makes them."""

import json

import pytest

from book.chapters import BY_NUMBER
from helpers.store import manifest, records
from tools import tinker


@pytest.mark.parametrize("number", ["02", "04"])
def test_the_first_change_of_a_chapter_runs_to_its_end(number, tmp_path):
    change = tinker.changes(BY_NUMBER[number].path)[0]
    runs = records.RUNS / "yours"
    before = {p: p.read_bytes() for p in manifest.ASSETS.rglob("*.json")}
    there = set(runs.rglob("*.json"))
    said, error, _ = tinker.run(change, fresh=tmp_path)
    assert error is None, f"{change.line}: {error}"
    cards = [json.loads(p.read_text()) for p in (tmp_path / "yours").rglob("*.json")]
    if number == "04":
        assert [card["name"] for card in cards] == ["04/digits-dcgan"]
        assert cards[0]["settings"]["epochs"] == 10
        assert "04/digits-dcgan: yours now, epochs=10 (the book's: 40)" in said
    assert {p: p.read_bytes() for p in manifest.ASSETS.rglob("*.json")} == before
    assert set(runs.rglob("*.json")) == there


def test_every_chapter_proposes_three():
    for chapter in BY_NUMBER.values():
        if chapter.ready:
            proposed = tinker.changes(chapter.path)
            assert len({change.line for change in proposed}) == 3, chapter.number
            for change in proposed:
                compile(change.line, chapter.name, "exec")
