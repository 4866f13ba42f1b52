from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from saa.ops import masks

mask_stacks = arrays.arrays(np.bool_, st.tuples(st.integers(0, 5), st.just(3), st.just(5)))


def test_no_masks_have_no_overlap_no_means_and_leave_nothing():
    none, two = np.zeros((0, 3, 5), bool), np.ones((2, 3, 5), bool)
    assert masks.iou(none, two).shape == (0, 2)
    assert masks.iou(two, none).shape == (2, 0)
    assert masks.means_inside(none, np.ones((3, 5), np.float32)).shape == (0,)
    assert masks.suppress(none, np.zeros(0, np.float32), 0.5).shape == (0,)


def test_a_mask_at_its_own_size_is_unchanged():
    mask = np.eye(3, 5, dtype=bool)
    np.testing.assert_array_equal(masks.resized(mask, (3, 5)), mask)


def test_a_mask_grown_by_whole_factors_keeps_its_share():
    mask = np.zeros((3, 5), bool)
    mask[:, 3:] = True
    grown = masks.resized(mask, (6, 20))
    assert grown.shape == (6, 20)
    assert grown.dtype == np.bool_
    expected = np.zeros((6, 20), bool)
    expected[:, 12:] = True
    np.testing.assert_array_equal(grown, expected)


def test_a_single_pixel_survives_growing():
    mask = np.zeros((3, 5), bool)
    mask[1, 2] = True
    grown = masks.resized(mask, (9, 15))
    assert grown[4, 6:9].all()
    assert grown[3:6, 7].all()
    assert not grown[:3].any()
    assert not grown[:, 9:].any()


@pytest.mark.parametrize("value", [False, True])
def test_an_empty_or_full_mask_stays_so(value):
    mask = np.full((3, 5), value)
    for size in ((1, 1), (7, 2), (30, 50)):
        assert (masks.resized(mask, size) == value).all()


def test_iou_of_masks_typed_by_hand():
    some = np.array([[[1, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]], bool)
    others = np.array([[[0, 1, 1], [0, 1, 0]], [[1, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]], bool)
    assert masks.iou(some, others).tolist() == [[0.25, 1, 0], [0, 0, 0]]


@given(mask_stacks, mask_stacks)
def test_iou_equals_a_slow_loop(some, others):
    found = masks.iou(some, others)
    for i, one in enumerate(some):
        for j, other in enumerate(others):
            union = (one | other).sum()
            assert found[i, j] == pytest.approx((one & other).sum() / union if union else 0)


def test_means_inside_are_those_of_the_masked_values():
    values = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    stack = np.array([[[1, 0, 0], [0, 0, 1]], [[0, 0, 0], [0, 1, 0]], [[1, 1, 1], [1, 1, 1]]], bool)
    found = masks.means_inside(stack, values)
    assert found.dtype == np.float32
    assert found.tolist() == [3.5, 5, 3.5]


def test_an_empty_mask_has_a_mean_of_zero():
    stack = np.array([np.zeros((2, 3), bool), np.ones((2, 3), bool)])
    assert masks.means_inside(stack, np.full((2, 3), 7, np.float32)).tolist() == [0, 7]


def test_means_of_many_pixels_do_not_drift():
    values = np.full((1000, 1001), 0.1, np.float32)
    assert masks.means_inside(np.ones((1, 1000, 1001), bool), values)[0] == np.float32(0.1)


def test_the_better_of_two_alike_masks_stays():
    stack = np.zeros((3, 3, 5), bool)
    stack[0, 0], stack[1, 0], stack[2, 2] = True, True, True
    assert masks.suppress(stack, np.array([0.1, 0.9, 0.5], np.float32), 0.5).tolist() == [1, 2]


def test_of_equal_masks_with_equal_scores_the_earlier_stays():
    stack = np.ones((4, 3, 5), bool)
    assert masks.suppress(stack, np.full(4, 0.5, np.float32), 0.99).tolist() == [0]


def test_masks_that_overlap_by_just_the_limit_both_stay():
    stack = np.zeros((2, 1, 4), bool)
    stack[0, 0, :2] = stack[1, 0, :4] = True
    scores = np.array([0.2, 0.1], np.float32)
    assert masks.suppress(stack, scores, 0.5).tolist() == [0, 1]
    assert masks.suppress(stack, scores, 0.49).tolist() == [0]


def test_a_suppressed_mask_suppresses_no_other():
    stack = np.zeros((3, 1, 6), bool)
    stack[0, 0, 0:3] = stack[1, 0, 1:4] = stack[2, 0, 2:5] = True
    assert masks.suppress(stack, np.array([0.9, 0.8, 0.7], np.float32), 0.4).tolist() == [0, 2]


@given(mask_stacks, st.sampled_from([0.0, 0.3, 0.6, 1.0]), st.randoms(use_true_random=False))
def test_suppression_equals_a_slow_loop(stack, max_iou, random):
    scores = np.array([random.choice([0.1, 0.2, 0.3]) for _ in stack], np.float32)
    kept: list[int] = []
    for i in sorted(range(len(stack)), key=lambda i: (-scores[i], i)):
        overlaps = []
        for j in kept:
            union = (stack[i] | stack[j]).sum()
            overlaps.append(np.float32((stack[i] & stack[j]).sum() / union if union else 0))
        if all(overlap <= max_iou for overlap in overlaps):
            kept.append(i)
    assert masks.suppress(stack, scores, max_iou).tolist() == kept


def test_of_no_masks_none_is_first():
    assert masks.first_of_nested(np.zeros((0, 2, 3), bool), 0.9).shape == (0,)


def test_a_mask_inside_a_better_one_or_around_it_is_dropped_and_one_beside_it_kept():
    best, inside, around, beside = np.zeros((4, 3, 5), bool)
    best[0, :3] = True
    inside[0, 1] = True
    around[:2, :4] = True
    beside[0, 2:5] = True
    stack = np.stack([best, inside, around, beside])
    assert masks.first_of_nested(stack, 0.9).tolist() == [0, 3]
    assert masks.first_of_nested(stack, 1.0).tolist() == [0, 1, 2, 3]
    assert masks.first_of_nested(stack, 0.3).tolist() == [0]


def test_pixels_of_a_region_share_it_row_by_row():
    assert masks.region_shares(np.zeros((3, 5), bool)).shape == (0,)
    mask = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 0], [0, 0, 0, 1, 1]], bool)
    assert masks.region_shares(mask).tolist() == [1 / 2, 1, 1 / 2, 1 / 2, 1 / 2]
