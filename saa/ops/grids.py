"""The float32 numbers in order, cut into cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from saa.types import AnomalyMap

Keys = NDArray[np.uint32]
_COARSE_BITS = 16
GAP = 32
"""A key shifted as far as this is 0: all of a gap is one cell."""


@dataclass(frozen=True, eq=False)
class Grid:
    """All 2 ** 32 keys, cut into P parts and these into M cells of equal width, all lowest first.

    Attributes:
        lows: (P,) int64, the lowest key of each part; the first is 0.
        starts: (P,) int64, the first cell of each part.
        widths: (P,) int64; the part's cells hold 2 ** width keys each. A gap, where nobody asks how the keys
            lie, is one cell of width 32, whatever it holds.
        size: M.
    """

    lows: NDArray[np.int64]
    starts: NDArray[np.int64]
    widths: NDArray[np.int64]
    size: int

    @classmethod
    def coarse(cls, bits: NDArray[np.int64] | int = 0) -> Grid:
        """Parts of one sign, exponent and 7 bits of the fraction; part m is cut into 2 ** bits[m] cells.

        Args:
            bits: (65536,), each from 0 to 16.
        """
        parts = 1 << (32 - _COARSE_BITS)
        return cls._cut(np.arange(parts) << _COARSE_BITS, np.broadcast_to(_COARSE_BITS - bits, parts), bits)

    @classmethod
    def within(cls, lows: NDArray[np.int64], widths: NDArray[np.int64], bits: NDArray[np.int64]) -> Grid:
        """Some cells, lowest first, each cut into 2 ** bits equal ones; all between them are gaps."""
        ends = lows + np.left_shift(1, widths)
        gaps = np.setdiff1d(np.append(0, ends), np.append(lows, 1 << 32))
        order = np.argsort(np.append(lows, gaps))
        nothing = np.zeros_like(gaps)
        return cls._cut(
            np.append(lows, gaps)[order],
            np.append(widths - bits, nothing + GAP)[order],
            np.append(bits, nothing)[order],
        )

    @classmethod
    def _cut(cls, lows: NDArray[np.int64], widths: NDArray[np.int64], bits: NDArray[np.int64] | int) -> Grid:
        ends = np.cumsum(np.broadcast_to(np.left_shift(1, bits), len(lows)))
        return cls(lows, np.append(0, ends[:-1]), widths, int(ends[-1]))

    @cached_property
    def span(self) -> tuple[int, int]:
        """The lowest and the highest key outside of the gaps at both ends."""
        inside = np.flatnonzero(self.widths < GAP)
        ends = np.append(self.lows, 1 << 32)
        return int(self.lows[inside[0]]), int(ends[inside[-1] + 1]) - 1

    @property
    def has_gaps(self) -> bool:
        """Whether some cells are gaps."""
        return len(self.lows) != 1 << (32 - _COARSE_BITS)

    def cells(self, keys: Keys) -> NDArray[np.int64]:
        """The cell of each of (N,) keys."""
        if self.has_gaps:
            parts = np.searchsorted(self._borders, keys, side="right") - 1
        else:
            parts = (keys >> np.uint32(_COARSE_BITS)).astype(np.intp)
        return self._cells(keys, parts)

    def cells_of_sorted(self, keys: Keys) -> NDArray[np.int64]:
        """The same for rising keys, of which there should be more than parts."""
        ends = np.append(np.searchsorted(keys, self._borders)[1:], len(keys))
        return self._cells(keys, np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0)))

    def _cells(self, keys: Keys, parts: NDArray[np.intp]) -> NDArray[np.int64]:
        offsets, shifts = self._way
        return (np.take(offsets, parts) + (keys >> np.take(shifts, parts)).view(np.int32)).astype(np.int64)

    def lowest(self, cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The lowest key and the width of each of (N,) cells, lowest first."""
        parts = np.searchsorted(self.starts, cells, side="right") - 1
        widths = self.widths[parts]
        nth = np.left_shift(cells - self.starts[parts], widths)
        return self.lows[parts] + nth, widths

    @cached_property
    def _way(self) -> tuple[NDArray[np.int32], Keys]:
        # Modulo 2 ** 32, as is the sum with a shifted key.
        offsets = self.starts - (self.lows >> self.widths)
        return offsets.astype(np.uint32).view(np.int32), self.widths.astype(np.uint32)

    @cached_property
    def _borders(self) -> Keys:
        return self.lows.astype(np.uint32)


def keys(values: AnomalyMap) -> Keys:
    """(N,) uint32 in the order of (N,) finite float32 values; -0 and 0 share a key."""
    bits = (values + np.float32(0)).view(np.int32)
    return np.asarray(bits ^ ((bits >> 31) | np.int32(-(2**31)))).view(np.uint32)


_LOWEST = 0x00800000
"""The key of the lowest finite float32."""


def values(of: NDArray[np.int64]) -> NDArray[np.float32]:
    """The float32 values of keys; of a key below that of all numbers, the lowest number."""
    of = np.maximum(of, _LOWEST)
    return np.where(of >> 31, of ^ (1 << 31), of ^ 0xFFFFFFFF).astype(np.uint32).view(np.float32)
