from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from saa.ops import similarity


def slow(features, bank, num_neighbours):
    return np.sort(cdist(features, bank), axis=1)[:, :num_neighbours].mean(axis=1)


@pytest.fixture
def cloud():
    def make(count: int, seed: int, width: int = 4) -> np.ndarray:
        return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)

    return make


def test_no_features_have_no_distances(cloud):
    assert similarity.mean_distance(cloud(0, 1), cloud(3, 2), 2).shape == (0,)


def test_distances_typed_by_hand():
    features = np.array([[0, 0], [3, 4]], np.float32)
    bank = np.array([[0, 0], [3, 4], [6, 8]], np.float32)
    assert similarity.mean_distance(features, bank, 1).tolist() == [0, 0]
    assert similarity.mean_distance(features, bank, 2).tolist() == [2.5, 2.5]
    assert similarity.mean_distance(features, bank, 3).tolist() == pytest.approx([5, 10 / 3])


def test_distances_are_single_precision_and_the_features_untouched(cloud):
    features, bank = cloud(5, 1), cloud(6, 2)
    before = features.copy(), bank.copy()
    assert similarity.mean_distance(features, bank, 2).dtype == np.float32
    np.testing.assert_array_equal(features, before[0])
    np.testing.assert_array_equal(bank, before[1])


@pytest.mark.parametrize("num_neighbours", [1, 2, 7, 19, 20])
def test_distances_equal_those_of_a_full_sort(cloud, num_neighbours):
    features, bank = cloud(30, 1), cloud(20, 2)
    found = similarity.mean_distance(features, bank, num_neighbours)
    np.testing.assert_allclose(found, slow(features, bank, num_neighbours), rtol=1e-4)


@pytest.mark.parametrize("count", [1, 7, 8, 9, 16, 20])
def test_chunk_borders_do_not_show(cloud, monkeypatch, count):
    monkeypatch.setattr(similarity, "CHUNK_ROWS", 8)
    features, bank = cloud(count, 3), cloud(11, 4)
    found = similarity.mean_distance(features, bank, 3)
    np.testing.assert_allclose(found, slow(features, bank, 3), rtol=1e-4)


def test_more_features_than_a_chunk_are_all_compared(cloud):
    features, bank = cloud(similarity.CHUNK_ROWS + 3, 5, width=2), cloud(4, 6, width=2)
    found = similarity.mean_distance(features, bank, 2)
    np.testing.assert_allclose(found, slow(features, bank, 2), rtol=1e-3, atol=1e-4)


def test_a_copy_of_a_bank_row_is_not_a_negative_distance_away(cloud):
    bank = 100 + cloud(50, 7)
    found = similarity.mean_distance(bank, bank, 1)
    assert (found >= 0).all()
    assert found.max() < 0.5


def test_far_from_the_bank_is_farther(cloud):
    features = np.concatenate([cloud(10, 1), cloud(1, 2) + 50])
    assert similarity.mean_distance(features, cloud(30, 3), 3).argmax() == 10


def test_an_empty_bank_is_refused(cloud):
    with pytest.raises(ValueError, match=r"bank of width 4 with at least 1 rows, got \(0, 4\)"):
        similarity.mean_distance(cloud(2, 1), cloud(0, 2), 1)


def test_more_neighbours_than_bank_rows_are_refused(cloud):
    with pytest.raises(ValueError, match=r"bank of width 4 with at least 4 rows, got \(3, 4\)"):
        similarity.mean_distance(cloud(2, 1), cloud(3, 2), 4)


def test_no_neighbours_are_refused(cloud):
    with pytest.raises(ValueError, match="expected"):
        similarity.mean_distance(cloud(2, 1), cloud(3, 2), 0)


def test_features_of_another_width_are_refused(cloud):
    with pytest.raises(ValueError, match=r"bank of width 4 .*, got \(3, 5\)"):
        similarity.mean_distance(cloud(2, 1), cloud(3, 2, width=5), 1)


def test_the_least_values_of_each_row_typed_by_hand():
    values = np.array([[3, 1, 2], [5, 6, 4]], np.float32)
    assert np.sort(similarity.least(values.copy(), 2)).tolist() == [[1, 2], [4, 5]]
    assert similarity.least(values.copy(), 1).tolist() == [[1], [4]]
    assert np.sort(similarity.least(values.copy(), 3)).tolist() == [[1, 2, 3], [4, 5, 6]]
