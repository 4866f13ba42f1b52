from __future__ import annotations

import numpy as np
import pytest

from saa.ops import counting
from saa.ops.counting import TOLERANCE, Asked, Labelled, pixel_curve, pixel_curves
from saa.ops.curves import Curve, auroc, average_precision, max_f1

SIDE = 100


class Source:
    """Maps that know how often they were asked for and how many of them are still in use."""

    def __init__(self, num_maps, groups="a"):
        rng = np.random.default_rng(5)
        self.scores = rng.gamma(2, 0.3, (num_maps, SIDE, SIDE)).astype(np.float32)
        self.masks = rng.random(self.scores.shape) < 0.02
        self.scores[self.masks] += 0.5
        self.groups = [groups[number % len(groups)] for number in range(num_maps)]
        self.readings = 0

    def __call__(self):
        self.readings += 1
        return map(Labelled, self.scores, self.masks, [None] * len(self.masks), self.groups)

    def exact(self, groups="ab"):
        which = [group in groups for group in self.groups]
        return Curve.of(self.scores[which].ravel(), self.masks[which].ravel())


def figures(curve):
    return [metric(curve).value for metric in (max_f1, auroc, average_precision)]


def test_an_ordinary_distribution_is_read_once(monkeypatch):
    monkeypatch.setattr(counting, "_HELD_PIXELS", 10 * SIDE**2)
    source = Source(40)
    curve = pixel_curve(source)
    assert source.readings == 1
    assert figures(curve) == pytest.approx(figures(source.exact()), abs=TOLERANCE)


def test_a_sample_of_some_rows_is_enough(monkeypatch):
    monkeypatch.setattr(counting, "_HELD_PIXELS", 20 * SIDE**2)
    monkeypatch.setattr(counting, "_SAMPLE_PIXELS", 5 * SIDE**2)
    source = Source(40)
    curve = pixel_curve(source)
    assert source.readings == 1
    assert figures(curve) == pytest.approx(figures(source.exact()), abs=TOLERANCE)


def test_what_is_held_is_never_read_again():
    source = Source(3)
    assert figures(pixel_curve(source, 1e-9)) == pytest.approx(figures(source.exact()), abs=1e-9)
    assert source.readings == 1


def test_what_is_not_held_is_read_again_where_more_is_asked(monkeypatch):
    monkeypatch.setattr(counting, "_HELD_PIXELS", 2 * SIDE**2)
    source = Source(6)
    assert figures(pixel_curve(source, 1e-10)) == pytest.approx(figures(source.exact()), abs=1e-10)
    assert source.readings > 1


def test_groups_are_answered_apart_each_as_exactly_as_asked(monkeypatch):
    monkeypatch.setattr(counting, "_HELD_PIXELS", 2 * SIDE**2)
    source = Source(10, "ab")
    asked = [Asked(), Asked("a"), Asked(("b",), 1e-9, exact_f1=True), Asked(())]
    whole, first, second, none = pixel_curves(source, asked)
    assert figures(whole) == pytest.approx(figures(source.exact()), abs=TOLERANCE)
    assert figures(first) == pytest.approx(figures(source.exact("a")), abs=TOLERANCE)
    assert figures(second) == pytest.approx(figures(source.exact("b")), abs=1e-9)
    assert max_f1(second).value == max_f1(source.exact("b")).value
    assert len(none.thresholds) == 0


def test_a_curve_has_no_threshold_that_no_figure_hangs_on():
    curve = pixel_curve(Source(3))
    assert len(curve.thinned().thresholds) == len(curve.thresholds)
