"""What the author of a chapter's checks writes with: questions, and safe reading.

`checks/__init__.py` tells how. The first part registers questions: most are data for
one of three kinds, the rest have a checker of their own. The second part is for
checkers: it reads an answer of any kind, and raises `Wrong`, with one sentence, for
what it is not.
"""

import contextlib
import copy
import math
import re

import numpy as np

from checks.stretches import Rule, as_data, judged, near
from helpers.exercises import Exercise, Foreseen, Wrong, describe, kind, plain, register

# ---- questions --------------------------------------------------------------------


def exercise(id, *, hints=(), foreseen=()):
    """Register the decorated function as the checker of exercise `id`.

    The function receives the answer (TensorFlow values as NumPy, scalars as Python
    numbers). It returns one sentence saying why the answer is right, or raises `Wrong`
    with one sentence. `hints` are uncovered one by one. `foreseen` lists the wrong
    answers that people really give, each a value or a `Foreseen(value, says=phrase)`; a
    test proves that each is rejected. Raises ValueError for a malformed or repeated
    `id`.
    """

    def added(checker):
        register(Exercise(id, checker, list(hints), list(foreseen)))
        return checker

    return added


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
    asked = f'Answer with one letter, such as "{letters[0]}": {", ".join(letters)}.'

    def checker(answer):
        letter = answer.strip(" ().:").lower() if isinstance(answer, str) else None
        if letter != correct:
            raise Wrong(because.get(letter, asked))
        return because[letter]

    wrong = [Foreseen(one, because[one]) for one in letters if one != correct]
    register(Exercise(id, checker, [], wrong, correct, dict(because)))


def quizzes(text):
    """Register a chapter's quizzes from a text; a star marks the right letter.

        02.q1
          a) Why a is wrong.
        * b) Why b is right, on as many lines
             as it needs.

    Raises ValueError that names the quiz if not one letter is marked.
    """
    head, *parts = re.split(r"^\s*(\d\d\.q\d+)$", text, flags=re.MULTILINE)
    if head.strip() or not parts:
        raise ValueError(f'text must begin with a quiz\'s name; got "{head.strip()}".')
    for id, body in zip(parts[::2], parts[1::2], strict=True):
        found = re.split(r"^\s*(\*?) *([a-z])\) ", body, flags=re.MULTILINE)[1:]
        marked = [letter for star, letter in zip(found[::3], found[1::3]) if star]
        if len(marked) != 1:
            raise ValueError(f"{id} must mark one letter with a star; got {marked}.")
        reasons = [" ".join(reason.split()) for reason in found[2::3]]
        quiz(id, correct=marked[0], because=dict(zip(found[1::3], reasons)))


def number_question(
    id, right, *, because, otherwise, wrong=None, rtol=1e-3, hints=(), foreseen=()
):
    """Register a question that is answered by one number, in a cell or in the page.

    `wrong` maps a foreseen number, a tuple of such, or a condition (`between` and the
    like from `checks.stretches`) to its reason; `otherwise` is told to any other wrong
    answer. `rtol` holds for all of them: 0 for a count. `foreseen` lists what is wrong
    beside them. A condition may also be a function of the answer, but then the page
    cannot judge, and has no field.
    """
    cases = {
        (one,): reason for case, reason in (wrong or {}).items() for one in _all(case)
    }
    _ruled(
        id,
        _rules((right,), because, cases, otherwise, rtol),
        read=lambda answer: (number(answer),),
        parts=["Your answer"],
        hints=hints,
        foreseen=[*(Foreseen(*one) for one in _values(cases, 1)), *foreseen],
    )


def numbers_question(
    id,
    right,
    *,
    parts,
    because,
    otherwise,
    read,
    wrong=None,
    rtol=1e-3,
    hints=(),
    foreseen=(),
):
    """Register a question that is answered by a few numbers, as `number_question` does.

    `parts` names each number, for its field in the page. `wrong` maps a tuple with one
    number, condition or None (any number) for each part to its reason; the first that
    fits is told. `read` makes numbers of the reader's answer, or raises `Wrong`.
    """
    cases = wrong or {}
    _ruled(
        id,
        _rules(right, because, cases, otherwise, rtol),
        read=read,
        parts=list(parts),
        hints=hints,
        foreseen=[*(Foreseen(*one) for one in _values(cases, None)), *foreseen],
    )


def _rules(right, because, cases, otherwise, rtol):
    """Return the rules in the order in which they are asked."""

    def condition(part):
        return part if part is None or callable(part) else near(part, rtol)

    told = [Rule(tuple(map(condition, case)), say) for case, say in cases.items()]
    return [
        *told,
        Rule(tuple(map(condition, right)), because, right=True),
        Rule((None,) * len(right), otherwise),
    ]


def _values(cases, count):
    """Yield each wrong answer that is all numbers, and its reason."""
    for case, reason in cases.items():
        if not any(part is None or callable(part) for part in case):
            yield (case[0] if count == 1 else case), reason


