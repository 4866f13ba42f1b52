"""Drawn street scenes of any size: large plain areas, small things on them, and some noise."""

from __future__ import annotations

import cv2
import numpy as np


def street(height, width, seed=0):
    """An (H, W, 3) uint8 RGB image: sky above, road below, boxes in between."""
    random = np.random.default_rng(seed)
    image = np.zeros((height, width, 3), np.float32)
    horizon = height * 2 // 5
    image[:horizon], image[horizon:] = (150, 180, 220), (95, 92, 90)
    for _ in range(12):
        low = random.random(2) * (height, width) * 0.9
        high = low + random.random(2) * (height, width) * 0.3
        (top, left), (bottom, right) = low.astype(int), high.astype(int)
        image[top : bottom + 1, left : right + 1] = random.integers(0, 256, 3)
    coarse = random.normal(0, 25, (max(1, height // 6), max(1, width // 6), 3)).astype(np.float32)
    image += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).reshape(image.shape)
    return image.clip(0, 255).astype(np.uint8)
