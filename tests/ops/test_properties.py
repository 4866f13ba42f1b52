from __future__ import annotations

import numpy as np
import pytest

from saa.ops import properties
from saa.ops.properties import Rules
from saa.types import Proposals, Regions

SIZE = (2, 5)


def region(*masks: list[list[int]], phrases: tuple[str, ...] = ()) -> Regions:
    stack = np.array(masks, bool).reshape(len(masks), *SIZE)
    scores = np.linspace(0.9, 0.1, len(masks), dtype=np.float32)
    return Regions(stack, scores, phrases or tuple("abcdefgh"[: len(masks)]))


def first(count: int) -> list[int]:
    """The first pixels of the image, row by row."""
    return [1] * count + [0] * (10 - count)


def keep(flaws, objects, **rules) -> tuple[str, ...]:
    return properties.plausible(flaws, objects, Rules(**rules)).phrases


def boxed(*sides: tuple[float, float, float, float]) -> Proposals:
    boxes = np.array(sides, np.float32).reshape(-1, 4)
    return Proposals(boxes, np.ones(len(boxes), np.float32), tuple("abcdefgh"[: len(boxes)]))


OBJECT = region(first(8))
NO_OBJECT = Regions.none(SIZE)


def test_no_flaws_stay_no_flaws():
    left = properties.plausible(Regions.none(SIZE), OBJECT, Rules(max_area_ratio=0.5, min_overlap_ratio=0.5))
    assert len(left) == 0
    assert left.size == SIZE


def test_a_flaw_may_be_as_large_as_allowed_and_no_larger():
    flaws = region(first(3), first(4), first(5))
    assert keep(flaws, OBJECT, max_area_ratio=0.5) == ("a", "b")


def test_a_flaw_may_be_as_small_as_allowed_and_no_smaller():
    flaws = region(first(1), first(2), first(3))
    assert keep(flaws, OBJECT, min_area_ratio=0.25) == ("b", "c")


def test_without_an_object_the_image_is_the_object():
    flaws = region(first(5), first(6))
    assert keep(flaws, NO_OBJECT, max_area_ratio=0.5) == ("a",)
    assert keep(flaws, region(first(0)), max_area_ratio=0.5) == ("a",)


def test_the_largest_of_several_objects_sets_the_bounds():
    assert keep(region(first(4)), region(first(2), first(8)), max_area_ratio=0.5) == ("a",)
    assert keep(region(first(4)), region(first(2), first(4)), max_area_ratio=0.5) == ()


def test_an_empty_flaw_never_passes():
    assert keep(region(first(0), first(1)), OBJECT) == ("b",)
    assert keep(region(first(0)), NO_OBJECT) == ()


def test_a_flaw_must_lie_on_the_object_with_the_asked_share():
    flaws = region([0] * 6 + [1] * 4, [0] * 7 + [1] * 3, [0] * 8 + [1] * 2)
    assert keep(flaws, OBJECT, min_overlap_ratio=0.5) == ("a",)
    assert keep(flaws, OBJECT, min_overlap_ratio=0.25) == ("a", "b")
    assert keep(flaws, OBJECT) == ("a", "b", "c")


def test_several_objects_share_a_flaw():
    halves = region(first(2), [0, 0, 1, 1] + [0] * 6)
    assert keep(region(first(4)), halves, min_overlap_ratio=1.0) == ()
    assert keep(region(first(2)), halves, min_overlap_ratio=1.0) == ("a",)
    across = region([0, 1, 1] + [0] * 7)
    assert keep(across, halves, min_overlap_ratio=1.0) == ("a",)


def test_the_iou_with_all_objects_together_must_exceed_its_bound():
    halves = region(first(2), [0, 0, 1, 1] + [0] * 6)
    flaws = region([0] * 4 + [1] * 6, [0] * 3 + [1] * 2 + [0] * 5, first(4), first(0))
    ious = properties.overlap_ious(flaws, halves)
    np.testing.assert_allclose(ious, [0, 1 / 5, 1, 0])
    loose = {"area": "none", "overlap": "iou"}
    assert keep(flaws, halves, **loose) == ("b", "c")
    assert keep(flaws, halves, **loose, min_iou=0.2) == ("c",)
    assert keep(flaws, NO_OBJECT, **loose, min_iou=0.9) == ("a", "b", "c", "d")
    assert properties.overlap_ious(Regions.none(SIZE), halves).shape == (0,)


