from __future__ import annotations

import numpy as np
import pytest

from saa.ops import grids
from saa.ops.grids import GAP, Grid

ODD = [-3e38, -1, -1e-45, 0, 1e-45, 1e-38, 0.1, 1, np.nextafter(np.float32(1), np.float32(2)), 3e38]


def test_keys_are_in_the_order_of_their_values():
    assert (np.diff(grids.keys(np.float32(ODD)).astype(np.int64)) > 0).all()


def test_zero_and_minus_zero_have_one_key():
    assert len(set(grids.keys(np.float32([0.0, -0.0])).tolist())) == 1


def test_keys_lead_back_to_their_values():
    assert grids.values(grids.keys(np.float32(ODD)).astype(np.int64)).tolist() == np.float32(ODD).tolist()


def grids_of_both_kinds():
    bits = np.random.default_rng(1).integers(0, 3, 1 << 16)
    lows = np.array([0, 1 << 12, (1 << 12) + 64, 5 << 20, (1 << 32) - (1 << 10)])
    return [
        Grid.coarse(bits),
        Grid.within(lows, np.array([4, 6, 6, 20, 10]), np.array([4, 3, 6, 2, 10])),
        Grid.within(lows[1:3], np.array([6, 6]), np.array([0, 1])),
    ]


@pytest.mark.parametrize("grid", grids_of_both_kinds())
def test_the_lowest_and_the_highest_key_of_each_cell_lie_in_it(grid):
    cells = np.arange(grid.size)
    lows, widths = grid.lowest(cells)
    gap = widths == GAP
    ends = np.where(gap, lows, lows + (1 << widths) - 1)
    assert (np.diff(lows) > 0).all()
    assert (lows[1:] == (ends + 1)[:-1])[~gap[:-1]].all()
    for keys in (lows.astype(np.uint32), ends.astype(np.uint32)):
        assert np.array_equal(grid.cells(keys), cells)
        assert np.array_equal(grid.cells_of_sorted(keys), cells)


def test_a_grid_without_gaps_is_told_from_one_with_gaps():
    whole, some, inner = grids_of_both_kinds()
    assert not whole.has_gaps
    assert some.has_gaps
    assert some.span == (0, (1 << 32) - 1)
    assert inner.span == (1 << 12, (1 << 12) + 127)


def test_keys_of_gaps_are_told_by_their_cell():
    grid = grids_of_both_kinds()[2]
    cells = grid.cells(np.uint32([0, (1 << 12) - 1, 1 << 12, (1 << 12) + 128, (1 << 32) - 1]))
    assert (grid.lowest(cells)[1] == GAP).tolist() == [True, True, False, True, True]


def test_keys_below_those_of_all_numbers_have_the_lowest_one_as_value():
    lowest = np.finfo(np.float32).min
    assert grids.values(np.array([0, 1, 0x00800000])).tolist() == [lowest] * 3
