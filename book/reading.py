"""How long a chapter takes: to read its prose, and to run it.

Reading is counted, not guessed: the words of the chapter's text cells at 200 a minute.
Code, formulas and tables of numbers are not words; who works through them takes longer.
The times of a run are those of the line `Time:`, which `tools.chapter` measured.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

WORDS_A_MINUTE = 200
# What is left out before counting, in this order.
NOT_PROSE = re.compile(
    r"^```.*?^```"  # blocks of code
    r"|\$\$.*?\$\$|\$[^$\n]+\$"  # formulas
    r"|!\[[^\]]*\]\([^)]*\)"  # pictures
    r"|(?<=\])\([^)\s]+\)"  # the address behind a link's words
    r"|<[^>\n]+>"  # tags of HTML
    r"|^\|?[\s:|-]+\|$",  # the rule of a table
    re.M | re.S,
)
WORD = re.compile(r"[^\W_][\w'’.,-]*")
RUN = re.compile(r"^Time: quick (.+?)(?: on .+?)? · full (.+?) on ", re.M)


def prose(path: Path) -> str:
    """Return the text cells of a notebook, one below the other."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join(
        "".join(c["source"]) for c in cells if c["cell_type"] == "markdown"
    )


def count(text: str) -> int:
    """Return the number of words in Markdown, without code blocks and formulas."""
    return len(WORD.findall(NOT_PROSE.sub(" ", text)))


def minutes(path: Path) -> int:
    """Return how many minutes a notebook's prose takes to read, at least one."""
    return max(1, round(count(prose(path)) / WORDS_A_MINUTE))


def run_times(path: Path) -> tuple[str, str]:
    """Return the times of the quick and of the full run, as the chapter tells them."""
    found = RUN.search(prose(path))
    return (found[1], found[2]) if found else ("–", "–")


def seconds(told: str) -> int:
    """Return the seconds of a time told as `19 s`, `35 min` or `2 h 07 min`."""
    units = {"h": 3600, "min": 60, "s": 1}
    return sum(
        int(n) * units[unit] for n, unit in re.findall(r"(\d+) (h|min|s)\b", told)
    )


def told(total: int) -> str:
    """Return seconds in hours and minutes, or in minutes alone."""
    hours, rest = divmod(round(total / 60), 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"
