from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from saa.ops import scoring
from saa.types import Regions

SIZE = (2, 3)
unit = st.floats(0, 1, width=32)
planes = arrays.arrays(np.float32, SIZE, elements=unit)


@st.composite
def region_sets(draw) -> Regions:
    count = draw(st.integers(0, 5))
    masks = draw(arrays.arrays(np.bool_, (count, *SIZE)))
    scores = draw(arrays.arrays(np.float32, count, elements=unit))
    return Regions(masks, scores, tuple("abcde"[:count]))


def two_overlapping() -> Regions:
    masks = np.array([[[1, 1, 0], [0, 0, 0]], [[0, 1, 1], [0, 0, 1]]], bool)
    return Regions(masks, np.array([0.8, 0.4], np.float32), ("a", "b"))


def test_nothing_found_gives_an_empty_map_under_both_denominators():
    for denominator in ("count", "count + 1"):
        found = scoring.fuse(Regions.none(SIZE), denominator)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, np.zeros(SIZE))


def test_nothing_found_stays_nothing():
    nothing, plane = Regions.none(SIZE), np.ones(SIZE, np.float32)
    assert len(scoring.recalibrate(nothing, plane, 1.0)) == 0
    assert len(scoring.top_k(nothing, 5)) == 0


def test_count_gives_the_mean_of_the_covering_scores():
    expected = [[0.8, 0.6, 0.4], [0, 0, 0.4]]
    np.testing.assert_allclose(scoring.fuse(two_overlapping(), "count"), expected, rtol=1e-6)


def test_count_plus_one_believes_two_witnesses_more_than_one():
    expected = [[0.4, 0.4, 0.2], [0, 0, 0.2]]
    np.testing.assert_allclose(scoring.fuse(two_overlapping(), "count + 1"), expected, rtol=1e-6)


@given(region_sets(), st.sampled_from(["count", "count + 1"]))
def test_fusing_equals_a_slow_loop(regions, denominator):
    found = scoring.fuse(regions, denominator)
    for row, column in np.ndindex(*SIZE):
        covering = [float(s) for m, s in zip(regions.masks, regions.scores, strict=True) if m[row, column]]
        below = len(covering) + (denominator == "count + 1")
        assert found[row, column] == pytest.approx(sum(covering) / below if covering else 0, abs=1e-6)


@given(region_sets(), st.sampled_from(["count", "count + 1"]))
def test_no_pixel_scores_above_the_best_region(regions, denominator):
    best = float(regions.scores.max()) if len(regions) else 0.0
    found = scoring.fuse(regions, denominator)
    assert found.min() >= 0
    assert found.max() <= best + 1e-6


@given(region_sets())
def test_count_plus_one_is_never_above_count(regions):
    assert (scoring.fuse(regions, "count + 1") <= scoring.fuse(regions, "count") + 1e-6).all()


@given(region_sets())
def test_a_second_copy_of_every_region_changes_no_mean_and_lowers_nothing(regions):
    twice = regions[np.tile(np.arange(len(regions)), 2)]
    np.testing.assert_allclose(scoring.fuse(twice, "count"), scoring.fuse(regions, "count"), atol=1e-6)
    assert (scoring.fuse(twice, "count + 1") >= scoring.fuse(regions, "count + 1") - 1e-6).all()


@given(region_sets(), st.randoms(use_true_random=False), st.sampled_from(["count", "count + 1"]))
def test_the_order_of_regions_does_not_matter(regions, random, denominator):
    order = list(range(len(regions)))
    random.shuffle(order)
    shuffled = regions[np.array(order, np.intp)]
    np.testing.assert_allclose(
        scoring.fuse(shuffled, denominator), scoring.fuse(regions, denominator), atol=1e-6
    )


def test_a_region_gains_by_the_mean_of_its_saliency():
    saliency = np.array([[1, 0.5, 0], [0, 0, 0.25]], np.float32)
    raised = scoring.recalibrate(two_overlapping(), saliency, 2.0)
    np.testing.assert_allclose(raised.scores, [0.8 * np.exp(1.5), 0.4 * np.exp(0.5)], rtol=1e-6)
    assert raised.scores.dtype == np.float32
    assert raised.phrases == ("a", "b")
    np.testing.assert_array_equal(raised.masks, two_overlapping().masks)


@given(region_sets(), planes)
def test_a_gain_of_zero_leaves_the_scores_alone(regions, saliency):
    np.testing.assert_array_equal(scoring.recalibrate(regions, saliency, 0.0).scores, regions.scores)


