"""A prompt file becomes a recipe: the product's prompt and the settings of every stage, all checked.

A file is a `ProductPrompt` and, if wanted, a block `engines:` with plug-ins and their settings:

    engines:
      embedded:
        regions: {kind: grounded}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from saa.engine_settings import KEYS, default, read_settings
from saa.engines import AUTO, ENGINES, choose
from saa.prompt_files import find, shipped_names, shipped_root, single
from saa.prompt_mistakes import check
from saa.prompt_schema import file_schema
from saa.prompts import ProductPrompt
from saa.stages import Generator, Grounder, Inspector, Refiner, Saliency
from saa.yaml_lines import MistakesError, YamlFile, read

__all__ = ["ENGINES", "Recipe", "find", "json_schema", "load", "shipped_names", "shipped_root"]

Stage_co = TypeVar("Stage_co", covariant=True)


class StageConfig(Protocol[Stage_co]):
    """The settings of a plug-in: a pydantic model that can build it."""

    def build(self, prompt: ProductPrompt) -> Stage_co:
        """The stage itself; models are loaded here and not before."""
        ...

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """All settings, defaults included."""
        ...


class BackendConfig(Protocol):
    """What joins the stages, and its settings."""

    def build(
        self,
        prompt: ProductPrompt,
        generator: Generator,
        refiner: Refiner,
        saliency: Saliency,
        grounder: Grounder,
    ) -> Inspector:
        """The inspector."""
        ...

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """All settings, defaults included."""
        ...


@dataclass(frozen=True)
class Recipe:
    """All that an inspector is built from, and nothing else.

    Attributes:
        prompt: what is known of the product.
        engine: the engine's name, never `auto`.
        regions, refiner, saliency, grounder: the settings of each stage.
        cascade: the settings of what joins them.
    """

    prompt: ProductPrompt
    engine: str
    regions: StageConfig[Generator]
    refiner: StageConfig[Refiner]
    saliency: StageConfig[Saliency]
    grounder: StageConfig[Grounder]
    cascade: BackendConfig

    def build(self) -> Inspector:
        """The inspector; models are loaded now."""
        return self.cascade.build(
            prompt=self.prompt,
            generator=self.regions.build(self.prompt),
            refiner=self.refiner.build(self.prompt),
            saliency=self.saliency.build(self.prompt),
            grounder=self.grounder.build(self.prompt),
        )

    def as_dict(self) -> dict[str, Any]:
        """Every setting as JSON values with sorted keys; equal recipes give equal text."""
        stages = {key: getattr(self, key).model_dump(mode="json") for key in KEYS}
        resolved = {"engine": self.engine, "prompt": self.prompt.model_dump(mode="json"), **stages}
        return cast(dict[str, Any], json.loads(json.dumps(resolved, sort_keys=True)))


def load(path_or_name: str | Path, engine: str = AUTO) -> Recipe:
    """The checked recipe of one product.

    Args:
        path_or_name: a prompt file, a folder that holds just one, or a shipped name such as `mvtec/bottle`.
        engine: a name in `ENGINES`, or `auto` for the most capable one that is ready.

    Raises:
        PromptError: no such file or engine, or mistakes in the file; all of them, each with its line.
        UnknownKindError: a plug-in that the engine needs has no file.
    """
    return from_file(read(single(path_or_name)), engine)


def from_file(file: YamlFile, engine: str = AUTO) -> Recipe:
    """The checked recipe of a file that has been read; see `load`."""
    chosen = choose(engine)
    content = {key: value for key, value in file.content.items() if key != "engines"}
    prompt, mistakes = check(ProductPrompt, content, file, also=("engines",))
    settings, more = read_settings(file)
    mistakes = [*file.mistakes, *mistakes, *more]
    if prompt is None or mistakes:
        raise MistakesError(file.path, mistakes)
    given = settings.get(chosen, {})
    stages: dict[str, Any] = {key: given[key] if key in given else default(chosen, key) for key in KEYS}
    return Recipe(prompt=prompt, engine=chosen, **stages)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a prompt file, with the settings of every plug-in there is."""
    return file_schema()
