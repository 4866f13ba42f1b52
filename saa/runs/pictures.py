"""The pictures of a product one after the other, decoded ahead of whoever goes through them."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from saa import images
from saa.errors import ImageError
from saa.runs import vanished
from saa.runs.station import ONE_IMAGES_FAULT
from saa.types import Image

_AHEAD = 2
"""Threads that decode, and pictures that are decoded ahead; a fit takes longer over each than its decoding."""


@contextmanager
def decoded(
    paths: Sequence[Path],
    watch: Callable[[int], None],
    refused: Callable[[Path, Exception], None] = lambda _path, _error: None,
) -> Iterator[Iterable[Image]]:
    """The readable pictures among `paths`, to be gone through once or more inside the block.

    They come in the order of their files' checksums, so neither names nor the order of `paths` matter. Two are
    decoded ahead, so memory does not grow with their number.

    Args:
        paths: files; those that cannot be read are passed over.
        watch: called with the number of files that have been dealt with.
        refused: called with each file that cannot be read, and why.

    Raises:
        RunError: when they are gone through, if the folder of one has gone.
    """
    # Decoding changes the filters of warnings for a moment; with threads, they would not all be put back.
    with warnings.catch_warnings(), ThreadPoolExecutor(_AHEAD) as pool:
        checksums = pool.map(_checksum, paths)
        ordered = [path for _, path in sorted(zip(checksums, paths, strict=True))]
        yield _Decoded(ordered, pool, watch, refused)


@dataclass(frozen=True)
class _Decoded:
    paths: Sequence[Path]
    pool: ThreadPoolExecutor
    watch: Callable[[int], None]
    refused: Callable[[Path, Exception], None]

    def __iter__(self) -> Iterator[Image]:
        paths = iter(self.paths)
        ahead: deque[tuple[Path, Future[Image | Exception]]] = deque()
        ahead.extend((path, self.pool.submit(_read, path)) for path in islice(paths, _AHEAD))
        done = 0
        while ahead:
            path, reading = ahead.popleft()
            image = reading.result()
            ahead.extend((next_, self.pool.submit(_read, next_)) for next_ in islice(paths, 1))
            done += 1
            self.watch(done)
            if isinstance(image, Exception):
                self.refused(path, image)
            else:
                yield image


def _checksum(path: Path) -> str:
    try:
        return images.sha256(path)
    except ImageError:
        return ""


def _read(path: Path) -> Image | Exception:
    try:
        return images.read_rgb(path)
    except ONE_IMAGES_FAULT as error:
        vanished.check(path)
        return error
