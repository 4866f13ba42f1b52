from __future__ import annotations

import math

import numpy as np
import pytest

from saa import plugins
from saa.ops.curves import Curve, Score

KINDS = plugins.kinds("metrics")
SCORES = np.array([0.7, 0.2, 0.7, 0.4, 0.1])
DEFECTIVE = np.array([True, False, False, True, False])


def compute(kind: str, scores: np.ndarray, defective: np.ndarray) -> Score:
    return plugins.load("metrics", kind).compute(Curve.of(scores, defective))


@pytest.mark.parametrize("kind", KINDS)
class TestEveryMetric:
    def test_says_its_level_and_a_short_heading(self, kind):
        metric = plugins.load("metrics", kind)
        assert metric.LEVEL in ("pixel", "image")
        assert kind.rpartition("_")[2] in (metric.LEVEL, kind)
        assert 0 < len(metric.HEADING) <= 12

    def test_is_a_fraction_without_a_reason(self, kind):
        score = compute(kind, SCORES, DEFECTIVE)
        assert score.value is not None
        assert 0 <= score.value <= 1
        assert score.reason == ""

    def test_is_one_for_a_perfect_ranking(self, kind):
        assert compute(kind, DEFECTIVE.astype(float), DEFECTIVE).value == 1

    def test_is_none_with_a_reason_where_undefined(self, kind):
        for defective in (np.zeros(5, bool), np.ones(5, bool)):
            score = compute(kind, SCORES, defective)
            assert score.value is None
            assert score.reason

    def test_does_not_depend_on_the_scale_of_the_scores(self, kind):
        plain, scaled = compute(kind, SCORES, DEFECTIVE), compute(kind, SCORES * 100 - 7, DEFECTIVE)
        assert plain.value == pytest.approx(scaled.value, abs=1e-12)

    def test_repeats_and_leaves_its_input_alone(self, kind):
        curve = Curve.of(SCORES, DEFECTIVE)
        before = curve.true_positives.copy()
        metric = plugins.load("metrics", kind)
        assert metric.compute(curve) == metric.compute(curve)
        assert np.array_equal(before, curve.true_positives)

    def test_a_threshold_is_finite(self, kind):
        threshold = compute(kind, SCORES, DEFECTIVE).threshold
        assert threshold is None or math.isfinite(threshold)
