"""A prompt file becomes a recipe: the product's prompt and the settings of every stage, all checked.

A file is a `ProductPrompt` and, if wanted, a block `engines:` with plug-ins and their settings:

    engines:
      embedded:
        regions: {kind: grounded}
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from saa import weights
from saa.engine_settings import KEYS, Settings, completed, read_settings
from saa.engines import AUTO, ENGINES, choose
from saa.errors import ModelError
from saa.modes import BATCH, MODES, SINGLE
from saa.prompt_files import find, shipped_names, shipped_root, single
from saa.prompt_mistakes import check
from saa.prompt_schema import file_schema
from saa.prompts import ProductPrompt
from saa.references import Reference
from saa.stages import Describer, Generator, Grounder, Inspector, Refiner, Saliency
from saa.types import Image
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


@runtime_checkable
class FittedConfig(Protocol):
    """The settings of a saliency that compares the images of a product, and so has to be fitted to them."""

    kind: str
    min_images: int
    """Different images that it takes at least."""

    def fit(
        self, prompt: ProductPrompt, describer: Describer, alone: Saliency, images: Iterable[Image]
    ) -> Reference:
        """What the images say is normal; they are read once, one after the other.

        `alone` is the saliency that judges each image by itself, for where the others cannot vouch.

        Raises:
            TooFewImagesError: not enough of them are different.
        """
        ...

    def fitted(
        self, prompt: ProductPrompt, describer: Describer, alone: Saliency, reference: Reference
    ) -> Saliency:
        """The saliency that compares with what `fit` has made."""
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
        regions, refiner, saliency, grounder, features: the settings of each stage.
        cascade: the settings of what joins them.
        single: the same product without its other images; None if this is it.
    """

    prompt: ProductPrompt
    engine: str
    regions: StageConfig[Generator]
    refiner: StageConfig[Refiner]
    saliency: StageConfig[Saliency]
    grounder: StageConfig[Grounder]
    features: StageConfig[Describer]
    cascade: BackendConfig
    single: Recipe | None = None

    @property
    def mode(self) -> str:
        """`modes.BATCH` if the saliency has to be fitted to the product's images, else `modes.SINGLE`."""
        return BATCH if isinstance(self.saliency, FittedConfig) else SINGLE

    @property
    def min_images(self) -> int:
        """How many different images of the product it takes at least."""
        return self.saliency.min_images if isinstance(self.saliency, FittedConfig) else 1

    @property
    def alone(self) -> Recipe:
        """The same product in single mode: what it falls back to where there are too few images."""
        return self.single or self

    def fit(self, images: Iterable[Image]) -> Reference:
        """What the product's own images, of which nobody said whether they are good, say is normal.

        Images are read once, one after the other, and not kept. `about["recipe"]` holds the settings that the
        reference is good for.

        Raises:
            TooFewImagesError: not enough of them are different.
            ModelError: this recipe judges each image by itself.
        """
        if not isinstance(self.saliency, FittedConfig):
            raise ModelError(self._nothing_to_fit("images to compare"))
        reference = self.saliency.fit(self.prompt, self._describer(), self._alone(), images)
        return replace(reference, about={**reference.about, "recipe": self._fitted_settings()})

    def build(self, reference: Reference | None = None) -> Inspector:
        """The inspector; models are loaded now.

        Args:
            reference: what `fit` has made of the product's images, for this recipe; needed in batch mode.

        Raises:
            ModelError: there is no reference where one is needed, or one that does not fit.
        """
        return self.cascade.build(
            prompt=self.prompt,
            generator=self.regions.build(self.prompt),
            refiner=self.refiner.build(self.prompt),
            saliency=self.saliency.build(self.prompt) if reference is None else self._fitted(reference),
            grounder=self.grounder.build(self.prompt),
        )

    def _fitted(self, reference: Reference) -> Saliency:
        if not isinstance(self.saliency, FittedConfig):
            raise ModelError(self._nothing_to_fit("a reference"))
        if reference.kind != self.saliency.kind:
            raise ModelError(
                f"reference: expected one of saliency {self.saliency.kind}, got one of {reference.kind}; "
                "fit it again with these prompts"
            )
        differing = _differing(self._fitted_settings(), reference.about.get("recipe"))
        if differing:
            raise ModelError(
                f"reference: expected one that was fitted with this recipe, got one with another "
                f"{', '.join(differing)}; fit it again with these prompts"
            )
        return self.saliency.fitted(self.prompt, self._describer(), self._alone(), reference)

    def _describer(self) -> Describer:
        return self.features.build(self.prompt)

    def _alone(self) -> Saliency:
        return self.alone.saliency.build(self.prompt)

    def _nothing_to_fit(self, got: str) -> str:
        kind = self.saliency.model_dump(mode="json").get("kind", "")
        return (
            f"saliency {kind}: expected nothing but the image itself, got {got}; name no saliency in the "
            "prompt file, and load it in batch mode"
        )

    def _fitted_settings(self) -> dict[str, Any]:
        """All that a reference depends on, as JSON values."""
        resolved = self.as_dict()
        stages = {key: resolved[key] for key in ("engine", "features", "saliency")}
        used = weights.used(stages)
        return stages | {"object": resolved["prompt"]["object"]} | ({"weights": used} if used else {})

    def as_dict(self) -> dict[str, Any]:
        """Every setting as JSON values with sorted keys; equal recipes give equal text."""
        stages = {key: getattr(self, key).model_dump(mode="json") for key in KEYS}
        resolved = {"engine": self.engine, "prompt": self.prompt.model_dump(mode="json"), **stages}
        return cast(dict[str, Any], json.loads(json.dumps(resolved, sort_keys=True)))


