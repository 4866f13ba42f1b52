from __future__ import annotations

import math

import numpy as np
import pytest

from saa import plugins
from saa.ops import released_regions
from saa.ops.components import Components, SizeRule
from saa.ops.counting import Labelled
from saa.ops.curves import Curve, Score
from saa.ops.matched_regions import MatchedRegions
from saa.types import Truth

KINDS = plugins.kinds("metrics")
LEVELS = ("pixel", "region", "image", "component", "retention")
SCORES = np.array([0.7, 0.2, 0.7, 0.4, 0.1])
DEFECTIVE = np.array([True, False, False, True, False])


def subject(kind: str, scores: np.ndarray, defective: np.ndarray) -> Curve | Components | MatchedRegions:
    """What a metric is computed from; regions and components are those of one row of pixels."""
    level = plugins.load("metrics", kind).LEVEL
    if level not in ("component", "region"):
        return Curve.of(scores, defective)
    row = scores[None].astype(np.float32)
    if level == "region":
        thresholds = released_regions.thresholds(float(row.min()), float(row.max()))
        return MatchedRegions.of(thresholds, Labelled(row, defective[None]))
    if defective.all() or not defective.any():
        return Components.unknown("nothing is defective or all is")
    truth = Truth(defective[None], np.ones((1, len(scores)), bool))
    below = float(np.nextafter(row[truth.defective].min(), np.float32(-np.inf)))
    return Components.of([(row, truth)], below, SizeRule(1, 1))


def arrays(given: Curve | Components | MatchedRegions) -> list[np.ndarray]:
    """Copies of all arrays in it."""
    of = [given.exact, given.released] if isinstance(given, MatchedRegions) else [given]
    return [np.copy(value) for each in of for value in vars(each).values() if isinstance(value, np.ndarray)]


def compute(kind: str, scores: np.ndarray, defective: np.ndarray) -> Score:
    return plugins.load("metrics", kind).compute(subject(kind, scores, defective))


@pytest.mark.parametrize("kind", KINDS)
class TestEveryMetric:
    def test_says_its_level_and_a_short_heading(self, kind):
        metric = plugins.load("metrics", kind)
        assert metric.LEVEL in LEVELS
        last = kind.rpartition("_")[2]
        assert last == metric.LEVEL or last not in LEVELS
        assert getattr(metric, "ONLY", "road") in ("road", "parts")
        assert 0 < len(metric.HEADING) <= 12

    def test_is_a_fraction_without_a_reason(self, kind):
        score = compute(kind, SCORES, DEFECTIVE)
        assert score.value is not None
        assert (
            0
            <= score.value
            <= (math.inf if getattr(plugins.load("metrics", kind), "UNBOUNDED", False) else 1)
        )
        assert score.reason == ""

    def test_is_at_its_best_for_a_perfect_ranking(self, kind):
        best = getattr(plugins.load("metrics", kind), "BEST", 1)
        assert compute(kind, DEFECTIVE.astype(float), DEFECTIVE).value == best

    def test_is_none_with_a_reason_where_undefined(self, kind):
        for defective in (np.zeros(5, bool), np.ones(5, bool)):
            score = compute(kind, SCORES, defective)
            assert score.value is None
            assert score.reason

    def test_does_not_depend_on_the_scale_of_the_scores(self, kind):
        plain, scaled = compute(kind, SCORES, DEFECTIVE), compute(kind, SCORES * 100 - 7, DEFECTIVE)
        assert plain.value == pytest.approx(scaled.value, abs=1e-12)

    def test_repeats_and_leaves_its_input_alone(self, kind):
        given = subject(kind, SCORES, DEFECTIVE)
        before = arrays(given)
        metric = plugins.load("metrics", kind)
        assert metric.compute(given) == metric.compute(given)
        assert all(map(np.array_equal, before, arrays(given)))

    def test_a_threshold_is_finite(self, kind):
        threshold = compute(kind, SCORES, DEFECTIVE).threshold
        assert threshold is None or math.isfinite(threshold)
