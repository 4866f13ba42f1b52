"""How far an image's features lie from what other images of the same product show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEAST_STRUCTURE = 0.5
"""Places that differ from the batch at large by less than this share of the mean are background."""

Grid = NDArray[np.float32]
"""(h, w, D) float32 features of one image."""


def distance_in_window(features: Grid, other: Grid, radius: int) -> NDArray[np.float32]:
    """Distance of each place to the nearest place of another image within a square window around it.

    Args:
        features: (h, w, D) float32.
        other: (h, w, D) float32.
        radius: of the window in cells; 0 compares the very same place.

    Returns:
        (h, w) float32, at least 0.

    Raises:
        ValueError: the two differ in shape.
    """
    if features.shape != other.shape:
        raise ValueError(f"other: expected shape {features.shape}, got {other.shape}")
    height, width = features.shape[:2]
    around = np.pad(other, ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    best = np.full((height, width), np.inf, np.float32)
    for top in range(2 * radius + 1):
        for left in range(2 * radius + 1):
            difference = features - around[top : top + height, left : left + width]
            np.minimum(best, np.einsum("hwd,hwd->hw", difference, difference), out=best)
    return np.sqrt(best)


def disagreement(
    features: Grid, references: NDArray[np.float32], radius: int, nearest_ratio: float
) -> NDArray[np.float32]:
    """Mean distance to the references that are nearest at each place.

    Only the nearest share counts, so references that are defective at a place are outvoted as long as they
    are fewer than the rest; a defect that the nearest share has in common is invisible.

    Args:
        features: (h, w, D) float32.
        references: (R, h, w, D) float32, R at least 1; not the image itself.
        radius: of the window in cells; see `distance_in_window`.
        nearest_ratio: in (0, 1], share of the references that counts; at least two of them do, if there are two.

    Returns:
        (h, w) float32, at least 0.

    Raises:
        ValueError: there is no reference, or shapes differ.
    """
    if not len(references):
        raise ValueError("references: expected at least 1, got 0")
    distances = np.stack([distance_in_window(features, each, radius) for each in references])
    count = min(len(distances), max(2, round(nearest_ratio * len(distances))))
    if count < len(distances):
        distances.partition(count - 1, axis=0)
    return np.asarray(np.sort(distances[:count], axis=0).mean(axis=0), np.float32)


@dataclass(frozen=True, eq=False)
class Likeness:
    """How much alike images of a batch are at the same place.

    Attributes:
        alignment: typical difference at the same place over that to the batch at large; 0 is equal, 1 is unrelated.
        structured: (h, w) bool, where there is something to align: places that differ from the batch at large.
    """

    alignment: float
    structured: NDArray[np.bool_]


def likeness(references: NDArray[np.float32]) -> Likeness:
    """How much alike images are at the same place, against places at large.

    Differences are summed over places and features, each of them the median over the images; so neither a few
    defective images nor a large plain background decide.

    Args:
        references: (R, h, w, D) float32.
    """
    anywhere = np.median(references.reshape(-1, references.shape[-1]), axis=0)
    here = np.median(np.abs(references - np.median(references, axis=0)), axis=0).sum(axis=-1)
    at_large = np.median(np.abs(references - anywhere), axis=0).sum(axis=-1)
    total = float(at_large.sum())
    structured = at_large >= _LEAST_STRUCTURE * at_large.mean()
    return Likeness(float(here.sum()) / total if total > 0 else 0.0, np.asarray(structured))


def concentration(maps: NDArray[np.float32]) -> float:
    """How far the highest values of maps stand above the many: (q99.5 - q50) / (q90 - q50).

    A map that is high wherever the product has structure has a broad body and scores low; one that is high
    at few places scores high. Tells without labels which of two maps finds defects better.

    Args:
        maps: values of one kind of map over a batch, any shape, float32.
    """
    middle, body, tail = np.quantile(maps, [0.5, 0.9, 0.995])
    return float((tail - middle) / (body - middle)) if body > middle else 0.0
