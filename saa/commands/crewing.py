"""From the options of `saa run` to who does the work, on this machine or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from saa.commands.terminal import note
from saa.engines import ENGINES
from saa.errors import PromptError
from saa.foundation import devices
from saa.runs.cluster import joining
from saa.runs.crews import Crew
from saa.runs.local import Local
from saa.runs.plan import Plan
from saa.runs.threads import num_cores, shared

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


def cluster(on: str, given: str | None) -> str | None:
    """The address of the cluster that `on` means, before anything else is done; None for this machine alone.

    Args:
        on: what --on says.
        given: what --devices says.

    Raises:
        SaaError: there can be no such cluster, Ray is not installed, or --devices does not go with it.
    """
    where = joining.address(on)
    if where is not None:
        joining.check_installed()
        if given is not None:
            raise PromptError(
                f"devices: expected none with --on {on}, where Ray hands out GPUs, got {given}; leave it out"
            )
    return where


@contextmanager
def hired(
    planned: Plan,
    where: str | None,
    workers: int | None,
    names: tuple[str, ...],
    time_limit: float | None,
    threads: int | None = None,
) -> Iterator[Crew]:
    """The crew for a plan, which is told to the user; in the block the cluster is joined, if one is meant.

    Args:
        planned: the images and their recipes.
        where: what `cluster` gave.
        workers: processes or actors; None: as many as fit.
        names: CUDA devices of this machine, one a process.
        time_limit: seconds that an image may take.
        threads: numerical threads of each; None: as many as fit.

    Raises:
        SaaError: a device is not there, or the cluster cannot be joined.
    """
    if where is None:
        yield local(planned, workers, names, time_limit, threads)
        return
    from saa.runs.cluster.crew import Cluster, on_gpus, shared

    networks = any(ENGINES[recipe.engine].placed for recipe in planned.recipes.values())
    gpus = any(on_gpus(recipe.as_dict()) for recipe in planned.recipes.values())
    with joining.joined(where, num_cores() if networks else max(num_cores(), workers or 0)) as nodes:
        count, fitting = shared(nodes, workers, len(planned.samples), networks=networks, gpus=gpus)
        threads = threads or fitting
        told = f" of {threads} threads" * (threads > 1) + ", each with a GPU" * gpus
        there = f"{len(nodes)} node{'s' * (len(nodes) > 1)} of Ray"
        note(f"inspecting with {count} actor{'s' * (count > 1)}{told} on {there}")
        yield Cluster(count, threads, int(gpus), time_limit)


def local(
    planned: Plan,
    workers: int | None,
    names: tuple[str, ...],
    time_limit: float | None,
    threads: int | None = None,
) -> Local:
    """The processes for a plan, which are told to the user.

    One that nobody asked for by number is a process of its own, so that an image that crashes it costs a row and not
    the run.

    Raises:
        ModelError: a device is not there.
    """
    if names:
        devices.check_all_there(names)
    networks = any(ENGINES[recipe.engine].placed for recipe in planned.recipes.values())
    count, fitting = shared(len(names) or workers, len(planned.samples), networks=networks)
    threads = threads or fitting
    told = f" of {threads} threads" if threads > 1 else ""
    where = f" on CUDA devices {', '.join(names)}" if names else ""
    note(f"inspecting with {count} worker{'s' * (count > 1)}{told}{where}")
    return Local(count, threads, workers is None, names[:count], time_limit)
