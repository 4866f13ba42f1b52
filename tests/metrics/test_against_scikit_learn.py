"""Each metric equals the library and a slow, obvious loop."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from saa import plugins
from saa.ops.counting import pixel_curve
from saa.ops.curves import Curve


def loop_max_f1(scores, defective):
    best = 0.0
    for threshold in np.unique(scores):
        called = scores >= threshold
        best = max(best, 2 * np.sum(called & defective) / (called.sum() + defective.sum()))
    return best


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


def library_max_f1(scores, defective):
    precision, recall, _ = sklearn_metrics.precision_recall_curve(defective, scores)
    return np.max(2 * precision * recall / np.maximum(precision + recall, 1e-300))


REFERENCES = {
    "max_f1": (loop_max_f1, library_max_f1),
    "auroc": (loop_auroc, lambda s, d: sklearn_metrics.roc_auc_score(d, s)),
    "ap": (loop_average_precision, lambda s, d: sklearn_metrics.average_precision_score(d, s)),
}


@pytest.mark.parametrize("kind", plugins.kinds("metrics"))
def test_equals_the_loop_and_the_library(kind):
    rng = np.random.default_rng(11)
    scores = np.round(rng.random((6, 9, 11), np.float32), 2)
    defective = rng.random(scores.shape) < 0.2 + 0.3 * scores
    metric = plugins.load("metrics", kind)
    if metric.LEVEL == "pixel":
        curve = pixel_curve(lambda: zip(scores, defective, strict=True))
    else:
        curve = Curve.of(scores.ravel(), defective.ravel())
    loop, library = REFERENCES[kind.removesuffix(f"_{metric.LEVEL}")]
    value = metric.compute(curve).value
    assert value == pytest.approx(loop(scores.ravel(), defective.ravel()), abs=1e-9)
    assert value == pytest.approx(library(scores.ravel(), defective.ravel()), abs=1e-9)
