"""Checking prompt files and whole folders: mistakes, and legal things that are probably not meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from saa import config
from saa.errors import PromptError, SaaError
from saa.prompt_doubts import doubts
from saa.prompt_files import is_prompt_file, locate
from saa.yaml_lines import Mistake, MistakesError, located, read

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing to mend or to think about.

    Attributes:
        path: the file or folder, as it was asked for.
        line: counted from 1; 0 stands for the whole file.
        severity: an error keeps the file from loading, a warning does not.
        message: where, what, and what to do.
    """

    path: Path
    line: int
    severity: Severity
    message: str

    def __str__(self) -> str:
        return located(self.path, Mistake(self.line, f"{self.severity}: {self.message}"))


def lint(paths: Sequence[str | Path]) -> list[Finding]:
    """What is wrong or doubtful in files, folders (searched to the bottom) and shipped names.

    Nothing is raised: what cannot be read is a finding too.

    Returns:
        Findings in the order of the paths, then by file and line; a file reached twice is checked once.
    """
    found: list[Finding] = []
    seen: set[Path] = set()
    for path in paths:
        try:
            inside = _files(locate(path))
        except (PromptError, OSError) as error:
            found.append(Finding(Path(path), 0, "error", str(error).removeprefix(f"{path}: ")))
            continue
        if not inside:
            found.append(Finding(Path(path), 0, "warning", "expected prompt files (*.yaml), got none"))
        fresh = [file for file in inside if file.resolve() not in seen]
        seen.update(file.resolve() for file in fresh)
        found += [finding for file in fresh for finding in _lint_file(file)]
    return found


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    inside = (file for file in path.rglob("*") if is_prompt_file(file))
    return sorted(file for file in inside if not _hidden(file.relative_to(path)))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _lint_file(path: Path) -> list[Finding]:
    try:
        file = read(path)
        said = config.checked(file)
    except MistakesError as error:
        return [Finding(path, mistake.line, "error", mistake.message) for mistake in error.mistakes]
    except SaaError as error:
        return [Finding(path, 0, "error", str(error))]
    if not isinstance(said, config.Product):
        return []
    return [Finding(path, doubt.line, "warning", doubt.message) for doubt in doubts(said.prompt, file)]
