from __future__ import annotations

import numpy as np
import pytest

from saa.embedded import objects, symmetry


def part(image) -> np.ndarray:
    [mask] = objects.find(image, 1)
    return mask


def test_a_blemish_on_a_turned_part_is_what_differs(turned):
    image = turned((120, 70))
    found = symmetry.differences(image, part(image))
    assert found is not None
    assert found.dtype == np.float32
    rows, columns = found.shape
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert row * 180 / rows == pytest.approx(70, abs=10)
    assert column * 180 / columns == pytest.approx(120, abs=10)
    assert found.max() > 5 * np.median(found)


def test_a_blemish_does_not_show_at_the_places_it_is_compared_with(turned):
    image = turned((120, 70))
    found = symmetry.differences(image, part(image))
    assert found is not None
    opposite = found[::-1, ::-1]
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert opposite[row, column] < 0.2 * found.max()


def test_a_flawless_turned_part_differs_nowhere(turned):
    image, flawed = turned(), turned((120, 70))
    clean, marked = symmetry.differences(image, part(image)), symmetry.differences(flawed, part(flawed))
    assert clean is not None
    assert marked is not None
    assert clean.max() < 0.1 * marked.max()


def test_a_square_part_is_not_round():
    image = np.full((180, 180, 3), 235, np.uint8)
    image[45:135, 45:135] = 80
    assert symmetry.differences(image, part(image)) is None


def test_a_long_part_is_not_round(discs):
    image, mask = discs((60, 60), (90, 60), (120, 60))
    assert symmetry.differences(image, mask) is None


def test_a_round_part_with_two_unlike_halves_does_not_vouch_for_itself():
    y, x = np.mgrid[:180, :180]
    round_ = np.hypot(x - 89.5, y - 89.5) < 68
    image = np.full((180, 180, 3), 235, np.uint8)
    image[round_ & (x < 90)] = 60
    image[round_ & (x >= 90)] = 170
    assert symmetry.differences(image, round_) is None


def test_an_empty_mask_is_not_round(turned):
    assert symmetry.differences(turned(), np.zeros((180, 180), bool)) is None


def test_the_engine_looks_at_rotations_only_of_round_parts(turned, encode):
    image = turned((120, 70))
    found = encode(image, "part").unlikeness
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 2 * row == pytest.approx(70, abs=12)
    assert 2 * column == pytest.approx(120, abs=12)
    rings = found[:, 45]
    assert found.max() > 5 * rings.max()
