from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn_plates import FREE_PLACES, SIZE, STILL, TURNED, cloth, lands, plate, plates
from pydantic import ValidationError
from scripted_stages import ScriptedSaliency

from saa.describers import handmade
from saa.embedded.settings import LookSettings
from saa.prompts import ProductPrompt
from saa.saliency import consensus, neighbours
from saa.types import Frame, Regions

MARK = (40, 44)
LOOK = LookSettings(working_area_px=10_000)
NOT_LAID = "could not be turned and shifted onto the other images; compared as it lies"
STRETCHED = "its shape differs from the other images'; compared after stretching"
PROMPT = ProductPrompt.model_validate({"object": {"phrase": "plate", "extent": "part"}})
DESCRIBER = handmade.Config(look=LOOK).build(PROMPT)
ALONE = neighbours.Config(look=LOOK).build(PROMPT)


def fit(images, *, alone=ALONE, **settings) -> tuple[consensus.ConsensusSaliency, dict]:
    """The stage that images make of settings, and what the reference tells."""
    config = consensus.Config(**settings)
    reference = config.fit(PROMPT, DESCRIBER, alone, images)
    return config.fitted(PROMPT, DESCRIBER, alone, reference), dict(reference.about)


def look(stage, image):
    return stage.saliency(Frame(image), Regions.none(image.shape[:2]))


def highest(found: np.ndarray) -> tuple[int, int]:
    """The (x, y) of the highest place."""
    row, column = np.unravel_index(found.argmax(), found.shape)
    return int(column), int(row)


@pytest.fixture(scope="module")
def turned():
    """Twelve plates askew, one with a mark, and the stage that they make."""
    images = plates(TURNED, {5: MARK})
    return images, *fit(images)


@pytest.fixture(scope="module")
def still():
    """Twelve plates, half of them with a mark at a place of its own, and the stage that they make."""
    images = plates(STILL, dict(enumerate([*FREE_PLACES, (30, 30)])))
    return images, *fit(images, register_parts="never")


def test_a_mark_on_a_turned_plate_is_the_highest_place_of_its_map(turned):
    images, stage, about = turned
    assert about["decisions"]["arrangement"] == "aligned, turned and shifted"
    salience = look(stage, images[5])
    assert highest(salience.map) == pytest.approx(lands(MARK, *TURNED[5]), abs=4)
    assert salience.map.max() > 0.8
    assert salience.notes == ()


def test_marks_on_half_of_the_plates_are_each_the_highest_place(still):
    images, stage, _ = still
    for image, mark in zip(images, FREE_PLACES, strict=False):
        assert highest(look(stage, image).map) == pytest.approx(mark, abs=4)


def test_a_reference_tells_how_many_images_it_saw_and_what_was_decided(still):
    images, _, _ = still
    _, about = fit([*images, images[0].copy()], num_references=7, register_parts="never")
    assert (about["num_images"], about["num_different"]) == (13, 12)
    assert about["decisions"]["references"] == len(about["digests"]) == 8
    assert about["decisions"]["arrangement"] == "aligned, as they lie"


def test_an_image_is_compared_with_as_many_others_whether_they_know_it_or_not(still):
    images, _, _ = still
    stage, _ = fit(images, num_references=7, register_parts="never")
    known = sum(look(stage, image).map.max() > 0.6 for image in images[:6])
    assert known == 6
    assert max(look(stage, image).map.max() for image in images[6:]) < 0.6


@pytest.mark.parametrize("level", [0, 128])
def test_an_image_that_does_not_fit_gets_a_note(turned, level):
    _, stage, _ = turned
    salience = look(stage, np.full((*SIZE, 3), level, np.uint8))
    assert salience.notes == (NOT_LAID,)
    assert salience.map.mean() > 0.5


def test_an_image_of_another_shape_gets_another_note(still, turned):
    wide = cv2.resize(plate(0), (140, 64))
    _, stage, _ = still
    assert look(stage, wide).notes == (STRETCHED,)
    _, stage, _ = turned
    plain = np.full((64, 140, 3), 128, np.uint8)
    assert look(stage, plain).notes == (NOT_LAID, STRETCHED)


def test_an_image_of_another_size_is_compared_at_the_others_and_its_map_has_its_own(still):
    _, stage, _ = still
    large = cv2.resize(plate(99, mark=MARK), (176, 128), interpolation=cv2.INTER_CUBIC)
    salience = look(stage, large)
    assert salience.map.shape == (128, 176)
    assert salience.notes == ()
    assert highest(salience.map) == pytest.approx((80, 88), abs=8)


