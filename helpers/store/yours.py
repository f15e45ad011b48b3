"""A reader's own models and results: made in `quick` where a setting differs.

They stand in `runs/yours/`, apart from what a full run makes, under a hash of name,
settings, code, and of what they rest on. Nothing of them is ever shipped.
"""

import contextlib
import contextvars
import json
import os
import shutil
import sys
from pathlib import Path

from helpers import runtime
from helpers.store import manifest, records, slices, texts

LARGEST = 500_000_000  # bytes of all that is kept
PATIENCE = 10  # minutes of a session's trainings that start unasked
GFLOPS = 175.0  # runtime.matmul_gflops(1024, 4) on the two cores that made the cards
CORES = 1.2  # of two, as small networks keep them busy
ON_CARD = 4.0  # a card at most so many times as fast: small layers wait for launches
COSTS = ("steps", "epochs", "seconds", "evaluations")  # the time is in proportion

_made: dict[str, str] = {}  # names of the reader's own in this process -> their keys
_declined: set[str] = set()  # models that would have taken too long
instead: set[str] = set()  # all that is the book's own here, though settings differ
_spent: dict[Path, float] = {}  # seconds expected of what was begun in this process
_said: set[str] = set()  # what was told already
_under_way: contextvars.ContextVar[Path | None] = contextvars.ContextVar(
    "under_way", default=None
)


# ---- which it is ---------------------------------------------------------------------


def wanted(shipped, settings):
    """Return the settings of a reader's own, or None where the shipped one is meant.

    What rests on a reader's own model gets a setting more, so that it differs too; what
    rests on a model that would have taken too long is shown as the book has it.
    """
    below = _below(shipped.name)
    if declined := sorted(set(below) & _declined):
        if shipped.settings != settings:
            _tell(f"{shipped.name}: the book's own, as {declined[0]} is.")
        return None
    if below:
        return {**settings, "rests_on": below}
    return None if shipped.settings == settings else settings


def _below(name):
    """Return {name: key} of the reader's own models, made or not, below a result."""
    if not _made and not _declined:
        return {}
    cells = [cell for cell in texts.session() if not cell.startswith(texts.SET_UP)]
    statements = [s for cell in cells for s in texts.parsed(cell).body]
    used, _ = slices.slice_of(name, statements) or ((), None)
    below = {}
    for other, key in {**_made, **dict.fromkeys(_declined)}.items():
        found, _ = slices.slice_of(other, statements) or ((), None)
        if other != name and found and found[-1] in used[:-1]:
            below[other] = key
    return below


def key_of(name, settings):
    """Return eight hexadecimal digits for a name, its settings and the code it runs."""
    cells = texts.session()
    code = texts.of_result(name, cells)["cells"] if cells else None
    said = json.dumps([name, settings, code], sort_keys=True)
    return manifest.sha256(said.encode())[:8]


def differing(shipped, settings):
    """Return what differs, in words: "batch=128 (the book's: 64)"."""
    before = shipped.settings
    keys = [k for k in settings if settings[k] != before.get(k) or k not in before]
    keys = [*keys, *(k for k in before if k not in settings)]
    parts = []
    for key in keys[:3]:
        if key == "rests_on":
            parts.append(f"it rests on your {' and '.join(settings[key])}")
        elif key not in before:
            parts.append(f"{key}={_short(settings[key])} (the book has none)")
        elif key not in settings:
            parts.append(f"no {key} (the book's: {_short(before[key])})")
        else:
            parts.append(
                f"{key}={_short(settings[key])} (the book's: {_short(before[key])})"
            )
    more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
    return ", ".join(parts) + more


def _short(value):
    text = json.dumps(value)
    return text if len(text) <= 24 else f"{text[:21]}.."


# ---- find, make, keep ----------------------------------------------------------------


