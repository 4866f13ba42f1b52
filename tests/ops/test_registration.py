from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn_plates import SIZE, plate

from saa.ops import registration

ANGLES = range(-180, 180, 6)
POSES = [(0, 0, 0), (0, 5, -3), (37, 0, 0), (180, 0, 0), (-90, 6, -4), (3, 1.5, 0.5), (-140, -3, 2)]
CORNERS = np.array([[22, 16, 1], [67, 16, 1], [22, 48, 1], [67, 48, 1]]).T
"""Of the plate: x, y and 1."""
NARROW = slice(12, 76)
"""Columns that leave a square with the same middle."""


def plane(*drawn, columns=slice(None)) -> np.ndarray:
    """The plate's green."""
    return plate(*drawn)[:, columns, 1].astype(np.float32)


def noise(seed: int, size=SIZE, spread: float = 1.5) -> np.ndarray:
    grain = np.random.default_rng(seed).normal(0, 1, size).astype(np.float32)
    return cv2.GaussianBlur(grain, (0, 0), spread)


def rotation(matrix) -> float:
    """Degrees counter-clockwise."""
    return float(np.degrees(np.arctan2(matrix[0, 1], matrix[0, 0])))


def test_a_turn_is_counter_clockwise_about_the_middle_and_shifts_come_after():
    middle, right = (2, 1, 1), (3, 1, 1)
    matrix = registration.turned((3, 5), 90, 0, 0)
    assert (matrix @ middle).tolist() == pytest.approx([2, 1])
    assert (matrix @ right).tolist() == pytest.approx([2, 0])
    matrix = registration.turned((3, 5), 90, 10, -20)
    assert (matrix @ right).tolist() == pytest.approx([12, -20])


def test_no_turn_and_no_shift_is_the_identity():
    np.testing.assert_allclose(registration.turned((3, 5), 0, 0, 0), np.eye(2, 3), atol=1e-12)


def test_a_shift_grows_with_the_picture():
    matrix = registration.turned((4, 6), 0, 2, 1)
    np.testing.assert_allclose(
        registration.scaled(matrix, (4, 6), (12, 12)), [[1, 0, 4], [0, 1, 3]], atol=1e-12
    )


def test_a_scaled_map_moves_the_same_places_of_a_larger_picture():
    matrix, factor = registration.turned((40, 30), 25, 3, -2), 2.5
    large = registration.scaled(matrix, (40, 30), (100, 75))
    for x, y in ((0, 0), (7.5, 31), (29, 39)):
        # Pixels are told by their middles: the first one's lies half a pixel inside the picture.
        grown = ((x + 0.5) * factor - 0.5, (y + 0.5) * factor - 0.5, 1)
        wanted = (matrix @ (x, y, 1) + 0.5) * factor - 0.5
        np.testing.assert_allclose(large @ grown, wanted, atol=1e-9)


def test_a_map_at_its_own_size_is_unchanged():
    matrix = registration.turned((40, 30), 25, 3, -2)
    np.testing.assert_allclose(registration.scaled(matrix, (40, 30), (40, 30)), matrix, atol=1e-12)


@pytest.mark.parametrize("columns", [slice(None), NARROW], ids=["wide", "square"])
@pytest.mark.parametrize("pose", POSES, ids=str)
def test_a_turned_and_shifted_plate_is_found_within_half_a_pixel_and_degree(pose, columns):
    picture, template = plane(1, *pose, columns=columns), plane(0, columns=columns)
    found = registration.find(picture, template, ANGLES)
    corners = CORNERS - np.array([[columns.start or 0], [0], [0]])
    seen = registration.turned(template.shape, *pose) @ corners
    back = found.matrix @ np.vstack([seen, np.ones(4)])
    assert np.abs(back - corners[:2]).max() < 0.5
    assert abs((rotation(found.matrix) + pose[0] + 180) % 360 - 180) < 0.5
    assert found.agreement > 0.9


@pytest.mark.parametrize("off", [-9, -3, 0, 1, 3, 9])
def test_how_well_a_picture_fits_hangs_not_on_the_turn_to_begin_from(off):
    found = registration.find(plane(1, 37), plane(0), [-37 + off])
    assert rotation(found.matrix) == pytest.approx(-37, abs=0.5)
    assert found.agreement > 0.995


