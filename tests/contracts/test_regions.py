"""What every region generator must do."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_stages
from pydantic import ValidationError

from saa import plugins
from saa.ops import words
from saa.types import Frame, Proposals


@pytest.fixture(scope="module", params=plugins.kinds("regions"))
def kind(request) -> str:
    return request.param


@pytest.fixture
def config(kind):
    return plugins.load("regions", kind).Config()


@pytest.fixture
def generator(config, prompt):
    return tiny_stages.build(config, prompt)


PROPOSES_NOTHING = {"nothing"}
"""Plug-ins for methods without regions."""


def same(one: Proposals, other: Proposals) -> bool:
    arrays = np.array_equal(one.boxes, other.boxes) and np.array_equal(one.scores, other.scores)
    return arrays and one.phrases == other.phrases


def test_kind_is_the_name_of_the_file(kind, config):
    assert config.kind == kind
    assert type(config).model_validate({"kind": kind}) == config


def test_settings_are_frozen_and_forbid_unknown_keys(config):
    with pytest.raises(ValidationError, match="frozen"):
        config.kind = "other"
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        type(config).model_validate({"no_such_setting": 1})


def test_no_caption_finds_nothing(generator, frame):
    assert len(generator.propose(frame, [])) == 0


def test_boxes_lie_inside_the_image_and_have_an_area(generator, frame, prompt):
    height, width = frame.size
    for captions in (prompt.captions(), [(prompt.object.phrase,)]):
        found = generator.propose(frame, captions)
        x0, y0, x1, y1 = found.boxes.T
        assert np.isfinite(found.boxes).all()
        assert ((x0 >= 0) & (y0 >= 0) & (x1 <= width) & (y1 <= height)).all()
        assert ((x0 < x1) & (y0 < y1)).all()


def test_scores_are_shares(generator, frame, prompt):
    for captions in (prompt.captions(), [(prompt.object.phrase,)]):
        scores = generator.propose(frame, captions).scores
        assert np.isfinite(scores).all()
        assert ((scores >= 0) & (scores <= 1)).all()


def test_every_phrase_is_made_of_words_that_were_asked_for(generator, frame, prompt):
    asked = {word for caption in prompt.captions() for phrase in caption for word in words.words(phrase)}
    for phrase in generator.propose(frame, prompt.captions()).phrases:
        assert phrase
        assert set(words.words(phrase)) <= asked


def test_asking_for_the_object_finds_the_object_alone(generator, frame, prompt):
    found = generator.propose(frame, [(prompt.object.phrase,)])
    assert set(found.phrases) <= {prompt.object.phrase}


def test_something_is_found_where_there_is_something(kind, generator, telling_frame, prompt):
    found = generator.propose(telling_frame, prompt.captions())
    assert (len(found) > 0) == (kind not in PROPOSES_NOTHING)


def test_the_image_is_left_alone_and_gives_the_same_bits_whatever_came_between(
    generator, image, other_frame, prompt
):
    before = image.copy()
    once = generator.propose(Frame(image), prompt.captions())
    np.testing.assert_array_equal(image, before)
    generator.propose(other_frame, prompt.captions())
    assert same(generator.propose(Frame(before), prompt.captions()), once)


def test_asking_for_other_words_in_between_changes_nothing(generator, frame, prompt):
    once = generator.propose(frame, prompt.captions())
    generator.propose(frame, [(prompt.object.phrase,)])
    generator.propose(frame, prompt.captions()[:1])
    assert same(generator.propose(frame, prompt.captions()), once)
