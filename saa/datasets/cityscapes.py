"""Cityscapes, as the normal scenes that a detector of anomalies should leave alone."""

from __future__ import annotations

from pathlib import Path

from saa.datasets import _listing, _scenes
from saa.datasets._listing import Listing
from saa.types import MaskKind, Sample

DESCRIPTION = (
    "Cityscapes as normal scenes: leftImg8bit/val/<city>/*, gtFine/val/<city>/*_label{Train,}Ids.png"
)
SPLITS = ("validation", "train")
_PRODUCT = "cityscapes"
_FOLDERS = {"validation": "val", "train": "train"}
_KINDS: dict[str, MaskKind] = {"_gtFine_labelTrainIds": "train_ids", "_gtFine_labelIds": "label_ids"}


def recognises(root: Path) -> bool:
    """Whether there are folders `leftImg8bit` and `gtFine`."""
    return (root / "leftImg8bit").is_dir() and (root / "gtFine").is_dir()


def samples(root: Path, split: str = "validation") -> list[Sample]:
    """The pictures of a split, all good; what is void in their labels counts in no figure.

    Labels are `…_gtFine_labelTrainIds.png` where they have been made, else `…_gtFine_labelIds.png` as published.

    Args:
        root: the folder that holds `leftImg8bit` and `gtFine`.
        split: one of `SPLITS`; the labels of Cityscapes' own test split are not public.

    Returns:
        Sorted by name, such as leftImg8bit/val/lindau/lindau_000000_000019_leftImg8bit.png; the product is
        `cityscapes`.

    Raises:
        DatasetError: another layout, or pictures without labels.
    """
    _listing.check(root, split, SPLITS)
    folder = _FOLDERS[split]
    labels = list(_scenes.in_cities(root / "gtFine" / folder))
    known = {
        name: (path, kind)
        for ending, kind in reversed(_KINDS.items())
        for name, path in _listing.by_stem(labels, ending).items()
    }
    rows = [_picture(root, image, known) for image in _scenes.in_cities(root / "leftImg8bit" / folder)]
    layout = f"a folder leftImg8bit/{folder} with a folder for each city"
    return _listing.verified(root, "cityscapes", layout, Listing.joined(rows))


def _picture(root: Path, image: Path, known: dict[str, tuple[Path, MaskKind]]) -> Listing:
    name = image.stem.removesuffix(_scenes.CITYSCAPES_ENDING)
    if name not in known:
        return _scenes.without(image, f"its labels {name}{next(iter(_KINDS))}.png")
    path, kind = known[name]
    return _scenes.scene(root, image, path, product=_PRODUCT, track="anomaly", kind=kind)
