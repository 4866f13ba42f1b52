"""Any folder of images, with or without masks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from saa.datasets import _listing
from saa.datasets._listing import Listing, by_stem
from saa.errors import DatasetError
from saa.types import GOOD, UNKNOWN, Sample

DESCRIPTION = (
    "any folder of images; sub-folders name defects; masks <image>_mask.*, or in ground_truth/ or masks/"
)
SPLITS = ("test",)
_GOOD = frozenset({"good", "ok", "normal"})
_MASK_FOLDERS = ("ground_truth", "masks")
_ENDING = "_mask"


def recognises(root: Path) -> bool:
    """Whether there are images in the folder or one below."""
    return any(_listing.pictures(folder) for folder in (root, *_listing.folders(root)))


def samples(root: Path, split: str = "test") -> list[Sample]:
    """All images in the folder and below.

    The first sub-folder on the way to an image names its defect; `good`, `ok` and `normal` mean none, and an
    image that lies in the folder itself is `unknown`. A defective or unknown image's mask is
    `<image>_mask.*` beside it, or `<image>.*` or `<image>_mask.*` at the same place below a folder
    `ground_truth` or `masks`, which lies in the root or next to it. Images need no mask; a mask inside the root
    needs its image.

    Args:
        root: the folder; its name is the product's.
        split: one of `SPLITS`.

    Returns:
        Sorted by name, the path below the folder.

    Raises:
        DatasetError: no images, masks without image, or of another size.
    """
    _listing.check(root, split, SPLITS)
    listings = [_place(root, folder) for folder in _places(root)]
    left_over = [mask for name in _MASK_FOLDERS for mask in _left_over(root, root / name)]
    layout = "images in the folder or its sub-folders"
    return _listing.verified(
        root, "folder", layout, Listing.joined([*listings, Listing(masks=tuple(left_over))])
    )


def image_paths(root: Path) -> list[Path]:
    """The images that `samples` takes, in its order, whatever masks there are; none is opened.

    Raises:
        DatasetError: no such folder, or no images in it.
    """
    _listing.check(root, SPLITS[0], SPLITS)
    found = [path for folder in _places(root) for path in _split(folder)[0]]
    if not found:
        raise DatasetError(
            f"{root}: expected images in the folder or its sub-folders, got none; check the path"
        )
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def _places(root: Path) -> list[Path]:
    """The folders where images lie, but for those that hold all masks."""
    central = [root / name for name in _MASK_FOLDERS]
    return [f for f in _folders_below(root) if not any(m == f or m in f.parents for m in central)]


def _split(folder: Path) -> tuple[list[Path], list[Path]]:
    """The images in a folder, and the masks that lie beside them."""
    found = _listing.pictures(folder)
    return [p for p in found if not p.stem.endswith(_ENDING)], [p for p in found if p.stem.endswith(_ENDING)]


def _folders_below(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """A folder and all below it; a link that leads back up is not followed."""
    real = folder.resolve()
    if real in above:
        return
    yield folder
    for sub in _listing.folders(folder):
        yield from _folders_below(sub, above | {real})


def _place(root: Path, folder: Path) -> Listing:
    pictures, beside = _split(folder)
    below = folder.relative_to(root)
    known = {**_central(root, below), **by_stem(beside, _ENDING)}
    product = root.resolve().name or "images"
    defect = _defect(below)
    samples = [
        Sample(
            product, i.relative_to(root).as_posix(), defect, i, None if defect == GOOD else known.get(i.stem)
        )
        for i in pictures
    ]
    stems = {image.stem for image in pictures}
    left_over = [mask for mask in beside if mask.stem.removesuffix(_ENDING) not in stems]
    return Listing(tuple(samples), tuple(left_over))


def _defect(below: Path) -> str:
    if not below.parts:
        return UNKNOWN
    return GOOD if below.parts[0].casefold() in _GOOD else below.parts[0]


def _central(root: Path, below: Path) -> dict[str, Path]:
    """Masks by their images' stems; those in the root come before those next to it."""
    known: dict[str, Path] = {}
    for place in (root, root.resolve().parent):
        for name in _MASK_FOLDERS:
            masks = _listing.pictures(place / name / below)
            known = {**by_stem(masks), **by_stem(masks, _ENDING), **known}
    return known


def _left_over(root: Path, masks: Path) -> Iterator[Path]:
    """The masks in a folder for them that no image at the same place below the root has."""
    if not masks.is_dir():
        return
    for folder in _folders_below(masks):
        stems = {image.stem for image in _listing.pictures(root / folder.relative_to(masks))}
        for mask in _listing.pictures(folder):
            if not stems & {mask.stem, mask.stem.removesuffix(_ENDING)}:
                yield mask
