"""Reading, judging and writing at the same time, in one process.

One thread reads and decodes the next picture, this one judges, one writes what came of the last and syncs it. Each
has at most one image in hand and none waits beside them, so memory is flat, whatever is slowest: reader and judge go
on when the last answer lies on disk. The judge stays in the thread that called, because numerical libraries count
threads by the thread.

What it hides is waiting: for disks, shares and networks of files, and for whatever runs outside Python's lock, such as
torch. Pillow holds the lock while it decodes and compresses, so with the embedded engine on a quick disk it is worth
0 to 20 % and no more (`benchmarks/overlap.py`).
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

from saa.runs.outcome import Outcome
from saa.runs.station import Judged, Read, Station
from saa.types import Sample

_AHEAD = 1
"""Pictures that are read while another is judged."""
_PATIENCE_S = 5.0


def overlapped(
    samples: Iterable[Sample],
    station: Station,
    finished: Callable[[Outcome], None],
    begun: Callable[[Sample], None] = lambda _sample: None,
) -> Iterator[None]:
    """Inspect samples in their order; yields after each that was judged, and once at the end.

    Args:
        samples: asked for one by one, by another thread; may block.
        station: does the work.
        finished: called with each outcome, by another thread, when its artefacts lie on disk, whole and synced.
        begun: called with each sample when it is about to be judged, and its inspector is built.

    Raises:
        SaaError: as `Station.inspect`; what was finished before has been told.
    """
    # Decoding changes the filters of warnings for a moment; with threads, they would not all be put back.
    with warnings.catch_warnings(), ThreadPoolExecutor(1) as writer, _Reader(samples, station) as reader:
        writing: Future[None] | None = None
        while (coming := reader.news.get()) is not None:
            if isinstance(coming, BaseException):
                raise coming
            sample, reading = coming
            station.prepare(sample.product)
            begun(sample)
            judged = station.judge(reading.result())
            if writing is not None:
                writing.result()
            reader.go_on()  # not sooner, or four pictures would be in hand where writing is slowest
            writing = writer.submit(_keep, station, judged, finished)
            writing.add_done_callback(reader.tell_fault)
            del sample, reading, judged, coming  # let pictures go while waiting
            yield
        if writing is not None:
            writing.result()
    yield


def _keep(station: Station, judged: Judged, finished: Callable[[Outcome], None]) -> None:
    finished(station.keep(judged))


Coming = tuple[Sample, Future[Read]]


class _Reader:
    """A thread that reads pictures, at most `_AHEAD` before they are wanted.

    Attributes:
        news: samples that are being read; None after the last; a fault for which nobody is waiting.
    """

    def __init__(self, samples: Iterable[Sample], station: Station) -> None:
        self.news: SimpleQueue[Coming | BaseException | None] = SimpleQueue()
        self._samples = iter(samples)
        self._station = station
        self._room = threading.Semaphore(1 + _AHEAD)
        self._closed = False
        self._asking = False
        self._thread = threading.Thread(target=self._read, name="reader", daemon=True)

    def __enter__(self) -> _Reader:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._closed = True
        self._room.release()
        if not self._asking:  # the next sample may let itself be waited for without end
            self._thread.join(_PATIENCE_S)

    def go_on(self) -> None:
        """One picture more may be read."""
        self._room.release()

    def tell_fault(self, work: Future[None]) -> None:
        """Let whoever waits for the next picture hear that another thread has failed."""
        fault = work.exception()
        if fault is not None:
            self.news.put(fault)

    def _read(self) -> None:
        try:
            while self._room.acquire() and not self._closed:
                self._asking = True
                sample = next(self._samples, None)
                self._asking = False
                if sample is None:
                    break
                reading: Future[Read] = Future()
                self.news.put((sample, reading))
                _settle(reading, self._station, sample)
                del sample, reading
        except Exception as fault:  # noqa: BLE001 - it is raised where the pictures are wanted
            self.news.put(fault)
        self.news.put(None)


def _settle(reading: Future[Read], station: Station, sample: Sample) -> None:
    try:
        reading.set_result(station.read(sample))
    except Exception as fault:  # noqa: BLE001 - it is raised where the picture is wanted
        reading.set_exception(fault)
