"""The made parts of the board's page: the table, what each entry did, the gallery."""

import json

from helpers.store import records
from tools import board_entries
from tools.page_text import fixed, narrow, plain, table

HEAD = [
    "Entry",
    "Fréchet, 95\N{NO-BREAK SPACE}% interval",
    "Precision",
    "Recall",
    "Seconds of two cores",
    "Near copies,\N{NO-BREAK SPACE}%",
    "Day",
]


def _all() -> dict[str, dict]:
    """Return every entry: name -> JSON. One with a fault raises ValueError."""
    return {name: board_entries.read(name) for name in board_entries.names()}


def _standing() -> dict[str, dict]:
    """Return the entries on the board, the best first."""
    found = {
        name: entry for name, entry in _all().items() if board_entries.competes(entry)
    }
    for name, entry in found.items():
        if "measured" not in entry:
            raise ValueError(
                f"{name} is not measured: python -m tools.board {name} --add"
            )
    return dict(
        sorted(
            found.items(), key=lambda item: (item[1]["measured"]["frechet"], item[0])
        )
    )


def board() -> str:
    """Return the table of the board, and below its best the floor."""
    rows = []
    for entry in _standing().values():
        measured = entry["measured"]
        rows.append(
            [
                f"[{plain(entry['title'])}]({entry['code']})<br>{plain(entry['name'])}",
                f"{fixed(measured['frechet'], 2)}<br>"
                f"{measured['low']:.2f} to {measured['high']:.2f}",
                fixed(measured["precision"], 2),
                fixed(measured["recall"], 2),
                f"{entry['seconds_of_two_cores']:.0f}",
                fixed(100 * measured["nearer_to_training"], 1),
                entry["date"],
            ]
        )
    extractor = records.card("06/digits-labelled")
    floor = ["Real digits<br>the floor", fixed(extractor["metrics"]["floor"], 2)]
    rows.append([*floor, *["–"] * (len(HEAD) - 2)])
    return narrow(table(HEAD, rows))


def details() -> str:
    """Return what each entry on the board did, a paragraph each."""
    said = []
    for entry in _standing().values():
        settings = ", ".join(
            f"{plain(key)} {plain(str(value))}"
            for key, value in entry["settings"].items()
        )
        cores = f"{entry['cores']} core" + "s" * (entry["cores"] != 1)
        said.append(
            f"- **{plain(entry['title'])}**, by {plain(entry['name'])}: "
            f"{plain(entry['sentence'])} Trained on {plain(entry['device'])} "
            f"({cores}), seed {entry['seed']}; {settings}."
        )
    return "\n".join(said)


def shown() -> str:
    """Return the gallery: each entry's picture, with what its maker says of it."""
    cards = []
    found = _all()
    for name in sorted(found, key=lambda name: (found[name]["date"], name)):
        entry = found[name]
        if "picture_shows" not in entry:
            continue
        alt = json.dumps(entry["picture_shows"], ensure_ascii=False)
        cards.append(
            f":::{{grid-item-card}} {plain(entry['title'])}\n"
            f":img-top: board/{name}/picture.png\n"
            f":img-alt: {alt}\n"
            ":class-card: book-shown\n\n"
            f"{plain(entry['sentence'])}\n\n"
            f"By {plain(entry['name'])}, {entry['licence']} · [code]({entry['code']})\n"
            ":::"
        )
    return "\n\n".join(["::::{grid} 1 1 2 2\n:gutter: 3", *cards, "::::"])
