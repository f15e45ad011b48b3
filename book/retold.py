"""Texts that changed after they had made something, and why the result still stands.

`retold.json` is a list of {"why": sentence, "texts": {place: [hash, .., hash now]}}:
each of the hashes before the last was the text of the place when something was made,
and the last is the text that says the same. A place is a notebook's name, a result's
name, or a file such as "helpers/gan.py"; a hash is null where there was no such file
yet, or is none any more. What was made by one text counts as made by another if such
steps lead from the first to the second.
"""

import json
from pathlib import Path

FILE = Path(__file__).resolve().parent / "retold.json"


def steps():
    """Return the list in `retold.json`."""
    return json.loads(FILE.read_text("utf8")) if FILE.exists() else []


def reasons(place, was, now, told=None):
    """Return why the text `was` of a place stands for the text `now`: a list, or None.

    The list is empty where both are the same, and None where no reasons lead there.
    """
    known = {was: []}
    edges = [
        (before, step["texts"][place][-1], step["why"])
        for step in (steps() if told is None else told)
        if place in step["texts"]
        for before in step["texts"][place][:-1]
    ]
    for _ in edges:
        for before, after, why in edges:
            if before in known and after not in known:
                known[after] = [*known[before], why]
    return known.get(now)


def stands(place, was, now, told=None):
    """Return whether reasons lead from the text `was` of a place to the text `now`."""
    return reasons(place, was, now, told) is not None


def add(why, changed):
    """Write down why `changed` ({place: [hash, .., hash now]}) alters no result."""
    told = [*steps(), {"why": why, "texts": dict(sorted(changed.items()))}]
    text = json.dumps(told, indent=1, ensure_ascii=False)
    FILE.write_text(text + "\n", "utf8")
