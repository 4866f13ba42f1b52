from __future__ import annotations

import numpy as np
import pytest
from test_against_scikit_learn import loop_aupro

from saa.metrics import aupro
from saa.ops.counting import Labelled, pixel_curve


def score(*labelled):
    return aupro.compute(pixel_curve(lambda: [Labelled(*each) for each in labelled]))


def typed(values, mask):
    return np.array(values, np.float32), np.array(mask, bool)


def test_small_regions_count_as_much_as_large_ones():
    """The large region is found whole, the small one not before all good pixels: half is found."""
    labelled = typed([[9, 9, 9, 5, 5, 0]], [[1, 1, 1, 0, 0, 1]])
    assert score(labelled).value == pytest.approx(0.5)
    assert score(labelled).threshold is None


def test_pixels_that_touch_at_a_corner_are_one_region():
    """Of one region half is found, the other whole. Were they three, two would be found whole."""
    found = score(typed([[9, 5], [5, 0]], [[1, 0], [0, 1]]), typed([[9, 5]], [[1, 0]]))
    assert found.value == pytest.approx((1 / 2 + 1) / 2)


def test_regions_of_two_maps_are_two():
    first = typed([[9, 9, 9, 5]], [[1, 1, 1, 0]])
    second = typed([[0, 5, 5]], [[1, 0, 0]])
    assert score(first, second).value == pytest.approx(0.5)


def test_the_segment_across_the_limit_is_cut_there():
    """From (0, 0) to (1/2, 1) and on: at 0.3 the overlap is 0.6, the area 0.3 * 0.6 / 2."""
    assert score(typed([[1, 1, 0]], [[1, 0, 0]])).value == pytest.approx(0.3)


def test_a_threshold_at_the_limit_itself_is_the_end():
    """Three of ten good pixels lie above the one region: nothing is found up to 0.3."""
    assert score(typed([[3] * 3 + [2] + [1] * 7], [[0] * 3 + [1] + [0] * 7])).value == 0


def test_a_constant_map_is_worth_half_the_limit():
    assert score(typed(np.ones((3, 4)), np.eye(3, 4))).value == pytest.approx(0.15)


def test_a_perfect_map_is_worth_one_and_its_opposite_nothing():
    mask = np.zeros((5, 7), bool)
    mask[1:3, 2:5] = mask[4, 6] = True
    assert score((mask.astype(np.float32), mask)).value == 1
    assert score((1 - mask.astype(np.float32), mask)).value == 0


@pytest.mark.parametrize(
    ("maps", "reason"),
    [
        ([], "nothing to score"),
        ([typed([[1, 2]], [[0, 0]])], "nothing is defective"),
        ([typed([[1, 2]], [[1, 1]])], "nothing is good"),
    ],
)
def test_undefined_says_why(maps, reason):
    found = score(*maps)
    assert (found.value, found.reason) == (None, reason)


@pytest.mark.parametrize("digits", [0, 1, 6])
def test_every_number_of_ties_equals_a_loop_over_all_thresholds(digits):
    rng = np.random.default_rng(digits)
    maps = np.round(rng.normal(0, 3, (5, 9, 14)), digits).astype(np.float32)
    masks = rng.random(maps.shape) < 0.15
    masks[0] = False
    assert score(*zip(maps, masks, strict=True)).value == pytest.approx(loop_aupro(maps, masks), abs=1e-9)


def test_the_order_of_maps_does_not_matter():
    rng = np.random.default_rng(0)
    labelled = [(rng.random((6, 8), np.float32), rng.random((6, 8)) < 0.3) for _ in range(5)]
    assert score(*labelled).value == pytest.approx(score(*labelled[::-1]).value, abs=1e-12)
