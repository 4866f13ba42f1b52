"""Boxes as arrays: (N, 4) float32, xyxy pixels, right and bottom edges exclusive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from saa.types import Boxes, Mask, Masks


def of_masks(masks: Masks) -> Boxes:
    """The tight box around each of (N, H, W) masks; an empty mask gets a box without area at the origin."""
    boxes = np.zeros((len(masks), 4), np.float32)
    for row, mask in zip(boxes, masks, strict=True):
        row[:] = of_mask(mask)
    return boxes


def of_mask(mask: Mask) -> tuple[int, int, int, int]:
    """The tight box (x0, y0, x1, y1) around an (H, W) mask; all zeros if the mask is empty."""
    columns = np.flatnonzero(mask.any(axis=0))
    if not len(columns):
        return 0, 0, 0, 0
    left, right = int(columns[0]), int(columns[-1]) + 1
    rows = np.flatnonzero(mask[:, left:right].any(axis=1))
    return left, int(rows[0]), right, int(rows[-1]) + 1


def areas(boxes: Boxes) -> NDArray[np.float32]:
    """(N,) areas in square pixels; an inverted box has none."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def iou(boxes: Boxes, others: Boxes) -> NDArray[np.float32]:
    """(N, M) intersection over union; 0 where both boxes have no area."""
    top_left = np.maximum(boxes[:, None, :2], others[None, :, :2])
    bottom_right = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    sides = np.maximum(bottom_right - top_left, 0)
    shared = sides[..., 0] * sides[..., 1]
    union = areas(boxes)[:, None] + areas(others)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float32)


def scaled(boxes: Boxes, size: tuple[int, int], to: tuple[int, int]) -> Boxes:
    """Boxes on a picture of `size` (h, w) redrawn on one of size `to` (h, w)."""
    ratio = np.array([to[1] / size[1], to[0] / size[0]] * 2, np.float32)
    return (boxes * ratio).astype(np.float32)
