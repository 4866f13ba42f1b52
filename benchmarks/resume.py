"""How long a finished run takes to see that it is finished."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks._measuring import Result, in_turns, times_as_long
from benchmarks._simulated import Simulated, plan
from saa.runs import session

SUMMARY = "a finished run given again: every image and artefact is looked at, none inspected"


@dataclass(frozen=True)
class Size:
    """Images of the run, each with two small artefacts."""

    images: int = 20_000
    rounds: int = 5


FULL = Size()
QUICK = Size(images=2000, rounds=2)


def measure(size: Size) -> list[Result]:
    """The time of the run as a multiple of that of looking at its files."""
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder, "data"), Path(folder, "run")
        planned = plan(data, size.images)
        for sample in planned.samples:
            sample.image_path.parent.mkdir(parents=True, exist_ok=True)
            sample.image_path.write_bytes(b"picture")
        crew = Simulated(out)
        session.run(planned, out, crew=crew)
        files = [path for place in (data, out / "maps", out / "regions") for path in place.rglob("*.*")]

        def again() -> None:
            if session.run(planned, out, crew=crew).done_now:
                raise RuntimeError("resume: expected no image to be inspected again")

        ours, looking = in_turns(size.rounds, again, lambda: [path.stat() for path in files])
    what = f"{size.images:,} images, {2 * size.images:,} artefacts"
    return [times_as_long(what, ours, looking, f"looking at {len(files):,} files whose names are known")]
