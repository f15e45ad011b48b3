"""Every record and every stored output was made by this text, or says why it stands."""

from book import retold
from tools import retold as tool


def test_what_another_text_made_has_a_reason():
    faults = [tool.say(change) for change in tool.open_changes()]
    told = "\n".join(faults)
    assert not told, f"{told}\nmake it anew, or say why it stands: make retold WHY='..'"


def test_every_reason_is_a_sentence_and_every_step_has_two_ends():
    for step in retold.steps():
        assert len(step["why"]) > 40, step["why"]
        assert step["why"].endswith(".")
        assert all(len(hashes) >= 2 for hashes in step["texts"].values())


def test_reasons_lead_from_text_to_text():
    told = [
        {"why": "-", "texts": {"a": ["1", "2"]}},
        {"why": "-", "texts": {"a": ["2", "3"]}},
    ]
    assert retold.stands("a", "1", "3", told)
    assert retold.stands("a", "3", "3", told)
    assert not retold.stands("a", "3", "1", told)
    assert not retold.stands("b", "1", "3", told)
