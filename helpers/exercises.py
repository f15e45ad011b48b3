"""Check a reader's answers: right, wrong and why, one hint at a time.

A notebook calls `check("02.1", answer)`. The definitions live in `checks/chNN.py`, one
file a chapter, loaded by name when its first exercise is checked; `checks/kit.py` is
what they are written with. Nothing here knows a model: TensorFlow values are turned
into NumPy by their own `numpy()` method.
"""

import functools
import importlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from helpers._arguments import told


class Wrong(Exception):
    """Tell the reader, in one sentence, why an answer is not right yet.

    >>> from helpers import exercises
    >>> raise exercises.Wrong("A belief lies between 0 and 1.")
    Traceback (most recent call last):
    helpers.exercises.Wrong: A belief lies between 0 and 1.
    """


class Verdict(NamedTuple):
    """Hold what became of an answer: `status` is "right", "wrong" or "unanswered".

    >>> from helpers import exercises
    >>> status, message = exercises.Verdict("right", "It is the mean.")
    >>> status
    'right'
    """

    status: str
    message: str


class Foreseen(NamedTuple):
    """Pair a wrong answer with a phrase that its rejection must contain.

    >>> from helpers import exercises
    >>> wrong = exercises.Foreseen(75, says="between 0 and 1")
    >>> wrong.answer
    75
    """

    answer: Any
    says: str


@dataclass
class Exercise:
    """Hold one registered exercise; a quiz has its right letter, and reasons, too.

    `numbers` holds, for an answer of numbers, the rules by which the page judges it.

    >>> from helpers import exercises
    >>> one = exercises.Exercise("99.1", lambda answer: "So it is.", hints=["Count."])
    >>> one.checker(2), one.hints
    ('So it is.', ['Count.'])
    """

    id: str
    checker: Callable[[Any], str | None]
    hints: list[str] = field(default_factory=list)
    foreseen: list[Any] = field(default_factory=list)
    correct: str | None = None
    because: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)


_exercises: dict[str, Exercise] = {}
_hints_shown: dict[str, int] = {}


# What an empty body compiles to, with and without a description, whatever the Python.
def _empty(): ...


def _described():
    """Be empty."""


_BLANK = {function.__code__.co_code for function in (_empty, _described)}


# For the reader.


def check(id: str, answer: Any) -> None:
    """Print one line that says whether `answer` is right, and why; return nothing.

    `id` is the exercise's name, such as "02.1". `answer` is a number, string, array,
    TensorFlow value or function, as the exercise asks; `...` means not answered yet.
    Each wrong answer uncovers the next hint. Whatever the answer is, no traceback is
    shown. Raises ValueError for an `id` that no chapter defines.

    >>> from helpers.exercises import check
    >>> check("02.1", ...)
    02.1 · not answered yet: put your answer in place of the ... and run this cell
    again.
    """
    verdict = grade(id, answer)
    if verdict.status == "unanswered":
        print(f"{id} · not answered yet: {verdict.message}")
    elif verdict.status == "right":
        print(f"{id} · right. {verdict.message}".rstrip())
    else:
        print(f"{id} · not yet. {verdict.message} {_next_hint(_find(id))}".rstrip())


def grade(id: str, answer: Any) -> Verdict:
    """Judge `answer` without printing and without uncovering a hint.

    Takes what `check` takes and returns a `Verdict`; the message is a single line.
    Raises ValueError for an `id` that no chapter defines.

    >>> from helpers import exercises
    >>> exercises.grade("02.1", 75)
    Verdict(status='wrong', message='D is a belief and lies between 0 and 1.')
    """
    known = _find(id)
    if _is_blank(answer):
        return Verdict(
            "unanswered", "put your answer in place of the ... and run this cell again."
        )
    if answer is None:
        return Verdict(
            "wrong", "The answer is None; if a function made it, does it return?"
        )
    try:
        return Verdict("right", _one_line(known.checker(plain(answer)) or ""))
    except Wrong as reason:
        return Verdict("wrong", _one_line(str(reason)))
    except Exception as problem:  # a reader's answer may be anything at all
        # TensorFlow raises the same type, with words, where an answer is finished.
        if type(problem) is NotImplementedError and not problem.args:
            return Verdict(
                "unanswered", "the function still raises NotImplementedError."
            )
        return Verdict(
            "wrong", "This answer could not be checked: " + describe(problem)
        )


