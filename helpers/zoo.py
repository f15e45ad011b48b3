"""Trained models and measured results: made once in `full`, read in `quick`.

Their names begin with their chapter: `zoo.load("05/digits")`. What `full` made before
with equal settings is taken from `runs/` again; only another value in `settings`, or
BOOK_FRESH=1, makes it anew. In `quick` another value makes a reader's own, which is
kept in `runs/yours/` and never shipped (`helpers/store/yours.py`). Each carries a card
(`helpers/store/records.py`).
"""

import hashlib
import itertools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers import runtime
from helpers._arguments import told
from helpers.store import making, manifest, packing, records, yours


def load(name: str) -> Any:
    """Return what is shipped as `name`: a keras.Model (float32), or a result's dict.

    A reader's own never takes its place, in either profile. Its hash is checked. Raises
    ValueError for an unknown name or an altered file, FileNotFoundError for a missing
    one.

    >>> from helpers import zoo
    >>> zoo.load("06/digits-classifier").output_shape
    (None, 10)
    >>> sorted(zoo.load("14/starts"))
    ['convnet', 'transformer']
    """
    record = records.in_use(name)
    of = packing.model_of if record.kind == "model" else packing.values_of
    return of(record)


def card(name: str) -> dict[str, Any]:
    """Return the card of the model `name`: that of the reader's own while it is in use.

    >>> from helpers import zoo
    >>> zoo.card("06/digits-classifier")["metrics"]["accuracy"]
    0.9...
    """
    own = yours.in_use(name)
    return _model(name).card if own is None else own.card


def cards() -> list[dict[str, Any]]:
    """Return the cards of all shipped models as a list of dicts, sorted by name.

    >>> from helpers import zoo
    >>> [card["name"] for card in zoo.cards()]
    ['04/digits-dcgan', '05/digits-dcgan', ...]
    """
    return [records.card(name) for name in records.names("model")]


def trained(
    name: str,
    train: Callable[[], Any],
    settings: dict[str, Any],
    judge: Callable[[Any], dict[str, Any]] | None = None,
) -> Any:
    """Return the model `name`: shipped, or trained in `full` or with other settings.

    `train()` returns a functional keras.Model, or (model, facts), facts being a dict
    for the card such as {"steps": 3000}. `judge(model)` returns a dict of metrics for
    the card. In both profiles the model returned is the one written: its weights are
    rounded to float16. `settings` is a small dict of JSON values; where one differs
    from what is shipped, `quick` trains the reader's own, at once if that takes no
    longer than PATIENCE minutes (10), and finds it again the next time. Random numbers
    start at a state given by `name` before `train()` and again at the end, so that what
    follows is the same whichever way the model came. Raises ValueError if the model
    holds NaN, a Lambda layer or layers from outside Keras and this book; TypeError for
    other models; PermissionError or OSError, before any work, if it could not be kept.

    >>> from helpers import zoo
    >>> settings = zoo.card("06/digits-classifier")["settings"]
    >>> train = lambda: None  # in full it must train and return the model
    >>> zoo.trained("06/digits-classifier", train, settings).output_shape
    (None, 10)
    """
    settings = _check(name, "train", train, settings)
    if judge is not None and not callable(judge):
        raise TypeError(f"judge must be a function of the model, got {told(judge)}.")
    record = _found(
        name, settings, lambda own: making.train_record(name, train, own, judge)
    )
    model = packing.model_of(record)
    runtime.seed_everything(records.seed_of(name))
    return model


