"""A tray of twelve tablets; missing, broken and foreign ones."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.demo import marks
from saa.demo.marks import Canvas, Cover, Rng
from saa.types import Image, Mask

DEFECTS = ("missing", "broken", "contamination")

_ROWS, _COLUMNS, _PITCH, _CAVITY, _TABLET = 3, 4, 98.0, 43.0, 34.0
_TRAY = (0.17, 0.25, 0.30)
_WHITE = (0.90, 0.89, 0.84)


def draw(rng: Rng, defect: str) -> tuple[Image, Mask]:
    """One picture of the tray with a defect of `DEFECTS`, or `good`, and its mask."""
    places = _places(rng)
    x, y = marks.grid()
    owner = np.argmin([(x - px) ** 2 + (y - py) ** 2 for px, py in places], axis=0)
    canvas = _tray(rng, x - places[owner, 0], y - places[owner, 1])
    centres = places + rng.normal(0, 1.8, places.shape).astype(np.float32)
    u, v = x - centres[owner, 0], y - centres[owner, 1]
    whole = np.asarray(np.clip(_TABLET - np.hypot(u, v) + 0.5, 0, 1), np.float32)
    left = whole
    if defect in ("missing", "broken"):
        spoilt = owner == rng.integers(len(places))
        left = np.where(spoilt, 0 if defect == "missing" else whole * _half(rng, u, v), whole)
    _tablets(canvas, left, u, v, rng.uniform(0, np.pi, len(places)).astype(np.float32)[owner])
    cover = _contaminate(rng, canvas) if defect == "contamination" else whole - left
    return marks.photograph(rng, canvas), cover > 0.5


def _places(rng: Rng) -> NDArray[np.float32]:
    """(12, 2) centres of the cavities of a tray that lies a little askew."""
    angle = rng.normal(0, 0.012)
    row, column = np.mgrid[:_ROWS, :_COLUMNS].reshape(2, -1)
    x, y = (column - (_COLUMNS - 1) / 2) * _PITCH, (row - (_ROWS - 1) / 2) * _PITCH * 1.2
    turned = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=1)
    return np.asarray(turned + marks.SIDE / 2 + rng.normal(0, 4, 2), np.float32)


def _tray(rng: Rng, u: Cover, v: Cover) -> Canvas:
    """Round hollows: dark, in shadow at the upper left, lit at the lower right; u, v from their centres."""
    canvas = marks.tinted(_TRAY, 1 + 0.02 * marks.smooth_noise(rng, 3))
    hollow = np.asarray(np.clip(_CAVITY - np.hypot(u, v) + 0.5, 0, 1), np.float32)
    marks.paint(canvas, (0.11, 0.17, 0.21), hollow, 0.8)
    soft = cv2.GaussianBlur(hollow, (0, 0), 3)
    canvas += 0.20 * ((np.roll(soft, (4, 4), (0, 1)) - soft) * (hollow > 0))[..., None]
    return canvas


def _tablets(canvas: Canvas, tablets: Cover, u: Cover, v: Cover, angles: Cover) -> None:
    """White domes with a score line at any angle, and their shadows; u, v from their centres."""
    shadow = np.asarray(cv2.GaussianBlur(np.roll(tablets, (6, 5), (0, 1)), (0, 0), 3), np.float32)
    marks.paint(canvas, (0.03, 0.04, 0.05), shadow * (np.hypot(u, v) < _CAVITY), 0.6)
    lit = 1 - 0.09 * (u + v) / _TABLET - 0.10 * np.clip(np.hypot(u, v) / _TABLET, 0, 1.1) ** 4
    marks.paint(canvas, marks.tinted(_WHITE, np.asarray(lit, np.float32)), tablets)
    across = np.abs(u * np.sin(angles) - v * np.cos(angles))
    line = np.clip(2 - across, 0, 1) * (np.hypot(u, v) < 27) * tablets
    marks.paint(canvas, (0.70, 0.69, 0.64), np.asarray(line, np.float32), 0.8)


def _half(rng: Rng, u: Cover, v: Cover) -> Cover:
    """What is left of a tablet that broke along a rough line near its middle."""
    angle = rng.uniform(0, 6.28)
    along = u * np.cos(angle) + v * np.sin(angle) + 3 * marks.smooth_noise(rng, 8)
    return np.asarray(np.clip(along + 4, 0, 1), np.float32)


def _contaminate(rng: Rng, canvas: Canvas) -> Cover:
    """Red crumbs."""
    cover = np.zeros((marks.SIDE, marks.SIDE), np.float32)
    for _ in range(rng.integers(2, 4)):
        cover = np.maximum(cover, marks.blot(rng, marks.within(rng, 60), rng.uniform(8, 14)))
    marks.paint(canvas, (0.68, 0.16, 0.12), cover, 0.95)
    return cover
