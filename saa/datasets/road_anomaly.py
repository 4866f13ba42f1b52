"""RoadAnomaly as published in 2019."""

from __future__ import annotations

from pathlib import Path

from saa.datasets import _listing, _scenes
from saa.datasets._listing import Listing
from saa.types import Sample

DESCRIPTION = "RoadAnomaly (2019): frames/<name>.jpg with frames/<name>.labels/labels_semantic.png"
SPLITS = ("test",)
_PRODUCT = "road_anomaly"
_FRAMES = "frames"
_LABELS = "labels_semantic.png"


def recognises(root: Path) -> bool:
    """Whether there are labels of a frame."""
    return any(_labels(root))


def samples(root: Path, split: str = "test") -> list[Sample]:
    """All frames; the data set has one split.

    Args:
        root: the folder that holds `frames`.
        split: one of `SPLITS`.

    Returns:
        Sorted by name, such as frames/animals01_00.jpg; the product is `road_anomaly`.

    Raises:
        DatasetError: another layout, or frames and labels that do not pair.
    """
    _listing.check(root, split, SPLITS)
    labels = _labels(root)
    rows = [_frame(root, image) for image in _listing.pictures(root / _FRAMES)]
    layout = f"a folder {_FRAMES} with <name>.jpg and <name>.labels/{_LABELS}"
    return _listing.verified(
        root, "road_anomaly", layout, Listing.joined([Listing(masks=tuple(labels)), *rows])
    )


def _labels(root: Path) -> list[Path]:
    found = [folder / _LABELS for folder in _listing.folders(root / _FRAMES) if folder.suffix == ".labels"]
    return [path for path in found if path.is_file()]


def _frame(root: Path, image: Path) -> Listing:
    labels = image.with_suffix(".labels") / _LABELS
    if not labels.is_file():
        return _scenes.without(image, f"its labels {labels}")
    return _scenes.scene(root, image, labels, product=_PRODUCT, track="anomaly")
