"""What runs on the nodes: an actor with a station of its own."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, cast

import saa
from saa.errors import RunError
from saa.runs.hired import Message, work
from saa.runs.station import Station
from saa.types import Sample

if TYPE_CHECKING:
    from saa.runs.folder import RunFolder

Lent = list[Any]
"""Ray's handle of a product's reference file, in a list so that Ray does not fetch it; empty where there is none."""


@dataclass(frozen=True)
class Orders:
    """What the driver wants of every actor.

    Attributes:
        station: does the work.
        threads: numerical threads.
        folder: the driver's working folder, which relative paths start from.
        picture: one of the images.
        run: what `fingerprint` gives on the driver.
        version: the driver's saa.
    """

    station: Station
    threads: int
    folder: str
    picture: Path
    run: str
    version: str = saa.__version__


def fingerprint(folder: RunFolder) -> str:
    """Tells a run's folder from others of the same name on other machines; empty before there is a run.json."""
    try:
        return hashlib.sha256(folder.manifest.read_bytes()).hexdigest()
    except OSError:
        return ""


class Post:
    """Inspects the samples it is given, and says what becomes of them; Ray makes an actor of it."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._given: SimpleQueue[Sample] = SimpleQueue()
        self._said: SimpleQueue[Message] = SimpleQueue()
        self._lent: dict[str, Lent] = {}

    def give(self, sample: Sample, lent: Lent) -> None:
        """Put a sample, and the reference of its product, at the end of the line."""
        others = [each for each in self._lent.items() if each[0] != sample.product]
        self._lent = dict([*others[-1:], (sample.product, lent)])  # there are two samples in hand at most
        self._given.put(sample)

    def serve(self) -> Iterator[Message]:
        """All that is to be said, until the actor is ended; see `saa.runs.hired`."""
        with suppress(OSError):
            os.chdir(self._orders.folder)
        try:
            _check(self._orders)
        except RunError as error:
            yield error
            return
        station = self._orders.station.fetching(self._fetch)
        # A thread of its own, since threads of libraries are counted by the thread that asked for them.
        threading.Thread(
            target=work,
            args=(iter(self._given.get, None), station, self._orders.threads, self._said.put),
            daemon=True,
        ).start()
        while True:
            yield self._said.get()

    def _fetch(self, product: str) -> bytes:
        import ray

        return cast(bytes, ray.get(self._lent[product][0]))


def _check(orders: Orders) -> None:
    """Refuse to work where the driver's files are not what they are there.

    Raises:
        RunError: another saa is installed here, or the images or the run's folder are not here.
    """
    here, folder = f"node {socket.gethostname()}", orders.station.folder
    if saa.__version__ != orders.version:
        raise RunError(
            f"{here}: expected saa {orders.version} as on the machine that runs it, got {saa.__version__}; "
            "install the same version on all nodes"
        )
    if not orders.picture.exists():
        raise RunError(
            f"{here}: expected the images at the same path as on the machine that runs it, got no "
            f"{orders.picture}; mount the same storage everywhere, or give ROOT as a URL such as s3://bucket/folder"
        )
    if folder.store == folder.root and fingerprint(folder) != orders.run:
        raise RunError(
            f"{here}: expected the run's folder {folder.root} as on the machine that runs it, got another or none; "
            "mount the same storage everywhere, or give --store a URL such as s3://bucket/folder"
        )