def test_without_rules_on_masks_every_region_passes_empty_ones_too():
    flaws = region(first(0), first(10))
    for area in ("box", "none"):
        assert keep(flaws, region(first(1)), max_area_ratio=0.1, area=area, overlap="none") == ("a", "b")


def test_only_rules_on_masks_need_masks():
    assert Rules(area="mask", overlap="none").look_at_masks
    assert Rules(area="box", overlap="iou").look_at_masks
    assert not Rules(area="box", overlap="none").look_at_masks
    assert not Rules(area="none", overlap="none").look_at_masks


def test_boxes_are_smaller_than_allowed_and_larger_than_asked():
    found = boxed((0, 0, 2, 2), (0, 0, 2, 4), (-1, 0, 2, 3), (0, 0, 0, 5))
    rules = Rules(max_area_ratio=0.5, area="box")
    assert properties.plausible_boxes(found, 16, rules).phrases == ("a",)
    assert properties.plausible_boxes(found, 20, rules).phrases == ("a", "b", "c")
    asked = Rules(max_area_ratio=1, min_area_ratio=0.25, area="box")
    assert properties.plausible_boxes(found, 16, asked).phrases == ("b", "c")
    assert properties.plausible_boxes(found, 1, Rules()).phrases == found.phrases
    assert len(properties.plausible_boxes(boxed(), 16, rules)) == 0


def test_rejected_words_are_dropped_as_whole_words():
    phrases = ("metal nut", "hazelnut crack", "crack")
    assert properties.not_called(phrases, ("nut",), "words").tolist() == [False, True, True]
    assert properties.not_called(phrases, ("crack", "nut"), "words").tolist() == [False] * 3
    assert properties.not_called(phrases, ("bottle",), "words").all()
    assert properties.not_called((), ("nut",), "words").shape == (0,)


def test_rejected_letters_may_be_part_of_a_word_and_miss_a_word_in_pieces():
    phrases = ("metal _ nut", "hazelnut crack", "crack")
    assert properties.not_called(phrases, ("metal_nut",), "letters").all()
    assert properties.not_called(phrases, ("nut",), "letters").tolist() == [False, False, True]
    assert properties.not_called(phrases, ("",), "letters").tolist() == [False] * 3
    assert properties.not_called((), ("nut",), "letters").shape == (0,)


def test_nothing_is_rejected_where_nobody_asks():
    assert properties.not_called(("nut", "crack"), ("nut", "crack"), "none").all()


def test_order_and_scores_stay():
    flaws = region(first(1), first(9), first(2))
    left = properties.plausible(flaws, OBJECT, Rules(max_area_ratio=0.5))
    assert left.phrases == ("a", "c")
    np.testing.assert_array_equal(left.scores, flaws.scores[[0, 2]])
    np.testing.assert_array_equal(left.masks, flaws.masks[[0, 2]])


def test_images_of_different_size_are_refused():
    message = r"flaws and objects: expected one image size, got \(2, 5\) and \(5, 2\)"
    with pytest.raises(ValueError, match=message):
        keep(region(first(1)), Regions.none((5, 2)))


def test_the_area_of_an_object_is_that_of_the_largest_or_of_the_image():
    assert properties.area_of_object(region(first(2), first(7))) == 7
    assert properties.area_of_object(NO_OBJECT) == 10
    assert properties.area_of_object(region(first(0))) == 10


def test_overlap_ratios_without_an_object_are_one():
    flaws = region(first(3), first(0))
    assert properties.overlap_ratios(flaws, NO_OBJECT).tolist() == [1, 1]
    assert properties.overlap_ratios(flaws, region(first(0))).tolist() == [1, 1]
    assert properties.overlap_ratios(Regions.none(SIZE), OBJECT).shape == (0,)
    assert properties.overlap_ratios(flaws, region(first(1))).tolist() == [1 / 3, 0]
