"""Numbers, sizes and tables as the made pages show them."""

import re
import statistics

DASH = "–"
# A cell of a column of numbers; what it is spread by may stand on a line of its own.
NUMBER = re.compile(
    rf"(?:[-−]?\d[\d,.]*(?:(?: |<br>)± [\d,.]+)?(?: %| s| min| MB| kB)?"
    rf"(?:<br>[\d.]+ to [\d.]+)?|\d{{4}}-\d\d-\d\d|{DASH})"
)


def fixed(value, places: int) -> str:
    """Return one number, or a list with one per seed, with so many decimals.

    A list gives its mean, and on a line below it the standard deviation (n - 1): so
    the numbers of a column stand under each other.
    """
    if value is None or value == []:
        return DASH
    values = [float(one) for one in (value if isinstance(value, list) else [value])]
    mean = f"{statistics.fmean(values):,.{places}f}".replace("-", "−")
    if float(mean.replace("−", "").replace(",", "")) == 0:
        mean = mean.removeprefix("−")
    if len(values) == 1:
        return mean
    return f"{mean}<br>± {statistics.stdev(values):,.{places}f}"


def size(count: int) -> str:
    """Return a number of bytes as kB or MB."""
    return (
        f"{count / 1e6:.1f} MB"
        if count >= 1e6
        else f"{max(1, round(count / 1e3)):,} kB"
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; a column of numbers stands right, one of words left."""
    align = [
        "--:" if all(NUMBER.fullmatch(cell) for cell in column) else "---"
        for column in zip(*rows, strict=True)
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, align, *rows])


def plain(text: str) -> str:
    """Return a stranger's text so that Markdown takes every letter of it as a letter.

    Before ASCII punctuation CommonMark takes a backslash for "as it is".
    """
    return re.sub(r"([][\\!#$%&()*+.:<=>@^_`{|}~-])", r"\\\1", text)


def narrow(made: str) -> str:
    """Return a table that a phone can read: its first column stays in sight."""
    return f"::::{{div}} book-numbers\n{made}\n::::"
