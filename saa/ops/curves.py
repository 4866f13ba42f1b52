"""How many good and defective things lie at or above each threshold, and the figures that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_FPR = 0.3
"""AUPRO looks at thresholds that call at most this share of the good ones defective."""


@dataclass(frozen=True)
class Score:
    """One metric of one category.

    Attributes:
        value: in [0, 1]; None where the metric is not defined.
        threshold: calling everything at or above it defective gives the value; None where there is no such.
        reason: why there is no value; empty if there is one.
    """

    value: float | None
    threshold: float | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Curve:
    """Cumulative counts at K thresholds, highest threshold first.

    Attributes:
        thresholds: (K,) float64, falling.
        true_positives: (K,) int64, defective ones at or above each threshold; the last is all of them.
        false_positives: (K,) int64, good ones at or above each threshold; the last is all of them.
        overlaps: (K,) float64, the share of each defective region at or above each threshold, summed over
            the regions; the last is the number of regions.
        unordered: (K,) bool, where what a threshold adds may differ in score, and nobody knows how it lies;
            elsewhere it is of one score. None means that all scores are known.
    """

    thresholds: NDArray[np.float64]
    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]
    overlaps: NDArray[np.float64]
    unordered: NDArray[np.bool_] | None = None

    @property
    def num_positives(self) -> int:
        """How many are defective."""
        return int(self.true_positives[-1]) if len(self.true_positives) else 0

    @property
    def num_negatives(self) -> int:
        """How many are good."""
        return int(self.false_positives[-1]) if len(self.false_positives) else 0

    def reaching(self, recall: float) -> int:
        """The first threshold at or above which this share of the defective ones, of which there are some, lies."""
        return int(np.searchsorted(self.true_positives / self.num_positives, recall))

    def thinned(self) -> Curve:
        """Without thresholds that no figure hangs on: of those in a row that add nothing defective, the last stays."""
        adds = np.diff(self.true_positives, prepend=0) > 0
        kept = adds | np.append(adds[1:], True)[: len(adds)]
        return Curve(
            self.thresholds[kept],
            self.true_positives[kept],
            self.false_positives[kept],
            self.overlaps[kept],
            None if self.unordered is None else self.unordered[kept],
        )

    @classmethod
    def of(cls, scores: NDArray[np.floating], defective: NDArray[np.bool_]) -> Curve:
        """The exact curve of (N,) finite scores and their labels; one threshold for each distinct score.

        Each defective one is a region of its own.
        """
        values, where = np.unique(scores.astype(np.float64), return_inverse=True)
        positives = np.bincount(where[defective], minlength=len(values))[::-1]
        negatives = np.bincount(where[~defective], minlength=len(values))[::-1]
        hits = np.cumsum(positives)
        return cls(values[::-1], hits, np.cumsum(negatives), hits.astype(np.float64))


def max_f1(curve: Curve) -> Score:
    """The largest F1 of any threshold, and the highest threshold that reaches it.

    F1 = 2 TP / (TP + FP + all positives).
    """
    if reason := _undefined(curve):
        return Score(None, reason=reason)
    called = curve.true_positives + curve.false_positives
    f1 = 2 * curve.true_positives / (called + curve.num_positives)
    best = int(np.argmax(f1))
    return Score(float(f1[best]), float(curve.thresholds[best]))


def auroc(curve: Curve) -> Score:
    """The chance that a defective one scores higher than a good one; ties count one half."""
    if reason := _undefined(curve):
        return Score(None, reason=reason)
    positives, negatives = _steps(curve)
    below = curve.num_negatives - curve.false_positives + negatives / 2
    pairs = float(curve.num_positives) * curve.num_negatives
    return Score(float(np.sum(positives * below) / pairs))


def average_precision(curve: Curve) -> Score:
    """Precision averaged over recall: the sum of (rise in recall) x precision, without interpolation.

    Where the order is not known, precision is taken in the middle of what it may be.
    """
    if reason := _undefined(curve):
        return Score(None, reason=reason)
    positives, negatives = _steps(curve)
    hits, false_alarms = curve.true_positives, curve.false_positives
    precision = hits / np.maximum(hits + false_alarms, 1)
    if curve.unordered is not None:
        least, most = precision_between(hits, false_alarms, positives, negatives)
        precision = np.where(curve.unordered, (least + most) / 2, precision)
    return Score(float(np.sum(positives * precision) / curve.num_positives))


def precision_between(
    hits: NDArray[np.int64], false_alarms: NDArray[np.int64], p: NDArray[np.int64], n: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the largest mean precision of p defective ones among n good ones, whatever their order.

    With q(t, f) = t / (t + f), no order gives more than q(TP, FP - n), all p tied before any n. The least is all
    n before any p, each alone: the mean of q(TP - p + i, FP) for i = 1..p, which is concave and so at least the
    mean of its ends.

    Args:
        hits: (K,) TP, defective ones at or above the lowest of these.
        false_alarms: (K,) FP, good ones there.
        p: (K,), the defective ones.
        n: (K,), the good ones.

    Returns:
        Two of (K,); what stands where p = 0 means nothing.
    """
    called = np.maximum(hits + false_alarms, 1)
    first = hits - p + 1
    least = (hits / called + first / (first + false_alarms)) / 2
    return least, hits / np.maximum(called - n, 1)


