from __future__ import annotations

import cv2
import numpy as np
import pytest

from saa.embedded import refining


@pytest.fixture
def marked(striped):
    """A striped surface with a dark ellipse, and the ellipse at half the size."""
    image = striped(120, 180, seed=3)
    truth = np.zeros(image.shape[:2], np.uint8)
    cv2.ellipse(truth, (100, 60), (24, 14), 0, 0, 360, 1, -1)
    image[truth > 0] = 30
    return image, cv2.resize(truth, (90, 60), interpolation=cv2.INTER_AREA) > 0


def iou(one, other) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def changed(mask, pixels: int) -> np.ndarray:
    """A mask grown, or shrunk where `pixels` is negative."""
    kernel = np.ones((2 * abs(pixels) + 1,) * 2, np.uint8)
    plane = mask.astype(np.uint8)
    return (cv2.dilate(plane, kernel) if pixels > 0 else cv2.erode(plane, kernel)) > 0


@pytest.mark.parametrize("pixels", [-2, -1, 1, 2])
def test_edges_move_toward_the_true_ones(marked, look, pixels):
    image, truth = marked
    seed = changed(truth, pixels)
    found = refining.refined(look(image), seed)
    assert found.dtype == np.bool_
    assert found.shape == truth.shape
    assert iou(found, truth) > iou(seed, truth) + 0.05


def test_a_right_mask_stays_right(marked, look):
    image, truth = marked
    assert iou(refining.refined(look(image), truth), truth) > 0.85


def test_the_seed_given_is_not_changed(marked, look):
    image, truth = marked
    seed = changed(truth, 2)
    before = seed.copy()
    refining.refined(look(image), seed)
    np.testing.assert_array_equal(seed, before)


def test_an_empty_and_a_full_seed_come_back(marked, look):
    image, truth = marked
    known = look(image)
    for value in (False, True):
        seed = np.full(truth.shape, value)
        np.testing.assert_array_equal(refining.refined(known, seed), seed)


def test_a_seed_on_nothing_in_particular_is_not_lost(striped, look):
    known = look(striped(120, 180))
    seed = np.zeros((60, 90), bool)
    seed[20:30, 40:55] = True
    found = refining.refined(known, seed)
    assert found.any()
    assert iou(found, seed) >= 0.3


def test_an_answer_that_has_little_to_do_with_its_seed_is_not_believed(marked, look):
    image, _ = marked
    strip_across = np.zeros((60, 90), bool)
    strip_across[5:55, 45:50] = True
    assert iou(refining.refined(look(image), strip_across), strip_across) > 0.6


def test_a_box_becomes_what_stands_out_in_it(marked, look):
    image, truth = marked
    found = refining.grown_from_box(look(image), np.array([34, 20, 66, 40], np.float32))
    assert iou(found, truth) > 0.8


@pytest.mark.parametrize("box", [[34, 20, 66, 40], [0, 0, 90, 60], [50, 30, 50.5, 30.5], [89, 59, 90, 60]])
def test_a_mask_never_leaves_its_box(marked, look, box):
    image, _ = marked
    found = refining.grown_from_box(look(image), np.array(box, np.float32))
    x0, y0 = np.floor(box[:2]).astype(int)
    x1, y1 = np.ceil(box[2:]).astype(int)
    assert found.shape == (60, 90)
    assert np.count_nonzero(found) == np.count_nonzero(found[y0:y1, x0:x1])


def test_a_box_without_area_on_the_far_edge_holds_nothing(marked, look):
    image, _ = marked
    assert not refining.grown_from_box(look(image), np.array([90, 10, 90, 20], np.float32)).any()


def test_a_box_on_a_plain_image_gives_a_mask(look):
    known = look(np.full((60, 80, 3), 128, np.uint8))
    found = refining.grown_from_box(known, np.array([5, 5, 20, 15], np.float32))
    assert found.shape == (30, 40)
