"""Masks as COCO's uncompressed run lengths: column by column, starting with the zeros."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

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
    height, width = mask.shape
    columns = np.flatnonzero(mask.any(axis=0))
    if not len(columns):
        return Rle(size=[height, width], counts=[height * width])
    left, right = int(columns[0]), int(columns[-1]) + 1
    inside = np.ravel(mask[:, left:right], order="F")  # only the columns with a pixel: most masks are small
    flips = np.flatnonzero(np.diff(inside, prepend=False, append=False)) + left * height
    counts = np.diff(np.concatenate([[0], flips, [height * width]]))
    return Rle(size=[height, width], counts=(counts if counts[-1] else counts[:-1]).tolist())


def decode(rle: Rle) -> Mask:
    """The (H, W) mask that `encode` was given."""
    height, width = rle["size"]
    bits = np.arange(len(rle["counts"])) % 2 == 1
    return np.repeat(bits, rle["counts"]).reshape((height, width), order="F")


def box(mask: Mask) -> list[int]:
    """The tightest xyxy box around an (H, W) mask, right and bottom exclusive; all 0 for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return [0, 0, 0, 0]
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def describe(regions: Regions) -> list[Region]:
    """The regions as they go into a JSON file, in the same order."""
    rows = zip(regions.phrases, regions.scores, regions.areas, regions.masks, strict=True)
    return [
        Region(phrase=phrase, score=float(score), area_px=int(area), box_xyxy=box(mask), rle=encode(mask))
        for phrase, score, area, mask in rows
    ]
