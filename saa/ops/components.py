"""How the connected components of a thresholded map and those of the truth cover each other, in road scenes.

Pixels do not tell whether a small obstacle was found at all. Components do: each counts alike, however large.
Source: Chan et al., SegmentMeIfYouCan, NeurIPS Datasets and Benchmarks 2021 (arXiv 2104.14812), and its benchmark's
code, whose choices are taken over: 8-connected, strictly above the threshold, small components left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.types import AnomalyMap, Mask, Track, Truth

LEAST_OVERLAPS = np.linspace(0.25, 0.75, 11)
"""A true component counts as found from each of these on, in turn; F1* is the mean over them."""


@dataclass(frozen=True)
class SizeRule:
    """Components of fewer pixels are left out.

    Attributes:
        predicted_px: of a thresholded map; smaller ones count as not predicted.
        true_px: of the truth; the pixels of smaller ones do not count at all.
    """

    predicted_px: int
    true_px: int


RULES: dict[Track, SizeRule] = {"anomaly": SizeRule(500, 100), "obstacle": SizeRule(50, 10)}
"""Those of the two tracks of SegmentMeIfYouCan, at the size of the images."""


@dataclass(frozen=True, eq=False)
class Components:
    """What became of all components of some images.

    Attributes:
        overlaps: (G,) float64 in [0, 1], the adjusted IoU (sIoU) of each true component.
        purities: (P,) float64 in [0, 1], the defective share of each predicted component.
        threshold: what lies strictly above it is predicted; None if there is none.
        reason: why there is none; empty if there is one.
    """

    overlaps: NDArray[np.float64]
    purities: NDArray[np.float64]
    threshold: float | None = None
    reason: str = ""

    @classmethod
    def unknown(cls, reason: str) -> Components:
        """No components, for this reason."""
        return cls(np.zeros(0), np.zeros(0), reason=reason)

    @classmethod
    def of(cls, maps: Iterable[tuple[AnomalyMap, Truth]], threshold: float, rule: SizeRule) -> Components:
        """Those of each map, (H, W), strictly above `threshold`, and of its truth; one map at a time is looked at."""
        found = [_compared((each > threshold) & truth.scored, truth.defective, rule) for each, truth in maps]
        overlaps, purities = (np.concatenate([np.zeros(0), *(each[of] for each in found)]) for of in range(2))
        return cls(overlaps, purities, threshold)


def lowest_above(maps: Iterable[tuple[AnomalyMap, Truth]], threshold: float) -> float:
    """The lowest value of any scored pixel that is at least `threshold`; infinity if there is none."""
    lowest = np.float32(np.inf)
    for anomaly_map, truth in maps:
        chosen = truth.scored & (anomaly_map >= threshold)
        lowest = min(lowest, anomaly_map.min(where=chosen, initial=np.float32(np.inf)))
    return float(lowest)


def _compared(
    predicted: Mask, defective: Mask, rule: SizeRule
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sIoU of each true component of one image, and the defective share of each predicted one.

    With P the predicted components that touch a true component k, whole, and A the other true components:
    sIoU(k) = |k and P| / (|k or P| - |P and A|), so that a prediction over two things is not held against either.
    """
    here, num_true = _numbered(defective, rule.true_px, too_small=-1)
    there, num_predicted = _numbered(predicted, rule.predicted_px, too_small=0)
    there[here < 0] = 0  # on a true component that is too small
    sizes = np.bincount(there.ravel(), minlength=num_predicted + 1)
    true_sizes = np.bincount(here[here > 0], minlength=num_true + 1)
    both = (here > 0) & (there > 0)
    pairs, shared = np.unique(
        here[both].astype(np.int64) * (num_predicted + 1) + there[both], return_counts=True
    )
    one, other = np.divmod(pairs, num_predicted + 1)
    covered = np.bincount(other, shared, minlength=num_predicted + 1)
    hit = np.bincount(one, shared, minlength=num_true + 1)
    around = np.bincount(one, sizes[other], minlength=num_true + 1)
    of_others = np.bincount(one, covered[other] - shared, minlength=num_true + 1)
    kept_true, kept = np.flatnonzero(true_sizes), np.flatnonzero(sizes[1:]) + 1
    union = (around + true_sizes - hit - of_others)[kept_true]
    return hit[kept_true] / union, covered[kept] / sizes[kept]


def _numbered(mask: Mask, least_px: int, too_small: int) -> tuple[NDArray[np.int32], int]:
    """(H, W) int32 numbers from 1 of the 8-connected components, `too_small` in place of some, and how many."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    numbers = np.arange(count, dtype=np.int32)
    numbers[1:][stats[1:, cv2.CC_STAT_AREA] < least_px] = too_small
    return numbers[labels], count - 1
