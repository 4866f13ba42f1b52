"""A worker process and the parent's end of its line."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import ClassVar

from saa.foundation import devices
from saa.runs.hired import Hired, Lost, Message, work
from saa.runs.station import Station
from saa.types import Sample

_PATIENCE_S = 5.0
_LEFT_TO_THE_PARENT = (signal.SIGINT, signal.SIGTERM)


class Worker(Hired):
    """A spawned process of this machine.

    Attributes:
        connection: readable when `receive` has something to say.
    """

    def __init__(self, station: Station, threads: int = 1, device: str | None = None) -> None:
        super().__init__(device)
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=_serve, args=(theirs, station, threads), daemon=True
        )
        with _signals_ignored(), _seeing(device):
            self._process.start()
        theirs.close()  # so that a dead worker reads as the end of the line

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

    def _next(self) -> Message:
        try:
            message: Message = self.connection.recv()
        except (EOFError, OSError):
            return Lost(self._fate())
        return message

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


@dataclass(frozen=True)
class Processes:
    """Workers of this machine, for a foreman; see `hired.Gang`.

    Attributes:
        station: what each gets a copy of.
        threads: numerical threads of each.
    """

    station: Station
    threads: int = 1
    advice: ClassVar[str] = (
        "see what they wrote above, or give --workers 1 "
        "(from Python, call it under `if __name__ == '__main__':`)"
    )

    def hire(self, device: str | None) -> Worker:
        """A new process."""
        return Worker(self.station, self.threads, device)

    def speaking(self, workers: Sequence[Worker], patience: float | None) -> list[Worker]:
        """Those that have something to say."""
        ready = wait([worker.connection for worker in workers], patience)
        return [each for each in workers if each.connection in ready]


def _serve(connection: Connection, station: Station, threads: int) -> None:
    for number in _LEFT_TO_THE_PARENT:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="orphan", daemon=True).start()
    work(_given(connection), station, threads, _speaking(connection))


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


def _seeing(device: str | None) -> AbstractContextManager[None]:
    """A child inherits which accelerators it may see."""
    return nullcontext() if device is None else devices.only([device])
