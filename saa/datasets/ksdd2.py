"""Kolektor Surface-Defect Dataset 2."""

from __future__ import annotations

from pathlib import Path

from saa.datasets import _labelled, _listing
from saa.types import Sample

DESCRIPTION = (
    "KolektorSDD2: {test,train}/<id>.png with masks <id>_GT.png (published SAA+ figures are on train)"
)
SPLITS = ("test", "train")
_PRODUCT = "ksdd2"
_DEFECT = "defect"
_ENDING = "_GT"


def recognises(root: Path) -> bool:
    """Whether a split's folder holds masks named `<id>_GT`."""
    return any(path.stem.endswith(_ENDING) for split in SPLITS for path in _listing.pictures(root / split))


def samples(root: Path, split: str = "test") -> list[Sample]:
    """All images of a split.

    Args:
        root: the folder that holds `test` and `train`.
        split: one of `SPLITS`.

    Returns:
        Sorted by name, such as test/20000.png; the product is `ksdd2`, the defect is `defect`, or `good` where
        the mask is empty.

    Raises:
        DatasetError: another layout, or images and masks that do not pair.
    """
    _listing.check(root, split, SPLITS)
    found = _listing.pictures(root / split)
    masks = [path for path in found if path.stem.endswith(_ENDING)]
    pictures = [path for path in found if not path.stem.endswith(_ENDING)]
    listing = _labelled.pairs(root, pictures, masks, product=_PRODUCT, defect=_DEFECT, ending=_ENDING)
    layout = f"a folder {split} with images <id>.png and masks <id>{_ENDING}.png"
    return _listing.verified(root, "ksdd2", layout, listing)
