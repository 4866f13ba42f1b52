from __future__ import annotations

import cv2
import numpy as np
import pytest

from saa.prompts import ProductPrompt
from saa.refiners.segments import Config
from saa.types import Frame, Proposals


@pytest.fixture
def image() -> np.ndarray:
    """A grey surface, (110, 150), with a dark red spot at (100, 50)."""
    image = np.full((110, 150, 3), 120, np.uint8)
    cv2.circle(image, (100, 50), 8, (150, 30, 30), -1)
    grain = np.random.default_rng(0).normal(0, 2, image.shape)
    return np.clip(image + grain, 0, 255).astype(np.uint8)


@pytest.fixture
def refiner():
    """The refiner of a surface called tile."""
    prompt = ProductPrompt.model_validate({"object": {"phrase": "tile", "extent": "frame"}})
    return Config().build(prompt)


def asked(phrase: str, *box: float) -> Proposals:
    return Proposals(np.array([box], np.float32), np.ones(1, np.float32), (phrase,))


def test_the_object_is_never_taken_for_a_piece_of_it(refiner, image):
    box = 92, 42, 109, 59
    [spot] = refiner.refine(Frame(image), asked("red spot", *box)).masks
    [tile] = refiner.refine(Frame(image), asked("tile", 0, 0, 150, 110)).masks
    assert spot[50, 100]
    assert 120 < np.count_nonzero(spot) < 290
    assert tile.all()


def test_pieces_are_not_looked_for_where_only_the_object_is_asked_for(refiner, image):
    frame = Frame(image)
    refiner.refine(frame, asked("tile", 0, 0, 150, 110))
    assert "segments" not in vars(frame.viewed(refiner.viewer))
    assert "unlikeness" not in vars(frame.encoded(refiner.viewer.encoder))


def test_the_pieces_are_those_that_the_saliency_shows(refiner, image):
    saliency = np.full((110, 150), 0.05, np.float32)
    saliency[70:90, 20:50] = 0.7
    [found] = refiner.refine(Frame(image).marked(saliency), asked("defect", 20, 70, 50, 90)).masks
    wanted = saliency > 0.5
    assert np.count_nonzero(found & wanted) > 0.7 * np.count_nonzero(found | wanted)
