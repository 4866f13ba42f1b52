from __future__ import annotations

import json

import numpy as np
import pytest

from saa import curves_file
from saa.curves_file import Points
from saa.errors import RunError
from saa.evaluate import evaluate
from saa.ops import curves
from saa.ops.curves import Curve


def random_curve(count=50_000):
    rng = np.random.default_rng(3)
    defective = rng.random(count) < 0.05
    return Curve.of(rng.normal(0, 1, count) + 2 * defective, defective)


def test_points_are_few_and_on_the_curve():
    curve = random_curve()
    points = Points.of(curve)
    assert len(points.thresholds) <= 200
    where = np.searchsorted(-curve.thresholds, -points.thresholds)
    assert np.array_equal(curve.thresholds[where], points.thresholds)
    called = curve.true_positives + curve.false_positives
    assert np.array_equal(points.precision, (curve.true_positives / called)[where])
    assert np.array_equal(points.recall, (curve.true_positives / curve.num_positives)[where])


def test_the_best_f1_the_first_threshold_and_the_first_that_finds_all_are_among_them():
    curve = random_curve()
    points = Points.of(curve)
    f1 = 2 * points.precision * points.recall / (points.precision + points.recall)
    best = curves.max_f1(curve)
    assert f1.max() == pytest.approx(best.value)
    assert points.thresholds[np.argmax(f1)] == best.threshold
    assert points.thresholds[0] == curve.thresholds[0]
    assert points.recall[-1] == 1
    assert (points.recall[:-1] < 1).all()


def test_lines_between_points_stay_close_to_the_curve():
    curve = random_curve()
    points = Points.of(curve)
    called = curve.true_positives + curve.false_positives
    f1 = 2 * curve.true_positives / (called + curve.num_positives)
    drawn = 2 * points.precision * points.recall / (points.precision + points.recall)
    between = np.interp(-curve.thresholds, -points.thresholds, drawn)
    assert np.abs(between - f1).max() < 0.02


def test_thresholds_are_numbers_whatever_lies_below_the_lowest_defective_pixel(small_run):
    evaluate(small_run.save())
    for points in curves_file.read(small_run.folder).values():
        assert np.isfinite(points.thresholds).all()
        assert points.thresholds[-1] >= 0


@pytest.mark.parametrize("defective", [[], [True, True], [False, False]])
def test_a_category_without_a_curve_has_no_points(defective):
    assert Points.of(Curve.of(np.arange(len(defective), dtype=float), np.array(defective, bool))) is None


def test_what_evaluate_writes_is_read_back(small_run, new_map):
    small_run.add("pill", "0.png", anomaly_map=new_map())
    run = small_run.save()
    assert curves_file.read(run) == {}
    found = evaluate(run)
    points = curves_file.read(run)
    assert sorted(points) == ["bottle", "grid"]
    for product, each in points.items():
        f1 = 2 * each.precision * each.recall / np.maximum(each.precision + each.recall, 1e-9)
        assert f1.max() == pytest.approx(found.categories[product].scores["max_f1_pixel"].value)


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({"categories": {"a": {"thresholds": []}}})])
def test_a_damaged_file_is_an_error(small_run, text):
    run = small_run.save()
    (run / "curves.json").write_text(text, "utf-8")
    with pytest.raises(RunError, match=r"curves\.json: expected curves as `saa evaluate` writes them"):
        curves_file.read(run)
