"""Every record and every stored output was made by this text, or says why it stands."""

import json
import subprocess
import sys

import pytest

from book import retold
from helpers.store import manifest, records, slices, texts
from helpers.store.texts import parsed
from tools import retold as tool

CHAPTERS = {path.stem[:2]: path for path in sorted(tool.NOTEBOOKS.glob("*.ipynb"))}


# --- what is shipped ---------------------------------------------------------------


def test_what_another_text_made_has_a_reason():
    told = "\n".join(tool.say(tool.open_changes()))
    assert not told, told


@pytest.mark.parametrize("number", CHAPTERS)
def test_each_record_is_asked_for_by_its_name(number):
    """Else a hash of all cells would stand for it, and every edit would make it false."""
    cells = [c for c in tool.cells(CHAPTERS[number]) if not c.startswith(texts.SET_UP)]
    statements = [statement for cell in cells for statement in parsed(cell).body]
    for name in records.names():
        if name.startswith(number):
            assert slices.slice_of(name, statements), (
                f"no call in {CHAPTERS[number].name} asks for {name!r}: write the name "
                "where zoo.trained, zoo.measured or zoo.sweep is called, as text or as "
                "an f-string"
            )


def test_each_card_tells_its_text_and_is_json():
    for name in records.names():
        text = (manifest.ASSETS / f"{name}.json").read_text("utf8")

        def refuse(word, name=name):
            raise AssertionError(f"{name}.json holds {word}, which JSON does not know")

        card = json.loads(text, parse_constant=refuse)
        code = card["code"]
        assert code, f"{name} does not tell which text made it: make it in a notebook"
        assert set(code) == {"cells", "helpers"}
        assert all(len(h) == 16 for h in [code["cells"], *code["helpers"].values()])


def test_every_reason_is_a_sentence_and_every_step_has_two_ends():
    for step in retold.steps():
        assert len(step["why"]) > 40, step["why"]
        assert step["why"].endswith(".")
        assert all(len(hashes) >= 2 for hashes in step["texts"].values())


# --- reasons -----------------------------------------------------------------------

TOLD = [
    {"why": "First.", "texts": {"a": ["1", "2"], "b": ["7", "8", None, "9"]}},
    {"why": "Second.", "texts": {"a": ["2", "0", "3"]}},
    {"why": "Third.", "texts": {"a": ["3", None]}},
    {"why": "Round.", "texts": {"c": ["1", "2"]}},
    {"why": "About.", "texts": {"c": ["2", "1"]}},
]


@pytest.mark.parametrize(
    ("place", "was", "now", "reasons"),
    [
        ("a", "1", "2", ["First."]),
        ("a", "1", "3", ["First.", "Second."]),
        ("a", "0", "3", ["Second."]),
        ("a", "1", None, ["First.", "Second.", "Third."]),  # the file is gone
        ("b", "7", "9", ["First."]),
        ("b", None, "9", ["First."]),  # a file that is new
        ("b", "9", "9", []),
        ("d", "5", "5", []),
        ("c", "2", "1", ["About."]),
        ("a", "3", "1", None),  # no way back
        ("a", "1", "0", None),
        ("b", "7", "8", None),
        ("c", "1", "3", None),
        ("d", "1", "2", None),
    ],
)
def test_reasons_lead_from_text_to_text(place, was, now, reasons):
    assert retold.reasons(place, was, now, TOLD) == reasons
    assert retold.stands(place, was, now, TOLD) == (reasons is not None)


# --- the tool ----------------------------------------------------------------------


