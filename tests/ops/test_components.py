from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from saa.ops import components
from saa.ops.components import RULES, Components, SizeRule
from saa.types import Truth

EVERY = SizeRule(1, 1)


def typed(values, labels):
    """A map and its truth; label 1 is an anomaly, 9 does not count."""
    labels = np.array(labels)
    return np.array(values, np.float32), Truth(labels == 1, labels != 9)


def of(*pairs, threshold=0.5, rule=EVERY):
    found = Components.of(pairs, threshold, rule)
    return found.overlaps.tolist(), found.purities.tolist()


def loop(pairs, threshold, rule):
    """Component by component, pixel set by pixel set."""
    overlaps, purities = [], []
    for anomaly_map, truth in pairs:
        predicted = sets((anomaly_map > threshold) & truth.scored, rule.predicted_px)
        true = sets(truth.defective, 1)
        small = set().union(*(each for each in true if len(each) < rule.true_px))
        true = [each for each in true if len(each) >= rule.true_px]
        predicted = [each - small for each in predicted if each - small]
        for each in true:
            touching = set().union(*(other for other in predicted if other & each))
            of_others = set().union(*(other for other in true if other is not each))
            overlaps.append(len(each & touching) / (len(each | touching) - len(touching & of_others)))
        purities += [len(each & set().union(*true)) / len(each) for each in predicted]
    return overlaps, purities


def sets(mask, least_px):
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    found = [set(map(tuple, np.argwhere(labels == number))) for number in range(1, count + 1)]
    return [each for each in found if len(each) >= least_px]


def test_no_maps_have_no_components():
    assert of() == ([], [])


def test_a_component_is_covered_by_all_that_touches_it():
    """Two predictions of 2 pixels touch the 3 true ones, one of them with a pixel outside."""
    assert of(typed([[0, 1, 1, 0, 1, 1]], [[0, 0, 1, 1, 1, 0]])) == ([2 / 5], [0.5, 0.5])


def test_a_prediction_over_two_things_is_held_against_neither():
    """Of 5 predicted pixels 4 are true, 2 of each thing: each has 2 / (5 - 2)."""
    assert of(typed([[1, 1, 1, 1, 1]], [[1, 1, 0, 1, 1]])) == ([2 / 3, 2 / 3], [0.8])


def test_pixels_that_touch_at_a_corner_are_one_component():
    assert of(typed([[1, 0], [0, 1]], [[1, 0], [0, 1]])) == ([1], [1])


def test_what_is_not_above_the_threshold_is_not_predicted():
    assert of(typed([[0.5, 0.6, 0]], [[1, 1, 0]])) == ([0.5], [1])


def test_what_does_not_count_is_neither_predicted_nor_joins_anything():
    """The prediction of 5 pixels falls into two of 2, and only the first touches the anomaly."""
    assert of(typed([[1, 1, 1, 1, 1]], [[1, 1, 9, 0, 0]])) == ([1], [1, 0])


def test_small_predictions_are_left_out():
    pair = typed([[1, 1, 0, 1]], [[1, 1, 0, 0]])
    assert of(pair, rule=SizeRule(2, 1)) == ([1], [1])


def test_predictions_are_measured_before_small_true_components_are_taken_out_of_them():
    """3 pixels are enough; 1 of them lies on a true component too small to count, which leaves 2, both wrong."""
    pair = typed([[1, 1, 1, 0, 0, 0]], [[1, 0, 0, 0, 1, 1]])
    assert of(pair, rule=SizeRule(3, 2)) == ([0], [0])


def test_a_prediction_on_nothing_but_a_small_true_component_is_forgotten():
    assert of(typed([[1, 1, 0]], [[1, 1, 0]]), rule=SizeRule(1, 3)) == ([], [])


def test_negative_maps_are_cut_like_others():
    assert of(typed([[-1, -3, -1]], [[1, 0, 0]]), threshold=-2) == ([1], [1, 0])


@pytest.mark.parametrize("rule", [EVERY, SizeRule(4, 1), SizeRule(1, 5), SizeRule(6, 3)])
def test_any_scene_equals_the_loop(rule):
    rng = np.random.default_rng(5)
    pairs = []
    for _ in range(12):
        soft = ndimage.gaussian_filter(rng.standard_normal((19, 31)), 1.2).astype(np.float32)
        labels = (ndimage.gaussian_filter(rng.standard_normal((19, 31)), 1.5) + 0.5 * soft > 0.15).astype(int)
        labels[rng.random((19, 31)) < 0.1] = 9
        pairs.append(typed(soft, labels))
    found = Components.of(pairs, 0.1, rule)
    overlaps, purities = loop(pairs, 0.1, rule)
    assert len(overlaps) > 5
    assert sorted(found.overlaps) == pytest.approx(sorted(overlaps))
    assert sorted(found.purities) == pytest.approx(sorted(purities))


def test_the_lowest_scored_value_from_a_threshold_on():
    pair = typed([[1, 2, 3, 4]], [[0, 9, 0, 1]])
    assert components.lowest_above([pair], 1.5) == 3
    assert components.lowest_above([pair], 5) == np.inf
    assert components.lowest_above([], 0) == np.inf


def test_the_tracks_have_the_sizes_of_the_benchmark():
    assert {"anomaly": SizeRule(500, 100), "obstacle": SizeRule(50, 10)} == RULES
