"""Magnetic Tile Defects, in the authors' own layout."""

from __future__ import annotations

from pathlib import Path

from saa.datasets import _labelled, _listing
from saa.datasets._listing import Listing
from saa.types import GOOD, Sample

DESCRIPTION = "Magnetic Tile Defects as published: MT_<Defect>/Imgs/<name>.jpg with masks <name>.png"
SPLITS = ("test",)
_PRODUCT = "mtd"
_PREFIX = "MT_"
_FREE = "free"
_IMAGES = "Imgs"


def recognises(root: Path) -> bool:
    """Whether there is a folder `MT_…/Imgs`."""
    return any((folder / _IMAGES).is_dir() for folder in _defect_folders(root))


def samples(root: Path, split: str = "test") -> list[Sample]:
    """All images; the data set has one split.

    Args:
        root: the folder that holds `MT_Blowhole` and so on.
        split: one of `SPLITS`.

    Returns:
        Sorted by name, such as MT_Blowhole/Imgs/exp1_num_4727.jpg; the product is `mtd`, the defect is the
        folder's (`blowhole`), or `good` in `MT_Free` and where the mask is empty.

    Raises:
        DatasetError: another layout, or images and masks that do not pair.
    """
    _listing.check(root, split, SPLITS)
    listing = Listing.joined(_defect(root, folder) for folder in _defect_folders(root))
    return _listing.verified(root, "mtd", f"folders {_PREFIX}<Defect>/{_IMAGES} with images", listing)


def _defect_folders(root: Path) -> list[Path]:
    return [folder for folder in _listing.folders(root) if folder.name.startswith(_PREFIX)]


def _defect(root: Path, folder: Path) -> Listing:
    defect = folder.name.removeprefix(_PREFIX).lower()
    found = _listing.pictures(folder / _IMAGES)
    masks = [path for path in found if path.suffix.lower() == ".png"]
    pictures = [path for path in found if path.suffix.lower() != ".png"]
    return _labelled.pairs(
        root, pictures, masks, product=_PRODUCT, defect=GOOD if defect == _FREE else defect
    )
