from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from saa.ops import boxes

NONE = np.zeros((0, 4), np.float32)
corners = arrays.arrays(np.int64, st.tuples(st.integers(0, 5), st.just(4)), elements=st.integers(0, 6))


def test_no_masks_have_no_boxes():
    assert boxes.of_masks(np.zeros((0, 3, 5), bool)).shape == (0, 4)


def test_no_boxes_have_no_areas_and_no_overlap():
    assert boxes.areas(NONE).shape == (0,)
    assert boxes.iou(NONE, np.ones((2, 4), np.float32)).shape == (0, 2)
    assert boxes.iou(np.ones((2, 4), np.float32), NONE).shape == (2, 0)
    assert boxes.scaled(NONE, (3, 5), (6, 5)).shape == (0, 4)


def test_a_box_is_x_before_y_with_exclusive_ends():
    mask = np.array(
        [
            [0, 0, 0, 0, 0],
            [0, 0, 1, 0, 0],
            [0, 0, 0, 1, 0],
        ],
        bool,
    )
    assert boxes.of_mask(mask) == (2, 1, 4, 3)


def test_a_full_mask_has_the_box_of_its_image():
    assert boxes.of_mask(np.ones((3, 5), bool)) == (0, 0, 5, 3)


def test_an_empty_mask_has_a_box_without_area():
    found = boxes.of_masks(np.zeros((1, 3, 5), bool))
    assert found.tolist() == [[0, 0, 0, 0]]
    assert boxes.areas(found).tolist() == [0]


def test_boxes_of_masks_are_those_of_each_mask_in_order():
    masks = np.zeros((2, 3, 5), bool)
    masks[0, 2, 4] = masks[1, 0, :2] = True
    found = boxes.of_masks(masks)
    assert found.dtype == np.float32
    assert found.tolist() == [[4, 2, 5, 3], [0, 0, 2, 1]]


def test_areas_are_width_times_height():
    found = boxes.areas(np.array([[0, 0, 2, 3], [1, 1, 1.5, 5]], np.float32))
    assert found.tolist() == [6, 2]


def test_an_inverted_box_has_no_area():
    assert boxes.areas(np.array([[2, 0, 0, 3], [3, 3, 1, 1]], np.float32)).tolist() == [0, 0]


def test_iou_of_boxes_that_share_a_third_a_part_and_nothing():
    one = np.array([[0, 0, 2, 2]], np.float32)
    others = np.array([[1, 0, 3, 2], [0, 0, 2, 2], [2, 0, 4, 2], [5, 5, 6, 6], [0, 0, 1, 1]], np.float32)
    np.testing.assert_allclose(boxes.iou(one, others), [[1 / 3, 1, 0, 0, 1 / 4]], rtol=1e-6)


def test_boxes_without_area_do_not_overlap():
    point = np.array([[1, 1, 1, 1]], np.float32)
    assert boxes.iou(point, point).tolist() == [[0]]


@given(corners, corners)
def test_iou_equals_counting_shared_pixels(some, others):
    def pixels(box):
        x0, y0, x1, y1 = box
        return {(x, y) for x in range(x0, x1) for y in range(y0, y1)}

    found = boxes.iou(some.astype(np.float32), others.astype(np.float32))
    assert found.shape == (len(some), len(others))
    for i, one in enumerate(some):
        for j, other in enumerate(others):
            shared, union = len(pixels(one) & pixels(other)), len(pixels(one) | pixels(other))
            assert found[i, j] == pytest.approx(shared / union if union else 0)


def test_scaled_boxes_follow_width_and_height_apart():
    found = boxes.scaled(np.array([[1, 1, 5, 3]], np.float32), (3, 5), (6, 20))
    assert found.dtype == np.float32
    assert found.tolist() == [[4, 2, 20, 6]]


def test_scaling_there_and_back_changes_nothing():
    some = np.array([[0, 1, 3, 4], [2, 2, 3, 3]], np.float32)
    back = boxes.scaled(boxes.scaled(some, (4, 6), (7, 3)), (7, 3), (4, 6))
    np.testing.assert_allclose(back, some, atol=1e-5)
