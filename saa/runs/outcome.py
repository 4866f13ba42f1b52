"""What became of one image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from saa.types import Sample


@dataclass(frozen=True)
class Outcome:
    """The ledger's row for one image that has been dealt with.

    Attributes:
        product, name: the image.
        error: why it failed, in one line; empty when it did not.
        seconds: from opening the image to its artefacts lying safe on disk.
        image_sha256: of the image's bytes; empty if they could not be read.
        stamp: the image file's size and time of change, to notice that it was replaced.
        score: of the whole image; None if it failed.
        height, width: pixels; None if it did not decode.
        num_regions: suspected defects; None if it failed.
        notes: what people should know of how it was inspected, each in one line.
        parts: the names of the parts of its map that were written.
    """

    product: str
    name: str
    error: str
    seconds: float
    image_sha256: str = ""
    stamp: str = ""
    score: float | None = None
    height: int | None = None
    width: int | None = None
    num_regions: int | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`ok` or `failed`."""
        return "failed" if self.error else "ok"


def failed(sample: Sample, error: str, seconds: float = 0.0, image_sha256: str = "") -> Outcome:
    """The outcome of an image that could not be inspected."""
    line = " ".join(error.split())
    return Outcome(sample.product, sample.name, line, seconds, image_sha256, stamp(sample.image_path))


def stamp(path: Path) -> str:
    """Size in bytes and time of change in ns of a file; empty if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}"
