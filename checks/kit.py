"""What the author of a chapter's checks writes with: questions, and answers read safely.

`checks/__init__.py` tells how. Each function here reads an answer of any kind and raises
`Wrong`, with one sentence, for what it is not.
"""

import contextlib
import re

import numpy as np

from helpers.exercises import (
    Exercise,
    Foreseen,
    Wrong,
    _describe,
    _exercises,
    _kind,
    plain,
)


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