def record(shipped, settings, make):
    """Return the reader's own Record, found or made now; the shipped one if too long.

    `make()` returns the new Record. What it keeps on its way stands in a folder of its
    own, from which the next call goes on.
    """
    name, key = shipped.name, key_of(shipped.name, settings)
    path, what = _path(name, key), differing(shipped, settings)
    found = _read(name, path)
    if found is not None:
        _tell(f"{name}: yours, {what}.")
        _note(name, key, found.kind)
        return found
    seconds, part = expected(shipped.card, settings), path.with_suffix(".part")
    before = sum(_spent.values())
    if before + seconds > 60 * patience():
        _tell(_too_long(name, what, seconds, settings, before))
        forget(name)
        instead.add(name)
        if shipped.kind == "model":
            _declined.add(name)
        return shipped
    begun = ", going on from what was kept" if part.exists() else ""
    _tell(
        f"{name}: yours now, {what}: about {told(seconds)} here{begun}. Interrupt the "
        "cell to stop; run it again to go on."
    )
    manifest.check_writable(path.parent)
    _spent[path] = seconds
    with under_way(part):
        made = make()
    _write(made, key)
    shutil.rmtree(part, ignore_errors=True)
    _note(name, key, made.kind)
    trim(keep=path)
    return made


def _path(name, key):
    chapter, _, short = name.partition("/")
    return records.RUNS / "yours" / chapter / f"{short}-{key}.json"


def _write(made, key):
    """Write the files of a Record beside each other, the key in their names."""
    path = _path(made.name, key)
    short = made.name.rpartition("/")[2]
    manifest.write_all(
        {
            path.with_name(Path(file).name.replace(short, path.stem, 1)): data
            for file, data in made.files().items()
        }
    )


def _read(name, path):
    """Return the Record at `path`, its hash checked; None where there is none."""
    try:
        card = json.loads(path.read_text("utf8"))
        suffix, _ = card.get("suffix"), card["kind"]
        data = None if suffix is None else path.with_suffix(suffix).read_bytes()
        if data is not None and manifest.sha256(data) != card["sha256"]:
            return None
        os.utime(path)  # the oldest in use goes last
        return records.Record(name, card, data, suffix or ".npz")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # a broken one is made anew


def _note(name, key, kind):
    instead.discard(name)
    if kind == "model":
        _made[name] = key
        _declined.discard(name)


def in_use(name):
    """Return the reader's own Record of a model in use in this process, or None."""
    key = _made.get(name) if isinstance(name, str) else None
    return None if key is None else _read(name, _path(name, key))


def judge(name, metrics):
    """Write `metrics` into the card of a reader's own model, if one is in use."""
    own = in_use(name)
    if own is None:
        return
    card = {**own.card, "metrics": {**own.card.get("metrics", {}), **metrics}}
    _write(records.Record(name, card, own.data, own.suffix), _made[name])


def forget(name):
    """Note that the shipped model `name` is in use again, and not the reader's own."""
    _made.pop(name, None)
    _declined.discard(name)
    instead.discard(name)


def trim(keep=None, largest=None):
    """Remove the oldest of a reader's own until all take `largest` bytes at most."""
    largest = LARGEST if largest is None else largest
    folder, sets = records.RUNS / "yours", []
    for card in folder.glob("*/*.json"):
        files = [card, *card.parent.glob(f"{card.stem}.[!j]*")]
        files = [file for file in files if file.is_file()]
        sets.append((card.stat().st_mtime, card, files))
    total = sum(file.stat().st_size for *_, files in sets for file in files)
    gone = []
    for _, card, files in sorted(sets, key=lambda one: one[:2]):
        if total <= largest:
            break
        if card == keep:
            continue
        total -= sum(file.stat().st_size for file in files)
        for file in files:
            file.unlink(missing_ok=True)
        gone.append(f"{card.parent.name}/{card.stem}")
    if gone:
        print(
            f"runs/yours held more than {largest // 10**6} MB, so the oldest of your "
            f"own went: {', '.join(gone)}."
        )
    return gone


