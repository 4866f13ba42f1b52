"""How far figures from counted pixels may be off, proved cell by cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from saa.ops.curves import MAX_FPR, Curve, precision_between


def doubts(curve: Curve) -> NDArray[np.float64]:
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
        (4, K) max-F1, AUROC, average precision, AUPRO; zeros where the metrics are not defined.
    """
    found = np.zeros((4, len(curve.thresholds)))
    # Without a positive a cell is above all doubt.
    where = np.flatnonzero(np.diff(curve.true_positives, prepend=0))
    positives, negatives = curve.num_positives, curve.num_negatives
    if not len(where) or not negatives:
        return found
    tp1, fp1 = (each[where].astype(np.float64) for each in (curve.true_positives, curve.false_positives))
    p = np.diff(tp1, prepend=0)
    n = np.diff(curve.false_positives, prepend=0)[where]
    known = (2 * tp1 / (tp1 + fp1 + positives)).max()
    least, most = (each[where] for each in precision_between(curve))
    rise = np.diff(curve.overlaps[where], prepend=0) / curve.overlaps[-1]
    counted = np.clip(MAX_FPR * negatives - (fp1 - n), 0, n)
    found[0, where] = np.maximum(2 * tp1 / (tp1 + fp1 - n + positives) - known, 0) * (n > 0)
    found[1, where] = p * n / (2 * positives * negatives)
    found[2, where] = p / positives * (most - least) / 2
    found[3, where] = rise * counted * (1 - counted / np.maximum(2 * n, 1)) / (MAX_FPR * negatives)
    return found


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
