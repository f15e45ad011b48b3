"""Trained models and measured results: made once by a chapter in `full`, read in
`quick`.

A model is kept as float16 weights (`assets/weights/NAME.npz`) and a card
(`assets/cards/NAME.json`: its architecture, who made it, with which settings, in how
many seconds, on what, and how good it is). A result is kept as one
`assets/measured/NAME.npz`. What `full` made before with equal settings is taken from
`runs/` again; only another value in `settings`, or BOOK_FRESH=1, makes it anew.
"""

import json
import os
import re
import zlib
from pathlib import Path

from helpers import manifest, packing, runtime

keras = runtime.keras
RUNS = Path(__file__).resolve().parents[1] / "runs"
LARGEST = 3_000_000  # bytes a measured result may take


def load(name):
    """Return the shipped model `name` as a keras.Model (float32), its file's hash
    checked.

    Raises ValueError for an unknown name or an altered file, FileNotFoundError for a
    missing one.
    """
    facts = card(name)
    return packing.build(
        facts["architecture"], manifest.verified(f"weights/{name}.npz"), name
    )


def card(name):
    """Return the card of the shipped model `name` as a dict (its hash is checked)."""
    _check_name(name)
    if f"cards/{name}.json" not in manifest.read():
        there = _names("cards/") or "none yet"
        raise ValueError(
            f"name {name!r} is not a model of this book's zoo (there are: {there}): "
            f"choose one, or "
            "let its chapter make it with BOOK_PROFILE=full in the environment."
        )
    return json.loads(
        manifest.verified(f"cards/{name}.json").read_text(encoding="utf-8")
    )


def cards():
    """Return the cards of all shipped models as a list of dicts, in the order of their
    names."""
    return [
        card(Path(file).stem)
        for file in sorted(manifest.read())
        if file.startswith("cards/")
    ]


def trained(name, train, settings):
    """Return the model `name`: shipped in `quick`, trained (or trained before) in
    `full`.

    `train()` returns a functional keras.Model, or (model, facts), facts being a dict
    for the card such as {"steps": 3000}. In both profiles the model returned is the one
    written: its weights are rounded to float16. `settings` is a small dict of JSON
    values; in `quick` they must be those the shipped model was made with. Random
    numbers start at a state given by `name` before `train()` and again at the end, so
    that what follows is the same whichever way the model came. Raises ValueError if the
    settings differ, or if the model holds NaN, a Lambda layer or layers from outside
    Keras and this book; TypeError for other models; PermissionError or OSError, before
    any work, if it could not be kept.
    """
    settings = _check(name, "train", train, settings)
    if runtime.profile() == "quick":
        _same_settings("model", name, card(name)["settings"], settings)
    else:
        _ship_model(name, train, settings)
    model = load(name)
    _seed(name)
    return model


def _ship_model(name, train, settings):
    """Train model `name`, or take it from `runs/`, and see to it that the assets hold
    it."""
    folder = RUNS / name
    facts = _reusable(folder / "card.json", settings)
    weights = _intact(folder / "weights.npz", facts)
    fresh = weights is None
    if fresh:
        watch, result = _work(name, train)
        model, extra = (
            result if isinstance(result, tuple) and len(result) == 2 else (result, {})
        )
        if not isinstance(extra, dict):
            raise TypeError(
                f"train must return (model, facts), facts a dict, not {extra!r}."
            )
        architecture = packing.architecture(model, name)
        weights = packing.weights_bytes(model, name)
        made = _made(name, settings, watch)
        facts = {
            "metrics": {},
            "steps": None,
            **made,
            **json.loads(json.dumps(extra, default=packing.plain)),
            **{
                key: made[key] for key in ("name", "settings", "seconds", "cpu_seconds")
            },
            "architecture": architecture,
            "parameters": int(model.count_params()),
            "bytes": len(weights),
            "sha256": manifest.sha256(weights),
        }
        manifest.write_bytes(folder / "weights.npz", weights)
        manifest.write_bytes(folder / "card.json", manifest.json_bytes(facts))
    else:
        _tell_reused(facts["seconds"])
    data, text = f"weights/{name}.npz", f"cards/{name}.json"
    there = manifest.holds(data, facts["sha256"]) and manifest.holds(text)
    if fresh or not there or card(name)["settings"] != settings:
        files = {data: weights, text: manifest.json_bytes(facts)}
        manifest.add(files, **_provenance(facts))


