"""The two clocks of a run: how they are read, and how a card tells of them in words."""

import re
import time

PROCESSOR, WALL = "processor seconds", "wall seconds"


class Stopwatch:
    """Seconds since it was made; they stand still when its block ends."""

    def __init__(self, on_card):
        self._on_card = on_card
        self._start, self._end = self._now(), None

    @staticmethod
    def _now():
        return time.perf_counter(), time.process_time()

    def __enter__(self) -> "Stopwatch":
        return self

    def __exit__(self, *error: object) -> None:
        self._end = self._now()

    @property
    def seconds(self) -> float:
        """Wall-clock seconds (float)."""
        return (self._end or self._now())[0] - self._start[0]

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of all threads of this process (float)."""
        return (self._end or self._now())[1] - self._start[1]

    @property
    def clock(self) -> float:
        """Seconds by the clock that counts on this machine (float)."""
        return self.seconds if self._on_card else self.cpu_seconds


def cores_of(card):
    """Return how many processor cores a record was made on, None where nobody knows."""
    if card.get("cores"):
        return card["cores"]
    found = re.fullmatch(r"CPU, (\d+) cores?", card.get("hardware") or "")
    return int(found[1]) if found else None


def on_card(card):
    """Tell whether a record's card says that a graphics card made it."""
    hardware = card.get("hardware") or ""
    return bool(hardware) and not hardware.startswith("CPU")


def counted(card):
    """Return (seconds, name of their clock) of a record; None where they are unknown.

    An unknown device, or a processor whose seconds nobody counted, leaves the wall.
    """
    processor = card.get("cpu_seconds")
    if processor is not None and card.get("hardware") and not on_card(card):
        return processor, PROCESSOR
    wall = card.get("seconds")
    return None if wall is None else (wall, WALL)


def told(card):
    """Return in words what a record's card knows of its time and its machine."""
    if counted(card) is None:
        return "in a time that was not kept"
    seconds, clock = counted(card)
    text = f"{_number(seconds)} {clock}"
    cores = cores_of(card)
    if on_card(card):
        return f"{text} on {card['hardware']}"
    if cores:
        text += f" on {cores} CPU core" + "s" * (cores != 1)
    if clock == PROCESSOR and card.get("seconds") is not None:
        text += f" ({_number(card['seconds'])} s on the wall)"
    return text


def _number(seconds):
    return f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.1f}"
