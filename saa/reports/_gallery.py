"""Which images a report shows of a category, and why these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from saa import images, truths
from saa.errors import RunError
from saa.records import Record

_LOWEST, _HIGHEST = 0.01, 0.999
_SAMPLES = 4096


@dataclass(frozen=True)
class Look:
    """What reading one saved map showed.

    Attributes:
        row: the image.
        sample: some thousand of the map's values, evenly spread.
        f1: of the map at the threshold against the truth; None where there is no threshold or truth.
    """

    row: Record
    sample: np.ndarray
    f1: float | None = None


@dataclass(frozen=True)
class Group:
    """Images shown together.

    Attributes:
        title: what they have in common.
        reason: how they were chosen.
        looks: the images, the most telling first.
    """

    title: str
    reason: str
    looks: tuple[Look, ...]


def look(row: Record, threshold: float | None) -> Look:
    """Read the map of an image that did not fail, and its mask if it takes part in the judgement.

    Raises:
        ImageError: the map or the mask cannot be read.
    """
    anomaly_map = images.read_map(row.map_path)
    sample = anomaly_map.ravel()[:: max(1, anomaly_map.size // _SAMPLES)].copy()
    files = truths.paths(row)
    if threshold is None or not row.defective or row.mask_path is None or not all(map(Path.is_file, files)):
        return Look(row, sample)
    try:
        truth = truths.read(row, (anomaly_map.shape[0], anomaly_map.shape[1]))
    except RunError:  # of another size: the data set has changed since
        return Look(row, sample)
    called = (anomaly_map >= np.float32(threshold)) & truth.scored
    either = int(called.sum()) + int(truth.defective.sum())
    return Look(row, sample, 2 * int((called & truth.defective).sum()) / either if either else 0.0)


def limits(looks: Sequence[Look]) -> tuple[float, float]:
    """The values that get the first and the last colour: pooled quantiles, so that one pixel decides nothing."""
    pooled = np.concatenate([each.sample for each in looks])
    low, high = np.quantile(pooled, [_LOWEST, _HIGHEST])
    return float(low), float(high if high > low else pooled.max())


def groups(looks: Sequence[Look], count: int) -> list[Group]:
    """At most `count` images each of the best and the worst, and half as many false alarms."""
    judged = sorted((each for each in looks if each.f1 is not None), key=_by_agreement, reverse=True)
    if not judged:
        by_score = sorted(looks, key=_by_score, reverse=True)
        return _named(
            ("Highest scores", "The images most likely to hold a defect.", by_score[:count]),
            ("Lowest scores", "The images least likely to hold a defect.", by_score[count:][-count:][::-1]),
        )
    alarms = [each for each in sorted(looks, key=_by_score, reverse=True) if each.row.defect == "good"]
    agreement = "by agreement (F1) of map and truth at the category's threshold."
    found = [each for each in judged[: (len(judged) + 1) // 2] if each.f1]
    return _named(
        ("Found best", f"Defective images, {agreement}", found[:count]),
        ("Found worst", f"Defective images, {agreement}", judged[len(found) :][-count:][::-1]),
        ("Good, with the highest scores", "The likeliest false alarms.", alarms[: max(1, count // 2)]),
    )


def _named(*groups: tuple[str, str, list[Look]]) -> list[Group]:
    return [Group(title, reason, tuple(looks)) for title, reason, looks in groups if looks]


def _by_agreement(each: Look) -> tuple[float, float]:
    return each.f1 or 0.0, _by_score(each)


def _by_score(each: Look) -> float:
    return each.row.score or 0.0