def test_large_images_are_compared_small_and_their_maps_are_large():
    images = [np.repeat(np.repeat(image, 2, axis=0), 2, axis=1) for image in plates(STILL, {5: MARK})]
    stage, about = fit(images, area_px=10_000, register_parts="never")
    height, width = about["size"]
    assert height * width == pytest.approx(10_000, rel=0.01)
    salience = look(stage, images[5])
    assert salience.map.shape == (128, 176)
    assert highest(salience.map) == pytest.approx((80, 88), abs=8)


def test_images_of_two_sizes_are_compared_with_each_other():
    large = [cv2.resize(image, (132, 96)) for image in plates(STILL, {0: MARK})]
    stage, _ = fit([*plates(STILL, {5: MARK}), *large], register_parts="never")
    assert highest(look(stage, large[0]).map) == pytest.approx((60, 66), abs=6)
    assert highest(look(stage, plate(5, mark=MARK)).map) == pytest.approx(MARK, abs=4)


def test_a_mark_on_a_piece_of_cloth_is_told_by_it_and_by_the_others():
    images = [cloth(seed, mark=MARK if seed == 4 else None) for seed in range(8)]
    stage, about = fit(images, arrangement="free")
    assert about["decisions"]["weight of others"] == 1
    found, by_itself = look(stage, images[4]).map, look(ALONE, images[4]).map
    assert highest(found) == pytest.approx(MARK, abs=8)
    assert (found >= by_itself - 1e-5).all()
    assert found[MARK[1], MARK[0]] > by_itself[MARK[1], MARK[0]] + 0.05


def test_images_that_cannot_vouch_for_each_other_are_judged_by_themselves():
    rng = np.random.default_rng(0)
    images = []
    for spread in range(8):
        grain = cv2.GaussianBlur(rng.normal(0, 1, SIZE), (0, 0), 1 + spread % 5)
        plane = grain / grain.std() * (5 + 4 * spread)
        images.append(np.clip(plane[..., None] + rng.integers(40, 210, 3), 0, 255).astype(np.uint8))
    plane = rng.random(SIZE, np.float32)
    stage, about = fit(images, alone=ScriptedSaliency(plane, ("of its own",)), arrangement="free")
    assert about["decisions"]["weight of others"] == 0
    salience = look(stage, images[0])
    np.testing.assert_array_equal(salience.map, plane)
    assert salience.notes == ("of its own",)


def test_notes_on_an_image_alone_stay_where_others_are_asked_too():
    stage, _ = fit(
        [cloth(seed) for seed in range(8)],
        alone=ScriptedSaliency(np.zeros(SIZE, np.float32), ("of its own",)),
        arrangement="free",
    )
    assert look(stage, cloth(99)).notes == ("of its own",)


@pytest.mark.parametrize("size", [(20, 30), (1, 160), (160, 1)])
@pytest.mark.parametrize(
    ("arrangement", "register_parts"), [("auto", "auto"), ("aligned", "always"), ("free", "auto")]
)
def test_tiny_images_are_borne(size, arrangement, register_parts):
    images = list(np.random.default_rng(0).integers(0, 256, (3, *size, 3), np.uint8))
    stage, _ = fit(images, min_images=3, arrangement=arrangement, register_parts=register_parts)
    for image in (images[0], plate(0)):
        found = look(stage, image).map
        assert found.shape == image.shape[:2]
        assert ((found >= 0) & (found < 1)).all()


def test_an_image_gives_the_same_bits_whatever_came_between_and_however_it_lies_in_memory(turned):
    images, stage, _ = turned
    once = look(stage, images[5]).map
    wide = np.zeros((80, 100, 4), np.uint8)
    wide[5:69, 7:95, :3] = images[5]
    look(stage, cloth(0))
    for other in (wide[5:69, 7:95, :3], np.asfortranarray(images[5]), images[5]):
        np.testing.assert_array_equal(look(stage, other).map, once)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_images": 2}, "greater than or equal to 3"),
        ({"num_references": 1}, "greater than or equal to 2"),
        ({"window_cells": 9}, "less than or equal to 8"),
        ({"nearest_ratio": 0}, "greater than 0"),
        ({"area_px": 9999}, "greater than or equal to 10000"),
        ({"arrangement": "loose"}, "'auto', 'aligned' or 'free'"),
        ({"register_parts": True}, "'auto', 'always' or 'never'"),
    ],
)
def test_settings_have_bounds(settings, message):
    with pytest.raises(ValidationError, match=message):
        consensus.Config(**settings)
