"""Axes of drawings: where values lie between their ends, and round numbers to write beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MOST_TICKS = 5
_ROUND = (1, 2, 5, 10)


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        low, high: the values at its ends; they differ.
        ticks: (place, text) of the round numbers on it; a place is a share of its length.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def place(self, value: float) -> float:
        """Where a value lies, 0 at `low` and 1 at `high`."""
        return (value - self.low) / (self.high - self.low)

    def holds(self, value: float) -> bool:
        """The value lies between the ends."""
        return self.low <= value <= self.high


def axis(low: float, high: float) -> Axis:
    """An axis with two to five round numbers; where both ends are one value, it stands in the middle."""
    if low == high:
        half = max(abs(low), 1e-6) / 2
        low, high = low - half, high + half
    least = (high - low) / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * each for each in _ROUND if power * each >= least)
    first, last = math.ceil(low / step), math.floor(high / step)
    values = [number * step for number in range(first, last + 1)]
    bare = Axis(low, high, ())
    return Axis(low, high, tuple((bare.place(value), _text(value, step)) for value in values))


def counts(most: int) -> Axis:
    """An axis from nothing to `most` things, with whole numbers only."""
    step = max(1, math.ceil(most / 4))
    values = [each for each in range(0, most + 1, step) if each in (0, most) or most - each >= step / 2]
    values += [most] if most not in values else []
    return Axis(0, most, tuple((value / most, str(value)) for value in values))


def apart(low: float, high: float) -> tuple[float, float]:
    """Ends of an axis that differ."""
    return (low, high) if high > low else (low, low + max(abs(low), 1e-6))


def _text(value: float, step: float) -> str:
    if step < 1e-4 or abs(value) >= 1e5:
        return "0" if value == 0 else f"{value:.3g}"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:.{decimals}f}"


PERCENT = Axis(0, 1, tuple((share / 4, f"{25 * share} %") for share in range(5)))
"""Shares from nothing to all."""
