"""Fishyscapes Lost & Found: its labels, with the pictures of Lost and Found."""

from __future__ import annotations

from pathlib import Path

from saa.datasets import _listing, _scenes
from saa.datasets._listing import Listing
from saa.types import Sample

DESCRIPTION = (
    "Fishyscapes L&F: fishyscapes_lostandfound/*_labels.png, images in laf_images/ or leftImg8bit/*/*/"
)
SPLITS = ("validation",)
_PRODUCT = "fishyscapes_laf"
_LABELS = {"fishyscapes_lostandfound": "_labels", "dataset_FishyLAF/labels/val": "_fishy-labels"}
_IMAGES = "laf_images"


def recognises(root: Path) -> bool:
    """Whether one of the folders of labels is there."""
    return bool(_labels(root))


def samples(root: Path, split: str = "validation") -> list[Sample]:
    """The labelled pictures; those of the data set's test split are not public.

    Labels are `fishyscapes_lostandfound/<number>_<id>_labels.png` as published, or
    `dataset_FishyLAF/labels/val/<id>_fishy-labels.png`. Pictures `<id>_leftImg8bit.*` lie in `laf_images`, or in
    the folder `leftImg8bit` of Lost and Found, in the root or one folder below; the many without labels are
    passed over.

    Args:
        root: the folder that holds all of these.
        split: one of `SPLITS`.

    Returns:
        Sorted by name, the path below the root; the product is `fishyscapes_laf`.

    Raises:
        DatasetError: another layout, or labels without a picture.
    """
    _listing.check(root, split, SPLITS)
    labels, known = _labels(root), _pictures(root)
    rows = [
        _scenes.scene(root, known[name], path, product=_PRODUCT, track="obstacle")
        if name in known
        else _scenes.without(path, f"the picture {name}{_scenes.CITYSCAPES_ENDING}.png of Lost and Found")
        for name, path in labels.items()
    ]
    layout = f"a folder {' or '.join(_LABELS)} with labels"
    return _listing.verified(root, "fishyscapes_laf", layout, Listing.joined(rows))


def _labels(root: Path) -> dict[str, Path]:
    """The files of labels by the id of Lost and Found; the number in front is Fishyscapes' own."""
    for folder, ending in _LABELS.items():
        found = _listing.by_stem(_listing.pictures(root / folder), ending)
        if found and ending == "_labels":
            return {stem.partition("_")[2]: path for stem, path in found.items()}
        if found:
            return found
    return {}


def _pictures(root: Path) -> dict[str, Path]:
    found = _listing.by_stem(_listing.pictures(root / _IMAGES), _scenes.CITYSCAPES_ENDING)
    if not found:
        every = [
            path
            for place in _scenes.cityscapes_roots(root)
            for split in _listing.folders(place)
            for path in _scenes.in_cities(split)
        ]
        found = _listing.by_stem(every, _scenes.CITYSCAPES_ENDING)
    return found
