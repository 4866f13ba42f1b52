"""Round parts vouch for themselves: the same place a quarter turn on is the best reference there is.

Applied only where the part proves to be round and like itself under rotation; without the gate it
invents defects on everything else.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.embedded import appearance
from saa.embedded.filters import Plane, blurred
from saa.ops.consensus import distance_in_window
from saa.types import Image, Mask

_SIDE = 400
_CELLS = _SIDE // appearance.STRIDE
_ANGLES = (120, 240, 40, 160, 280, 80, 200, 320)
_MIN_ANGLES = 3
"""Rotations after which a part that is not like itself is given up."""
_MIN_CIRCULARITY = 0.9
"""Least share of the smallest enclosing circle that the part must fill."""
_MAX_RATIO = 0.4
"""Largest distance to the own rotations, against that between random places of the part."""
_NUM_PAIRS = 2000
_SEED = 0


def differences(image: Image, mask: Mask) -> Plane | None:
    """(50, 50) float32: how unlike its own rotations each place of a round part is; None if it is not round.

    The lower half of the distances to eight rotations is averaged, so a defect does not spread to the places
    that it is compared with.
    """
    part = np.asarray(
        cv2.resize(mask.astype(np.uint8), (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST), np.uint8
    )
    if _circularity(part) <= _MIN_CIRCULARITY:
        return None
    square = np.asarray(cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    cells = cv2.resize(part, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA) > 0
    own = appearance.describe(square)
    limit = _MAX_RATIO * _typical(own, cells)
    distances: list[Plane] = []
    for turned in _rotations(square, part):
        distances.append(distance_in_window(own, appearance.describe(turned), 1))
        if len(distances) >= _MIN_ANGLES and _median_on(cells, distances) >= limit:
            return None
    lower = np.sort(distances, axis=0)[: len(_ANGLES) // 2].mean(axis=0)
    return blurred(np.asarray(lower, np.float32), 2)


def _median_on(cells: Mask, distances: list[Plane]) -> float:
    return float(np.median([np.median(distance[cells]) for distance in distances]))


def _circularity(part: NDArray[np.uint8]) -> float:
    contours, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return 0.0
    _, radius = cv2.minEnclosingCircle(max(contours, key=cv2.contourArea))
    return float(part.sum() / (np.pi * max(radius, 1.0) ** 2))


def _rotations(square: Image, part: NDArray[np.uint8]) -> Iterator[Image]:
    rows, columns = np.nonzero(part)
    centre = float(columns.mean()), float(rows.mean())
    for angle in _ANGLES:
        turn = cv2.getRotationMatrix2D(centre, angle, 1)
        size, border = (_SIDE, _SIDE), cv2.BORDER_REFLECT_101
        yield np.asarray(
            cv2.warpAffine(square, turn, size, flags=cv2.INTER_LINEAR, borderMode=border), np.uint8
        )


def _typical(own: NDArray[np.float32], cells: Mask) -> float:
    """Median distance between random places of the part."""
    places = own[cells]
    rng = np.random.default_rng(_SEED)
    one, two = rng.integers(len(places), size=(2, _NUM_PAIRS))
    return float(np.median(np.linalg.norm(places[one] - places[two], axis=-1)) + 1e-6)
