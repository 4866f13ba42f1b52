"""The local crew: inspect samples in this process or in several, with the same results."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait

from saa.errors import RunError, SaaError
from saa.runs.outcome import Outcome, failed
from saa.runs.station import Station
from saa.runs.threads import limited
from saa.runs.worker import Lost, Ready, Unforeseen, Worker
from saa.types import Sample

_ATTEMPTS = 2
"""How often an image may be held by a dying worker before it is given up."""


@dataclass(frozen=True)
class Local:
    """Processes of this machine.

    Each has one sample in hand, so memory stays flat. A worker that dies is replaced, and its image tried once more.

    Attributes:
        workers: processes; 1 means this one. With more, use it under ``if __name__ == "__main__":``.
        threads: numerical threads of each process; with the same number of these maps are the same bit for bit
            whatever `workers` is. See `threads.shared`.
    """

    workers: int = 1
    threads: int = 1

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"workers: expected at least 1, got {self.workers}")

    def outcomes(self, samples: Sequence[Sample], station: Station) -> Generator[Outcome, None, None]:
        """Inspect samples; see `crews.Crew`.

        Raises:
            SaaError: a recipe cannot be built, the folder takes no more, or workers cannot start.
        """
        with limited(self.threads):
            if min(self.workers, len(samples)) <= 1:
                yield from map(station.inspect, samples)
                return
            crew = _Crew(samples, station, self.threads)
            try:
                yield from crew.outcomes(min(self.workers, len(samples)))
            finally:
                crew.stop()


class _Crew:
    """Workers, what they hold and what still waits."""

    def __init__(self, samples: Sequence[Sample], station: Station, threads: int) -> None:
        self._waiting = deque(samples)
        self._station = station
        self._threads = threads
        self._workers: list[Worker] = []
        self._losses: Counter[Sample] = Counter()

    def outcomes(self, count: int) -> Iterator[Outcome]:
        for _ in range(count):
            self._hire()
        while self._workers:
            ready = wait([worker.connection for worker in self._workers])
            for worker in [each for each in self._workers if each.connection in ready]:
                outcome = self._hear(worker)
                if outcome is not None:
                    yield outcome

    def stop(self) -> None:
        while self._workers:
            self._workers.pop().stop()

    def _hire(self) -> None:
        self._workers.append(Worker(self._station, self._threads))

    def _hear(self, worker: Worker) -> Outcome | None:
        held = worker.sample
        message = worker.receive()
        if isinstance(message, SaaError):
            raise message
        if isinstance(message, Unforeseen):
            raise RuntimeError(f"a worker failed:\n{message.trace}")
        if isinstance(message, Lost):
            self._dismiss(worker)
            return self._replace(held, message.how)
        worker.give(self._waiting.popleft() if self._waiting else None)
        if worker.sample is None:
            self._dismiss(worker)
        return None if isinstance(message, Ready) else message

    def _dismiss(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.leave()

    def _replace(self, held: Sample | None, how: str) -> Outcome | None:
        if held is None:
            raise RunError(
                f"workers: expected them to start, got {how}; see what they wrote above, or give --workers 1 "
                "(from Python, call it under `if __name__ == '__main__':`)"
            )
        self._losses[held] += 1
        given_up = self._losses[held] >= _ATTEMPTS
        if not given_up:
            self._waiting.appendleft(held)
        if self._waiting:
            self._hire()
        return failed(held, f"worker died {_ATTEMPTS} times ({how})") if given_up else None
