from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from saa.runs import rle
from saa.types import Regions


def slow_counts(mask):
    """COCO's definition, one pixel at a time."""
    counts, current = [0], False
    for column in range(mask.shape[1]):
        for row in range(mask.shape[0]):
            if mask[row, column] != current:
                counts.append(0)
                current = not current
            counts[-1] += 1
    return counts


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        (["000", "000"], [6]),
        (["111", "111"], [0, 6]),
        (["100", "000"], [0, 1, 5]),
        (["000", "001"], [5, 1]),
        (["010", "010"], [2, 2, 2]),
        (["011", "101"], [1, 2, 1, 2]),
    ],
)
def test_runs_go_down_the_columns_and_start_with_zeros(rows, counts):
    mask = np.array([[letter == "1" for letter in row] for row in rows])
    assert rle.encode(mask) == {"size": [2, 3], "counts": counts}


@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=7)))
def test_encoding_equals_the_obvious_loop_and_decodes_to_the_same_mask(mask):
    encoded = rle.encode(mask)
    assert encoded["counts"] == slow_counts(mask)
    np.testing.assert_array_equal(rle.decode(encoded), mask)


def test_no_regions_are_an_empty_list():
    assert rle.describe(Regions.none((4, 5))) == []


def test_a_region_is_described_with_its_box_and_area():
    mask = np.zeros((4, 5), np.bool_)
    mask[1:3, 2:5] = True
    (region,) = rle.describe(Regions(mask[None], np.float32([0.5]), ("hole",)))
    assert region["phrase"] == "hole"
    assert region["score"] == 0.5
    assert region["area_px"] == 6
    assert region["box_xyxy"] == [2, 1, 5, 3]


def test_the_box_of_an_empty_mask_is_empty():
    empty = Regions(np.zeros((1, 4, 5), np.bool_), np.ones(1, np.float32), ("hole",))
    assert rle.describe(empty)[0]["box_xyxy"] == [0, 0, 0, 0]
