"""Finding plug-ins by file name: `saa/<folder>/<kind>.py` is the plug-in `<kind>`.

A file is imported only when its kind is asked for, so a missing or broken one harms nobody else.
Names with a leading underscore are private to their folder.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from types import ModuleType

from saa.errors import SaaError


class UnknownKindError(SaaError):
    """A plug-in was asked for that has no file."""


@cache
def kinds(folder: str) -> tuple[str, ...]:
    """The plug-ins of `saa/<folder>`, sorted by name; nothing is imported but the folder itself."""
    package = importlib.import_module(f"saa.{folder}")
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")))


def load(folder: str, kind: str) -> ModuleType:
    """The module `saa.<folder>.<kind>`.

    Raises:
        UnknownKindError: there is no such file; the message lists those there are.
    """
    known = kinds(folder)
    if kind not in known:
        close = difflib.get_close_matches(kind, known, n=1)
        hint = f"write '{close[0]}'" if close else "choose one of these"
        raise UnknownKindError(f"{folder}: expected one of {', '.join(known)}, got '{kind}'; {hint}")
    return importlib.import_module(f"saa.{folder}.{kind}")
