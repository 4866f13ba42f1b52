"""The `engines:` block of a prompt file: plug-ins by kind, and their settings, for each engine.

Only the kinds that are asked for are imported, so a broken plug-in harms no other file.
"""

from __future__ import annotations

import difflib
from typing import TypeAlias, cast

from pydantic import BaseModel

from saa import plugins
from saa.engines import CASCADE, ENGINES, FOLDERS
from saa.prompt_mistakes import check, shown, unknown_key
from saa.yaml_lines import KeyPath, Mistake, YamlFile, dotted

Settings: TypeAlias = dict[str, BaseModel]
"""The settings of each stage in `engines.FOLDERS`, and of what joins them."""

KEYS = (*FOLDERS, CASCADE)
"""What may stand below an engine's name."""


def model(key: str, kind: str) -> type[BaseModel]:
    """The settings of a stage's plug-in; for `cascade` the kind is ignored.

    Raises:
        UnknownKindError: the plug-in has no file.
    """
    module = plugins.load("backends", CASCADE) if key == CASCADE else plugins.load(FOLDERS[key], kind)
    return cast(type[BaseModel], module.Config)


def default(engine: str, key: str) -> BaseModel:
    """What an engine uses for a stage where a file says nothing.

    Raises:
        UnknownKindError: the plug-in has no file.
    """
    return model(key, ENGINES[engine].kinds.get(key, ""))()


def read_settings(file: YamlFile) -> tuple[dict[str, Settings], list[Mistake]]:
    """What a file sets for each engine, and all that is wrong with it."""
    if "engines" not in file.content:
        return {}, []
    found: dict[str, Settings] = {}
    mistakes: list[Mistake] = []
    for engine, stages in _block(
        file, file.content["engines"], ("engines",), tuple(ENGINES), mistakes
    ).items():
        at: KeyPath = ("engines", engine)
        found[engine] = {}
        for key, content in _block(file, stages, at, KEYS, mistakes).items():
            settings, wrong = _stage(file, engine, key, content)
            mistakes += wrong
            if settings is not None:
                found[engine][key] = settings
    return found, mistakes


def _block(
    file: YamlFile, content: object, at: KeyPath, known: tuple[str, ...], mistakes: list[Mistake]
) -> dict[str, object]:
    """The known keys of a block; whatever else is there is added to the mistakes."""
    if not isinstance(content, dict):
        needed = f"must be a block of keys, got {shown(content)}; choose from {', '.join(known)}"
        mistakes.append(Mistake(file.line(at), f"{dotted(at)}: {needed}"))
        return {}
    mistakes += [unknown_key((*at, key), known, file) for key in content if key not in known]
    return {key: value for key, value in content.items() if key in known}


def _stage(file: YamlFile, engine: str, key: str, content: object) -> tuple[BaseModel | None, list[Mistake]]:
    at = ("engines", engine, key)
    kind = ENGINES[engine].kinds.get(key, "")
    if key in FOLDERS:
        known = plugins.kinds(FOLDERS[key])
        if isinstance(content, str) and content in known:
            message = f"{dotted(at)}: must be a block of keys, got '{content}'; write {{kind: {content}}}"
            return None, [Mistake(file.line(at), message)]
        if isinstance(content, dict) and "kind" in content:
            kind = content["kind"]
        if kind not in known:
            return None, [_unknown_kind(file, (*at, "kind"), kind, known)]
    return check(model(key, kind), content, file, at)


def _unknown_kind(file: YamlFile, at: KeyPath, kind: object, known: tuple[str, ...]) -> Mistake:
    close = difflib.get_close_matches(str(kind), known, n=1)
    advice = f"write {close[0]}" if close else "choose one of these"
    expected = f"must be one of {', '.join(known)}" if known else "must be a plug-in, and there is none"
    return Mistake(file.line(at), f"{dotted(at)}: {expected}, got {shown(kind)}; {advice}")
