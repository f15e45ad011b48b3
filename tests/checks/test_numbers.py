"""Questions that are answered by numbers: their rules are data, and mean what they say.

The page judges by the same rules; tests/site/test_numbers.py compares the two.
"""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import stretches
from checks.kit import Wrong, array, number_question, numbers_question
from helpers import exercises
from helpers.exercises import grade
from tests.checks.solutions import REGISTERED, answer

NUMBERS = [item for item in REGISTERED if item.numbers]
reals = st.floats(-1e6, 1e6)


def is_numbers(value):
    """Tell whether an answer is a number or a few of them, and no array of data."""
    if isinstance(value, tuple):
        return all(map(is_numbers, value))
    return not callable(value) and np.size(value) == 1 and np.isreal(value)


def test_every_exercise_with_a_number_for_an_answer_can_be_judged_by_the_page():
    exercises = [item for item in REGISTERED if not item.correct]
    asked = {item.id for item in exercises if is_numbers(answer(item.id))}
    assert asked == {item.id for item in NUMBERS}
    assert {"02.1", "02.2", "04.1", "04.2", "05.1", "14.1", "18.1"} <= asked


@pytest.mark.parametrize("item", NUMBERS, ids=lambda item: item.id)
def test_the_data_are_plain_and_one_rule_is_right(item):
    data = item.numbers
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert [rule["right"] for rule in data["rules"]].count(True) == 1
    parts = len(data["parts"])
    assert all(len(rule["when"]) == parts for rule in data["rules"])
    assert data["rules"][-1]["when"] == [None] * parts
    assert data["nan"].endswith(".") and data["infinite"] in (None, data["nan"])
    assert len(set(data["parts"])) == parts, "each field has a name of its own"


@given(reals, st.floats(-1.1e-3, 1.1e-3), st.sampled_from([0, 1e-3, 0.01]))
def test_near_is_what_allclose_calls_near(target, off, rtol):
    value = target * (1 + off)
    edge = abs(abs(value - target) - 1e-6 - rtol * abs(target)) < 1e-9 * abs(target)
    if edge:  # there the two may round differently
        return
    found = stretches.near(target, rtol)(value)
    assert found == np.allclose(value, target, rtol=rtol, atol=1e-6)
    assert stretches.apart(target, rtol)(value) != found


def test_a_stretch_has_its_ends_or_has_not():
    cases = [
        (stretches.exactly(2), [2], [2 + 1e-9, 1]),
        (stretches.between(1, 2), [1.5], [1, 2, 0]),
        (stretches.outside(0, 1), [-0.1, 1.1, math.inf, -math.inf], [0, 0.5, 1]),
        (stretches.below(0), [-1, -math.inf], [0, 1, math.inf]),
        (stretches.above(0), [1, math.inf], [0, -1, -math.inf]),
        (stretches.INFINITE, [math.inf, -math.inf], [0, 1e308, -1e308]),
    ]
    for stretch, there, elsewhere in cases:
        assert all(map(stretch, there))
        assert not any(map(stretch, elsewhere))


@pytest.fixture
def sandbox(monkeypatch):
    monkeypatch.setattr(exercises, "_exercises", {})


@pytest.mark.usefixtures("sandbox")
def test_a_condition_that_is_no_data_judges_in_python_alone():
    number_question(
        "99.1",
        10,
        because="Yes.",
        wrong={lambda value: value < 0: "Not negative."},
        otherwise="No.",
    )
    assert exercises._exercises["99.1"].numbers == {}
    assert grade("99.1", -3) == ("wrong", "Not negative.")
    assert grade("99.1", 10) == ("right", "Yes.")


@pytest.mark.usefixtures("sandbox")
def test_a_few_numbers_are_judged_by_the_first_rule_that_fits():
    numbers_question(
        "99.1",
        (1, 2),
        parts=("first", "second"),
        read=lambda answer: array(answer, "answer", (2,)),
        because="Yes.",
        wrong={
            (2, 1): "Swapped.",
            (stretches.below(0), None): "Negative.",
            (None, 7): "Seven.",
        },
        otherwise="No.",
        foreseen=[(3, 3)],
    )
    one = exercises._exercises["99.1"]
    for given_, said in (
        ((2.001, 1), "Swapped."),
        ((-1, 7), "Negative."),
        ((0, 7), "Seven."),
        ([3, 3], "No."),
        ([1, 2, 3], "answer must have shape (2,); this has (3,)."),
        ((math.inf, 2), "answer holds a NaN or an infinity."),
    ):
        assert grade("99.1", given_) == ("wrong", said)
    assert grade("99.1", np.array([1, 2.001])) == ("right", "Yes.")
    assert one.foreseen == [((2, 1), "Swapped."), (3, 3)]
    assert one.numbers["infinite"] == "answer holds a NaN or an infinity."
    assert one.numbers["rules"][1]["when"] == [[0, None, False, True], None]
    with pytest.raises(Wrong):
        one.checker([2, 2])
