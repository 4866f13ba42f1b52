"""What a data set says of each pixel of an image that a run has judged."""

from __future__ import annotations

from pathlib import Path

from saa import images
from saa.errors import RunError
from saa.records import Record
from saa.types import Truth


def read(record: Record, size: tuple[int, int]) -> Truth:
    """The truth about an image that `has_truth`; `size` (h, w) is that of its map.

    Raises:
        RunError: a file is of another size.
        ImageError: a file does not decode.
    """
    truth = Truth.none(size)
    if record.mask_path is not None:
        truth = images.read_truth(record.mask_path, record.mask_kind)
        _check_size(record.mask_path, truth.scored.shape, size)
    if record.ignore_path is None:
        return truth
    ignored = images.read_mask(record.ignore_path)
    _check_size(record.ignore_path, ignored.shape, size)
    return Truth(truth.defective & ~ignored, truth.scored & ~ignored)


def paths(record: Record) -> list[Path]:
    """The files that it takes."""
    return [path for path in (record.mask_path, record.ignore_path) if path is not None]


def _check_size(path: Path, got: tuple[int, ...], size: tuple[int, int]) -> None:
    if got != size:
        raise RunError(
            f"{path}: expected a mask of the map's size {size}, got {got}; "
            "the data set has changed since the run"
        )
