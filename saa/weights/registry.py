"""What is known of each published checkpoint; the knowledge itself is `registry.yaml`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from saa.errors import ModelError

FILE = Path(__file__).with_name("registry.yaml")
"""The registry that is in force."""

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{8,64}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class File(_Model):
    """One form in which a checkpoint was published.

    Attributes:
        name: what the file is called below a folder of weights, with `/` where it lies in a folder of its own.
        also: other places below such a folder where it is expected.
        bytes: its size; 0 where that is not known.
        sha256: hex digits of its checksum, or the first of them, at least 8, where no more was published; None
            where it is not known, and such a file counts only once it was added.
        address: where it is fetched from.
        by_browser: whether that is a page for people, which no program may fetch from.
        hub: repositories of the Hugging Face hub that hold it, whose local cache is looked through too.
    """

    name: str = Field(min_length=1)
    also: tuple[str, ...] = ()
    bytes: int = Field(0, ge=0)
    sha256: Sha256 | None = None
    address: str = Field(pattern="^https?://")
    by_browser: bool = False
    hub: tuple[str, ...] = ()

    def is_published(self, sha256: str) -> bool:
        """Whether a checksum, 64 hex digits, is that of this file."""
        return self.sha256 is not None and sha256.startswith(self.sha256)

    @model_validator(mode="after")
    def _fetched_by_checksum(self) -> File:
        if self.sha256 is None and not self.by_browser:
            raise ValueError("must have a sha256, by which programs know that they fetched it")
        return self


class Harmless(_Model):
    """Keys, as shell patterns, in which a model and its checkpoint may differ.

    Attributes:
        missing: what the checkpoint may lack.
        unexpected: what the model may lack.
    """

    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()


class Entry(_Model):
    """One checkpoint.

    Attributes:
        about: what it is, for people.
        licence: SPDX identifier.
        source: the page of those who published it.
        files: its forms; the first is the one to fetch.
        folder: whether a model is given the folder around the file rather than the file.
        beside: what must lie beside the file, since the model is not known without it.
        needs: other checkpoints without which this one is of no use.
        harmless: keys that need not match.
    """

    about: str
    licence: str
    source: str
    files: tuple[File, ...] = Field(min_length=1)
    folder: bool = False
    beside: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    harmless: Harmless = Harmless()


def entries() -> dict[str, Entry]:
    """All checkpoints by name, in the registry's order."""
    return _read(FILE)


def names() -> tuple[str, ...]:
    """The names of all checkpoints, in the registry's order."""
    return tuple(entries())


def entry(name: str) -> Entry:
    """The checkpoint of a name.

    Raises:
        ModelError: there is none; the message lists those there are.
    """
    known = entries()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        advice = f"did you mean '{close[0]}'?" if close else "choose one of these"
        raise ModelError(f"checkpoint: expected one of {', '.join(known)}, got '{name}'; {advice}")
    return known[name]


def with_needs(wanted: Iterable[str]) -> tuple[str, ...]:
    """Names, each once, each followed by what it needs.

    Raises:
        ModelError: there is no such checkpoint.
    """
    return tuple(dict.fromkeys(each for name in wanted for each in (name, *entry(name).needs)))


def to_record(name: str) -> str:
    """What to do about a checkpoint whose checksum is not known."""
    known = entry(name)
    files = ", ".join([Path(known.files[0].name).name, *known.beside])
    return f"get {files} from {known.source} into one folder, and record it: saa models add {name} FOLDER"


@cache
def _read(path: Path) -> dict[str, Entry]:
    import yaml

    content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, Entry]).validate_python(content)
