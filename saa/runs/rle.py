"""Masks as COCO's uncompressed run lengths: column by column, starting with the zeros."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from saa.ops import boxes
from saa.types import Mask, Regions


class Rle(TypedDict):
    """A mask of `size` [h, w]; `counts` are the lengths of alternating runs of 0 and 1, column-major."""

    size: list[int]
    counts: list[int]


class Region(TypedDict):
    """One suspected defect as it is saved; the box is xyxy pixels, right and bottom exclusive."""

    phrase: str
    score: float
    area_px: int
    box_xyxy: list[int]
    rle: Rle


def encode(mask: Mask) -> Rle:
    """The run lengths of an (H, W) mask, as `pycocotools` and its like read them."""
    return _encode(mask, boxes.of_mask(mask))


def decode(rle: Rle) -> Mask:
    """The (H, W) mask that `encode` was given."""
    height, width = rle["size"]
    bits = np.arange(len(rle["counts"])) % 2 == 1
    return np.repeat(bits, rle["counts"]).reshape((height, width), order="F")


def describe(regions: Regions) -> list[Region]:
    """The regions as they go into a JSON file, in the same order."""
    return [
        _describe(*row) for row in zip(regions.phrases, regions.scores.tolist(), regions.masks, strict=True)
    ]


def _describe(phrase: str, score: float, mask: Mask) -> Region:
    edges = boxes.of_mask(mask)
    rle = _encode(mask, edges)
    return Region(phrase=phrase, score=score, area_px=sum(rle["counts"][1::2]), box_xyxy=list(edges), rle=rle)


def _encode(mask: Mask, edges: tuple[int, int, int, int]) -> Rle:
    height, width = mask.shape
    left, _, right, _ = edges
    inside = np.ravel(mask[:, left:right], order="F")  # most masks are small: leave the other columns alone
    flips = np.flatnonzero(np.diff(inside, prepend=False, append=False)) + left * height
    counts = np.diff(np.concatenate([[0], flips, [height * width]]))
    return Rle(size=[height, width], counts=(counts if counts[-1] else counts[:-1]).tolist())
