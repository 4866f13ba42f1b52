"""Each metric equals the library and a slow, obvious loop."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage
from sklearn import metrics as sklearn_metrics

from saa import plugins
from saa.ops.counting import Labelled, pixel_curve
from saa.ops.curves import Curve


def loop_max_f1(scores, defective):
    best = 0.0
    for threshold in np.unique(scores):
        called = scores >= threshold
        best = max(best, 2 * np.sum(called & defective) / (called.sum() + defective.sum()))
    return best


def loop_best_iou(scores, defective):
    called = [scores >= threshold for threshold in np.unique(scores)]
    return max(np.sum(each & defective) / np.sum(each | defective) for each in called)


def library_best_iou(scores, defective):
    return max(sklearn_metrics.jaccard_score(defective, scores >= each) for each in np.unique(scores))


def loop_auroc(scores, defective):
    good = scores[~defective]
    return np.mean([np.mean(good < bad) + np.mean(good == bad) / 2 for bad in scores[defective]])


def loop_average_precision(scores, defective):
    total, recall = 0.0, 0.0
    for threshold in np.unique(scores)[::-1]:
        called = scores >= threshold
        now = np.sum(called & defective) / defective.sum()
        total += (now - recall) * np.mean(defective[called])
        recall = now
    return total


def loop_aupro(maps, masks):
    """Mean overlap of the regions and false positive rate at every threshold, straight lines in between."""
    regions = []
    for number, mask in enumerate(masks):
        labels, count = ndimage.label(mask, np.ones((3, 3)))
        regions += [(number, labels == label) for label in range(1, count + 1)]
    points = [(0.0, 0.0)]
    for threshold in np.unique(maps)[::-1]:
        called = maps >= threshold
        overlaps = [np.mean(called[number][region]) for number, region in regions]
        points.append((np.mean(called[~masks]), np.mean(overlaps)))
    area = 0.0
    for (left, low), (right, high) in itertools.pairwise(points):
        if left < 0.3 and right > left:
            end = min(right, 0.3)
            at_end = low + (high - low) * (end - left) / (right - left)
            area += (end - left) * (low + at_end) / 2
    return area / 0.3


def library_aupro(maps, masks):
    """A ROC curve in which each defective pixel weighs 1 / area of its region."""
    weights = np.ones(maps.shape)
    for mask, weight in zip(masks, weights, strict=True):
        labels, _ = ndimage.label(mask, np.ones((3, 3)))
        weight[mask] = 1 / np.bincount(labels.ravel())[labels[mask]]
    rates, overlaps, _ = sklearn_metrics.roc_curve(
        masks.ravel(), maps.ravel(), sample_weight=weights.ravel(), drop_intermediate=False
    )
    inside = rates < 0.3
    ends = [0.3], [np.interp(0.3, rates, overlaps)]
    x, y = (np.append(each[inside], end) for each, end in zip((rates, overlaps), ends, strict=True))
    return sklearn_metrics.auc(x, y) / 0.3


def library_max_f1(scores, defective):
    precision, recall, _ = sklearn_metrics.precision_recall_curve(defective, scores)
    return np.max(2 * precision * recall / np.maximum(precision + recall, 1e-300))


def loop_fpr95(scores, defective):
    for threshold in np.unique(scores)[::-1]:
        if np.mean(scores[defective] >= threshold) >= 0.95:
            return np.mean(scores[~defective] >= threshold)
    raise AssertionError


def library_fpr95(scores, defective):
    fpr, tpr, _ = sklearn_metrics.roc_curve(defective, scores, drop_intermediate=False)
    return fpr[np.searchsorted(tpr, 0.95)]


def loop_fpr95_linear(scores, defective):
    before = (0.0, 0.0)
    for threshold in np.unique(scores)[::-1]:
        found = np.mean(scores[defective] >= threshold)
        called = np.mean(scores[~defective] >= threshold)
        if found >= 0.95:
            return before[1] + (called - before[1]) * (0.95 - before[0]) / (found - before[0])
        before = found, called
    raise AssertionError


def library_fpr95_linear(scores, defective):
    """As ood-metrics has it; where a threshold has a recall of 0.95 exactly, numpy would take the last of such."""
    fpr, tpr, _ = sklearn_metrics.roc_curve(defective, scores)
    assert 0.95 not in tpr
    return np.interp(0.95, tpr, fpr)


def loop_retention(recall):
    def kept(scores, defective):
        threshold = max(each for each in scores if np.mean(scores[defective] >= each) >= recall)
        return np.mean(scores[~defective] < threshold)

    return kept


def library_retention(recall):
    """The threshold as a quantile of the defective ones, which numpy names."""

    def kept(scores, defective):
        threshold = np.quantile(scores[defective], 1 - recall, method="inverted_cdf")
        return np.mean(scores[~defective] < threshold)

    return kept


def of_pixels(reference):
    """A reference that needs no places, given maps and masks."""
    return lambda maps, masks: reference(maps.ravel(), masks.ravel())


REFERENCES = {
    "max_f1": (of_pixels(loop_max_f1), of_pixels(library_max_f1)),
    "best_iou": (of_pixels(loop_best_iou), of_pixels(library_best_iou)),
    "auroc": (of_pixels(loop_auroc), of_pixels(lambda s, d: sklearn_metrics.roc_auc_score(d, s))),
    "ap": (
        of_pixels(loop_average_precision),
        of_pixels(lambda s, d: sklearn_metrics.average_precision_score(d, s)),
    ),
    "aupro": (loop_aupro, library_aupro),
    "fpr95": (of_pixels(loop_fpr95), of_pixels(library_fpr95)),
    "fpr95_linear": (of_pixels(loop_fpr95_linear), of_pixels(library_fpr95_linear)),
    **{
        f"id_retention{percent}": (
            of_pixels(loop_retention(percent / 100)),
            of_pixels(library_retention(percent / 100)),
        )
        for percent in (90, 95)
    },
}
OF_CURVES = [
    kind
    for kind in plugins.kinds("metrics")
    if plugins.load("metrics", kind).LEVEL not in ("component", "region")
]
"""Components and regions have tests of their own."""


@pytest.mark.parametrize("kind", OF_CURVES)
def test_equals_the_loop_and_the_library(kind):
    rng = np.random.default_rng(11)
    scores = np.round(rng.random((6, 9, 11), np.float32), 2)
    defective = rng.random(scores.shape) < 0.2 + 0.3 * scores
    metric = plugins.load("metrics", kind)
    if metric.LEVEL == "pixel":
        curve = pixel_curve(lambda: map(Labelled, scores, defective), recalls=(0.95,))
    else:
        curve = Curve.of(scores.ravel(), defective.ravel())
    loop, library = REFERENCES[kind.removesuffix(f"_{metric.LEVEL}")]
    value = metric.compute(curve).value
    assert value == pytest.approx(loop(scores, defective), abs=1e-9)
    assert value == pytest.approx(library(scores, defective), abs=1e-9)
