"""`saa prompts import`: reading, writing and telling what is odd."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saa.commands.terminal import note, say
from saa.errors import PromptError

if TYPE_CHECKING:
    from saa.prompt_import.products import Imported


def from_files(paths: Sequence[Path], folder: Path) -> None:
    """Write the prompt file of every product of the files of parameters into the folder.

    Raises:
        PromptError: a file, a product or the folder cannot be used; then nothing is written.
    """
    from saa.prompt_import import parameters
    from saa.prompt_import.oddities import grouped
    from saa.prompt_import.products import imported

    read = [parameters.read(path) for path in paths]
    products = [imported(given) for found in read for given in found.products]
    _write_all(folder, products)
    notes = [line for found in read for line in found.notes]
    notes += grouped([(each.product, each.oddities) for each in products])
    _conclude(notes, f"{len(products)} prompt file{'s' * (len(products) != 1)} in {folder}", folder)


def from_words(product: str, sentence: str, pairs: Sequence[str], out: Path | None) -> None:
    """Write the prompt file of one product, whose pairs are written `caption=filter`.

    Raises:
        PromptError: the sentence lacks a part, a pair is none, or the file is there.
    """
    from saa.prompt_import.given import Given
    from saa.prompt_import.oddities import grouped
    from saa.prompt_import.products import imported
    from saa.prompt_starter import file_name

    found = imported(Given(product, sentence, tuple(map(_pair, pairs)), source=""))
    path = out or Path(file_name(product))
    write_new(path, found.text)
    _conclude(grouped([(product, found.oddities)]), str(path), path)


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        PromptError: it is there, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise PromptError(f"{path}: expected no such file yet, got one; give -o another name") from error
    except OSError as error:
        raise PromptError(
            f"{path}: expected to be writable, got {error.strerror}; give -o another place"
        ) from error


def _pair(text: str) -> tuple[str, str]:
    caption, equals, reject = text.rpartition("=")
    if not equals:
        raise PromptError(f"--pair: expected CAPTION=FILTER, got '{text}'; write 'black hole. crack.=bolt'")
    return caption, reject


def _write_all(folder: Path, products: Sequence[Imported]) -> None:
    """All of them or, where one is there already, none."""
    from saa.prompt_starter import file_name

    texts: dict[Path, str] = {}
    for each in products:
        path = folder / file_name(each.product)
        if path in texts:
            raise PromptError(f"{each.product}: expected it once, got it twice; import one file at a time")
        texts[path] = each.text
    there = [path for path in texts if path.exists()]
    if there:
        more = f" and {len(there) - 1} more" if there[1:] else ""
        raise PromptError(f"{there[0]}: expected no such file yet, got one{more}; give -o another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PromptError(
            f"{folder}: expected to be a folder, got '{error.strerror}'; give -o another one"
        ) from error
    for path, text in texts.items():
        write_new(path, text)


def _conclude(notes: Sequence[str], done: str, where: Path) -> None:
    for line in notes:
        note(line)
    say(f"{done}, {len(notes)} note{'s' * (len(notes) != 1)}; check with: saa prompts lint {where}")