def measured(name, measure, settings):
    """Return the result `name`: the shipped one in `quick`, measured (or reused) in
    `full`.

    `measure()` returns a dict of numbers, strings, lists, dicts and arrays (not of
    objects). Arrays of floats come back as float32, all others as they were, tuples as
    lists; pictures belong in uint8. In both profiles the dict returned is the one
    written. `settings` and random numbers as in `trained`. A value `resumed_seconds`
    says how long the part took that an earlier, interrupted run had done; it is added
    to the seconds told. Raises ValueError if the settings differ in `quick`, or if the
    result takes more than 3 MB; TypeError for what cannot be kept; else as `trained`
    does.
    """
    settings = _check(name, "measure", measure, settings)
    file = f"measured/{name}.npz"
    if runtime.profile() == "full":
        _ship_result(name, measure, settings)
    elif file not in manifest.read():
        raise ValueError(
            f"name {name!r} is not a measured result of this book: its chapter makes "
            f"it with "
            "BOOK_PROFILE=full in the environment."
        )
    facts, values = packing.unpack(manifest.verified(file))
    _same_settings("result", name, facts["settings"], settings)
    _seed(name)
    return values


def _ship_result(name, measure, settings):
    """Measure result `name`, or take it from `runs/`, and see to it that the assets
    hold it."""
    kept = RUNS / "measured" / f"{name}.npz"
    facts = _reusable(kept.with_suffix(".json"), settings)
    data = _intact(kept, facts)
    if data is None:
        watch, values = _work(name, measure)
        if not isinstance(values, dict):
            raise TypeError(f"measure must return a dict, not {type(values).__name__}.")
        facts = _made(name, settings, watch)
        if before := float(values.get("resumed_seconds", 0)):
            facts["seconds"] = round(facts["seconds"] + before, 2)
            _tell_reused(before)
        data = packing.pack(facts, values)
        facts |= {"bytes": len(data), "sha256": manifest.sha256(data)}
        manifest.write_bytes(kept, data)
        manifest.write_bytes(kept.with_suffix(".json"), manifest.json_bytes(facts))
    else:
        _tell_reused(facts["seconds"])
    if len(data) > LARGEST:
        raise ValueError(
            f"The result {name!r} takes {len(data):,} bytes, over the {LARGEST:,} that "
            f"may be shipped: store pictures as uint8, fewer of them, or a summary "
            f"(kept in {kept})."
        )
    if not manifest.holds(f"measured/{name}.npz", facts["sha256"]):
        manifest.add({f"measured/{name}.npz": data}, **_provenance(facts))


def note_metrics(name, metrics):
    """Add or replace measured `metrics` (dict of JSON values) in the card of model
    `name`.

    Acts in `full` only; in `quick` it checks its arguments and changes nothing.
    """
    _check_name(name)
    if not isinstance(metrics, dict) or not all(
        isinstance(key, str) for key in metrics
    ):
        raise TypeError(
            f"metrics must be a dict with strings as keys, not {metrics!r}."
        )
    metrics = json.loads(json.dumps(metrics, default=packing.plain))
    if runtime.profile() == "quick":
        return
    facts = card(name)
    facts["metrics"] = {**facts["metrics"], **metrics}
    manifest.add(
        {f"cards/{name}.json": manifest.json_bytes(facts)}, **_provenance(facts)
    )
    kept = RUNS / name / "card.json"
    if kept.exists():
        manifest.write_bytes(kept, manifest.json_bytes(facts))


