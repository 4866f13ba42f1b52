"""A plate that looks different from every side, drawn as often and in whatever pose a camera sees it."""

from __future__ import annotations

import cv2
import numpy as np

SIZE = (64, 88)
GROUND = (215, 215, 215)
FREE_PLACES = [(38, 26), (48, 34), (62, 29), (40, 44), (55, 44)]
"""(x, y) on the plate where nothing is drawn."""


def plate(
    seed: int, angle: float = 0, dx: float = 0, dy: float = 0, *, mark: tuple[int, int] | None = None
) -> np.ndarray:
    """(64, 88, 3): the plate turned by degrees counter-clockwise about the middle, then shifted by pixels.

    A mark of 6 by 6 pixels about an (x, y) of the plate moves with it. The seed is that of the camera's grain.
    """
    image = np.full((*SIZE, 3), GROUND, np.uint8)
    cv2.rectangle(image, (22, 16), (67, 48), (95, 100, 110), -1)
    cv2.rectangle(image, (26, 20), (33, 44), (60, 60, 120), -1)
    cv2.circle(image, (57, 24), 5, GROUND, -1)
    cv2.rectangle(image, (46, 37), (67, 40), (170, 150, 60), -1)
    if mark is not None:
        x, y = mark
        image[y - 3 : y + 3, x - 3 : x + 3] = (130, 30, 30)
    size = SIZE[::-1]
    moved = cv2.warpAffine(image, _pose(angle, dx, dy), size, flags=cv2.INTER_LINEAR, borderValue=GROUND)
    grain = np.random.default_rng(seed).normal(0, 2, SIZE)
    return np.clip(cv2.GaussianBlur(moved, (0, 0), 0.7) + grain[..., None], 0, 255).astype(np.uint8)


def lands(place: tuple[float, float], angle: float = 0, dx: float = 0, dy: float = 0) -> tuple[float, float]:
    """Where an (x, y) of the plate lies in the picture of a pose."""
    x, y = _pose(angle, dx, dy) @ (*place, 1)
    return float(x), float(y)


def _pose(angle: float, dx: float, dy: float) -> np.ndarray:
    turn = cv2.getRotationMatrix2D(((SIZE[1] - 1) / 2, (SIZE[0] - 1) / 2), angle, 1)
    turn[:, 2] += dx, dy
    return turn


STILL = [(0, 0, 0)] * 12
TURNED = [((37 * number) % 17 - 8, (5 * number) % 9 - 4, (7 * number) % 7 - 3) for number in range(12)]
ANYHOW = [(30 * number, dx, dy) for number, (_, dx, dy) in enumerate(TURNED)]
"""Poses of twelve plates: angle, dx and dy of each."""


def plates(poses, marks=None) -> list[np.ndarray]:
    """A plate in each pose; those whose number is in `marks` have a mark at an (x, y) of the plate."""
    marks = marks or {}
    return [plate(number, *pose, mark=marks.get(number)) for number, pose in enumerate(poses)]


def cloth(seed: int, size: tuple[int, int] = SIZE, *, mark: tuple[int, int] | None = None) -> np.ndarray:
    """A piece of a mottled cloth, with a red mark of 8 by 8 pixels about an (x, y)."""
    grain = np.random.default_rng(seed).normal(0, 1, (size[0] + 20, size[1] + 20))
    mottled = cv2.GaussianBlur(grain, (0, 0), 1.5)[10:-10, 10:-10]
    plane = np.clip(120 + 25 * mottled / mottled.std(), 0, 255).astype(np.uint8)
    image = np.repeat(plane[..., None], 3, axis=2)
    if mark is not None:
        x, y = mark
        image[y - 4 : y + 4, x - 4 : x + 4] = (200, 60, 60)
    return image
