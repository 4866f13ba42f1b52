from __future__ import annotations

import cv2
import numpy as np
import pytest

from saa.embedded import objects


def iou(one, other) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def none(image) -> bool:
    return objects.find(image, 1).shape == (0, *image.shape[:2])


def test_a_disc_on_plain_ground_is_the_object(discs):
    image, truth = discs((90, 60))
    found = objects.find(image, 1)
    assert found.shape == (1, 120, 180)
    assert found.dtype == np.bool_
    assert iou(found[0], truth) > 0.9


def test_two_discs_are_two_objects_where_two_are_expected(discs):
    image, truth = discs((45, 60), (135, 60))
    found = objects.find(image, 2)
    assert len(found) == 2
    assert not (found[0] & found[1]).any()
    assert iou(found.any(axis=0), truth) > 0.9


def test_one_expected_object_is_the_largest_piece():
    image = np.full((120, 180, 3), 230, np.uint8)
    image[40:80, 20:60] = 90
    image[30:90, 90:160] = 90
    [found] = objects.find(image, 1)
    assert not found[:, :70].any()
    assert found[35:85, 95:155].all()


def test_the_largest_object_comes_first():
    image = np.full((120, 180, 3), 230, np.uint8)
    image[40:80, 20:60] = 90
    image[30:90, 90:160] = 90
    found = objects.find(image, 2)
    areas = np.count_nonzero(found, axis=(1, 2))
    assert len(areas) == 2
    assert areas[0] > areas[1]


def test_a_small_mark_beside_several_objects_is_none_of_them(discs):
    image, _ = discs((45, 60), (135, 60))
    cv2.circle(image, (90, 100), 7, (90, 90, 90), -1)
    assert len(objects.find(image, 3)) == 2


def test_a_hole_in_an_object_belongs_to_it(discs):
    image, truth = discs((90, 60), radius=40)
    cv2.circle(image, (90, 60), 15, (230, 230, 230), -1)
    assert iou(objects.find(image, 1)[0], truth) > 0.9


def test_a_bright_object_on_dark_ground_and_a_coloured_one_are_found(discs):
    image, truth = discs((90, 60))
    assert iou(objects.find(255 - image, 1)[0], truth) > 0.9
    coloured = np.full_like(image, 130)
    coloured[truth] = (180, 110, 110)
    assert iou(objects.find(coloured, 1)[0], truth) > 0.9


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_image_shows_no_object(level):
    assert none(np.full((50, 70, 3), level, np.uint8))


def test_noise_and_stripes_show_no_object(striped):
    assert none(np.random.default_rng(0).integers(0, 256, (90, 130, 3), np.uint8))
    assert none(striped())


def test_an_object_on_a_restless_ground_is_no_clear_one():
    tiles = np.indices((120, 180)).sum(axis=0) // 12 % 3
    image = np.repeat((150 + 45 * tiles).astype(np.uint8)[..., None], 3, axis=2)
    cv2.circle(image, (90, 60), 35, (20, 20, 20), -1)
    assert none(image)


def test_an_object_cut_off_by_the_picture_is_no_clear_one():
    image = np.full((120, 180, 3), 230, np.uint8)
    image[:, :80] = 90
    assert none(image)


def test_a_speck_is_no_object(discs):
    image, _ = discs((90, 60), radius=6)
    assert none(image)


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (2, 3)])
def test_a_tiny_image_gives_masks_of_its_size(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert objects.find(image, 1).shape[1:] == size


def test_a_soft_edge_is_one_inside_and_none_outside(discs):
    _, truth = discs((90, 60))
    soft = objects.soft(truth[None], (60, 90))
    assert soft.shape == (60, 90)
    assert soft.dtype == np.float32
    assert ((soft >= 0) & (soft <= 1)).all()
    assert soft[30, 45] == pytest.approx(1)
    assert soft[:10].max() == 0
    assert 0 < soft[30, 30] < 1


def test_no_object_has_no_edge():
    np.testing.assert_array_equal(objects.soft(np.zeros((0, 10, 20), bool), (5, 8)), np.ones((5, 8)))


def test_zones_tell_the_ground_from_rims_and_from_the_inside(discs):
    _, truth = discs((90, 60))
    found = objects.zones(truth[None], (30, 45))
    assert found.shape == (30, 45)
    assert set(np.unique(found)) == {0, 1, 2}
    assert found[15, 22] == 2
    assert found[0, 0] == 0
    edge = (np.diff((found == 2).astype(int), axis=1) != 0).nonzero()
    assert (found[edge[0], edge[1]] + found[edge[0], edge[1] + 1] == 3).all()


def test_without_objects_all_is_one_zone():
    assert not objects.zones(np.zeros((0, 10, 20), bool), (5, 8)).any()
