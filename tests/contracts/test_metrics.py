from __future__ import annotations

import math

import numpy as np
import pytest

from saa import plugins
from saa.ops.components import Components, SizeRule
from saa.ops.curves import Curve, Score
from saa.types import Truth

KINDS = plugins.kinds("metrics")
LEVELS = ("pixel", "image", "component", "retention")
SCORES = np.array([0.7, 0.2, 0.7, 0.4, 0.1])
DEFECTIVE = np.array([True, False, False, True, False])


def subject(kind: str, scores: np.ndarray, defective: np.ndarray) -> Curve | Components:
    """What a metric is computed from; components are those of one row of pixels that finds all defective ones."""
    if plugins.load("metrics", kind).LEVEL != "component":
        return Curve.of(scores, defective)
    if defective.all() or not defective.any():
        return Components.unknown("nothing is defective or all is")
    row, truth = scores[None].astype(np.float32), Truth(defective[None], np.ones((1, len(scores)), bool))
    below = float(np.nextafter(row[truth.defective].min(), np.float32(-np.inf)))
    return Components.of([(row, truth)], below, SizeRule(1, 1))


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
        assert 0 <= score.value <= 1
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
        before = {name: np.copy(value) for name, value in vars(given).items()}
        metric = plugins.load("metrics", kind)
        assert metric.compute(given) == metric.compute(given)
        assert all(np.array_equal(value, vars(given)[name]) for name, value in before.items())

    def test_a_threshold_is_finite(self, kind):
        threshold = compute(kind, SCORES, DEFECTIVE).threshold
        assert threshold is None or math.isfinite(threshold)
