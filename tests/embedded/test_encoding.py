from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import cv2
import numpy as np
import pytest

from saa.embedded.encoding import Encoder
from saa.types import Frame


@pytest.fixture
def encoder() -> Encoder:
    return Encoder("part", 1, small_marks=False, working_area_px=10_000)


def plain(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 100, np.uint8)


@pytest.mark.parametrize(
    ("size", "working"),
    [
        ((100, 100), (100, 100)),
        ((200, 200), (100, 100)),
        ((100, 400), (50, 200)),
        ((1, 1), (2, 2)),
        ((20, 40), (30, 60)),
        ((60, 120), (71, 141)),
    ],
)
def test_an_image_is_scaled_to_the_working_area_but_hardly_enlarged(encoder, size, working):
    assert encoder(plain(*size)).image.shape == (*working, 3)


def test_an_extreme_picture_keeps_a_pixel_on_its_short_side(encoder):
    assert encoder(plain(1, 60_000)).image.shape[0] == 1
    assert encoder(plain(30_000, 1)).image.shape[1] == 1


def test_maps_are_half_as_large_as_the_working_image(encoder):
    encoding = encoder(plain(100, 90))
    assert encoding.map_size == (encoding.image.shape[0] // 2, encoding.image.shape[1] // 2)
    assert encoding.unlikeness.shape == encoding.map_size
    assert encoding.colours.shape == (*encoding.map_size, 3)
    assert encoding.patch.mask.shape == encoding.map_size
    assert encoding.answer("crack", 0.5).shape == encoding.map_size


def test_equal_settings_share_an_encoding_and_others_do_not(encoder):
    frame = Frame(plain(30, 40))
    assert frame.encoded(encoder) is frame.encoded(replace(encoder))
    assert frame.encoded(encoder) is not frame.encoded(replace(encoder, count=2))


def test_settings_cannot_be_changed(encoder):
    with pytest.raises(FrozenInstanceError, match="count"):
        encoder.count = 2


def test_each_part_is_computed_once(encoder):
    encoding = encoder(plain(30, 40))
    assert encoding.unlikeness is encoding.unlikeness
    assert encoding.colours is encoding.colours


def test_a_surface_has_no_objects(discs, encode):
    image, _ = discs((90, 60))
    assert len(encode(image, "part").objects) == 1
    assert encode(image, "frame").objects.shape == (0, 120, 180)


def test_off_a_single_object_nothing_is_unlike(discs, encode):
    image, _ = discs((90, 60), radius=40)
    cv2.rectangle(image, (5, 5), (15, 12), (60, 60, 60), -1)
    cv2.rectangle(image, (95, 50), (107, 60), (160, 40, 40), -1)
    found = encode(image, "part").unlikeness_on_object
    assert found[: 18 // 2, : 20 // 2].max() == 0
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 44 <= 2 * row <= 66
    assert 89 <= 2 * column <= 113


def test_a_map_at_the_image_s_size_keeps_place_and_height(encoder):
    encoding = encoder(plain(200, 300))
    plane = np.zeros(encoding.map_size, np.float32)
    rows, columns = plane.shape
    plane[rows // 4, columns // 2] = 3
    grown = encoding.to_image(plane, (200, 300))
    assert grown.shape == (200, 300)
    assert grown.min() >= 0
    assert grown.max() == pytest.approx(3, rel=0.25)
    row, column = np.unravel_index(grown.argmax(), grown.shape)
    assert abs(row - 50) <= 8
    assert abs(column - 150) <= 8


@pytest.mark.parametrize("size", [(200, 300), (1000, 1024), (61, 40)])
def test_a_map_taken_to_the_image_s_size_and_back_is_all_but_the_same(encoder, size):
    encoding = encoder(plain(*size))
    plane = cv2.GaussianBlur(
        np.random.default_rng(0).random(encoding.map_size, np.float32),
        (0, 0),
        1.5,
        borderType=cv2.BORDER_REFLECT,
    )
    back = encoding.from_image(encoding.to_image(plane, size))
    assert back.shape == encoding.map_size
    assert np.abs(back - plane).max() < 0.1 * np.ptp(plane)
    assert np.abs(back - plane).mean() < 0.02 * np.ptp(plane)
