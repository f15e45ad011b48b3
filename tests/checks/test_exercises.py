"""Checking answers: every foreseen mistake gets its reason, and nothing shows a
traceback."""

import functools
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest
import tensorflow as tf

from checks.kit import (
    Foreseen,
    Wrong,
    call,
    close,
    exercise,
    function_question,
    number,
    number_question,
    quiz,
    quizzes,
    refuse,
    rephrase,
)
from helpers import exercises
from helpers.exercises import check, grade
from tests.checks.solutions import CHAPTERS, NOTEBOOKS, REGISTERED, ROOT


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

    def __getattr__(self, name):
        raise RuntimeError("no attribute")

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

each_exercise = pytest.mark.parametrize("item", REGISTERED, ids=lambda item: item.id)


@each_exercise
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


@each_exercise
def test_no_answer_however_weird_shows_a_traceback_or_passes(item, capsys):
    for name, answer in WEIRD.items():
        verdict = grade(item.id, answer)
        assert verdict.status in ("wrong", "unanswered"), (name, verdict)
        assert len(verdict.message) > 10, name
        assert "\n" not in verdict.message, name
        assert " at 0x" not in verdict.message, name
        assert capsys.readouterr().out == "", name


@each_exercise
def test_a_stub_is_not_answered_yet(item):
    def stub(x): ...

    def documented(x):
        """Say what to do."""

    for blank in (..., (..., 1), [1, ...], {"a": ...}, stub, documented):
        assert grade(item.id, blank).status == "unanswered"


def test_a_class_without_its_methods_is_not_answered_yet():
    from helpers import gan

    class HingeGAN(gan.GAN):
        pass

    assert grade("05.3", HingeGAN).status == "unanswered"


@each_exercise
def test_an_exercise_has_hints_and_a_quiz_reasons_in_whole_sentences(item):
    words = list(item.because.values()) if item.correct else item.hints
    assert words
    for sentence in words:
        assert len(sentence) > 10
        assert sentence == " ".join(sentence.split())


def test_chapters_are_found():
    assert "02" in CHAPTERS
    assert len(REGISTERED) >= 7


def test_questions_are_registered_and_quizzes_graded_without_tensorflow():
    code = (
        "import sys; sys.modules.update(tensorflow=None, keras=None)\n"
        "import checks.kit\n"
        "from helpers.exercises import check, registered\n"
        f"for chapter in {CHAPTERS}:\n"
        "    for one in registered(chapter):\n"
        "        check(one.id, one.correct if one.correct else ...)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    right = [line for line in lines if " · right. " in line]
    assert len(lines) == len(REGISTERED)
    assert len(right) == sum(item.correct is not None for item in REGISTERED)


# A notebook's question and its reasons have the same letters.

LETTER = re.compile(r"(?:^|\s)\(?([a-z])[).] ", re.MULTILINE)


def questions(path):
    """Yield each quiz of a notebook, and the last paragraphs that ask it."""
    asked = ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            asked = "\n" + cell.source
        elif "solution" not in cell.metadata.get("tags", []):
            for name in re.findall(r'check\("(\d\d\.q\d+)"', cell.source):
                yield name, asked[asked.rindex("\n**") :]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem[:2])
def test_the_letters_of_a_question_are_those_of_its_reasons(path):
    known = {item.id: item for item in exercises.registered(path.stem[:2])}
    offered = {name: LETTER.findall(text) for name, text in questions(path)}
    reasons = {i: sorted(one.because) for i, one in known.items() if one.correct}
    assert offered == reasons


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


def known(id):
    return exercises._exercises[id]


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
        question, plain = known("99.q1"), known("99.1")
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
            exercise("1.1")(len)
        with pytest.raises(ValueError, match="because"):
            quiz("99.q2", correct="z", because={"a": "x", "b": "y"})


# What counts as an empty answer.


class Bound:
    def empty(self): ...

    def constant(self, x):
        return 1

    @staticmethod
    def still(x): ...


def passes(x):
    pass


def returns_none(x):
    return None


def returns_dots(x):
    return ...


def described(x):
    """Say what to do, and how: 1."""
    return ...


