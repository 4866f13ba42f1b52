from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from saa.embedded.candidates import Candidates, Viewer
from saa.embedded.encoding import Encoder, Encoding
from saa.types import Frame


@pytest.fixture
def encode() -> Callable[..., Encoding]:
    """Encodes an image at its own size, so that places on maps are places in the image, halved."""

    def run(image, extent="frame", count=1, *, small_marks=False) -> Encoding:
        return Encoder(extent, count, small_marks, image.shape[0] * image.shape[1])(image)

    return run


@pytest.fixture
def look() -> Callable[..., Candidates]:
    """The candidates of an image at its own size, by a saliency if one is given."""

    def run(image, extent="frame", saliency=None) -> Candidates:
        viewer = Viewer(
            Encoder(extent, 1, small_marks=False, working_area_px=image.shape[0] * image.shape[1])
        )
        frame = Frame(image)
        return (frame if saliency is None else frame.marked(saliency)).viewed(viewer)

    return run


@pytest.fixture
def striped() -> Callable[..., np.ndarray]:
    """Draws a grey surface with upright stripes and a little noise; (height, width)."""

    def draw(height: int = 120, width: int = 160, seed: int = 0) -> np.ndarray:
        stripes = 128 + 25 * np.sin(2 * np.pi * np.arange(width) / 8)
        return grey(stripes + np.random.default_rng(seed).normal(0, 3, (height, width)))

    return draw


@pytest.fixture
def discs() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Draws dark discs on a light ground; gives the picture and the (H, W) mask of the discs."""

    def draw(*centres: tuple[int, int], radius: int = 30, size=(120, 180)) -> tuple[np.ndarray, np.ndarray]:
        mask = np.zeros(size, np.uint8)
        for centre in centres:
            cv2.circle(mask, centre, radius, 1, -1)
        plane = np.where(mask > 0, 90, 230) + np.random.default_rng(0).normal(0, 2, size)
        return grey(plane), mask > 0

    return draw


@pytest.fixture
def turned() -> Callable[..., np.ndarray]:
    """Draws a round part of concentric rings, (180, 180), with a red blemish at (x, y) if wanted."""

    def draw(blemish: tuple[int, int] | None = None) -> np.ndarray:
        y, x = np.mgrid[:180, :180]
        distance = np.hypot(x - 89.5, y - 89.5)
        plane = np.where(distance < 68, 60 + 60 * np.cos(distance / 6), 235)
        plane = cv2.GaussianBlur(plane, (0, 0), 1.2) + np.random.default_rng(0).normal(0, 2, plane.shape)
        image = grey(plane)
        if blemish:
            cv2.circle(image, blemish, 6, (200, 60, 60), -1)
        return image

    return draw


def grey(plane: np.ndarray) -> np.ndarray:
    return np.repeat(np.clip(plane, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