def plain(answer: Any) -> Any:
    """Turn a TensorFlow, Keras or NumPy value into a NumPy array or a Python scalar.

    >>> import numpy as np
    >>> from helpers import exercises
    >>> exercises.plain(np.float32(0.5))
    0.5
    """
    if isinstance(answer, type):
        return answer
    if callable(getattr(answer, "numpy", None)):
        answer = answer.numpy()
    if isinstance(answer, (np.generic, np.ndarray)) and np.ndim(answer) == 0:
        return answer.item()
    return answer


def registered(chapter: str | None = None) -> list[Exercise]:
    """Return the exercises of `chapter`, such as "02", in order; None: all loaded.

    >>> from helpers import exercises
    >>> [one.id for one in exercises.registered("02")][:2]
    ['02.1', '02.2']
    """
    if chapter is not None:
        if not isinstance(chapter, str) or not re.fullmatch(r"\d\d", chapter):
            raise ValueError(
                f'chapter must be two digits such as "02", got {told(chapter)}.'
            )
        _load(chapter)
    return [_exercises[id] for id in sorted(_exercises) if chapter in (None, id[:2])]


# For the authors of exercises, by way of `checks.kit`.


def register(one: Exercise) -> None:
    """Add an exercise; raise ValueError if its `id` is malformed or was taken.

    >>> from helpers import exercises
    >>> exercises.register(exercises.Exercise("99.1", lambda answer: "One and one."))
    >>> exercises.check("99.1", 2)
    99.1 · right. One and one.
    """
    if not isinstance(one.id, str) or not re.fullmatch(r"\d\d\.(q?\d+)", one.id):
        raise ValueError(f'id must look like "02.1" or "02.q1"; got {one.id!r}.')
    if one.id in _exercises:
        raise ValueError(
            f"id {one.id!r} is registered twice; give the second exercise another "
            "number."
        )
    _exercises[one.id] = one


def kind(value: Any) -> str:
    """Say what sort of thing an answer is.

    >>> from helpers import exercises
    >>> exercises.kind("b"), exercises.kind(2)
    ('a string', 'a value of type int')
    """
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    if callable(value):
        return "a function"
    names = {bool: "True or False", str: "a string", type(None): "None"}
    return names.get(type(value), f"a value of type {type(value).__name__}")


def describe(problem: BaseException) -> str:
    """Tell an error in one line of at most 160 letters, the same on every run.

    >>> from helpers import exercises
    >>> exercises.describe(ValueError("the list is empty"))
    'ValueError: the list is empty.'
    """
    text = _one_line(str(problem)).rstrip(".")
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)
    text = text if len(text) <= 160 else text[:157] + "..."
    return (
        f"{type(problem).__name__}: {text}." if text else f"{type(problem).__name__}."
    )


# The machinery.


def _load(chapter) -> None:
    module = f"checks.ch{chapter}"
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise


def _find(id) -> Exercise:
    if isinstance(id, str) and re.fullmatch(r"\d\d\..+", id):
        _load(id[:2])
        if id in _exercises:
            return _exercises[id]
        known = ", ".join(e.id for e in registered(id[:2])) or "none"
        raise ValueError(
            f"id {told(id)} names no exercise; chapter {id[:2]} has: {known}."
        )
    raise ValueError(f'id must be an exercise\'s name such as "02.1"; got {told(id)}.')


def _next_hint(known) -> str:
    shown = _hints_shown.get(known.id, 0)
    if not known.hints:
        return ""
    if shown >= len(known.hints):
        return "No more hints: the solution is folded below."
    _hints_shown[known.id] = shown + 1
    return _one_line(f"Hint {shown + 1} of {len(known.hints)}: {known.hints[shown]}")


def _is_blank(answer) -> bool:
    """Tell whether a stub is as it was: `...`, a container of it, an empty function."""
    if answer is ...:
        return True
    if isinstance(answer, (list, tuple)):
        return any(part is ... for part in answer)
    if isinstance(answer, dict):
        return any(part is ... for part in answer.values())
    if isinstance(answer, functools.partial):
        answer = answer.func
    try:
        function = inspect.unwrap(answer)
        code, idle = function.__code__, (None, ..., function.__doc__)
        return code.co_code in _BLANK and all(c in idle for c in code.co_consts)
    except Exception:  # it is no function
        return False


def _one_line(text) -> str:
    return " ".join(str(text).split())
