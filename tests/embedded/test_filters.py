from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from saa.embedded import filters


@pytest.fixture
def plane() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 10, (40, 61)).astype(np.float32)


def test_a_blur_is_that_of_scipy(plane):
    wide = filters.blurred(plane, 2)
    expected = ndimage.gaussian_filter(plane.astype(np.float64), 2, mode="mirror", truncate=4)
    np.testing.assert_allclose(wide, expected, atol=0.05)
    assert wide.dtype == np.float32


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2)])
def test_a_blur_wider_than_the_plane_keeps_a_constant(size):
    np.testing.assert_allclose(filters.blurred(np.full(size, 3, np.float32), 16), np.full(size, 3), rtol=1e-5)


def test_shrinking_averages_areas():
    plane = np.array([[1, 3, 5, 7], [1, 3, 5, 7]], np.float32)
    assert filters.shrunk(plane, (1, 2)).tolist() == [[2, 6]]
    assert filters.shrunk(plane, (2, 4)).tolist() == plane.tolist()


@pytest.mark.parametrize("smooth", [False, True])
def test_growing_keeps_a_constant_and_the_size_asked_for(smooth):
    grown = filters.grown(np.full((2, 3), 5, np.float32), (7, 4), smooth=smooth)
    assert grown.shape == (7, 4)
    np.testing.assert_allclose(grown, np.full((7, 4), 5), rtol=1e-6)


def test_linear_growth_never_overshoots(plane):
    grown = filters.grown(plane, (80, 122), smooth=False)
    assert plane.min() <= grown.min()
    assert grown.max() <= plane.max()


@pytest.mark.parametrize(
    ("size", "expected"), [((1, 1), (1, 1)), ((1, 9), (1, 4)), ((6, 8), (3, 4)), ((7, 3), (3, 1))]
)
def test_half_a_size_has_at_least_one_pixel(size, expected):
    assert filters.half(size) == expected


def test_a_guided_filter_keeps_the_guide_s_edge_and_smooths_elsewhere():
    guide = np.zeros((40, 60), np.float32)
    guide[:, 30:] = 1
    noisy = guide * 10 + np.random.default_rng(1).normal(0, 1, guide.shape).astype(np.float32)
    found = filters.guided(noisy, guide, 4, 1e-3)
    plain = filters.blurred(noisy, 3)
    assert abs(found[:, 31].mean() - 10) < 0.5 < abs(plain[:, 31].mean() - 10)
    assert found[5:-5, 5:25].std() < 0.3 * noisy[5:-5, 5:25].std()


def test_a_plain_guide_only_smooths(plane):
    found = filters.guided(plane, np.full(plane.shape, 0.5, np.float32), 2, 1e-3)
    assert found.std() < 0.5 * plane.std()


@pytest.mark.parametrize("upright", [True, False])
def test_levelling_removes_stripes_and_keeps_what_is_on_them(upright):
    stripes = np.tile(np.array([0, 0, 0, 20, 20, 20, 40, 40, 40, 10, 10, 10] * 5, np.float32), (40, 1))
    marked = stripes.copy()
    marked[10:14, 20:24] += 7
    expected = marked - stripes
    levelled = filters.level(marked) if upright else filters.level(np.ascontiguousarray(marked.T)).T
    np.testing.assert_array_equal(levelled, expected)


def test_levelling_leaves_the_grain_of_a_striped_surface():
    grain = np.random.default_rng(0).normal(0, 5, (40, 61)).astype(np.float32)
    stripes = 20 * np.sin(np.arange(61, dtype=np.float32))
    levelled = filters.level(grain + stripes)
    assert np.corrcoef(levelled.ravel(), grain.ravel())[0, 1] > 0.95
    assert np.abs(np.median(levelled, axis=0)).max() < 1e-4


def test_without_a_dominant_direction_only_the_median_goes(plane):
    levelled = filters.level(plane)
    np.testing.assert_allclose(levelled, plane - np.median(plane), atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1)])
def test_levelling_bears_a_single_row_column_or_pixel(size):
    levelled = filters.level(np.arange(size[0] * size[1], dtype=np.float32).reshape(size))
    assert levelled.shape == size
    assert np.isfinite(levelled).all()


def test_the_taper_is_full_inside_and_falls_evenly_to_every_edge():
    taper = filters.border_taper((40, 100))
    assert taper.shape == (40, 100)
    assert (taper[2:-2, 5:-5] == 1).all()
    np.testing.assert_allclose(taper, taper[::-1, ::-1])
    assert taper[20, 0] == pytest.approx(0.25 + 0.75 * 0.1)
    assert (np.diff(taper[20, :6]) >= 0).all()
    assert taper.min() >= 0.25


def test_a_small_plane_is_tapered_too():
    assert filters.border_taper((1, 1)).shape == (1, 1)
    assert 0.25 <= filters.border_taper((1, 1))[0, 0] <= 1
