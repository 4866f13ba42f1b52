"""Who inspects the images of a run: processes of this machine, or of many."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Protocol, overload

from saa.runs.outcome import Outcome
from saa.runs.station import Station
from saa.types import Sample


class Crew(Protocol):
    """Inspects samples and says what became of each; `saa.runs.session` alone writes the ledger.

    What a product's images have to teach was learned before and lies in the run's folder (`saa.runs.fitting`), so a
    station is small wherever it is sent.
    """

    def outcomes(self, samples: Sequence[Sample], station: Station) -> Generator[Outcome, None, None]:
        """Yield an outcome for each sample as it is finished, in any order; closing the iterator ends the work.

        Samples are to be taken by going through them, and only when there is room for one more: a run that shall
        stop ends that early (`Handout`), and what was taken is still finished.

        Raises:
            SaaError: what is wrong with more than one image.
        """


class Handout(Sequence[Sample]):
    """Samples that are handed out one by one until there are none left, or the run shall stop."""

    def __init__(self, samples: Sequence[Sample], stop: Callable[[], bool]) -> None:
        self._samples = samples
        self._stop = stop

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        return self._samples[index]

    def __iter__(self) -> Iterator[Sample]:
        for sample in self._samples:
            if self._stop():
                return
            yield sample
