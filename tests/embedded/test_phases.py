from __future__ import annotations

import cv2
import numpy as np
import pytest

from saa.embedded import phases
from saa.embedded.features import tones

PATCH = (slice(60, 150), slice(90, 200))


@pytest.fixture
def surface():
    """A rough surface, (192, 256), with a patch of another finish whose edge is blurred by so many pixels."""

    def draw(edge_px: float = 0, *, rough: float = 12, shade: float = 0, seed: int = 0) -> np.ndarray:
        mask = np.zeros((192, 256), np.float32)
        mask[PATCH] = 1
        if edge_px:
            mask = cv2.GaussianBlur(mask, (0, 0), edge_px)
        grain = np.random.default_rng(seed).normal(0, 1, mask.shape)
        plane = 128 + (4 + rough * mask) * grain - shade * mask
        return np.repeat(np.clip(plane, 0, 255).astype(np.uint8)[..., None], 3, axis=2)

    return draw


def found_in(image) -> phases.Patch:
    return phases.find(image, tones(image))


def iou(found: phases.Patch) -> float:
    truth = np.zeros((192, 256), np.uint8)
    truth[PATCH] = 1
    truth = cv2.resize(truth, found.mask.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    return np.count_nonzero(found.mask & truth) / np.count_nonzero(found.mask | truth)


def test_a_plain_image_has_no_second_finish():
    assert found_in(np.full((90, 120, 3), 128, np.uint8)).step < 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_a_rougher_patch_is_found_with_its_edge(surface, seed):
    found = found_in(surface(seed=seed))
    assert found.mask.dtype == np.bool_
    assert iou(found) > 0.8
    assert found.step > 0


def test_a_darker_patch_is_found_with_its_edge(surface):
    assert iou(found_in(surface(rough=0, shade=25))) > 0.8


@pytest.mark.parametrize("kind", [{}, {"rough": 0, "shade": 25}])
def test_a_step_is_believed_more_than_a_slope(surface, kind):
    assert found_in(surface(0, **kind)).step > 4 * found_in(surface(20, **kind)).step


def test_the_smaller_of_two_finishes_is_the_patch(surface):
    image = surface(rough=-3.5)
    image[:, :] = np.clip(128 + 4 * (image.astype(int) - 128), 0, 255)
    found = found_in(image)
    assert found.mask.mean() <= 0.5
    assert iou(found) > 0.7


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (3, 2), (16, 256)])
def test_tiny_and_long_images_give_an_answer(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    found = found_in(image)
    assert found.mask.ndim == 2
    assert np.isfinite(found.step)
    assert found.step >= 0


def test_the_patch_of_an_encoding_lies_where_the_image_s_does(surface, encode):
    patch = encode(surface()).patch
    assert patch.mask.shape == (96, 128)
    truth = np.zeros((96, 128), bool)
    truth[30:75, 45:100] = True
    assert np.count_nonzero(patch.mask & truth) > 0.75 * np.count_nonzero(patch.mask | truth)
