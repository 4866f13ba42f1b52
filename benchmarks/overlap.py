"""What it brings to read the next image and to write the last while one is judged, in one process."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import saa
from benchmarks._drawn import samples
from benchmarks._measuring import Result, in_turns, times_as_fast
from saa.runs.folder import RunFolder
from saa.runs.pipeline import overlapped
from saa.runs.station import Station
from saa.runs.threads import one_thread
from saa.types import Sample

SUMMARY = "an image read, judged and written, overlapping or one after the other, one process"
PRODUCT = "fabric"


@dataclass(frozen=True)
class Size:
    """Images of a round, and their pixels a side."""

    images: int = 24
    sides: tuple[int, ...] = (448, 1024)
    rounds: int = 3


FULL = Size()
QUICK = Size(images=6, sides=(448,), rounds=1)


def measure(size: Size) -> list[Result]:
    """The speed of both as a ratio."""
    return [_result(size, side) for side in size.sides]


def _result(size: Size, side: int) -> Result:
    with tempfile.TemporaryDirectory() as folder, one_thread():
        root = Path(folder)
        listed = samples(root / "data", PRODUCT, count=size.images, num_files=8, side=side)
        recipe = saa.load(f"demo/{PRODUCT}", engine="embedded")
        station = Station({PRODUCT: recipe}, RunFolder(root / "run"), keep_parts=False)
        ours, theirs = in_turns(
            size.rounds, lambda: _overlapping(listed, station), lambda: _in_turn(listed, station)
        )
    what = f"{size.images} images of {side} × {side}, embedded engine"
    return times_as_fast(what, ours, theirs, "the same one after the other")


def _overlapping(listed: list[Sample], station: Station) -> None:
    for _ in overlapped(listed, station, lambda _outcome: None):
        pass


def _in_turn(listed: list[Sample], station: Station) -> None:
    for sample in listed:
        station.inspect(sample)
