from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn import metrics as sklearn_metrics

from saa.ops import counting, masks
from saa.ops.counting import TOLERANCE, Labelled, pixel_curve
from saa.ops.curves import MAX_FPR, Curve, aupro, auroc, average_precision, fpr_at, fpr_between, max_f1


def reference(scores: np.ndarray, defective: np.ndarray, side: int = 100) -> tuple[float, ...]:
    """max-F1, AUROC, average precision and AUPRO by scikit-learn; the last as a weighted ROC curve."""
    weights = np.ones(scores.size)
    weights[defective] = np.concatenate(
        [masks.region_shares(each.mask) for each in pieces(scores, defective, side)]
    )
    fpr, tpr, _ = sklearn_metrics.roc_curve(defective, scores, sample_weight=weights, drop_intermediate=False)
    low = fpr < MAX_FPR
    x, y = np.append(fpr[low], MAX_FPR), np.append(tpr[low], np.interp(MAX_FPR, fpr, tpr))
    precision, recall, _ = sklearn_metrics.precision_recall_curve(defective, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    return (
        float(f1.max()),
        float(sklearn_metrics.roc_auc_score(defective, scores)),
        float(sklearn_metrics.average_precision_score(defective, scores)),
        float(sklearn_metrics.auc(x, y) / MAX_FPR),
    )


def figures(curve: Curve) -> tuple[float | None, ...]:
    return tuple(metric(curve).value for metric in (max_f1, auroc, average_precision, aupro))


RECALLS = (0.05, 0.95, 1.0)


def rates(scores: np.ndarray, defective: np.ndarray) -> list[float]:
    """The false positive rate of the first threshold with each recall, by scikit-learn."""
    fpr, tpr, _ = sklearn_metrics.roc_curve(defective, scores, drop_intermediate=False)
    return [float(fpr[np.searchsorted(tpr, recall)]) for recall in RECALLS]


def straight_rate(scores: np.ndarray, defective: np.ndarray) -> float:
    """That on the line to the first threshold with a recall of 0.95."""
    fpr, tpr, _ = sklearn_metrics.roc_curve(defective, scores, drop_intermediate=False)
    end = int(np.searchsorted(tpr, 0.95)) + 1
    return float(np.interp(0.95, tpr[:end], fpr[:end]))


def pieces(scores: np.ndarray, defective: np.ndarray, side: int = 100):
    """The pixels as maps of `side` x `side`, the last one shorter."""
    for start in range(0, scores.size, side * side):
        end = min(start + side * side, scores.size)
        yield Labelled(scores[start:end].reshape(1, -1), defective[start:end].reshape(1, -1))


def uniform(rng, size):
    return rng.random(size)


def few_values(rng, size):
    return rng.integers(0, 4, size) / 3


def extreme_skew(rng, size):
    return 10.0 ** rng.uniform(-38, 38, size)


def negative(rng, size):
    return -rng.gamma(2, 1, size) * 1000


def both_signs(rng, size):
    return rng.normal(0, 1e-3, size)


def all_equal(rng, size):
    return np.full(size, 0.25)


def neighbouring_floats(rng, size):
    """A thousand clusters far apart, each of two adjacent values: any histogram with equal bins fails."""
    cluster = (rng.integers(0, 1000, size) + 1).astype(np.float32)
    return np.where(rng.random(size) < 0.5, cluster, np.nextafter(cluster, np.float32(np.inf)))


def denormal(rng, size):
    return rng.integers(-500, 500, size) * np.float32(1e-45)


def last_digits(rng, size):
    """Some dozens of adjacent floats."""
    return (np.float32(-7).view(np.int32) + rng.integers(0, 40, size).astype(np.int32)).view(np.float32)


def whole_range(rng, size):
    """But for what scikit-learn cannot add up in float32."""
    return rng.choice([-1, 1], size) * 10.0 ** rng.uniform(-45, 33, size)


def nearly_one(rng, size):
    return 1 - rng.random(size) * 1e-5


def mostly_zero(rng, size):
    return np.where(rng.random(size) < 0.97, 0.0, rng.gamma(2, 0.3, size))


SHAPES = [
    uniform, few_values, extreme_skew, negative, both_signs, all_equal, neighbouring_floats, denormal,
    last_digits, whole_range, nearly_one, mostly_zero,
]  # fmt: skip


@pytest.mark.parametrize("held", [5_000, 1 << 24])
@pytest.mark.parametrize("labels", ["half", "rare", "one", "all_but_one", "sorted", "late"])
@pytest.mark.parametrize("shape", SHAPES)
def test_any_distribution_gives_what_scikit_learn_gives(shape, labels, held, monkeypatch):
    """With all pixels at hand, where more exact is asked, and with a sixth of them."""
    monkeypatch.setattr(counting, "_HELD_PIXELS", held)
    rng = np.random.default_rng(7)
    size = 30_000
    scores = shape(rng, size).astype(np.float32)
    defective = {
        "half": rng.random(size) < 0.5,
        "rare": rng.random(size) < 0.01,
        "one": np.arange(size) == 17,
        "all_but_one": np.arange(size) != 17,
        "sorted": scores > np.median(scores) if scores.min() < np.median(scores) else np.arange(size) < 9,
        "late": np.arange(size) > size - 300,
    }[labels]
    if not defective.any():
        defective[:3] = True
    curve = pixel_curve(lambda: pieces(scores, defective), recalls=RECALLS)
    bound = TOLERANCE if held < size else 1e-6
    assert figures(curve) == pytest.approx(reference(scores, defective), abs=bound)
    assert [fpr_at(curve, recall).value for recall in RECALLS] == pytest.approx(
        rates(scores, defective), abs=bound
    )
    assert fpr_between(curve, 0.95).value == pytest.approx(straight_rate(scores, defective), abs=bound)


@pytest.mark.parametrize("labels", ["half", "rare", "random"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_best_threshold_may_be_asked_for_without_error(shape, labels, monkeypatch):
    monkeypatch.setattr(counting, "_HELD_PIXELS", 5_000)
    rng = np.random.default_rng(13)
    size = 30_000
    scores = shape(rng, size).astype(np.float32)
    order = np.argsort(np.argsort(scores)) / size
    chance = {"half": order, "rare": 0.02 * order**4, "random": np.full(size, 0.1)}[labels]
    defective = rng.random(size) < chance
    curve = pixel_curve(lambda: pieces(scores, defective), exact_f1=True)
    exact = max_f1(Curve.of(scores, defective))
    best = max_f1(curve)
    assert best.value == exact.value
    assert scores[scores >= np.float32(best.threshold)].min() == np.float32(exact.threshold)


def test_pixels_that_are_not_scored_are_as_if_they_were_not_there(monkeypatch):
    monkeypatch.setattr(counting, "_HELD_PIXELS", 5_000)
    rng = np.random.default_rng(8)
    maps = [rng.normal(-3, 1, (50, 70)).astype(np.float32) for _ in range(9)]
    scored = [rng.random((50, 70)) < 0.7 for _ in maps]
    defects = [(rng.random((50, 70)) < 0.05) & each for each in scored]
    curve = pixel_curve(lambda: map(Labelled, maps, defects, scored), recalls=(0.95,))
    left = [(each[where], labels[where]) for each, where, labels in zip(maps, scored, defects, strict=True)]
    scores, defective = (np.concatenate(each) for each in zip(*left, strict=True))
    assert curve.num_positives + curve.num_negatives == scores.size
    assert figures(curve)[:3] == pytest.approx(reference(scores, defective)[:3], abs=1e-6)
    assert fpr_at(curve, 0.95).value == pytest.approx(rates(scores, defective)[1], abs=1e-6)


def test_a_region_cut_by_what_is_not_scored_is_two():
    scores, mask = np.float32([[9, 9, 9, 5, 0]]), np.array([[1, 0, 0, 1, 0]], bool)
    scored = np.array([[1, 0, 0, 1, 1]], bool)
    assert pixel_curve(lambda: [Labelled(scores, mask, scored)]).overlaps[-1] == 2


def test_the_threshold_gives_the_figure():
    rng = np.random.default_rng(3)
    scores = rng.gamma(2, 0.3, 50_000).astype(np.float32)
    defective = rng.random(50_000) < 0.05
    scores[defective] += 0.6
    best = max_f1(pixel_curve(lambda: pieces(scores, defective)))
    called = scores >= np.float32(best.threshold)
    hits = np.count_nonzero(called & defective)
    assert best.value == pytest.approx(2 * hits / (called.sum() + defective.sum()), abs=1e-12)


def test_a_lone_defective_pixel_among_near_equals_is_ranked_exactly():
    scores = np.linspace(1, 1 + 1e-3, 40_000).astype(np.float32)
    defective = np.zeros(40_000, bool)
    defective[-8] = True
    curve = pixel_curve(lambda: pieces(scores, defective))
    assert figures(curve) == pytest.approx(reference(scores, defective), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.float32, 60, elements=st.floats(-(2.0**100), 2.0**100, width=32)),
    arrays.arrays(np.bool_, 60),
)
def test_small_cases_equal_scikit_learn(scores, defective):
    defective[0], defective[1] = True, False
    curve = pixel_curve(lambda: pieces(scores, defective, side=4))
    assert figures(curve) == pytest.approx(reference(scores, defective, side=4), abs=1e-6)


def test_zero_and_minus_zero_are_one_value():
    scores, defective = np.float32([[0.0, -0.0, 1.0]]), np.array([[True, False, False]])
    assert len(pixel_curve(lambda: [Labelled(scores, defective)]).thresholds) == 2


def test_no_maps_give_an_empty_curve():
    curve = pixel_curve(list)
    assert (curve.num_positives, curve.num_negatives, len(curve.thresholds)) == (0, 0, 0)


def test_only_good_pixels_give_a_curve_without_positives():
    curve = pixel_curve(lambda: [Labelled(np.float32([[0.5, 0.1]]), np.array([[False, False]]))])
    assert (curve.num_positives, curve.num_negatives) == (0, 2)
