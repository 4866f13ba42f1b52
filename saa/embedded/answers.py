"""How well each place answers words: dark, bright, coloured, line, spot, stain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from saa.embedded.features import Tones
from saa.embedded.filters import Plane, blurred, magnitude
from saa.embedded.lexicon import HUES, Cues, Shape, Tone

_FULL = 4.0
"""Deviations from the image's own spread at which a word is fully answered."""
_CONTRAST_SCALES = (1.5, 3.0, 6.0, 12.0)
_LINE_SCALES = (1.5, 3.0)
_LINE_SPREAD = 3.0
_COMMON_RATIO = 0.2
"""Share of the picture from which on a colour counts less; at twice that not at all."""


@dataclass(frozen=True, eq=False)
class Reading:
    """One picture read for words; what several words share is worked out once.

    Attributes:
        tones: lightness and colour of the working image, (H, W) each.
    """

    tones: Tones

    def answer(self, wanted: Cues, agnostic: float) -> Plane:
        """(H, W) float32 in [0, 1] for one phrase: tone, hue and shape must all be answered, any of each kind.

        A class-agnostic phrase is answered everywhere, by `agnostic`: less well than by a specific word that fits.
        """
        if wanted.agnostic:
            return np.full(self.tones.lightness.shape, agnostic, np.float32)
        tone = [self._tone(one) for one in wanted.tones]
        hue = [self._hue(one) for one in wanted.hues]
        shape = [self._shape(one, wanted.tones or ("dark", "bright")) for one in wanted.shapes]
        groups = [_strongest(group) for group in (tone, hue, shape) if group]
        return np.asarray(np.minimum.reduce(groups), np.float32)

    def _tone(self, tone: Tone) -> Plane:
        return self._dark if tone == "dark" else self._bright

    def _shape(self, shape: Shape, tones: tuple[Tone, ...]) -> Plane:
        if shape == "line":
            return _strongest([self._dark_line if tone == "dark" else self._bright_line for tone in tones])
        if shape == "spot":
            return _strongest([self._tone(tone) for tone in tones])
        return self._stain

    @cached_property
    def _contrasts(self) -> list[Plane]:
        """Lightness against what lies around, at four scales, in spreads of each."""
        light, found = self.tones.lightness, []
        for sigma in _CONTRAST_SCALES:
            contrast = blurred(light, sigma) - blurred(light, 2.5 * sigma)
            found.append(np.asarray(contrast / (_spread(contrast) + 0.5), np.float32))
        return found

    @cached_property
    def _dark(self) -> Plane:
        return _part_of_full(-np.minimum.reduce(self._contrasts))

    @cached_property
    def _bright(self) -> Plane:
        return _part_of_full(np.maximum.reduce(self._contrasts))

    @cached_property
    def _curvatures(self) -> list[tuple[Plane, Plane, Plane]]:
        """The larger and the smaller curvature of lightness and its slope, at each scale."""
        found = []
        for sigma in _LINE_SCALES:
            smooth = blurred(self.tones.lightness, sigma) * np.float32(sigma**2)
            x, y, xx, yy, xy = (
                np.asarray(cv2.Sobel(smooth, cv2.CV_32F, dx, dy), np.float32)
                for dx, dy in ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1))
            )
            middle = np.asarray((xx + yy) / 2, np.float32)
            radius = magnitude(np.asarray((xx - yy) / 2, np.float32), xy)
            slope = np.asarray(magnitude(x, y) / (2 * sigma), np.float32)
            found.append((middle + radius, middle - radius, slope))
        return found

    @cached_property
    def _dark_line(self) -> Plane:
        return _ridges([large - np.abs(small) - slope for large, small, slope in self._curvatures])

    @cached_property
    def _bright_line(self) -> Plane:
        return _ridges([-small - np.abs(large) - slope for large, small, slope in self._curvatures])

    @cached_property
    def _stain(self) -> Plane:
        """Smooth shade or colour that is not the surface's."""
        deviations = []
        for plane in (self.tones.lightness, self.tones.red_green, self.tones.yellow_blue):
            smooth = blurred(plane, 5)
            deviations.append(np.abs(smooth - np.median(smooth)) / (_spread(smooth) + 2))
        return _part_of_full(np.maximum.reduce(deviations))

    @cached_property
    def _chroma(self) -> tuple[Plane, Plane]:
        return blurred(self.tones.red_green, 2), blurred(self.tones.yellow_blue, 2)

    def _hue(self, hue: str) -> Plane:
        direction = np.array(HUES[hue], np.float32)
        direction /= np.linalg.norm(direction)
        a, b = self._chroma
        along = a * direction[0] + b * direction[1]
        across = np.abs(b * direction[0] - a * direction[1])
        found = np.clip((along - 0.5 * across) / 12, 0, 1)
        # A colour that much of the picture has is the product's own, not a defect's.
        rarity = np.clip(2 - (found > 0.5).mean() / _COMMON_RATIO, 0, 1)
        return np.asarray(found * rarity, np.float32)


def _strongest(planes: list[Plane]) -> Plane:
    return np.asarray(np.maximum.reduce(planes), np.float32)


def _spread(plane: Plane) -> float:
    return float(1.4826 * np.median(np.abs(plane - np.median(plane))))


def _part_of_full(deviations: Plane) -> Plane:
    return np.asarray(np.clip(deviations / _FULL, 0, 1), np.float32)


def _ridges(scales: list[Plane]) -> Plane:
    """Lines: one curvature less the size of the other and the slope, so that neither spots nor edges count.

    Spread a little, because a line is wanted where it lies and not only on its crest.
    """
    lines = [blurred(np.maximum(scale, 0), _LINE_SPREAD) for scale in scales]
    return _part_of_full(_strongest([line / (_root_mean_square(line) + np.float32(0.3)) for line in lines]))


def _root_mean_square(plane: Plane) -> np.float32:
    return np.float32(np.sqrt((plane * plane).mean()))
