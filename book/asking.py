"""How a chapter asks: the form of its questions and exercises in Markdown.

The rules of form hold the notebooks to it, and the site makes its fields out of it.
"""

from __future__ import annotations

import re

# Below `## Check yourself`, for who runs the cells. The site has another sentence in
# its place, for who reads there: book/_ext/book_study.py.
INVITATION = (
    "Put your answer in place of the `...` and run the cell; a question takes a "
    'letter, such as `"b"`. A wrong answer earns a reason, and in an exercise a hint.'
)
QUESTION = re.compile(  # one paragraph, and the list of options that ends the cell
    r"^\*\*Question (\d+)\.\*\* \S.*(?:\n(?!- ).+)*\n\n"
    r"((?:- \([a-z]\) \S.*(?:\n|\Z))+)\Z",
    re.MULTILINE,
)
EXERCISE = re.compile(r"^\*\*Exercise (\d\d\.\d+)(?:, [^.*]+)?\.\*\* \S", re.MULTILINE)


def question(text: str) -> tuple[int, list[str]] | None:
    """Return the number of the question that ends a text, and its letters; or None."""
    found = QUESTION.search(text)
    if not found:
        return None
    return int(found[1]), re.findall(r"^- \(([a-z])\) ", found[2], re.MULTILINE)


def exercise(text: str) -> str | None:
    """Return the name of the last exercise that a text asks, or None."""
    found = EXERCISE.findall(text)
    return found[-1] if found else None
