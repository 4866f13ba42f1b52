from __future__ import annotations

import numpy as np
import pytest

from saa.metrics import component_f1, component_ppv, component_siou
from saa.ops.components import Components

METRICS = (component_siou, component_ppv, component_f1)


def components(overlaps, purities):
    return Components(np.array(overlaps, np.float64), np.array(purities, np.float64), 0.5)


def values(overlaps, purities):
    return tuple(metric.compute(components(overlaps, purities)).value for metric in METRICS)


def loop_f1(overlaps, purities):
    f1 = []
    for least in (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75):
        hits = sum(each >= least for each in overlaps)
        misses = sum(each < least for each in overlaps)
        alarms = sum(each < least for each in purities)
        f1.append(2 * hits / (2 * hits + misses + alarms))
    return sum(f1) / len(f1)


def test_any_components_equal_the_loop():
    rng = np.random.default_rng(2)
    overlaps, purities = rng.random(40), rng.random(25)
    expected = overlaps.mean(), purities.mean(), loop_f1(overlaps, purities)
    assert values(overlaps, purities) == pytest.approx(expected)


def test_one_found_one_missed_and_one_false_alarm():
    """F1 is 2 / (2 + 1 + 1) whatever is asked of an overlap."""
    assert values([0.9, 0.1], [0.8, 0.2]) == pytest.approx((0.5, 0.5, 0.5))


def test_an_overlap_at_a_limit_counts_as_found():
    assert component_f1.compute(components([0.25], [])).value == pytest.approx(1 / 11)


def test_nothing_predicted_is_worth_nothing():
    assert values([0.0, 0.0], []) == (0, 0, 0)


def test_without_true_components_there_is_no_siou():
    found = component_siou.compute(components([], [0.0]))
    assert (found.value, found.reason) == (None, "no anomaly is large enough to count as a component")
    assert component_f1.compute(components([], [0.0])).value == 0
    assert component_f1.compute(components([], [])).reason == "no component is large enough to count"


def test_the_threshold_is_told():
    assert {metric.compute(components([1], [1])).threshold for metric in METRICS} == {0.5}


def test_unknown_components_say_why():
    found = [metric.compute(Components.unknown("nothing is defective")) for metric in METRICS]
    assert {(each.value, each.reason) for each in found} == {(None, "nothing is defective")}