def kept(function):
    """Decorate as people do: the wrapper does something, the function need not."""

    @functools.wraps(function)
    def wrapper(*arguments):
        print("called")
        return function(*arguments)

    return wrapper


@kept
def decorated(x): ...


@kept
def decorated_constant(x):
    return 1


def later(x):
    raise NotImplementedError


def described_constant(x):
    """Say what to do."""
    return 1


def generates(x):
    yield x


def generates_nothing(x):
    yield


async def waits(x):
    return x


def defaults(x, y=1, *z, w=2, **v): ...


BLANK = {
    "a lambda of dots": lambda x: ...,
    "a lambda of None": lambda x: None,
    "a method": Bound().empty,
    "a method of the class": Bound.empty,
    "a static method": Bound.still,
    "a partial": functools.partial(passes, 1),
    "a partial of a partial": functools.partial(functools.partial(passes), 1),
    "decorated": decorated,
    "pass": passes,
    "return None": returns_none,
    "return dots": returns_dots,
    "described": described,
    "defaults": defaults,
    "not implemented": later,
}
DONE = {
    "a lambda": lambda x: 1,
    "a lambda that calls": lambda x: x.__abs__(),
    "a method": Bound().constant,
    "a partial": functools.partial(max, 1),
    "decorated": decorated_constant,
    "described": described_constant,
    "False": lambda x: False,
    "a text": lambda x: "...",
    "a builtin": abs,
    "a generator": generates,
    "an empty generator": generates_nothing,
    "a class": float,
}


@pytest.mark.usefixtures("sandbox")
class TestBlank:
    @pytest.mark.parametrize("name", BLANK)
    def test_an_empty_function_is_not_answered_yet(self, name):
        assert grade("99.2", BLANK[name]).status == "unanswered"

    @pytest.mark.parametrize("name", DONE)
    def test_a_function_that_does_something_is_an_answer(self, name):
        assert grade("99.2", DONE[name]).status == "right"

    def test_an_async_function_is_an_answer_that_is_no_number(self):
        assert not exercises._is_blank(waits)
        coroutine = waits(1)
        with pytest.raises(Wrong, match="answer must be made of numbers"):
            number(coroutine)
        coroutine.close()


# The kinds of questions.


