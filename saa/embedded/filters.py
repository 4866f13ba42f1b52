"""Small image filters that OpenCV's main package lacks or spells at length. All on (H, W) float32."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.float32]

_DOMINANCE = 1.5
"""One direction of an image dominates when its median gradient is this many times the other's."""


def blurred(plane: Plane, sigma: float) -> Plane:
    """Gaussian blur, the border mirrored."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


def magnitude(one: Plane, other: Plane) -> Plane:
    """Length of the vector (one, other). OpenCV's answer hangs, in its last bit, on where arrays lie in memory."""
    return np.asarray(np.sqrt(one * one + other * other), np.float32)


def shrunk(plane: Plane, size: tuple[int, int]) -> Plane:
    """Area-averaged to `size` (h, w)."""
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def grown(plane: Plane, size: tuple[int, int], *, smooth: bool = True) -> Plane:
    """Enlarged to `size` (h, w), cubic if smooth, else linear."""
    how = cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=how), np.float32)


def half(size: tuple[int, int]) -> tuple[int, int]:
    """Half of a size (h, w), at least one pixel."""
    return max(1, size[0] // 2), max(1, size[1] // 2)


def guided(plane: Plane, guide: Plane, radius: int, epsilon: float) -> Plane:
    """Smooth a plane while keeping the edges of a guide in [0, 1] (He et al., Guided Image Filtering, 2010)."""

    def mean(values: Plane) -> Plane:
        side = 2 * radius + 1
        return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT_101), np.float32)

    guide_mean, plane_mean = mean(guide), mean(plane)
    slope = (mean(guide * plane) - guide_mean * plane_mean) / (mean(guide * guide) - guide_mean**2 + epsilon)
    return mean(slope) * guide + mean(plane_mean - slope * guide_mean)


def level(plane: Plane) -> Plane:
    """Remove the stripes of a surface with one dominant direction, else its median.

    Brushed, woven and milled surfaces vary across the stripes and hardly along them; the median of each
    stripe is the surface, what is left is the defect and the texture. Directions are told by median gradients:
    a single long scratch must not pass for the grain and be removed with it.
    """
    smooth = blurred(plane, 2)
    across = np.median(np.abs(np.diff(smooth, axis=1))) if plane.shape[1] > 1 else 0.0
    along = np.median(np.abs(np.diff(smooth, axis=0))) if plane.shape[0] > 1 else 0.0
    if across > _DOMINANCE * along:
        return np.asarray(plane - np.median(plane, axis=0, keepdims=True), np.float32)
    if along > _DOMINANCE * across:
        return np.asarray(plane - np.median(plane, axis=1, keepdims=True), np.float32)
    return np.asarray(plane - np.median(plane), np.float32)


def border_taper(size: tuple[int, int], *, width_ratio: float = 0.05, floor: float = 0.25) -> Plane:
    """(h, w) weights that fall to `floor` within `width_ratio` of an edge: filters see less of the image there."""
    height, width = size
    rows, columns = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    distance = np.minimum(np.minimum(rows, 1 - rows)[:, None], np.minimum(columns, 1 - columns)[None])
    return np.asarray(floor + (1 - floor) * np.clip(distance / width_ratio, 0, 1), np.float32)
