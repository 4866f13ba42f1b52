"""What became of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from saa.types import Sample

STAGES = ("decode", "inspect", "write")
"""The stages whose seconds results.csv tells; others may be timed too and stay in the ledger.

decode: read the file, hash it, make pixels of it. inspect: the engine. write: until the artefacts lie safe on disk.
"""
MAP, REGIONS, PART = "map", "regions", "part:"
"""Kinds of artefacts; that of a part is followed by its name."""


@dataclass(frozen=True)
class Artefact:
    """A file that inspecting one image left in the run's folder.

    Only its size is kept, which tells a copy that broke off. Hashing a map of 1024 x 1024 would take 2 ms more, and a
    file is synced before it gets its name, so that a cut of power leaves all of it or none.

    Attributes:
        kind: `map`, `regions`, or `part:` and the part's name.
        path: relative to the run's folder, with forward slashes.
        num_bytes: its size; None where nobody noted it, as in ledgers of older versions.
    """

    kind: str
    path: str
    num_bytes: int | None


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
        artefacts: the files that hold the answer; none if it failed.
        timings: seconds by stage, such as `STAGES`; they need not add up to `seconds`.
        error_class: the name of the exception's class, to count failures by; empty when it did not fail.
        attempts: how often it was begun until this came out of it; workers that died on it count.
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
    artefacts: tuple[Artefact, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    error_class: str = ""
    attempts: int = 1

    @property
    def state(self) -> str:
        """`ok` or `failed`."""
        return "failed" if self.error else "ok"


def failed(
    sample: Sample,
    error: str,
    seconds: float = 0.0,
    image_sha256: str = "",
    *,
    error_class: str = "",
    timings: Mapping[str, float] | None = None,
    attempts: int = 1,
) -> Outcome:
    """The outcome of an image that could not be inspected; see `Outcome`."""
    line = " ".join(error.split())
    return Outcome(
        sample.product,
        sample.name,
        line,
        seconds,
        image_sha256,
        stamp(sample.image_path),
        timings=timings or {},
        error_class=error_class,
        attempts=attempts,
    )


def stamp(path: Path) -> str:
    """Size in bytes and time of change in ns of a file; empty if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}"
