"""Where the parts are: what differs from the picture's rim, if the rim is one plain background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from saa.embedded.features import lab
from saa.embedded.filters import Plane, blurred, shrunk
from saa.types import Image, Mask, Masks

_SIDE = 100
"""Cells of the square grid that objects are found on."""
_RIM = 3
_MAX_RIM_TOUCH = 0.15
_AREA_RATIOS = (0.05, 0.95)
_MAX_RIM_SPREAD = 8.0
"""Median colour spread of a rim that still counts as one background, in Lab units."""
_MIN_SHARE_OF_LARGEST = 0.25
"""Smaller pieces beside the largest object are marks, not objects."""


def find(image: Image, count: int) -> Masks:
    """(N, H, W) masks of the objects of a working image, largest first; N = 0 if there is no clear background.

    Args:
        image: (H, W, 3) RGB working image.
        count: how many objects to expect; 1 keeps the largest piece alone.
    """
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    planes = lab(np.asarray(small, np.uint8))
    colours = np.stack([blurred(np.ascontiguousarray(planes[..., i]), 1) for i in range(3)], axis=-1)
    rim = np.ones((_SIDE, _SIDE), np.bool_)
    rim[_RIM:-_RIM, _RIM:-_RIM] = False
    background = np.median(colours[rim], axis=0)
    distance = np.asarray(np.clip(3 * np.linalg.norm(colours - background, axis=-1), 0, 255), np.uint8)
    if distance.min() == distance.max():
        return _none(image)
    cut, _ = cv2.threshold(distance, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    pieces = _pieces(np.asarray(distance > cut), count)
    whole = np.asarray(pieces.any(axis=0))
    spread = float(np.median(np.abs(colours[rim] - background).sum(axis=-1)))
    clear = whole[rim].mean() < _MAX_RIM_TOUCH and spread < _MAX_RIM_SPREAD
    if not (clear and _AREA_RATIOS[0] < whole.mean() < _AREA_RATIOS[1]):
        return _none(image)
    size = image.shape[1], image.shape[0]
    enlarged = [
        cv2.resize(np.asarray(piece, np.uint8), size, interpolation=cv2.INTER_NEAREST) for piece in pieces
    ]
    return np.asarray(np.stack(enlarged) > 0)


def zones(masks: Masks, size: tuple[int, int]) -> NDArray[np.uint8]:
    """(h, w) uint8 on a grid of `size`: 0 off the objects, 1 on their rims, 2 well inside."""
    whole = shrunk(np.asarray(masks.any(axis=0), np.float32), size) > 0.5
    kernel = np.ones((3, 3), np.uint8)
    outer = cv2.dilate(whole.astype(np.uint8), kernel)
    return np.asarray(outer + cv2.erode(whole.astype(np.uint8), kernel, borderValue=1), np.uint8)


def soft(masks: Masks, size: tuple[int, int]) -> Plane:
    """(h, w) float32 in [0, 1]: 1 well inside any object, falling to 0 at its rim; all ones for N = 0."""
    if not len(masks):
        return np.ones(size, np.float32)
    whole = np.asarray(masks.any(axis=0), np.uint8)
    small = cv2.resize(whole, size[::-1], interpolation=cv2.INTER_NEAREST)
    inner = cv2.erode(small, np.ones((3, 3), np.uint8)).astype(np.float32)
    return np.asarray(cv2.blur(inner, (5, 5)), np.float32)


def _pieces(differs: Mask, count: int) -> Masks:
    labels, found = ndimage.label(differs)
    areas = np.bincount(labels.ravel(), minlength=found + 1)[1:]
    order = np.argsort(-areas, kind="stable")
    if count == 1:
        order = order[:1]
    kept = [i for i in order if areas[i] >= _MIN_SHARE_OF_LARGEST * areas.max()]
    return np.stack([ndimage.binary_fill_holes(labels == i + 1) for i in kept]).astype(np.bool_)


def _none(image: Image) -> Masks:
    return np.zeros((0, *image.shape[:2]), np.bool_)
