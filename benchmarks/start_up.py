"""How long the command line takes to say anything."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

from benchmarks._measuring import Result, in_turns, times_as_long

SUMMARY = "`saa --help` against `python -c pass`"


@dataclass(frozen=True)
class Size:
    """How often each is started."""

    rounds: int = 11


FULL = Size()
QUICK = Size(rounds=3)


def measure(size: Size) -> list[Result]:
    """The wall time of `saa --help` as a multiple of that of Python doing nothing."""
    ours, nothing = in_turns(size.rounds, lambda: _start("-m", "saa", "--help"), lambda: _start("-c", "pass"))
    return [times_as_long("saa --help", ours, nothing, "python -c pass")]


def _start(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
