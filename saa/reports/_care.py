"""What people should bear in mind of a run's images, for a report's list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from saa.records import Record, Records

_MOST = 20
_JOINT = "; "


@dataclass(frozen=True)
class Care:
    """Images to look at with care.

    Attributes:
        products: (product, note) where all images share a note.
        images: (row, note) for images with notes of their own, the first ones of the run.
        summary: how many such images there are and how many are listed; empty if there are none.
    """

    products: list[tuple[str, str]]
    images: list[tuple[Record, str]]
    summary: str


def care(found: Records) -> Care:
    """The notes of a run, each said once: of a product where all its images share it."""
    by_product = found.by_product()
    shared = {product: shared_note(rows) for product, rows in by_product.items()}
    images = [
        (row, note)
        for product, rows in by_product.items()
        for row in rows
        if (note := own_note(row, shared[product]))
    ]
    products = [(product, note) for product, note in shared.items() if note]
    return Care(products, images[:_MOST], _summary(len(images)))


def shared_note(rows: Sequence[Record]) -> str:
    """What the notes of several images have in common."""
    if len(rows) < 2:
        return ""
    every = [_split(row.notes) for row in rows]
    return _JOINT.join(note for note in every[0] if all(note in notes for notes in every))


def own_note(row: Record, shared: str) -> str:
    """The notes of an image without those that all images of its product share."""
    return _JOINT.join(note for note in _split(row.notes) if note not in _split(shared))


def _split(notes: str) -> list[str]:
    return notes.split(_JOINT) if notes else []


def _summary(count: int) -> str:
    if not count:
        return ""
    words = "1 image with notes of its own" if count == 1 else f"{count} images with notes of their own"
    return (
        f"{words}." if count <= _MOST else f"{words}; the first {_MOST} are listed, all are in results.csv."
    )
