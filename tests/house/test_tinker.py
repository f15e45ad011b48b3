"""Two of the changes that chapters propose, made as a reader makes them; and the client
that runs a chapter is not left waiting."""

import asyncio
import json
from queue import Empty

import nbformat
import pytest

from book.chapters import BY_NUMBER
from helpers.store import manifest, records
from tools import chapter as chapter_tool
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


def test_a_client_that_was_not_woken_asks_again():
    """A widget's message, sent where one waits, may swallow the news of the answer."""

    class Channel:
        asked = 0

        async def get_msg(self, timeout=None):
            self.asked += 1
            await asyncio.sleep(3600 if timeout is None else timeout)  # nobody wakes us
            if self.asked < 3:
                raise Empty
            return {"parent_header": {"msg_id": "late"}}

    channel = Channel()
    get_msg = chapter_tool.asking_again(channel.get_msg, every=0.01)
    found = asyncio.run(asyncio.wait_for(get_msg(), timeout=60))
    assert found["parent_header"]["msg_id"] == "late" and channel.asked == 3

    channel.asked = -10_000
    with pytest.raises(Empty):  # and no longer than is allowed
        asyncio.run(get_msg(timeout=0.05))
    assert channel.asked <= -10_000 + 6


def test_cells_with_widgets_come_to_their_end(monkeypatch):
    wrapped, real = [], chapter_tool.asking_again
    monkeypatch.setattr(
        chapter_tool, "asking_again", lambda get: wrapped.append(get) or real(get)
    )
    cell = """import ipywidgets
for count in range(20):
    area = ipywidgets.Output()
    with area:
        print(count)
        area.clear_output()
        display(area)
count"""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for _ in range(5)]
    )
    chapter_tool.Stoppable(notebook, kernel_name="python3", timeout=120).execute()
    assert wrapped
    assert [c.outputs[-1].data["text/plain"] for c in notebook.cells] == ["19"] * 5
