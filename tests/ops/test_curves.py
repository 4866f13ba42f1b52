from __future__ import annotations

import numpy as np
import pytest

from saa.ops.curves import Curve, auroc, average_precision, fpr_at, fpr_between, max_f1, retention

SCORES = np.array([0.9, 0.8, 0.8, 0.3, 0.1])
DEFECTIVE = np.array([True, True, False, False, True])


def test_the_curve_has_one_threshold_for_each_value_highest_first():
    curve = Curve.of(SCORES, DEFECTIVE)
    assert curve.thresholds.tolist() == [0.9, 0.8, 0.3, 0.1]
    assert curve.true_positives.tolist() == [1, 2, 2, 3]
    assert curve.false_positives.tolist() == [0, 1, 2, 2]


def test_max_f1_is_typed_by_hand():
    best = max_f1(Curve.of(SCORES, DEFECTIVE))
    assert best.value == pytest.approx(6 / 8)  # everything called: 3 hits of 5 called and 3 defective
    assert best.threshold == 0.1


def test_equal_f1_takes_the_highest_threshold():
    curve = Curve.of(np.array([3.0, 2.0, 1.0, 0.0]), np.array([True, False, False, False]))
    assert max_f1(curve).threshold == 3.0


def test_auroc_equals_a_loop_over_all_pairs():
    pairs = [(good < bad) + (good == bad) / 2 for bad in SCORES[DEFECTIVE] for good in SCORES[~DEFECTIVE]]
    assert auroc(Curve.of(SCORES, DEFECTIVE)).value == pytest.approx(np.mean(pairs))


def test_average_precision_is_typed_by_hand():
    expected = (1 / 1 + 2 / 3 + 3 / 5) / 3
    assert average_precision(Curve.of(SCORES, DEFECTIVE)).value == pytest.approx(expected)


def test_a_rate_is_that_of_the_first_threshold_that_finds_enough():
    """Two of three defective ones are found from 0.8 on, where one of two good ones is called."""
    curve = Curve.of(SCORES, DEFECTIVE)
    found = [fpr_at(curve, recall) for recall in (0.3, 2 / 3, 0.7, 1.0)]
    assert [(each.value, each.threshold) for each in found] == [(0, 0.9), (0.5, 0.8), (1, 0.1), (1, 0.1)]


def test_a_rate_between_thresholds_lies_on_the_line_from_the_last_one_before():
    """From (1/3, 0) at 0.9 to (2/3, 1/2) at 0.8; then 0.3 calls a good one more, and 0.1 the last defective."""
    curve = Curve.of(SCORES, DEFECTIVE)
    assert fpr_between(curve, 0.2).value == 0
    assert fpr_between(curve, 0.5).value == pytest.approx(0.25)
    assert fpr_between(curve, 2 / 3).value == pytest.approx(0.5)
    assert fpr_between(curve, 0.7).value == pytest.approx(1)
    assert fpr_between(Curve.of(np.zeros(4), np.eye(1, 4, dtype=bool)[0]), 0.95).value == pytest.approx(0.95)


def test_a_recall_of_nineteen_in_twenty_is_reached_by_nineteen_of_twenty():
    scores = np.append(np.arange(20.0, 0, -1), [1.5])
    assert fpr_at(Curve.of(scores, scores != 1.5), 0.95).value == 0


def test_retention_is_what_a_rate_leaves():
    assert retention(Curve.of(SCORES, DEFECTIVE), 0.5).value == 0.5
    assert retention(Curve.of(SCORES, DEFECTIVE), 0.5).threshold == 0.8


def at_half(rate):
    return lambda curve: rate(curve, 0.5)


@pytest.mark.parametrize(
    "metric", [max_f1, auroc, average_precision, at_half(fpr_at), at_half(fpr_between), at_half(retention)]
)
@pytest.mark.parametrize(
    ("labels", "reason"),
    [([], "nothing to score"), ([False, False], "nothing is defective"), ([True, True], "nothing is good")],
)
def test_undefined_says_why(metric, labels, reason):
    score = metric(Curve.of(np.zeros(len(labels)), np.array(labels, bool)))
    assert (score.value, score.threshold, score.reason) == (None, None, reason)
