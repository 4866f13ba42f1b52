"""Masks as arrays: (N, H, W) bool."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.types import AnomalyMap, Mask, Masks


def resized(mask: Mask, size: tuple[int, int]) -> Mask:
    """An (H, W) mask at `size` (h, w): linear between pixels, cut at one half, so edges stay smooth."""
    if mask.shape == size:
        return mask
    soft = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(soft > 0.5)


def region_shares(mask: Mask) -> NDArray[np.float64]:
    """(P,) 1 / area of the 8-connected region of each of the P pixels of an (H, W) mask, row by row."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    if not width:
        return np.zeros(0)
    inside = mask[y : y + height, x : x + width]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=8)
    return np.asarray(1 / stats[labels[inside], cv2.CC_STAT_AREA])


def shared_areas(masks: Masks, others: Masks) -> NDArray[np.float32]:
    """(N, M) pixels that two masks have in common."""
    flat, other = (
        some.reshape(len(some), np.prod(some.shape[1:])).astype(np.float32) for some in (masks, others)
    )
    return np.asarray(flat @ other.T, np.float32)


def iou(masks: Masks, others: Masks) -> NDArray[np.float32]:
    """(N, M) intersection over union of two sets of masks; 0 where both are empty."""
    shared = shared_areas(masks, others)
    areas, other_areas = (
        np.array([np.count_nonzero(mask) for mask in some], np.float32) for some in (masks, others)
    )
    union = areas[:, None] + other_areas[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float32)


def means_inside(masks: Masks, values: AnomalyMap) -> NDArray[np.float32]:
    """(N,) mean of (H, W) values inside each mask; 0 for an empty mask."""
    counts = np.array([np.count_nonzero(mask) for mask in masks], np.int64)
    sums = np.array([values[mask].sum(dtype=np.float64) for mask in masks])
    return np.asarray(sums / np.maximum(counts, 1), np.float32)


def suppress(masks: Masks, scores: NDArray[np.float32], max_iou: float) -> NDArray[np.intp]:
    """Indices of the masks that no better one overlaps by more than `max_iou`, best first.

    Ties keep the earlier mask, so the answer does not depend on the sorting algorithm.
    """
    order = np.argsort(-scores, kind="stable")
    overlap = iou(masks, masks)
    kept: list[int] = []
    for index in order:
        if not kept or overlap[index, kept].max() <= max_iou:
            kept.append(int(index))
    return np.array(kept, np.intp)


def first_of_nested(masks: Masks, max_share: float) -> NDArray[np.intp]:
    """Indices of the masks that are neither nested in a better one nor around it.

    Args:
        masks: (N, H, W), best first.
        max_share: share of the smaller of two masks that the other may cover.
    """
    shared = shared_areas(masks, masks)
    areas = np.diagonal(shared)
    share = shared / np.maximum(np.minimum(areas[:, None], areas[None, :]), 1)
    kept: list[int] = []
    for index in range(len(masks)):
        if not kept or share[index, kept].max() <= max_share:
            kept.append(index)
    return np.array(kept, np.intp)