@given(region_sets(), planes, st.floats(0, 5))
def test_no_score_falls_by_recalibration_and_none_above_its_bound(regions, saliency, gain):
    raised = scoring.recalibrate(regions, saliency, gain).scores
    assert (raised >= regions.scores).all()
    assert (raised <= regions.scores * np.exp(gain) * (1 + 1e-5)).all()


def test_an_empty_mask_keeps_its_score():
    regions = Regions(np.zeros((1, *SIZE), bool), np.array([0.3], np.float32), ("a",))
    np.testing.assert_array_equal(
        scoring.recalibrate(regions, np.ones(SIZE, np.float32), 5.0).scores, np.float32([0.3])
    )


def test_saliency_of_another_size_is_refused():
    message = r"saliency: expected size \(2, 3\), that of the masks, got \(3, 2\)"
    with pytest.raises(ValueError, match=message):
        scoring.recalibrate(two_overlapping(), np.ones((3, 2), np.float32), 1.0)


def scored(*scores: float) -> Regions:
    phrases = tuple("abcdefgh"[: len(scores)])
    return Regions(np.ones((len(scores), *SIZE), bool), np.array(scores, np.float32), phrases)


def test_the_best_regions_stay_best_first():
    assert scoring.top_k(scored(0.1, 0.9, 0.5, 0.7), 3).phrases == ("b", "d", "c")


def test_equal_scores_keep_their_order():
    assert scoring.top_k(scored(0.5, 0.7, 0.5, 0.7, 0.5), 4).phrases == ("b", "d", "a", "c")


def test_fewer_regions_than_asked_for_all_stay():
    assert scoring.top_k(scored(0.1, 0.2), 9).phrases == ("b", "a")


def test_saliency_without_evidence_falls_to_the_floor():
    saliency = np.array([[1, 0.5, 0.8], [0, 1, 0.4]], np.float32)
    evidence = np.array([[0, 0, 0.5], [1, 1, 1]], np.float32)
    expected = [[0.2, 0.1, 0.48], [0, 1, 0.4]]
    found = scoring.ground(saliency, evidence, 0.2)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@given(planes, planes)
def test_a_floor_of_one_ignores_the_words(saliency, evidence):
    np.testing.assert_array_equal(scoring.ground(saliency, evidence, 1.0), saliency)


@given(planes, planes, unit)
def test_words_never_raise_saliency(saliency, evidence, floor):
    found = scoring.ground(saliency, evidence, floor)
    assert (found <= saliency + 1e-6).all()
    assert (found >= floor * saliency - 1e-6).all()


def test_evidence_of_another_size_is_refused():
    message = r"evidence: expected size \(2, 3\), that of the saliency, got \(3, 2\)"
    with pytest.raises(ValueError, match=message):
        scoring.ground(np.ones(SIZE, np.float32), np.ones((3, 2), np.float32), 0.5)


def test_a_blend_adds_the_weighted_dense_map():
    regions, dense = np.full(SIZE, 0.5, np.float32), np.full(SIZE, 0.25, np.float32)
    found = scoring.blend(regions, dense, 2.0)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.ones(SIZE))
    np.testing.assert_array_equal(scoring.blend(regions, dense, 0.0), regions)


def test_the_image_score_is_the_mean_of_the_highest_pixels_less_the_median():
    anomaly_map = np.array([[1, 5, 2], [4, 3, 0]], np.float32)
    assert scoring.image_score(anomaly_map, 0.5) == 4 - 2.5
    assert scoring.image_score(anomaly_map, 1 / 3) == 4.5 - 2.5


def test_the_image_score_counts_at_least_one_pixel():
    assert scoring.image_score(np.array([[1, 5, 2]], np.float32), 1e-6) == 5 - 2
    assert scoring.image_score(np.array([[7]], np.float32), 0.01) == 0


def test_what_a_whole_image_has_is_no_defect():
    anomaly_map = np.array([[0, 0, 0], [0, 0.5, 0]], np.float32)
    assert scoring.image_score(anomaly_map + np.float32(0.25), 0.1) == scoring.image_score(anomaly_map, 0.1)


@given(planes, st.floats(0.01, 0.5))
def test_the_image_score_lies_between_nothing_and_the_range(anomaly_map, top_ratio):
    score = scoring.image_score(anomaly_map, top_ratio)
    assert isinstance(score, float)
    assert -1e-6 <= score <= np.ptp(anomaly_map) + 1e-6
    assert score == scoring.image_score(np.ascontiguousarray(anomaly_map[::-1, ::-1]), top_ratio)