@pytest.mark.parametrize("level", [-1000, 500])
def test_a_picture_fits_as_well_however_bright_it_is(level):
    usual = registration.find(plane(1, 37, 4, -2), plane(0), ANGLES)
    found = registration.find(plane(1, 37, 4, -2) + np.float32(level), plane(0) - np.float32(level), ANGLES)
    np.testing.assert_allclose(found.matrix, usual.matrix, atol=0.05)
    assert found.agreement == pytest.approx(usual.agreement, abs=0.01)


def test_a_picture_lies_on_itself():
    found = registration.find(plane(0), plane(0), ANGLES)
    np.testing.assert_allclose(found.matrix, np.eye(2, 3), atol=0.01)
    assert found.agreement > 0.999


def test_of_turns_that_fit_as_well_the_smallest_is_taken():
    upright = plane(0)
    alike = upright + upright[::-1, ::-1]
    for angle in (0, 20):
        turn = registration.turned(SIZE, angle, 0, 0)
        picture = cv2.warpAffine(alike, turn, SIZE[::-1], borderMode=cv2.BORDER_REPLICATE)
        found = registration.find(picture, alike, ANGLES)
        assert rotation(found.matrix) == pytest.approx(-angle, abs=0.5)


def test_only_turns_near_those_to_begin_from_are_found():
    picture, template = plane(1, 180), plane(0)
    assert abs(rotation(registration.find(picture, template, [180]).matrix)) == pytest.approx(180, abs=0.5)
    found = registration.find(picture, template, [-6, 0, 6])
    assert abs(rotation(found.matrix)) < 45
    assert found.agreement < 0.9


@pytest.mark.parametrize("level", [0, 120])
def test_nothing_fits_a_picture_without_content(level):
    flat = np.full(SIZE, level, np.float32)
    for pair in ((flat, plane(0)), (plane(0), flat), (flat, flat)):
        found = registration.find(*pair, ANGLES)
        assert found.agreement == -1
        np.testing.assert_allclose(found.matrix, np.eye(2, 3), atol=1e-12)


def test_unrelated_noise_agrees_little():
    for seed in range(5):
        assert registration.find(noise(2 * seed), noise(2 * seed + 1), ANGLES).agreement < 0.5


def test_pictures_that_agree_by_chance_where_a_sliver_of_them_overlaps_do_not_fit():
    # The search ends where one lies a picture's height off the other; what overlaps agrees to 0.88.
    found = registration.find(noise(4, spread=3), noise(8, spread=3), [-120, 0, 120])
    assert found.agreement < 0.5
    middle = (SIZE[1] - 1) / 2, (SIZE[0] - 1) / 2
    assert np.abs(found.matrix @ (*middle, 1) - middle).max() < SIZE[1] / 4


def test_a_mark_on_the_plate_does_not_move_it():
    marked = plate(1, 37, 4, -2, mark=(48, 34))[..., 1].astype(np.float32)
    found = registration.find(marked, plane(0), ANGLES)
    seen = registration.turned(SIZE, 37, 4, -2) @ CORNERS
    assert np.abs(found.matrix @ np.vstack([seen, np.ones(4)]) - CORNERS[:2]).max() < 0.5


def test_the_smallest_pictures_are_borne():
    for size in ((16, 16), (16, 40)):
        found = registration.find(noise(1, size), noise(2, size), ANGLES)
        assert -1 <= found.agreement <= 1
        assert np.isfinite(found.matrix).all()


def test_a_pose_hangs_on_the_pixels_and_not_on_where_they_lie_in_memory():
    picture, template = plane(1, 37, 4, -2), plane(0)
    once = registration.find(picture, template, ANGLES)
    frame = np.zeros((80, 120), np.float32)
    frame[5:69, 7:95] = picture
    kept = []
    for number, other in enumerate((np.asfortranarray(picture), frame[5:69, 7:95], picture, picture)):
        kept.append(np.empty(1 + 700 * number, np.uint8))
        again = registration.find(other, template, ANGLES)
        np.testing.assert_array_equal(again.matrix, once.matrix)
        assert again.agreement == once.agreement


def test_pictures_are_left_alone():
    picture, template = plane(1, 37), plane(0)
    registration.find(picture, template, ANGLES)
    np.testing.assert_array_equal(picture, plane(1, 37))
    np.testing.assert_array_equal(template, plane(0))


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(
        ValueError, match=r"picture: expected size \(64, 88\), that of the template, got \(64, 64\)"
    ):
        registration.find(plane(0, columns=NARROW), plane(0), ANGLES)
