from __future__ import annotations

import numpy as np

from saa.prompts import ProductPrompt
from saa.refiners.boxes import Config
from saa.types import Frame, Proposals


def test_a_box_is_every_pixel_of_the_image_that_it_touches():
    boxes = [[1, 0, 3, 2], [0.5, 0.5, 1.2, 1.0], [-4, -4, 20, 20], [-4, 0, -1, 2], [2, 1, 2, 1]]
    wanted = Proposals(np.array(boxes, np.float32), np.ones(5, np.float32), ("hole",) * 5)
    refiner = Config().build(ProductPrompt.model_validate({"object": {"phrase": "tile"}}))
    found = refiner.refine(Frame(np.zeros((3, 4, 3), np.uint8)), wanted)
    drawn = ["".join("01"[pixel] for pixel in mask.ravel().astype(int)) for mask in found.masks]
    assert drawn == ["011001100000", "110000000000", "1" * 12, "0" * 12, "0" * 12]
