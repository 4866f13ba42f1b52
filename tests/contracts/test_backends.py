"""What every way of putting stages together must do; backends for scenes have a file of their own."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scripted_stages import Scene, regions

from saa import plugins, scene_settings
from saa.prompts import ProductPrompt
from saa.types import Inspection, Regions

SIZE = (4, 5)
RAMP = np.linspace(0, 1, 20, dtype=np.float32).reshape(SIZE)
PART = ("part", 1.0, (slice(0, 4), slice(0, 4)))
CRACK = ("crack", 0.5, (slice(0, 1), slice(0, 3)))
HOLE = ("hole", 0.7, (slice(1, 3), slice(1, 3)))


@pytest.fixture(params=scene_settings.PRODUCTS_ONLY)
def config(request):
    return plugins.load("backends", request.param).Config()


@pytest.fixture
def product() -> ProductPrompt:
    return ProductPrompt.model_validate({"object": {"phrase": "part"}})


@pytest.fixture(
    params=[
        Scene(Regions.none(SIZE), Regions.none(SIZE), RAMP, RAMP),
        Scene(regions(SIZE, PART), Regions.none(SIZE), RAMP, RAMP),
        Scene(Regions.none(SIZE), regions(SIZE, CRACK, HOLE), RAMP, RAMP),
        Scene(regions(SIZE, PART), regions(SIZE, CRACK, HOLE), RAMP, RAMP),
        Scene(Regions.none((1, 1)), Regions.none((1, 1)), np.zeros((1, 1), np.float32), None),
    ],
    ids=["nothing", "an object", "flaws", "an object with flaws", "one pixel"],
)
def scene(request) -> Scene:
    return request.param


@pytest.fixture
def inspector(config, product, scene):
    return config.build(product, **scene.stages())


def test_every_backend_is_for_products_or_for_scenes():
    assert {*scene_settings.PRODUCTS_ONLY, *scene_settings.kinds()} == {*plugins.kinds("backends")}
    assert not {*scene_settings.PRODUCTS_ONLY} & {*scene_settings.kinds()}


def test_settings_are_frozen_and_forbid_unknown_keys(config):
    assert type(config).model_validate(config.model_dump(mode="json")) == config
    for name in type(config).model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(config, name, 1)
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        type(config).model_validate({"no_such_setting": 1})


def test_an_inspection_has_the_size_of_its_image(inspector, scene):
    found = inspector.inspect(scene.image())
    assert isinstance(found, Inspection)
    assert found.anomaly_map.shape == scene.objects.size
    assert np.isfinite(found.anomaly_map).all()
    assert np.isfinite(found.score)


def test_the_terms_of_the_map_add_up_to_it(inspector, scene):
    found = inspector.inspect(scene.image())
    assert set(found.parts) == {"regions", "dense"}
    np.testing.assert_allclose(sum(found.parts.values()), found.anomaly_map, rtol=1e-6, atol=1e-7)


def test_regions_come_best_first(inspector, scene):
    scores = inspector.inspect(scene.image()).regions.scores
    assert (np.diff(scores) <= 0).all()


def test_the_same_image_gives_the_same_bits(inspector, scene):
    one, other = inspector.inspect(scene.image()), inspector.inspect(scene.image())
    np.testing.assert_array_equal(one.anomaly_map, other.anomaly_map)
    np.testing.assert_array_equal(one.regions.masks, other.regions.masks)
    assert one.score == other.score


def test_neither_image_nor_answers_of_stages_are_changed(inspector, scene):
    image, saliency, masks = scene.image(), scene.saliency.copy(), scene.flaws.masks.copy()
    inspector.inspect(image)
    np.testing.assert_array_equal(image, scene.image())
    np.testing.assert_array_equal(scene.saliency, saliency)
    np.testing.assert_array_equal(scene.flaws.masks, masks)


@pytest.mark.parametrize(
    "wrong", [np.zeros(SIZE, np.uint8), np.zeros((*SIZE, 3), np.float32), np.zeros((0, 5, 3), np.uint8)]
)
def test_what_is_no_image_is_refused(inspector, wrong):
    with pytest.raises(ValueError, match="image: expected"):
        inspector.inspect(wrong)
