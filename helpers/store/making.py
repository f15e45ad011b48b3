"""Train or measure, and note how it came to be: what makes a Record."""

import json
import os

from helpers import runtime
from helpers._arguments import told
from helpers.store import packing, records, texts


def train_record(name, train, settings, judge):
    """Train model `name`; return its Record."""
    made, result = _work(name, train)
    pair = isinstance(result, tuple) and len(result) == 2
    model, extra = result if pair else (result, {})
    if not isinstance(extra, dict):
        raise TypeError(
            f"train must return (model, facts), facts a dict: {told(extra)}."
        )
    extra = as_json(extra)
    facts = {"metrics": {}, "steps": None, **made, **extra}
    measured = ("seconds", "cpu_seconds", "hardware", "cores", "code", "seed")
    facts |= {key: made[key] for key in measured}  # whatever `train` says
    packed, data, suffix = packing.pack_model(model, name)
    record = records.new(name, "model", settings, {**facts, **packed}, data, suffix)
    if judge is not None:
        metrics = {**facts["metrics"], **metrics_of(judge(packing.model_of(record)))}
        facts = {**record.card, "metrics": metrics}
        record = records.Record(name, facts, data, suffix)
    return record


def measure_record(name, measure, settings):
    """Measure result `name`; return its Record."""
    facts, values = _work(name, measure)
    if not isinstance(values, dict):
        raise TypeError(f"measure must return a dict, got {told(values)}.")
    if before := float(values.get("resumed_seconds", 0)):
        facts["seconds"] = round(facts["seconds"] + before, 2)
        tell_seconds(before)
    if before := float(values.get("resumed_cpu_seconds", 0)):
        facts["cpu_seconds"] = round(facts["cpu_seconds"] + before, 2)
    numbers, data = packing.pack_values(values)
    return records.new(name, "result", settings, {**facts, "values": numbers}, data)


def _work(name, function):
    """Return (what a card tells of how its record came to be, what was returned)."""
    cells = texts.session()
    code = texts.of_result(name, cells) if cells else None
    runtime.seed_everything(records.seed_of(name))
    with runtime.stopwatch() as watch:
        result = function()
    made = {
        "chapter": name.partition("/")[0],
        "seconds": round(watch.seconds, 2),
        "cpu_seconds": round(watch.cpu_seconds, 2),
        "hardware": runtime.device(),
        "cores": runtime.cores(),
        "versions": runtime.versions(),
        "seed": records.seed_of(name),
        "code": code,
    }
    return made, result


def as_json(value):
    """Return `value` as JSON has it; a number that is none (NaN) becomes None."""
    text = json.dumps(value, default=packing.plain)
    return json.loads(text, parse_constant=lambda name: None)


def metrics_of(metrics):
    """Return metrics as JSON has them, or say what is wrong."""
    if not isinstance(metrics, dict) or not all(isinstance(k, str) for k in metrics):
        raise TypeError(
            f"metrics must be a dict with strings as keys, got {told(metrics)}."
        )
    return as_json(metrics)


def tell_seconds(seconds):
    """Let the chapter tool know how long the reused work once took."""
    if path := os.environ.get("BOOK_REUSED_SECONDS"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{float(seconds)}\n")
