"""A recipe for scenes: the classes that belong there, and the model that looks for them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from saa import weights
from saa.errors import ModelError
from saa.modes import SINGLE
from saa.references import Reference
from saa.scene_prompts import ScenePrompt
from saa.stages import Inspector
from saa.types import Image

_NO_BATCH = "a scene has no batch mode"


class SceneConfig(Protocol):
    """The settings of a model that tells the classes of a scene: a pydantic model that can build an inspector."""

    kind: str

    def check(self) -> None:
        """Refuse what is not there, such as a package or a device; nothing is loaded.

        Raises:
            ModelError: says what is missing.
        """
        ...

    def fits(self, prompt: ScenePrompt) -> None:
        """Refuse a scene that the model cannot look at; its files are there, but its weights are not read.

        Raises:
            PromptError: says what it asks for in vain.
            ModelError: the files are not such a model's.
        """
        ...

    def build(self, prompt: ScenePrompt) -> Inspector:
        """The inspector; models are loaded here and not before."""
        ...

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """All settings, defaults included."""
        ...


@dataclass(frozen=True)
class SceneRecipe:
    """All that the inspector of a kind of scene is built from; offers what `recipes.Recipe` does.

    Attributes:
        prompt: what is known of the scene.
        engine: the engine's name.
        backend: the model, and its settings.
    """

    prompt: ScenePrompt
    engine: str
    backend: SceneConfig
    mode: str = SINGLE
    min_images: int = 1

    @property
    def alone(self) -> SceneRecipe:
        """Itself: scenes are judged one by one."""
        return self

    @property
    def why_single(self) -> str:
        """Why it has no batch mode."""
        return _NO_BATCH

    @property
    def engine_name(self) -> str:
        """The engine for people, with its model."""
        return f"{self.engine} ({self.backend.kind})"

    def check(self) -> None:
        """Refuse what cannot be built on this machine, before anything is loaded.

        Raises:
            ModelError: a package, a device or checkpoints are missing, or not as published and not added either.
            PromptError: the scene is not one that the model can look at.
        """
        self.backend.check()
        weights.used(self.in_use())
        self.backend.fits(self.prompt)

    def fit(self, images: Iterable[Image]) -> Reference:  # noqa: ARG002 - what every recipe offers
        """Refused.

        Raises:
            ModelError: always.
        """
        raise ModelError(f"scene: expected nothing but the image itself, got images to compare; {_NO_BATCH}")

    def build(self, reference: Reference | None = None) -> Inspector:
        """The inspector; models are loaded now.

        Raises:
            ModelError: a checkpoint or package is missing, or a reference was given.
        """
        if reference is not None:
            raise ModelError(f"scene: expected nothing but the image itself, got a reference; {_NO_BATCH}")
        self.check()
        return self.backend.build(self.prompt)

    def in_use(self) -> dict[str, Any]:
        """The settings of what sees images, as JSON values."""
        return {"backend": self.as_dict()["backend"]}

    def as_dict(self) -> dict[str, Any]:
        """Every setting as JSON values with sorted keys; equal recipes give equal text."""
        resolved = {
            "engine": self.engine,
            "prompt": self.prompt.model_dump(mode="json"),
            "backend": self.backend.model_dump(mode="json"),
        }
        return cast(dict[str, Any], json.loads(json.dumps(resolved, sort_keys=True)))
