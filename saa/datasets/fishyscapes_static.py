"""Fishyscapes Static: anomalies that are pasted into pictures of Cityscapes val."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from saa import images
from saa.datasets import _listing, _scenes
from saa.datasets._listing import Listing
from saa.errors import ImageError
from saa.types import Sample

DESCRIPTION = "Fishyscapes Static: fs_val_v*/*_labels.png with *_rgb.npz, and Cityscapes' leftImg8bit/val/*/*"
SPLITS = ("validation",)
_PRODUCT = "fishyscapes_static"
_VERSIONS = ("fs_val_v3", "fs_val_v2", "fs_val_v1")
_LABELS, _OVERLAY = "_labels", "_rgb"
_COMPOSED = "composed"


def recognises(root: Path) -> bool:
    """Whether there are overlays of one of the versions."""
    folder = _version(root)
    return folder is not None and any(folder.glob(f"*{_OVERLAY}.npz"))


def samples(root: Path, split: str = "validation") -> list[Sample]:
    """The pictures of the newest version that is there.

    They are published as what is to be added to a picture of Cityscapes, so they are put together first, and
    written to `composed/<version>` in the root, once. What is there and not older than its two parts is taken as
    it is.

    Args:
        root: the folder that holds `fs_val_v3` (or v2, v1) and, itself or one folder below, Cityscapes'
            `leftImg8bit`. Pictures are written to it.
        split: one of `SPLITS`.

    Returns:
        Sorted by name, such as composed/fs_val_v3/0000_frankfurt_000001_046504.png; the product is
        `fishyscapes_static`.

    Raises:
        DatasetError: another layout, parts that are missing or do not fit, or a root that takes no pictures.
    """
    _listing.check(root, split, SPLITS)
    folder = _version(root)
    rows = [] if folder is None else _pictures(root, folder)
    layout = f"a folder {_VERSIONS[0]} with <number>_<city…>{_LABELS}.png and {_OVERLAY}.npz"
    return _listing.verified(root, "fishyscapes_static", layout, Listing.joined(rows))


def _version(root: Path) -> Path | None:
    return next((root / name for name in _VERSIONS if (root / name).is_dir()), None)


def _pictures(root: Path, folder: Path) -> list[Listing]:
    every = [path for place in _scenes.cityscapes_roots(root) for path in _scenes.in_cities(place / "val")]
    city = _listing.by_stem(every, _scenes.CITYSCAPES_ENDING)
    return [
        _picture(root, folder, stem, labels, city.get(stem.partition("_")[2]))
        for stem, labels in _listing.by_stem(_listing.pictures(folder), _LABELS).items()
    ]


def _picture(root: Path, folder: Path, stem: str, labels: Path, city: Path | None) -> Listing:
    overlay = folder / f"{stem}{_OVERLAY}.npz"
    if city is None:
        wanted = f"{stem.partition('_')[2]}{_scenes.CITYSCAPES_ENDING}.png"
        return _scenes.without(labels, f"the picture {wanted} of Cityscapes val")
    if not overlay.is_file():
        return _scenes.without(labels, f"its overlay {overlay.name}")
    composed = root / _COMPOSED / folder.name / f"{stem}.png"
    try:
        if not _is_newer(composed, city, overlay):
            _compose(city, overlay, composed)
    except ImageError as error:
        return Listing(problems=(str(error),))
    return _scenes.scene(root, composed, labels, product=_PRODUCT, track="anomaly")


def _is_newer(path: Path, *parts: Path) -> bool:
    return path.is_file() and all(path.stat().st_mtime_ns >= part.stat().st_mtime_ns for part in parts)


def _compose(city: Path, overlay: Path, out: Path) -> None:
    """Write the sum of a picture and its overlay, cut at 0 and 255."""
    picture, added = images.read_rgb(city), images.read_overlay(overlay, "rgb")
    if added.shape != picture.shape:
        raise ImageError(
            f"{overlay}: expected {picture.shape} like {city.name}, got {added.shape}; take the one of this image"
        )
    images.write_png(out, np.clip(picture.astype(np.int32) + added, 0, 255).astype(np.uint8))
