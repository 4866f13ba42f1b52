"""A printed label on cardboard; missing print, ink stains and scratches."""

from __future__ import annotations

import cv2
import numpy as np

from saa.demo import marks
from saa.demo.marks import Canvas, Colour, Cover, Rng
from saa.types import Image, Mask

DEFECTS = ("missing_print", "ink_stain", "scratch")

_LEFT, _TOP, _RIGHT, _BOTTOM = 44, 74, 404, 374
_PAPER, _INK, _BAND = (0.94, 0.94, 0.91), (0.11, 0.12, 0.14), (0.10, 0.36, 0.46)
_LINES = (
    ("BEARING 6204-2RS", (62, 190), 0.85, 2),
    ("Lot 4711  Qty 10  Made 2031-05-17", (62, 226), 0.55, 1),
    ("Store dry. Keep away from heat.", (62, 254), 0.55, 1),
)


def draw(rng: Rng, defect: str) -> tuple[Image, Mask]:
    """One picture of the label with a defect of `DEFECTS`, or `good`, and its mask."""
    canvas = _cardboard(rng)
    _print(canvas)
    cover = np.zeros((marks.SIDE, marks.SIDE), np.float32)
    if defect == "missing_print":
        cover = _erase(rng, canvas)
    elif defect == "ink_stain":
        place = (rng.uniform(_LEFT + 50, _RIGHT - 50), rng.uniform(_TOP + 90, _BOTTOM - 50))
        cover = marks.blot(rng, place, rng.uniform(13, 24))
        marks.paint(canvas, (0.06, 0.06, 0.10), cover, 0.95)
    elif defect == "scratch":
        start = (rng.uniform(_LEFT + 30, _LEFT + 130), rng.uniform(_TOP + 20, _BOTTOM - 130))
        path = marks.wander(rng, start, rng.uniform(0.1, 0.9), rng.uniform(120, 190), 0.05)
        cover = marks.stroke(path, 4)
        marks.paint(canvas, (0.48, 0.34, 0.22), cover)  # through the paper, down to the cardboard
        marks.paint(canvas, (1.0, 1.0, 1.0), np.roll(cover, 3, 0) * (1 - cover), 0.7)
    canvas, cover = _lie(rng, canvas, cover)
    return marks.photograph(rng, canvas), cover > 0.5


def _cardboard(rng: Rng) -> Canvas:
    _, y = marks.grid()
    waves = 1 + 0.02 * np.sin(y / 3.1) + 0.03 * marks.smooth_noise(rng, 4)
    return marks.tinted((0.62, 0.48, 0.33), np.asarray(waves, np.float32))


def _print(canvas: Canvas) -> None:
    """Paper with a shadow, a coloured band, a logo, three lines of text and a bar code that never changes."""
    paper = np.zeros((marks.SIDE, marks.SIDE), np.float32)
    paper[_TOP:_BOTTOM, _LEFT:_RIGHT] = 1
    shadow = cv2.GaussianBlur(np.roll(paper, (4, 4), (0, 1)), (0, 0), 4)
    marks.paint(canvas, (0.2, 0.15, 0.1), np.asarray(shadow, np.float32), 0.5)
    marks.paint(canvas, _PAPER, paper)
    _rectangle(canvas, (_LEFT, _TOP, _RIGHT, _TOP + 68), _BAND)
    logo = (_LEFT + 40.0, _TOP + 34.0)
    marks.paint(canvas, _PAPER, marks.disc(logo, 25) - marks.disc(logo, 19) + marks.disc(logo, 8))
    _write(canvas, "NORDHOLM", (_LEFT + 82, _TOP + 46), 1.15, 3, _PAPER)
    for text, place, size, weight in _LINES:
        _write(canvas, text, place, size, weight, _INK)
    left = _LEFT + 20
    for width in np.random.default_rng(12).integers(2, 6, 40).tolist():
        if left + width > _RIGHT - 20:
            break
        _rectangle(canvas, (left, _BOTTOM - 92, left + width, _BOTTOM - 22), _INK)
        left += width + 4


def _erase(rng: Rng, canvas: Canvas) -> Cover:
    """A part of a line of text was not printed; the mask is the box where it should be."""
    _, (x, y), size, _ = _LINES[rng.integers(len(_LINES))]
    height = round(26 * size) + 4
    left = x + int(rng.uniform(0, 110))
    right = left + int(rng.uniform(70, 120))
    cover = np.zeros((marks.SIDE, marks.SIDE), np.float32)
    cover[y - height + 3 : y + 5, left:right] = 1
    marks.paint(canvas, _PAPER, cover)
    return cover


def _lie(rng: Rng, canvas: Canvas, cover: Cover) -> tuple[Canvas, Cover]:
    """The label a little turned and shifted."""
    middle = (marks.SIDE / 2, marks.SIDE / 2)
    turn = np.asarray(
        cv2.getRotationMatrix2D(middle, rng.normal(0, 1.5), rng.uniform(0.97, 1.03)), np.float64
    )
    turn[:, 2] += rng.normal(0, 5, 2)
    size = (marks.SIDE, marks.SIDE)
    seen = cv2.warpAffine(canvas, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    moved = cv2.warpAffine(cover, turn, size, flags=cv2.INTER_LINEAR)
    return np.asarray(seen, np.float32), np.asarray(moved, np.float32)


def _rectangle(canvas: Canvas, box: tuple[int, int, int, int], colour: Colour) -> None:
    canvas[box[1] : box[3], box[0] : box[2]] = colour


def _write(
    canvas: Canvas, text: str, place: tuple[int, int], size: float, weight: int, colour: Colour
) -> None:
    letters = np.zeros((marks.SIDE, marks.SIDE), np.uint8)
    cv2.putText(letters, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, 255, weight, cv2.LINE_AA)
    marks.paint(canvas, colour, np.asarray(letters / np.float32(255), np.float32))
