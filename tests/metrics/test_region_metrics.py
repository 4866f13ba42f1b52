"""Region metrics equal labelling the thresholded maps anew at every threshold, with scikit-image."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from skimage import measure

from saa.metrics import max_f1_region, max_f1_region_released
from saa.ops import region_counts, released_regions
from saa.ops.counting import Labelled
from saa.ops.matched_regions import MatchedRegions


def regions_of(mask):
    labels = measure.label(mask, connectivity=2)
    return [labels == number for number in range(1, labels.max() + 1)]


def loop_max_f1(maps, masks, least=0.6):
    """The best F1 and the highest threshold that gives it, matching by trying all pairs."""
    best, where = 0.0, None
    for threshold in np.unique(np.concatenate([each.ravel() for each in maps]))[::-1]:
        matched = predicted = true = 0
        for scores, mask in zip(maps, masks, strict=True):
            found, there = regions_of(scores >= threshold), regions_of(mask)
            matched += sum(
                np.sum(one & other) / np.sum(one | other) >= least
                for one, other in itertools.product(found, there)
            )
            predicted, true = predicted + len(found), true + len(there)
        if 2 * matched / (predicted + true) > best:
            best, where = 2 * matched / (predicted + true), threshold
    return best, where


def loop_released(maps, masks, least=0.6):
    """The released code's figure: whole binary maps compared inside the box around two regions."""
    lowest, highest = min(each.min() for each in maps), max(each.max() for each in maps)
    best = 0.0
    for threshold in released_regions.thresholds(lowest, highest):
        hits = predicted = true = 0
        for scores, mask in zip(maps, masks, strict=True):
            called = scores > threshold
            found, there = (
                measure.regionprops(measure.label(each, connectivity=2)) for each in (called, mask)
            )
            for one in found:
                overlaps = []
                for other in there:
                    top, left = np.minimum(one.bbox[:2], other.bbox[:2])
                    bottom, right = np.maximum(one.bbox[2:], other.bbox[2:])
                    box = slice(top, bottom), slice(left, right)
                    overlaps.append(np.sum(called[box] & mask[box]) / np.sum(called[box] | mask[box]))
                hits += max(overlaps, default=0) >= least
            predicted, true = predicted + len(found), true + len(there)
        if hits:
            precision, recall = hits / predicted, hits / true
            best = max(best, 2 * precision * recall / (precision + recall))
    return best


def matched(maps, masks):
    lowest, highest = min(each.min() for each in maps), max(each.max() for each in maps)
    thresholds = released_regions.thresholds(float(lowest), float(highest))
    return matched_at(thresholds, map(Labelled, maps, masks))


def matched_at(thresholds, labelled):
    return MatchedRegions.total(MatchedRegions.of(thresholds, each) for each in labelled)


def drawn(seed, count=4):
    """Maps that show their defects more or less clearly, of few values or many, some without any defect."""
    rng = np.random.default_rng(seed)
    maps, masks = [], []
    for number in range(count):
        mask = rng.random(rng.integers(3, 14, 2)) < (0.3 if number else 0)
        noise = rng.normal(0, 0.5, mask.shape)
        maps.append(np.round(noise + mask * rng.choice([0, 1, 3]), rng.integers(0, 3)).astype(np.float32))
        masks.append(mask)
    return maps, masks


@pytest.mark.parametrize("seed", range(12))
def test_one_to_one_equals_labelling_at_every_threshold(seed):
    maps, masks = drawn(seed)
    score = max_f1_region.compute(matched(maps, masks))
    value, threshold = loop_max_f1(maps, masks)
    assert score.value == pytest.approx(value, abs=1e-12)
    assert value == 0 or score.threshold == threshold


@pytest.mark.parametrize("seed", range(12))
def test_the_released_variant_equals_its_definition(seed):
    maps, masks = drawn(seed, 2)
    score = max_f1_region_released.compute(matched(maps, masks))
    assert score.value == pytest.approx(loop_released(maps, masks), abs=1e-12)


