from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import tiny_wide_resnet

from benchmarks import _released_saliency as released_saliency
from saa.foundation import wide_resnet
from saa.foundation.single import Single, SingleSettings
from saa.saliency.cross_instance import Config, CrossInstance
from saa.types import Frame, Regions

RELEASED = {"halved": True, "lone_distance": 1.0, "max_iou": 1.0}
LIKE_RELEASED = {"colours": "bgr", "shrinking": "linear"}
TOO_FEW = ("fewer than two objects were found; compared within the picture",)
CENTRES = [(30, 30), (90, 30), (30, 90), (90, 90)]


@pytest.fixture
def image() -> np.ndarray:
    """(120, 120, 3): four discs that are alike but for a mark on the last."""
    image = np.full((120, 120, 3), (40, 50, 60), np.uint8)
    for centre in CENTRES:
        cv2.circle(image, centre, 20, (180, 170, 140), -1)
        cv2.circle(image, centre, 5, (120, 90, 80), -1)
    image[92:100, 96:104] = (40, 120, 190)
    return image


@pytest.fixture
def discs() -> np.ndarray:
    """(4, 120, 120) the discs."""
    rows, columns = np.mgrid[:120, :120]
    return np.stack([(columns - x) ** 2 + (rows - y) ** 2 <= 400 for x, y in CENTRES])


def stage(size_px: int = 96, count: int = 4, *, eye=None, **settings) -> CrossInstance:
    """The stage on a tiny network; a picture by itself is seen at 64 x 64."""
    config = Config(size_px=size_px, **settings)
    eye = eye or tiny_wide_resnet.eye(size_px)
    single = Single(replace(eye, size_px=64), SingleSettings(size_px=64), config.halved)
    return CrossInstance(eye, single, count, config)


def objects(masks, scores=None) -> Regions:
    masks = np.asarray(masks, bool)
    scores = np.ones(len(masks), np.float32) if scores is None else np.float32(scores)
    return Regions(masks, scores, ("thing",) * len(masks))


def map_of(stage, image, masks, scores=None, notes=()) -> np.ndarray:
    """The map of an image with masks of objects; these notes are expected."""
    found = stage.saliency(Frame(image), objects(masks, scores))
    assert found.notes == notes
    assert found.map.dtype == np.float32
    assert found.map.shape == image.shape[:2]
    assert ((found.map >= 0) & (found.map <= 1)).all()
    return found.map


def test_as_released_it_is_the_slow_loop_over_all_pairs_of_places(image, discs):
    eye = tiny_wide_resnet.eye(96, **LIKE_RELEASED)
    found = map_of(stage(eye=eye, **RELEASED), image, discs)
    expected = released_saliency.of_several_objects(eye.network, image, discs, 96)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert 0.01 < found.max() < 0.5


def test_as_released_second_masks_of_an_object_and_masks_around_all_count_too(image, discs):
    shifted = np.roll(discs[:2], 7, axis=2)
    masks = np.concatenate([discs, shifted, discs[:1], np.ones((1, 120, 120), bool)])
    eye = tiny_wide_resnet.eye(64, **LIKE_RELEASED)
    for some in (masks[:7], masks):
        found = map_of(stage(64, eye=eye, **RELEASED), image, some)
        expected = released_saliency.of_several_objects(eye.network, image, some, 64)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.max() == pytest.approx(0.5)


def test_as_released_it_is_the_slow_loop_with_the_published_widths(image, discs):
    network = tiny_wide_resnet.shuffled(wide_resnet.architecture())
    eye = wide_resnet.Eye(network, tiny_wide_resnet.CPU, 64, **LIKE_RELEASED)
    found = map_of(stage(64, eye=eye, **RELEASED), image, discs)
    expected = released_saliency.of_several_objects(network, image, discs, 64)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_one_object_has_and_the_others_have_not_stands_out(image, discs):
    found = map_of(stage(), image, discs)
    assert found[92:100, 96:104].mean() > 4 * np.median(found[discs.any(axis=0)])
    assert found.max() == found[70:, 70:].max()


def test_off_the_objects_nothing_is_salient(image, discs):
    found = map_of(stage(), image, discs)
    around = cv2.dilate(discs.any(axis=0).astype(np.uint8), np.ones((13, 13), np.uint8))
    assert found[around == 0].max() == 0


