"""The local crew: inspect samples in this process or in several, with the same results."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from saa.errors import SaaError
from saa.runs.foreman import Foreman
from saa.runs.outcome import Outcome
from saa.runs.pipeline import overlapped
from saa.runs.station import Station
from saa.runs.threads import limited
from saa.runs.worker import Processes
from saa.types import Sample


@dataclass(frozen=True)
class Local:
    """Processes of this machine.

    In each, the next picture is read and the last answer written while one is judged; none has more than these in
    hand, so memory stays flat. `saa.runs.foreman` says what becomes of images whose process dies.

    Attributes:
        workers: processes; 1 means this one, which a crash then takes along, unless `apart` or what follows asks
            for one of its own. With other processes, use it under ``if __name__ == "__main__":``.
        threads: numerical threads of each process; with the same number of these maps are the same bit for bit
            whatever `workers` is. See `threads.shared`.
        apart: whether even a single worker is a process of its own, which may die without harm.
        devices: CUDA's numbers or names of accelerators; each worker sees one, as its `cuda`. As many as `workers`,
            or none: then all workers see all there are. Nothing of a run's identity depends on them.
        time_limit: seconds that an image may take from being turned to until it is judged and the next is turned to;
            above that its process is ended. None: however long it takes.
    """

    workers: int = 1
    threads: int = 1
    apart: bool = False
    devices: tuple[str, ...] = ()
    time_limit: float | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"workers: expected at least 1, got {self.workers}")
        if self.devices and len(self.devices) != self.workers:
            raise ValueError(f"devices: expected {self.workers}, one a worker, got {len(self.devices)}")
        if self.time_limit is not None and self.time_limit <= 0:
            raise ValueError(f"time_limit: expected more than 0 seconds, got {self.time_limit}")

    def outcomes(self, samples: Sequence[Sample], station: Station) -> Generator[Outcome, None, None]:
        """Inspect samples; see `crews.Crew`.

        Raises:
            SaaError: a recipe cannot be built, the folder takes no more, or workers cannot start.
        """
        count = min(self.workers, len(samples))
        apart = self.apart or bool(self.devices) or self.time_limit is not None
        with limited(self.threads):
            if count > 1 or (count and apart):
                foreman = Foreman(samples, Processes(station, self.threads), self.time_limit)
                try:
                    yield from foreman.outcomes(self.devices[:count] or (None,) * count)
                finally:
                    foreman.stop()
            else:
                yield from _here(samples, station)


def _here(samples: Sequence[Sample], station: Station) -> Iterator[Outcome]:
    done: deque[Outcome] = deque()
    judging = overlapped(samples, station, done.append)
    while True:
        try:
            going_on = next(judging, judging)
        except SaaError:
            yield from _taken(done)
            raise
        yield from _taken(done)
        if going_on is judging:
            return


def _taken(done: deque[Outcome]) -> Iterator[Outcome]:
    while done:
        yield done.popleft()
