"""How well each place answers words: dark, bright, coloured, line, spot, stain."""

from __future__ import annotations

import cv2
import numpy as np

from saa.embedded.features import Tones
from saa.embedded.filters import Plane, blurred
from saa.embedded.lexicon import HUES, Cues, Shape, Tone

_FULL = 4.0
"""Deviations from the image's own spread at which a word is fully answered."""


def answer(seen: Tones, wanted: Cues, agnostic: float) -> Plane:
    """(H, W) float32 in [0, 1] for one phrase: its tone, hue and shape must all be answered, any of each kind.

    A class-agnostic phrase is answered everywhere, by `agnostic`: less well than by a specific word that fits.
    """
    if wanted.agnostic:
        return np.full(seen.lightness.shape, agnostic, np.float32)
    tone = [_tone(seen, one) for one in wanted.tones]
    hue = [_hue(seen, one) for one in wanted.hues]
    shape = [_shape(seen, one, wanted.tones) for one in wanted.shapes]
    groups = [_strongest(group) for group in (tone, hue, shape) if group]
    return np.asarray(np.minimum.reduce(groups), np.float32)


def _strongest(planes: list[Plane]) -> Plane:
    return np.asarray(np.maximum.reduce(planes), np.float32)


def _spread(plane: Plane) -> float:
    return float(1.4826 * np.median(np.abs(plane - np.median(plane))))


def _tone(seen: Tones, tone: Tone) -> Plane:
    sign = -1.0 if tone == "dark" else 1.0
    scales = []
    for sigma in (1.5, 3.0, 6.0, 12.0):
        contrast = sign * (blurred(seen.lightness, sigma) - blurred(seen.lightness, 2.5 * sigma))
        scales.append(contrast / (_spread(contrast) + 0.5))
    return np.asarray(np.clip(np.maximum.reduce(scales) / _FULL, 0, 1), np.float32)


def _hue(seen: Tones, hue: str) -> Plane:
    direction = np.array(HUES[hue], np.float32)
    direction /= np.linalg.norm(direction)
    a, b = blurred(seen.red_green, 2), blurred(seen.yellow_blue, 2)
    along = a * direction[0] + b * direction[1]
    across = np.abs(b * direction[0] - a * direction[1])
    return np.asarray(np.clip((along - 0.5 * across) / 12, 0, 1), np.float32)


def _shape(seen: Tones, shape: Shape, tones: tuple[Tone, ...]) -> Plane:
    if shape == "line":
        return _strongest([_line(seen, tone) for tone in tones or ("dark", "bright")])
    if shape == "spot":
        return _strongest([_tone(seen, tone) for tone in tones or ("dark", "bright")])
    deviation = np.zeros_like(seen.lightness)
    for plane in (seen.lightness, seen.red_green, seen.yellow_blue):
        smooth = blurred(plane, 5)
        deviation = np.maximum(deviation, np.abs(smooth - np.median(smooth)) / (_spread(smooth) + 2))
    return np.asarray(np.clip(deviation / _FULL, 0, 1), np.float32)


def _line(seen: Tones, tone: Tone) -> Plane:
    """Ridges by the larger curvature less the smaller one's size, so that spots and edges do not count."""
    found = np.zeros_like(seen.lightness)
    for sigma in (1.5, 3.0):
        smooth = blurred(seen.lightness, sigma) * sigma**2
        xx, yy, xy = (
            np.asarray(cv2.Sobel(smooth, cv2.CV_32F, dx, dy), np.float32)
            for dx, dy in ((2, 0), (0, 2), (1, 1))
        )
        middle, radius = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
        large, small = middle + radius, middle - radius
        ridge = large - np.abs(small) if tone == "dark" else -small - np.abs(large)
        ridge = np.maximum(ridge, 0)
        found = np.maximum(found, ridge / (ridge.mean() + 0.3))
    return np.asarray(np.clip(found / _FULL, 0, 1), np.float32)
