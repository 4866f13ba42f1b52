from __future__ import annotations

import cv2
import numpy as np
import pytest

from saa.grounders.words import Config
from saa.prompts import ProductPrompt
from saa.types import Frame


@pytest.fixture
def grounder():
    def build(**settings):
        prompt = ProductPrompt.model_validate({"object": {"phrase": "bottle", "extent": "frame"}})
        return Config(**settings).build(prompt)

    return build


@pytest.fixture
def frame() -> Frame:
    """A noisy picture, (100, 140), with a red spot left and a dark line right."""
    image = np.full((100, 140, 3), 130.0)
    cv2.circle(image, (35, 50), 8, (200, 40, 40), -1)
    cv2.line(image, (85, 20), (125, 80), (20, 20, 20), 2)
    grain = np.random.default_rng(0).normal(0, 3, image.shape)
    return Frame(np.clip(image + grain, 0, 255).astype(np.uint8))


def test_each_place_answers_the_phrase_that_describes_it_best(grounder, frame):
    built = grounder()
    red, crack = built.ground(frame, [("red spot",)]), built.ground(frame, [("crack",)])
    assert red[50, 35] > 0.8
    assert crack[50, 105] > 0.8
    assert red[50, 105] < 0.2
    both = built.ground(frame, [("red spot",), ("crack",)])
    assert (both >= np.maximum(red, crack) - 1e-6).all()
    np.testing.assert_allclose(both, np.maximum(red, crack), atol=0.1)


def test_how_phrases_are_grouped_does_not_matter(grounder, frame):
    built = grounder()
    np.testing.assert_array_equal(
        built.ground(frame, [("red spot", "crack")]), built.ground(frame, [("crack",), ("red spot",)])
    )


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_a_phrase_that_asks_for_nothing_is_answered_by_its_setting(grounder, frame, share):
    found = grounder(agnostic_answer=share).ground(frame, [("defect on bottle",)])
    np.testing.assert_allclose(found, np.full(frame.size, share), rtol=1e-6)


def test_a_specific_phrase_beside_one_that_asks_for_nothing_lifts_its_place(grounder, frame):
    found = grounder(agnostic_answer=0.4).ground(frame, [("defect",), ("red spot",)])
    assert found[50, 35] > 0.8
    assert found[5, 130] == pytest.approx(0.4)
