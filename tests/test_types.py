from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from saa.types import Frame, Inspection, Proposals, Regions, Salience


@pytest.fixture
def image() -> np.ndarray:
    return np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


@pytest.fixture
def regions() -> Regions:
    """Three regions on a (2, 3) image: one pixel, a row, nothing."""
    masks = np.zeros((3, 2, 3), bool)
    masks[0, 0, 2] = True
    masks[1, 1, :] = True
    return Regions(masks, np.array([0.3, 0.1, 0.2], np.float32), ("a", "b", "c"))


@pytest.fixture
def proposals() -> Proposals:
    boxes = np.array([[0, 0, 1, 1], [1, 0, 3, 2]], np.float32)
    return Proposals(boxes, np.array([0.5, 0.25], np.float32), ("x", "y"))


def test_no_proposals_have_length_zero():
    assert len(Proposals.none()) == 0
    assert Proposals.none().boxes.shape == (0, 4)


def test_no_regions_keep_the_size_of_their_image():
    nothing = Regions.none((2, 3))
    assert len(nothing) == 0
    assert nothing.size == (2, 3)
    assert nothing.areas.shape == (0,)


def test_adding_nothing_changes_no_proposal(proposals):
    for total in (proposals + Proposals.none(), Proposals.none() + proposals):
        np.testing.assert_array_equal(total.boxes, proposals.boxes)
        np.testing.assert_array_equal(total.scores, proposals.scores)
        assert total.phrases == proposals.phrases


def test_proposals_are_added_in_order(proposals):
    total = proposals + proposals[np.array([1])]
    assert total.phrases == ("x", "y", "y")
    assert total.scores.tolist() == [0.5, 0.25, 0.25]
    assert total.boxes[2].tolist() == [1, 0, 3, 2]


def test_a_boolean_mask_keeps_rows_in_order(regions):
    kept = regions[np.array([True, False, True])]
    assert kept.phrases == ("a", "c")
    assert kept.areas.tolist() == [1, 0]
    np.testing.assert_array_equal(kept.scores, np.array([0.3, 0.2], np.float32))


def test_indices_give_rows_in_their_order(regions, proposals):
    assert regions[np.array([2, 0, 0])].phrases == ("c", "a", "a")
    assert proposals[np.array([1, 0])].boxes.tolist() == [[1, 0, 3, 2], [0, 0, 1, 1]]


def test_no_index_gives_no_row(regions, proposals):
    assert len(regions[np.zeros(0, np.intp)]) == 0
    assert regions[np.zeros(3, bool)].size == (2, 3)
    assert len(proposals[np.zeros(2, bool)]) == 0


def test_a_selector_of_another_length_is_refused(regions):
    with pytest.raises(IndexError, match="boolean index did not match"):
        regions[np.array([True, False])]


def test_areas_count_pixels(regions):
    assert regions.areas.tolist() == [1, 3, 0]
    assert regions.areas.dtype == np.int64


@pytest.mark.parametrize("count", [0, 1, 3])
def test_split_gives_the_first_rows_and_the_rest(regions, count):
    first, rest = regions.split(count)
    assert first.phrases == ("a", "b", "c")[:count]
    assert rest.phrases == ("a", "b", "c")[count:]
    assert first.size == rest.size == (2, 3)


def test_a_frame_tells_height_before_width(image):
    assert Frame(image).size == (2, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 3), np.uint8),
        np.zeros((2, 3, 4), np.uint8),
        np.zeros((2, 3, 3), np.float32),
        np.zeros((1, 2, 3, 3), np.uint8),
    ],
)
def test_a_frame_refuses_what_is_not_rgb(wrong):
    with pytest.raises(ValueError, match=r"^image: expected shape \(any, any, 3\) and dtype uint8, got \("):
        Frame(wrong)


@pytest.mark.parametrize("size", [(0, 3), (2, 0), (0, 0)])
def test_a_frame_refuses_an_image_without_pixels(size):
    with pytest.raises(ValueError, match="image: expected at least one pixel, got"):
        Frame(np.zeros((*size, 3), np.uint8))


def test_boxes_need_four_numbers():
    with pytest.raises(ValueError, match=r"boxes: expected shape \(any, 4\) and dtype float32, got \(1, 5\)"):
        Proposals(np.zeros((1, 5), np.float32), np.zeros(1, np.float32), ("a",))


