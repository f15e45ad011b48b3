"""Checking answers: every foreseen mistake gets its reason, and nothing shows a
traceback."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from helpers import exercises
from helpers.exercises import (
    Foreseen,
    Wrong,
    call,
    check,
    close,
    exercise,
    grade,
    number,
    quiz,
)

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(p.stem[2:] for p in (ROOT / "helpers/checks").glob("ch[0-9][0-9].py"))
REGISTERED = [item for chapter in CHAPTERS for item in exercises.registered(chapter)]


class Hostile:
    """Fail at whatever is asked of it."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no array")

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    def __bool__(self):
        raise RuntimeError("no truth")

    def __float__(self):
        raise RuntimeError("no number")

    __hash__ = None


def raises(*_, **__):
    raise RuntimeError("two\nlines at 0x7f00aa")


WEIRD = {
    "None": None,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "string": "b?",
    "empty": "",
    "list": [],
    "dict": {},
    "set": {1},
    "object": object(),
    "class": float,
    "bool": True,
    "complex": 1 + 2j,
    "large int": 10**400,
    "bytes": b"x",
    "ragged": [[1], [1, 2]],
    "no args": lambda: 1,
    "returns None": lambda *a, **k: print(end=""),
    "raises": raises,
    "returns string": lambda *a, **k: "x",
    "returns NaN": lambda *a, **k: float("nan"),
    "returns itself": lambda *a, **k: raises,
    "array": np.zeros((3, 0, 2)),
    "object array": np.array([None, "a"], dtype=object),
    "nan array": np.full((2, 2), np.nan),
    "string tensor": tf.constant("b"),
    "ragged tensor": tf.ragged.constant([[1], [1, 2]]),
    "symbol": tf.keras.Input((3,)),
    "hostile": Hostile(),
    "module": np,
    "generator": iter([1]),
}


@pytest.mark.parametrize("item", REGISTERED, ids=lambda item: item.id)
def test_every_foreseen_mistake_is_rejected_with_its_own_reason(item):
    assert item.foreseen, "foresee at least one wrong answer"
    for case in item.foreseen:
        answer = case.answer if isinstance(case, Foreseen) else case
        verdict = grade(item.id, answer)
        assert verdict.status == "wrong", (answer, verdict)
        assert "could not be checked" not in verdict.message, (answer, verdict)
        if isinstance(case, Foreseen):
            assert case.says in verdict.message, (answer, verdict)
        assert verdict == grade(item.id, answer), (
            "the same answer must earn the same line"
        )


@pytest.mark.parametrize("item", REGISTERED, ids=lambda item: item.id)
@pytest.mark.parametrize("name", WEIRD)
def test_no_answer_however_weird_shows_a_traceback_or_passes(item, name, capsys):
    verdict = grade(item.id, WEIRD[name])
    assert verdict.status in ("wrong", "unanswered"), verdict
    assert len(verdict.message) > 10
    assert "\n" not in verdict.message
    assert " at 0x" not in verdict.message
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("item", REGISTERED, ids=lambda item: item.id)
def test_a_stub_is_not_answered_yet(item):
    def stub(x): ...

    def documented(x):
        """Say what to do."""

    for blank in (..., (..., 1), [1, ...], {"a": ...}, stub, documented):
        assert grade(item.id, blank).status == "unanswered"


@pytest.mark.parametrize(
    "item", [i for i in REGISTERED if ".q" not in i.id], ids=lambda i: i.id
)
def test_an_exercise_has_hints_in_whole_sentences(item):
    assert item.hints
    for hint in item.hints:
        assert len(hint) > 10
        assert "\n" not in hint


def test_chapters_are_found():
    assert "02" in CHAPTERS
    assert len(REGISTERED) >= 7


# The notebooks and the checks say the same.

CELLS = [
    (path.stem, cell)
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    for cell in json.loads(path.read_text("utf-8"))["cells"]
    if cell["cell_type"] == "code"
]
CALL = re.compile(r'^check\("(\d\d\.q?\d+)", \w+\)$', re.MULTILINE)


def printed(cell):
    return "".join(
        "".join(output["text"])
        for output in cell["outputs"]
        if output["output_type"] == "stream"
    ).strip()


def calls(solutions):
    for chapter, cell in CELLS:
        is_solution = "solution" in cell["metadata"].get("tags", [])
        for id in CALL.findall("".join(cell["source"])):
            if is_solution == solutions:
                yield chapter, id, cell


