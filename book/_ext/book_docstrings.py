"""Docstrings are plain prose with `code` in single backticks; this makes reST of them.

So they read well in a terminal and in an editor, and a bar or a star in a formula does
not turn into markup on the helpers page.
"""

from __future__ import annotations

import re

CODE = re.compile(r"(`+)([^`]+)\1")
SPECIAL = re.compile(r"([\\*|]|(?<=\w)_(?!\w))")


def plain_to_rest(lines: list[str]) -> list[str]:
    """Return `lines` of plain prose as lines of reST.

    An indented block becomes literal text, and an example (`>>>`) stays one.
    """
    made: list[str] = []
    literal = example = False
    for line in lines:
        example = line.startswith(">>>") or (example and bool(line.strip()))
        if example:
            made.append(line)
            continue
        indented = line.startswith("    ")
        if indented and not literal and (not made or not made[-1].strip()):
            made += ["::", ""]
            literal = True
        elif line.strip() and not indented:
            literal = False
        made.append(line if literal else _line(line))
    return made


def _line(line: str) -> str:
    pieces, end = [], 0
    for match in CODE.finditer(line):
        pieces += [
            SPECIAL.sub(r"\\\1", line[end : match.start()]),
            f"``{match.group(2)}``",
        ]
        end = match.end()
    return "".join([*pieces, SPECIAL.sub(r"\\\1", line[end:]).replace("`", "\\`")])


def mend(app, what, name, obj, options, lines) -> None:
    """Rewrite one docstring before autodoc parses it."""
    lines[:] = plain_to_rest(lines)


def setup(app):
    """Tell Sphinx to call `mend` for each docstring."""
    app.connect("autodoc-process-docstring", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
