"""Tables of results: HTML in a notebook and on the site, aligned text elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from numbers import Integral
from typing import Any

from helpers._arguments import told

LONGEST = 32  # letters of a row's name: a phone shows it beside the first numbers


class Table:
    """Hold a table that Jupyter shows as HTML and a terminal as aligned text.

    `head` has one name a column, the one of the rows' names first; each of `rows` as
    many cells, all text.

    >>> from helpers import tables
    >>> tables.Table(["", "x"], [["a", "1"]], "")._repr_html_().count("<tr>")
    2
    """

    def __init__(self, head: list[str], rows: list[list[str]], caption: str) -> None:
        self.head, self.rows, self.caption = head, rows, caption

    def _repr_html_(self) -> str:
        """Return the table as HTML: names are heads, numbers stand at the right."""
        right = ' style="text-align: right"'
        cells = "".join(f'<th scope="col"{right}>{escape(x)}</th>' for x in self.head)
        cells = cells.replace(right, "", 1)
        if not self.head[0]:  # a head without a word says nothing to a screen reader
            cells = cells.replace('<th scope="col"></th>', "<td></td>", 1)
        lines = [f"<thead><tr>{cells}</tr></thead>", "<tbody>"]
        for name, *of in self.rows:
            cells = "".join(f"<td{right}>{escape(cell)}</td>" for cell in of)
            lines.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
        if self.caption:
            lines.insert(0, f"<caption>{escape(self.caption)}</caption>")
        return '<table class="results">\n' + "\n".join(lines) + "\n</tbody></table>"

    def __repr__(self) -> str:
        """Return the table as lines of text, in columns."""
        all_rows = [self.head, *self.rows]
        wide = [max(map(len, column)) for column in zip(*all_rows, strict=True)]
        lines = [self.caption] if self.caption else []
        for name, *of in all_rows:
            cells = [cell.rjust(w) for cell, w in zip(of, wide[1:], strict=True)]
            lines.append("  ".join([name.ljust(wide[0]), *cells]).rstrip())
        return "\n".join(lines)


def table(
    rows: Mapping[str, Sequence[Any]],
    head: Sequence[str],
    first: str = "",
    formats: str | Sequence[str] = ".2f",
    caption: str = "",
) -> Table:
    """Return a table with a line for each of `rows`, which maps a name to its cells.

    A cell is a number, a pair (mean, spread) that is shown as 5.03 ± 0.46, a string, or
    None for nothing known. `head` names the columns behind the names, with their units,
    such as "time (s)"; `first` names the names. `formats` is a format of numbers as in
    f-strings, one for all columns or one a column; whole numbers are shown as such. The
    last expression of a cell shows the table; `display` does in a loop. Raises
    TypeError or ValueError for rows that do not fit their head, names of more than 32
    letters, or a format that is none.

    >>> from helpers import tables
    >>> rows = {"floor": [0.19, 0.89], "generated": [(5.03, 0.46), 0.704]}
    >>> tables.table(rows, ["Fréchet", "precision"], formats=[".2f", ".0%"])
                   Fréchet  precision
    floor             0.19        89%
    generated  5.03 ± 0.46        70%
    """
    head = _words(head, "head")
    if not isinstance(rows, Mapping) or not rows:
        raise TypeError(f"rows must be a dict of name -> cells, got {told(rows)}.")
    if isinstance(formats, str):
        formats = [formats] * len(head)
    formats = _words(formats, "formats")
    if len(formats) != len(head):
        raise ValueError(
            f"formats must be one for each of the {len(head)} columns, "
            f"got {len(formats)}."
        )
    made = []
    for name, cells in rows.items():
        if not isinstance(name, str) or len(name) > LONGEST:
            raise ValueError(
                f"A row's name must be a string of at most {LONGEST} letters, "
                f"got {told(name)}."
            )
        if isinstance(cells, str) or not hasattr(cells, "__len__"):
            raise TypeError(
                f"The row {name!r} must be a list of cells, got {told(cells)}."
            )
        if len(cells) != len(head):
            raise ValueError(
                f"The row {name!r} has {len(cells)} cells, and head names {len(head)}."
            )
        pairs = zip(cells, formats, strict=True)
        made.append([name, *(_shown(cell, one, name) for cell, one in pairs)])
    for name, of in (("first", first), ("caption", caption)):
        if not isinstance(of, str):
            raise TypeError(f"{name} must be a string, got {told(of)}.")
    return Table([first, *head], made, caption)


def spread(values: Sequence[float]) -> tuple[float, float] | float:
    """Return (mean, standard deviation) of `values`; of a single one, itself.

    The standard deviation is that of a sample (divided by N - 1). Raises ValueError for
    what is no list of numbers, or an empty one.

    >>> from helpers import tables
    >>> tables.spread([4.0, 5.0, 6.0])
    (5.0, 1.0)
    """
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError, NotImplementedError):
        numbers = []
    if not numbers:
        raise ValueError(f"values must be a list of numbers, got {told(values)}.")
    mean = math.fsum(numbers) / len(numbers)
    if len(numbers) == 1:
        return mean
    return mean, math.sqrt(
        math.fsum((value - mean) ** 2 for value in numbers) / (len(numbers) - 1)
    )


def _words(of, name):
    """Return a list of strings, or say what is none."""
    try:
        words = [] if isinstance(of, str) else list(of)
    except (TypeError, NotImplementedError):  # the second: a symbolic tensor's
        words = []
    if not words or not all(isinstance(one, str) for one in words):
        raise TypeError(f"{name} must be a list of strings, got {told(of)}.")
    return words


def _shown(cell, style, row):
    """Return a cell as text."""
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, (tuple, list)) and len(cell) == 2:
        return " ± ".join(_shown(part, style, row) for part in cell)
    try:
        whole = float(cell) == cell and isinstance(cell, Integral) and "%" not in style
        text = format(cell, "," if whole and not isinstance(cell, bool) else style)
    except (TypeError, ValueError):
        raise ValueError(
            f"A cell of the row {row!r} must be a number, a pair of them or a string, "
            f"and its format like .2f, got {told(cell)} and {style!r}."
        ) from None
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text
