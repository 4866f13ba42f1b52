from __future__ import annotations

import numpy as np
import pytest
from skimage import measure

from saa.ops.growing_boxes import GrowingBoxes, steps
from saa.ops.level_trees import Basins


def grown(anomaly_map, thresholds):
    return GrowingBoxes.of(thresholds, Basins.of(anomaly_map), anomaly_map)


def labelled(anomaly_map, threshold):
    """(x0, y0, x1, y1) of the components strictly above a threshold, sorted."""
    found = measure.regionprops(measure.label(anomaly_map > threshold, connectivity=2))
    return sorted([each.bbox[1], each.bbox[0], each.bbox[3], each.bbox[2]] for each in found)


def test_two_boxes_grow_and_become_one():
    anomaly_map = np.array([[5, 1, 4], [3, 0, 2]], np.float32)
    boxes = grown(anomaly_map, np.array([4, 2.5, 0.5], np.float32))
    assert boxes.at(0).tolist() == [[0, 0, 1, 1]]
    assert sorted(boxes.at(1).tolist()) == [[0, 0, 1, 2], [2, 0, 3, 1]]
    assert boxes.at(2).tolist() == [[0, 0, 3, 2]]


def test_a_value_is_there_from_the_first_threshold_below_it():
    thresholds = np.array([3, 2, 1], np.float32)
    assert steps(thresholds, np.array([9, 3, 2.5, 1, 0], np.float32)).tolist() == [0, 1, 1, 3, 3]


def test_nothing_above_any_threshold_has_no_boxes():
    boxes = grown(np.zeros((3, 4), np.float32), np.array([2, 1], np.float32))
    assert boxes.at(0).shape == boxes.at(1).shape == (0, 4)


@pytest.mark.parametrize("digits", [0, 1, 6])
@pytest.mark.parametrize("seed", range(5))
def test_boxes_are_those_of_labelling_at_every_threshold(seed, digits):
    rng = np.random.default_rng(seed)
    anomaly_map = np.round(rng.normal(0, 1, rng.integers(1, 15, 2)), digits).astype(np.float32)
    anomaly_map[rng.random(anomaly_map.shape) < 0.1 * seed] = -np.inf
    thresholds = np.sort(rng.normal(0, 1.2, 12).astype(np.float32))[::-1]
    boxes = grown(anomaly_map, thresholds)
    for step, threshold in enumerate(thresholds):
        assert sorted(boxes.at(step).tolist()) == labelled(anomaly_map, threshold)