@pytest.mark.parametrize(
    ("chapter", "id", "cell"),
    calls(True),
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_stored_solutions_are_right(chapter, id, cell):
    assert printed(cell).splitlines()[-1].startswith(f"{id} · right."), printed(cell)


@pytest.mark.parametrize(
    ("chapter", "id", "cell"),
    calls(False),
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_stored_stubs_are_not_answered_yet(chapter, id, cell):
    assert printed(cell).startswith(f"{id} · not answered yet:"), printed(cell)


def test_every_exercise_has_one_stub_and_one_solution_in_its_chapter():
    for chapter in sorted({stem for stem, _ in CELLS}):
        defined = [item.id for item in exercises.registered(chapter[:2])]
        stubs, solved = (
            sorted(id for stem, id, _ in calls(solutions) if stem == chapter)
            for solutions in (False, True)
        )
        assert stubs == defined, chapter
        assert len(solved) == len(set(solved)), chapter
        # A question's reason is its solution; an exercise needs a cell of its own.
        assert (
            {id for id in defined if ".q" not in id} <= set(solved) <= set(defined)
        ), chapter


# The engine, on exercises of a chapter that does not exist.


@pytest.fixture
def sandbox(monkeypatch):
    monkeypatch.setattr(exercises, "_exercises", {})
    monkeypatch.setattr(exercises, "_hints_shown", {})

    @exercise("99.1", hints=["Think.", "Say two."], foreseen=[3])
    def _(answer):
        if not close(number(answer), 2):
            raise Wrong("It is\n not  two.")
        return "One and one."

    @exercise("99.2")
    def _(answer):
        return f"It gave {call(answer, 3)}."

    quiz(
        "99.q1",
        correct="b",
        because={"a": "Too few.", "b": "Just so.", "c": "Too many."},
    )


@pytest.mark.usefixtures("sandbox")
class TestEngine:
    @pytest.mark.parametrize(
        "two",
        [
            2,
            2.0,
            np.float32(2),
            np.array(2),
            np.array([2.0]),
            [2],
            tf.constant(2.0),
            tf.Variable([2]),
            np.float64(2.0000001),
        ],
    )
    def test_a_number_may_come_in_any_coat(self, two):
        assert grade("99.1", two) == ("right", "One and one.")

    def test_hints_come_one_by_one_and_end(self, capsys):
        for _ in range(3):
            check("99.1", 3)
        check("99.1", ...)
        check("99.1", 2)
        assert capsys.readouterr().out.splitlines() == [
            "99.1 · not yet. It is not two. Hint 1 of 2: Think.",
            "99.1 · not yet. It is not two. Hint 2 of 2: Say two.",
            "99.1 · not yet. It is not two. No more hints: the solution is folded "
            "below.",
            "99.1 · not answered yet: put your answer in place of the ... and run this "
            "cell again.",
            "99.1 · right. One and one.",
        ]
        exercises.forget_hints()
        check("99.1", 3)
        assert "Hint 1 of 2" in capsys.readouterr().out

    def test_grading_uncovers_no_hint(self, capsys):
        grade("99.1", 3)
        check("99.1", 3)
        assert "Hint 1 of 2" in capsys.readouterr().out

    @pytest.mark.parametrize("letter", ["b", "B", " b ", "(b)", "b)", "b."])
    def test_a_letter_may_be_written_in_any_way(self, letter):
        assert grade("99.q1", letter) == ("right", "Just so.")

    def test_a_wrong_letter_gets_its_reason_and_nonsense_the_choices(self):
        assert grade("99.q1", "c") == ("wrong", "Too many.")
        for nonsense in ("d", "", 2, ["b"], "ab"):
            assert "a, b, c" in grade("99.q1", nonsense).message

    def test_a_quiz_keeps_its_right_letter_and_reasons_and_an_exercise_has_none(self):
        question, plain = exercises._exercises["99.q1"], exercises._exercises["99.1"]
        assert question.correct == "b"
        assert question.because == {"a": "Too few.", "b": "Just so.", "c": "Too many."}
        assert (plain.correct, plain.because) == (None, {})

    def test_a_function_that_fails_becomes_one_sentence(self):
        def broken(x):
            return x / 0

        verdict = grade("99.2", broken)
        assert verdict.status == "wrong"
        assert "ZeroDivisionError" in verdict.message
        assert "return" in grade("99.2", lambda x: [].append(x)).message
        refusal = "answer must be a function, not a value of type int."
        assert grade("99.2", 5).message == refusal
        assert grade("99.2", lambda x: tf.constant(x)) == ("right", "It gave 3.")

        def later(x):
            raise NotImplementedError

        assert grade("99.2", later).status == "unanswered"

    def test_a_function_that_does_something_is_an_answer(self):
        assert grade("99.2", lambda x: x).status == "right"
        assert grade("99.2", lambda x: 1).status == "right"
        assert grade("99.2", abs).status == "right"

    @pytest.mark.parametrize(
        "value", ["two", True, None, [1, 2], float("nan"), 1j, abs, {}]
    )
    def test_number_refuses_with_a_sentence(self, value):
        with pytest.raises(Wrong, match="answer"):
            number(value)

    @pytest.mark.parametrize(
        "id", ["99.7", "99.", "exercise", "", 2.1, None, "9.1", "98.1"]
    )
    def test_an_unknown_id_says_which_there_are(self, id):
        with pytest.raises(ValueError, match="id "):
            check(id, 1)

    def test_mistakes_of_an_author_are_refused(self):
        with pytest.raises(ValueError, match="twice"):
            exercise("99.1")(len)
        with pytest.raises(ValueError, match="look like"):
            exercise("1.1")
        with pytest.raises(ValueError, match="because"):
            quiz("99.q2", correct="z", because={"a": "x", "b": "y"})


def test_an_error_that_is_foreseen_is_rephrased_and_others_pass():
    reasons = {"broadcast": "The canvas is too short.", "cast": "Use floats."}
    for error, told in (
        (ValueError("could not broadcast"), "The canvas is too short."),
        (exercises.Wrong("cannot cast"), "Use floats."),
    ):
        with (
            pytest.raises(exercises.Wrong, match=re.escape(told)),
            exercises.rephrase(reasons),
        ):
            raise error
    with pytest.raises(ZeroDivisionError, match="by zero"), exercises.rephrase(reasons):
        raise ZeroDivisionError("by zero")
    with exercises.rephrase(reasons):
        pass
