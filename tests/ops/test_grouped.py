from __future__ import annotations

import numpy as np
import pytest

from saa.ops import curves
from saa.ops.counting import Labelled
from saa.ops.curves import Curve
from saa.ops.grouped import GROUP_TOLERANCE, pixel_curves

METRICS = (curves.max_f1, curves.auroc, curves.average_precision)


def drawn(count, shift, seed, digits=7):
    rng = np.random.default_rng(seed)
    maps = []
    for _ in range(count):
        mask = rng.random((40, 30)) < (0.1 if shift else 0)
        values = np.round(rng.normal(0, 1, mask.shape) + shift * mask, digits).astype(np.float32)
        maps.append(Labelled(values, mask))
    return maps


def exact(*groups):
    every = [each for group in groups for each in group]
    scores = np.concatenate([each.anomaly_map.ravel() for each in every])
    return Curve.of(scores, np.concatenate([each.mask.ravel() for each in every]))


def figures(curve):
    return [metric(curve).value for metric in METRICS]


@pytest.mark.parametrize("digits", [0, 7])
def test_each_group_is_scored_with_what_all_share(digits):
    groups = {
        "good": drawn(5, 0, 1, digits),
        "dent": drawn(4, 3, 2, digits),
        "stain": drawn(7, 1, 3, digits),
    }
    found = pixel_curves(groups, "good")
    assert sorted(found.each) == ["dent", "stain"]
    assert figures(found.whole) == pytest.approx(figures(exact(*groups.values())), abs=1e-6)
    for name in found.each:
        expected = figures(exact(groups["good"], groups[name]))
        assert figures(found.each[name]) == pytest.approx(expected, abs=GROUP_TOLERANCE)


def test_groups_unlike_what_came_first_are_as_exact(monkeypatch):
    """The first maps hold no defect: cells must be cut anew for what follows, and for the rarest type, too."""
    monkeypatch.setattr("saa.ops.counting._SAMPLE_PIXELS", 1)
    rare = [Labelled(np.float32(1) + drawn(1, 2, 5)[0].anomaly_map / np.float32(1e6), drawn(1, 2, 5)[0].mask)]
    groups = {"good": drawn(9, 0, 1), "stain": drawn(3, 1, 3), "tiny": rare}
    found = pixel_curves(groups, "good")
    assert figures(found.whole) == pytest.approx(figures(exact(*groups.values())), abs=1e-6)
    expected = figures(exact(groups["good"], rare))
    assert figures(found.each["tiny"]) == pytest.approx(expected, abs=GROUP_TOLERANCE)


def test_without_maps_there_is_an_empty_curve():
    found = pixel_curves({}, "good")
    assert len(found.whole.thresholds) == 0
    assert not found.each


def test_only_good_maps_have_a_curve_and_no_groups():
    found = pixel_curves({"good": drawn(2, 0, 1)}, "good")
    assert (found.whole.num_positives, found.whole.num_negatives) == (0, 2400)
    assert not found.each


def test_without_good_maps_a_group_stands_alone():
    groups = {"dent": drawn(3, 2, 1)}
    found = pixel_curves(groups, "good")
    assert figures(found.each["dent"]) == pytest.approx(figures(exact(groups["dent"])), abs=GROUP_TOLERANCE)


def test_thinning_changes_no_figure():
    curve = exact(drawn(2, 0, 1), drawn(3, 2, 2))
    thin = curve.thinned()
    assert len(thin.thresholds) < len(curve.thresholds) / 2
    metrics = (*METRICS, curves.aupro, lambda each: curves.fpr_at(each, 0.95))
    assert [metric(thin) for metric in metrics] == [metric(curve) for metric in metrics]


class Read(list):
    """Maps that know how often they were gone through."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def test_shared_maps_are_read_once_for_many_groups():
    groups = {"good": Read(drawn(3, 0, 1)), **{name: Read(drawn(2, 2, ord(name))) for name in "abcdefgh"}}
    pixel_curves(groups, "good")
    assert {each.times for each in groups.values()} == {1}


def test_more_groups_than_are_counted_at_once_are_each_as_exact():
    groups = {"good": drawn(1, 0, 1), **{f"{number:02}": drawn(1, 2, number) for number in range(14)}}
    found = pixel_curves(groups, "good")
    assert list(found.each) == [f"{number:02}" for number in range(14)]
    assert figures(found.whole) == pytest.approx(figures(exact(*groups.values())), abs=1e-6)
    for name, curve in found.each.items():
        alone = figures(exact(groups["good"], groups[name]))
        assert figures(curve) == pytest.approx(alone, abs=GROUP_TOLERANCE)