@pytest.mark.usefixtures("sandbox")
class TestKinds:
    def test_quizzes_are_read_from_a_text(self):
        quizzes(
            """
            99.q2
              a) Too
                 few.
            * b) Just so, (c) or not.

            99.q3
            * a) One.
              b) Two.
            """
        )
        assert known("99.q2").because == {"a": "Too few.", "b": "Just so, (c) or not."}
        assert (known("99.q2").correct, known("99.q3").correct) == ("b", "a")
        assert grade("99.q2", "a") == ("wrong", "Too few.")
        assert known("99.q3").foreseen == [Foreseen("b", "Two.")]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("a) One.", "begin with a quiz's name"),
            ("99.q2\n  a) One.\n  b) Two.", "99.q2 must mark one letter"),
            ("99.q2\n* a) One.\n* b) Two.", "99.q2 must mark one letter"),
            ("99.q2\n* a) One.", "because"),
            ("99.q1\n* a) One.\n b) Two.", "twice"),
        ],
    )
    def test_a_text_that_is_no_quiz_is_refused(self, text, says):
        with pytest.raises(ValueError, match=says):
            quizzes(text)

    def test_a_number_has_foreseen_neighbours(self):
        number_question(
            "99.3",
            10,
            because="Twice five.",
            wrong={
                5: "Once five.",
                (20, 30): "Too often.",
                lambda value: value < 0: "Not negative.",
            },
            otherwise="Count again.",
            foreseen=[11],
        )
        for answer, message in (
            (5, "Once five."),
            (30.01, "Too often."),
            (-3, "Not negative."),
            (11, "Count again."),
            (10.1, "Count again."),
        ):
            assert grade("99.3", answer) == ("wrong", message)
        assert grade("99.3", 10.005) == ("right", "Twice five.")
        assert [*map(str, (5, 20, 30))] == [
            str(case.answer) for case in known("99.3").foreseen[:3]
        ]
        assert known("99.3").foreseen[-1] == 11

    def test_a_count_is_exact(self):
        number_question("99.3", 1000, rtol=0, because="Yes.", otherwise="No.")
        assert grade("99.3", 1000.0).status == "right"
        assert grade("99.3", 1000.5).status == "wrong"

    def test_a_function_is_compared_with_a_reference(self):
        function_question(
            "99.3",
            lambda a, b: a + b,
            inputs=[(np.ones(2), 1.0), (np.zeros(2), 2.0)],
            because="A sum.",
            wrong={
                lambda a, b: a - b: "With {1} it is a difference.",
                (lambda a, b: a, lambda a, b: 0 * a + b): "Only one.",
            },
            otherwise=["The ones give {given}.", "The zeros give {given}."],
            instead={"broadcast": "Mind the shapes: {problem}"},
        )
        assert grade("99.3", lambda a, b: b + a) == ("right", "A sum.")
        for answer, message in (
            (lambda a, b: a - b, "With 1.0 it is a difference."),
            (lambda a, b: a, "Only one."),
            (lambda a, b: a * 7, "The ones give [7. 7.]."),
            (lambda a, b: a + b + (b == 2), "The zeros give [3. 3.]."),
            (lambda a, b: 2.0, "the result must have shape (2,); this has ()."),
            (lambda a: a, "Calling answer failed: TypeError"),
            (lambda a, b: a + np.ones(3), "Mind the shapes: Calling answer failed"),
        ):
            verdict = grade("99.3", answer)
            assert verdict.status == "wrong"
            assert verdict.message.startswith(message)
        assert [case.says for case in known("99.3").foreseen] == [
            " it is a difference.",
            "Only one.",
            "Only one.",
        ]

    def test_a_function_may_spoil_what_it_is_given(self):
        inputs = [(np.arange(3.0),)]
        function_question(
            "99.3", lambda a: a + 1, inputs=inputs, because="Yes.", otherwise="No."
        )

        def answer(a):
            a += 1
            return a

        assert grade("99.3", answer).status == "right"
        assert grade("99.3", answer).status == "right"

    def test_a_function_may_be_read_and_followed_up_in_its_own_way(self):
        function_question(
            "99.3",
            lambda a: 2 * a,
            inputs=[(1,), (4,)],
            otherwise=lambda given, a: f"{given} after {a}.",
            handed=str,
            read=lambda value: float(value[0]),
            then=lambda answer: answer("3")[1],
        )
        assert grade("99.3", lambda a: (2 * int(a), "Well done.")) == (
            "right",
            "Well done.",
        )
        assert grade("99.3", lambda a: [a]) == ("wrong", "1.0 after 1.")


def test_close_compares_shapes_too():
    assert close([1, 2], (1.0, 2.0005))
    assert not close([1, 2], [1, 2.01])
    assert not close([[1.0]], [1.0])
    assert not close(1.0, [1.0])
    assert not close(np.ones((3, 1)), np.ones(3))
    assert not close(np.nan, np.nan)


def test_the_first_condition_that_holds_is_told():
    refuse({"One.": False, "Two.": np.False_})
    with pytest.raises(Wrong, match=r"Two\."):
        refuse({"One.": False, "Two.": True, "Three.": True})


def test_an_error_that_is_foreseen_is_rephrased_and_others_pass():
    reasons = {"broadcast": "The canvas is too short.", "cast": "Use floats: {problem}"}
    for error, told in (
        (ValueError("could not broadcast"), "The canvas is too short."),
        (Wrong("cannot cast"), "Use floats: cannot cast"),
    ):
        with pytest.raises(Wrong, match=re.escape(told)), rephrase(reasons):
            raise error
    with pytest.raises(ZeroDivisionError, match="by zero"), rephrase(reasons):
        raise ZeroDivisionError("by zero")
    with rephrase(reasons):
        pass


def test_an_error_of_tensorflow_s_is_no_missing_answer():
    """It raises NotImplementedError, with words, where NumPy meets a symbolic tensor."""

    @tf.function
    def answer(logits):
        return tf.constant(np.asarray(logits).mean())

    verdict = grade("02.4", answer)
    assert verdict.status == "wrong" and "NotImplementedError: " in verdict.message
    assert grade("02.4", later).status == "unanswered"
