"""What every refiner must do."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_stages
from pydantic import ValidationError

from saa import plugins
from saa.types import Frame, Proposals


@pytest.fixture(scope="module", params=plugins.kinds("refiners"))
def kind(request) -> str:
    return request.param


@pytest.fixture
def config(kind):
    return plugins.load("refiners", kind).Config()


@pytest.fixture
def refiner(config, prompt):
    return tiny_stages.build(config, prompt)


@pytest.fixture
def telling_refiner(config, refiner):
    """A refiner that knows what it does; random weights find no marks."""
    if hasattr(config, "checkpoint"):
        pytest.skip("needs published weights")
    return refiner


LEAVES_BOXES = {"boxes"}
"""Plug-ins that refine nothing."""


def boxes_on(frame: Frame) -> Proposals:
    """The whole image, its first quarter, a part of a pixel to a few in the middle, and the last corner."""
    height, width = frame.size
    boxes = [
        [0, 0, width, height],
        [0, 0, width / 2, height / 2],
        [width * 0.4, height * 0.4, width * 0.6, height * 0.6],
        [width - 1, height - 1, width, height],
    ]
    phrases = ("thing", "bright scratch", "worn patch", "no such word")
    return Proposals(np.array(boxes, np.float32), np.array([1, 0.5, 0.25, 0], np.float32), phrases)


def test_kind_is_the_name_of_the_file(kind, config):
    assert config.kind == kind
    assert type(config).model_validate({"kind": kind}) == config


def test_settings_are_frozen_and_forbid_unknown_keys(config):
    with pytest.raises(ValidationError, match="frozen"):
        config.kind = "other"
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        type(config).model_validate({"no_such_setting": 1})


def test_no_box_gives_no_mask_of_the_image_s_size(refiner, frame):
    found = refiner.refine(frame, Proposals.none())
    assert len(found) == 0
    assert found.size == frame.size


def test_every_box_gets_a_mask_in_its_order_with_its_score_and_phrase(refiner, frame):
    wanted = boxes_on(frame)
    found = refiner.refine(frame, wanted)
    assert found.masks.shape == (4, *frame.size)
    assert found.phrases == wanted.phrases
    np.testing.assert_array_equal(found.scores, wanted.scores)


def test_the_order_of_boxes_does_not_matter(refiner, frame):
    wanted, order = boxes_on(frame), np.array([3, 1, 0, 2])
    found, turned = refiner.refine(frame, wanted), refiner.refine(frame, wanted[order])
    np.testing.assert_array_equal(turned.masks, found.masks[order])


def test_a_mask_lies_where_its_box_is(telling_refiner, telling_frame):
    boxes = np.array([[38, 28, 54, 40], [20, 12, 90, 60], [0, 0, 110, 72]], np.float32)
    wanted = Proposals(boxes, np.ones(3, np.float32), ("dark hole", "thing", "thing"))
    for mask, (x0, y0, x1, y1) in zip(
        telling_refiner.refine(telling_frame, wanted).masks, boxes.astype(int), strict=True
    ):
        inside = np.count_nonzero(mask[y0:y1, x0:x1])
        assert inside > 0
        assert inside >= 0.5 * np.count_nonzero(mask)


def test_the_mask_of_a_mark_is_the_mark(kind, telling_refiner, telling_frame):
    if kind in LEAVES_BOXES:
        pytest.skip("refines nothing")
    wanted = Proposals(np.array([[38, 28, 54, 40]], np.float32), np.ones(1, np.float32), ("dark hole",))
    [mask] = telling_refiner.refine(telling_frame, wanted).masks
    mark = np.zeros(telling_frame.size, bool)
    mark[30:38, 40:52] = True
    assert np.count_nonzero(mask & mark) > 0.6 * np.count_nonzero(mask | mark)


def test_the_image_is_left_alone_and_gives_the_same_bits_whatever_came_between(refiner, image, other_frame):
    frame, before = Frame(image), image.copy()
    wanted = boxes_on(frame)
    once = refiner.refine(frame, wanted)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(wanted.boxes, boxes_on(frame).boxes)
    refiner.refine(other_frame, boxes_on(other_frame))
    np.testing.assert_array_equal(refiner.refine(Frame(before), wanted).masks, once.masks)


def test_a_refiner_of_one_box_at_a_time_gives_each_the_mask_that_it_has_among_others(refiner, frame):
    if not refiner.one_by_one:
        pytest.skip("boxes have to do with each other")
    wanted = boxes_on(frame)
    together = refiner.refine(frame, wanted)
    for i, mask in enumerate(together.masks):
        alone = refiner.refine(frame.marked(np.ones(frame.size, np.float32)), wanted[np.array([i])])
        np.testing.assert_array_equal(alone.masks[0], mask)
