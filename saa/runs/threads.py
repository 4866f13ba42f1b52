"""How many threads a process has, so that N workers do not fight over cores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import cv2
from threadpoolctl import threadpool_limits

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def shared(workers: int | None, images: int, *, networks: bool) -> tuple[int, int]:
    """Processes, and the threads of each.

    As a rule each core has a process of one thread, so that sums come out the same for any number of workers.
    Published networks are another matter: every process holds its own, gigabytes of them, and they keep several
    cores busy. They get one process with a thread a core; if more are wanted, those share the cores.

    Args:
        workers: processes that are wanted; None leaves it to the rule.
        images: there are never more processes.
        networks: whether published networks are run.
    """
    cores = num_cores()
    count = min(workers or (1 if networks else cores), images)
    return count, max(1, cores // count) if networks else 1


def one_thread() -> AbstractContextManager[None]:
    """In the block numerical libraries use one thread, as `limited` says."""
    return limited(1)


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """In the block numerical libraries use so many threads: loaded ones, later ones, those of child processes."""
    variables = {name: os.environ.get(name) for name in _VARIABLES}
    opencv = cv2.getNumThreads()
    os.environ.update(dict.fromkeys(_VARIABLES, str(threads)))
    cv2.setNumThreads(threads)
    try:
        with threadpool_limits(limits=threads):
            yield
    finally:
        cv2.setNumThreads(opencv)
        for name, value in variables.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def num_cores() -> int:
    """The cores this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
