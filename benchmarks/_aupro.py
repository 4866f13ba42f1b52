"""AUPRO as the published code has it, threshold by threshold, and by sorting all pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from saa.ops.counting import Labelled
from saa.ops.curves import MAX_FPR

NUM_THRESHOLDS = 200


def by_thresholds(maps: Sequence[Labelled], every: int = 1) -> float:
    """The loop over 200 thresholds, evenly spaced from the lowest score to the highest.

    At each, the share of every true region (8-connected, holes filled) above the threshold, averaged over the
    regions, and the share of good pixels above it. The area under the points up to `MAX_FPR`, whose rates are
    stretched so that they fill 0 to 1.

    Args:
        maps: at least one has a defect.
        every: only each so many-th threshold, for timing.

    Source: utils/metrics.py of the code released with SAA+, arXiv 2305.10724; re-told from its formulas.
    """
    from skimage import measure

    scores = np.stack([each.anomaly_map for each in maps])
    masks = np.stack([each.mask for each in maps])
    good = ~masks
    rates, overlaps = [], []
    step = (scores.max() - scores.min()) / NUM_THRESHOLDS
    for threshold in np.arange(scores.min(), scores.max(), step * every):
        called = scores > threshold
        shares = []
        for above, mask in zip(called, masks, strict=True):
            for region in measure.regionprops(measure.label(mask)):
                top, left, bottom, right = region.bbox
                inside = np.count_nonzero(above[top:bottom, left:right] & region.image_filled)
                shares.append(inside / region.area)
        overlaps.append(np.mean(shares))
        rates.append(np.count_nonzero(called & good) / np.count_nonzero(good))
    x, y = np.array(rates), np.array(overlaps)
    low = x < MAX_FPR
    x, y = x[low] / x[low].max(), y[low]
    return abs(float(np.trapezoid(y, x)))


def by_sorting(maps: Sequence[Labelled]) -> float:
    """The exact area under all thresholds, cut at `MAX_FPR`: what ours must equal."""
    scores = np.concatenate([each.anomaly_map.ravel() for each in maps])
    mask = np.concatenate([each.mask.ravel() for each in maps])
    shares = np.zeros(scores.size)
    shares[mask] = np.concatenate([_shares(each.mask) for each in maps])
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), scores.size - 1)  # of each score
    fpr, overlap = (np.append(0, np.cumsum(each[order])[last]) for each in (~mask, shares))
    fpr, overlap = fpr / fpr[-1], overlap / overlap[-1]
    low = fpr < MAX_FPR
    cut = np.interp(MAX_FPR, fpr, overlap)
    return float(np.trapezoid(np.append(overlap[low], cut), np.append(fpr[low], MAX_FPR)) / MAX_FPR)


def _shares(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    from skimage import measure

    labels = measure.label(mask, connectivity=2)
    return np.asarray(1 / np.bincount(labels.ravel())[labels[mask]])