# ---- how long ------------------------------------------------------------------------


def expected(card, settings):
    """Return about how many seconds a training will take on this machine.

    The seconds on the card, in proportion to what is counted (steps, epochs, seeds),
    and to how fast matrices multiply here. A time on the clock that the settings ask
    for ("seconds", or the last of "moments") is no shorter on a faster machine, nor
    where the book found most of it done; a tenth is added for the measuring.
    """
    before, share = card["settings"], 1.0
    for name in COSTS:
        old, new = before.get(name), settings.get(name)
        if _positive(old) and _positive(new):
            share *= new / old
    for name, old in before.items():
        new = settings.get(name)
        if name == "seeds" and isinstance(old, list) and isinstance(new, list) and old:
            share *= len(new) / len(old)
    seconds, processor = card["seconds"], card.get("cpu_seconds", 0)
    if processor > seconds / 2:  # it was the machine that took the time, no clock
        seconds = min(seconds, processor / CORES)
    here = seconds * share * card.get("gflops", GFLOPS) / speed()
    moments = settings.get("moments") or [settings.get("seconds")]
    asked = moments[-1] if isinstance(moments, (list, tuple)) else None
    return max(here, 1.1 * asked) if _positive(asked) else here


def _positive(value):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and value > 0


def speed():
    """Return this machine's 10^9 operations a second, measured once in a process.

    A graphics card is fast at one large product, and these networks are small; how fast
    it trains them was not measured, so a careful guess bounds it.
    """
    global _speed
    if _speed is None:
        _speed = runtime.matmul_gflops(1024, 4)
    return min(_speed, ON_CARD * GFLOPS) if runtime.on_card() else _speed


_speed: float | None = None


def patience():
    """Return how many minutes a reader gives unasked: the chapter's PATIENCE, or 10."""
    chosen = getattr(sys.modules.get("__main__"), "PATIENCE", None)
    if chosen is None:
        chosen = os.environ.get("BOOK_PATIENCE") or PATIENCE
    try:
        minutes = float(chosen)
    except (TypeError, ValueError):
        minutes = -1.0
    if not minutes >= 0:
        raise ValueError(
            f"PATIENCE must be a number of minutes, such as 60, got {chosen!r}."
        )
    return minutes


def told(seconds):
    """Return a time in words: "20 s", "4 min", "2 h"."""
    if seconds < 100:
        return f"{max(1, round(seconds, -1 if seconds > 20 else 0)):.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _too_long(name, what, seconds, settings, before):
    allowed, wanted = patience(), int((before + seconds) / 60 * 1.2) + 1
    after = f" after the {told(before)} so far" if before else ""
    text = (
        f"{name}: {what} would take about {told(seconds)} here{after}, so the book's "
        f"own is shown. To train yours put `PATIENCE = {wanted}  # minutes` into the "
        "parameter cell"
    )
    for key in COSTS if seconds > 60 * allowed else ():
        if _positive(settings.get(key)):
            share = 0.8 * 60 * allowed / seconds
            fewer = type(settings[key])(settings[key] * share)
            if fewer >= 1:
                return f"{text}, or choose {key}={fewer} for about {allowed:g} min."
    return f"{text}."


def _tell(line):
    """Print a line, once in a process."""
    if line not in _said:
        _said.add(line)
        print(line, flush=True)


# ---- while it is made ----------------------------------------------------------------


@contextlib.contextmanager
def under_way(folder):
    """Let every `fit` inside keep its state in a folder of its own below `folder`."""
    token = _under_way.set(folder)
    _count[folder] = 0
    try:
        yield
    finally:
        _under_way.reset(token)
        _count.pop(folder, None)


_count: dict[Path, int] = {}


def next_folder():
    """Return where the `fit` that begins keeps its state; None outside `under_way`."""
    folder = _under_way.get()
    if folder is None:
        return None
    _count[folder] += 1
    return folder / f"{_count[folder]:03d}"
