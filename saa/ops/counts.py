"""How many pixels, and how many defective ones, lie in each cell of a grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saa.ops import grids, masks
from saa.ops.cells import Cells
from saa.ops.grids import Grid, Keys
from saa.types import AnomalyMap, Mask

_CHUNK = 1 << 15
"""Pixels that are looked at together; what is made of them stays in the processor's cache."""
_SORTED_KEYS = 1 << 22
"""Those that are sorted together where a grid has gaps."""
_FULL = (1 << 31) - 1
_MANY_HITS = 1 << 19
"""More defective pixels than this are counted in arrays of all cells."""


class Labelled(NamedTuple):
    """A map and what is known of its pixels, of one shape.

    Attributes:
        anomaly_map: (H, W) float32, finite.
        mask: (H, W) bool, the defective pixels.
        scored: (H, W) bool, the pixels that count, with all of `mask`; None means all.
        group: of what kind it is, where kinds are told apart.
    """

    anomaly_map: AnomalyMap
    mask: Mask
    scored: Mask | None = None
    group: str = ""

    def rows(self, step: int) -> Labelled:
        """Every so many-th row of it."""
        scored = None if self.scored is None else self.scored[::step]
        return Labelled(self.anomaly_map[::step], self.mask[::step], scored, self.group)


class Hits(NamedTuple):
    """Defective pixels in L cells, lowest first.

    Attributes:
        cells: (L,) int64.
        positives: (L,) int64, how many.
        overlaps: (L,) float64, how much of the defective regions: a pixel counts 1 / area of its region.
    """

    cells: NDArray[np.int64]
    positives: NDArray[np.int64]
    overlaps: NDArray[np.float64]

    @classmethod
    def summed(cls, many: Iterable[Hits]) -> Hits:
        """All of them, each cell once."""
        cells, positives, overlaps = (np.concatenate(each) for each in zip(*many, strict=True))
        order = np.argsort(cells)
        cells, positives, overlaps = cells[order], positives[order], overlaps[order]
        first = np.flatnonzero(np.append(True, np.diff(cells) > 0)[: len(cells)])
        if not len(first):
            return cls(cells, positives, overlaps)
        return cls(cells[first], np.add.reduceat(positives, first), np.add.reduceat(overlaps, first))


_NO_HITS = Hits(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Counts:
    """What each cell holds; counts of different maps in one grid can be added.

    Attributes:
        grid: M cells.
        totals: (M,) int32 or int64, pixels.
        hits: the defective ones among them.
    """

    grid: Grid
    totals: NDArray[np.integer]
    hits: Hits

    @classmethod
    def none(cls, grid: Grid) -> Counts:
        """Those of no map."""
        return cls(grid, np.zeros(grid.size, np.int32), _NO_HITS)

    def __add__(self, other: Counts) -> Counts:
        if self.grid.size != other.grid.size or not np.array_equal(self.grid.lows, other.grid.lows):
            sizes = f"{self.grid.size} and {other.grid.size} cells"
            raise ValueError(f"counts: expected both of one grid, got {sizes}")
        totals = np.add(self.totals, other.totals, dtype=np.int64)
        return Counts(self.grid, totals, Hits.summed([self.hits, other.hits]))

    @property
    def cells(self) -> Cells:
        """Those outside of gaps that hold something."""
        grid, hits = self.grid, self.hits
        runs = grid.starts if grid.has_gaps else [np.argmax(self.totals > 0)]
        borders = np.concatenate([runs, hits.cells, hits.cells + 1])
        borders.sort()  # np.unique takes ten times as long
        borders = borders[np.diff(borders, append=grid.size) > 0]
        totals = np.add.reduceat(self.totals.astype(np.int64), borders)
        some = totals > 0
        some[np.searchsorted(borders, hits.cells)] = True  # in gaps only hits may have been counted
        borders, totals = borders[some], totals[some]
        positives, overlaps = np.zeros(len(borders), np.int64), np.zeros(len(borders))
        where = np.searchsorted(borders, hits.cells)
        positives[where], overlaps[where] = hits.positives, hits.overlaps
        found = Cells(*grid.lowest(borders), totals, positives, overlaps)
        return found.some(found.widths != grids.GAP) if grid.has_gaps else found


def counted(grid: Grid, maps: Iterable[Labelled]) -> dict[str, Counts]:
    """Every pixel of the maps, by group; what lies in gaps at both ends of the grid is left out."""
    tallies: dict[str, _Tally] = {}
    for labelled in maps:
        tally = tallies.get(labelled.group) or tallies.setdefault(labelled.group, _Tally(grid))
        tally.add(labelled)
    return {group: tally.counts() for group, tally in tallies.items()}


class _Sums:
    """How often each of some cells was met; in small numbers while they suffice."""

    def __init__(self, size: int) -> None:
        self.values: NDArray[np.integer] = np.zeros(size, np.int32)
        self._total = 0

    def add(self, cells: NDArray[np.int64]) -> None:
        self._total += len(cells)
        if self._total > _FULL and self.values.dtype != np.int64:
            self.values = self.values.astype(np.int64)
        np.add.at(self.values, cells, self.values.dtype.type(1))  # of the same type: else it is slow


class _Tally:
    """Counts in the making."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._totals = _Sums(grid.size)
        self._waiting: list[Keys] = []
        self._few = [_NO_HITS]
        self._many: tuple[_Sums, NDArray[np.float64]] | None = None

    def add(self, labelled: Labelled) -> None:
        pixels = labelled.anomaly_map.ravel()
        scored = None if labelled.scored is None else labelled.scored.ravel()
        for start in range(0, pixels.size, _CHUNK):
            chunk = slice(start, start + _CHUNK)
            self._count(grids.keys(pixels[chunk] if scored is None else pixels[chunk][scored[chunk]]))
        cells = self._grid.cells(grids.keys(pixels[labelled.mask.ravel()]))
        self._hit(Hits(cells, np.ones(len(cells), np.int64), masks.region_shares(labelled.mask)))

    def counts(self) -> Counts:
        self._sort()
        if self._many is None:
            return Counts(self._grid, self._totals.values, Hits.summed(self._few))
        positives, overlaps = self._many
        cells = np.flatnonzero(positives.values)
        hits = Hits(cells, positives.values[cells].astype(np.int64), overlaps[cells])
        return Counts(self._grid, self._totals.values, hits)

    def _count(self, keys: Keys) -> None:
        if not self._grid.has_gaps:
            self._totals.add(self._grid.cells(keys))
            return
        lowest, highest = self._grid.span
        self._waiting.append(keys[(keys >= lowest) & (keys <= highest)])
        if sum(map(len, self._waiting)) > _SORTED_KEYS:
            self._sort()

    def _sort(self) -> None:
        if self._waiting:
            self._totals.add(self._grid.cells_of_sorted(np.sort(np.concatenate(self._waiting))))
            self._waiting = []

    def _hit(self, hits: Hits) -> None:
        """Keep a list while defective pixels are few, since groups may be many; then count them."""
        if self._many is None:
            self._few.append(hits)
            if sum(len(each.cells) for each in self._few) <= _MANY_HITS:
                return
            self._many = _Sums(self._grid.size), np.zeros(self._grid.size)
            hits = Hits(*map(np.concatenate, zip(*self._few, strict=True)))
            self._few = []
        positives, overlaps = self._many
        positives.add(hits.cells)
        np.add.at(overlaps, hits.cells, hits.overlaps)
