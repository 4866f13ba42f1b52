"""One image on one thread: file to map on disk, and where the time goes."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

import saa
from benchmarks._drawn import picture
from benchmarks._measuring import Result, in_turns, ratios, times_as_long
from saa import images
from saa.runs.threads import one_thread

SUMMARY = "the embedded engine on one thread: decode, inspect, write the map"


@dataclass(frozen=True)
class Size:
    """How much is measured; `products` are a surface and a part, which take different roads."""

    side: int = 1024
    rounds: int = 7
    products: tuple[str, ...] = ("fabric", "gasket")


FULL = Size()
QUICK = Size(rounds=2)


def measure(size: Size) -> list[Result]:
    """Images per second against decoding and writing alone, and each step as a share of the whole."""
    with one_thread():
        return [result for product in size.products for result in _product(product, size)]


def _product(product: str, size: Size) -> list[Result]:
    inspector = saa.load(f"demo/{product}", engine="embedded").build()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "image.png", Path(folder) / "map.tiff"
        images.write_png(source, picture(product, 2, size.side))
        image = images.read_rgb(source)
        found = inspector.inspect(image).anomaly_map
        decode, inspect, write, whole = in_turns(
            size.rounds,
            lambda: images.read_rgb(source),
            lambda: inspector.inspect(image),
            lambda: images.write_map(target, found),
            lambda: images.write_map(target, inspector.inspect(images.read_rgb(source)).anomaly_map),
        )
    name = f"{product} {size.side} × {size.side}"
    around = [first + last for first, last in zip(decode, write, strict=True)]
    pace = Result(
        f"{name}: all steps",
        ratios(around, whole),
        "the speed of decode and write alone",
        1 / statistics.median(whole),
        1 / statistics.median(around),
        "images/s",
    )
    steps = {"decode": decode, "inspect": inspect, "write": write}
    return [
        pace,
        *(times_as_long(f"{name}: {step}", each, whole, "all steps") for step, each in steps.items()),
    ]
