"""What every saliency must do."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_stages
from drawn_parts import like_others, marked
from pydantic import ValidationError

from saa import plugins
from saa.config import FittedConfig
from saa.types import Frame, Regions, Salience


@pytest.fixture(scope="module", params=plugins.kinds("saliency"))
def kind(request) -> str:
    return request.param


SEES_NOTHING = {"none", "uniform"}
"""Plug-ins that say of every image that nothing stands out, or everything; they are there to be compared with."""


@pytest.fixture(scope="module")
def config(kind):
    return plugins.load("saliency", kind).Config()


@pytest.fixture(scope="module")
def stage(config, prompt, fitted):
    """The stage; one that has to be fitted has seen a few parts without a mark."""
    if isinstance(config, FittedConfig):
        return fitted(config, prompt, [like_others(seed) for seed in range(config.min_images)])
    return tiny_stages.build(config, prompt)


def objects_on(frame: Frame) -> dict[str, Regions]:
    """No object, the whole image, its left part, an empty mask, and two objects."""
    height, width = frame.size
    masks = {
        "none": np.zeros((0, height, width), bool),
        "whole": np.ones((1, height, width), bool),
        "left": np.zeros((1, height, width), bool),
        "empty": np.zeros((1, height, width), bool),
        "two": np.zeros((2, height, width), bool),
    }
    masks["left"][:, :, : max(1, width // 2)] = True
    masks["two"][0, : max(1, height // 4)] = True
    masks["two"][1, -max(1, height // 4) :] = True
    return {
        name: Regions(stack, np.ones(len(stack), np.float32), ("thing",) * len(stack))
        for name, stack in masks.items()
    }


def test_kind_is_the_name_of_the_file(kind, config):
    assert config.kind == kind
    assert type(config).model_validate({"kind": kind}) == config


def test_settings_are_frozen_and_forbid_unknown_keys(config):
    with pytest.raises(ValidationError, match="frozen"):
        config.kind = "other"
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        type(config).model_validate({"no_such_setting": 1})


def test_saliency_is_a_share_at_every_pixel_whatever_the_objects(stage, frame):
    for objects in objects_on(frame).values():
        found = stage.saliency(frame, objects)
        assert isinstance(found, Salience)
        assert found.map.shape == frame.size
        assert found.map.dtype == np.float32
        assert ((found.map >= 0) & (found.map <= 1)).all()


def test_notes_are_sentences_for_people(stage, frame):
    for note in stage.saliency(frame, Regions.none(frame.size)).notes:
        assert note == note.strip()
        assert 10 < len(note) <= 100
        assert "\n" not in note


def test_no_object_means_the_whole_image(stage, frame):
    objects = objects_on(frame)
    without = stage.saliency(frame, objects["none"]).map
    np.testing.assert_array_equal(stage.saliency(frame, objects["whole"]).map, without)
    np.testing.assert_array_equal(stage.saliency(frame, objects["empty"]).map, without)


def test_objects_that_are_not_needed_change_nothing(stage, frame):
    if stage.needs_objects:
        pytest.skip("needs them")
    first, *others = (stage.saliency(frame, objects).map for objects in objects_on(frame).values())
    for other in others:
        np.testing.assert_array_equal(other, first)


def mark_on_a_part(stage) -> tuple[np.ndarray, np.ndarray]:
    """A part with a mark at [32:36, 43:49]: its map, and where the part lies."""
    frame = Frame(marked(50))
    part = np.zeros((1, *frame.size), bool)
    part[0, 14:58, 22:88] = True
    return stage.saliency(frame, Regions(part, np.ones(1, np.float32), ("thing",))).map, part[0]


def test_a_plain_image_has_little_salient_unless_others_say_so(config, stage):
    if isinstance(config, FittedConfig):
        pytest.skip("others say so")
    if config.kind in SEES_NOTHING:
        pytest.skip("nothing is salient")
    plain = Frame(np.full((40, 60, 3), 90, np.uint8))
    found, _ = mark_on_a_part(stage)
    # Networks pad a picture with nothing, so its border differs a little from the rest.
    assert stage.saliency(plain, Regions.none(plain.size)).map.max() < found[32:36, 43:49].mean() / 5


def test_a_mark_on_a_part_is_its_most_salient_place(config, stage):
    if config.kind in SEES_NOTHING:
        pytest.skip("nothing is salient")
    found, part = mark_on_a_part(stage)
    assert found[32:36, 43:49].mean() > np.quantile(found[part], 0.9)
    assert found[32:36, 43:49].mean() > 2 * np.median(found)


def test_the_image_is_left_alone_and_gives_the_same_bits_whatever_came_between(stage, image, other_frame):
    frame, before = Frame(image), image.copy()
    objects = objects_on(frame)["left"]
    once = stage.saliency(frame, objects).map
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(objects.masks, objects_on(frame)["left"].masks)
    stage.saliency(other_frame, Regions.none(other_frame.size))
    np.testing.assert_array_equal(stage.saliency(Frame(before), objects).map, once)


def test_asking_about_other_objects_in_between_changes_nothing(stage, frame):
    objects = objects_on(frame)
    once = stage.saliency(frame, objects["two"]).map
    stage.saliency(frame, objects["left"])
    np.testing.assert_array_equal(stage.saliency(frame, objects["two"]).map, once)
