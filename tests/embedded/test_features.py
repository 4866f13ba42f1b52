from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2lab

from saa.embedded import features


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (45, 67, 3), np.uint8)


def test_lab_is_that_of_scikit_image(noise):
    np.testing.assert_allclose(features.lab(noise), rgb2lab(noise), atol=0.6)


def test_equal_ratios_of_light_are_equal_steps():
    lightness = np.zeros((1, 3, 3), np.float32)
    lightness[0, :, 0] = np.array([12, 24, 48]) - 6
    steps = np.diff(features.log_lightness(lightness)[0])
    assert steps[0] == pytest.approx(steps[1], rel=1e-5)


def test_black_and_white_have_a_finite_lightness():
    for level in (0, 255):
        tones = features.tones(np.full((4, 5, 3), level, np.uint8))
        for plane in (tones.lightness, tones.red_green, tones.yellow_blue):
            assert plane.shape == (4, 5)
            assert plane.dtype == np.float32
            np.testing.assert_allclose(plane, np.zeros((4, 5)), atol=1e-4)


def test_colours_are_told_against_the_image_s_own_median():
    image = np.full((6, 8, 3), (150, 120, 120), np.uint8)
    image[:3, :3] = (200, 40, 40)
    image[4:, 6:] = (40, 40, 200)
    tones = features.tones(image)
    assert tones.red_green[3, 4] == pytest.approx(0, abs=1e-4)
    assert tones.red_green[1, 1] > 10
    assert tones.yellow_blue[5, 7] < -10


@pytest.mark.parametrize(
    ("size", "expected"), [((1, 1), (1, 1)), ((4, 5), (1, 2)), ((45, 67), (12, 17)), ((3, 200), (1, 50))]
)
def test_the_grid_has_a_place_for_every_four_pixels_begun(size, expected):
    assert features.grid_size(size) == expected


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (3, 2), (45, 67)])
def test_every_place_is_described_by_finite_numbers(size):
    image = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    described = features.dense(features.tones(image))
    rows, columns = features.grid_size(size)
    assert described.shape == (rows * columns, 28)
    assert described.dtype == np.float32
    assert np.isfinite(described).all()


def test_leading_channels_tell_colour_and_the_rest_texture():
    rng = np.random.default_rng(2)
    image = np.full((64, 96, 3), 120, np.uint8)
    image[:, :48] = (160, 110, 110)
    image[:, 48:] = 120
    described = features.dense(features.tones(image)).reshape(16, 24, -1)
    differ = np.abs(described[8, 4] - described[8, 20])
    assert differ[: features.NUM_COLOUR].max() > 5 * differ[features.NUM_COLOUR :].max()
    rough = np.full((64, 96), 120.0)
    rough[:, :48] += rng.choice([-20, 20], (64, 48))
    described = features.dense(features.tones(np.dstack([rough] * 3).astype(np.uint8))).reshape(16, 24, -1)
    differ = np.abs(described[:, 2:10].mean((0, 1)) - described[:, 14:22].mean((0, 1)))
    assert differ[features.NUM_COLOUR :].max() > 2 * differ[: features.NUM_COLOUR].max()


def test_a_plain_image_is_the_same_everywhere():
    described = features.dense(features.tones(np.full((40, 60, 3), 77, np.uint8)))
    np.testing.assert_allclose(described, np.broadcast_to(described[0], described.shape), atol=1e-3)


def test_whitened_texture_is_decorrelated_and_rare_directions_count_as_much():
    rng = np.random.default_rng(3)
    mixed = rng.normal(size=(500, 28)) @ rng.normal(size=(28, 28)) * np.linspace(1, 9, 28)
    white = features.whitened_texture(mixed.astype(np.float32))
    assert white.shape == (500, 28 - features.NUM_COLOUR)
    assert white.dtype == np.float32
    centred = white - white.mean(axis=0)
    covariance = centred.T @ centred / len(white)
    np.testing.assert_allclose(covariance, np.eye(len(covariance)), atol=0.1)


def test_channels_that_never_vary_are_not_blown_up():
    described = np.zeros((30, 28), np.float32)
    described[:, -1] = np.linspace(0, 1, 30)
    white = features.whitened_texture(described)
    assert np.isfinite(white).all()
    assert np.abs(white).max() < 4


def test_features_do_not_depend_on_where_arrays_lie_in_memory(noise):
    seen = features.tones(noise)
    once = features.dense(seen)
    kept = []
    for size in range(1, 4000, 200):
        kept.append(np.empty(size, np.uint8))
        np.testing.assert_array_equal(features.dense(seen), once)
