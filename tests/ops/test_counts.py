from __future__ import annotations

import numpy as np
import pytest

from saa.ops.counts import Counts, Labelled, counted
from saa.ops.grids import Grid


def drawn(seed=0, num=4):
    rng = np.random.default_rng(seed)
    return [Labelled(rng.random((5, 7), np.float32), rng.random((5, 7)) < 0.3) for _ in range(num)]


def test_each_cell_holds_what_lies_between_its_ends():
    scores, mask = np.float32([[0.5, 0.5, 1.0], [2.0, -1.0, 0.5]]), np.array([[1, 0, 0], [0, 0, 1]], bool)
    cells = counted(Grid.coarse(), [Labelled(scores, mask)])[""].cells
    assert cells.totals.tolist() == [1, 3, 2]
    assert cells.positives.tolist() == [0, 2, 0]
    assert cells.overlaps.tolist() == [0, 2, 0]
    assert cells.curve.thresholds[1:] == pytest.approx([0.5, -1.0], abs=1e-2)
    assert 0.5 < cells.curve.thresholds[0] < 1


def test_pixels_that_are_not_scored_are_in_no_cell():
    scores, scored = np.float32([[1, 2, 3]]), np.array([[True, False, True]])
    cells = counted(Grid.coarse(), [Labelled(scores, np.array([[True, False, False]]), scored)])[""].cells
    assert cells.totals.tolist() == [1, 1]


def test_groups_are_counted_apart():
    first, second = drawn(1, 2), [each._replace(group="dent") for each in drawn(2, 3)]
    found = counted(Grid.coarse(), [*first, *second])
    assert {group: counts.totals.sum() for group, counts in found.items()} == {"": 70, "dent": 105}


def test_no_maps_have_no_groups_and_nothing_in_any_cell():
    assert counted(Grid.coarse(), []) == {}
    assert len(Counts.none(Grid.coarse()).cells.lows) == 0


def test_counts_of_two_workers_add_up():
    maps = drawn()
    grid = Grid.coarse()
    whole = counted(grid, maps)[""].cells
    merged = (counted(grid, maps[:1])[""] + counted(grid, maps[1:])[""]).cells
    for name in ("lows", "totals", "positives"):
        assert np.array_equal(getattr(whole, name), getattr(merged, name))
    assert whole.overlaps == pytest.approx(merged.overlaps, abs=1e-12)


def test_counts_of_different_grids_do_not_add_up():
    one, other = Counts.none(Grid.coarse()), Counts.none(Grid.coarse(np.full(1 << 16, 1)))
    with pytest.raises(ValueError, match="expected both of one grid, got 65536 and 131072 cells"):
        one + other


def test_more_pixels_than_fit_a_small_number_are_counted(monkeypatch):
    from saa.ops import counts

    monkeypatch.setattr(counts, "_FULL", 100)
    found = counted(Grid.coarse(), drawn(num=5))[""]
    assert found.totals.dtype == np.int64
    assert found.totals.sum() == 175


def test_many_defective_pixels_are_put_together_on_the_way(monkeypatch):
    from saa.ops import counts

    maps = drawn(num=6)
    whole = counted(Grid.coarse(), maps)[""].hits
    monkeypatch.setattr(counts, "_MANY_HITS", 10)
    pieces = counted(Grid.coarse(), maps)[""].hits
    assert np.array_equal(whole.cells, pieces.cells)
    assert np.array_equal(whole.positives, pieces.positives)
    assert whole.overlaps == pytest.approx(pieces.overlaps, abs=1e-12)


@pytest.mark.parametrize("sorted_keys", [1, 50, 1 << 22])
def test_a_finer_grid_holds_what_the_cells_held_that_it_cuts(sorted_keys, monkeypatch):
    from saa.ops import counts

    monkeypatch.setattr(counts, "_SORTED_KEYS", sorted_keys)
    maps = drawn(num=6)
    coarse = counted(Grid.coarse(), maps)[""].cells
    cut = np.flatnonzero(coarse.positives)[2:9:3]
    lows = coarse.lows[cut]
    grid = Grid.within(lows, coarse.widths[cut], np.array([16, 9, 12]))
    finer = counted(grid, maps)[""].cells
    parts = finer.parts(lows)
    assert np.bincount(parts, finer.totals).tolist() == coarse.totals[cut].tolist()
    assert np.bincount(parts, finer.positives).tolist() == coarse.positives[cut].tolist()
    replaced = coarse.replaced(lows, finer)
    assert replaced.totals.sum() == 210
    assert (np.diff(replaced.lows) > 0).all()
