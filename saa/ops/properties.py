"""The property prompt P^P: what a defect may look like, checked on boxes, masks and words.

Source: SAA+, arXiv 2305.10724, Eq. 4: an area and an IoU rule on masks. The code released with it applies the area
rule to boxes, has no overlap rule, and drops boxes whose word pieces spell the object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saa.ops.words import contains
from saa.types import Boxes, Proposals, Regions

AreaRule: TypeAlias = Literal["mask", "box", "none"]
OverlapRule: TypeAlias = Literal["share", "iou", "none"]
RejectRule: TypeAlias = Literal["words", "letters", "none"]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """What a region must be like to count as a defect.

    Attributes:
        max_area_ratio: largest allowed share of the (largest) object's area, in (0, 1].
        min_area_ratio: smallest allowed share, in [0, 1).
        area: what the two are bounds of: the area of masks, bounds included; that of boxes, bounds excluded, as in
            the released code; or of nothing.
        min_overlap_ratio: share of a region that must lie on an object, in [0, 1]; for the overlap rule `share`.
        min_iou: what the IoU of a region and the objects must exceed, in [0, 1); for the overlap rule `iou`.
        overlap: which of the two is asked for, if any.
    """

    max_area_ratio: float = 1.0
    min_area_ratio: float = 0.0
    area: AreaRule = "mask"
    min_overlap_ratio: float = 0.0
    min_iou: float = 0.0
    overlap: OverlapRule = "share"

    @property
    def look_at_masks(self) -> bool:
        """Whether masks of the objects are needed."""
        return self.area == "mask" or self.overlap != "none"


def plausible_boxes(found: Proposals, object_area: float, rules: Rules) -> Proposals:
    """The proposals that may be defects as far as their boxes tell, in the same order.

    Args:
        found: N proposals.
        object_area: of the (largest) object, in square pixels.
        rules: only their area rule is asked, if it is one on boxes.
    """
    if rules.area != "box":
        return found
    shares = box_areas(found.boxes) / object_area
    return found[(shares < rules.max_area_ratio) & (shares > rules.min_area_ratio)]


def plausible(flaws: Regions, objects: Regions, rules: Rules) -> Regions:
    """The regions that may be defects: not too large, not too small, on the object.

    Args:
        flaws: N suspected defects.
        objects: M objects on the same image. With M = 0 the whole image is the object.
        rules: those on boxes are not asked here.

    Returns:
        The regions that pass every rule, in the same order. An empty mask passes no rule on masks.

    Raises:
        ValueError: the two lie on images of different size.
    """
    if flaws.size != objects.size:
        raise ValueError(f"flaws and objects: expected one image size, got {flaws.size} and {objects.size}")
    allowed = np.ones(len(flaws), np.bool_)
    if rules.area == "mask":
        shares = flaws.areas / area_of_object(objects)
        allowed &= (flaws.areas > 0) & (shares <= rules.max_area_ratio) & (shares >= rules.min_area_ratio)
    if rules.overlap == "share":
        allowed &= overlap_ratios(flaws, objects) >= rules.min_overlap_ratio
    if rules.overlap == "iou":
        allowed &= overlap_ious(flaws, objects) > rules.min_iou
    return flaws[allowed]


def not_called(phrases: tuple[str, ...], reject: tuple[str, ...], rule: RejectRule) -> Flags:
    """(N,) whether each phrase is free of what is never a defect.

    Args:
        phrases: N phrases, as a generator gives them.
        reject: what is never a defect, M phrases.
        rule: `words`: the words of one stand side by side in the other, whatever their case, plural or underscores.
            `letters`: the letters do, as in the released code, where `metal_nut` never stands in the word pieces
            `metal _ nut`. `none`: all are free.
    """
    if rule == "words":
        return np.array([not any(contains(phrase, word) for word in reject) for phrase in phrases], np.bool_)
    if rule == "letters":
        return np.array([not any(word in phrase for word in reject) for phrase in phrases], np.bool_)
    return np.ones(len(phrases), np.bool_)


def area_of_object(objects: Regions) -> float:
    """Pixels of the largest object; of the whole image if there is none or it is empty."""
    height, width = objects.size
    largest = int(objects.areas.max()) if len(objects) else 0
    return float(largest or height * width)


def box_areas(boxes: Boxes) -> NDArray[np.float64]:
    """(N,) areas in square pixels; what lies outside the image counts."""
    sides = boxes[:, 2:].astype(np.float64) - boxes[:, :2]
    return np.asarray(sides[:, 0] * sides[:, 1], np.float64)


def overlap_ratios(flaws: Regions, objects: Regions) -> NDArray[np.float64]:
    """(N,) share of each region that lies on any object; all ones if no object has a pixel."""
    shared, whole = _shared(flaws, objects)
    return np.asarray(shared / np.maximum(flaws.areas, 1), np.float64) if whole else np.ones(len(flaws))


def overlap_ious(flaws: Regions, objects: Regions) -> NDArray[np.float64]:
    """(N,) intersection over union of each region and all objects together; all ones if no object has a pixel.

    Source: theta_IoU of SAA+, arXiv 2305.10724, Eq. 4, whose value was not published.
    """
    shared, whole = _shared(flaws, objects)
    return np.asarray(shared / (flaws.areas + whole - shared), np.float64) if whole else np.ones(len(flaws))


def _shared(flaws: Regions, objects: Regions) -> tuple[NDArray[np.int64], int]:
    """(N,) pixels of each region that lie on any object, and the pixels of all objects together."""
    whole = objects.masks.any(axis=0)
    shared = np.array([np.count_nonzero(mask & whole) for mask in flaws.masks], np.int64)
    return shared, int(np.count_nonzero(whole))
