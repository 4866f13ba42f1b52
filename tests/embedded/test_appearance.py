from __future__ import annotations

import numpy as np
import pytest

from saa.embedded import appearance

COLOURS, ENERGIES, BANDS, SLOPES = slice(0, 9), slice(9, 12), slice(12, 15), slice(15, 17)


@pytest.fixture
def noise():
    return lambda *size: np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)


def halves(left, right, size=(64, 96)) -> np.ndarray:
    """A picture of two colours side by side."""
    image = np.full((*size, 3), left, np.uint8)
    image[:, size[1] // 2 :] = right
    return image


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1, 1), (1, 1)), ((11, 13), (1, 2)), ((64, 96), (8, 12)), ((3, 200), (1, 25)), ((20, 30), (2, 4))],
)
def test_the_grid_has_a_cell_for_every_eight_pixels(size, expected):
    assert appearance.grid_size(size) == expected


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (3, 2), (20, 30), (45, 67)])
def test_every_place_is_described_by_finite_numbers(noise, size):
    described, colours = appearance.describe(noise(*size)), appearance.colours(noise(*size))
    assert described.shape == (*appearance.grid_size(size), 17)
    assert colours.shape == (max(1, round(size[0] / 4)), max(1, round(size[1] / 4)), 3)
    for found in (described, colours):
        assert found.dtype == np.float32
        assert np.isfinite(found).all()


def test_white_and_black_typed_by_hand():
    # 25 ln(100 + 6) and 25 ln(0 + 6) at three scales, a fifth of it; no energy is 8 ln(0.5), a fifth of it.
    for level, lightness in ((255, 116.5860), (0, 44.7940)):
        image = np.full((16, 24, 3), level, np.uint8)
        wanted = [lightness / 5, 0, 0] * 3 + [-1.10904] * 3 + [0] * 5
        np.testing.assert_allclose(appearance.describe(image), np.broadcast_to(wanted, (2, 3, 17)), atol=1e-3)
        np.testing.assert_allclose(
            appearance.colours(image), np.broadcast_to([lightness, 0, 0], (4, 6, 3)), atol=1e-3
        )


def test_a_plain_picture_is_the_same_everywhere():
    described = appearance.describe(np.full((40, 60, 3), (150, 90, 70), np.uint8))
    np.testing.assert_allclose(described, np.broadcast_to(described[0, 0], described.shape), atol=1e-3)


def test_nothing_is_levelled_so_a_brighter_picture_differs_everywhere(noise):
    dark = noise(64, 96) // 3
    found = np.linalg.norm(appearance.describe(2 * dark) - appearance.describe(dark), axis=-1)
    assert found.min() > 1


def test_colour_is_told_at_three_scales():
    described = appearance.describe(halves((200, 60, 60), (60, 60, 200)))
    left, right = described[4, 1, COLOURS], described[4, 10, COLOURS]
    red_green, yellow_blue = slice(1, 9, 3), slice(2, 9, 3)
    assert (left[red_green] > 8).all()
    assert (left[yellow_blue] > right[yellow_blue] + 10).all()


def test_energy_is_told_where_a_picture_is_rough_and_nothing_of_its_colour():
    rough = np.full((64, 96), 120.0)
    rough[:, :48] += np.random.default_rng(2).choice([-20, 20], (64, 48))
    described = appearance.describe(np.dstack([rough] * 3).astype(np.uint8))
    differ = described[:, :5].mean((0, 1)) - described[:, 7:].mean((0, 1))
    assert (differ[ENERGIES] > 0.3).all()
    assert np.abs(differ[COLOURS]).max() < 0.3 * differ[ENERGIES].max()


def test_slopes_tell_upright_edges_from_level_ones():
    image = halves(60, 200)
    upright, level = appearance.describe(image), appearance.describe(image.swapaxes(0, 1).copy())
    across, down = upright[4, :, SLOPES].T
    assert across.argmax() in (5, 6)
    assert across.max() > 0.2
    np.testing.assert_allclose(down, 0, atol=1e-3)
    np.testing.assert_allclose(level[:, 4, 16], across, atol=1e-3)


def test_a_spot_is_told_with_its_sign():
    image = np.full((64, 96, 3), 120, np.uint8)
    image[26:30, 26:30] = 220
    image[26:30, 66:70] = 30
    described = appearance.describe(image)
    assert described[3, 3, BANDS].max() > 0
    assert described[3, 8, BANDS].min() < 0
    assert described[3, 3, BANDS.start] > 0 > described[3, 8, BANDS.start]


def test_fine_colours_tell_a_mark_of_four_pixels_where_it_is():
    image = np.full((64, 96, 3), 120, np.uint8)
    image[20:24, 40:44] = (200, 60, 60)
    red_green = appearance.colours(image)[..., 1]
    assert np.unravel_index(red_green.argmax(), red_green.shape) == (5, 10)
    assert red_green[5, 13] == pytest.approx(red_green[0, 0], abs=0.01)


def test_a_shift_by_a_cell_shifts_the_grid(noise):
    wide = np.repeat(np.repeat(noise(12, 20), 8, axis=0), 8, axis=1)
    one, other = appearance.describe(wide[:, :-8].copy()), appearance.describe(wide[:, 8:].copy())
    np.testing.assert_allclose(one[2:-2, 4:-3], other[2:-2, 3:-4], atol=0.02)


def test_descriptions_hang_on_the_pixels_and_not_on_where_they_lie_in_memory(noise):
    image = noise(45, 67)
    described, colours = appearance.describe(image), appearance.colours(image)
    wide = np.zeros((60, 80, 4), np.uint8)
    wide[5:50, 7:74, :3] = image
    kept = []
    for number, other in enumerate((wide[5:50, 7:74, :3], np.asfortranarray(image), *[image] * 8)):
        kept.append(np.empty(1 + 500 * number, np.uint8))
        np.testing.assert_array_equal(appearance.describe(other), described)
        np.testing.assert_array_equal(appearance.colours(other), colours)
    np.testing.assert_array_equal(image, noise(45, 67))
