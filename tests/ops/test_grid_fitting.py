from __future__ import annotations

import numpy as np

from saa.ops.cells import Asked
from saa.ops.counts import Labelled, counted
from saa.ops.fitting import fitted
from saa.ops.grids import Grid


def sample(scores, mask):
    counts = counted(Grid.coarse(), [Labelled(np.float32(scores), np.array(mask))])[""]
    return [counts.cells], counts.totals > 0


def cell_width(grid, value):
    return int(grid.lowest(grid.cells(np.float32([value]).view(np.uint32) | np.uint32(1 << 31)))[1][0])


def mixed_above_one():
    """Good pixels from 0.25 to 2, defective ones from 1 to 2."""
    scores = np.linspace(0.25, 2, 40_000).reshape(200, 200)
    return scores, (scores > 1) & (np.arange(200) % 3 == 0)


def test_cells_are_narrower_where_good_and_defective_pixels_mix():
    grid = fitted(*sample(*mixed_above_one()), [Asked()])
    assert cell_width(grid, 1.5) < cell_width(grid, 0.3)


def test_what_lies_near_the_sample_is_cut_and_what_lies_far_away_is_not():
    grid = fitted(*sample(*mixed_above_one()), [Asked()])
    assert cell_width(grid, 3.5) <= 10
    assert cell_width(grid, 0.13) <= 10
    assert cell_width(grid, 100) == 16


def test_a_sample_without_defects_is_cut_evenly():
    scores, _ = mixed_above_one()
    grid = fitted(*sample(scores, np.zeros(scores.shape, bool)), [Asked()])
    assert cell_width(grid, 0.3) == cell_width(grid, 1.5) < 10


def test_without_a_sample_the_grid_is_coarse():
    nothing, occupied = sample(np.zeros((0, 0)), np.zeros((0, 0), bool))
    assert fitted(nothing, occupied, [Asked()]).size == Grid.coarse().size
