"""Texts that changed after they had made something, each with the reason why it stands.

`retold.json` is a list of {"why": sentence, "texts": {place: [hash before, hash now]}}.
A place is a notebook's name, a result's name, or a file such as "helpers/gan.py"; "now"
is null for a file that is gone. What was made by one text counts as made by another if
such steps lead from the first to the second.
"""

import json
from pathlib import Path

FILE = Path(__file__).resolve().parent / "retold.json"


def steps():
    """Return the list in `retold.json`."""
    return json.loads(FILE.read_text("utf8"))


def stands(place, was, now, told=None):
    """Return whether reasons lead from the text `was` of a place to the text `now`."""
    edges = [s["texts"][place] for s in (told or steps()) if place in s["texts"]]
    known = {was}
    for _ in edges:
        known |= {after for before, after in edges if before in known}
    return now in known


def add(why, changed):
    """Write down why `changed` ({place: (hash before, hash now)}) alters no result."""
    told = steps() if FILE.exists() else []
    told.append({"why": why, "texts": {k: list(v) for k, v in sorted(changed.items())}})
    FILE.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf8")