def _differing(wanted: object, got: object, at: str = "") -> list[str]:
    """The dotted keys at which two JSON values differ, sorted."""
    if not (isinstance(wanted, dict) and isinstance(got, dict)):
        return [] if wanted == got else [at or "recipe"]
    keys = sorted({*wanted, *got})
    return [
        name
        for key in keys
        for name in _differing(wanted.get(key), got.get(key), f"{at}.{key}" if at else key)
    ]


def load(path_or_name: str | Path, engine: str = AUTO, mode: str = SINGLE) -> Recipe:
    """The checked recipe of one product.

    Args:
        path_or_name: a prompt file, a folder that holds just one, or a shipped name such as `mvtec/bottle`.
        engine: a name in `ENGINES`, or `auto` for the most capable one that is ready.
        mode: `modes.SINGLE`, or `modes.BATCH` to compare the product's images with each other. What a file says
            of its saliency decides before the mode does.

    Raises:
        ValueError: there is no such mode.
        PromptError: no such file or engine, or mistakes in the file; all of them, each with its line.
        UnknownKindError: a plug-in that the engine needs has no file.
    """
    return from_file(read(single(path_or_name)), engine, mode)


def from_file(file: YamlFile, engine: str = AUTO, mode: str = SINGLE) -> Recipe:
    """The checked recipe of a file that has been read; see `load`."""
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {', '.join(MODES)}, got '{mode}'")
    chosen = choose(engine)
    content = {key: value for key, value in file.content.items() if key != "engines"}
    prompt, mistakes = check(ProductPrompt, content, file, also=("engines",))
    settings, more = read_settings(file)
    mistakes = [*file.mistakes, *mistakes, *more]
    if prompt is None or mistakes:
        raise MistakesError(file.path, mistakes)
    return _recipe(prompt, chosen, settings.get(chosen, {}), mode)


def _recipe(prompt: ProductPrompt, engine: str, given: Settings, mode: str) -> Recipe:
    """A file that names a saliency has the mode of it, whatever is asked."""
    if "saliency" in given:
        mode = BATCH if isinstance(given["saliency"], FittedConfig) else SINGLE
    stages: dict[str, Any] = completed(engine, given, mode)
    recipe = Recipe(prompt=prompt, engine=engine, **stages)
    if recipe.mode == SINGLE:
        return recipe
    alone = {key: settings for key, settings in given.items() if key != "saliency"}
    return replace(recipe, single=_recipe(prompt, engine, alone, SINGLE))


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a prompt file, with the settings of every plug-in there is."""
    return file_schema()
