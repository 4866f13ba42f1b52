"""How unlike the rest of the image each place is: nearest neighbours among the image's own features."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.embedded import features
from saa.embedded.filters import Plane, blurred, border_taper, grown, guided, half, level, shrunk
from saa.ops.similarity import mean_distance
from saa.types import Image

BANK_SIZE = 800
NEIGHBOUR_RATIO = 0.03
"""Share of the bank that counts as nearest; 2 to 5 % measured best, the farthest worst by far."""
_SEED = 0
_MARK_WINDOW_PX = 31
_MARK_BALANCE = (0.67, 0.33)
"""Exponents of unlikeness and of local contrast where defects are small marks."""
_ENERGY_WEIGHT = np.float32(0.25)


def within(seen: features.Tones, kinds: NDArray[np.uint8], *, surface: bool) -> Plane:
    """(h, w) float32, at half the working size, at least 0: deviations above the image's own median.

    Places are compared with places of their own kind: several objects with each other, their background with
    itself. Distances are standardised by the image's own spread, so a lively texture does not shout down a calm one.

    Args:
        seen: the working image.
        kinds: (h, w) uint8 on the feature grid, a number for each kind of place; all alike for one.
        surface: add what large dull areas of a surface show.

    Source: SAA+, arXiv 2305.10724, Eq. 5, on hand-made features; colour and whitened texture are compared
        apart and the stronger answer counts.
    """
    described = features.dense(seen)
    size = features.grid_size(seen.lightness.shape)
    answers = [_by_kind(one, kinds) for one in (described, features.whitened_texture(described))]
    found = sharpened(np.maximum(*answers) * border_taper(size), seen)
    return found + _ENERGY_WEIGHT * _energy_deviation(seen) if surface else found


def small_marks(found: Plane, image: Image) -> Plane:
    """Unlikeness weighed with how far each place is from the median lightness right around it.

    Lifts holes, scratches and specks above grain and shading; loses large defects, so only where the user says
    that defects are small.
    """
    light = features.lab(image)[..., 0]
    quantised = np.asarray(np.clip(light * 2.55, 0, 255), np.uint8)
    around = np.asarray(cv2.medianBlur(quantised, _MARK_WINDOW_PX), np.float32) / 2.55
    contrast = shrunk(np.asarray(np.abs(light - around), np.float32), (found.shape[0], found.shape[1]))
    return np.asarray(found ** _MARK_BALANCE[0] * (contrast / 8) ** _MARK_BALANCE[1], np.float32)


def sharpened(cells: Plane, seen: features.Tones) -> Plane:
    """A map on a coarse grid, enlarged to half the working size with the edges of the picture."""
    picture = guide(seen)
    enlarged = grown(cells, (picture.shape[0], picture.shape[1]))
    return np.maximum(guided(enlarged, picture, 4, 1e-3), 0)


def guide(seen: features.Tones) -> Plane:
    """(h, w) lightness in [0, 1] at half the working size."""
    lightness = shrunk(seen.lightness, half((seen.lightness.shape[0], seen.lightness.shape[1])))
    low, high = np.percentile(lightness, [1, 99])
    return np.asarray(np.clip((lightness - low) / (high - low + 5), 0, 1), np.float32)


def _energy_deviation(seen: features.Tones) -> Plane:
    """(h, w) float32, at least 0: how far local energy and shade lie from the surface's, without neighbours.

    Sees large dull areas that are too common in the picture to be unlike it.
    """
    light = seen.lightness
    total = np.asarray(np.abs(level(blurred(light, 6))) / 8, np.float32)
    for sigma, spread in ((1, 6), (2, 8)):
        band = np.abs(blurred(light, sigma) - blurred(light, 2 * sigma))
        total += np.abs(level(np.asarray(np.log(blurred(band, spread) + np.float32(0.3)), np.float32)))
    small = shrunk(total, half((light.shape[0], light.shape[1])))
    tapered = small * border_taper((small.shape[0], small.shape[1]))
    return np.maximum(guided(tapered, guide(seen), 6, 1e-3), 0)


def _distances(described: NDArray[np.float32]) -> NDArray[np.float32]:
    order = np.random.default_rng(_SEED).permutation(len(described))[:BANK_SIZE]
    return mean_distance(described, described[order], max(1, round(NEIGHBOUR_RATIO * len(order))))


def _by_kind(described: NDArray[np.float32], kinds: NDArray[np.uint8]) -> Plane:
    """Standardised distances of each kind of place among its own."""
    members = [kinds == number for number in np.unique(kinds)]
    distances = np.zeros(kinds.shape, np.float32)
    for kind in members:
        distances[kind] = _distances(described[kind.ravel()])
    cells = blurred(distances, 1)
    for kind in members:
        cells[kind] = (cells[kind] - np.median(cells[kind])) / (cells[kind].std() + 1)
    return cells
