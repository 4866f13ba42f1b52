"""A worker as the foreman sees it, wherever its process is: what it says, and what it has in hand."""

from __future__ import annotations

import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol, TypeVar

from saa.errors import SaaError
from saa.runs.outcome import Outcome
from saa.runs.pipeline import overlapped
from saa.runs.station import ONE_IMAGES_FAULT, Station
from saa.runs.threads import limited
from saa.types import Sample


@dataclass(frozen=True)
class Ready:
    """What a worker says once it has started and can be given a sample."""


@dataclass(frozen=True)
class Built:
    """What a worker says once the inspector of its first sample is built; it has not read the picture yet."""


@dataclass(frozen=True)
class Begun:
    """What a worker says when it turns to a sample.

    Attributes:
        sample: one of those it holds.
    """

    sample: Sample


@dataclass(frozen=True)
class Lost:
    """What the parent hears when a worker has died.

    Attributes:
        how: in words.
    """

    how: str


@dataclass(frozen=True)
class Unforeseen:
    """A fault in a worker that no single image is to blame for.

    Attributes:
        trace: the worker's traceback.
    """

    trace: str


Message = Ready | Built | Begun | Outcome | SaaError | Unforeseen | Lost


class Hired(ABC):
    """A process with a station of its own, which inspects the samples it is given, in their order.

    Attributes:
        held: samples the process was given and has not finished, oldest first.
        begun: the one of them it turned to last; None if it has finished that, or said nothing yet.
        since: when it turned to it, by `time.monotonic`.
        built: whether it has been seen to work.
        device: the accelerator it is to see, by its number or name; None: all, or none.
    """

    def __init__(self, device: str | None = None) -> None:
        self.held: list[Sample] = []
        self.begun: Sample | None = None
        self.since = 0.0
        self.built = False
        self.device = device

    @property
    def suspect(self) -> Sample | None:
        """Who is to blame if the process dies now: what it turned to last, else what it has held longest."""
        return self.begun or next(iter(self.held), None)

    def give(self, sample: Sample) -> None:
        """Hand over one more sample."""
        self.held.append(sample)
        self._send(sample)

    def receive(self) -> Message:
        """The next thing the process has to say; waits for it."""
        message = self._next()
        if isinstance(message, Built):
            self.built = True
        elif isinstance(message, Begun):
            self.begun, self.since = message.sample, time.monotonic()
        elif isinstance(message, Outcome):
            self._finished(message)
        return message

    @abstractmethod
    def leave(self) -> None:
        """Send the process home, and wait for it."""

    @abstractmethod
    def kill(self) -> None:
        """End the process now; `receive` says so once all that it said before has been heard."""

    @abstractmethod
    def stop(self) -> None:
        """End the process, whatever it is doing, and let its line go."""

    @abstractmethod
    def _send(self, sample: Sample) -> None: ...

    @abstractmethod
    def _next(self) -> Message: ...

    def _finished(self, outcome: Outcome) -> None:
        key = outcome.product, outcome.name
        self.held = [each for each in self.held if (each.product, each.name) != key]
        if self.begun not in self.held:
            self.begun = None


W = TypeVar("W", bound=Hired)


class Gang(Protocol[W]):
    """Where a foreman gets workers from."""

    @property
    def advice(self) -> str:
        """What to do if they do not start."""
        ...

    def hire(self, device: str | None) -> W:
        """A new worker, which may take its time to start; see `Hired.device`."""
        ...

    def speaking(self, workers: Sequence[W], patience: float | None) -> list[W]:
        """Wait, so many seconds or for ever, for workers that have something to say; none if time is up."""
        ...


def work(samples: Iterator[Sample], station: Station, threads: int, tell: Callable[[Message], None]) -> None:
    """What a worker does, wherever it is: inspect samples as they come, and say how far it is.

    Args:
        samples: may block.
        station: does the work; not used by anybody else.
        threads: numerical threads.
        tell: called with each message, by several threads.
    """
    try:
        with limited(threads):
            tell(Ready())
            first = next(samples, None)
            if first is None:
                return
            station.prepare(first.product)
            tell(Built())
            for _ in overlapped(
                chain([first], samples), station, tell, begun=lambda sample: tell(Begun(sample))
            ):
                pass
    except SaaError as error:
        tell(error)
    except ONE_IMAGES_FAULT:  # raised where it is no single image's fault
        tell(Unforeseen(traceback.format_exc()))
