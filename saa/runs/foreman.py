"""Hands samples to worker processes, and makes good what dies with one.

A worker has one image in hand that it judges and one that it reads meanwhile, so it never idles; it is given the next
when it turns to one. If it dies, another takes its place, and

- the image that it had turned to has lost an attempt; after `ATTEMPTS` it is given up and becomes a failed row;
- the others that it had in hand have lost none;
- all of them are tried again *alone*, in a worker with nothing else in hand, before anything new is begun. So an image
  whose reading or writing kills the process can cost another one attempt, and never two.

A worker that takes longer over an image than the time limit is ended, and counts as one that died of it. Loading of
models is not counted. One that dies before its first inspector is built has harmed no image: it is replaced
`_STARTS` times in a row at most, then the run goes on with those that are left, and ends if there are none.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Generic

from saa.errors import RunError, SaaError
from saa.runs.hired import Gang, Lost, Unforeseen, W
from saa.runs.outcome import Outcome, failed
from saa.types import Sample

ATTEMPTS = 2
"""How often a worker may die of an image before the image is given up."""
_STARTS = 3
"""How many workers in a row may die before they have built an inspector."""


class Foreman(Generic[W]):
    """Workers, what they hold and what still waits.

    Args:
        samples: asked for one by one, as workers become free.
        gang: where workers come from.
        time_limit: seconds that an image may take; None: any.
    """

    def __init__(self, samples: Iterable[Sample], gang: Gang[W], time_limit: float | None = None) -> None:
        self._samples = iter(samples)
        self._gang = gang
        self._time_limit = time_limit
        self._workers: list[W] = []
        self._overdue: dict[W, Sample] = {}
        self._given_back: deque[Sample] = deque()
        self._alone: set[Sample] = set()
        self._losses: Counter[tuple[str, str]] = Counter()
        self._never_built = 0

    def outcomes(self, devices: Sequence[str | None]) -> Iterator[Outcome]:
        """An outcome for each sample, from one worker for each of `devices`.

        Raises:
            SaaError: see `Local.outcomes`.
        """
        for device in devices:
            self._hire(device)
        while self._workers:
            self._end_those_overdue()
            self._dismiss_latecomers()
            for worker in self._gang.speaking(self._workers, self._patience()):
                outcome = self._hear(worker)
                if outcome is not None:
                    yield outcome

    def stop(self) -> None:
        """End all workers, whatever they do."""
        while self._workers:
            self._workers.pop().stop()

    def _hire(self, device: str | None) -> None:
        self._workers.append(self._gang.hire(device))

    def _dismiss_latecomers(self) -> None:
        """Do without workers that are still starting, or wait for room on a cluster, when nothing is left."""
        for worker in [each for each in self._workers if not each.held and not self._anything_left()]:
            self._workers.remove(worker)
            worker.stop()

    def _hear(self, worker: W) -> Outcome | None:
        message = worker.receive()
        if isinstance(message, SaaError):
            raise message
        if isinstance(message, Unforeseen):
            raise RuntimeError(f"a worker failed:\n{message.trace}")
        if isinstance(message, Lost):
            return self._replaced(worker, message.how)
        if worker.built:
            self._never_built = 0
        self._supply(worker)
        return self._counted(message) if isinstance(message, Outcome) else None

    def _supply(self, worker: W) -> None:
        """Keep one image waiting at a worker, or let go of one for which there is nothing left."""
        if all(each == worker.begun for each in worker.held):
            self._give_next(worker)
        if not worker.held:
            self._workers.remove(worker)
            worker.leave()

    def _give_next(self, worker: W) -> None:
        if worker.held and (self._given_back or self._alone.intersection(worker.held)):
            return  # what is tried again is tried alone
        if self._anything_left():
            worker.give(self._given_back.popleft())

    def _anything_left(self) -> bool:
        """Whether an image waits, which then stands in `_given_back`."""
        if not self._given_back:
            self._given_back.extend(islice(self._samples, 1))
        return bool(self._given_back)

    def _counted(self, outcome: Outcome) -> Outcome:
        """An outcome with the attempts that were lost before it."""
        lost = self._losses[outcome.product, outcome.name]
        return replace(outcome, attempts=outcome.attempts + lost) if lost else outcome

    def _replaced(self, worker: W, how: str) -> Outcome | None:
        """Give back what a dead worker held and hire another; the outcome of an image that is given up."""
        self._workers.remove(worker)
        worker.stop()
        late = self._overdue.pop(worker, None)
        given_up = None
        if worker.built:
            given_up = self._blame(worker.suspect if late is None else late, worker, how, late is not None)
            self._alone.update(worker.held)
        else:
            self._never_built += 1
        self._given_back.extendleft(reversed(worker.held))
        if self._anything_left():
            self._rehire(worker.device, how)
        return given_up

    def _blame(self, sample: Sample | None, worker: W, how: str, late: bool) -> Outcome | None:
        if sample is None or sample not in worker.held:
            return None  # it died of nothing that it had not finished
        key = sample.product, sample.name
        self._losses[key] += 1
        if self._losses[key] < ATTEMPTS:
            return None
        worker.held.remove(sample)
        if late:
            told = f"took longer than the time limit of {self._time_limit:g} s, {ATTEMPTS} times"
            return failed(sample, told, error_class="TimeLimit", attempts=ATTEMPTS)
        return failed(
            sample, f"worker died {ATTEMPTS} times ({how})", error_class="WorkerDied", attempts=ATTEMPTS
        )

    def _rehire(self, device: str | None, how: str) -> None:
        if self._never_built < _STARTS:
            self._hire(device)
        elif not self._workers:
            raise RunError(f"workers: expected them to start, got {how}; {self._gang.advice}")

    def _end_those_overdue(self) -> None:
        for worker, end in self._ends():
            if worker.begun is not None and end <= time.monotonic():
                self._overdue[worker] = worker.begun
                worker.kill()

    def _patience(self) -> float | None:
        """Seconds until the next worker is overdue; None if none can be."""
        ends = [end for _, end in self._ends()]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _ends(self) -> list[tuple[W, float]]:
        """The workers that have turned to an image, with the time when it must be done."""
        if self._time_limit is None:
            return []
        busy = [each for each in self._workers if each.begun is not None and each not in self._overdue]
        return [(each, each.since + self._time_limit) for each in busy]
