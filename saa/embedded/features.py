"""Dense hand-made features: colour at three scales, band-pass contrast, local energy and Gabor texture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.embedded.filters import Plane, blurred, half, level, magnitude, shrunk
from saa.types import Image

STRIDE = 4
"""Working pixels between neighbouring feature positions."""
NUM_COLOUR = 9
"""Leading channels that tell colour; the rest tell texture."""
_SCALES = (1, 2, 4, 8, 16)
_WHITENING_FLOOR = 0.1
"""Keeps directions without any variance from being blown up."""


@dataclass(frozen=True, eq=False)
class Tones:
    """A working image as lightness and colour, stripes and illumination removed.

    Attributes:
        lightness: (H, W) float32, 25 ln(L + 6) levelled; equal ratios of light are equal steps.
        red_green: (H, W) float32, CIE Lab a less its median.
        yellow_blue: (H, W) float32, CIE Lab b less its median.
    """

    lightness: Plane
    red_green: Plane
    yellow_blue: Plane


def lab(image: Image) -> NDArray[np.float32]:
    """(H, W, 3) float32 CIE Lab of an RGB image, L in 0 to 100."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def log_lightness(lab_image: NDArray[np.float32]) -> Plane:
    """(H, W) lightness on a scale where equal ratios are equal steps."""
    return np.asarray(25 * np.log(np.maximum(lab_image[..., 0], 0) + 6), np.float32)


def tones(image: Image) -> Tones:
    """Lightness and colour of a working image, levelled."""
    planes = lab(image)
    a, b = planes[..., 1], planes[..., 2]
    return Tones(level(log_lightness(planes)), a - np.median(a), b - np.median(b))


def grid_size(size: tuple[int, int]) -> tuple[int, int]:
    """(h, w) of the feature grid of a working image of `size` (h, w)."""
    return -(-size[0] // STRIDE), -(-size[1] // STRIDE)


def dense(seen: Tones) -> NDArray[np.float32]:
    """(h * w, 28) float32 features on a grid of stride 4: 9 colour channels, then 19 of texture."""
    light = {scale: blurred(seen.lightness, scale) for scale in _SCALES}
    chroma = {
        scale: (blurred(seen.red_green, scale), blurred(seen.yellow_blue, scale)) for scale in _SCALES[1:4]
    }
    bands = [light[fine] - light[coarse] for fine, coarse in pairwise(_SCALES)]
    planes = [light[scale] for scale in _SCALES[1:4]]
    planes += [plane for pair in chroma.values() for plane in pair]
    planes += bands
    planes += [blurred(np.abs(band), 1.6 * 2**i) for i, band in enumerate(bands[:3])]
    for fine, coarse in ((2, 4), (4, 8)):
        planes += [chroma[fine][i] - chroma[coarse][i] for i in (0, 1)]
    planes += _gabor_energies(seen.lightness)
    size = grid_size(seen.lightness.shape)
    return np.stack([shrunk(plane, size) for plane in planes], axis=-1).reshape(-1, len(planes))


def whitened_texture(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(P, 19) the texture channels, decorrelated over this image so that rare directions count most."""
    texture = features[:, NUM_COLOUR:]
    centred = texture - np.median(texture, axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    return np.asarray(centred @ vectors / np.sqrt(np.maximum(values, 0) + _WHITENING_FLOOR), np.float32)


def _gabor_energies(lightness: Plane) -> list[Plane]:
    size = half((lightness.shape[0], lightness.shape[1]))
    energies = []
    for plane in (lightness, shrunk(lightness, size)):
        for even, odd in _gabor_pairs():
            parts = [
                np.asarray(
                    cv2.filter2D(plane, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32
                )
                for kernel in (even, odd)
            ]
            energies.append(blurred(magnitude(parts[0], parts[1]), 2))
    return energies


@cache
def _gabor_pairs(wavelength: float = 4.0, orientations: int = 4) -> tuple[tuple[Plane, Plane], ...]:
    """Even (zero-mean) and odd Gabor kernels, both scaled by the even one's norm."""
    sigma, aspect = wavelength / 2, 0.8
    radius = int(3 * sigma + 0.5)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    pairs = []
    for angle in np.pi * np.arange(orientations) / orientations:
        u, v = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
        envelope = np.exp(-(u**2 + (aspect * v) ** 2) / (2 * sigma**2))
        even = envelope * np.cos(2 * np.pi * u / wavelength)
        even -= envelope * (even.sum() / envelope.sum())
        odd = envelope * np.sin(2 * np.pi * u / wavelength)
        scale = 3 / (2 * radius + 1) / np.linalg.norm(even)
        pairs.append((np.asarray(even * scale, np.float32), np.asarray(odd * scale, np.float32)))
    return tuple(pairs)
