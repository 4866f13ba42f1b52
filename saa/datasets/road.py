"""Road scenes in the layout MVTec AD made common, with pictures of what does not count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from saa.datasets import _listing, _tree
from saa.datasets._listing import Listing
from saa.datasets._scenes import without
from saa.types import Sample, Track

DESCRIPTION = (
    "road scenes: <set>/test/<defect>/*, ground_truth/…/<image>_mask.png, ignore/…/<image>_ignore.png"
)
SPLITS = ("test",)
_MASK, _IGNORED = "_mask", "_ignore"
_IGNORE = "ignore"
_OBSTACLES = ("obstacle", "lost")


def recognises(root: Path) -> bool:
    """Whether a product has images in `test/<defect>` and a folder `ignore`."""
    return any(
        (folder / _IGNORE).is_dir() and _listing.folders(folder / "test") for folder in _tree.products(root)
    )


def samples(root: Path, split: str = "test") -> list[Sample]:
    """All scenes.

    Where a set has a folder `ignore`, every image needs its picture in it: not black means that a pixel counts in
    no figure. Sets with "obstacle" or "lost" in their name follow the rules of the obstacle track, others those
    of the anomaly track.

    Args:
        root: one set's folder, or a folder of several.
        split: one of `SPLITS`.

    Returns:
        Sorted by (product, name), such as (RoadAnomaly21, test/anomaly/0.png); the product is the set's folder.

    Raises:
        DatasetError: another layout, or images and masks that do not pair.
    """
    _listing.check(root, split, SPLITS)
    layout = "folders <set>/test/<defect> with images, or one <set>"
    found = Listing.joined(_set(folder) for folder in _tree.products(root))
    return _listing.verified(root, "road", layout, found)


def _set(folder: Path) -> Listing:
    found = _tree.product(folder, "test", _MASK)
    named = folder.resolve().name.lower()
    track: Track = "obstacle" if any(each in named for each in _OBSTACLES) else "anomaly"
    on_track = tuple(replace(sample, track=track) for sample in found.samples)
    if not (folder / _IGNORE).is_dir():
        return replace(found, samples=on_track)
    rows = [_with_ignored(folder, sample) for sample in on_track]
    ignored = [each for place in _listing.folders(folder / _IGNORE) for each in _listing.pictures(place)]
    return Listing.joined([Listing((), (*found.masks, *ignored), found.problems), *rows])


def _with_ignored(folder: Path, sample: Sample) -> Listing:
    defect, stem = sample.image_path.parent.name, sample.image_path.stem
    known = _listing.by_stem(_listing.pictures(folder / _IGNORE / defect), _IGNORED)
    if stem not in known:
        place = folder / _IGNORE / defect / f"{stem}{_IGNORED}.png"
        return without(sample.image_path, f"a picture of what does not count, {place}", sample)
    return Listing((replace(sample, ignore_path=known[stem]),))
