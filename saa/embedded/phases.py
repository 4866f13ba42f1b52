"""Surfaces with two finishes: is there a patch whose texture or shade differs, with an edge to it?

Unevenness, wear and fraying fill a large part of the picture with something that is not rare enough for
nearest neighbours to notice. Here the picture is split in two by its texture, and the smaller part is
believed as far as its edge is a step rather than a slope. Columns are levelled first, so what fills more than
half the height of the picture passes for the surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.embedded.features import Tones, lab, log_lightness
from saa.embedded.filters import blurred, shrunk
from saa.types import Image, Mask

_CELLS = 64
_ROUNDS = 12
_SETTLED = 0.002
_MIN_AREA_RATIO = 0.02
_RIDGE = 0.05
_LIMIT = 4.0
_SHIFT = 5
_EDGE_WIDTH = 3
_MIN_RING = 8
MIN_STEP = 0.75
"""Splits below this are not believed. Pure grain reaches 1.5 to 2, the clearest patches 4 and more."""


@dataclass(frozen=True, eq=False)
class Patch:
    """The smaller of two finishes.

    Attributes:
        mask: (64, 64) bool; empty if no split was found.
        step: how much more the two differ across the edge than across lines beside it, in spreads of a phase;
            0 without a step.
    """

    mask: Mask
    step: float


def find(image: Image, seen: Tones) -> Patch:
    """The patch of a working image whose edge is the clearest step."""
    described = _descriptors(image, seen)
    splits = [_split(described, direction) for direction in _directions(described)]
    patches = [Patch(mask, _step(described, mask)) for mask in splits if mask.any()]
    steps = [patch for patch in patches if patch.step > MIN_STEP]
    return max(steps, key=lambda patch: patch.step, default=Patch(np.zeros((_CELLS, _CELLS), np.bool_), 0.0))


def _descriptors(image: Image, seen: Tones) -> NDArray[np.float64]:
    """(64, 64, 6): log energies of three bands and of two gradients, and lightness; columns levelled."""
    light = seen.lightness
    planes = [
        4 * np.log(blurred(np.abs(blurred(light, fine) - blurred(light, 2 * fine)), spread) + np.float32(0.3))
        for fine, spread in ((1, 6), (2, 8), (4, 10))
    ]
    raw = blurred(log_lightness(lab(image)), 1)
    for dx, dy in ((1, 0), (0, 1)):
        slope = np.abs(np.asarray(cv2.Sobel(raw, cv2.CV_32F, dx, dy), np.float32))
        planes.append(4 * np.log(blurred(slope, 6) + np.float32(0.5)))
    planes.append(blurred(light, 5) / 2)
    cells = np.stack([shrunk(np.asarray(plane, np.float32), (_CELLS, _CELLS)) for plane in planes], axis=-1)
    level = cells - np.median(cells, axis=0, keepdims=True)
    level -= level.mean(axis=(0, 1))
    return np.asarray(level / (level.std(axis=(0, 1)) + 0.3), np.float64)


def _directions(described: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The two main directions in which cells differ."""
    rows = described.reshape(-1, described.shape[-1])
    _, vectors = np.linalg.eigh(rows.T @ rows)
    return [vectors[:, -1], vectors[:, -2]]


def _split(described: NDArray[np.float64], direction: NDArray[np.float64]) -> Mask:
    """Two smooth classes by repeated linear discrimination; the smaller one's largest piece, or nothing."""
    mask = blurred(np.asarray(described @ direction, np.float32), 2) > 0
    for _ in range(_ROUNDS):
        if not _divides(mask):
            break
        weights, middle = _discriminant(described, mask)
        margin = np.clip((described - middle) @ weights, -_LIMIT, _LIMIT)
        changed = blurred(np.asarray(margin, np.float32), 1.5) > 0
        settled = (changed != mask).mean() < _SETTLED
        mask = changed
        if settled:
            break
    if not _divides(mask):
        return np.zeros_like(mask)
    piece = _largest_piece(mask if mask.mean() <= 0.5 else ~mask)
    return piece if piece.mean() >= _MIN_AREA_RATIO else np.zeros_like(mask)


def _divides(mask: Mask) -> bool:
    return bool(_MIN_AREA_RATIO <= mask.mean() <= 1 - _MIN_AREA_RATIO)


def _largest_piece(mask: Mask) -> Mask:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _discriminant(
    described: NDArray[np.float64], mask: Mask
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of Fisher's linear discriminant, in spreads of a phase once normalised, and the middle."""
    inside, outside = described[mask], described[~mask]
    scatter = np.cov(inside.T) * len(inside) + np.cov(outside.T) * len(outside)
    scatter = scatter / mask.size + _RIDGE * np.eye(described.shape[-1])
    weights = np.linalg.solve(scatter, inside.mean(axis=0) - outside.mean(axis=0))
    return weights, (inside.mean(axis=0) + outside.mean(axis=0)) / 2


def _step(described: NDArray[np.float64], mask: Mask) -> float:
    weights, _ = _discriminant(described, mask)
    along = described @ weights
    along = along / (_spread(along, mask) + 1e-9)
    beside = [_across(along, _moved(mask, shift)) for shift in (-_SHIFT, _SHIFT)]
    return max(0.0, _across(along, mask) - 0.5 * sum(max(0.0, step) for step in beside))


def _spread(along: NDArray[np.float64], mask: Mask) -> float:
    inside, outside = along[mask], along[~mask]
    return float(np.sqrt((inside.var() * inside.size + outside.var() * outside.size) / mask.size + _RIDGE))


def _across(along: NDArray[np.float64], mask: Mask) -> float:
    """Mean just inside an edge less that just outside, the edge itself left out; 0 if there is too little."""
    wide = _moved(mask, -_EDGE_WIDTH), _moved(mask, _EDGE_WIDTH)
    inside, outside = _moved(mask, -1) & ~wide[0], wide[1] & ~_moved(mask, 1)
    if min(np.count_nonzero(inside), np.count_nonzero(outside)) < _MIN_RING:
        return 0.0
    return float(along[inside].mean() - along[outside].mean())


def _moved(mask: Mask, cells: int) -> Mask:
    """A mask grown, or shrunk where `cells` is negative; the picture's border is no edge."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(cells) + 1,) * 2)
    plane = mask.astype(np.uint8)
    return np.asarray(cv2.dilate(plane, kernel) if cells > 0 else cv2.erode(plane, kernel, borderValue=1)) > 0
