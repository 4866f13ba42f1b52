"""Pictures for the command line's tests."""

from __future__ import annotations

import numpy as np

from saa import images

PROMPT = "object: {phrase: part}\ndefects: {captions: [[bright spot]]}\n"


def part(path, seed=0, size=(48, 64)):
    """A picture of a grey part with a bright spot, of a size (h, w)."""
    image = np.random.default_rng(seed).integers(100, 140, (*size, 3), dtype=np.uint8)
    image[10:16, 20:26] = 250
    images.write_png(path, image)
    return path