def adopt():
    """Copy what is shipped into `runs/` where that has nothing, and return the names
    copied.

    A fresh clone has no `runs/`, so that `full` would make everything anew. After this
    it makes only what has other settings. Raises as `load` does for a missing or
    altered file.
    """
    copied = []
    for file in sorted(manifest.read()):
        kind, name = Path(file).parts[0], Path(file).stem
        if kind == "cards" and not (RUNS / name / "card.json").exists():
            weights = manifest.verified(f"weights/{name}.npz").read_bytes()
            manifest.write_bytes(RUNS / name / "weights.npz", weights)
            manifest.write_bytes(
                RUNS / name / "card.json", manifest.json_bytes(card(name))
            )
            copied.append(name)
        kept = RUNS / "measured" / f"{name}.json"
        if kind == "measured" and not kept.exists():
            data = manifest.verified(file).read_bytes()
            facts = packing.unpack(manifest.verified(file))[0]
            facts |= {"bytes": len(data), "sha256": manifest.sha256(data)}
            manifest.write_bytes(kept.with_suffix(".npz"), data)
            manifest.write_bytes(kept, manifest.json_bytes(facts))
            copied.append(name)
    return copied


def _work(name, function):
    """Return (stopwatch, what `function()` returned), once it is sure that it can be
    kept."""
    manifest.check_writable(manifest.ASSETS)
    manifest.check_writable(RUNS)
    _seed(name)
    with runtime.stopwatch() as watch:
        result = function()
    return watch, result


def _seed(name):
    """Start the random numbers at a state that depends on `name` only."""
    runtime.seed_everything(zlib.crc32(name.encode()))


def _check_name(name):
    if not isinstance(name, str) or not re.fullmatch(
        r"[a-z0-9]+([-_.][a-z0-9]+)*", name
    ):
        raise ValueError(
            f"name must be small letters and digits joined by '-', '_' or '.', not "
            f"{name!r}."
        )


def _check(name, role, function, settings):
    """Check the arguments that `trained` and `measured` share; return settings as JSON
    has them."""
    _check_name(name)
    if not callable(function):
        raise TypeError(
            f"{role} must be a function without arguments, not {function!r}."
        )
    if not isinstance(settings, dict):
        raise TypeError(f"settings must be a dict, not {type(settings).__name__}.")
    try:
        return json.loads(json.dumps(settings, default=packing.plain, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"settings must be a dict of plain JSON values: {error}."
        ) from None


def _same_settings(kind, name, shipped, yours):
    if shipped == yours:
        return
    keys = sorted(k for k in {*shipped, *yours} if shipped.get(k) != yours.get(k))
    told = ", ".join(f"{k}={shipped.get(k)!r} (yours: {yours.get(k)!r})" for k in keys)
    raise ValueError(
        f"The shipped {kind} {name!r} was made with {told}: put that back, or make "
        f"your own with "
        "BOOK_PROFILE=full in the environment."
    )


def _reusable(path, settings):
    """Return the facts of an earlier `full` run with equal settings, or None."""
    if os.environ.get("BOOK_FRESH") == "1" or not path.exists():
        return None
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return facts if facts["settings"] == settings and facts["sha256"] else None
    except (ValueError, KeyError, TypeError):
        return None  # a broken cache is no reason to stop: make it anew


def _intact(path, facts):
    """Return the bytes at `path` if they are those that `facts` describe, else None."""
    if facts is None or not path.exists():
        return None
    data = path.read_bytes()
    return data if manifest.sha256(data) == facts["sha256"] else None


def _tell_reused(seconds):
    """Let the chapter tool know how long the reused work once took."""
    if path := os.environ.get("BOOK_REUSED_SECONDS"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{float(seconds)}\n")


def _made(name, settings, watch):
    return {
        "name": name,
        "chapter": os.environ.get("BOOK_CHAPTER"),
        "settings": settings,
        "seconds": round(watch.seconds, 2),
        "cpu_seconds": round(watch.cpu_seconds, 2),
        "hardware": runtime.device(),
        "versions": runtime.versions(),
    }


def _provenance(facts):
    """Return what the manifest tells of a file that the book made itself."""
    return {
        "source": f"made by chapter {facts['chapter']}"
        if facts["chapter"]
        else "made by the book",
        "licence": "MIT",
    }


def _names(kind):
    """Return the names of all assets of one kind, joined for a sentence."""
    return ", ".join(
        Path(file).stem for file in sorted(manifest.read()) if file.startswith(kind)
    )
