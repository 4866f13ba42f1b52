"""The pictures of one image, small enough for a page, as data URIs."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass

import cv2
import numpy as np
import PIL.Image

from saa import images, records, truths
from saa.errors import SaaError
from saa.ops import drawing
from saa.records import Record
from saa.reports._room import Room
from saa.runs import rle
from saa.types import Image, Mask, Regions, Truth

_QUALITIES = 78, 50, 25, 5
_MAX_REGIONS = 5
_MAX_MAGNIFICATION = 4
_SCALE = 1.5
_TRUTH = (0, 200, 255)
_LEFT_OUT = (128, 128, 128)


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        title: what it shows, in a word or two.
        alt: the same for who cannot see it.
        uri: the picture itself; empty if it cannot be shown.
        size: (h, w) in pixels.
    """

    title: str
    alt: str
    uri: str
    size: tuple[int, int]


def pictures(row: Record, low: float, high: float, room: Room) -> list[Picture]:
    """Image, truth, map and regions of an image that did not fail, as large as there is room.

    An image or mask that is no longer where it was leaves out its pictures and keeps the map.

    Raises:
        ImageError, RunError: the map or the regions cannot be read.
    """
    anomaly_map = images.read_map(row.map_path)
    full = anomaly_map.shape[0], anomaly_map.shape[1]
    size = _fitted(*full, room.side)
    shown = drawing.colour(np.asarray(_resized(anomaly_map, size), np.float32), low, high)
    coloured = _picture("Map", f"Anomaly map of {row.name}", shown, room.letters)
    image = _image(row, anomaly_map.shape)
    if image is None:
        return [coloured]
    small = np.asarray(_resized(image, size), np.uint8)
    found = [_picture("Image", f"{row.product} {row.name}, {row.defect}", small, room.letters)]
    truth = _truth(row, full)
    if truth is not None:
        found.append(_truth_picture(row, small, truth, room.letters))
    regions = _regions(row, size)
    phrases = ", ".join(regions.phrases) or "none"
    alt = f"Suspected defects of {row.name}: {phrases}"
    return [
        *found,
        coloured,
        _picture("Regions", alt, drawing.outlined(small, regions, scale=_SCALE), room.letters),
    ]


def _fitted(height: int, width: int, side: int) -> tuple[int, int]:
    """(h, w) of the area of a square of `side`; tiny images grow four times at most."""
    factor = min(side / math.sqrt(height * width), _MAX_MAGNIFICATION)
    return max(1, round(height * factor)), max(1, round(width * factor))


def _resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    how = cv2.INTER_AREA if pixels.shape[0] > size[0] else cv2.INTER_NEAREST
    return cv2.resize(pixels, size[::-1], interpolation=how)


def _shrunk(mask: Mask, size: tuple[int, int]) -> Mask:
    """A mask at another size that keeps even its smallest speck."""
    return np.asarray(_resized(mask.astype(np.float32), size) > 0)


def _image(row: Record, size: tuple[int, ...]) -> Image | None:
    try:
        image = images.read_rgb(row.image_path)
    except SaaError:  # the picture was moved or replaced since the run; the page says so
        return None
    return image if image.shape[:2] == size else None


def _truth(row: Record, size: tuple[int, int]) -> Truth | None:
    if not row.has_truth:
        return None
    try:
        return truths.read(row, size)
    except SaaError:  # as above
        return None


def _truth_picture(row: Record, small: Image, truth: Truth, most: int) -> Picture:
    """The marked defect; what does not count is grey."""
    alt = f"Marked defect of {row.name}" if truth.defective.any() else f"{row.name} without a marked defect"
    size = small.shape[0], small.shape[1]
    if truth.scored.all():
        return _picture("Truth", alt, _marked(small, _shrunk(truth.defective, size)), most)
    left_out = np.asarray(_resized((~truth.scored).astype(np.float32), size) > 0.5)
    greyed = small.copy()
    greyed[left_out] = _LEFT_OUT
    marked = _marked(greyed, _shrunk(truth.defective, size))
    return _picture("Truth, grey does not count", f"{alt}; what does not count is grey", marked, most)


def _regions(row: Record, size: tuple[int, int]) -> Regions:
    saved = records.read_regions(row)[:_MAX_REGIONS]
    if not saved:
        return Regions.none(size)
    masks = np.stack([_shrunk(rle.decode(region["rle"]), size) for region in saved])
    scores = np.array([region["score"] for region in saved], np.float32)
    return Regions(masks, scores, tuple(region["phrase"] for region in saved))


def _marked(image: Image, truth: Mask) -> Image:
    drawn = image.copy()
    drawn[truth] = np.rint(0.6 * drawn[truth] + 0.4 * np.array(_TRUTH)).astype(np.uint8)
    drawing.outline(drawn, truth, _TRUTH, scale=_SCALE)
    return drawn


def _picture(title: str, alt: str, image: Image, most: int) -> Picture:
    return Picture(title, alt, _uri(image, most), (image.shape[0], image.shape[1]))


def _uri(image: Image, most: int) -> str:
    """The picture in at most so many letters, as sharp as these allow."""
    for quality in _QUALITIES:
        payload = io.BytesIO()
        PIL.Image.fromarray(image).save(payload, "WEBP", quality=quality, method=4)
        uri = "data:image/webp;base64," + base64.b64encode(payload.getvalue()).decode("ascii")
        if len(uri) <= most:
            break
    return uri
