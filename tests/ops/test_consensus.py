from __future__ import annotations

import numpy as np
import pytest

from saa.ops import consensus


def grid(*rows) -> np.ndarray:
    """(h, w, 1) features typed by hand."""
    return np.array(rows, np.float32)[..., None]


def slow(features, other, radius):
    height, width, _ = features.shape
    found = np.zeros((height, width))
    for row, column in np.ndindex(height, width):
        near = other[
            max(0, row - radius) : row + radius + 1,
            max(0, column - radius) : column + radius + 1,
        ]
        found[row, column] = np.linalg.norm(near - features[row, column], axis=-1).min()
    return found


@pytest.fixture
def cloud():
    """Seeded random features of a shape (…, D)."""
    return lambda *shape, seed=0: np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_distances_typed_by_hand():
    features, other = grid([0, 1, 5], [0, 0, 9]), grid([0, 5, 1], [2, 0, 0])
    assert consensus.distance_in_window(features, other, 0).tolist() == [[0, 4, 4], [2, 0, 9]]
    assert consensus.distance_in_window(features, other, 1).tolist() == [[0, 0, 0], [0, 0, 4]]
    assert consensus.distance_in_window(features, other, 2).tolist() == [[0, 0, 0], [0, 0, 4]]


def test_a_distance_is_euclidean_over_the_features():
    found = consensus.distance_in_window(
        np.zeros((1, 2, 2), np.float32), np.full((1, 2, 2), [3, 4], np.float32), 0
    )
    assert found.tolist() == [[5, 5]]
    assert found.dtype == np.float32


@pytest.mark.parametrize("radius", [0, 1, 2, 7])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 4)])
def test_distances_equal_those_of_a_loop_over_the_window(cloud, size, radius):
    features, other = cloud(*size, 3), cloud(*size, 3, seed=1)
    found = consensus.distance_in_window(features, other, radius)
    np.testing.assert_allclose(found, slow(features, other, radius), rtol=1e-5)


def test_an_image_shifted_by_the_radius_is_no_distance_away(cloud):
    wide = cloud(5, 7, 3)
    found = consensus.distance_in_window(wide[:, 1:6], wide[:, :5], 1)
    assert (found[:, :-1] == 0).all()


def test_features_are_left_alone(cloud):
    features, references = cloud(3, 4, 2), cloud(5, 3, 4, 2, seed=1)
    consensus.disagreement(features, references, 1, 0.3)
    np.testing.assert_array_equal(features, cloud(3, 4, 2))
    np.testing.assert_array_equal(references, cloud(5, 3, 4, 2, seed=1))


def test_another_shape_is_refused(cloud):
    for other in ((4, 3, 2), (3, 4, 1)):
        message = rf"other: expected shape \(3, 4, 2\), got \({other[0]}, {other[1]}, {other[2]}\)"
        with pytest.raises(ValueError, match=message):
            consensus.distance_in_window(cloud(3, 4, 2), cloud(*other), 1)
        with pytest.raises(ValueError, match=message):
            consensus.disagreement(cloud(3, 4, 2), cloud(6, *other), 1, 0.5)


def test_no_reference_is_refused(cloud):
    with pytest.raises(ValueError, match="references: expected at least 1, got 0"):
        consensus.disagreement(cloud(3, 4, 2), cloud(0, 3, 4, 2), 1, 0.5)


def test_disagreement_typed_by_hand():
    features = grid([0, 0, 0])
    references = np.stack([grid([1, 9, 0]), grid([2, 5, 0]), grid([6, 1, 8]), grid([8, 3, 1])])
    assert consensus.disagreement(features, references, 0, 0.5).tolist() == [[1.5, 2, 0]]
    assert consensus.disagreement(features, references, 0, 0.75).tolist() == [[3, 3, pytest.approx(1 / 3)]]
    assert consensus.disagreement(features, references, 0, 1).tolist() == [[4.25, 4.5, 2.25]]


def test_two_references_count_however_small_the_share():
    references = np.stack([grid([1, 2]), grid([3, 8]), grid([9, 4])])
    assert consensus.disagreement(grid([0, 0]), references, 0, 0.01).tolist() == [[2, 3]]


def test_one_reference_is_all_there_is():
    for ratio in (0.01, 1):
        assert consensus.disagreement(grid([1, 2]), grid([1, 5])[None], 0, ratio).tolist() == [[0, 3]]


def test_the_window_holds_for_each_reference_apart():
    references = np.stack([grid([5, 0, 5]), grid([5, 5, 1])])
    assert consensus.disagreement(grid([0, 0, 0]), references, 1, 1).tolist() == [[2.5, 0.5, 0.5]]


@pytest.mark.parametrize("ratio", [0.1, 0.4, 1])
def test_disagreement_equals_that_of_a_full_sort(cloud, ratio):
    features, references = cloud(5, 4, 3), cloud(9, 5, 4, 3, seed=1)
    distances = np.sort([slow(features, each, 1) for each in references], axis=0)
    wanted = distances[: max(2, round(ratio * 9))].mean(axis=0)
    found = consensus.disagreement(features, references, 1, ratio)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_half_of_the_references_defective_at_a_place_are_outvoted(cloud):
    references = 0.1 * cloud(10, 3, 4, 2)
    references[:5, 1, 2] += 50
    good, bad = references[9].copy(), references[0].copy()
    assert consensus.disagreement(good, references[:9], 0, 0.3)[1, 2] < 1
    assert consensus.disagreement(bad, references[5:], 0, 0.3)[1, 2] > 50


