"""The exercises of every chapter: one file a chapter, `chNN.py`.

How to write one, for chapter 02:

    from checks.kit import Foreseen, Wrong, call, close, exercise, number, quiz

    quiz("02.q1", correct="b", because={
        "a": "A forger is not paid for ... .",          # why a is wrong
        "b": "The gradient of log(1 - D) vanishes.",    # why b is right
    })

    @exercise(
        "02.1",
        hints=["Write the integrand at one x.", "Set its derivative to zero."],
        foreseen=[0.5, Foreseen(0.25, says="q/(p + q)")],
    )
    def _(answer):
        value = number(answer)  # a sentence, no traceback, for None, NaN, "two"
        if close(value, 0.25):
            raise Wrong("That is q/(p + q), the share of forgeries.")
        if not close(value, 0.75):
            raise Wrong("D* compares p with p + q.")
        return "Three of four such samples are real."

The rules. A checker returns one sentence that says why the answer is right; it raises
`Wrong` with one sentence otherwise. `number`, `array` and `call` read a number, an
array and a function and raise `Wrong` by themselves; anything else that a checker
raises becomes a sentence too. Same answer, same line: draw nothing at random without a
seed, print nothing, name no time or memory address. `foreseen` holds the mistakes that
people really make; each deserves its own reason, and `tests/checks` proves that it is
rejected, with the phrase in `says`. `hints` go from a nudge to nearly the
answer; a new one is uncovered at each wrong attempt.

In the notebook the stub is `answer = ...` (or a function whose body is `...`) followed
by `check("02.1", answer)`; its stored line says "not answered yet". The solution cell
ends in the same call, and its stored line says "right".
"""
