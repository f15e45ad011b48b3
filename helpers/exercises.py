"""Check a reader's answers: right, wrong and why, one hint at a time.

A notebook calls `check("02.1", answer)`. The definitions live in
`helpers/checks/chNN.py`, one file a chapter, loaded when its first exercise is checked;
`helpers/checks/__init__.py` tells an author how to write one. Nothing here knows a
model: TensorFlow values are turned into NumPy by their own `numpy()` method.
"""

import contextlib
import dis
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np


class Wrong(Exception):
    """Tell the reader, in one sentence, why an answer is not right yet."""


class Verdict(NamedTuple):
    """Hold what became of an answer: `status` is "right", "wrong" or "unanswered"."""

    status: str
    message: str


class Foreseen(NamedTuple):
    """Pair a wrong answer with a phrase that its rejection must contain."""

    answer: Any
    says: str


@dataclass
class Exercise:
    """Hold one registered exercise; a quiz also has its right letter, and a reason for
    each."""

    id: str
    checker: Callable[[Any], str | None]
    hints: list[str] = field(default_factory=list)
    foreseen: list[Any] = field(default_factory=list)
    correct: str | None = None
    because: dict[str, str] = field(default_factory=dict)


_exercises: dict[str, Exercise] = {}
_hints_shown: dict[str, int] = {}


# For the reader.


def check(id, answer):
    """Print one line that says whether `answer` is right, and why; return nothing.

    `id` is the exercise's name, such as "02.1". `answer` is a number, string, array,
    TensorFlow value or function, as the exercise asks; `...` means not answered yet.
    Each wrong answer uncovers the next hint. Whatever the answer is, no traceback is
    shown. Raises ValueError for an `id` that no chapter defines.
    """
    verdict = grade(id, answer)
    if verdict.status == "unanswered":
        print(f"{id} · not answered yet: {verdict.message}")
    elif verdict.status == "right":
        print(f"{id} · right. {verdict.message}".rstrip())
    else:
        print(f"{id} · not yet. {verdict.message} {_next_hint(_find(id))}".rstrip())


