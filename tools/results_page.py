"""The made parts of the results' page: every table comes from the models' cards.

Models are called by what a person would call them, and lead to the place where their
chapter makes or measures them. Rows stand together that may be compared: those of one
data set by one ruler, in the order of the chapters.
"""

import json
import re

from book.chapters import BY_NUMBER
from helpers import _clocks
from helpers.store import records
from tools.page_text import DASH, fixed, narrow, table

# model -> (what people call it, the heading in its chapter where it is to be found)
NAMED = {
    "04/digits-dcgan": ("DCGAN", "The model to keep"),
    "05/digits-dcgan": ("DCGAN, trained fast", "When more seconds do not help"),
    "06/digits-labelled": ("Digits, labelled", "Features: say what alike means"),
    "06/digits-unlabelled": ("Digits, unlabelled", "Features: say what alike means"),
    "06/fashion-dcgan": ("DCGAN", "When to stop, and what to report"),
    "06/fashion-labelled": ("Clothes, labelled", "Features: say what alike means"),
    "06/fashion-unlabelled": ("Clothes, unlabelled", "Features: say what alike means"),
    "14/fashion-selfsupervised": ("Clothes, self-taught", "A third ruler"),
    "15/fashion-tokens": ("Tokenizer, copying", "Rivals and a control"),
    "16/fashion-gpt": ("Image GPT", "How good is it, then"),
    "17/fashion-masked-tokens": ("Masked tokens", "How many steps"),
    "18/text-to-image": ("Two objects", "How good is it, then"),
    "18/text-to-image-three": (
        "Three objects",
        "A richer world, one step at a time",
    ),
}
DATA = {"digits": "Digits", "fashion": "Clothes"}
SCORES = {  # key -> (its head, decimals)
    "frechet": ("Fréchet", 2),
    "precision": ("Precision", 2),
    "recall": ("Recall", 2),
    "kernel": ("Kernel", 3),
}
# How an extractor learnt, and the name of the model that it was cut from.
LEARNT_BY = {
    "labelled": ("telling the ten classes apart", "classifier"),
    "unlabelled": ("copying pictures", "unlabelled"),
    "selfsupervised": ("painting hidden patches", "masked"),
}
SPLITS = {  # of captions: key -> what a person calls it
    "seen": "As in training",
    "colour x shape": "New colour on a shape",
    "pairs": "New pair of objects",
    "relations": "New relation",
}


def cards() -> list[dict]:
    """Return the cards of all shipped models, by chapter and then by name."""
    return [records.card(name) for name in records.names("model")]


def metrics_of(card: dict) -> dict:
    """Return what was measured of a model, or nothing."""
    return card.get("metrics") or {}


def data_of(card: dict) -> str:
    """Return the data set a model was trained on, by its settings or by its name."""
    return card.get("settings", {}).get("data") or short(card["name"]).split("-")[0]


def short(name: str) -> str:
    """Return a model's name without its chapter."""
    return name.rpartition("/")[2]


def chapter_link(number: str | None) -> str:
    """Return a Markdown link to a chapter, or its bare number where it is not written
    yet."""
    chapter = BY_NUMBER.get(number or "")
    if chapter is None:
        return DASH
    return (
        f"[{chapter.number}](../notebooks/{chapter.name}.ipynb)"
        if chapter.ready
        else number
    )


def headings(number: str) -> dict[str, str]:
    """Return the headings of a written chapter: text -> its anchor on the site."""
    path = BY_NUMBER[number].path
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    lines = [
        line
        for cell in cells
        if cell["cell_type"] == "markdown"
        for line in "".join(cell["source"]).splitlines()
    ]
    found = [line.lstrip("#").strip() for line in lines if re.match(r"##+ ", line)]
    return {
        text: re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in found
    }


def named(card: dict, more: str = "") -> str:
    """Return a model's name for people, linked to its place, and its chapter below."""
    name, number = card["name"], card.get("chapter")
    words, heading = NAMED.get(name, (short(name).replace("-", " "), ""))
    chapter = BY_NUMBER.get(number or "")
    if chapter and chapter.ready:
        anchor = headings(number).get(heading, "")
        anchor = f"#{anchor}" if anchor else ""
        words = f"[{words}](../notebooks/{chapter.name}.ipynb{anchor})"
    below = [f"chapter {number}"] * bool(number) + [more] * bool(more)
    return "<br>".join([words, *below])


def trained(card: dict) -> str:
    """Return how long a model took by the clock that counts where it was made.

    Processor minutes, or on a graphics card minutes of the wall, which is then named.
    What a chapter counted itself, because a card's seconds leave out what was resumed,
    stands in the metrics: `clock_seconds`; earlier ones told half of it.
    """
    metrics = metrics_of(card)
    half = metrics.get("seconds_of_two_cores")
    seconds = metrics.get("clock_seconds") or (half and 2 * half)
    if seconds is None:
        seconds = (_clocks.counted(card) or (None, ""))[0]
    where = f"<br>on {card['hardware']}" if _clocks.on_card(card) else ""
    return minutes(seconds) + where