def fpr_at(curve: Curve, recall: float) -> Score:
    """The share of the good ones called at the highest threshold that finds this share of the defective ones.

    Of all distinct thresholds; one that leaves some out, as scikit-learn's curves do if not told otherwise, may
    give more.
    """
    if reason := _undefined(curve):
        return Score(None, reason=reason)
    first = curve.reaching(recall)
    rate = float(curve.false_positives[first] / curve.num_negatives)
    return Score(rate, float(curve.thresholds[first]))


def fpr_between(curve: Curve, recall: float) -> Score:
    """The share of good ones where the straight line between two thresholds reaches this share of defective ones.

    The two are the last threshold that finds fewer and the first that does not; before the first lies (0, 0).
    """
    if reason := _undefined(curve):
        return Score(None, reason=reason)
    first = curve.reaching(recall)
    recalls = np.append(0.0, curve.true_positives / curve.num_positives)[first : first + 2]
    rates = np.append(0.0, curve.false_positives / curve.num_negatives)[first : first + 2]
    return Score(float(np.interp(recall, recalls, rates)))


def retention(curve: Curve, recall: float) -> Score:
    """The share of good ones below the highest threshold that finds this share of the defective ones."""
    found = fpr_at(curve, recall)
    return found if found.value is None else Score(1 - found.value, found.threshold)


def aupro(curve: Curve) -> Score:
    """Mean overlap with the defective regions over false positive rates from 0 to `MAX_FPR`; 1 at best.

    The mean over regions of the share at or above a threshold, against the share of all good ones there:
    the area under the straight lines from (0, 0) through each threshold, the last cut at `MAX_FPR`, divided
    by `MAX_FPR`. So ties count one half, and a map of one value gets MAX_FPR / 2.

    Source: Bergmann et al., The MVTec Anomaly Detection Dataset, IJCV 2021.
    """
    if reason := _undefined(curve):
        return Score(None, reason=reason)
    rates = np.concatenate([[0.0], curve.false_positives / curve.num_negatives])
    overlaps = np.concatenate([[0.0], curve.overlaps / curve.overlaps[-1]])
    end = int(np.searchsorted(rates, MAX_FPR))
    share = (MAX_FPR - rates[end - 1]) / (rates[end] - rates[end - 1])
    cut = overlaps[end - 1] + share * (overlaps[end] - overlaps[end - 1])
    area = np.trapezoid(np.append(overlaps[:end], cut), np.append(rates[:end], MAX_FPR))
    return Score(min(float(area / MAX_FPR), 1.0))


def _steps(curve: Curve) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(K,) positives and negatives that each threshold adds."""
    return np.diff(curve.true_positives, prepend=0), np.diff(curve.false_positives, prepend=0)


def _undefined(curve: Curve) -> str:
    if not curve.num_positives and not curve.num_negatives:
        return "nothing to score"
    if not curve.num_positives:
        return "nothing is defective"
    return "" if curve.num_negatives else "nothing is good"
