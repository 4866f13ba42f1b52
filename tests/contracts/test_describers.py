"""What every describer must do."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_stages
from drawn_parts import like_others, marked
from pydantic import ValidationError

from saa import plugins
from saa.types import Frame


@pytest.fixture(scope="module", params=plugins.kinds("describers"))
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def config(kind):
    return plugins.load("describers", kind).Config()


@pytest.fixture(scope="module")
def describer(config, prompt):
    return tiny_stages.build(config, prompt)


@pytest.fixture(scope="module", params=[False, True], ids=["as it is", "levelled"])
def describe(request, describer):
    """Describes a frame, as it is or levelled."""
    return lambda frame: describer.describe(frame, levelled=request.param)


def test_kind_is_the_name_of_the_file(kind, config):
    assert config.kind == kind
    assert type(config).model_validate({"kind": kind}) == config


def test_settings_are_frozen_and_forbid_unknown_keys(config):
    with pytest.raises(ValidationError, match="frozen"):
        config.kind = "other"
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        type(config).model_validate({"no_such_setting": 1})


def test_features_are_finite_numbers_on_a_grid(describe, frame):
    found = describe(frame)
    assert found.dtype == np.float32
    assert found.ndim == 3
    assert min(found.shape) >= 1
    assert np.isfinite(found).all()


def test_every_image_has_as_many_features_and_every_image_of_a_size_the_same_grid(
    describe, frame, other_frame
):
    assert describe(frame).shape[-1] == describe(other_frame).shape[-1]
    assert describe(Frame(frame.image[::-1, ::-1].copy())).shape == describe(frame).shape


def test_the_grid_is_coarser_than_the_image(describe):
    height, width, _ = describe(Frame(np.zeros((600, 800, 3), np.uint8))).shape
    assert height <= 300
    assert width <= 400


def test_a_mark_sets_its_place_apart_and_another_exposure_does_not(describe):
    usual, again, other = (describe(Frame(image)) for image in (like_others(0), like_others(1), marked(1)))
    height, width = usual.shape[:2]
    mark = (
        slice(round(height * 30 / 72), round(height * 38 / 72)),
        slice(round(width * 40 / 110), round(width * 52 / 110)),
    )
    apart, alike = (np.linalg.norm(usual - one, axis=-1)[mark].mean() for one in (other, again))
    assert apart > 3 * alike


def test_the_image_is_left_alone_and_gives_the_same_bits_whatever_came_between(describe, image, other_frame):
    before = image.copy()
    once = describe(Frame(image))
    np.testing.assert_array_equal(image, before)
    describe(other_frame)
    np.testing.assert_array_equal(describe(Frame(before)), once)


def test_it_hangs_on_the_image_and_not_on_its_saliency(describe, frame):
    marked_frame = Frame(frame.image).marked(np.ones(frame.size, np.float32))
    np.testing.assert_array_equal(describe(marked_frame), describe(frame))
