from __future__ import annotations

import cv2
import numpy as np
import pytest

from saa.prompts import ProductPrompt
from saa.regions.grounded import Config
from saa.types import Frame


@pytest.fixture
def generator():
    """A generator for a bottle, a picture of which is a part on a ground."""

    def build(extent: str = "part", **settings):
        prompt = {"object": {"phrase": "bottle", "extent": extent}}
        return Config(**settings).build(ProductPrompt.model_validate(prompt))

    return build


@pytest.fixture
def frame() -> Frame:
    """A grey part, (110, 150), with a dark red spot at (100, 50) and a bright line to its left."""
    image = np.full((110, 150, 3), 220, np.uint8)
    image[15:95, 20:130] = 120
    cv2.circle(image, (100, 50), 6, (150, 30, 30), -1)
    cv2.line(image, (35, 30), (70, 75), (235, 235, 235), 2)
    grain = np.random.default_rng(0).normal(0, 2, image.shape)
    return Frame(np.clip(image + grain, 0, 255).astype(np.uint8))


def holding(found, x: float, y: float, largest: float = 40):
    """The best proposal around a point that is not much larger than what lies there."""
    x0, y0, x1, y1 = found.boxes.T
    around = (x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1) & (x1 - x0 <= largest) & (y1 - y0 <= largest)
    best = np.flatnonzero(around)[found.scores[around].argmax()]
    return found.phrases[best], float(found.scores[best])


def test_the_object_phrase_gives_the_box_of_the_part(generator, frame):
    found = generator().propose(frame, [("bottle",)])
    assert found.phrases == ("bottle",)
    assert found.scores.tolist() == [1]
    np.testing.assert_allclose(found.boxes[0], [20, 15, 130, 95], atol=3)


def test_a_surface_and_a_picture_without_ground_are_the_object(generator, frame):
    whole = [[0, 0, 150, 110]]
    assert generator("frame").propose(frame, [("bottle",)]).boxes.tolist() == whole
    noise = Frame(np.random.default_rng(0).integers(0, 256, (110, 150, 3), np.uint8))
    assert generator().propose(noise, [("bottle",)]).boxes.tolist() == whole


def test_object_and_defects_may_share_a_pass(generator, frame):
    built = generator()
    together = built.propose(frame, [("bottle", "red spot")])
    apart = built.propose(frame, [("bottle",)]) + built.propose(frame, [("red spot",)])
    np.testing.assert_array_equal(together.boxes, apart.boxes)
    np.testing.assert_array_equal(together.scores, apart.scores)
    assert together.phrases == apart.phrases


def test_a_piece_answers_the_words_that_describe_it(generator, frame):
    found = generator().propose(frame, [("red spot", "white scratch"), ("green stain",)])
    assert holding(found, 100, 50)[0] == "red spot"
    assert holding(found, 52, 52, largest=80)[0] == "white scratch"
    assert "green stain" not in found.phrases


def test_a_word_that_fits_scores_above_one_that_asks_for_nothing(generator, frame):
    built = generator()
    fitting = holding(built.propose(frame, [("red spot",)]), 100, 50)[1]
    agnostic = holding(built.propose(frame, [("defect",)]), 100, 50)[1]
    assert fitting > agnostic > 0


def test_a_phrase_is_given_without_its_place(generator, frame):
    assert set(generator().propose(frame, [("defect on bottle",)]).phrases) == {"defect"}


def test_boxes_below_the_least_score_are_not_proposed(generator, frame):
    everything = generator(min_score=0).propose(frame, [("defect",)])
    limit = float(np.median(everything.scores))
    found = generator(min_score=limit).propose(frame, [("defect",)])
    assert 0 < len(found) < len(everything)
    assert found.scores.min() >= np.float32(limit)


def test_another_finish_is_proposed_where_a_phrase_asks_for_one(generator):
    grain = np.random.default_rng(0).normal(0, 1, (128, 192))
    spread = np.full(grain.shape, 4.0)
    spread[40:90, 70:150] = 16
    image = np.repeat(np.clip(128 + spread * grain, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    built, frame = generator("frame", min_score=0), Frame(image)
    found = built.propose(frame, [("worn surface",)])
    assert len(found) == len(built.propose(frame, [("scratch",)])) + 1
    np.testing.assert_allclose(found.boxes[-1], [70, 40, 150, 90], atol=14)


def test_what_is_proposed_is_what_the_saliency_shows(generator, frame):
    saliency = np.full(frame.size, 0.05, np.float32)
    saliency[25:45, 90:120] = 0.7
    found = generator().propose(frame.marked(saliency), [("defect",)])
    best = found.scores.argmax()
    np.testing.assert_allclose(found.boxes[best], [90, 25, 120, 45], atol=3)
    assert not any(x0 < 35 < x1 < 80 for x0, _, x1, _ in found.boxes)


def test_the_saliency_of_a_frame_does_not_move_its_objects(generator, frame):
    marked = frame.marked(np.zeros(frame.size, np.float32))
    one, other = (generator().propose(each, [("bottle",)]) for each in (frame, marked))
    np.testing.assert_array_equal(one.boxes, other.boxes)
