"""The engines: which plug-ins make up an inspector unless a prompt file names others."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import get_args

from saa import profiles
from saa.errors import PromptError
from saa.foundation.devices import Device
from saa.modes import BATCH
from saa.profiles import Fields, Profile

AUTO = "auto"
"""Stands for the first engine that is ready."""

FOLDERS = {
    "regions": "regions",
    "refiner": "refiners",
    "saliency": "saliency",
    "grounder": "grounders",
    "features": "describers",
}
"""Each stage's key in a prompt file, and the folder its plug-ins lie in."""

CASCADE = "cascade"
"""The key of the settings of what joins the stages."""


_PACKAGES = ("torch", "torchvision", "timm", "transformers", "groundingdino", "segment_anything")
_CHECKPOINTS = ("groundingdino_swint", "bert_base_uncased", "sam_vit_h", "wide_resnet50_racm")


def _always() -> bool:
    return True


def _has_checkpoints() -> bool:
    """Whether all that the engine `foundation` needs by default lies on this machine, to judge by names."""
    from saa import weights  # here, so that `saa --help` need not wait for it

    return all(map(find_spec, _PACKAGES)) and all(map(weights.is_there, _CHECKPOINTS))


@dataclass(frozen=True)
class Engine:
    """A choice of one plug-in a stage, and how their answers are weighed.

    Attributes:
        kinds: the plug-in of each stage in `FOLDERS`.
        profiles: sets of settings by name; `profiles.DEFAULT` is one of them.
        ready: whether all it needs (packages, checkpoints) is there; must be quick and load nothing.
        batch: the plug-ins of the stages that differ in batch mode.
        batch_cascade: settings of the cascade that differ in batch mode.
        placed: whether it runs networks, whose device and precision can be chosen.
    """

    kinds: Mapping[str, str]
    profiles: Mapping[str, Profile]
    ready: Callable[[], bool]
    batch: Mapping[str, str] = field(default_factory=dict)
    batch_cascade: Fields = field(default_factory=dict)
    placed: bool = False

    def kind(self, stage: str, mode: str, profile: str) -> str:
        """The plug-in of a stage."""
        standard = str(self.profiles[profile].get(stage, {}).get("kind", self.kinds[stage]))
        return self.batch.get(stage, standard) if mode == BATCH else standard

    def fields(self, stage: str, mode: str, profile: str) -> Fields:
        """The settings of a stage, or of the cascade, that differ from the plug-in's own defaults."""
        own = self.profiles[profile].get(stage, {})
        if mode == BATCH and stage == CASCADE:
            return {**own, **self.batch_cascade}
        return {} if mode == BATCH and stage in self.batch else own


ENGINES = {
    "foundation": Engine(
        kinds={
            "regions": "grounding_dino",
            "refiner": "sam",
            "saliency": "cross_instance",
            "grounder": "uniform",
            "features": "wide_resnet",
        },
        profiles=profiles.FOUNDATION,
        ready=_has_checkpoints,
        placed=True,
    ),
    "embedded": Engine(
        kinds={
            "regions": "grounded",
            "refiner": "segments",
            "saliency": "neighbours",
            "grounder": "words",
            "features": "handmade",
        },
        profiles=profiles.EMBEDDED,
        ready=_always,
        batch={"saliency": "consensus"},
        # The maps of a batch are sharp enough not to need louder regions: the published gain does best.
        batch_cascade={"saliency_gain": 1.0},
    ),
}
"""By name, the most capable first. The embedded one needs nothing, so one is always ready."""


def choose(engine: str) -> str:
    """The engine meant by a name; `auto` is the most capable one that is ready.

    Raises:
        PromptError: there is no such engine.
    """
    if engine == AUTO:
        return next(name for name, candidate in ENGINES.items() if candidate.ready())
    if engine not in ENGINES:
        raise PromptError(f"engine: {unknown(engine, [AUTO, *ENGINES])}")
    return engine


def refuse(engine: str, profile: str, without: Collection[str], device: str | None) -> None:
    """Refuse what an engine does not have, and what is no part of the method.

    Args:
        engine: one of `ENGINES`.
        profile: its name.
        without: what is to be left out, of `profiles.ABLATIONS`.
        device: where its networks shall run; None if nobody said.

    Raises:
        PromptError: says what there is.
    """
    if profile not in ENGINES[engine].profiles:
        having = [name for name, each in ENGINES.items() if profile in each.profiles]
        hint = f"; {profile} is one of engine {having[0]}" if having else ""
        raise PromptError(f"profile of engine {engine}: {unknown(profile, ENGINES[engine].profiles)}{hint}")
    if device is not None and device not in get_args(Device):
        raise PromptError(f"device: {unknown(device, get_args(Device))}")
    if device is not None and not ENGINES[engine].placed:
        raise PromptError(
            f"device: expected none for engine {engine}, which runs no network, got {device}; leave it out"
        )
    for part in without:
        if part not in profiles.ABLATIONS:
            raise PromptError(f"without: {unknown(part, profiles.ABLATIONS)}")
    if without and profile in profiles.BASELINES:
        raise PromptError(
            f"without: expected none with profile {profile}, a method that has no such part, got "
            f"{', '.join(sorted(without))}; leave it out"
        )


def unknown(got: str, known: Collection[str]) -> str:
    """What to say of a name that is not among those known."""
    close = difflib.get_close_matches(got, known, n=1)
    advice = f"did you mean '{close[0]}'?" if close else "choose one of these"
    return f"expected one of {', '.join(known)}, got '{got}'; {advice}"
