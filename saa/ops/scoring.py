"""The pixel-scoring core: from scored regions to one anomaly map. Names no model; higher is more anomalous."""

from __future__ import annotations

from typing import Literal

import numpy as np

from saa.ops import masks
from saa.types import AnomalyMap, Regions

Denominator = Literal["count", "count + 1"]

TOP_RATIO = 0.003
"""Share of a map's pixels that an image's score looks at. Of 0.03 to 3 %, measured best on parts and surfaces."""


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
    factors = np.exp(gain * masks.means_inside(regions.masks, saliency))
    return Regions(regions.masks, (regions.scores * factors).astype(np.float32), regions.phrases)


def top_k(regions: Regions, count: int) -> Regions:
    """The `count` best regions, best first; ties keep their order.

    Source: SAA+, arXiv 2305.10724, Eq. 8 (the confidence prompt P^C).
    """
    return regions[np.argsort(-regions.scores, kind="stable")[:count]]


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
    total = np.zeros(regions.size, np.float32)
    count = np.full(regions.size, 1.0 if denominator == "count + 1" else 0.0, np.float32)
    for mask, score in zip(regions.masks, regions.scores, strict=True):
        total[mask] += score
        count[mask] += 1
    return np.divide(total, count, out=np.zeros_like(total), where=count > 0)


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
