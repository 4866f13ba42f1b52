"""The values that the page's drawings are made of."""

from __future__ import annotations

import numpy as np
import pytest

from saa.curves_file import Points
from saa.ops.curves import Curve, Score, max_f1
from saa.reports import _axes, _curves, _room


def texts(axis):
    return [text for _, text in axis.ticks]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.07, 0.53, ["0.1", "0.2", "0.3", "0.4", "0.5"]),
        (-1.4, -0.2, ["-1.0", "-0.5"]),
        (0, 250, ["0", "50", "100", "150", "200", "250"]),
        (1e-7, 5e-7, ["1e-07", "2e-07", "3e-07", "4e-07", "5e-07"]),
    ],
)
def test_round_numbers_stand_at_an_axis(low, high, expected):
    assert texts(_axes.axis(low, high)) == expected


def test_numbers_stand_where_they_belong():
    for place, text in _axes.axis(0.07, 0.53).ticks:
        assert place == pytest.approx((float(text) - 0.07) / 0.46)


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0, 1e6])
def test_one_value_alone_stands_in_the_middle(value):
    axis = _axes.axis(value, value)
    assert axis.place(value) == pytest.approx(0.5)
    assert axis.ticks


@pytest.mark.parametrize(
    ("most", "expected"), [(1, ["0", "1"]), (3, ["0", "1", "2", "3"]), (13, ["0", "4", "8", "13"])]
)
def test_numbers_of_images_are_whole_and_end_with_the_highest(most, expected):
    assert texts(_axes.counts(most)) == expected


@pytest.fixture
def curve():
    rng = np.random.default_rng(5)
    defective = rng.random(20_000) < 0.03
    return Curve.of(rng.normal(0, 1, 20_000) + 2.5 * defective, defective)


def test_lines_lie_where_the_figures_are(curve):
    points, best = Points.of(curve), max_f1(curve)
    drawn = _curves.curves(points, best)
    f1, precision, recall = drawn.over_threshold
    assert [line.name for line in drawn.over_threshold] == ["F1", "precision", "recall"]
    assert max(up for _, up in f1.points) == pytest.approx(best.value)
    for (at, up), (_, right), (_, found) in zip(f1.points, precision.points, recall.points, strict=True):
        assert 0 <= at <= 1
        assert up == pytest.approx(2 * right * found / (right + found) if right + found else 0)
    assert drawn.precision.points == tuple(zip(points.recall, points.precision, strict=True))


def test_the_best_threshold_is_marked_on_the_lines(curve):
    best = max_f1(curve)
    drawn = _curves.curves(Points.of(curve), best)
    assert (drawn.chosen.threshold, drawn.chosen.f1) == (best.threshold, best.value)
    assert (drawn.chosen.share, best.value) in drawn.over_threshold[0].points
    assert (drawn.chosen.recall, drawn.chosen.precision) in drawn.precision.points


def test_thresholds_that_find_next_to_nothing_are_left_out_of_the_axis():
    thresholds = np.array([100.0, 0.9, 0.5, 0.1])
    points = Points(thresholds, np.array([1.0, 1.0, 0.5, 0.1]), np.array([0.001, 0.4, 0.8, 1.0]))
    drawn = _curves.curves(points, Score(0.615, 0.5))
    assert (drawn.thresholds.low, drawn.thresholds.high) == (0.1, 0.9)
    assert drawn.over_threshold[0].points[0][0] == 0
    assert drawn.over_threshold[0].points[-1][0] == 1


def test_one_threshold_alone_is_drawn():
    drawn = _curves.curves(Points(np.array([0.5]), np.array([0.3]), np.array([1.0])), Score(0.46, 0.5))
    assert drawn.chosen.share == pytest.approx(0.5)
    assert drawn.precision.points == ((1.0, 0.3),)


def test_without_a_threshold_there_is_nothing_to_draw():
    nothing = np.zeros(0)
    assert _curves.curves(Points(nothing, nothing, nothing), None) is None


def test_without_a_best_threshold_nothing_is_marked(curve):
    assert _curves.curves(Points.of(curve), None).chosen is None


@pytest.mark.parametrize("count", [0, 1, 15, 60, 200, 1000])
def test_all_pictures_of_a_page_together_have_at_most_so_many_pixels(count):
    room = _room.among(count)
    cards = count * (2 * room.each + max(1, room.each // 2))
    assert room.each >= 1
    assert 4 * cards * room.side**2 <= 50_000_000
    assert 4 * cards * room.letters <= 25_000_000


def test_few_categories_show_more_and_larger_pictures_than_many():
    rooms = [_room.among(count) for count in (1, 15, 200)]
    assert [room.each for room in rooms] == [6, 4, 1]
    assert rooms[0].side > rooms[1].side > rooms[2].side
