"""Pixel metrics of a category of maps, against sorting all pixels with scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._measuring import Result, check_same, in_turns, times_as_fast
from saa import plugins
from saa.ops.counting import Labelled, pixel_curve
from saa.runs.threads import one_thread

SUMMARY = "max-F1 and AUROC of all pixels against scikit-learn, one thread"
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Size:
    """Maps and their pixels a side: the largest category of MVTec AD at the size of the released protocol."""

    maps: int = 117
    side: int = 400
    rounds: int = 3


FULL = Size()
QUICK = Size(maps=12, rounds=2)


def measure(size: Size) -> list[Result]:
    """Our speed as a multiple of the library's.

    Raises:
        RuntimeError: a value differs by more than `TOLERANCE`.
    """
    labelled = list(_labelled(size))
    scores = np.concatenate([each.anomaly_map.ravel() for each in labelled])
    defective = np.concatenate([each.mask.ravel() for each in labelled])

    def ours() -> list[float]:
        curve = pixel_curve(lambda: labelled)
        names = ("max_f1_pixel", "auroc_pixel")
        return [plugins.load("metrics", name).compute(curve).value for name in names]

    with one_thread():
        difference = float(np.abs(np.subtract(ours(), _library(scores, defective))).max())
        check_same("metrics", difference, TOLERANCE)
        mine, library = in_turns(size.rounds, ours, lambda: _library(scores, defective))
    what = f"{size.maps} maps of {size.side} × {size.side}, same to {difference:.0e}"
    return [times_as_fast(what, mine, library, "scikit-learn")]


def _library(scores: NDArray[np.float32], defective: NDArray[np.bool_]) -> list[float]:
    from sklearn.metrics import precision_recall_curve, roc_auc_score

    precision, recall, _ = precision_recall_curve(defective, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(np.float64).tiny)
    return [float(f1.max()), float(roc_auc_score(defective, scores))]


def _labelled(size: Size) -> Iterator[Labelled]:
    """Smooth maps whose defects, in three of four, stand out more or less."""
    rng = np.random.default_rng(0)
    shape, middle = (size.side, size.side), size.side / 2
    y, x = np.mgrid[: size.side, : size.side]
    for number in range(size.maps):
        row, column = rng.normal(middle, middle / 4, 2)
        mask = (np.hypot(y - row, x - column) < middle / 8) & (number % 4 > 0)
        grain = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), 4)
        yield Labelled(np.abs(grain / grain.std()) + mask * np.float32(rng.uniform(0.5, 2)), mask)
