"""How far figures from counted pixels may be off, proved cell by cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from saa.ops.curves import MAX_FPR, Curve, precision_between

_BLOCK = 1 << 16
"""Cells that are looked at together: there may be millions, and a dozen numbers for each."""


def doubts(curve: Curve) -> NDArray[np.float32]:
    """How far each metric may be off for not knowing the order inside each cell of a counted curve.

    Cell k holds p positives and n negatives, after TP and FP in the cells above it; P and N are all.

    - max-F1: a threshold inside is best after all p and before any n; only what exceeds the best known F1
      counts. The answer is off by the largest entry at most.
    - AUROC: the p * n pairs inside count one half each; all might count one or none. Entries add up.
    - average precision: the cell counts with a mean precision in the middle of `precision_between`; half of
      what lies between these, times p / P. Entries add up.
    - AUPRO: over the cell's n the overlap rises along a straight line; it might rise before the first or
      after the last. Only the n up to `MAX_FPR` count. Entries add up.

    Returns:
        (4, K) float32 max-F1, AUROC, average precision, AUPRO; zeros where the metrics are not defined.
    """
    found = np.zeros((4, len(curve.thresholds)), np.float32)
    if not curve.num_positives or not curve.num_negatives:
        return found
    hits, false_alarms = curve.true_positives, curve.false_positives
    known = (2 * hits / (hits + false_alarms + curve.num_positives)).max()
    for start in range(0, len(hits), _BLOCK):
        block = slice(start, start + _BLOCK)
        found[:, block] = _of_block(curve, block, known)
    return found


def _of_block(curve: Curve, block: slice, known: float) -> NDArray[np.float64]:
    """The doubts of some cells, with the best known F1."""
    hits, false_alarms = curve.true_positives[block], curve.false_positives[block]
    p, n, rise = (
        np.diff(every[block], prepend=every[block.start - 1] if block.start else 0)
        for every in (curve.true_positives, curve.false_positives, curve.overlaps)
    )
    positives, negatives = curve.num_positives, curve.num_negatives
    least, most = precision_between(hits, false_alarms, p, n)
    counted = np.clip(MAX_FPR * negatives - (false_alarms - n), 0, n)
    limit = MAX_FPR * negatives * curve.overlaps[-1]
    found = np.array(
        [
            np.maximum(2 * hits / (hits + false_alarms - n + positives) - known, 0) * (n > 0),
            p * (n / (2 * positives * negatives)),
            p / positives * (most - least) / 2,
            rise * counted * (1 - counted / np.maximum(2 * n, 1)) / limit,
        ]
    )
    return np.where(p > 0, found, 0)


def doubts_at(curve: Curve, recalls: Sequence[float]) -> NDArray[np.float64]:
    """How far the false positive rate at each recall may be off for not knowing the order inside the cells.

    The recall is reached inside one cell. Wherever, and with or without a straight line between two thresholds,
    the rate there lies between those at the cell's two ends, and so does the answer.

    Returns:
        (K,) for each cell the largest doubt of any recall; the answers are off by their largest entry at most.
    """
    found = np.zeros(len(curve.thresholds))
    if curve.num_positives and curve.num_negatives:
        where = [curve.reaching(recall) for recall in recalls]
        found[where] = np.diff(curve.false_positives, prepend=0)[where] / curve.num_negatives
    return found
