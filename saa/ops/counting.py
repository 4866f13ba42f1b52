"""Curves of any number of pixels in fixed memory, as good as exact.

Sorting all pixels gives the exact curve and takes gigabytes. A histogram takes none, but answers wrongly
when the bins do not fit the values. Here the bins are made to fit, and the error is proved, not hoped:

1. A float32 becomes a uint32 key in the same order. The key space is cut into cells at key boundaries, so
   counts at cell borders are exact, whatever the values are.
2. The first images tell where values lie and how good and defective ones mix there; the cells are cut
   accordingly (`Grid.split`), then everything is counted.
3. From the counts follows how far each metric could be off, whatever the order inside the cells
   (`doubts`). A cell of one single value, or of pixels of one label, adds nothing or next to nothing.
   While a bound exceeds the tolerance, the guilty cells are cut finer and the maps are counted again.

Why it ends, in fixed memory: each round cuts every guilty cell at least in two, and a cell of a single
float32 is never guilty. The doubt of a cell is at most about the product of its shares of the positives (or
of their regions) and of the negatives, so cells with a share below the tolerance cannot be guilty together:
their number is bound by the tolerance and not by the number of pixels. Usually one round is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saa.ops import masks
from saa.ops.curves import Curve
from saa.ops.doubts import doubts, doubts_at
from saa.types import AnomalyMap, Mask

TOLERANCE = 9e-7
"""Bound of the error of max-F1, AUROC, AUPRO, average precision and false positive rates at a recall."""
_NEW_CELLS = 1 << 21
_SAMPLE_PIXELS = 1 << 22
_BATCH_PIXELS = 1 << 21
_LEAST_BITS = 6
"""The sample may miss a rare defect: cells it finds innocent are cut 64-fold nevertheless."""


class Labelled(NamedTuple):
    """A map and what is known of its pixels, of one shape.

    Attributes:
        anomaly_map: (H, W) float32, finite.
        mask: (H, W) bool, the defective pixels.
        scored: (H, W) bool, the pixels that count, with all of `mask`; None means all.
    """

    anomaly_map: AnomalyMap
    mask: Mask
    scored: Mask | None = None

    @property
    def counts(self) -> Mask | slice:
        """Which of the pixels, row by row, count."""
        return slice(None) if self.scored is None else self.scored.ravel()


@dataclass(frozen=True, eq=False)
class Grid:
    """The key space cut into M cells, lowest first.

    Attributes:
        lows: (M,) int64, the lowest key of each cell.
        widths: (M,) int64; a cell holds 2 ** width keys.
        cuts: the way from a key to its cell, one (offset, shift) pair of arrays for each time of cutting.
    """

    lows: NDArray[np.int64]
    widths: NDArray[np.int64]
    cuts: tuple[tuple[NDArray[np.int64], NDArray[np.uint32]], ...] = ()

    @classmethod
    def coarse(cls) -> Grid:
        """Sign, exponent and 7 bits of the fraction: 65,536 cells."""
        return cls(np.arange(1 << 16) << 16, np.full(1 << 16, 16))

    def split(self, bits: NDArray[np.int64]) -> Grid:
        """Cell m cut into 2 ** bits[m] equal ones; bits are at most the widths."""
        counts = np.left_shift(1, bits)
        starts = np.cumsum(counts) - counts
        shifts = self.widths - bits
        cut = (starts - (self.lows >> shifts), shifts.astype(np.uint32))
        nth = np.arange(counts.sum()) - np.repeat(starts, counts)
        lows = np.repeat(self.lows, counts) + (nth << np.repeat(shifts, counts))
        return Grid(lows, np.repeat(shifts, counts), (*self.cuts, cut))

    def cells(self, keys: NDArray[np.uint32]) -> NDArray[np.int64]:
        """The cell of each key."""
        cells = (keys >> np.uint32(16)).astype(np.int64)
        for offsets, shifts in self.cuts:
            cells = np.take(offsets, cells) + (keys >> np.take(shifts, cells))
        return cells


@dataclass(frozen=True, eq=False)
class Counts:
    """How many pixels, and how many defective ones, each cell holds; counts of one grid can be added.

    Attributes:
        grid: M cells.
        totals: (M,) int64.
        positives: (M,) int64.
        overlaps: (M,) float64, how much of the defective regions: a pixel counts 1 / area of its region.
    """

    grid: Grid
    totals: NDArray[np.int64]
    positives: NDArray[np.int64]
    overlaps: NDArray[np.float64]

    @classmethod
    def of(cls, grid: Grid, maps: Iterable[Labelled]) -> Counts:
        """Count every pixel of the maps."""
        size = len(grid.lows)
        totals, positives, overlaps = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size)
        for batch in _batches(maps):
            cells = [grid.cells(_keys(each.anomaly_map)) for each in batch]
            hits = np.concatenate([each[of.mask.ravel()] for each, of in zip(cells, batch, strict=True)])
            counted = [each[of.counts] for each, of in zip(cells, batch, strict=True)]
            totals += np.bincount(np.concatenate(counted), minlength=size)
            np.add.at(positives, hits, 1)  # few: a histogram of all cells would cost more
            np.add.at(overlaps, hits, np.concatenate([masks.region_shares(each.mask) for each in batch]))
        return cls(grid, totals, positives, overlaps)

    def __add__(self, other: Counts) -> Counts:
        if not np.array_equal(self.grid.lows, other.grid.lows):
            sizes = f"{len(self.grid.lows)} and {len(other.grid.lows)} cells"
            raise ValueError(f"counts: expected both of one grid, got {sizes}")
        return Counts(
            self.grid,
            self.totals + other.totals,
            self.positives + other.positives,
            self.overlaps + other.overlaps,
        )

    @cached_property
    def curve(self) -> tuple[Curve, NDArray[np.intp]]:
        """The curve at the lower ends of the cells that hold something, and their (K,) numbers."""
        cells = np.flatnonzero(self.totals)[::-1]
        positives = self.positives[cells]
        thresholds = _values(self.grid.lows[cells]).astype(np.float64)
        negatives = self.totals[cells] - positives
        overlaps = np.cumsum(self.overlaps[cells])
        return Curve(thresholds, np.cumsum(positives), np.cumsum(negatives), overlaps), cells

    def refined(
        self, tolerance: float, least: int = 0, recalls: Sequence[float] = (), *, exact_f1: bool = False
    ) -> Grid | None:
        """A grid that serves these pixels better; None if this one is good enough.

        Args:
            tolerance: the bound of the error.
            recalls: those at which false positive rates are asked for.
            exact_f1: max-F1 and its threshold are asked for without any error.
            least: every cell that holds something is halved as often as this, guilty or not.
        """
        curve, cells = self.curve
        wide = self.grid.widths[cells] > 0
        f1, *sums = doubts(curve) * wide
        single = f1 if not recalls else np.maximum(f1, doubts_at(curve, recalls) * wide)
        rivals = np.flatnonzero(f1) if exact_f1 else np.zeros(0, np.int64)
        worst = max(single.max(initial=0), *(each.sum() for each in sums))
        if worst <= tolerance and not len(rivals):
            return None
        guilt = np.where(single > tolerance, single, 0) + sum(sums)
        bits = np.zeros(len(self.grid.lows), np.int64)
        wanted = np.maximum(_bits(guilt, tolerance), least)
        if len(rivals):
            wanted[rivals] = np.maximum(wanted[rivals], max(int(np.log2(_NEW_CELLS / len(rivals))), 1))
        bits[cells] = np.minimum(wanted, self.grid.widths[cells])
        return self.grid.split(bits)


def pixel_curve(
    source: Callable[[], Iterable[Labelled]],
    tolerance: float = TOLERANCE,
    recalls: Sequence[float] = (),
    *,
    exact_f1: bool = False,
) -> Curve:
    """The curve of all pixels of all maps; every metric from it is within `tolerance` of the exact one.

    Args:
        source: gives the maps anew each time it is called, always the same ones. Mixed order is best: the
            first few million pixels decide how the rest is counted.
        tolerance: of max-F1, AUROC, AUPRO and average precision.
        recalls: those at which the false positive rate is to be as exact.
        exact_f1: max-F1 shall have no error, for what hangs on its threshold; may take further readings.

    Returns:
        At most some millions of thresholds. Each is the lower end of a cell: the counts at it are exact.
    """
    maps = iter(source())
    first = list(_sample(maps))
    grid = Counts.of(Grid.coarse(), first).refined(tolerance / 8, _LEAST_BITS, recalls) or Grid.coarse()
    counts = Counts.of(grid, chain(first, maps))
    del first
    while finer := counts.refined(tolerance, recalls=recalls, exact_f1=exact_f1):
        counts = Counts.of(finer, source())
    return counts.curve[0]


def _bits(guilt: NDArray[np.float64], tolerance: float) -> NDArray[np.int64]:
    """(K,) how often to halve each cell.

    The doubt of a cell shrinks as fast as it is cut, so the sum is least for a given number of cells when
    the pieces are as many as the root of the guilt. The least guilty, not worth cutting, stay whole.
    """
    doubtful = np.flatnonzero(guilt)
    order = doubtful[np.argsort(guilt[doubtful])]
    innocent = order[np.cumsum(guilt[order]) <= tolerance / 4]
    root = np.sqrt(guilt)
    root[innocent] = 0
    if not root.any():
        return np.zeros(len(guilt), np.int64)
    pieces = np.maximum(_NEW_CELLS * root / root.sum(), 2)
    return np.where(root > 0, np.rint(np.log2(pieces)), 0).astype(np.int64)


def _keys(anomaly_map: AnomalyMap) -> NDArray[np.uint32]:
    """(H * W,) uint32 in the order of the finite float32 values; -0 and 0 share a key."""
    bits = (anomaly_map.ravel() + np.float32(0)).view(np.int32)
    return np.asarray(bits ^ ((bits >> 31) | np.int32(-(2**31)))).view(np.uint32)


def _values(keys: NDArray[np.int64]) -> NDArray[np.float32]:
    """The float32 values of keys."""
    return np.where(keys >> 31, keys ^ (1 << 31), keys ^ 0xFFFFFFFF).astype(np.uint32).view(np.float32)


def _sample(maps: Iterator[Labelled]) -> Iterator[Labelled]:
    pixels = 0
    for labelled in maps:
        yield labelled
        pixels += labelled.mask.size
        if pixels >= _SAMPLE_PIXELS:
            return


def _batches(maps: Iterable[Labelled]) -> Iterator[list[Labelled]]:
    batch: list[Labelled] = []
    for labelled in maps:
        batch.append(labelled)
        if sum(each.mask.size for each in batch) >= _BATCH_PIXELS:
            yield batch
            batch = []
    if batch:
        yield batch