def test_half_of_the_distance_is_half_of_the_map(image, discs):
    np.testing.assert_allclose(
        map_of(stage(halved=True), image, discs), map_of(stage(), image, discs) / 2, rtol=1e-6
    )


def test_second_masks_of_an_object_vouch_for_nothing(image, discs):
    again = np.roll(discs, 1, axis=2)
    scores = [0.9] * 4 + [0.5] * 4
    found = map_of(stage(), image, np.concatenate([discs, again]), scores)
    np.testing.assert_array_equal(found, map_of(stage(), image, discs))


def test_a_mask_around_all_objects_makes_nothing_salient_by_default(image, discs):
    whole = np.ones((1, 120, 120), bool)
    found = map_of(stage(), image, np.concatenate([discs, whole]))
    assert found.max() <= map_of(stage(), image, discs).max()
    assert found[92:100, 96:104].mean() > 4 * np.median(found[discs.any(axis=0)])


@pytest.mark.parametrize("shown", [0, 1])
def test_fewer_than_two_objects_are_compared_within_the_picture_and_a_note_says_so(image, discs, shown):
    several = stage()
    found = map_of(several, image, discs[:shown], notes=TOO_FEW)
    np.testing.assert_array_equal(found, several.single.map(Frame(image), objects(discs[:shown])))
    assert found.max() > 0


def test_masks_of_the_same_object_and_empty_masks_are_fewer_than_two(image, discs):
    alone = map_of(stage(), image, discs[:1], notes=TOO_FEW)
    for masks in ([discs[0], discs[0]], [discs[0], np.zeros((120, 120))], np.zeros((3, 120, 120))):
        np.testing.assert_array_equal(map_of(stage(), image, masks, notes=TOO_FEW), alone)


def test_a_product_of_one_object_is_compared_within_the_picture(image, discs):
    alone = stage(count=1)
    for masks in (discs, discs[:1], discs[:0]):
        found = map_of(alone, image, masks)
        np.testing.assert_array_equal(found, alone.single.map(Frame(image), objects(masks)))


def test_an_object_that_vanishes_on_the_grid_is_still_compared(image, discs):
    large = cv2.resize(image, (1200, 1200))
    masks = np.stack([cv2.resize(mask.astype(np.uint8), (1200, 1200)) for mask in discs[:2]]).astype(bool)
    speck = np.zeros((1, 1200, 1200), bool)
    speck[0, 777:780, 1190:1193] = True
    found = map_of(stage(), large, np.concatenate([masks, speck]))
    assert found[778, 1191] > 0
    map_of(stage(), large, np.concatenate([speck, np.roll(speck, 600, axis=1)]))


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (3, 2), (2500, 75)])
@pytest.mark.parametrize("settings", [{}, RELEASED], ids=["default", "released"])
def test_pictures_of_any_size_have_a_map(size, settings):
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    masks = np.zeros((3, *size), bool)
    masks[0, : (size[0] + 1) // 2] = True
    masks[1, :, size[1] // 2 :] = True
    found = stage(64, **settings).saliency(Frame(picture), objects(masks))
    assert found.map.shape == size
    assert ((found.map >= 0) & (found.map <= 1)).all()


def test_objects_that_look_the_same_everywhere_have_nothing_salient():
    plain = np.full((300, 300, 3), 127, np.uint8)
    masks = np.zeros((2, 300, 300), bool)
    masks[0, 140:150, 130:140], masks[1, 150:160, 160:170] = True, True
    assert map_of(stage(512), plain, masks).max() < 1e-5


def test_the_picture_and_the_objects_are_left_alone_and_give_the_same_bits(image, discs):
    before, masks = image.copy(), discs.copy()
    again = stage()
    once = map_of(again, image, discs)
    map_of(again, image[::-1].copy(), discs[:2])
    np.testing.assert_array_equal(map_of(again, before, masks), once)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(discs, masks)


def test_the_picture_is_seen_once_at_each_size(image, discs):
    several, frame = stage(), Frame(image)
    several.saliency(frame, objects(discs))
    assert list(frame.encodings) == [several.eye]
    several.saliency(frame, objects(discs[:1]))
    several.saliency(frame, objects(discs[1:]))
    assert list(frame.encodings) == [several.eye, several.single.eye]
