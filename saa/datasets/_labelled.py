"""Data sets that give every image a mask, where an empty mask means that the part is good."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from saa import images
from saa.datasets._listing import Listing, by_stem
from saa.errors import ImageError
from saa.types import GOOD, Sample


def pairs(
    root: Path,
    pictures: Sequence[Path],
    masks: Sequence[Path],
    *,
    product: str,
    defect: str,
    ending: str = "",
) -> Listing:
    """The images of one folder, each with its mask or, if that is empty, without.

    Args:
        root: what the samples' names start from.
        pictures: the images.
        masks: masks with their images' stems and `ending` behind.
        product: the samples' product.
        defect: of images whose mask is not empty; `good` if none is to be looked at.
        ending: what a mask's stem has behind its image's.
    """
    known = by_stem(masks, ending)
    matched = {known.get(image.stem) for image in pictures}
    rows = []
    for image in pictures:
        name = image.relative_to(root).as_posix()
        mask = known.get(image.stem)
        if defect == GOOD:
            rows.append(Listing((Sample(product, name, GOOD, image),)))
        elif mask is None:
            wanted = image.with_name(f"{image.stem}{ending}.png")
            rows.append(Listing(problems=(f"{image}: expected its mask {wanted.name}, got no such file",)))
        else:
            rows.append(_labelled(Sample(product, name, defect, image, mask), mask))
    left_over = tuple(mask for mask in masks if mask not in matched)
    return Listing.joined([*rows, Listing(masks=left_over)])


def _labelled(sample: Sample, mask: Path) -> Listing:
    try:
        marked = images.read_mask(mask).any()
    except ImageError as error:
        return Listing(problems=(str(error),))
    if marked:
        return Listing((sample,))
    return Listing((Sample(sample.product, sample.name, GOOD, sample.image_path),))
