"""Pictures to measure on, drawn: the same everywhere, and nothing to download."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from saa import demo, images
from saa.types import GOOD, Image, Sample


def picture(product: str, number: int, side: int) -> Image:
    """(side, side, 3) uint8: a drawn product, resized; every third one has a defect."""
    module = demo.PRODUCTS[product]
    defect = module.DEFECTS[0] if number % 3 == 2 else GOOD
    drawn, _ = module.draw(np.random.default_rng(number), defect)
    return np.asarray(cv2.resize(drawn, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def pictures(product: str, count: int, side: int) -> Iterator[Image]:
    """`count` different pictures, each drawn when it is asked for."""
    return (picture(product, number, side) for number in range(count))


def samples(root: Path, product: str, *, count: int, num_files: int, side: int) -> list[Sample]:
    """`count` samples of unlike names that share `num_files` files under a root."""
    files = [root / product / f"{number:03d}.png" for number in range(min(count, num_files))]
    for number, file in enumerate(files):
        images.write_png(file, picture(product, number, side))
    return [Sample(product, f"{index:05d}.png", GOOD, files[index % len(files)]) for index in range(count)]
