"""Timing in turns: A B A B, so that a machine that slows down slows both."""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """One line of the table.

    Attributes:
        what: what was measured, with its size.
        ratios: one of each round; the answer is their median.
        of: what the ratio is a multiple of, such as "the time of `python -c pass`".
        value: the absolute figure.
        beside: the same figure of what it is compared to.
        unit: of both.
    """

    what: str
    ratios: Sequence[float]
    of: str
    value: float
    beside: float
    unit: str

    @property
    def ratio(self) -> float:
        """The median of all rounds."""
        return statistics.median(self.ratios)


def in_turns(rounds: int, *actions: Callable[[], object]) -> list[list[float]]:
    """Seconds of each action in each round, after a round that does not count.

    Args:
        rounds: at least 1.
        actions: done one after the other in every round.

    Returns:
        For each action, its `rounds` times in order, so that the n-th ones belong together.
    """
    seconds: list[list[float]] = [[] for _ in actions]
    for number in range(rounds + 1):
        for times, action in zip(seconds, actions, strict=True):
            begun = time.perf_counter()
            action()
            if number:
                times.append(time.perf_counter() - begun)
    return seconds


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Each round's own ratio."""
    return [a / b for a, b in zip(above, below, strict=True)]


def times_as_fast(what: str, ours: Sequence[float], theirs: Sequence[float], whose: str) -> Result:
    """Our speed as a multiple of theirs; both given in seconds for the same work."""
    value, beside = statistics.median(ours), statistics.median(theirs)
    return Result(what, ratios(theirs, ours), f"the speed of {whose}", 1000 * value, 1000 * beside, "ms")


def times_as_long(what: str, ours: Sequence[float], theirs: Sequence[float], whose: str) -> Result:
    """Our time as a multiple of theirs; both given in seconds."""
    value, beside = statistics.median(ours), statistics.median(theirs)
    return Result(what, ratios(ours, theirs), f"the time of {whose}", 1000 * value, 1000 * beside, "ms")


def check_same(what: str, difference: float, tolerance: float) -> None:
    """Speed at another answer is worth nothing.

    Raises:
        RuntimeError: the answers differ by more than the tolerance.
    """
    if not difference <= tolerance:
        raise RuntimeError(
            f"{what}: expected the same answer to {tolerance:g}, got a difference of {difference:g}"
        )


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """In the block torch works with so many threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def peak_mib() -> float:
    """This process's peak memory; not to be had on Windows.

    Linux counts in `ru_maxrss` what the parent took when it started this process; not in `VmHWM`.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (kibibytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status.read_text(encoding="utf-8"), re.MULTILINE)
        return int(kibibytes) / (1 << 10)
    import resource  # not on Windows

    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / (1 << 20)
