"""A worker process and the parent's end of its line."""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from saa.errors import SaaError
from saa.runs.outcome import Outcome
from saa.runs.station import Station
from saa.runs.threads import limited
from saa.types import Sample

_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Ready:
    """What a worker says once it has started."""


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


Message = Ready | Outcome | SaaError | Unforeseen | Lost


class Worker:
    """A spawned process with a station of its own, which inspects the samples it is given, one at a time.

    Attributes:
        connection: readable when `receive` has something to say.
        sample: what the process holds at the moment.
    """

    def __init__(self, station: Station, threads: int = 1) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.sample: Sample | None = None
        self._process: SpawnProcess = context.Process(
            target=_serve, args=(theirs, station, threads), daemon=True
        )
        with _interrupts_ignored():
            self._process.start()
        theirs.close()  # so that a dead worker reads as the end of the line

    def give(self, sample: Sample | None) -> None:
        """Hand over the next sample, or None to send the process home."""
        self.sample = sample
        try:
            self.connection.send(sample)
        except OSError:
            return  # it has died; `receive` is about to say so

    def receive(self) -> Message:
        """The next thing the process has to say."""
        try:
            message: Message = self.connection.recv()
        except (EOFError, OSError):
            return Lost(self._fate())
        return message

    def leave(self) -> None:
        """Wait for a process that has been sent home or has died."""
        self.connection.close()
        self._process.join(_PATIENCE_S)
        self._end()

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.connection.close()
        self._process.terminate()
        self._process.join(_PATIENCE_S)
        self._end()

    def _end(self) -> None:
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def _fate(self) -> str:
        self._process.join(_PATIENCE_S)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"killed by signal {-code}; out of memory is the usual cause, try fewer --workers"
        return f"exit code {code}"


def _serve(connection: Connection, station: Station, threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    try:
        with limited(threads):
            connection.send(Ready())
            while (sample := connection.recv()) is not None:
                connection.send(_inspect(station, sample))
    except (EOFError, OSError):
        return  # the parent has gone; what it had not noted is inspected again one day


def _inspect(station: Station, sample: Sample) -> Message:
    try:
        return station.inspect(sample)
    except SaaError as error:
        return error
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError):
        return Unforeseen(traceback.format_exc())


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """A child inherits what is ignored, so that Ctrl-C does not hit it while it still imports."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
