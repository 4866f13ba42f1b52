"""How many good and defective things lie at or above each threshold, and the figures that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    """

    thresholds: NDArray[np.float64]
    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]

    @property
    def num_positives(self) -> int:
        """How many are defective."""
        return int(self.true_positives[-1]) if len(self.true_positives) else 0

    @property
    def num_negatives(self) -> int:
        """How many are good."""
        return int(self.false_positives[-1]) if len(self.false_positives) else 0

    @classmethod
    def of(cls, scores: NDArray[np.floating], defective: NDArray[np.bool_]) -> Curve:
        """The exact curve of (N,) finite scores and their labels; one threshold for each distinct score."""
        values, where = np.unique(scores.astype(np.float64), return_inverse=True)
        positives = np.bincount(where[defective], minlength=len(values))[::-1]
        negatives = np.bincount(where[~defective], minlength=len(values))[::-1]
        return cls(values[::-1], np.cumsum(positives), np.cumsum(negatives))


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
    """Precision averaged over recall: the sum of (rise in recall) x precision, without interpolation."""
    if reason := _undefined(curve):
        return Score(None, reason=reason)
    positives, _ = _steps(curve)
    precision = curve.true_positives / np.maximum(curve.true_positives + curve.false_positives, 1)
    return Score(float(np.sum(positives * precision) / curve.num_positives))


def _steps(curve: Curve) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(K,) positives and negatives that each threshold adds."""
    return np.diff(curve.true_positives, prepend=0), np.diff(curve.false_positives, prepend=0)


def _undefined(curve: Curve) -> str:
    if not curve.num_positives and not curve.num_negatives:
        return "nothing to score"
    if not curve.num_positives:
        return "nothing is defective"
    return "" if curve.num_negatives else "nothing is good"
