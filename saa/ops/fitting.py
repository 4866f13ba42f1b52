"""A grid that fits pixels of which a sample has been counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from saa.ops import cells
from saa.ops.cells import Asked, Cells
from saa.ops.grids import Grid

_LEAST_BITS = 6
"""The sample may miss a rare defect: cells it finds innocent are cut 64-fold nevertheless."""
_SAFETY = 8
"""The sample's cells are to be so much better than what is asked."""
_NEAR = 128
"""Coarse cells to each side, an octave: what lies here now and then lies there, too, by and by."""


def fitted(sample: Sequence[Cells], occupied: NDArray[np.bool_], asked: Sequence[Asked]) -> Grid:
    """A grid whose cells are the narrower the more doubts what lies there would leave.

    Args:
        sample: for each of `asked`, the coarse grid's cells of its groups.
        occupied: (M,) which of the coarse grid's cells hold anything.
        asked: what is to be known.
    """
    coarse = Grid.coarse()
    guilt = np.zeros(coarse.size)
    for each, what in zip(sample, asked, strict=True):
        strict = replace(what, tolerance=what.tolerance / _SAFETY)
        guilt[each.lows >> coarse.widths[0]] += cells.guilt(each.doubts(strict), strict)
    near = _around(occupied.astype(np.float64)) > 0
    root = np.sqrt(guilt) if guilt.any() else near.astype(np.float64)
    wanted = cells.bits(np.where(near, np.maximum(root, _around(root)), 0) ** 2)
    return Grid.coarse(np.clip(wanted, _LEAST_BITS * near, coarse.widths))


def _around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) mean of each value and `_NEAR` to each side, zeros beyond the ends."""
    sums = np.cumsum(np.pad(values, (_NEAR + 1, _NEAR)))
    return np.asarray((sums[2 * _NEAR + 1 :] - sums[: -2 * _NEAR - 1]) / (2 * _NEAR + 1))
