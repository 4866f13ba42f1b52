"""Parts drawn as often as a camera sees them, for stages that compare images."""

from __future__ import annotations

import numpy as np


def like_others(seed: int) -> np.ndarray:
    """The part without its mark, as the camera sees it one more time."""
    image = np.full((72, 110, 3), 220, np.uint8)
    image[12:60, 20:90] = 120
    grain = np.random.default_rng(seed).normal(0, 3, image.shape[:2])
    return np.clip(image + grain[..., None], 0, 255).astype(np.uint8)


def marked(seed: int, top: int = 30, left: int = 40) -> np.ndarray:
    """The part, with a mark of 8 by 12 pixels."""
    image = like_others(seed)
    image[top : top + 8, left : left + 12] = (90, 30, 30)
    return image
