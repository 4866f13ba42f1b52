from __future__ import annotations

import cv2
import numpy as np
import pytest
import tiny_wide_resnet

from benchmarks import _released_saliency as released_saliency
from saa.foundation import wide_resnet
from saa.foundation.single import Single
from saa.saliency.self_similarity import Config, SelfSimilarity
from saa.types import Frame, Regions

RELEASED = {"neighbours": "farthest", "halved": True}
LIKE_RELEASED = {"colours": "bgr", "shrinking": "linear"}


@pytest.fixture
def image() -> np.ndarray:
    """(70, 90, 3): a grainy surface with a red spot."""
    grain = np.random.default_rng(0).normal(120, 8, (70, 90, 1))
    image = np.repeat(grain, 3, axis=2).astype(np.uint8)
    cv2.circle(image, (20, 30), 6, (210, 40, 30), -1)
    return image


def stage(size_px: int = 64, *, eye=None, **settings) -> SelfSimilarity:
    """The stage on a tiny network."""
    config = Config(size_px=size_px, **settings)
    return SelfSimilarity(Single(eye or tiny_wide_resnet.eye(size_px), config, config.halved))


def map_of(stage, image, masks=()) -> np.ndarray:
    """The map of an image with masks of objects."""
    stack = np.array(masks, bool).reshape(-1, *image.shape[:2])
    objects = Regions(stack, np.ones(len(stack), np.float32), ("thing",) * len(stack))
    found = stage.saliency(Frame(image), objects)
    assert found.notes == ()
    assert found.map.dtype == np.float32
    assert found.map.shape == image.shape[:2]
    assert ((found.map >= 0) & (found.map <= 1)).all()
    return found.map


@pytest.mark.parametrize("count", [1, 40, 256, 400])
def test_as_released_it_is_the_slow_loop_over_the_farthest(image, count):
    eye = tiny_wide_resnet.eye(64, **LIKE_RELEASED)
    found = map_of(stage(eye=eye, num_neighbours=count, **RELEASED), image)
    expected = released_saliency.of_one_object(eye.network, image, 64, count)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert 0.01 < found.max() <= 0.5


def test_as_released_it_is_the_slow_loop_with_the_published_widths(image):
    network = tiny_wide_resnet.shuffled(wide_resnet.architecture())
    eye = wide_resnet.Eye(network, tiny_wide_resnet.CPU, 128, **LIKE_RELEASED)
    found = map_of(stage(128, eye=eye, num_neighbours=100, **RELEASED), image)
    expected = released_saliency.of_one_object(network, image, 128, 100)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_as_published_the_nearest_count_and_the_whole_distance(image):
    eye = tiny_wide_resnet.eye()
    swapped = image[..., ::-1].copy()  # the slow loop swaps the colours back
    flat = released_saliency.features(eye.network, swapped, 64).flatten(1)
    nearest = np.sort(1 - (flat.T @ flat).numpy(), axis=1)[:, :30].mean(axis=1).reshape(16, 16)
    found = map_of(stage(eye=tiny_wide_resnet.eye(shrinking="linear"), num_neighbours=30), image)
    np.testing.assert_allclose(found, cv2.resize(nearest, (90, 70)), atol=1e-5)


def test_half_of_the_distance_is_half_of_the_map(image):
    whole, half = map_of(stage(), image), map_of(stage(halved=True), image)
    np.testing.assert_allclose(half, whole / 2, rtol=1e-6)


def test_what_is_rare_in_the_picture_stands_out_from_its_nearest(image):
    found = map_of(stage(128, num_neighbours=100), image)
    assert found[26:34, 16:24].mean() > 3 * np.median(found)
    assert found.max() == found[20:40, 10:30].max()


def test_objects_do_not_matter_unless_their_places_are_compared_with_each_other(image):
    left = np.zeros((70, 90), bool)
    left[:, :45] = True
    np.testing.assert_array_equal(map_of(stage(), image, [left]), map_of(stage(), image))
    among_themselves = map_of(stage(compared="object", num_neighbours=30), image, [left])
    assert among_themselves[:, 52:].max() == 0
    assert among_themselves[26:34, 16:24].min() > 0


def test_two_masks_of_the_object_are_compared_as_one(image):
    top, bottom = np.zeros((2, 70, 90), bool)
    top[:35], bottom[35:] = True, True
    alone = stage(compared="object")
    np.testing.assert_array_equal(map_of(alone, image, [top, bottom]), map_of(alone, image))


@pytest.mark.parametrize("compared", ["picture", "object"])
def test_an_empty_object_and_none_at_all_mean_the_picture(image, compared):
    alone = stage(compared=compared)
    np.testing.assert_array_equal(map_of(alone, image, [np.zeros((70, 90), bool)]), map_of(alone, image))


def test_an_object_that_vanishes_on_the_grid_is_one_cell(image):
    large = cv2.resize(image, (900, 700))
    speck = np.zeros((700, 900), bool)
    speck[333:335, 401:403] = True
    found = map_of(stage(compared="object", neighbours="farthest"), large, [speck])
    assert found.max() < 1e-6


@pytest.mark.parametrize("neighbours", ["nearest", "farthest"])
@pytest.mark.parametrize("size", [(1, 1), (1, 200), (3, 2), (2500, 75)])
def test_pictures_of_any_size_have_a_map(size, neighbours):
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    map_of(stage(neighbours=neighbours), picture)


def test_on_a_picture_that_is_the_same_everywhere_only_the_border_differs():
    found = map_of(stage(256, num_neighbours=20), np.full((50, 80, 3), 127, np.uint8))
    assert found[20:30, 30:50].max() < 1e-5
    assert found[:2].max() > 1e-3


def test_fewer_places_than_neighbours_are_all_neighbours(image):
    found = map_of(stage(num_neighbours=256), image)
    np.testing.assert_allclose(map_of(stage(num_neighbours=400), image), found, atol=1e-6)
