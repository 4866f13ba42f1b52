"""VisA, as released (a CSV file names images and masks) or rearranged for one class (folders do)."""

from __future__ import annotations

import csv
from pathlib import Path

from saa.datasets import _listing, _tree
from saa.datasets._listing import Listing
from saa.datasets._manifest import entry
from saa.errors import DatasetError
from saa.types import GOOD, Sample

DESCRIPTION = "VisA: as released with split_csv/1cls.csv, or <product>/test/{good,bad}/* (1cls layout)"
SPLITS = _tree.SPLITS
_BAD = "bad"
_RELEASED_MASKS = "Data/Masks/Anomaly"
_DEFECTS = {"normal": GOOD, "anomaly": _BAD}


def recognises(root: Path) -> bool:
    """Whether there is the CSV file, or a product with `test/bad` and no MVTec masks."""
    rearranged = [folder for folder in _tree.products(root) if (folder / "test" / _BAD).is_dir()]
    masks = [mask for folder in rearranged for mask in _tree.masks(folder)]
    as_mvtec = any(mask.stem.endswith("_mask") for mask in masks)
    return _csv(root).is_file() or (bool(rearranged) and not as_mvtec)


def samples(root: Path, split: str = "test") -> list[Sample]:
    """All images of a split.

    Args:
        root: the data set's folder; in the 1cls layout one product's too.
        split: one of `SPLITS`.

    Returns:
        Sorted by (product, name), such as (candle, Data/Images/Anomaly/000.JPG) or (candle, test/bad/000.JPG);
        the defect is `good` or `bad`.

    Raises:
        DatasetError: another layout, a CSV file with mistakes, or images and masks that do not pair.
    """
    _listing.check(root, split, SPLITS)
    listing = _released(root, split) if _csv(root).is_file() else _tree.listing(root, split, "")
    layout = "split_csv/1cls.csv, or folders <product>/test/good and <product>/test/bad with images"
    return _listing.verified(root, "visa", layout, listing)


def _csv(root: Path) -> Path:
    return root / "split_csv" / "1cls.csv"


def _released(root: Path, split: str) -> Listing:
    rows = _rows(_csv(root))
    chosen = [
        _row(root, f"{_csv(root)}:{n}", row) for n, row in enumerate(rows, start=2) if row["split"] == split
    ]
    folders = [root / name / _RELEASED_MASKS for name in sorted({row["object"] for row in rows})]
    # The masks are those of the test split.
    masks = [mask for folder in folders for mask in _listing.pictures(folder)] if split == "test" else []
    return Listing.joined([Listing(masks=tuple(masks)), *chosen])


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows with the columns object, split (or set), label, image and mask; what is absent is empty."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [{k or "": v or "" for k, v in row.items()} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: expected a CSV file in UTF-8, got: {error}; copy it again") from error
    rows = [{"split": row.get("set", ""), "mask": "", **row} for row in rows]
    missing = [name for name in ("object", "split", "label", "image") if rows and not rows[0].get(name)]
    if missing:
        raise DatasetError(
            f"{path}:1: expected columns object, split, label, image, mask, got none named "
            f"{', '.join(missing)}; give the file its header"
        )
    return rows


def _row(root: Path, where: str, row: dict[str, str]) -> Listing:
    defect = _DEFECTS.get(row["label"])
    if defect is None:
        return Listing(
            problems=(f"{where}: expected the label {' or '.join(_DEFECTS)}, got '{row['label']}'",)
        )
    return entry(root, where, product=row["object"], image=row["image"], mask=row["mask"], defect=defect)
