"""The `engines:` block of a prompt file: plug-ins by kind, and their settings, for each engine.

Only the kinds that are asked for are imported, so a broken plug-in harms no other file.
"""

from __future__ import annotations

import difflib
from typing import TypeAlias, cast

from pydantic import BaseModel

from saa import plugins
from saa.engines import CASCADE, ENGINES, FOLDERS
from saa.modes import SINGLE
from saa.prompt_mistakes import check, shown, unknown_key
from saa.yaml_lines import KeyPath, Mistake, YamlFile, dotted

Settings: TypeAlias = dict[str, BaseModel]
"""The settings of each stage in `engines.FOLDERS`, and of what joins them."""

KEYS = (*FOLDERS, CASCADE)
"""What may stand below an engine's name."""


def model(key: str, kind: str) -> type[BaseModel]:
    """The settings of a stage's plug-in, or of the cascade, which is its own only kind.

    Raises:
        UnknownKindError: the plug-in has no file.
    """
    folder = "backends" if key == CASCADE else FOLDERS[key]
    return cast(type[BaseModel], plugins.load(folder, kind).Config)


def completed(engine: str, given: Settings, mode: str) -> Settings:
    """What a file gives for an engine, and for all it says nothing of what the engine uses in a mode.

    Raises:
        UnknownKindError: a plug-in has no file.
    """
    standard = ENGINES[engine]
    stages = {key: given[key] if key in given else model(key, standard.kind(key, mode))() for key in FOLDERS}
    written = given[CASCADE].model_dump(exclude_unset=True) if CASCADE in given else {}
    return stages | {CASCADE: model(CASCADE, CASCADE).model_validate(standard.joined(mode) | written)}


def read_settings(file: YamlFile) -> tuple[dict[str, Settings], list[Mistake]]:
    """What a file sets for each engine, and all that is wrong with it.

    A stage whose kind is left out is of the kind that the engine uses for single images.
    """
    if "engines" not in file.content:
        return {}, []
    found: dict[str, Settings] = {}
    mistakes: list[Mistake] = []
    engines = _block(file, file.content["engines"], ("engines",), tuple(ENGINES), mistakes)
    for engine, block in engines.items():
        stages = _block(file, block, ("engines", engine), KEYS, mistakes)
        found[engine] = {}
        for key, content in stages.items():
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
    if key == CASCADE:
        return check(model(key, CASCADE), content, file, at)
    known = plugins.kinds(FOLDERS[key])
    if isinstance(content, str) and content in known:
        message = f"{dotted(at)}: must be a block of keys, got '{content}'; write {{kind: {content}}}"
        return None, [Mistake(file.line(at), message)]
    standard = ENGINES[engine].kind(key, SINGLE)
    kind = content.get("kind", standard) if isinstance(content, dict) else standard
    if kind not in known:
        return None, [_unknown_kind(file, (*at, "kind"), kind, known)]
    return check(model(key, kind), content, file, at)


def _unknown_kind(file: YamlFile, at: KeyPath, kind: object, known: tuple[str, ...]) -> Mistake:
    close = difflib.get_close_matches(str(kind), known, n=1)
    advice = f"write {close[0]}" if close else "choose one of these"
    expected = f"must be one of {', '.join(known)}" if known else "must be a plug-in, and there is none"
    return Mistake(file.line(at), f"{dotted(at)}: {expected}, got {shown(kind)}; {advice}")
