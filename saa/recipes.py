"""A recipe: the product's prompt and the settings of every stage, from which an inspector is built."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from saa import weights
from saa.engine_settings import KEYS
from saa.engines import ENGINES
from saa.errors import ModelError
from saa.modes import BATCH, SINGLE
from saa.profiles import DEFAULT
from saa.prompts import ProductPrompt
from saa.references import Reference
from saa.stages import Describer, Generator, Grounder, Inspector, Refiner, Saliency
from saa.types import Image

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
class Checked(Protocol):
    """Settings of a stage that needs more than this package, beside checkpoints."""

    def check(self) -> None:
        """Refuse what is not there, such as a package or a device; nothing is loaded.

        Raises:
            ModelError: says what is missing.
        """
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

    def fits(self, grounder: object) -> None:
        """Refuse the settings of a grounder that does not give what is wanted of it.

        Raises:
            PromptError: says what does.
        """
        ...

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
        profile: the name of its set of settings.
        without: the parts of the method that are left out, of `profiles.ABLATIONS`, sorted.
        regions, refiner, saliency, grounder, features: the settings of each stage.
        cascade: the settings of what joins them.
        single: the same product without its other images; None if this is it.
    """

    prompt: ProductPrompt
    engine: str
    profile: str
    without: tuple[str, ...]
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

    def check(self) -> None:
        """Refuse what cannot be built on this machine, before anything is loaded.

        Raises:
            ModelError: a package, a device or checkpoints are missing, or not as published and not added either.
            PromptError: stages that do not go together.
        """
        self.cascade.fits(self.grounder)
        stages = [getattr(self, key) for key in self._keys_in_use()]
        demanding = [settings for settings in stages if isinstance(settings, Checked)]
        for settings in demanding:
            settings.check()
        if demanding:
            weights.used(self.in_use())
        if self.single:
            self.single.check()

    def fit(self, images: Iterable[Image]) -> Reference:
        """What the product's own images, of which nobody said whether they are good, say is normal.

        Images are read once, one after the other, and not kept. `about["recipe"]` holds the settings that the
        reference is good for.

        Raises:
            TooFewImagesError: not enough of them are different.
            ModelError: this recipe judges each image by itself; or see `check`.
        """
        if not isinstance(self.saliency, FittedConfig):
            raise ModelError(self._nothing_to_fit("images to compare"))
        self.check()
        reference = self.saliency.fit(self.prompt, self._describer(), self._alone(), images)
        return replace(reference, about={**reference.about, "recipe": self._fitted_settings()})

    def build(self, reference: Reference | None = None) -> Inspector:
        """The inspector; models are loaded now.

        Args:
            reference: what `fit` has made of the product's images, for this recipe; needed in batch mode.

        Raises:
            ModelError: there is no reference where one is needed, or one that does not fit; or see `check`.
        """
        self.check()
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

    @property
    def why_single(self) -> str:
        """Why it has no batch mode, if it has none."""
        return f"saliency {self.saliency.model_dump(mode='json')['kind']} has no batch mode"

    def _describer(self) -> Describer:
        return self.features.build(self.prompt)

    def _alone(self) -> Saliency:
        return self.alone.saliency.build(self.prompt)

    def _nothing_to_fit(self, got: str) -> str:
        kind = self.saliency.model_dump(mode="json").get("kind", "")
        if "saliency" in ENGINES[self.engine].batch:
            advice = "name no saliency in the prompt file, and load it in batch mode"
        else:
            advice = f"write engines: {{{self.engine}: {{saliency: {{kind: consensus}}}}}} in the prompt file"
        return f"saliency {kind}: expected nothing but the image itself, got {got}; {advice}"

    def _fitted_settings(self) -> dict[str, Any]:
        """All that a reference depends on, as JSON values."""
        resolved = self.as_dict()
        stages = {key: resolved[key] for key in ("engine", "features", "saliency")}
        used = weights.used(stages)
        return stages | {"object": resolved["prompt"]["object"]} | ({"weights": used} if used else {})

    @property
    def engine_name(self) -> str:
        """The engine for people, with its profile and what is left out, where they are not the usual ones."""
        said = [] if self.profile == DEFAULT else [f"profile {self.profile}"]
        said += [f"without {part}" for part in self.without]
        return f"{self.engine} ({', '.join(said)})" if said else self.engine

    def in_use(self) -> dict[str, Any]:
        """The settings of the stages that see images, as JSON values; features are compared in batch mode only."""
        resolved = self.as_dict()
        return {key: resolved[key] for key in self._keys_in_use()}

    def _keys_in_use(self) -> tuple[str, ...]:
        return tuple(key for key in KEYS if key != "features" or self.mode == BATCH)

    def as_dict(self) -> dict[str, Any]:
        """Every setting as JSON values with sorted keys; equal recipes give equal text."""
        stages = {key: getattr(self, key).model_dump(mode="json") for key in KEYS}
        resolved = {
            "engine": self.engine,
            "profile": self.profile,
            "without": self.without,
            "prompt": self.prompt.model_dump(mode="json"),
            **stages,
        }
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
