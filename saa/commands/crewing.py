"""From the options of `saa run` to who does the work on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from saa.commands.terminal import note
from saa.engines import ENGINES
from saa.errors import PromptError
from saa.foundation import devices
from saa.runs.local import Local
from saa.runs.plan import Plan
from saa.runs.threads import shared

CUDA = "cuda"


@contextmanager
def on(given: str | None, device: str | None, workers: int | None) -> Iterator[tuple[str, ...]]:
    """In the block no other CUDA devices are seen than those given, if any are; yields their names.

    Args:
        given: numbers with commas between them; None if nobody said.
        device: what --device says.
        workers: what --workers says.

    Raises:
        PromptError: what else was said does not go with it.
        ModelError: they are no numbers of devices that are there.
    """
    if given is None:
        yield ()
        return
    names = devices.numbered(given)
    if device not in (None, CUDA):
        raise PromptError(
            f"devices: expected --device {CUDA} or none beside them, got {device}; leave one out"
        )
    if workers not in (None, len(names)):
        raise PromptError(
            f"devices: expected one worker for each of {len(names)}, got --workers {workers}; leave it out"
        )
    with devices.only(names):
        yield names


def local(planned: Plan, workers: int | None, names: tuple[str, ...], time_limit: float | None) -> Local:
    """The processes for a plan, which are told to the user.

    One that nobody asked for by number is a process of its own, so that an image that crashes it costs a row and not
    the run.

    Raises:
        ModelError: a device is not there.
    """
    if names:
        devices.check_all_there(names)
    networks = any(ENGINES[recipe.engine].placed for recipe in planned.recipes.values())
    count, threads = shared(len(names) or workers, len(planned.samples), networks=networks)
    told = f" of {threads} threads" if threads > 1 else ""
    where = f" on CUDA devices {', '.join(names)}" if names else ""
    note(f"inspecting with {count} worker{'s' * (count > 1)}{told}{where}")
    return Local(count, threads, workers is None, names[:count], time_limit)
