"""The two tracks of SegmentMeIfYouCan."""

from __future__ import annotations

from pathlib import Path

from saa.datasets import _listing, _scenes
from saa.datasets._listing import Listing
from saa.types import UNKNOWN, Sample, Track

DESCRIPTION = "SegmentMeIfYouCan: dataset_<track>/images/*, labels_masks/<frame>_labels_semantic.png"
SPLITS = ("validation", "test")
_IMAGES, _LABELS = "images", "labels_masks"
_ENDING = "_labels_semantic"
_PREFIX = "dataset_"


def recognises(root: Path) -> bool:
    """Whether a track has folders `images` and `labels_masks`."""
    return bool(_tracks(root))


def samples(root: Path, split: str = "validation") -> list[Sample]:
    """The frames of a split.

    Labels are published for the frames called `validation…` alone. All others are of split test: nobody knows
    what they show, and what lies in their place, such as black pictures, is not taken for labels.

    Args:
        root: one track's folder, or a folder of several.
        split: one of `SPLITS`.

    Returns:
        Sorted by (product, name), such as (AnomalyTrack, images/validation0000.jpg); the product is the track's
        folder without `dataset_`, and "obstacle" in it makes it the obstacle track.

    Raises:
        DatasetError: another layout, or images and labels that do not pair.
    """
    _listing.check(root, split, SPLITS)
    found = Listing.joined(_track(folder, split) for folder in _tracks(root))
    layout = f"folders {_PREFIX}<track> with {_IMAGES} and {_LABELS}, or one of them"
    return _listing.verified(root, "smiyc", layout, found)


def _tracks(root: Path) -> list[Path]:
    return [
        folder
        for folder in (root, *_listing.folders(root))
        if (folder / _IMAGES).is_dir() and (folder / _LABELS).is_dir()
    ]


def _track(folder: Path, split: str) -> Listing:
    product = folder.resolve().name.removeprefix(_PREFIX)
    track: Track = "obstacle" if "obstacle" in product.lower() else "anomaly"
    frames = [
        each for each in _listing.pictures(folder / _IMAGES) if _is_labelled(each) == (split == SPLITS[0])
    ]
    if split != SPLITS[0]:
        names = ((each, each.relative_to(folder).as_posix()) for each in frames)
        return Listing(tuple(Sample(product, name, UNKNOWN, each, track=track) for each, name in names))
    masks = [each for each in _listing.pictures(folder / _LABELS) if each.stem.endswith(_ENDING)]
    known = _listing.by_stem(masks, _ENDING)
    rows = [
        _scenes.scene(folder, each, known[each.stem], product=product, track=track)
        if each.stem in known
        else _scenes.without(each, f"its labels {each.stem}{_ENDING}.png in {_LABELS}")
        for each in frames
    ]
    return Listing.joined([Listing(masks=tuple(each for each in masks if _is_labelled(each))), *rows])


def _is_labelled(path: Path) -> bool:
    return path.stem.startswith("validation")
