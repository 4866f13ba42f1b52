"""Ctrl-C and SIGTERM: first a wish to stop, then an order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def heeded(said: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """In the block the first Ctrl-C or SIGTERM only asks to stop; each further one raises KeyboardInterrupt.

    What is ignored stays ignored, as for programs in the background of a shell. Signals reach the main thread alone;
    in another one nothing changes.

    Args:
        said: called when it is asked for, inside a signal handler: it may do next to nothing.

    Yields:
        Whether it was asked for.
    """
    asked = False

    def heed(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        said()

    if threading.current_thread() is not threading.main_thread():
        yield lambda: asked
        return
    before = {number: signal.getsignal(number) for number in _NUMBERS}
    for number, handler in before.items():
        if handler not in (signal.SIG_IGN, None):
            signal.signal(number, heed)
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)
