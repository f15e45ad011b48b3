"""Conditions on numbers as data, so that Python and the page judge by the same.

A question that is answered by numbers is a list of rules. The first that holds says
what becomes of the answer: `checks.kit` asks them of what a cell gives to `check`, and
`book/_static/numbers.js` of what is typed into the page.
"""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Stretch:
    """A stretch of the number line, its ends with it unless `open`.

    `outside` means everything but that stretch.
    """

    low: float
    high: float
    open: bool = False
    outside: bool = False

    def __call__(self, value: float) -> bool:
        """Tell whether a number lies there."""
        if self.open:
            inside = self.low < value < self.high
        else:
            inside = self.low <= value <= self.high
        return inside != self.outside


def near(target: float, rtol: float = 1e-3, atol: float = 1e-6) -> Stretch:
    """Return what counts as `target`: a finite number, within the tolerance."""
    slack = atol + rtol * abs(target)
    return Stretch(float(target - slack), float(target + slack))


def apart(target: float, rtol: float = 1e-3, atol: float = 1e-6) -> Stretch:
    """Return everything that does not count as `target`."""
    found = near(target, rtol, atol)
    return Stretch(found.low, found.high, outside=True)


def exactly(value: float) -> Stretch:
    """Return one number without any tolerance."""
    return Stretch(value, value)


def between(low: float, high: float) -> Stretch:
    """Return the numbers between two, which are not of them."""
    return Stretch(low, high, open=True)


def outside(low: float, high: float) -> Stretch:
    """Return the numbers below `low` and above `high`."""
    return Stretch(low, high, outside=True)


def below(limit: float) -> Stretch:
    """Return the numbers below a limit, and minus infinity."""
    return Stretch(limit, math.inf, outside=True)


def above(limit: float) -> Stretch:
    """Return the numbers above a limit, and infinity."""
    return Stretch(-math.inf, limit, outside=True)


INFINITE = outside(-sys.float_info.max, sys.float_info.max)


class Rule(NamedTuple):
    """What is said of an answer when each of its numbers meets its condition.

    A condition is a `Stretch`, or None for any number.
    """

    when: tuple[Callable[[float], bool] | None, ...]
    says: str
    right: bool = False


def judged(rules: Sequence[Rule], values: Sequence[float]) -> Rule:
    """Return the first rule whose conditions `values` meet; the last has none."""
    return next(
        rule
        for rule in rules
        if all(
            holds is None or holds(value)
            for holds, value in zip(rule.when, values, strict=True)
        )
    )


def as_data(rules: Sequence[Rule]) -> list[dict] | None:
    """Return rules as JSON can hold them; None if a condition is no `Stretch`.

    An end without bound is None, because JSON knows no infinity.
    """
    if any(holds and not isinstance(holds, Stretch) for r in rules for holds in r.when):
        return None
    return [
        {
            "when": [
                holds
                and [
                    None if math.isinf(holds.low) else float(holds.low),
                    None if math.isinf(holds.high) else float(holds.high),
                    holds.open,
                    holds.outside,
                ]
                for holds in rule.when
            ],
            "says": " ".join(rule.says.split()),
            "right": rule.right,
        }
        for rule in rules
    ]
