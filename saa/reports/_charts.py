"""What the page's drawings are made of; the template turns it into SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from saa.ops import drawing
from saa.records import Record
from saa.reports._axes import Axis, apart, axis, counts

_BINS = 20
_STOPS = 9


@dataclass(frozen=True)
class Series:
    """One colour of the histogram.

    Attributes:
        name: good, defective or unlabelled.
        counts: how many images each bin holds.
        heights: the same as shares of the highest bar of all series.
    """

    name: str
    counts: tuple[int, ...]
    heights: tuple[float, ...]


@dataclass(frozen=True)
class Histogram:
    """How image scores are spread.

    Attributes:
        scores: the axis of image scores.
        counts: the axis of numbers of images; its end is what the highest bar counts.
        series: those that have an image.
        threshold: its place on the axis as a share, and its value; None where there is none.
    """

    scores: Axis
    counts: Axis
    series: tuple[Series, ...]
    threshold: tuple[float, float] | None


@dataclass(frozen=True)
class Scale:
    """The colours of all maps of one category.

    Attributes:
        low, high: the values of the first and the last colour.
        stops: colours from low to high as #rrggbb.
        threshold: its place as a share, and its value; None where there is none on the scale.
    """

    low: float
    high: float
    stops: tuple[str, ...]
    threshold: tuple[float, float] | None


def histogram(rows: Sequence[Record], threshold: float | None) -> Histogram | None:
    """The scores of the images that did not fail; None if all did."""
    groups = {
        "good": [row.score for row in rows if row.score is not None and row.labelled and not row.defective],
        "defective": [row.score for row in rows if row.score is not None and row.defective],
        "unlabelled": [row.score for row in rows if row.score is not None and not row.labelled],
    }
    scores = [score for group in groups.values() for score in group]
    if not scores:
        return None
    across = axis(min(scores), max(scores))
    bins = {
        name: np.histogram(group, _BINS, (across.low, across.high))[0].tolist()
        for name, group in groups.items()
        if group
    }
    most = max(max(each) for each in bins.values())
    series = tuple(
        Series(name, tuple(each), tuple(count / most for count in each)) for name, each in bins.items()
    )
    return Histogram(across, counts(most), series, _mark(threshold, across.low, across.high))


def scale(low: float, high: float, threshold: float | None) -> Scale:
    """A colour bar from `low` to `high`."""
    low, high = apart(low, high)
    ramp = drawing.colour(np.linspace(0, 1, _STOPS, dtype=np.float32)[None], 0, 1)[0]
    stops = tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in ramp.tolist())
    return Scale(low, high, stops, _mark(threshold, low, high))


def _mark(value: float | None, low: float, high: float) -> tuple[float, float] | None:
    if value is None or not low <= value <= high:
        return None
    return (value - low) / (high - low), value
