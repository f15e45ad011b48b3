"""Every stored solution is right, and one a hundredth off is wrong."""

import numpy as np
import pytest

from helpers.exercises import grade
from tests.checks.solutions import REGISTERED, answer, sources

CHANGES = {
    "a hundredth more": lambda value: value * 1.01,
    "a hundredth less": lambda value: value * 0.99,
    "one more": lambda value: value + 1,
}
# What cannot be scaled: why, and other changes of the solution's text.
EDITS = {
    "05.3": (
        "the answer is a class: each of its two losses is scaled",
        ("relu(1 - real_logits)", "relu(1.01 * (1 - real_logits))"),
        ("return -tf", "return -1.01 * tf"),
        ("return -tf", "return 1 - tf"),
    ),
    "05.5": (
        "the answer returns nothing: what it moves is changed",
        ("in (batch_a, batch_b)", "in (batch_b, batch_a)"),
        ("loss = model.g", "loss = -model.g"),
    ),
}
# What is right all the same.
EXCUSED = {
    ("06.5", "a hundredth less"): "pictures a little paler meet both numbers too",
}
EXERCISES = [item.id for item in REGISTERED if item.correct is None]
QUIZZES = [item for item in REGISTERED if item.correct is not None]


def changed(value, change):
    """Return an answer that differs by `change`: a number, an array, a pair, or what a
    function returns. Of what is true or false, the first entry is turned."""
    if callable(value):
        return lambda *arguments: changed(value(*arguments), change)
    if isinstance(value, tuple):
        return tuple(changed(part, change) for part in value)
    value = np.array(value)
    if value.dtype == bool:
        value.flat[0] = not value.flat[0]
        return value
    return change(value)


def variants(id):
    """Yield the name of each wrong neighbour of a solution, and the answer."""
    for edit in EDITS.get(id, ())[1:]:
        yield edit[1], answer(id, edit)
    if id in EDITS:
        return
    right = answer(id)
    for name, change in CHANGES.items():
        yield name, changed(right, change)
        if isinstance(right, tuple):
            for i, part in enumerate(right):
                alone = (*right[:i], changed(part, change), *right[i + 1 :])
                yield f"{name} in part {i}", alone


def test_every_exercise_has_a_solution():
    assert set(EXERCISES) <= set(sources()) <= {item.id for item in REGISTERED}


@pytest.mark.parametrize("id", EXERCISES)
def test_the_solution_is_right(id):
    status, message = grade(id, answer(id))
    assert status == "right", message
    assert len(message) > 10


@pytest.mark.parametrize("id", EXERCISES)
def test_what_is_a_hundredth_off_is_wrong(id):
    for name, wrong in variants(id):
        status, message = grade(id, wrong)
        expected = "right" if (id, name) in EXCUSED else "wrong"
        assert status == expected, (name, message)
        assert "could not be checked" not in message, (name, message)


@pytest.mark.parametrize("item", QUIZZES, ids=lambda item: item.id)
def test_one_letter_of_a_quiz_is_right_and_the_others_are_not(item):
    if item.id in sources():
        assert answer(item.id) == item.correct
    for letter, reason in item.because.items():
        status = "right" if letter == item.correct else "wrong"
        assert grade(item.id, letter) == (status, reason)


def test_the_style_between_two_of_10_5_is_that_of_a_pooled_sample():
    rng = np.random.default_rng(3)
    f, s = rng.uniform(0.1, 1, (30, 5)), rng.uniform(0.1, 2, (10, 5))
    pooled = np.concatenate([f, s])
    mixed = answer("10.5")(f.T @ f / 30, s.T @ s / 10, 10 / 40)
    np.testing.assert_allclose(mixed, pooled.T @ pooled / 40)
