"""Maps and regions made visible: arrays in, arrays out. Nothing here is for measuring."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import cv2
import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
from numpy.typing import NDArray

from saa.types import AnomalyMap, Image, Mask, Regions

_OUTLINE = (255, 221, 51)
_DARK = (16, 16, 16)
_OPACITY = 0.7
_LEAST_SPAN = 1e-30
_MIN_LABELLED_PX = 60
_MIN_TEXT_PX = 12

_Box = tuple[int, int, int, int]


def colour(anomaly_map: AnomalyMap, low: float, high: float) -> Image:
    """A map in viridis, whose steps look as large as they are and which survives grey printing.

    Args:
        anomaly_map: (H, W) float32.
        low: this and less is dark violet.
        high: this and more is yellow; not above `low` makes everything dark.

    Returns:
        (H, W, 3) uint8 RGB. Give every map of a comparison the same `low` and `high`.
    """
    levels = np.rint(255 * _shares(anomaly_map, low, high)).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)[..., ::-1].copy(), np.uint8)


def overlay(image: Image, anomaly_map: AnomalyMap, regions: Regions, vmax: float, vmin: float = 0) -> Image:
    """The image under its map, with the regions outlined and named.

    Args:
        image: (H, W, 3) uint8 RGB.
        anomaly_map: (H, W) float32; `vmin` and less leaves the image as it is.
        regions: N regions of that size, best first.
        vmax: the value shown strongest; take the same for images that are to be compared.
        vmin: the value that is not shown; below 0 for maps that are.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    share = _shares(anomaly_map, vmin, vmax)
    hot = cv2.applyColorMap(np.rint(255 * share).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    weight = (_OPACITY * np.sqrt(share))[..., None]
    return outlined(np.rint(image * (1 - weight) + hot * weight).astype(np.uint8), regions)


def outlined(image: Image, regions: Regions, *, scale: float = 1) -> Image:
    """The image with each region's outline, phrase and score; the best region lies on top.

    Args:
        image: (H, W, 3) uint8 RGB.
        regions: N regions of that size, best first. Pictures under 60 px a side get outlines only.
        scale: how much larger than usual lines and letters are; for pictures that are shown small.

    Returns:
        (H, W, 3) uint8 RGB, a new array.
    """
    drawn = image.copy()
    shown = [n for n in range(len(regions)) if regions.masks[n].any()]
    for n in reversed(shown):
        outline(drawn, regions.masks[n], bold=n == shown[0], scale=scale)
    if min(image.shape[:2]) < _MIN_LABELLED_PX:
        return drawn
    labels = [f"{_plain(regions.phrases[n])} {regions.scores[n]:.2f}" for n in shown]
    edges = [_edges(regions.masks[n]) for n in shown]
    return _labelled(drawn, labels, edges, scale)


def outline(
    image: Image,
    mask: Mask,
    inside: tuple[int, int, int] = _OUTLINE,
    *,
    bold: bool = True,
    scale: float = 1,
) -> None:
    """Draw the border of an (H, W) mask into the image; bold has a dark rim and is seen on any ground."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    width = max(1, round(scale * min(image.shape[:2]) / 300))
    if bold:
        cv2.drawContours(image, contours, -1, _DARK, 3 * width)
    cv2.drawContours(image, contours, -1, inside, width)


def _shares(anomaly_map: AnomalyMap, low: float, high: float) -> NDArray[np.float32]:
    span = np.float32(max(high - low, _LEAST_SPAN))
    shares: NDArray[np.float32] = np.clip((anomaly_map - np.float32(low)) / span, 0, 1)
    return shares


def _plain(phrase: str) -> str:
    """The phrase in the letters that the font of every installation has; "größe" reads "grosse"."""
    letters = unicodedata.normalize("NFKD", " ".join(phrase.split()).replace("ß", "ss"))
    return (
        "".join(each for each in letters if not unicodedata.combining(each))
        .encode("ascii", "replace")
        .decode()
    )


def _edges(mask: Mask) -> _Box:
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + width, top + height


def _labelled(image: Image, labels: Sequence[str], edges: Sequence[_Box], scale: float) -> Image:
    picture = PIL.Image.fromarray(image)
    pen = PIL.ImageDraw.Draw(picture)
    height, width = image.shape[:2]
    size = max(_MIN_TEXT_PX, round(scale * min(height, width) / 32))
    font = PIL.ImageFont.load_default(size)
    taken: list[_Box] = []
    for label, around in zip(labels, edges, strict=True):
        text = _shortened(label, pen, font, width - size)
        box = _place(around, round(pen.textlength(text, font)) + size // 2, size + size // 3, (width, height))
        if not any(_overlap(box, other) for other in taken):
            taken.append(box)
            pen.rectangle(box, fill=_DARK)
            pen.text((box[0] + size // 4, (box[1] + box[3]) / 2), text, _OUTLINE, font, anchor="lm")
    return np.array(picture)


def _shortened(
    text: str,
    pen: PIL.ImageDraw.ImageDraw,
    font: PIL.ImageFont.FreeTypeFont | PIL.ImageFont.ImageFont,
    width: int,
) -> str:
    """The text, its phrase cut so that the score at its end stays on the picture."""
    phrase, _, score = text.rpartition(" ")
    while phrase and pen.textlength(text, font) > width:
        phrase = phrase[:-1]
        text = f"{phrase}... {score}"
    return text


def _place(around: _Box, width: int, height: int, limits: tuple[int, int]) -> _Box:
    """A box just above a region, below it where there is no room, on it where there is none at all, inside (w, h)."""
    left = max(0, min(around[0], limits[0] - width - 1))
    top = around[1] - height - 2
    if top < 0:
        top = (
            around[3] + 2
            if around[3] + height + 2 < limits[1]
            else min(around[1] + 2, limits[1] - height - 1)
        )
    return left, top, left + width, top + height


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