def measured(
    name: str, measure: Callable[[], Any], settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the result `name`: shipped, or measured in `full` or with other settings.

    `measure()` returns a dict of numbers, strings, lists, dicts and arrays (not of
    objects). Arrays of floats come back as float32, all others as they were, tuples as
    lists; pictures belong in uint8. In both profiles the dict returned is the one
    written. `settings` and random numbers as in `trained`. `resumed_seconds` (and
    `resumed_cpu_seconds`) among the values, the time of an interrupted run's part, is
    added to the card's. Raises ValueError if a result to be shipped takes more than
    3 MB; TypeError for what cannot be kept; else as `trained`.

    >>> from helpers import zoo
    >>> measure = lambda: {}  # in full it must measure and return the numbers
    >>> found = zoo.measured("14/starts", measure, {"labels": 10, "seeds": [0, 1, 2]})
    >>> sorted(found)
    ['convnet', 'transformer']
    """
    settings = _check(name, "measure", measure, settings)
    record = _found(
        name, settings, lambda own: making.measure_record(name, measure, own)
    )
    values = packing.values_of(record)
    runtime.seed_everything(records.seed_of(name))
    return values


def sweep(
    name: str,
    measure: Callable[..., Any],
    settings: dict[str, Any],
    over: dict[str, Any],
) -> list[dict[str, Any]]:
    """Return one result for each combination of the values in `over`, in their order.

    `over` maps settings to the values to go through, such as {"seed": (0, 1, 2)}. Each
    is `measured` on its own, under `name` and its values ("05/rate-0.001-2"), by
    `measure(seed=.., ..)`, so an interrupted sweep goes on where it was. Raises as
    `measured` does.

    >>> from helpers import zoo
    >>> settings = zoo.card("15/fashion-tokens")["settings"]
    >>> measure = lambda seed: {}  # in full it must measure and return the numbers
    >>> len(zoo.sweep("15/fashion-tokens-seed", measure, settings, {"seed": (1, 2)}))
    2
    """
    settings = _check(name, "measure", measure, settings)
    values = over.values() if isinstance(over, dict) else ()
    if not values or not all(isinstance(v, (list, tuple, range)) for v in values):
        raise TypeError(f"over must be a dict of setting -> values, got {told(over)}.")
    points = [
        dict(zip(over, values, strict=True))
        for values in itertools.product(*over.values())
    ]
    found = []
    for index, point in enumerate(points):
        if sys.stdout.isatty():
            print(f"\r{name}: {index + 1} of {len(points)}", end="", flush=True)
        each = "-".join([name, *(str(value).lower() for value in point.values())])
        work = lambda point=point: measure(**point)  # noqa: E731
        found.append(measured(each, work, {**settings, **point}))
    return found


def note_metrics(name: str, metrics: dict[str, Any]) -> None:
    """Add or replace measured `metrics` (dict of JSON values) in a model's card.

    In `quick` the shipped card stays as it is, and that of the reader's own model,
    where one is in use, takes them. Where the metrics are known as soon as the model is
    trained, `trained(.., judge=)` is simpler.

    >>> from helpers import zoo
    >>> accuracy = zoo.card("06/digits-classifier")["metrics"]["accuracy"]
    >>> zoo.note_metrics("06/digits-classifier", {"accuracy": accuracy})  # acts in full
    """
    records.check_name(name)
    metrics = making.metrics_of(metrics)
    if runtime.profile() == "quick":
        yours.judge(name, metrics)
        return
    record = _model(name)
    facts = {**record.card, "metrics": {**record.card["metrics"], **metrics}}
    noted = records.Record(name, facts, record.data, record.suffix)
    records.ship(noted)
    if (records.RUNS / f"{name}.json").exists():
        records.keep(noted)


def folder(name: str, settings: dict[str, Any]) -> Path:
    """Return the folder in `runs/` for what a training keeps on its way.

    Another value in `settings` gives another folder. Whoever keeps something makes it.

    >>> from helpers import zoo
    >>> zoo.folder("05/digits-dcgan", {"epochs": 10}).name
    'digits-dcgan-3d8c15a1'
    """
    records.check_name(name)
    settings = _plain(settings)
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
    return records.RUNS / "kept" / f"{name}-{key}"


def adopt() -> list[str]:
    """Copy what is shipped into `runs/` where that has nothing; return the names.

    A fresh clone has no `runs/`, so that `full` would make everything anew. After this
    it makes only what has other settings. Raises as `load` does.

    >>> from helpers import zoo
    >>> adopted = zoo.adopt()
    >>> zoo.adopt()  # nothing is missing any more
    []
    """
    return records.adopt()


def _model(name):
    """Return the Record of a model; say so if the name is that of a result."""
    record = records.in_use(name)
    if record.kind != "model":
        raise ValueError(f"name {name!r} is a result, and no model: see zoo.measured.")
    return record


def _found(name, settings, make):
    """Return the Record to use, found or made; in quick the shipped or the reader's."""
    if runtime.profile() == "quick":
        record = records.shipped(name)
        own = yours.wanted(record, settings)
        if own is not None:
            if os.environ.get("BOOK_CHAPTER"):  # its maker's run proves what is shipped
                raise ValueError(
                    f"{name} is shipped with other settings: "
                    f"{yours.differing(record, own)}. Put that back, or make it anew "
                    "with BOOK_PROFILE=full in the environment."
                )
            return yours.record(record, own, lambda: make(own))
        yours.forget(name)
    else:
        record = records.kept(name, settings)
        if record is None:
            manifest.check_writable(manifest.ASSETS)
            manifest.check_writable(records.RUNS)
            return _made(make(settings))
        making.tell_seconds(record.card["seconds"])
        if not records.is_shipped(record):
            records.ship(record)
    records.tell_text(record)
    return record


def _made(record):
    """Keep and ship what a full run made."""
    records.keep(record)
    records.ship(record)
    return record


def _check(name, role, function, settings):
    """Check what `trained` and `measured` share; return settings as JSON has them."""
    records.check_name(name)
    if not callable(function):
        raise TypeError(
            f"{role} must be a function without arguments, got {told(function)}."
        )
    return _plain(settings)


def _plain(settings):
    """Return settings as JSON has them."""
    if not isinstance(settings, dict):
        raise TypeError(f"settings must be a dict, got {told(settings)}.")
    try:
        return json.loads(json.dumps(settings, default=packing.plain, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"settings must be a dict of plain JSON values: {error}."
        ) from None
