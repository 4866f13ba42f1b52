"""A woven fabric that fills the picture; holes, stains and loose threads."""

from __future__ import annotations

import numpy as np

from saa.demo import marks
from saa.demo.marks import Canvas, Cover, Rng
from saa.types import Image, Mask

DEFECTS = ("hole", "stain", "loose_thread")

_WARP = (0.30, 0.42, 0.58)
_WEFT = (0.62, 0.68, 0.74)
_WET = np.array((0.62, 0.46, 0.30))


def draw(rng: Rng, defect: str) -> tuple[Image, Mask]:
    """One picture of the fabric with a defect of `DEFECTS`, or `good`, and its mask."""
    canvas = _weave(rng)
    cover = np.zeros((marks.SIDE, marks.SIDE), np.float32)
    if defect == "hole":
        cover = _hole(rng, canvas)
    elif defect == "stain":
        cover = marks.blot(rng, marks.within(rng, 90), rng.uniform(26, 48))
        marks.paint(canvas, np.asarray(canvas * _WET, np.float32), cover, 0.9)
    elif defect == "loose_thread":
        path = marks.wander(rng, marks.within(rng, 130), rng.uniform(0, 6.28), rng.uniform(130, 210), 0.16)
        cover = marks.stroke(path, 4)
        marks.paint(canvas, (0.12, 0.14, 0.18), np.roll(cover, (3, 2), (0, 1)), 0.5)
        marks.paint(canvas, (0.93, 0.93, 0.90), cover)
    return marks.photograph(rng, canvas), cover > 0.5


def _weave(rng: Rng) -> Canvas:
    """Threads over and under each other, their distance and lie a little uneven."""
    x, y = marks.grid()
    angle, period = rng.uniform(-0.05, 0.05), rng.uniform(10.5, 11.5)
    u = (x * np.cos(angle) - y * np.sin(angle) + 0.8 * marks.smooth_noise(rng, 60)) / period + rng.random()
    v = (x * np.sin(angle) + y * np.cos(angle) + 0.8 * marks.smooth_noise(rng, 60)) / period + rng.random()
    across, along = np.abs(np.sin(np.pi * u)), np.abs(np.sin(np.pi * v))
    fibres = 1 + 0.05 * marks.smooth_noise(rng, 2)
    canvas = marks.tinted(_WEFT, (0.45 + 0.55 * along * np.sqrt(across)) * fibres)
    warp = marks.tinted(_WARP, (0.45 + 0.55 * across * np.sqrt(along)) * fibres)
    marks.paint(canvas, warp, (np.floor(u) + np.floor(v)) % 2)
    return canvas


def _hole(rng: Rng, canvas: Canvas) -> Cover:
    """A dark gap with frayed ends of threads around it."""
    centre, radius = marks.within(rng, 80), rng.uniform(16, 28)
    cover = marks.blot(rng, centre, radius, 0.25)
    marks.paint(canvas, (0.05, 0.05, 0.06), cover)
    for angle in rng.uniform(0, 6.28, 9):
        start = marks.around(centre, radius, angle)
        end = marks.around(centre, radius * rng.uniform(0.45, 0.8), angle + rng.normal(0, 0.2))
        marks.paint(canvas, _WEFT, marks.stroke([start, end], 2), 0.8)
    return cover