def test_boxes_are_single_precision():
    with pytest.raises(ValueError, match=r"boxes: expected .* float32, got .* float64"):
        Proposals(np.zeros((1, 4)), np.zeros(1, np.float32), ("a",))


def test_scores_are_one_a_box():
    with pytest.raises(ValueError, match=r"scores: expected shape \(2\) and dtype float32, got \(1,\)"):
        Proposals(np.zeros((2, 4), np.float32), np.zeros(1, np.float32), ("a", "b"))


def test_phrases_are_one_a_box():
    with pytest.raises(ValueError, match="phrases: expected 1, one a row, got 2"):
        Proposals(np.zeros((1, 4), np.float32), np.zeros(1, np.float32), ("a", "b"))


def test_masks_are_boolean():
    with pytest.raises(ValueError, match=r"masks: expected .* bool, got .* uint8"):
        Regions(np.zeros((1, 2, 3), np.uint8), np.zeros(1, np.float32), ("a",))


def test_a_lone_mask_is_not_a_stack_of_masks():
    with pytest.raises(ValueError, match=r"masks: expected shape \(any, any, any\)"):
        Regions(np.zeros((2, 3), bool), np.zeros(2, np.float32), ("a", "b"))


def test_scores_and_phrases_are_one_a_mask():
    masks = np.zeros((2, 2, 3), bool)
    with pytest.raises(ValueError, match=r"scores: expected shape \(2\)"):
        Regions(masks, np.zeros(3, np.float32), ("a", "b"))
    with pytest.raises(ValueError, match="phrases: expected 2, one a row, got 0"):
        Regions(masks, np.zeros(2, np.float32), ())


@pytest.mark.parametrize("name", ["anomaly_map", "saliency"])
def test_maps_of_an_inspection_have_the_size_of_its_regions(regions, name):
    maps = {"anomaly_map": np.zeros((2, 3), np.float32), "saliency": np.zeros((2, 3), np.float32)}
    Inspection(maps["anomaly_map"], 0.0, regions, maps["saliency"])
    maps[name] = np.zeros((3, 2), np.float32)
    with pytest.raises(ValueError, match=rf"{name}: expected shape \(2, 3\) and dtype float32, got \(3, 2\)"):
        Inspection(maps["anomaly_map"], 0.0, regions, maps["saliency"])


def test_an_inspection_has_no_notes_and_no_parts_unless_told(regions):
    plane = np.zeros((2, 3), np.float32)
    found = Inspection(plane, 0.0, regions, plane)
    assert found.notes == ()
    assert dict(found.parts) == {}


def test_parts_of_a_map_have_its_size(regions):
    plane = np.zeros((2, 3), np.float32)
    Inspection(plane, 0.0, regions, plane, parts={"regions": plane, "dense": plane})
    with pytest.raises(ValueError, match=r"parts\['dense'\]: expected shape \(2, 3\) .*, got \(3, 2\)"):
        Inspection(plane, 0.0, regions, plane, parts={"regions": plane, "dense": plane.T.copy()})


@pytest.mark.parametrize("wrong", [np.zeros((2, 3, 1), np.float32), np.zeros((2, 3)), np.zeros((2, 3), bool)])
def test_a_saliency_is_a_plane_of_single_precision(wrong):
    with pytest.raises(ValueError, match=r"saliency: expected shape \(any, any\) and dtype float32, got"):
        Salience(wrong)


def test_a_frame_is_marked_with_a_saliency_of_its_own_size(image):
    marked = Frame(image).marked(np.ones((2, 3), np.float32))
    assert marked.image is image
    assert marked.saliency.tolist() == [[1, 1, 1], [1, 1, 1]]
    with pytest.raises(
        ValueError, match=r"saliency: expected shape \(2, 3\) and dtype float32, got \(3, 2\)"
    ):
        Frame(image).marked(np.ones((3, 2), np.float32))


def test_values_are_frozen(image, proposals, regions):
    salience = Salience(np.zeros((2, 3), np.float32))
    for value, name in (
        (Frame(image), "image"),
        (proposals, "scores"),
        (regions, "masks"),
        (salience, "map"),
    ):
        with pytest.raises(FrozenInstanceError, match=name):
            setattr(value, name, None)
