"""Who inspects the images of a run: processes of this machine, or of many."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

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

        Raises:
            SaaError: what is wrong with more than one image.
        """
