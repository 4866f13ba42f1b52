"""The pixel-scoring core: from scored regions to one anomaly map. Names no model; higher is more anomalous."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saa.ops import masks as mask_ops
from saa.types import AnomalyMap, Masks, Regions

SoftMasks: TypeAlias = NDArray[np.float32]
"""(N, H, W) float32 in [0, 1]."""
Denominator = Literal["count", "count + 1"]

TOP_RATIO = 0.003
"""Share of a map's pixels that an image's score looks at. Of 0.03 to 3 %, measured best on parts and surfaces."""

_AT_ONCE = 1 << 22
"""Numbers of masks held as float32 at a time: 16 MB."""


def recalibrate(regions: Regions, saliency: AnomalyMap, gain: float) -> Regions:
    """Raise each score by how much its region stands out.

    score[n] * exp(gain * mean of saliency inside masks[n]). An empty mask keeps its score.

    Args:
        regions: N regions on an (H, W) image.
        saliency: (H, W), in [0, 1]; 1 is unlike anything else on the object.
        gain: at least 0; 0 leaves the scores alone.

    Returns:
        The same N regions in the same order; scores may exceed 1.

    Raises:
        ValueError: saliency and masks differ in size.

    Source: SAA+, arXiv 2305.10724, Eq. 6 and 7, where gain is 1. The released code uses 3 on a halved distance.
    """
    if saliency.shape != regions.size:
        raise ValueError(f"saliency: expected size {regions.size}, that of the masks, got {saliency.shape}")
    factors = np.exp(gain * mask_ops.means_inside(regions.masks, saliency))
    return Regions(regions.masks, (regions.scores * factors).astype(np.float32), regions.phrases)


def top_k(regions: Regions, count: int) -> Regions:
    """The `count` best regions, best first; ties keep their order.

    Source: SAA+, arXiv 2305.10724, Eq. 8 (the confidence prompt P^C).
    """
    return regions[np.argsort(-regions.scores, kind="stable")[:count]]


def evidence(masks: Masks | SoftMasks, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """What N masks say of K things at each pixel: E_k(x) = sum over i of c_ik * s_i(x).

    Args:
        masks: (N, H, W), bool or float32 in [0, 1].
        weights: (N, K), what each mask says of each thing.

    Returns:
        (K, H, W) float32; 0 where no mask lies.
    """
    height, width = masks.shape[1:]
    found = np.zeros((weights.shape[1], height, width), np.float32)
    rows = max(1, _AT_ONCE // max(1, len(masks) * width))
    for first in range(0, height, rows):
        some = masks[:, first : first + rows].astype(np.float32, copy=False)
        found[:, first : first + rows] = np.tensordot(weights.T, some, axes=1)
    return found


def fuse(regions: Regions, denominator: Denominator) -> AnomalyMap:
    """Average the scores of the regions that cover each pixel.

    Args:
        regions: N regions on an (H, W) image.
        denominator: `count` divides by the number of covering masks; `count + 1` by one more, so that a
            place that several regions agree on scores higher than one with a single witness.

    Returns:
        (H, W) float32, 0 where no region lies.

    Source: SAA+, arXiv 2305.10724, Eq. 9 (`count`); the released code has `count + 1`.
    """
    weights = np.stack([regions.scores, np.ones(len(regions), np.float32)], axis=1)
    total, count = evidence(regions.masks, weights)
    if denominator == "count + 1":
        count += 1
    fused: AnomalyMap = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    return fused


def unexplained(known: NDArray[np.float32]) -> AnomalyMap:
    """(H, W) anomaly scores: less the evidence for the class that explains a pixel best.

    Args:
        known: (K, H, W) evidence for the classes that belong, K at least 1.

    Source: VL4AD, arXiv 2409.17330, Eq. 2 and 4 (the reducer `vl4ad`); of logits it is `max_logit`.
    """
    return np.asarray(-known.max(axis=0), np.float32)


def rejected_by_all(known: NDArray[np.float32]) -> AnomalyMap:
    """(H, W) anomaly scores in [-K, 0]: less what all classes together claim, each at most 1.

    Args:
        known: (K, H, W) evidence for the classes that belong.

    Source: RbA, arXiv 2211.14293 (the reducer `rba`).
    """
    return np.asarray(-np.tanh(known).sum(axis=0), np.float32)


def of_best_classes(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 1) what each mask says of the class it knows best; `-evidence(masks, ...)[0]` is the reducer `eam`.

    Args:
        weights: (N, K) evidence of each mask for the classes that belong, K at least 1.

    Source: EAM, arXiv 2304.12122: -sum over i of s_i * max over k of c_ik.
    """
    return np.asarray(weights.max(axis=1, keepdims=True), np.float32)


def ground(saliency: AnomalyMap, evidence: AnomalyMap, floor: float) -> AnomalyMap:
    """Lower saliency where no words answer: saliency * (floor + (1 - floor) * evidence).

    Args:
        saliency: (H, W) in [0, 1].
        evidence: (H, W) in [0, 1]; 1 answers a phrase fully.
        floor: in [0, 1]; what is left of a salient place that no phrase describes. 1 ignores the words.

    Returns:
        (H, W) float32 in [0, 1].

    Raises:
        ValueError: the two differ in size.
    """
    if saliency.shape != evidence.shape:
        raise ValueError(
            f"evidence: expected size {saliency.shape}, that of the saliency, got {evidence.shape}"
        )
    return (saliency * (floor + (1 - floor) * evidence)).astype(np.float32)


def blend(regions: AnomalyMap, dense: AnomalyMap, dense_weight: float) -> AnomalyMap:
    """The final map: region scores plus `dense_weight` times a dense map, both (H, W). 0 is SAA+ proper."""
    return (regions + np.float32(dense_weight) * dense).astype(np.float32)


def image_score(anomaly_map: AnomalyMap, top_ratio: float) -> float:
    """How far the worst place of an image stands above its middle: the number to decide by.

    Mean of the highest `top_ratio` of the (H, W) map's pixels, at least one of them, less the map's median.
    The maximum alone would hang on one pixel; a mean over all would miss small defects. What a whole image has,
    such as other light, lies in its median and is no defect.

    Args:
        anomaly_map: (H, W) float32.
        top_ratio: in (0, 0.5].

    Returns:
        At least 0.
    """
    size = anomaly_map.size
    count = max(1, round(top_ratio * size))
    middle = (size - 1) // 2, size // 2
    ranked = np.partition(anomaly_map, (*middle, size - count), axis=None).astype(np.float64)
    return float(ranked[size - count :].mean() - ranked[list(middle)].mean())
