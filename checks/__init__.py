"""The exercises of every chapter: one file a chapter, `chNN.py`.

A chapter's quizzes and numbers are data, at the top of its file; then come the
functions that it asks for, and what needs a checker of its own. For chapter 02:

    from checks.kit import Foreseen, Wrong, array, exercise, function_question
    from checks.kit import number_question, numbers_question, quizzes

    quizzes(
        '''
        02.q1
          a) A forger is not paid for ... .              (why a is wrong)
        * b) The gradient of log(1 - D) vanishes.        (why b is right)
        '''
    )

    number_question(
        "02.1",
        0.75,
        because="Three of four such samples are real.",
        wrong={0.25: "That is q/(p + q), the share of forgeries."},
        otherwise="D* compares p with p + q.",
        hints=["Write the integrand at one x.", "Set its derivative to zero."],
    )

    numbers_question(
        "02.2",
        (0.3466, 1),
        parts=("Jensen-Shannon divergence", "W1"),       # the names of its fields
        read=lambda answer: array(answer, "answer", (2,)),
        because="Half of each heap lies where the other has nothing.",
        wrong={(below(0), None): "No divergence is negative."},  # None: any number
        otherwise="One of them is not right.",
        hints=["m has three stretches."],
    )

    function_question(
        "02.3",
        lambda p, q: p / (p + q),                        # what it must do
        inputs=[(np.array([0.2, 0.5]), np.array([0.4, 0.5]))],
        because="It is the best detective's.",
        wrong={lambda p, q: q / (p + q): "That is the chance of a forgery."},
        otherwise="At {0} and {1} it gives {given}, not {right}.",
        hints=["Weigh the two terms."],
    )

    @exercise("02.4", hints=["..."], foreseen=[Foreseen([0, 0], says="sum")])
    def _(answer):
        shares = array(answer, "answer", (2,))
        if shares.sum() != 1:
            raise Wrong("Shares sum to 1.")
        return "Any two shares will do."

Numbers are judged by rules that are data, conditions and all (`checks.stretches`), so
that whoever reads the page alone can type the answer there, and hears the same.

The rules. A checker returns one sentence that says why the answer is right; it raises
`Wrong` with one sentence otherwise. `number`, `array` and `call` read a number, an
array and a function and raise `Wrong` by themselves; anything else that a checker
raises becomes a sentence too. Same answer, same line: draw nothing at random without a
seed, print nothing, name no time or memory address. A checker that needs TensorFlow
imports it itself; no file does. `foreseen`, and the keys of `wrong`, are the mistakes
that people really make; each deserves its own reason, and `tests/checks` proves that it
is rejected, with the phrase in `says`. It proves too that the solution passes, and that
one a hundredth larger does not. `hints` go from a nudge to nearly the answer; a new one
is uncovered at each wrong attempt.

In the notebook the stub is `answer = ...` (or a function whose body is `...`) followed
by `check("02.1", answer)`; its stored line says "not answered yet". The solution cell
ends in the same call, and its stored line says "right".
"""
