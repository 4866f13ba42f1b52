"""The `meta.json` that the CLIP-based methods exchange data sets with."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from saa.datasets import _listing
from saa.datasets._listing import Listing
from saa.datasets._manifest import entry
from saa.errors import DatasetError
from saa.types import GOOD, Sample

_FORM = "{split: {product: [{img_path, mask_path, specie_name, anomaly}]}}"
DESCRIPTION = f"meta.json of the CLIP family: {_FORM}"
SPLITS = ("test", "train")
_FILE = "meta.json"
_UNNAMED = "defect"


class _Entry(BaseModel):
    """One image of the file; other keys, such as `cls_name`, which the product repeats, are passed over."""

    img_path: str
    mask_path: str | None = ""
    specie_name: str = ""
    anomaly: Literal[0, 1]


_Meta = TypeAdapter(dict[str, dict[str, list[_Entry]]])


def recognises(root: Path) -> bool:
    """Whether there is a `meta.json`."""
    return (root / _FILE).is_file()


def samples(root: Path, split: str = "test") -> list[Sample]:
    """All images of a split.

    Masks that the file does not name are not looked for.

    Args:
        root: the folder with `meta.json`, from which its paths start.
        split: one of `SPLITS`.

    Returns:
        Sorted by (product, name); the name is the image's path without the product in front, the defect the
        entry's `specie_name`.

    Raises:
        DatasetError: no such file or one with mistakes, or images and masks that do not pair.
    """
    _listing.check(root, split, SPLITS)
    products = _read(root / _FILE, split) if recognises(root) else {}
    listing = Listing.joined(
        _sample(root, f"{root / _FILE}: {split}.{product}.{number}", product, written)
        for product, entries in products.items()
        for number, written in enumerate(entries)
    )
    return _listing.verified(root, "meta_json", f"{_FILE} with images under '{split}'", listing)


def _read(path: Path, split: str) -> dict[str, list[_Entry]]:
    try:
        return _Meta.validate_json(path.read_bytes()).get(split, {})
    except OSError as error:
        raise DatasetError(
            f"{path}: expected a readable file, got: {error.strerror}; copy it again"
        ) from error
    except ValidationError as error:
        mistakes = [
            f"{'.'.join(map(str, mistake['loc'])) or 'JSON'}: {mistake['msg']}"
            for mistake in error.errors(include_url=False)
        ]
        raise DatasetError(
            f"{path}: expected {_FORM}, got {len(mistakes)} mistakes; mend them\n{_listing.shown(mistakes)}"
        ) from error


def _sample(root: Path, where: str, product: str, written: _Entry) -> Listing:
    defect = (written.specie_name or _UNNAMED) if written.anomaly else GOOD
    if written.anomaly and defect == GOOD:
        return Listing(problems=(f"{where}: expected a defect's specie_name for anomaly 1, got '{GOOD}'",))
    mask = written.mask_path or ""
    return entry(root, where, product=product, image=written.img_path, mask=mask, defect=defect)
