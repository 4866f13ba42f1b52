from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from PIL import Image as Pictures

from saa.foundation.dino_features import fitted, num_cells, seen


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((600, 800), (800, 1066)),
        ((800, 600), (1066, 800)),
        ((720, 1280), (750, 1333)),
        ((1, 1), (800, 800)),
        ((10_000, 300), (1333, 40)),
        ((1, 2000), (1, 2000)),
        ((3000, 1), (1333, 1)),
    ],
)
def test_the_shorter_side_is_scaled_to_800_unless_the_longer_one_gets_too_long(size, wanted):
    assert fitted(*size, 800, 1333) == wanted


@pytest.mark.parametrize("size", [(37, 52), (90, 20), (64, 64)])
def test_images_are_seen_as_the_library_prepares_them(size):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from groundingdino.datasets import transforms
    image = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    prepare = transforms.Compose(
        [
            transforms.RandomResize([64], max_size=107),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    wanted, _ = prepare(Pictures.fromarray(image), None)
    assert torch.equal(seen(image, 64, 107), wanted)


def test_cells_are_counted_on_four_levels():
    assert num_cells(64, 64) == 64 + 16 + 4 + 1
    assert num_cells(1, 65) == 9 + 5 + 3 + 2