def grade(id, answer) -> Verdict:
    """Judge `answer` without printing and without uncovering a hint.

    Takes what `check` takes and returns a `Verdict`; the message is a single line.
    Raises ValueError for an `id` that no chapter defines.
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
    except NotImplementedError:
        return Verdict("unanswered", "the function still raises NotImplementedError.")
    except Exception as problem:  # a reader's answer may be anything at all
        return Verdict(
            "wrong", "This answer could not be checked: " + _describe(problem)
        )


def forget_hints() -> None:
    """Cover all hints again, as in a fresh notebook."""
    _hints_shown.clear()


# For the author of a chapter's checks.


def exercise(id, *, hints=(), foreseen=()):
    """Register the decorated function as the checker of exercise `id`.

    The function receives the answer (TensorFlow values as NumPy, scalars as Python
    numbers). It returns one sentence saying why the answer is right, or raises `Wrong`
    with one sentence. `hints` are uncovered one by one. `foreseen` lists the wrong
    answers that people really give, each a value or a `Foreseen(value, says=phrase)`; a
    test proves that each is rejected. Raises ValueError for a malformed or repeated
    `id`.
    """
    if not isinstance(id, str) or not re.fullmatch(r"\d\d\.(q?\d+)", id):
        raise ValueError(f'id must look like "02.1" or "02.q1"; got {id!r}.')
    if id in _exercises:
        raise ValueError(
            f"id {id!r} is registered twice; give the second exercise another number."
        )

    def register(checker):
        _exercises[id] = Exercise(id, checker, list(hints), list(foreseen))
        return checker

    return register


def quiz(id, *, correct, because):
    """Register a question that is answered by a letter.

    `correct` is the right letter. `because` maps every letter to its reason: why it is
    wrong, and for the correct one why it is right. Raises ValueError if `correct` has
    no reason.
    """
    if correct not in because or len(because) < 2:
        raise ValueError(
            "because must give a reason for the correct letter and for the others."
        )
    letters = sorted(because)
    wrong = [letter for letter in letters if letter != correct]

    @exercise(id, foreseen=[Foreseen(letter, because[letter]) for letter in wrong])
    def checker(answer):
        letter = answer.strip(" ().:").lower() if isinstance(answer, str) else None
        if letter not in because:
            raise Wrong(
                f'Answer with one letter, such as "{letters[0]}": {", ".join(letters)}.'
            )
        if letter != correct:
            raise Wrong(because[letter])
        return because[letter]

    _exercises[id].correct, _exercises[id].because = correct, dict(because)


def number(answer, name="answer") -> float:
    """Read `answer` as one finite number; raise `Wrong` with a sentence otherwise."""
    value = plain(answer)
    if isinstance(value, (bool, str)) or callable(value):
        raise Wrong(f"{name} must be a number, not {_kind(value)}.")
    value = array(value, name)
    if value.size != 1:
        raise Wrong(f"{name} must be one number; this has shape {value.shape}.")
    return float(value.reshape(()))


def array(answer, name="answer", shape=None) -> np.ndarray:
    """Read `answer` as a finite float array, of `shape` if given; raise `Wrong`
    otherwise."""
    try:
        value = np.asarray(plain(answer), dtype=np.float64)
    except (TypeError, ValueError):
        raise Wrong(f"{name} must be made of numbers, not {_kind(answer)}.") from None
    if shape is not None and value.shape != tuple(shape):
        raise Wrong(f"{name} must have shape {tuple(shape)}; this has {value.shape}.")
    if not np.isfinite(value).all():
        raise Wrong(f"{name} holds a NaN or an infinity.")
    return value


def call(function, *arguments, name="answer", **options):
    """Call the reader's `function` and return its plain result; turn any error into
    `Wrong`."""
    if not callable(function):
        raise Wrong(f"{name} must be a function, not {_kind(function)}.")
    try:
        result = plain(function(*arguments, **options))
    except NotImplementedError:
        raise
    except Exception as problem:
        raise Wrong(f"Calling {name} failed: {_describe(problem)}") from None
    if result is None:
        raise Wrong(f"{name} returned None; is the return missing?")
    return result


@contextlib.contextmanager
def rephrase(reasons):
    """Raise `Wrong` with `reasons[part]` in place of an error that mentions `part`,
    inside `with`.

    `reasons` maps a part of the error's text to the sentence for the reader; the first
    that fits is taken. Every other error passes as it is.
    """
    try:
        yield
    except Exception as problem:
        for part, sentence in reasons.items():
            if part in str(problem):
                raise Wrong(sentence) from None
        raise


def close(value, target, rtol=1e-3, atol=1e-6) -> bool:
    """Tell whether every entry of `value` equals `target` within the tolerance."""
    value, target = np.asarray(value, np.float64), np.asarray(target, np.float64)
    return value.shape == target.shape and bool(
        np.allclose(value, target, rtol=rtol, atol=atol)
    )


def plain(answer):
    """Turn a TensorFlow, Keras or NumPy value into a NumPy array or a Python scalar."""
    if isinstance(answer, type):
        return answer
    if callable(getattr(answer, "numpy", None)):
        answer = answer.numpy()
    if isinstance(answer, (np.generic, np.ndarray)) and np.ndim(answer) == 0:
        return answer.item()
    return answer


def registered(chapter=None) -> list[Exercise]:
    """Return the exercises of `chapter`, such as "02", in order; of all loaded ones if
    None."""
    if chapter is not None:
        _load(chapter)
    return [_exercises[id] for id in sorted(_exercises) if chapter in (None, id[:2])]


# The machinery.


def _load(chapter) -> None:
    module = f"helpers.checks.ch{chapter}"
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
        raise ValueError(f"id {id!r} names no exercise; chapter {id[:2]} has: {known}.")
    raise ValueError(f'id must be an exercise\'s name such as "02.1"; got {id!r}.')


def _next_hint(known) -> str:
    shown = _hints_shown.get(known.id, 0)
    if not known.hints:
        return ""
    if shown >= len(known.hints):
        return "No more hints: the solution is folded below."
    _hints_shown[known.id] = shown + 1
    return _one_line(f"Hint {shown + 1} of {len(known.hints)}: {known.hints[shown]}")


def _is_blank(answer) -> bool:
    """Tell whether the stub was left as it was: `...`, a container of it, an empty
    function."""
    if answer is ...:
        return True
    if isinstance(answer, (list, tuple)):
        return any(part is ... for part in answer)
    if isinstance(answer, dict):
        return any(part is ... for part in answer.values())
    code = getattr(answer, "__code__", None)
    if code is None:
        return False
    steps = [
        s
        for s in dis.get_instructions(code)
        if s.opname not in ("RESUME", "NOP", "POP_TOP")
    ]
    returns = ("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE")
    return all(s.opname in returns and s.argval in (None, ...) for s in steps)


def _kind(value) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    if callable(value):
        return "a function"
    names = {bool: "True or False", str: "a string", type(None): "None"}
    return names.get(type(value), f"a value of type {type(value).__name__}")


def _describe(problem) -> str:
    text = _one_line(str(problem)).rstrip(".")
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)  # the same line on every run
    text = text if len(text) <= 160 else text[:157] + "..."
    return (
        f"{type(problem).__name__}: {text}." if text else f"{type(problem).__name__}."
    )


def _one_line(text) -> str:
    return " ".join(str(text).split())