@pytest.mark.parametrize(("num_alike", "expected"), [(0, 50), (1, 25), (2, 0), (9, 0)])
def test_a_defect_is_invisible_once_as_many_references_have_it_as_count(num_alike, expected):
    references = np.zeros((10, 2, 3, 1), np.float32)
    references[:num_alike, 1, 2] = 50
    features = np.zeros((2, 3, 1), np.float32)
    features[1, 2] = 50
    found = consensus.disagreement(features, references, 0, 0.2)
    assert found.tolist() == [[0, 0, 0], [0, 0, expected]]


def test_the_order_of_the_references_changes_no_bit(cloud):
    features, references = cloud(3, 4, 2), cloud(9, 3, 4, 2, seed=1)
    np.testing.assert_array_equal(
        consensus.disagreement(features, references[::-1], 1, 0.5),
        consensus.disagreement(features, references, 1, 0.5),
    )


def test_disagreement_hangs_not_on_where_arrays_lie_in_memory(cloud):
    features, references = cloud(5, 4, 17), cloud(6, 5, 4, 17, seed=1)
    once = consensus.disagreement(features, references, 1, 0.5)
    wide = np.zeros((6, 7, 6, 18), np.float32)
    wide[:, 1:6, 1:5, 1:] = references
    np.testing.assert_array_equal(consensus.disagreement(features, wide[:, 1:6, 1:5, 1:], 1, 0.5), once)
    np.testing.assert_array_equal(
        consensus.disagreement(np.asfortranarray(features), references, 1, 0.5), once
    )


def test_likeness_typed_by_hand():
    # Images lie 1, 0 and 1 from the middle of each place; from 7, the middle of all, they lie 5, 1 and 5.
    references = np.stack([grid([1, 6, 11]), grid([2, 7, 12]), grid([3, 8, 13])])
    found = consensus.likeness(references)
    assert found.alignment == pytest.approx(3 / 11)
    assert found.structured.tolist() == [[True, False, True]]


def test_equal_images_are_aligned_in_full(cloud):
    assert consensus.likeness(np.repeat(cloud(1, 3, 4, 2), 5, axis=0)).alignment == 0


def test_a_single_image_is_aligned_with_itself(cloud):
    assert consensus.likeness(cloud(1, 3, 4, 2)).alignment == 0


def test_plain_images_are_aligned_and_no_place_is_left_out():
    found = consensus.likeness(np.full((3, 2, 4, 2), 7, np.float32))
    assert found.alignment == 0
    assert found.structured.shape == (2, 4)
    assert found.structured.all()


def test_unrelated_images_are_hardly_aligned_and_a_plain_background_does_not_make_them_so(cloud):
    unrelated = cloud(60, 5, 7, 3)
    assert consensus.likeness(unrelated).alignment == pytest.approx(1, abs=0.05)
    on_ground = np.zeros((60, 15, 20, 3), np.float32)
    on_ground[:, 5:10, 6:13] = unrelated
    found = consensus.likeness(on_ground)
    assert found.alignment == pytest.approx(1, abs=0.05)
    np.testing.assert_array_equal(found.structured, on_ground[0].any(axis=-1))


def test_alignment_is_lost_with_what_differs(cloud):
    shared = cloud(1, 5, 7, 3)
    found = [
        consensus.likeness(shared + spread * cloud(20, 5, 7, 3, seed=1)).alignment
        for spread in (0.1, 0.3, 1, 3)
    ]
    assert found == sorted(found)
    assert found[0] < 0.2
    assert found[-1] > 0.8


def test_a_few_defective_images_do_not_undo_an_alignment(cloud):
    references = cloud(1, 5, 7, 3) + 0.1 * cloud(10, 5, 7, 3, seed=1)
    usual = consensus.likeness(references).alignment
    references[:3] += 20 * cloud(3, 5, 7, 3, seed=2)
    assert consensus.likeness(references).alignment < 2 * usual


def test_concentration_typed_by_hand():
    # 0 to 1000: the middle is 500, the body ends at 900, the tail at 995.
    values = np.arange(1001, dtype=np.float32)
    assert consensus.concentration(values) == pytest.approx(495 / 400)
    assert consensus.concentration(values[::-1].reshape(7, 11, 13)) == pytest.approx(495 / 400)
    assert consensus.concentration(3 * values + 8) == pytest.approx(495 / 400)


def test_a_map_that_is_high_at_few_places_is_the_more_concentrated(cloud):
    calm = np.abs(cloud(4, 20, 30))
    marked, busy = calm.copy(), calm.copy()
    marked[:, 3:5, 4:6] = 30
    busy[:, ::2] = 30
    assert consensus.concentration(marked) > 3 * consensus.concentration(calm)
    assert consensus.concentration(busy) < consensus.concentration(calm)


def test_a_map_without_a_body_has_no_concentration():
    flat = np.zeros((2, 20, 30), np.float32)
    assert consensus.concentration(flat) == 0
    flat[0, 0, 0] = 9
    assert consensus.concentration(flat) == 0
