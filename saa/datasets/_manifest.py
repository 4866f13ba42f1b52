"""Data sets that name their images and masks in a file."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

from saa.datasets._listing import Listing
from saa.types import GOOD, Sample


def entry(root: Path, where: str, *, product: str, image: str, mask: str, defect: str) -> Listing:
    """One image that a file names: a sample, or what is wrong with it.

    Args:
        root: the folder that paths start from.
        where: the place in the file, for messages.
        product: one folder's name; left off the front of the sample's name.
        image: a path below root, in Windows manner or not.
        mask: likewise; not looked at for good images.
        defect: the sample's.
    """
    problems = []
    if _below(product) != PurePosixPath(product) or len(PurePosixPath(product).parts) != 1:
        problems.append(f"{where}: expected a product's name, got '{product}'")
    image_path, complaint = _found(root, where, "image", image)
    problems += complaint
    mask_path = None
    if defect != GOOD:
        mask_path, complaint = _found(root, where, "mask", mask)
        problems += complaint
    if problems or image_path is None:
        return Listing(problems=tuple(problems))
    name = image_path.relative_to(root).as_posix().removeprefix(f"{product}/")
    return Listing((Sample(product, name, defect, image_path, mask_path),))


def _found(root: Path, where: str, what: str, written: str) -> tuple[Path | None, list[str]]:
    below = _below(written)
    if below is None:
        return None, [f"{where}: expected the {what}'s path below {root}, got '{written}'"]
    # A link to a file that is gone is there, and fails later as a row.
    if not os.path.lexists(root / below):
        return None, [f"{where}: expected the {what} {root / below}, got no such file"]
    return root / below, []


def _below(written: str) -> PurePosixPath | None:
    """A relative path, in Windows manner or not; None if it is empty or leads out of where it starts."""
    path = PureWindowsPath(written.strip())
    leads_out = path.drive or path.root or ".." in path.parts
    return None if leads_out or not path.parts else PurePosixPath(*path.parts)
