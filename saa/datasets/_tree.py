"""The layout MVTec AD made common, `<product>/<split>/<defect>/<image>`, with masks under `ground_truth`."""

from __future__ import annotations

from pathlib import Path

from saa.datasets._listing import Listing, by_stem, folders, pictures
from saa.types import GOOD, Sample

SPLITS = ("test", "train")
_MASKS = "ground_truth"


def products(root: Path) -> list[Path]:
    """The product folders of a root, or the root itself if it is one."""
    marks = (*SPLITS, _MASKS)
    return [
        folder
        for folder in ([root] if any((root / mark).is_dir() for mark in marks) else folders(root))
        if any((folder / mark).is_dir() for mark in marks)
    ]


def masks(product: Path) -> list[Path]:
    """All masks of a product."""
    return [mask for defect in folders(product / _MASKS) for mask in pictures(defect)]


def listing(root: Path, split: str, mask_ending: str) -> Listing:
    """All products under a root; every image outside `good` must have its mask.

    Args:
        root: the data set's folder or one product's.
        split: the folder of images in a product.
        mask_ending: what a mask's stem has behind its image's.
    """
    return Listing.joined(product(folder, split, mask_ending) for folder in products(root))


def product(folder: Path, split: str, mask_ending: str) -> Listing:
    """One product; see `listing`."""
    images = folder / split
    defects = folders(images)
    problems = []
    if not defects:
        problems.append(f"{images}: expected a folder for each defect, got none")
    if loose := pictures(images):
        problems.append(
            f"{images}: expected images in a folder for each defect, got {len(loose)} beside them"
        )
    # The masks are those of the test split.
    own = Listing(masks=tuple(masks(folder)) if split == "test" else (), problems=tuple(problems))
    return Listing.joined([own, *(_defect(folder, defect, mask_ending) for defect in defects)])


def _defect(product: Path, folder: Path, mask_ending: str) -> Listing:
    defect, named, place = folder.name, product.resolve().name, folder.relative_to(product).as_posix()
    known = by_stem(pictures(product / _MASKS / defect), mask_ending)
    samples, problems = [], []
    for image in pictures(folder):
        mask = None if defect == GOOD else known.get(image.stem)
        samples.append(Sample(named, f"{place}/{image.name}", defect, image, mask))
        if defect != GOOD and mask is None:
            wanted = product / _MASKS / defect / f"{image.stem}{mask_ending}.png"
            problems.append(f"{image}: expected its mask {wanted}, got no such file")
    return Listing(tuple(samples), problems=tuple(problems))
