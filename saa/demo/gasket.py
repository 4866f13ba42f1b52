"""A round metal part with bolt holes on a plain ground; scratches, cracks and contamination."""

from __future__ import annotations

import cv2
import numpy as np

from saa.demo import marks
from saa.demo.marks import Canvas, Cover, Rng
from saa.types import Image, Mask

DEFECTS = ("scratch", "crack", "contamination")

_OUTER, _INNER, _BOLTS, _BOLT_HOLE = 158.0, 66.0, 112.0, 13.0
_GROUND = (0.80, 0.82, 0.84)


def draw(rng: Rng, defect: str) -> tuple[Image, Mask]:
    """One picture of the part with a defect of `DEFECTS`, or `good`, and its mask."""
    centre = (marks.SIDE / 2 + rng.normal(0, 8), marks.SIDE / 2 + rng.normal(0, 8))
    turn, scale = rng.uniform(0, 6.28), rng.uniform(0.96, 1.04)
    metal = _metal_cover(centre, turn, scale)
    canvas = _part(rng, centre, scale, metal)
    cover = np.zeros_like(metal)
    if defect == "scratch":
        cover = _scratch(rng, canvas, centre, metal)
    elif defect == "crack":
        start = marks.around(centre, _OUTER * scale, angle := rng.uniform(0, 6.28))
        cover = marks.stroke(marks.wander(rng, start, angle + np.pi, rng.uniform(60, 90), 0.35), 4) * metal
        marks.paint(canvas, (0.06, 0.05, 0.05), cover)
    elif defect == "contamination":
        for _ in range(rng.integers(2, 5)):
            place = marks.around(centre, rng.uniform(80, 140), rng.uniform(0, 6.28))
            cover = np.maximum(cover, marks.blot(rng, place, rng.uniform(7, 15)) * metal)
        marks.paint(canvas, (0.36, 0.20, 0.08), cover, 0.9)
    return marks.photograph(rng, canvas), cover > 0.5


def _metal_cover(centre: tuple[float, float], turn: float, scale: float) -> Cover:
    cover = marks.disc(centre, _OUTER * scale) - marks.disc(centre, _INNER * scale)
    for bolt in range(6):
        place = marks.around(centre, _BOLTS * scale, turn + bolt * np.pi / 3)
        cover = np.minimum(cover, 1 - marks.disc(place, _BOLT_HOLE * scale))
    return cover


def _part(rng: Rng, centre: tuple[float, float], scale: float, metal: Cover) -> Canvas:
    """Turned metal: rings from the lathe, a sheen that turns with the light, bright edges, a soft shadow."""
    canvas = marks.plain(_GROUND)
    shadow = cv2.GaussianBlur(np.roll(metal, (9, 7), (0, 1)), (0, 0), 7)
    marks.paint(canvas, (0.30, 0.31, 0.34), np.asarray(shadow, np.float32), 0.55)
    x, y = marks.grid()
    radius = np.hypot(x - centre[0], y - centre[1]) / scale
    angle = np.arctan2(y - centre[1], x - centre[0])
    sheen = 0.07 * np.cos(2 * (angle - rng.uniform(0, 3.14))) + 0.02 * np.sin(radius * 1.9)
    edge = cv2.GaussianBlur(metal, (0, 0), 2)
    rim = 0.30 * np.clip(edge - np.roll(edge, (3, 3), (0, 1)), -0.6, 0.6)
    tone = 0.55 + sheen + rim + 0.012 * marks.smooth_noise(rng, 3)
    marks.paint(canvas, marks.tinted((0.98, 1.0, 1.04), tone), metal)
    return canvas


def _scratch(rng: Rng, canvas: Canvas, centre: tuple[float, float], metal: Cover) -> Cover:
    angle = rng.uniform(0, 6.28)
    start = marks.around(centre, 85, angle)
    path = marks.wander(rng, start, angle + rng.uniform(0.8, 1.3), rng.uniform(70, 120), 0.05)
    cover = marks.stroke(path, 3) * metal
    marks.paint(canvas, (0.25, 0.25, 0.27), np.roll(cover, (2, 1), (0, 1)) * metal, 0.6)
    marks.paint(canvas, (0.97, 0.97, 0.98), cover)
    return cover
