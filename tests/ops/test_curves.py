from __future__ import annotations

import numpy as np
import pytest

from saa.ops.curves import Curve, auroc, average_precision, max_f1

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


@pytest.mark.parametrize("metric", [max_f1, auroc, average_precision])
@pytest.mark.parametrize(
    ("labels", "reason"),
    [([], "nothing to score"), ([False, False], "nothing is defective"), ([True, True], "nothing is good")],
)
def test_undefined_says_why(metric, labels, reason):
    score = metric(Curve.of(np.zeros(len(labels)), np.array(labels, bool)))
    assert (score.value, score.threshold, score.reason) == (None, None, reason)
