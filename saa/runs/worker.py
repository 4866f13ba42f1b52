"""A worker process and the parent's end of its line."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from saa.errors import SaaError
from saa.runs.outcome import Outcome
from saa.runs.pipeline import overlapped
from saa.runs.station import ONE_IMAGES_FAULT, Station
from saa.runs.threads import limited
from saa.types import Sample

_PATIENCE_S = 5.0
_DEVICES = "CUDA_VISIBLE_DEVICES"
_LEFT_TO_THE_PARENT = (signal.SIGINT, signal.SIGTERM)


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


class Worker:
    """A spawned process with a station of its own, which inspects the samples it is given, in their order.

    Attributes:
        connection: readable when `receive` has something to say.
        held: samples the process was given and has not finished, oldest first.
        begun: the one of them it turned to last; None if it has finished that, or said nothing yet.
        since: when it turned to it, by `time.monotonic`.
        built: whether it has been seen to work.
        device: the accelerator it is to see, by its number or name; None: all, or none.
    """

    def __init__(self, station: Station, threads: int = 1, device: str | None = None) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.held: list[Sample] = []
        self.begun: Sample | None = None
        self.since = 0.0
        self.built = False
        self.device = device
        self._process: SpawnProcess = context.Process(
            target=_serve, args=(theirs, station, threads), daemon=True
        )
        with _signals_ignored(), _seeing(device):
            self._process.start()
        theirs.close()  # so that a dead worker reads as the end of the line

    @property
    def suspect(self) -> Sample | None:
        """Who is to blame if the process dies now: what it turned to last, else what it has held longest."""
        return self.begun or next(iter(self.held), None)

    def give(self, sample: Sample) -> None:
        """Hand over one more sample."""
        self.held.append(sample)
        self._send(sample)

    def receive(self) -> Message:
        """The next thing the process has to say."""
        try:
            message: Message = self.connection.recv()
        except (EOFError, OSError):
            return Lost(self._fate())
        if isinstance(message, Built):
            self.built = True
        elif isinstance(message, Begun):
            self.begun, self.since = message.sample, time.monotonic()
        elif isinstance(message, Outcome):
            self._finished(message)
        return message

    def leave(self) -> None:
        """Send the process home, and wait for it."""
        self._send(None)
        self._process.join(_PATIENCE_S)
        self.stop()

    def kill(self) -> None:
        """End the process now; `receive` says so once all that it said before has been heard."""
        self._process.kill()

    def stop(self) -> None:
        """End the process, whatever it is doing, and let its line go."""
        self.connection.close()
        self._process.kill()
        self._process.join()
        self._process.close()

    def _send(self, sample: Sample | None) -> None:
        try:
            self.connection.send(sample)
        except OSError:
            return  # it has died; `receive` is about to say so

    def _finished(self, outcome: Outcome) -> None:
        key = outcome.product, outcome.name
        self.held = [each for each in self.held if (each.product, each.name) != key]
        if self.begun not in self.held:
            self.begun = None

    def _fate(self) -> str:
        self._process.join(_PATIENCE_S)
        code = self._process.exitcode
        if code is None or code >= 0:
            return f"exit code {code}"
        told = f"killed by signal {-code}"
        if -code == signal.SIGKILL:
            return f"{told}; out of memory is the usual cause, try fewer --workers"
        names = {each.value: each.name for each in signal.Signals}
        return f"{told}, {names[-code]}" if -code in names else told


def _serve(connection: Connection, station: Station, threads: int) -> None:
    for number in _LEFT_TO_THE_PARENT:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="orphan", daemon=True).start()
    tell = _speaking(connection)
    try:
        with limited(threads):
            tell(Ready())
            samples = _given(connection)
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


def _given(connection: Connection) -> Iterator[Sample]:
    while True:
        try:
            sample = connection.recv()
        except (EOFError, OSError):
            _end()
        if sample is None:
            return
        yield sample


def _speaking(connection: Connection) -> Callable[[Message], None]:
    """Says things to the parent, from any thread."""
    alone = threading.Lock()

    def tell(message: Message) -> None:
        try:
            with alone:
                connection.send(message)
        except OSError:
            _end()

    return tell


def _end_with_parent() -> None:
    """Nobody may write to a run's folder once its lock is free again, and that goes with the parent."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        _end()


def _end() -> None:
    os._exit(1)  # not by an exception, which would have to pass the inspection in hand


@contextmanager
def _signals_ignored() -> Iterator[None]:
    """A child inherits what is ignored, so that Ctrl-C does not hit it while it still imports."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in _LEFT_TO_THE_PARENT]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def _seeing(device: str | None) -> Iterator[None]:
    """A child inherits which accelerators there are; the only one it sees is then its first."""
    if device is None:
        yield
        return
    before = os.environ.get(_DEVICES)
    os.environ[_DEVICES] = device
    try:
        yield
    finally:
        if before is None:
            del os.environ[_DEVICES]
        else:
            os.environ[_DEVICES] = before
