from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from saa.embedded import segments
from saa.embedded.filters import blurred


def blobs(*places: tuple[slice, slice, float], size=(80, 100), seed: int = 0) -> np.ndarray:
    """An unlikeness map with rectangles of a height, over low noise."""
    plane = np.abs(np.random.default_rng(seed).normal(0, 0.2, size)).astype(np.float32)
    for rows, columns, height in places:
        plane[rows, columns] += height
    return blurred(plane, 1)


def iou(one, other) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 2), (40, 60)])
@pytest.mark.parametrize("level", [0.0, 2.5])
def test_a_flat_map_has_no_pieces(size, level):
    found = segments.find(np.full(size, level, np.float32), 20)
    assert found.masks.shape == (0, *size)
    assert found.contrasts.shape == (0,)


def test_an_isolated_blob_is_the_best_piece():
    plane = blobs((slice(30, 42), slice(50, 64), 5))
    truth = np.zeros(plane.shape, bool)
    truth[30:42, 50:64] = True
    found = segments.find(plane, 20)
    assert found.masks.dtype == np.bool_
    assert found.contrasts.dtype == np.float32
    assert iou(found.masks[0], truth) > 0.6
    assert max(iou(mask, truth) for mask in found.masks) > 0.8


def test_the_higher_of_two_blobs_comes_first():
    plane = blobs((slice(10, 20), slice(10, 20), 3), (slice(50, 60), slice(70, 80), 6))
    found = segments.find(plane, 20)
    assert found.masks[0][55, 75]
    assert any(mask[15, 15] and not mask[55, 75] for mask in found.masks)


def test_pieces_come_best_first_and_stand_out():
    found = segments.find(blobs((slice(30, 42), slice(50, 64), 5)), 20)
    assert (np.diff(found.contrasts) <= 0).all()
    assert (found.contrasts > 0).all()


@pytest.mark.parametrize("count", [1, 3])
def test_no_more_pieces_are_given_than_asked_for(count):
    plane = blobs((slice(30, 42), slice(50, 64), 5))
    everything = segments.find(plane, 20)
    found = segments.find(plane, count)
    assert len(found.masks) == count
    np.testing.assert_array_equal(found.masks, everything.masks[:count])


def test_pieces_hardly_overlap():
    found = segments.find(blobs((slice(30, 60), slice(40, 80), 5), (slice(40, 50), slice(50, 70), 3)), 20)
    for i, one in enumerate(found.masks):
        for other in found.masks[:i]:
            assert iou(one, other) <= 0.6 + 1e-6


def test_every_piece_hangs_together():
    for mask in segments.find(blobs((slice(30, 42), slice(50, 64), 5)), 20).masks:
        assert ndimage.label(mask, np.ones((3, 3)))[1] == 1


def test_half_the_map_is_no_piece_and_neither_is_a_pixel():
    plane = np.zeros((40, 60), np.float32)
    plane[:, :30] = 5
    plane[20, 50] = 9
    for mask in segments.find(plane, 20).masks:
        assert 6 <= np.count_nonzero(mask) <= 0.4 * mask.size


def test_contrast_is_the_height_of_a_plateau():
    plane = np.full((40, 60), 1, np.float32)
    mask = np.zeros(plane.shape, bool)
    mask[10:20, 20:40] = True
    plane[mask] = 4
    assert segments.contrast(plane, mask) == pytest.approx(3)


def test_a_region_as_unlike_as_its_surroundings_has_no_contrast():
    plane = np.full((40, 60), 4, np.float32)
    mask = np.zeros(plane.shape, bool)
    mask[10:20, 20:40] = True
    assert segments.contrast(plane, mask) == pytest.approx(0)
    plane[mask] = 1
    assert segments.contrast(plane, mask) == pytest.approx(-3)


def test_contrast_is_local():
    plane = np.zeros((60, 80), np.float32)
    mask = np.zeros(plane.shape, bool)
    mask[20:30, 20:30] = True
    plane[mask] = 3
    near = segments.contrast(plane, mask)
    plane[:, 60:] = 100
    assert segments.contrast(plane, mask) == near


def test_contrast_of_a_region_in_the_corner_uses_the_ring_there_is():
    plane = np.zeros((30, 40), np.float32)
    mask = np.zeros(plane.shape, bool)
    mask[:8, :10] = True
    plane[mask] = 2
    assert segments.contrast(plane, mask) == pytest.approx(2)


@pytest.mark.parametrize("seed", range(4))
def test_maps_of_noise_give_valid_pieces(seed):
    plane = np.random.default_rng(seed).random((23, 37), np.float32)
    found = segments.find(plane, 20)
    assert len(found.masks) == len(found.contrasts) <= 20
    assert np.isfinite(found.contrasts).all()


def test_where_no_piece_stands_out_none_is_found():
    plane = np.zeros((40, 60), np.float32)
    plane[15:25, 25:35] = 1
    for row in range(13, 28, 2):
        plane[row, [23, 36]] = 50
    for column in range(23, 38, 2):
        plane[[13, 26], column] = 50
    found = segments.find(plane, 20)
    assert found.masks.shape == (0, 40, 60)
    assert found.contrasts.shape == (0,)