def _ruled(id, rules, *, read, parts, hints, foreseen):
    def checker(answer):
        found = judged(rules, read(answer))
        if not found.right:
            raise Wrong(found.says)
        return found.says

    def refused(value):
        """Return what `read` says of a number that is none, or None if it takes it."""
        try:
            read(value if len(parts) == 1 else (value,) * len(parts))
        except Wrong as reason:
            return " ".join(str(reason).split())
        return None

    data = as_data(rules)
    page = data and {
        "parts": parts,
        "rules": data,
        "nan": refused(math.nan),
        "infinite": refused(math.inf),
    }
    register(Exercise(id, checker, list(hints), list(foreseen), numbers=page or {}))


def function_question(
    id,
    reference,
    *,
    inputs,
    otherwise,
    because="",
    wrong=None,
    name="answer",
    result="the result",
    rtol=1e-3,
    hints=(),
    foreseen=(),
    instead=None,
    handed=copy.deepcopy,
    read=None,
    then=None,
):
    """Register a question that is answered by a function like `reference`.

    The reader's function, told of as `name`, is called for each tuple of arguments in
    `inputs`; what it returns, told of as `result`, must be close to what `reference`
    returns. `wrong` maps a foreseen function, or a tuple of such, to its reason.
    `otherwise` is told to any other, or is a list with one sentence for each of the
    inputs. A sentence may name `{0}` (the first argument), `{given}` and `{right}`;
    `otherwise` may also be a function of what was given and of the arguments.

    `instead` rephrases errors of the reader's function, see `rephrase`. `handed` makes
    of an argument what the reader's function gets. `read` reads what it returned, in
    place of `number` or `array`. `then`, called with the answer when all inputs are
    right, may raise `Wrong`, and may return the last sentence in place of `because`.
    """
    wrong = wrong or {}
    others = otherwise if isinstance(otherwise, list) else [otherwise] * len(inputs)

    def checker(answer):
        for arguments, other in zip(inputs, others, strict=True):
            right = reference(*arguments)
            with rephrase(instead or {}), np.errstate(all="ignore"):
                value = call(answer, *map(handed, arguments), name=name)
            if read is not None:
                given = read(value)
            elif np.ndim(right):
                given = array(value, result, np.shape(right))
            else:
                given = number(value, result)
            if close(given, right, rtol):
                continue
            for rules, reason in wrong.items():
                if _among(given, (rule(*arguments) for rule in _all(rules)), rtol):
                    other = reason
                    break
            if callable(other):
                raise Wrong(other(given, *arguments))
            raise Wrong(other.format(*arguments, given=given, right=right))
        return (then(answer) if then else None) or because

    rules = [
        Foreseen(rule, reason.rpartition("}")[2])
        for rules, reason in wrong.items()
        for rule in _all(rules)
    ]
    register(Exercise(id, checker, list(hints), [*rules, *foreseen]))


def _all(case):
    return case if isinstance(case, tuple) else (case,)


def _among(value, cases, rtol):
    return any(close(value, case, rtol) for case in cases)


# ---- answers ----------------------------------------------------------------------


def number(answer, name="answer") -> float:
    """Read `answer` as one finite number; raise `Wrong` with a sentence otherwise."""
    value = plain(answer)
    if isinstance(value, (bool, str)) or callable(value):
        raise Wrong(f"{name} must be a number, not {kind(value)}.")
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
        raise Wrong(f"{name} must be made of numbers, not {kind(answer)}.") from None
    if shape is not None and value.shape != tuple(shape):
        raise Wrong(f"{name} must have shape {tuple(shape)}; this has {value.shape}.")
    if not np.isfinite(value).all():
        raise Wrong(f"{name} holds a NaN or an infinity.")
    return value


def call(function, *arguments, name="answer", **options):
    """Call the reader's `function` and return its plain result; turn any error into
    `Wrong`."""
    if not callable(function):
        raise Wrong(f"{name} must be a function, not {kind(function)}.")
    try:
        result = plain(function(*arguments, **options))
    except Exception as problem:
        if type(problem) is NotImplementedError and not problem.args:
            raise  # not answered yet
        raise Wrong(f"Calling {name} failed: {describe(problem)}") from None
    if result is None:
        raise Wrong(f"{name} returned None; is the return missing?")
    return result


def refuse(reasons):
    """Raise `Wrong` with the first sentence of `reasons` whose condition holds."""
    for sentence, holds in reasons.items():
        if holds:
            raise Wrong(sentence)


@contextlib.contextmanager
def rephrase(reasons):
    """Raise `Wrong` with `reasons[part]` in place of an error that mentions `part`,
    inside `with`.

    `reasons` maps a part of the error's text to the sentence for the reader, in which
    `{problem}` stands for that text; the first that fits is taken. Every other error
    passes as it is.
    """
    try:
        yield
    except Exception as problem:
        for part, sentence in reasons.items():
            if part in str(problem):
                raise Wrong(sentence.replace("{problem}", str(problem))) from None
        raise


def close(value, target, rtol=1e-3, atol=1e-6) -> bool:
    """Tell whether `value` has the shape of `target` and equals it within the
    tolerance."""
    value, target = np.asarray(value, np.float64), np.asarray(target, np.float64)
    return value.shape == target.shape and bool(
        np.allclose(value, target, rtol=rtol, atol=atol)
    )
