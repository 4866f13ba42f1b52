"""What the drawn products share: smooth noise, blots, strokes, paint, and a camera."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.types import Image

SIDE = 448
"""Pixels on each side of a drawn image."""

Rng: TypeAlias = np.random.Generator
Canvas: TypeAlias = NDArray[np.float32]
"""(H, W, 3) float32 in [0, 1], linear enough to paint on."""
Cover: TypeAlias = NDArray[np.float32]
"""(H, W) float32 in [0, 1]: how much of each pixel something covers."""
Colour: TypeAlias = tuple[float, float, float]


def plain(colour: Colour) -> Canvas:
    """A canvas of one colour."""
    return np.full((SIDE, SIDE, 3), colour, np.float32)


@cache
def grid() -> tuple[Cover, Cover]:
    """(H, W) x and y of every pixel; not to be written to."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    x.flags.writeable = y.flags.writeable = False
    return x, y


def smooth_noise(rng: Rng, sigma: float) -> Cover:
    """(H, W) noise of mean 0 and deviation 1 whose grains are about `sigma` px."""
    coarse = max(4, round(SIDE / max(sigma / 2, 1)))
    grains = cv2.GaussianBlur(rng.standard_normal((coarse, coarse)).astype(np.float32), (0, 0), 2)
    noise = cv2.resize(grains, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray((noise - noise.mean()) / noise.std(), np.float32)


def disc(centre: tuple[float, float], radius: float) -> Cover:
    """A round cover with a clean edge."""
    x, y = grid()
    distance = np.hypot(x - centre[0], y - centre[1])
    return np.asarray(np.clip(radius - distance + 0.5, 0, 1), np.float32)


def blot(rng: Rng, centre: tuple[float, float], radius: float, roughness: float = 0.3) -> Cover:
    """An irregular patch; `roughness` is the share by which its radius varies."""
    x, y = grid()
    distance = np.hypot(x - centre[0], y - centre[1]) / radius
    edge = 1 + roughness * smooth_noise(rng, radius * 0.7)
    return np.asarray(np.clip((edge - distance) * radius / 1.5 + 0.5, 0, 1), np.float32)


def stroke(points: Sequence[tuple[float, float]], width: int) -> Cover:
    """A line through points (x, y), `width` px wide."""
    cover = np.zeros((SIDE, SIDE), np.uint8)
    fixed = np.rint(np.asarray(points) * 16).astype(np.int32)[:, None]
    cv2.polylines(cover, [fixed], False, 255, width, cv2.LINE_AA, shift=4)  # noqa: FBT003 - not closed
    return np.asarray(cover / np.float32(255), np.float32)


def wander(
    rng: Rng, start: tuple[float, float], angle: float, length: float, bend: float
) -> list[tuple[float, float]]:
    """Points of a path of `length` px that turns by about `bend` radians each 6 px."""
    step = 6.0
    turns = angle + np.cumsum(rng.normal(0, bend, max(2, round(length / step))))
    xs, ys = start[0] + step * np.cumsum(np.cos(turns)), start[1] + step * np.cumsum(np.sin(turns))
    return [start, *zip(xs.tolist(), ys.tolist(), strict=True)]


def tinted(colour: Colour, tone: Cover) -> Canvas:
    """A canvas of one colour, lighter and darker as `tone` (H, W) says."""
    return np.asarray(tone[..., None] * np.array(colour), np.float32)


def paint(canvas: Canvas, colour: Colour | Canvas, cover: Cover, opacity: float = 1.0) -> None:
    """Lay a colour over the canvas where `cover` says."""
    rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
    if len(rows):
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        new = np.broadcast_to(np.asarray(colour, np.float32), canvas.shape)[box]
        canvas[box] += (new - canvas[box]) * (cover[box] * np.float32(opacity))[..., None]


def photograph(rng: Rng, canvas: Canvas) -> Image:
    """The canvas as a camera sees it: uneven light, a soft lens, sensor noise; (H, W, 3) uint8."""
    x, y = grid()
    angle = rng.uniform(0, 2 * np.pi)
    slope = ((x - SIDE / 2) * np.cos(angle) + (y - SIDE / 2) * np.sin(angle)) / SIDE
    corner = np.hypot(x - SIDE / 2, y - SIDE / 2) / SIDE
    light = rng.uniform(0.92, 1.06) * (1 + 0.10 * slope - 0.12 * corner**2)
    seen = cv2.GaussianBlur(canvas * light[..., None].astype(np.float32), (0, 0), 0.7)
    grain = rng.standard_normal((SIDE, SIDE, 1), np.float32) * 0.012
    return np.asarray(np.rint(np.clip(seen + grain, 0, 1) * 255), np.uint8)


def within(rng: Rng, margin: float) -> tuple[float, float]:
    """A random place (x, y) at least `margin` px from every side."""
    x, y = rng.uniform(margin, SIDE - margin, 2)
    return float(x), float(y)


def around(centre: tuple[float, float], radius: float, angle: float) -> tuple[float, float]:
    """The place at `radius` px from `centre`, at `angle`."""
    return centre[0] + radius * float(np.cos(angle)), centre[1] + radius * float(np.sin(angle))
