"""Whoever looks at a run's results should know that some are still to come."""

from __future__ import annotations

from pathlib import Path

from saa.commands.terminal import note
from saa.runs import status
from saa.runs.folder import RunFolder


def warn(run: Path) -> None:
    """Say so if images of the run have not been dealt with yet; nothing is written.

    Raises:
        RunError: the run's ledger is damaged or of a later version.
    """
    if RunFolder(run).ledger.is_file():
        pending = status.counts(run).pending
        if pending:
            note(f"{run}: {pending} images are still to be inspected; give the `saa run` command again")
