"""What every dense grounder must do."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_stages
from pydantic import ValidationError

from saa import plugins
from saa.types import Frame


@pytest.fixture(scope="module", params=plugins.kinds("grounders"))
def kind(request) -> str:
    return request.param


@pytest.fixture
def config(kind):
    return plugins.load("grounders", kind).Config()


@pytest.fixture
def grounder(config, prompt):
    return tiny_stages.build(config, prompt)


def test_kind_is_the_name_of_the_file(kind, config):
    assert config.kind == kind
    assert type(config).model_validate({"kind": kind}) == config


def test_settings_are_frozen_and_forbid_unknown_keys(config):
    with pytest.raises(ValidationError, match="frozen"):
        config.kind = "other"
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        type(config).model_validate({"no_such_setting": 1})


def test_no_caption_gives_ones(grounder, frame):
    found = grounder.ground(frame, [])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.ones(frame.size))


def test_evidence_is_a_share_at_every_pixel(grounder, frame, prompt):
    for captions in (prompt.captions(), prompt.defects.captions, [("no such word",)]):
        found = grounder.ground(frame, captions)
        assert found.shape == frame.size
        assert found.dtype == np.float32
        assert ((found >= 0) & (found <= 1)).all()


def test_the_order_of_captions_does_not_matter(grounder, frame, prompt):
    captions = prompt.captions()
    np.testing.assert_array_equal(grounder.ground(frame, captions[::-1]), grounder.ground(frame, captions))


def test_a_caption_asked_twice_counts_once(grounder, frame, prompt):
    captions = prompt.captions()
    np.testing.assert_array_equal(grounder.ground(frame, captions * 2), grounder.ground(frame, captions))


def test_the_image_is_left_alone_and_gives_the_same_bits_whatever_came_between(
    grounder, image, other_frame, prompt
):
    before = image.copy()
    once = grounder.ground(Frame(image), prompt.captions())
    np.testing.assert_array_equal(image, before)
    grounder.ground(other_frame, prompt.captions())
    np.testing.assert_array_equal(grounder.ground(Frame(before), prompt.captions()), once)


def test_an_answer_can_be_changed_without_changing_the_next(grounder, frame, prompt):
    found = grounder.ground(frame, prompt.captions())
    kept = found.copy()
    found.fill(7)
    np.testing.assert_array_equal(grounder.ground(frame, prompt.captions()), kept)
