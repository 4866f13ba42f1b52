from __future__ import annotations

import numpy as np
import pytest

from saa.ops import drawing
from saa.types import Regions

VIOLET, YELLOW = (68, 1, 84), (253, 231, 37)


def picture(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def one_region(height: int, width: int, phrase: str = "dark spot") -> Regions:
    masks = np.zeros((1, height, width), bool)
    masks[0, height // 3 : height // 2, width // 3 : width // 2] = True
    return Regions(masks, np.float32([0.834]), (phrase,))


def close_to(pixel, wanted):
    return np.abs(pixel.astype(int) - wanted).max() <= 2


def test_colours_run_from_violet_at_low_to_yellow_at_high():
    coloured = drawing.colour(np.float32([[-5, 1, 2, 3, 99]]), low=1, high=3)
    assert close_to(coloured[0, 0], VIOLET)
    assert close_to(coloured[0, 1], VIOLET)
    assert close_to(coloured[0, 3], YELLOW)
    assert close_to(coloured[0, 4], YELLOW)
    assert coloured.shape == (1, 5, 3)
    assert coloured.dtype == np.uint8


def test_colour_does_not_depend_on_the_other_pixels():
    alone = drawing.colour(np.float32([[0.5]]), 0, 1)
    crowd = drawing.colour(np.float32([[0.5, 30]]), 0, 1)
    assert np.array_equal(alone[0, 0], crowd[0, 0])


def test_a_scale_without_extent_is_dark():
    assert close_to(drawing.colour(np.zeros((2, 3), np.float32), 0, 0)[0, 0], VIOLET)


def test_nothing_found_leaves_the_image_as_it_is():
    image = picture(70, 90)
    drawn = drawing.overlay(image, np.zeros((70, 90), np.float32), Regions.none((70, 90)), vmax=0)
    assert np.array_equal(drawn, image)
    assert drawn is not image


def test_the_image_handed_in_is_not_drawn_on():
    image = picture(120, 100)
    drawing.overlay(image, np.ones((120, 100), np.float32), one_region(120, 100), vmax=1)
    assert (image == 128).all()


def test_a_hot_place_changes_and_a_cold_one_does_not():
    anomaly_map = np.zeros((50, 40), np.float32)
    anomaly_map[10:20, 10:20] = 1
    drawn = drawing.overlay(picture(50, 40), anomaly_map, Regions.none((50, 40)), vmax=1)
    assert not np.array_equal(drawn[15, 15], [128, 128, 128])
    assert np.array_equal(drawn[40, 30], [128, 128, 128])


def test_a_negative_map_is_drawn_from_its_lowest_value_on():
    anomaly_map = np.full((50, 40), -1, np.float32)
    anomaly_map[10:20, 10:20] = -0.2
    drawn = drawing.overlay(picture(50, 40), anomaly_map, Regions.none((50, 40)), vmax=-0.2, vmin=-1)
    positive = drawing.overlay(picture(50, 40), anomaly_map + 1, Regions.none((50, 40)), vmax=0.8)
    assert np.array_equal(drawn, positive)
    assert not np.array_equal(drawn[15, 15], [128, 128, 128])


@pytest.mark.parametrize(("height", "width"), [(200, 260), (3000, 2000)])
def test_text_is_at_least_twelve_pixels_high_and_grows_with_the_picture(height, width):
    bare = drawing.outlined(picture(height, width), one_region(height, width, "x"))
    rows = np.flatnonzero((bare == 16).all(axis=2).sum(axis=1) > 20)
    label = rows[rows < height // 3 - max(1, min(height, width) // 100)]
    assert len(label) >= max(12, min(height, width) / 32)


def test_a_label_stays_on_the_picture_and_keeps_its_score():
    long = one_region(100, 80, "a phrase far too long for so small a picture")
    short = one_region(100, 80, "hole")
    assert drawing.outlined(picture(100, 80), long).shape == (100, 80, 3)
    assert not np.array_equal(
        drawing.outlined(picture(100, 80), long), drawing.outlined(picture(100, 80), short)
    )


def test_a_picture_too_small_for_text_gets_the_outline_only():
    drawn = drawing.outlined(picture(9, 12), one_region(9, 12))
    assert (drawn == [255, 221, 51]).all(axis=2).any()


def test_phrases_may_hold_any_script():
    assert drawing.outlined(picture(100, 140), one_region(100, 140, "Kratzer größer 划痕")).shape == (
        100,
        140,
        3,
    )


def test_an_empty_mask_draws_nothing():
    regions = Regions(np.zeros((1, 80, 90), bool), np.float32([0.5]), ("hole",))
    assert (drawing.outlined(picture(80, 90), regions) == 128).all()
