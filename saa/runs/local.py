"""The local engine: inspect samples in this process or in several, with the same results.

An engine takes samples and a station, and yields an outcome for each sample as it is finished, in any order;
`saa.runs.session` alone writes the ledger. Another engine (a cluster) is another function like `outcomes`. What
a product's images have to teach was learned before and lies in the run's folder (`saa.runs.fitting`), so a
station is small wherever it is sent.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from multiprocessing.connection import wait

from saa.errors import RunError, SaaError
from saa.runs.outcome import Outcome, failed
from saa.runs.station import Station
from saa.runs.threads import limited
from saa.runs.worker import Lost, Ready, Unforeseen, Worker
from saa.types import Sample

_ATTEMPTS = 2
"""How often an image may be held by a dying worker before it is given up."""


def outcomes(
    samples: Sequence[Sample], station: Station, workers: int, threads: int = 1
) -> Generator[Outcome, None, None]:
    """Inspect samples with `workers` processes; 1 means in this one.

    Each process has one sample in hand, so memory stays flat, and `threads` numerical threads: with the same number
    of these maps are the same bit for bit whatever `workers` is. A worker that dies is replaced, and its image tried
    once more. Closing the iterator stops the workers.

    Raises:
        SaaError: a recipe cannot be built, the folder takes no more, or workers cannot start.
    """
    with limited(threads):
        if min(workers, len(samples)) <= 1:
            yield from map(station.inspect, samples)
        else:
            crew = _Crew(samples, station, threads)
            try:
                yield from crew.outcomes(min(workers, len(samples)))
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
