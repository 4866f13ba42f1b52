"""Cells that hold pixels, and which of them must be cut finer for the figures to be as exact as is asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from saa.ops import grids
from saa.ops.curves import Curve
from saa.ops.doubts import doubts, doubts_at

TOLERANCE = 3e-6
"""Bound of the error of max-F1, AUROC, AUPRO, average precision and false positive rates at a recall."""
NEW_CELLS = 1 << 21
"""So many, give or take, are made when some must be cut."""


@dataclass(frozen=True)
class Asked:
    """What is to be known about the pixels of some groups of maps.

    Attributes:
        groups: those groups; None means all.
        tolerance: bound of the error of max-F1, AUROC, AUPRO and average precision.
        recalls: those at which the false positive rate is to be as exact.
        exact_f1: max-F1 and its threshold are to be without any error.
    """

    groups: Collection[str] | None = None
    tolerance: float = TOLERANCE
    recalls: Sequence[float] = ()
    exact_f1: bool = False


@dataclass(frozen=True, eq=False)
class Cells:
    """K cells of one or more grids, lowest first, that do not overlap and hold a pixel at least.

    Cells of good pixels alone that follow each other are one: their order matters to no figure.

    Attributes:
        lows: (K,) int64, the lowest key of each.
        widths: (K,) int64; a cell with defective pixels has 2 ** width keys.
        totals: (K,) int64, its pixels.
        positives: (K,) int64, the defective ones among them.
        overlaps: (K,) float64, how much of the defective regions: a pixel counts 1 / area of its region.
    """

    lows: NDArray[np.int64]
    widths: NDArray[np.int64]
    totals: NDArray[np.int64]
    positives: NDArray[np.int64]
    overlaps: NDArray[np.float64]

    @cached_property
    def curve(self) -> Curve:
        """The curve at the lower ends of the cells, highest first."""
        negatives = self.totals - self.positives
        return Curve(
            grids.values(self.lows[::-1]).astype(np.float64),
            np.cumsum(self.positives[::-1]),
            np.cumsum(negatives[::-1]),
            np.cumsum(self.overlaps[::-1]),
            unordered=self.mixed[::-1],
        )

    @property
    def mixed(self) -> NDArray[np.bool_]:
        """(K,) whether defective pixels lie in it, in an order that is not known."""
        return (self.widths > 0) & (self.positives > 0)

    def doubts(self, asked: Asked) -> NDArray[np.float32]:
        """(5, K) how far max-F1, rates at recalls, AUROC, average precision and AUPRO may be off for each cell.

        By the largest entry of the first two rows, by the sum of the others.
        """
        found = np.insert(doubts(self.curve), 1, doubts_at(self.curve, asked.recalls), axis=0)[:, ::-1]
        found *= self.mixed
        return found

    def replaced(self, lows: NDArray[np.int64], finer: Cells) -> Cells:
        """The same with finer ones in place of those cells with defective pixels that begin at some keys.

        Args:
            lows: (P,) rising, the lowest keys of cells that were cut.
            finer: what these hold; more than these pixels need not be in order.
        """
        cut = (self.positives > 0) & np.isin(self.lows, lows)
        ours, theirs = self.some(~cut), finer.some(np.isin(lows[finer.parts(lows)], self.lows[cut]))
        every = [np.append(getattr(ours, name), getattr(theirs, name)) for name in _ARRAYS]
        order = np.argsort(every[0])
        return Cells(*(each[order] for each in every))

    def some(self, which: NDArray[np.bool_]) -> Cells:
        """Those cells."""
        return Cells(*(getattr(self, name)[which] for name in _ARRAYS))

    def parts(self, lows: NDArray[np.int64]) -> NDArray[np.intp]:
        """(K,) the last of (P,) rising keys at or below the lowest key of each cell."""
        return np.searchsorted(lows, self.lows, side="right") - 1


_ARRAYS = ("lows", "widths", "totals", "positives", "overlaps")


def good_enough(doubtful: NDArray[np.float32], asked: Asked) -> bool:
    """Whether cells with such `Cells.doubts` answer what is asked."""
    if asked.exact_f1 and doubtful[0].any():
        return False
    return bool(
        max(doubtful[:2].max(initial=0), doubtful[2:].sum(axis=1, dtype=np.float64).max()) <= asked.tolerance
    )


def guilt(doubtful: NDArray[np.float32], asked: Asked) -> NDArray[np.float64]:
    """(K,) the part of each cell in the doubts, as a multiple of the tolerance; 0 where it may stay whole."""
    single, sums = doubtful[:2].max(axis=0), doubtful[2:].sum(axis=0, dtype=np.float64)
    found: NDArray[np.float64] = np.where(single > asked.tolerance, single, 0) + sums
    order = np.argsort(found)
    innocent = order[np.cumsum(found[order]) <= asked.tolerance / 4]
    found[innocent] = 0
    found /= asked.tolerance
    return found


def bits(guilty: NDArray[np.float64]) -> NDArray[np.int64]:
    """(K,) how often to halve each cell of some guilt.

    The doubt of a cell shrinks as fast as it is cut, so the sum is least for a given number of cells when
    the pieces are as many as the root of the guilt.
    """
    root = np.sqrt(guilty)
    pieces = np.maximum(NEW_CELLS * root / max(root.sum(), 1e-300), 2)
    return np.where(root > 0, np.rint(np.log2(pieces)), 0).astype(np.int64)


def finer(cells: Cells, asked: Asked) -> NDArray[np.int64]:
    """(K,) how often to halve each cell; all 0 if they are good enough as they are."""
    doubtful = cells.doubts(asked)
    if good_enough(doubtful, asked):
        return np.zeros_like(cells.widths)
    wanted = bits(guilt(doubtful, asked))
    if asked.exact_f1:
        rivals = doubtful[0] > 0
        wanted[rivals] = np.maximum(wanted[rivals], max(int(np.log2(NEW_CELLS / max(rivals.sum(), 1))), 1))
    return np.minimum(wanted, cells.widths)
