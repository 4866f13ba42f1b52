"""Whether a run ten times as large takes ten times as long, and what an image costs in memory.

Everything around the inspection is done: the plan, its checksum, the ledger, results.csv, `saa status`, reading the
table again, and the look at what is left after a restart. The engine is left out, and so are the files: outcomes with
two artefacts each go straight to the ledger. Times are those of the processor, which tell growth on a busy machine too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks._measuring import Result, peak_mib
from benchmarks._simulated import Simulated, plan
from saa import records
from saa.runs import ledger, session, status

SUMMARY = "runs of simulated images, one ten times as large as the other: time and memory an image"
_PEAK = "peak memory"
_MICRO = 1e6


@dataclass(frozen=True)
class Size:
    """Images of the smaller and of the larger run. A million take five minutes and 1.2 GiB."""

    first: int = 10_000
    last: int = 100_000


FULL = Size()
QUICK = Size(first=1000, last=10_000)


def measure(size: Size) -> list[Result]:
    """What an image takes in the larger run as a multiple of what it takes in the smaller; 1 is linear."""
    small, large = (_in_own_process(count) for count in (size.first, size.last))
    of = f"the same with {size.first:,} images"
    return [
        Result(
            f"{step}, {size.last:,} images",
            [large[step] / small[step]],
            of,
            large[step],
            small[step],
            _unit(step),
        )
        for step in large
    ]


def _unit(step: str) -> str:
    return "MiB" if step == _PEAK else "µs/image"


def _in_own_process(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.scale", folder, str(count)]
        ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def steps(root: Path, count: int) -> dict[str, float]:
    """Processor time of each step in µs an image, and this process's peak memory in MiB where the system tells it."""
    found: dict[str, float] = {}

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        found[step] = (time.process_time() - begun) / count * _MICRO

    planned = plan(root / "data", count)
    out = root / "run"
    with timed("run"):
        session.run(planned, out, crew=Simulated())
    with timed("status"):
        status.read(out)
    with timed("resume, without looking at files"), ledger.opened(out / "ledger.sqlite") as rows:
        named = ((path, 6) for sample in planned.samples for path in _artefacts(sample.product, sample.name))
        if rows.reconcile(named):
            raise RuntimeError("scale: expected every artefact to be known")
        for _ in rows.seen():
            pass
    with timed("reading results.csv"):
        records.read(out)
    if sys.platform != "win32":
        found[_PEAK] = peak_mib()
    return found


def _artefacts(product: str, name: str) -> tuple[str, str]:
    return f"maps/{product}/{name}.tiff", f"regions/{product}/{name}.json"


if __name__ == "__main__":
    where, number = sys.argv[1:]
    print(json.dumps(steps(Path(where), int(number))))