def square(size=12, gap=0):
    """A true square of 8 pixels, and its prediction with a gap of so many columns."""
    mask = np.zeros((size, size), bool)
    mask[2:10, 2:10] = True
    found = mask.astype(np.float32)
    found[:, 6 - gap // 2 : 6 + gap - gap // 2] = 0
    return found, mask


def test_a_square_split_by_a_gap_is_found_twice_by_the_released_code_and_not_at_all_one_to_one():
    regions = matched(*([each] for each in square(gap=2)))
    assert max_f1_region_released.compute(regions).value == pytest.approx(4 / 3)
    assert max_f1_region.compute(regions).value == 0


def test_an_overlap_of_exactly_six_tenths_matches():
    mask = np.array([[1, 1, 1, 1, 1]], bool)
    found = np.array([[1, 1, 1, 0, 0]], np.float32)
    good = np.zeros((1, 5), bool), np.zeros((1, 5), np.float32)
    assert max_f1_region.compute(matched([found, good[1]], [mask, good[0]])).value == 1


def test_noise_of_one_pixel_counts_as_a_prediction():
    found, mask = square()
    found[0, 0] = found[11, 11] = 1
    assert max_f1_region.compute(matched([found], [mask])).value == pytest.approx(2 / (3 + 1))


def test_the_threshold_gives_the_value_and_predicts_what_reaches_it():
    maps, masks = drawn(3)
    for metric in (max_f1_region, max_f1_region_released):
        score = metric.compute(matched(maps, masks))
        binary = [(each >= score.threshold).astype(np.float32) for each in maps]
        assert metric.compute(matched(binary, masks)).value == pytest.approx(score.value)


@pytest.mark.parametrize("metric", [max_f1_region, max_f1_region_released])
@pytest.mark.parametrize(
    ("mask", "reason"),
    [(np.zeros((3, 4), bool), "nothing is defective"), (np.ones((3, 4), bool), "nothing is good")],
)
def test_undefined_says_why(metric, mask, reason):
    found = metric.compute(matched([np.ones((3, 4), np.float32)], [mask]))
    assert (found.value, found.reason) == (None, reason)
    nothing = metric.compute(MatchedRegions.none(released_regions.thresholds(np.inf, -np.inf)))
    assert (nothing.value, nothing.reason) == (None, "nothing to score")


def test_pixels_that_do_not_count_are_neither_predicted_nor_in_the_way():
    found, mask = square()
    found[0, 0], scored = 5, np.ones_like(mask)
    scored[0, 0] = False
    thresholds = released_regions.thresholds(0, 1)
    regions = MatchedRegions.of(thresholds, Labelled(found, mask, scored))
    assert max_f1_region.compute(regions).value == max_f1_region_released.compute(regions).value == 1


def test_neither_order_nor_grouping_of_maps_matters():
    maps, masks = drawn(1, 9)
    lowest, highest = min(each.min() for each in maps), max(each.max() for each in maps)
    thresholds = released_regions.thresholds(float(lowest), float(highest))
    labelled = [Labelled(*each) for each in zip(maps, masks, strict=True)]
    every = matched_at(thresholds, labelled)
    parts = MatchedRegions.total([matched_at(thresholds, labelled[part::3]) for part in (2, 0, 1)])
    for whole, sum_ in ((every.exact, parts.exact), (every.released, parts.released)):
        assert all(np.array_equal(value, vars(sum_)[name]) for name, value in vars(whole).items())


def test_with_too_many_thresholds_those_that_stay_are_as_exact(monkeypatch):
    rng = np.random.default_rng(0)
    maps = [rng.normal(0, 1, (20, 30)).astype(np.float32) for _ in range(6)]
    masks = [rng.random((20, 30)) < 0.1 for _ in maps]
    exact = matched(maps, masks).exact
    monkeypatch.setattr(region_counts, "MAX_THRESHOLDS", 60)
    thin = matched(maps, masks).exact
    assert 0 < len(thin.thresholds) <= 60 < len(exact.thresholds)
    for threshold, count in zip(thin.thresholds, np.cumsum(thin.predicted), strict=True):
        assert count == sum(len(regions_of(each >= threshold)) for each in maps)


def test_maps_too_large_for_the_released_variant_have_a_reason(monkeypatch):
    monkeypatch.setattr(released_regions, "MAX_PX", 100)
    regions = matched(*([each] for each in square()))
    found = max_f1_region_released.compute(regions)
    assert found.value is None
    assert "see protocol released" in found.reason
    assert max_f1_region.compute(regions).value == 1


def test_counts_at_other_thresholds_cannot_be_added():
    one, other = (released_regions.ReleasedCounts.none(released_regions.thresholds(0, top)) for top in (1, 2))
    with pytest.raises(ValueError, match="counts: expected both at the same thresholds, got others"):
        one + other
