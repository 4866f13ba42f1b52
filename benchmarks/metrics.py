"""Pixel metrics of a category of maps, against scikit-learn's and against the published loop for AUPRO."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import _aupro
from benchmarks._measuring import Result, check_same, in_turns, times_as_fast
from saa import plugins
from saa.ops.counting import Labelled, pixel_curve
from saa.runs.threads import one_thread

SUMMARY = (
    "max-F1, AUROC and average precision of all pixels against scikit-learn, AUPRO against 200 thresholds"
)
TOLERANCE = 1e-5
EVERY = 20
"""Of the loop's thresholds, each of which takes as long as any other, so many-th are timed."""


@dataclass(frozen=True)
class Size:
    """Maps and their pixels a side: the largest category of MVTec AD at the size of the released protocol."""

    maps: int = 117
    side: int = 400
    rounds: int = 3


FULL = Size()
QUICK = Size(maps=12, rounds=2)


def measure(size: Size) -> list[Result]:
    """Our speed as a multiple of the others', with one thread each.

    Raises:
        RuntimeError: a value differs by more than `TOLERANCE` from that of sorting all pixels.
    """
    labelled = list(labelled_maps(size))
    with one_thread():
        return [_pixels(size, labelled), _regions(size, labelled)]


def _pixels(size: Size, labelled: Sequence[Labelled]) -> Result:
    scores = np.concatenate([each.anomaly_map.ravel() for each in labelled])
    defective = np.concatenate([each.mask.ravel() for each in labelled])

    def ours() -> list[float]:
        return _ours(labelled, "max_f1_pixel", "auroc_pixel", "ap_pixel")

    difference = float(np.abs(np.subtract(ours(), _library(scores, defective))).max())
    check_same("metrics", difference, TOLERANCE)
    mine, library = in_turns(size.rounds, ours, lambda: _library(scores, defective))
    what = f"max-F1, AUROC, AP of {_shape(size)}, same to {difference:.0e}"
    return times_as_fast(what, mine, library, "scikit-learn")


def _regions(size: Size, labelled: Sequence[Labelled]) -> Result:
    def ours() -> list[float]:
        return _ours(labelled, "aupro")

    exact = _aupro.by_sorting(labelled)
    difference = abs(ours()[0] - exact)
    check_same("metrics: AUPRO", difference, TOLERANCE)
    mine, loop = in_turns(size.rounds, ours, lambda: _aupro.by_thresholds(labelled, EVERY))
    what = (
        f"AUPRO of {_shape(size)}, same as by sorting to {difference:.0e}; "
        f"the loop's {_aupro.NUM_THRESHOLDS // EVERY} thresholds are timed, its value is off by "
        f"{abs(_aupro.by_thresholds(labelled) - exact):.0e}"
    )
    return times_as_fast(what, mine, [EVERY * each for each in loop], f"{_aupro.NUM_THRESHOLDS} thresholds")


def _shape(size: Size) -> str:
    return f"{size.maps} maps of {size.side} × {size.side}"


def _ours(labelled: Sequence[Labelled], *names: str) -> list[float]:
    curve = pixel_curve(lambda: labelled)
    return [plugins.load("metrics", name).compute(curve).value for name in names]


def _library(scores: NDArray[np.float32], defective: NDArray[np.bool_]) -> list[float]:
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

    precision, recall, _ = precision_recall_curve(defective, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(np.float64).tiny)
    areas = (roc_auc_score, average_precision_score)
    return [float(f1.max()), *(float(area(defective, scores)) for area in areas)]


def labelled_maps(size: Size) -> Iterator[Labelled]:
    """Smooth maps whose defects, in three of four, stand out more or less."""
    rng = np.random.default_rng(0)
    shape, middle = (size.side, size.side), size.side / 2
    y, x = np.mgrid[: size.side, : size.side]
    for number in range(size.maps):
        row, column = rng.normal(middle, middle / 4, 2)
        mask = (np.hypot(y - row, x - column) < middle / 8) & (number % 4 > 0)
        grain = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), 4)
        yield Labelled(np.abs(grain / grain.std()) + mask * np.float32(rng.uniform(0.5, 2)), mask)
