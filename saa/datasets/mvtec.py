"""MVTec AD and every data set laid out like it."""

from __future__ import annotations

from pathlib import Path

from saa.datasets import _listing, _tree
from saa.types import Sample

DESCRIPTION = "MVTec AD's layout: <product>/test/<defect>/*, <product>/ground_truth/<defect>/<image>_mask.png"
SPLITS = _tree.SPLITS
_ENDING = "_mask"


def recognises(root: Path) -> bool:
    """Whether a product has images in `test/<defect>`, and its masks, if any, end in `_mask`."""
    found = [folder for folder in _tree.products(root) if _listing.folders(folder / "test")]
    masks = [mask for folder in found for mask in _tree.masks(folder)]
    return bool(found) and (not masks or any(mask.stem.endswith(_ENDING) for mask in masks))


def samples(root: Path, split: str = "test") -> list[Sample]:
    """All images of a split.

    Args:
        root: the data set's folder, or one product's.
        split: one of `SPLITS`; `train` need not exist otherwise.

    Returns:
        Sorted by (product, name), such as (bottle, test/broken/000.png); the defect is the folder's name.

    Raises:
        DatasetError: another layout, or images and masks that do not pair.
    """
    _listing.check(root, split, SPLITS)
    layout = "folders <product>/test/<defect> with images, or one <product>"
    return _listing.verified(root, "mvtec", layout, _tree.listing(root, split, _ENDING))