def minutes(seconds) -> str:
    """Return seconds as minutes; under one second nothing was trained."""
    return DASH if seconds is None or seconds < 1 else fixed(seconds / 60, 1)


def thousands(count: int) -> str:
    """Return a number of parameters in thousands."""
    return fixed(count / 1000, 0)


# --- the made parts


def results() -> str:
    """Return a table for each data set and ruler, of all models put to it.

    A card that leaves it out was measured as chapter 06 rules: with the extractor
    trained on its data with labels; the floor then is the extractor's own.
    """
    rows: dict[tuple, list] = {}
    floors = {}
    all_cards = cards()
    known = {card["name"]: metrics_of(card) for card in all_cards}
    for card in all_cards:
        metrics = metrics_of(card)
        for one in [metrics, *metrics.get("other", [])]:
            if one.get("frechet") is None:
                continue
            data = one.get("data") or metrics.get("data") or data_of(card)
            extractor = one.get("extractor") or f"06/{data}-labelled"
            floors[extractor] = one.get("floor") or known.get(extractor, {}).get(
                "floor"
            )
            seeds = len(one["frechet"]) if isinstance(one["frechet"], list) else 1
            rows.setdefault((data, extractor, one.get("n_generated")), []).append(
                [
                    named(card, f"{seeds} seeds" if seeds > 1 else ""),
                    *(
                        fixed(one.get(key), places)
                        for key, (_, places) in SCORES.items()
                    ),
                    trained(card),
                    thousands(card["parameters"]),
                ]
            )
    if not rows:
        return "No model has been put to the ruler yet."
    head = ["Model", *(name for name, _ in SCORES.values())]
    head += ["Trained, min", "Parameters, thousands"]
    parts = []
    for (data, extractor, count), found in sorted(
        rows.items(), key=lambda item: (item[0][0], "unlabelled" in item[0][1])
    ):
        ruler = f"{DATA.get(data, data)}, by the {_kind(extractor)} ruler"
        drawn = f"{count:,} pictures" if count else "an untold number of pictures"
        parts.append(
            f"### {ruler}\n\nThe floor is {fixed(floors[extractor], 2)}, with {drawn} "
            f"of each model.\n\n{narrow(table(head, found))}"
        )
    notes = [
        f"- {named(card)}: {metrics_of(card)['note']}".replace("<br>", ", ").rstrip(".")
        + "."
        for card in all_cards
        if metrics_of(card).get("note")
    ]
    return "\n\n".join([*parts, "\n".join(notes)] if notes else parts)


def _kind(extractor):
    return extractor.rpartition("-")[2]


def judges() -> str:
    """Return the table of the extractors; one cut from a classifier shows that one's
    facts."""
    found = {card["name"]: card for card in cards()}
    rows = []
    for name, card in found.items():
        data, _, kind = name.rpartition("-")
        if kind not in LEARNT_BY:
            continue
        learnt_by, trained_as = LEARNT_BY[kind]
        origin = found.get(f"{data}-{trained_as}", card)
        accuracy = metrics_of(origin).get("accuracy")
        rows.append(
            [
                named(card),
                fixed(metrics_of(card).get("floor"), 2),
                fixed(accuracy and 100 * accuracy, 1),
                trained(origin),
                thousands(card["parameters"]),
                learnt_by,
            ]
        )
    if not rows:
        return "The extractors are not trained yet."
    head = ["Ruler", "Floor", "Right,\N{NO-BREAK SPACE}%", "Trained, min"]
    return narrow(table([*head, "Parameters, thousands", "Learnt by"], rows))


def obedience() -> str:
    """Return the table of the models that draw from captions: shares obeyed, in
    percent, a kind of caption a row."""
    found = [card for card in cards() if metrics_of(card).get("obeyed")]
    if not found:
        return "No model draws from captions yet."
    splits = sorted(
        {split for card in found for split in metrics_of(card)["obeyed"]},
        key=lambda split: (not split.startswith("seen"), split),
    )
    rows = []
    for split in splits:
        kind, _, objects = split.rpartition(", ")
        shares = [metrics_of(card)["obeyed"].get(split) for card in found]
        rows.append(
            [
                f"{SPLITS.get(kind, kind)}<br>{objects} object"
                + "s" * (objects != "1"),
                *(
                    f"{100 * share[0]:.1f}<br>± {100 * share[1]:.1f}" if share else DASH
                    for share in shares
                ),
            ]
        )
    rows.append(["Trained, min", *map(trained, found)])
    sizes = [thousands(card["parameters"]) for card in found]
    rows.append(["Parameters, thousands", *sizes])
    return narrow(table(["Obeyed, %", *map(named, found)], rows))
