"""A foreman's workers on a Ray cluster."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from saa.errors import RunError
from saa.runs.cluster import joining
from saa.runs.cluster.joining import Node
from saa.runs.cluster.post import Lent, Orders, Post, fingerprint
from saa.runs.foreman import Foreman
from saa.runs.hired import Hired, Lost, Message
from saa.runs.outcome import Outcome
from saa.runs.station import Station
from saa.types import Sample

_PATIENCE_S = 300.0
_STEP_S = 1.0


def shared(
    nodes: Sequence[Node], workers: int | None, images: int, *, networks: bool, gpus: bool
) -> tuple[int, int]:
    """Actors, and the threads of each; by the same rule as `threads.shared`.

    An engine without networks gets an actor of one thread for each processor. Networks get an actor for each GPU if
    they run there, else one for each node, and the processors are shared between those.

    Args:
        nodes: of the cluster.
        workers: actors that are wanted; None leaves it to the rule. More than there is room for wait until there is.
        images: there are never more actors.
        networks: whether published networks are run.
        gpus: whether they run on GPUs.
    """
    fit = [node for node in nodes if (node.gpus if gpus else node.cpus)]
    if not networks:
        return max(1, min(workers or sum(node.cpus for node in fit), images)), 1
    count = max(1, min(workers or (sum(node.gpus for node in fit) if gpus else len(fit)), images))
    most = max((node.cpus for node in fit), default=1)
    places = min(count, sum(node.gpus for node in fit)) if gpus else count
    room = (
        threads
        for threads in range(most, 0, -1)
        if sum(_places(node, threads, gpus=gpus) for node in fit) >= places
    )
    return count, next(room, 1)


def on_gpus(settings: object) -> bool:
    """Whether a recipe's settings name CUDA as a device, anywhere."""
    if isinstance(settings, Mapping):
        return settings.get("device") == "cuda" or any(map(on_gpus, settings.values()))
    return isinstance(settings, list | tuple) and any(map(on_gpus, settings))


def _places(node: Node, threads: int, *, gpus: bool) -> int:
    count = node.cpus // threads
    return min(count, node.gpus) if gpus else count


@dataclass(frozen=True)
class Cluster:
    """Actors on the nodes of the cluster that `joining.joined` has joined.

    Each keeps the models of its product, and has one image in hand that it judges and one that it reads meanwhile.
    What becomes of images whose actor or node is lost, `saa.runs.foreman` says: they are tried again in another actor,
    on whatever node has room.

    Attributes:
        workers: actors. Those for which there is no room yet wait for it, and are not waited for.
        threads: numerical threads of each, and processors that each is counted as; as in `Local`.
        gpus: GPUs of each, which is all it sees.
        time_limit: as in `Local`.
        patience: seconds without any actor until the run ends.
    """

    workers: int
    threads: int = 1
    gpus: int = 0
    time_limit: float | None = None
    patience: float = _PATIENCE_S

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"workers: expected at least 1, got {self.workers}")

    def outcomes(self, samples: Sequence[Sample], station: Station) -> Generator[Outcome, None, None]:
        """Inspect samples; see `crews.Crew`.

        Raises:
            SaaError: a recipe cannot be built, the storage takes no more, a node lacks the same saa or storage, or
                there is room for no actor.
        """
        if not samples:
            return
        foreman = Foreman(samples, _Actors(self, station, samples[0].image_path), self.time_limit)
        try:
            yield from foreman.outcomes((None,) * min(self.workers, len(samples)))
        finally:
            foreman.stop()


class FarWorker(Hired):
    """An actor, as the foreman sees it; `messages` is Ray's stream of what it says."""

    def __init__(self, gang: _Actors) -> None:
        super().__init__()
        self._gang = gang
        crew = gang.crew
        # Two at once: to say things, and to be given things.
        kind = gang.ray.remote(
            num_cpus=crew.threads, num_gpus=crew.gpus, max_concurrency=2, scheduling_strategy="SPREAD"
        )
        self._actor = kind(Post).remote(gang.orders)
        self.messages = self._actor.serve.options(num_returns="streaming").remote()

    def leave(self) -> None:
        """End the actor, which has finished all it held."""
        self.stop()

    def kill(self) -> None:
        """End the actor now; see `Hired`."""
        self._gang.ray.kill(self._actor)

    def stop(self) -> None:
        """End the actor, or let it not begin; should it only have been out of reach, there are no two of it."""
        self.kill()

    def _send(self, sample: Sample) -> None:
        self._actor.give.remote(sample, self._gang.lent(sample.product))

    def _next(self) -> Message:
        ray = self._gang.ray
        try:
            message: Message = ray.get(next(self.messages))
        except StopIteration:
            return Lost("it ended")
        except ray.exceptions.RayError as error:
            return Lost(_fate(error))
        return message


class _Actors:
    """Where a foreman gets actors from; see `hired.Gang`."""

    advice: ClassVar[str] = "see the logs of Ray on its node; the same saa must be installed on all nodes"

    def __init__(self, crew: Cluster, station: Station, picture: Path) -> None:
        self.ray = joining.package()
        self.crew = crew
        self.orders = self.ray.put(
            Orders(station, crew.threads, str(Path.cwd()), picture, fingerprint(station.folder))
        )
        self._station = station
        self._lent: dict[str, Lent] = {}
        self._heard = time.monotonic()

    def hire(self, device: str | None) -> FarWorker:  # noqa: ARG002 - Ray says which GPU
        """An actor, as soon as a node has room for it."""
        return FarWorker(self)

    def lent(self, product: str) -> Lent:
        """A product's reference, put where all nodes can fetch it; the one before is let go once nobody uses it."""
        if product not in self._lent:
            path = self._station.reference_path(product)
            self._lent = {product: [self.ray.put(path.read_bytes())] if path else []}
        return self._lent[product]

    def speaking(self, workers: Sequence[FarWorker], patience: float | None) -> list[FarWorker]:
        """Those that have something to say.

        Raises:
            RunError: there has been no actor for too long.
        """
        by_stream = {worker.messages: worker for worker in workers}
        ends = time.monotonic() + (math.inf if patience is None else patience)
        ready: list[Any] = []
        while not ready and (left := ends - time.monotonic()) > 0:
            if any(worker.held for worker in workers):
                self._heard = time.monotonic()
            elif time.monotonic() - self._heard > self.crew.patience:
                raise self._no_room()
            # In steps, since Ray looks for Ctrl-C only between them.
            ready, _ = self.ray.wait(
                list(by_stream),
                num_returns=1,
                timeout=min(left, _STEP_S, self.crew.patience),
                fetch_local=False,
            )
        return [by_stream[stream] for stream in ready]

    def _no_room(self) -> RunError:
        wanted = f"{self.crew.threads} CPU{'s' * (self.crew.threads > 1)}"
        wanted += f" and {self.crew.gpus} GPU" if self.crew.gpus else ""
        there = ", ".join(f"{node.cpus} CPUs and {node.gpus} GPUs" for node in joining.nodes()) or "none"
        return RunError(
            f"cluster: expected a node with {wanted} to spare, got none in {self.crew.patience:g} seconds "
            f"(nodes: {there}); add nodes or wait until others have finished, then give the same command again"
        )


def _fate(error: Exception) -> str:
    """What became of an actor, in a few words; Ray says it in ten lines."""
    words = str(error)
    if "node has died" in words or "node was terminated" in words:
        return "its node was lost"
    if type(error).__name__ == "RayTaskError" or "creation task" in words:
        return " ".join(words.split())[-300:]
    return "its process ended; out of memory is the usual cause, try fewer --workers"
