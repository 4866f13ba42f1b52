from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from saa.ops.level_trees import Basins

EIGHT = np.ones((3, 3))


def drawn(seed, digits):
    rng = np.random.default_rng(seed)
    anomaly_map = np.round(rng.normal(0, 1, (7, 9)), digits).astype(np.float32)
    anomaly_map[rng.random((7, 9)) < 0.2 * (seed % 2)] = -np.inf
    return anomaly_map


def num_components(basins, threshold):
    return np.count_nonzero(basins.peaks >= threshold) - np.count_nonzero(basins.saddles >= threshold)


def test_two_peaks_become_one_component_at_the_saddle_between_them():
    basins = Basins.of(np.array([[5, 2, 4], [1, 1, 0]], np.float32))
    assert basins.labels.tolist() == [[0, 0, 1], [0, 0, 1]]
    assert basins.peaks.tolist() == [5, 4]
    assert basins.saddles.tolist() == [2]
    assert basins.tree.heights.tolist() == [5, 4, 2]
    assert basins.tree.parents.tolist() == [2, 2, -1]
    assert basins.tree.ends.tolist() == [2, 2, -np.inf]


def test_a_flat_map_is_one_component():
    basins = Basins.of(np.full((3, 5), 0.25, np.float32))
    assert (num_components(basins, 0.25), num_components(basins, 0.26)) == (1, 0)


def test_pixels_that_touch_at_a_corner_are_one_component():
    assert num_components(Basins.of(np.eye(4, dtype=np.float32)), 1) == 1


def test_what_is_never_called_is_in_no_basin():
    basins = Basins.of(np.array([[1, -np.inf, 2]], np.float32))
    assert basins.labels.tolist() == [[0, -1, 1]]
    assert len(basins.saddles) == 0
    nothing = Basins.of(np.full((2, 3), -np.inf, np.float32))
    assert (nothing.labels < 0).all()
    assert len(nothing.peaks) == len(nothing.tree.heights) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (5, 1)])
def test_narrow_maps_have_components_too(shape):
    anomaly_map = np.random.default_rng(0).random(shape, np.float32)
    basins = Basins.of(anomaly_map)
    for threshold in anomaly_map.ravel():
        assert num_components(basins, threshold) == ndimage.label(anomaly_map >= threshold, EIGHT)[1]


@pytest.mark.parametrize("digits", [0, 1, 6])
@pytest.mark.parametrize("seed", range(4))
def test_the_number_of_components_is_that_of_labelling_at_every_threshold(seed, digits):
    anomaly_map = drawn(seed, digits)
    basins = Basins.of(anomaly_map)
    for threshold in np.unique(anomaly_map[np.isfinite(anomaly_map)]):
        assert num_components(basins, threshold) == ndimage.label(anomaly_map >= threshold, EIGHT)[1]


@pytest.mark.parametrize("digits", [0, 1, 6])
@pytest.mark.parametrize("seed", range(4))
def test_the_component_that_a_pixel_enters_is_the_one_it_lies_in_at_its_own_value(seed, digits):
    anomaly_map = drawn(seed, digits)
    basins = Basins.of(anomaly_map)
    tree, called = basins.tree, basins.labels >= 0
    values = anomaly_map[called]
    nodes = tree.entered(basins.labels[called], values)
    for value, node in zip(values, nodes, strict=True):
        below = (tree.places[nodes] >= tree.places[node]) & (
            tree.places[nodes] < tree.places[node] + tree.sizes[node]
        )
        labels = ndimage.label(anomaly_map >= value, EIGHT)[0][called]
        expected = labels == labels[np.flatnonzero((nodes == node) & (values == value))[0]]
        assert np.array_equal(below & (values >= value), expected)


def test_counts_are_summed_over_all_below_a_node():
    tree = Basins.of(np.array([[5, 2, 4, 1, 3]], np.float32)).tree
    assert tree.heights.tolist() == [5, 4, 3, 2, 1]
    assert tree.below(np.array([1, 10, 100, 1000, 10000])).tolist() == [1, 10, 100, 1011, 11111]
