"""How precision, recall and F1 of a category's pixels depend on the threshold, as lines to draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saa.curves_file import Points
from saa.ops.curves import Score
from saa.reports._axes import Axis, axis

_LEAST_RECALL = 0.005

Floats = NDArray[np.float64]
Place = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        name: what it shows.
        points: from left to right, as shares of both axes; (0, 0) is at the bottom left.
    """

    name: str
    points: tuple[Place, ...]


@dataclass(frozen=True)
class Chosen:
    """The best threshold of the category, which is marked.

    Attributes:
        threshold: its value.
        share: its place on the axis of thresholds.
        recall, precision, f1: what it reaches, in [0, 1].
    """

    threshold: float
    share: float
    recall: float
    precision: float
    f1: float


@dataclass(frozen=True)
class Curves:
    """Both drawings of a category.

    Attributes:
        precision: precision (upwards) against recall (to the right).
        over_threshold: F1, precision and recall (upwards) against the threshold.
        thresholds: the axis of thresholds. It ends where less than 0.5 % of the defective pixels are found.
        chosen: None where no threshold is best.
    """

    precision: Line
    over_threshold: tuple[Line, ...]
    thresholds: Axis
    chosen: Chosen | None


def curves(points: Points, best: Score | None) -> Curves | None:
    """The drawings of a category; None without a point.

    Args:
        points: thresholds, highest first, with their precision and recall.
        best: the maximal F1 and its threshold.
    """
    thresholds, precision, recall = points.thresholds, points.precision, points.recall
    if not len(thresholds):
        return None
    at = _nearest(thresholds, best)
    telling = recall >= min(_LEAST_RECALL, float(recall[-1] if at is None else recall[at]))
    ends = axis(float(thresholds[-1]), float(thresholds[telling][0]))
    shares = (thresholds[telling][::-1] - ends.low) / (ends.high - ends.low)
    drawn = {"F1": _f1(precision, recall), "precision": precision, "recall": recall}
    return Curves(
        _line("precision", recall, precision),
        tuple(_line(name, shares, values[telling][::-1]) for name, values in drawn.items()),
        ends,
        None if at is None or best is None else _chosen(best, ends, float(recall[at]), float(precision[at])),
    )


def _nearest(thresholds: Floats, best: Score | None) -> int | None:
    """The index of the threshold that is the best one, or next to it."""
    if best is None or best.value is None or best.threshold is None:
        return None
    return int(np.abs(thresholds - best.threshold).argmin())


def _chosen(best: Score, ends: Axis, recall: float, precision: float) -> Chosen:
    threshold, f1 = best.threshold or 0.0, best.value or 0.0
    return Chosen(threshold, min(max(ends.place(threshold), 0.0), 1.0), recall, precision, f1)


def _f1(precision: Floats, recall: Floats) -> Floats:
    both = precision + recall
    f1: Floats = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
    return f1


def _line(name: str, across: Floats, up: Floats) -> Line:
    return Line(name, tuple(zip(across.tolist(), up.tolist(), strict=True)))
