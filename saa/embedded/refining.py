"""Edges for a rough region: colour inside against colour around, and how unlike the place is."""

from __future__ import annotations

import cv2
import numpy as np

from saa.embedded.candidates import Candidates
from saa.embedded.filters import blurred
from saa.ops import boxes as box_ops
from saa.types import Boxes, Mask

_MIN_VARIANCE = 4.0
_LIMIT_COLOUR = 3.0
_WEIGHT_SEED = 2.0
_LIMIT_UNLIKE = 2.0
_MIN_IOU = 0.5


def refined(found: Candidates, seed: Mask) -> Mask:
    """An (h, w) seed with its edges moved to where the colour changes.

    Inside a padded box, each pixel weighs how much more its colour is like the seed's than like its
    surroundings' (one Gaussian a channel), whether it was in the seed, and its unlikeness against the level
    that would give the seed's area. A result that has little to do with the seed is not believed.
    """
    window = _window(box_ops.of_mask(seed), seed.shape)
    inside = seed[window]
    if inside.all() or not inside.any():
        return seed
    evidence = _colour_evidence(found.encoding.colours[window], inside)
    evidence += _WEIGHT_SEED * np.where(inside, 1, -1)
    evidence += _unlike_evidence(found.unlikeness[window], int(np.count_nonzero(inside)))
    answer = np.zeros_like(seed)
    answer[window] = blurred(np.asarray(evidence, np.float32), 1) > 0
    shared, union = np.count_nonzero(answer & seed), np.count_nonzero(answer | seed)
    agrees = shared >= _MIN_IOU * union
    return answer if agrees else seed


def grown_from_box(found: Candidates, box: Boxes) -> Mask:
    """The mask of a box (4,) xyxy that no known piece fills: what stands out most in it, with refined edges."""
    height, width = found.encoding.map_size
    x0, y0 = max(0, int(np.floor(box[0]))), max(0, int(np.floor(box[1])))
    x1, y1 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    seed = np.zeros((height, width), np.bool_)
    if x1 <= x0 or y1 <= y0:
        return seed
    inside = found.unlikeness[y0:y1, x0:x1]
    span = np.asarray(255 * (inside - inside.min()) / (np.ptp(inside) + 1e-6), np.uint8)
    cut, _ = cv2.threshold(span, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    seed[y0:y1, x0:x1] = span >= cut
    answer = refined(found, seed)
    keep = np.zeros_like(answer)
    keep[y0:y1, x0:x1] = answer[y0:y1, x0:x1]
    return keep


def _window(box: tuple[int, int, int, int], size: tuple[int, ...]) -> tuple[slice, slice]:
    x0, y0, x1, y1 = box
    pad = max(3, round(0.25 * max(x1 - x0, y1 - y0)))
    return slice(max(0, y0 - pad), min(size[0], y1 + pad)), slice(max(0, x0 - pad), min(size[1], x1 + pad))


def _colour_evidence(
    colours: np.ndarray[tuple[int, ...], np.dtype[np.float32]], inside: Mask
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Log likelihood ratio of the seed's colours to the surroundings', limited to 3 either way."""
    ratio = np.zeros(inside.shape)
    for sign, members in ((1, inside), (-1, ~inside)):
        sample = colours[members]
        variance = sample.var(axis=0) + _MIN_VARIANCE
        squared = (colours - np.median(sample, axis=0)) ** 2 / variance
        ratio -= sign * 0.5 * (squared + np.log(variance)).sum(axis=-1)
    return np.clip(ratio, -_LIMIT_COLOUR, _LIMIT_COLOUR)


def _unlike_evidence(
    unlike: np.ndarray[tuple[int, ...], np.dtype[np.float32]], area: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    level = np.partition(unlike.ravel(), unlike.size - area)[unlike.size - area]
    return np.asarray(
        np.clip((unlike - level) / (unlike.std() + 0.3), -_LIMIT_UNLIKE, _LIMIT_UNLIKE), np.float32
    )