@pytest.fixture
def house(empty_zoo, tmp_path, monkeypatch):
    """A book of one chapter, one helper and one record, all of them in order."""
    chapter = {
        "cells": [
            {"cell_type": "markdown", "source": ["Words"]},
            {
                "cell_type": "code",
                "source": ["from helpers import gan, zoo\n", "A = 1"],
            },
            {
                "cell_type": "code",
                "source": ["zoo.measured('05/x', lambda: gan(A), {})"],
            },
        ],
        "metadata": {"book": {}},
    }
    for folder in ("notebooks", "helpers"):
        (tmp_path / folder).mkdir()
    (tmp_path / "helpers" / "gan.py").write_text("size = 1\n")
    monkeypatch.setattr(tool, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(texts, "HELPERS", tmp_path / "helpers")
    monkeypatch.setattr(retold, "FILE", tmp_path / "retold.json")
    monkeypatch.setattr(tool, "helper", tool.helper.__wrapped__)
    path = tmp_path / "notebooks" / "05_loop.ipynb"
    path.write_text(json.dumps(chapter))
    cells = tool.cells(path)
    chapter["metadata"]["book"]["code_hash"] = texts.of_cells(cells)
    path.write_text(json.dumps(chapter))
    code = {"code": texts.of_result("05/x", cells), "values": {}}
    records.ship(records.new("05/x", "result", {}, code, None))
    return tmp_path


def edit(path, old, new):
    text = path.read_text("utf8")
    assert old in text
    path.write_text(text.replace(old, new), "utf8")


def found():
    return [(change.made, change.place) for change in tool.open_changes()]


def test_nothing_is_open_where_nothing_changed(house, capsys):
    assert found() == []
    assert tool.main(["--check"]) == 0
    assert tool.main(["--why", "There is nothing to be said of this."]) == 0
    assert "Every text is that of today" in capsys.readouterr().out
    assert not retold.FILE.exists()


def test_a_changed_cell_and_helper_are_open_until_a_reason_is_said(house, capsys):
    edit(house / "notebooks" / "05_loop.ipynb", "A = 1", "A = 2")
    edit(house / "helpers" / "gan.py", "size = 1", "size = 2")
    everything = [
        ("05/x", "05/x"), ("05/x", "helpers/gan.py"), ("05_loop", "05_loop"),
    ]  # fmt: skip
    assert found() == everything
    assert tool.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "05/x was made by another text: its cells (" in said
    assert "make chapter N=05 PROFILE=full" in said
    assert "make retold WHY=" in said
    with pytest.raises(SystemExit, match="Say in a sentence"):
        tool.main(["--why", "  it is  "])
    assert (
        tool.main(["--why", "A size and a number  were\nwritten in another way."]) == 0
    )
    assert found() == []
    assert tool.main(["--check"]) == 0
    step = retold.steps()
    assert len(step) == 1  # one entry for all
    assert step[0]["why"] == "A size and a number were written in another way."
    assert sorted(step[0]["texts"]) == ["05/x", "05_loop", "helpers/gan.py"]
    edit(house / "helpers" / "gan.py", "size = 2", "size = 3")
    assert found() == [("05/x", "helpers/gan.py")]
    assert tool.main(["--why", "The size went up again, for a reason."]) == 0
    assert found() == []
    edit(house / "helpers" / "gan.py", "size = 3", "size = 4  # and no more")
    assert found() == [("05/x", "helpers/gan.py")]


def test_several_texts_of_before_come_into_one_entry(house):
    one = records.shipped("05/x").card
    for name, before in (("05/y", "1" * 16), ("05/z", "2" * 16), ("05/w", "2" * 16)):
        code = {**one["code"], "helpers": {"gan": before}}
        card = {**one, "name": name, "code": code}
        records.ship(records.Record(name, card))
    edit(
        house / "notebooks" / "05_loop.ipynb", "'05/x'", "'05/' + k"
    )  # so that all are asked for
    said = tool.say(tool.open_changes())
    assert [line.split(" were made")[0] for line in said if "gan.py" in line] == [
        "05/w and 2 more"
    ]
    tool.main(["--why", "Written by another hand, with the same result."])
    now = texts.of_helpers(["gan"])["gan"]
    assert sorted(retold.steps()[0]["texts"]["helpers/gan.py"]) == sorted(
        ["1" * 16, "2" * 16, now]
    )
    assert retold.steps()[0]["texts"]["helpers/gan.py"][-1] == now
    assert found() == []


def test_files_that_are_new_or_gone_count(house):
    (house / "helpers" / "gan.py").write_text("from helpers import layers\nsize = 1\n")
    (house / "helpers" / "layers.py").write_text("depth = 1\n")
    assert found() == [("05/x", "helpers/gan.py"), ("05/x", "helpers/layers.py")]
    tool.main(["--why", "The layers moved to a file of their own."])
    assert retold.steps()[0]["texts"]["helpers/layers.py"][0] is None
    edit(house / "helpers" / "layers.py", "depth = 1", "depth = 2")
    assert found() == [("05/x", "helpers/layers.py")]
    (house / "helpers" / "layers.py").unlink()
    (house / "helpers" / "gan.py").unlink()
    assert found() == [("05/x", "helpers/gan.py")]  # the layers are as they were: none
    tool.main(["--why", "All of it stands in the chapter now."])
    assert retold.steps()[-1]["texts"]["helpers/gan.py"][-1] is None
    assert found() == []


def test_a_helper_that_is_reached_no_more_may_not_have_changed(house):
    """What made the record was the file as it was; today's is another."""
    code = records.card("05/x")["code"]
    texts_now = texts.of_helpers(["gan"])["gan"]
    (house / "helpers" / "old.py").write_text("x = 1\n")
    old = texts.of_helpers(["old"])["old"]
    card = {
        **records.card("05/x"),
        "code": {**code, "helpers": {"gan": texts_now, "old": old}},
    }
    records.ship(records.Record("05/x", card))
    assert found() == []
    edit(house / "helpers" / "old.py", "x = 1", "x = 2")
    assert found() == [("05/x", "helpers/old.py")]


def test_the_chapter_tool_is_told_in_one_line_a_record(house):
    code = records.card("05/x")["code"]
    gan = code["helpers"]["gan"]
    now = {"cells": "c" * 16, "helpers": {"gan": gan}}
    lines = [
        json.dumps({"name": "05/x", "was": code, "now": code}),
        json.dumps({"name": "05/y", "was": code, "now": now}),
        json.dumps({"name": "05/y", "was": code, "now": now}),  # asked for twice
        json.dumps({"name": "05/z", "was": None, "now": now}),
    ]
    said = tool.told(lines)
    assert len(said) == 2
    assert said[0].startswith(
        "05/y was made by another text of its cells; no reason is"
    )
    assert "make chapter N=05 PROFILE=full" in said[0]
    assert said[1] == "05/z: nothing is known of the text that made it"
    retold.add("The name of a loop changed.", {"05/y": [code["cells"], "c" * 16]})
    assert tool.told(lines)[0] == (
        "05/y was made by another text of its cells; The name of a loop changed."
    )
    edit(house / "helpers" / "gan.py", "size = 1", "size = 2")
    now["helpers"] = texts.of_helpers(["gan"])
    said = tool.told([json.dumps({"name": "05/y", "was": code, "now": now})])[0]
    assert "its cells, helpers/gan.py; The name of a loop changed; no reason" in said
    assert tool.told([]) == []


def test_the_tool_needs_no_tensorflow():
    code = (
        "import sys\nfrom tools import retold\n"
        "assert not {'tensorflow', 'keras', 'nbformat'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tool.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-300:]
