"""A prompt file becomes a recipe, all of it checked.

A file is a `ProductPrompt` and, if wanted, a block `engines:` with plug-ins and their settings:

    engines:
      embedded:
        regions: {kind: grounded}
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from saa.engine_settings import Given, Options, completed, read_settings
from saa.engines import AUTO, ENGINES, choose, refuse
from saa.errors import PromptError
from saa.modes import BATCH, MODES, SINGLE
from saa.profiles import DEFAULT
from saa.prompt_files import find, shipped_names, shipped_root, single
from saa.prompt_mistakes import check
from saa.prompt_schema import file_schema
from saa.prompts import ProductPrompt
from saa.recipes import FittedConfig, Recipe
from saa.scene_recipes import SceneRecipe
from saa.scene_settings import SCENES, Scene, checked_scene, is_scene
from saa.yaml_lines import MistakesError, YamlFile, read

__all__ = [
    "ENGINES",
    "AnyRecipe",
    "Recipe",
    "checked",
    "find",
    "json_schema",
    "load",
    "shipped_names",
    "shipped_root",
]

AnyRecipe: TypeAlias = Recipe | SceneRecipe
"""What an inspector is built from."""


def load(
    path_or_name: str | Path,
    engine: str = AUTO,
    mode: str = SINGLE,
    *,
    profile: str | None = None,
    without: Collection[str] = (),
    device: str | None = None,
) -> AnyRecipe:
    """The checked recipe of one product, or of one kind of scene.

    Args:
        path_or_name: a prompt file, a folder that holds just one, or a shipped name such as `mvtec/bottle`.
        engine: a name in `ENGINES`, or `auto` for the most capable one that is ready. Scenes need `foundation`.
        mode: `modes.SINGLE`, or `modes.BATCH` to compare the product's images with each other. What a file says
            of its saliency decides before the mode does.
        profile: a set of the engine's settings by name, see `saa.profiles`; what a file says of single settings
            goes before it. None: the file's choice.
        without: parts of the method that are left out: `language`, `property`, `saliency`, `confidence`.
        device: where networks run, `cpu`, `cuda` or `mps`. None: the file's choice.

    Raises:
        ValueError: there is no such mode.
        PromptError: no such file, engine or profile, or mistakes in the file; all of them, each with its line.
        UnknownKindError: a plug-in that the engine needs has no file.
    """
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {', '.join(MODES)}, got '{mode}'")
    file = read(single(path_or_name))
    said = checked(file)
    if isinstance(said, Scene):
        return _scene(said, file, engine, profile, without, device)
    chosen = choose(engine)
    given = said.engines.get(chosen, Given())
    own = given.options
    refuse(chosen, profile or own.profile_name, without, device)
    options = Options.model_validate({"profile": profile or own.profile, **own.placement, **_placed(device)})
    return _recipe(said.prompt, chosen, Given(options, given.stages), mode, tuple(sorted({*without})))


def _placed(device: str | None) -> dict[str, str]:
    return {} if device is None else {"device": device}


@dataclass(frozen=True)
class Product:
    """What a product's file says: of the product, and of engines."""

    prompt: ProductPrompt
    engines: dict[str, Given]


def checked(file: YamlFile) -> Product | Scene:
    """What a file says.

    Raises:
        PromptError: mistakes in the file.
        UnknownKindError: a plug-in has no file.
    """
    if is_scene(file):
        return checked_scene(file)
    content = {key: value for key, value in file.content.items() if key != "engines"}
    prompt, mistakes = check(ProductPrompt, content, file, also=("engines",))
    settings, more = read_settings(file)
    mistakes = [*file.mistakes, *mistakes, *more]
    if prompt is None or mistakes:
        raise MistakesError(file.path, mistakes)
    return Product(prompt, settings)


def _scene(
    said: Scene,
    file: YamlFile,
    engine: str,
    profile: str | None,
    without: Collection[str],
    device: str | None,
) -> SceneRecipe:
    """The recipe of a scene, of which less can be asked than of a product."""
    if engine not in (AUTO, SCENES):
        choose(engine)
        raise PromptError(
            f"{file.path}: expected engine {SCENES} for a scene, got {engine}; leave --engine out"
        )
    for name, value in (("profile", profile), ("without", ", ".join(without))):
        if value:
            raise PromptError(f"{file.path}: expected no --{name} for a scene, got {value}; leave it out")
    refuse(SCENES, DEFAULT, (), device)
    return SceneRecipe(said.prompt, SCENES, said.placed(_placed(device)))


def _recipe(prompt: ProductPrompt, engine: str, given: Given, mode: str, without: tuple[str, ...]) -> Recipe:
    """A file that names a saliency has the mode of it, whatever is asked."""
    if "saliency" in given.stages:
        mode = BATCH if isinstance(given.stages["saliency"], FittedConfig) else SINGLE
    stages: dict[str, Any] = completed(engine, given.stages, mode, given.options, without)
    recipe = Recipe(
        prompt=prompt, engine=engine, profile=given.options.profile_name, without=without, **stages
    )
    if recipe.mode == SINGLE:
        return recipe
    alone = {key: settings for key, settings in given.stages.items() if key != "saliency"}
    return replace(recipe, single=_recipe(prompt, engine, replace(given, stages=alone), SINGLE, without))


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a prompt file, with the settings of every plug-in there is."""
    return file_schema()
