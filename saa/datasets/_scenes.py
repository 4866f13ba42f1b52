"""What the formats of road scenes share: labels that say which pixels are anomalies and which do not count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from saa import images
from saa.datasets._listing import Listing, folders, pictures
from saa.errors import ImageError
from saa.types import GOOD, MaskKind, Sample, Track

ANOMALY = "anomaly"
"""The defect of scenes that hold one."""
CITYSCAPES_ENDING = "_leftImg8bit"
_CITYSCAPES = "leftImg8bit"


def scene(
    root: Path, image: Path, labels: Path, *, product: str, track: Track, kind: MaskKind = "labels"
) -> Listing:
    """An image with its file of labels, which says whether it holds an anomaly.

    Args:
        root: what the sample's name starts from.
        image: the picture.
        labels: its file of labels.
        product: the sample's.
        track: the sample's.
        kind: what the labels mean; classes of Cityscapes hold no anomaly and are not opened.
    """
    name = image.relative_to(root).as_posix()
    sample = Sample(product, name, GOOD, image, labels, mask_kind=kind, track=track)
    if kind != "labels":
        return Listing((sample,))
    try:
        found = images.read_truth(labels, kind).defective.any()
    except ImageError as error:
        return Listing((sample,), problems=(str(error),))
    return Listing((replace(sample, defect=ANOMALY) if found else sample,))


def without(what: Path, wanted: str, *samples: Sample) -> Listing:
    """The problem of a file that lacks the one that belongs to it, and samples that are there all the same."""
    return Listing(samples, problems=(f"{what}: expected {wanted}, got no such file",))


def in_cities(folder: Path) -> Iterator[Path]:
    """The pictures in the folders of a folder: one for each city, or scene."""
    for city in folders(folder):
        yield from pictures(city)


def cityscapes_roots(root: Path) -> Iterator[Path]:
    """Folders `leftImg8bit` in the root or one of its folders."""
    for place in (root, *folders(root)):
        if (place / _CITYSCAPES).is_dir():
            yield place / _CITYSCAPES
