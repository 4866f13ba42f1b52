"""The property prompt P^P: what a defect may look like, checked on masks and words.

Source: SAA+, arXiv 2305.10724, Eq. 4: rules on masks, as the paper says; the released code applies
the area rule to boxes and has no overlap rule.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from saa.ops.words import contains
from saa.types import Regions


def plausible(
    flaws: Regions,
    objects: Regions,
    *,
    max_area_ratio: float,
    min_area_ratio: float,
    min_overlap_ratio: float,
    reject: tuple[str, ...],
) -> Regions:
    """The regions that may be defects: not too large, not too small, on the object, not called something else.

    Args:
        flaws: N suspected defects.
        objects: M objects on the same image. With M = 0 the whole image is the object.
        max_area_ratio: largest allowed share of the (largest) object's area, in (0, 1].
        min_area_ratio: smallest allowed share, in [0, 1).
        min_overlap_ratio: share of a region that must lie on an object, in [0, 1].
        reject: phrases that are never a defect.

    Returns:
        The regions that pass every rule, in the same order. An empty mask never passes.

    Raises:
        ValueError: the two lie on images of different size.
    """
    if flaws.size != objects.size:
        raise ValueError(f"flaws and objects: expected one image size, got {flaws.size} and {objects.size}")
    shares = flaws.areas / area_of_object(objects)
    allowed = (flaws.areas > 0) & (shares <= max_area_ratio) & (shares >= min_area_ratio)
    allowed &= overlap_ratios(flaws, objects) >= min_overlap_ratio
    allowed &= np.array(
        [not any(contains(phrase, word) for word in reject) for phrase in flaws.phrases], np.bool_
    )
    return flaws[allowed]


def area_of_object(objects: Regions) -> float:
    """Pixels of the largest object; of the whole image if there is none or it is empty."""
    height, width = objects.size
    largest = int(objects.areas.max()) if len(objects) else 0
    return float(largest or height * width)


def overlap_ratios(flaws: Regions, objects: Regions) -> NDArray[np.float64]:
    """(N,) share of each region that lies on any object; all ones if no object has a pixel."""
    whole = objects.masks.any(axis=0)
    if not whole.any():
        return np.ones(len(flaws))
    shared = np.array([np.count_nonzero(mask & whole) for mask in flaws.masks], np.int64)
    return np.asarray(shared / np.maximum(flaws.areas, 1), np.float64)
