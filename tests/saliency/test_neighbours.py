from __future__ import annotations

import cv2
import numpy as np
import pytest

from saa.prompts import ProductPrompt
from saa.saliency.neighbours import Config
from saa.types import Frame, Regions


@pytest.fixture
def stage():
    prompt = ProductPrompt.model_validate({"object": {"phrase": "bottle", "extent": "part"}})
    return Config().build(prompt)


@pytest.fixture
def frame() -> Frame:
    """A noisy picture, (100, 140), with a red spot left and another right."""
    image = np.full((100, 140, 3), 130.0)
    for x in (35, 105):
        cv2.circle(image, (x, 50), 6, (200, 40, 40), -1)
    grain = np.random.default_rng(0).normal(0, 3, image.shape)
    return Frame(np.clip(image + grain, 0, 255).astype(np.uint8))


def left_half() -> Regions:
    mask = np.zeros((1, 100, 140), bool)
    mask[:, :, :70] = True
    return Regions(mask, np.ones(1, np.float32), ("bottle",))


def test_nothing_off_the_object_is_salient(stage, frame):
    found = stage.saliency(frame, left_half()).map
    assert found[:, 80:].max() == 0
    assert found[47:53, 32:38].mean() > 0.2


def test_an_object_does_not_change_what_lies_well_inside_it(stage, frame):
    everywhere, on_object = (
        stage.saliency(frame, Regions.none(frame.size)).map,
        stage.saliency(frame, left_half()).map,
    )
    np.testing.assert_allclose(on_object[:, :50], everywhere[:, :50], atol=1e-6)
    assert everywhere[47:53, 102:108].mean() > 0.2


def test_the_more_unlike_the_more_salient(stage, frame):
    found = stage.saliency(frame, Regions.none(frame.size)).map
    assert found[47:53, 32:38].min() > 3 * np.median(found)
    assert found.max() < 1


def test_a_plain_picture_has_nothing_salient(stage):
    plain = Frame(np.full((40, 60, 3), 90, np.uint8))
    assert stage.saliency(plain, Regions.none(plain.size)).map.max() <= 0.05
