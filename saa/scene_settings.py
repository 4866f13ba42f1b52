"""A scene's prompt file, checked: the classes, and the block `backend:` with the model and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel

from saa import plugins
from saa.prompt_mistakes import check, unknown_kind
from saa.scene_prompts import ScenePrompt
from saa.scene_recipes import SceneConfig
from saa.yaml_lines import Mistake, MistakesError, YamlFile

SCENES = "foundation"
"""The engine that scenes are looked at with."""
BACKEND = "backend"
STANDARD = "clip_segmenter"
PRODUCTS_ONLY = ("cascade",)
"""Backends that look for a product's defects, not for the classes of a scene."""


@dataclass(frozen=True)
class Scene:
    """What a scene's file says."""

    prompt: ScenePrompt
    backend: BaseModel

    def placed(self, placement: Mapping[str, str]) -> SceneConfig:
        """The backend's settings, on a device."""
        whole = {**self.backend.model_dump(exclude_unset=True), **placement}
        return cast(SceneConfig, type(self.backend).model_validate(whole))


def is_scene(file: YamlFile) -> bool:
    """Whether a file tells of a scene; all others are products."""
    return "classes" in file.content and "object" not in file.content


def kinds() -> tuple[str, ...]:
    """The backends for scenes."""
    return tuple(kind for kind in plugins.kinds("backends") if kind not in PRODUCTS_ONLY)


def model(kind: str) -> type[BaseModel]:
    """The settings of a backend for scenes."""
    return cast(type[BaseModel], plugins.load("backends", kind).Config)


def checked_scene(file: YamlFile) -> Scene:
    """What a scene's file says.

    Raises:
        MistakesError: all that is wrong with it.
    """
    content = {key: value for key, value in file.content.items() if key != BACKEND}
    prompt, mistakes = check(ScenePrompt, content, file, also=(BACKEND,))
    backend, more = _backend(file, file.content.get(BACKEND, {}))
    mistakes = [*file.mistakes, *mistakes, *more]
    if prompt is None or backend is None or mistakes:
        raise MistakesError(file.path, mistakes)
    return Scene(prompt, backend)


def _backend(file: YamlFile, content: object) -> tuple[BaseModel | None, list[Mistake]]:
    kind = content.get("kind", STANDARD) if isinstance(content, dict) else STANDARD
    known = kinds()
    if kind in known:
        return check(model(kind), content, file, (BACKEND,))
    return None, [unknown_kind(file, (BACKEND, "kind"), kind, known)]
