"""What each place of a picture looks like, as it is: colour, contrast and slope, nothing levelled.

For comparing the same place of parts that lie alike; `features` is for places of a texture among each other.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.embedded.features import lab, log_lightness
from saa.embedded.filters import blurred, half, shrunk
from saa.types import Image

STRIDE = 8
"""Pixels between neighbouring cells."""
FINE_STRIDE = 4
"""Pixels between neighbouring places of `colours`."""
_SCALE = 5.0
_ENERGY_WEIGHT = 8.0


def grid_size(size: tuple[int, int]) -> tuple[int, int]:
    """(h, w) cells of a picture of `size` (h, w) pixels."""
    return max(1, round(size[0] / STRIDE)), max(1, round(size[1] / STRIDE))


def describe(image: Image) -> NDArray[np.float32]:
    """(h, w, 17) float32: colour at three scales, energy and contrast of three bands, slopes."""
    planes, size = lab(image), (image.shape[0], image.shape[1])
    channels = [log_lightness(planes), *(np.ascontiguousarray(planes[..., i]) for i in (1, 2))]
    # What is coarse is worked out at half size, which is four times as quick and tells the same.
    coarse = [shrunk(channel, half(size)) for channel in channels]
    light = {scale: blurred(channels[0], scale) for scale in (1, 2, 4)}
    stack = [blurred(channel, 2) for channel in channels]
    stack += [blurred(channel, sigma) for sigma in (2, 4) for channel in coarse]
    coarsest = np.asarray(stack[3] - stack[6], np.float32)
    bands = [np.asarray(light[scale] - light[2 * scale], np.float32) for scale in (1, 2)] + [coarsest]
    for band, spread in zip(bands, (1.6, 3.2, 3.2), strict=True):
        energy = blurred(np.asarray(np.abs(band), np.float32), spread)
        stack.append(np.asarray(_ENERGY_WEIGHT * np.log(energy + 0.5), np.float32))
    stack += bands
    for dx, dy in ((1, 0), (0, 1)):
        slope = np.asarray(cv2.Sobel(light[2], cv2.CV_32F, dx, dy), np.float32)
        stack.append(blurred(np.asarray(np.abs(slope) / 8, np.float32), 2))
    cells = np.stack([shrunk(plane, grid_size(size)) for plane in stack], axis=-1)
    return np.asarray(cells / _SCALE, np.float32)


def colours(image: Image) -> NDArray[np.float32]:
    """(h, w, 3) float32: logarithmic lightness and colour, a place every 4 pixels, a little smoothed."""
    planes = lab(image)
    size = max(1, round(image.shape[0] / FINE_STRIDE)), max(1, round(image.shape[1] / FINE_STRIDE))
    channels = [log_lightness(planes), *(np.ascontiguousarray(planes[..., i]) for i in (1, 2))]
    return np.stack([shrunk(blurred(channel, 1), size) for channel in channels], axis=-1)
