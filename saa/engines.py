"""The engines: which plug-ins make up an inspector unless a prompt file names others."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field

from saa.errors import PromptError
from saa.modes import BATCH

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


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Engine:
    """A choice of one plug-in a stage, and how their answers are weighed.

    Attributes:
        kinds: the plug-in of each stage in `FOLDERS`.
        cascade: settings of the cascade that differ from the published method.
        ready: whether all it needs (packages, checkpoints) is there; must be quick and load nothing.
        batch: the plug-ins of the stages that differ in batch mode.
        batch_cascade: settings of the cascade that differ in batch mode.
    """

    kinds: dict[str, str]
    cascade: dict[str, float | str]
    ready: Callable[[], bool]
    batch: dict[str, str] = field(default_factory=dict)
    batch_cascade: dict[str, float | str] = field(default_factory=dict)

    def kind(self, stage: str, mode: str) -> str:
        """The plug-in of a stage in a mode."""
        return self.batch.get(stage, self.kinds[stage]) if mode == BATCH else self.kinds[stage]

    def joined(self, mode: str) -> dict[str, float | str]:
        """The settings of the cascade in a mode."""
        return self.cascade | self.batch_cascade if mode == BATCH else self.cascade


ENGINES = {
    "embedded": Engine(
        kinds={
            "regions": "grounded",
            "refiner": "segments",
            "saliency": "neighbours",
            "grounder": "words",
            "features": "handmade",
        },
        cascade={"denominator": "count + 1", "dense_weight": 1.0, "saliency_gain": 3.0},
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
        close = difflib.get_close_matches(engine, [AUTO, *ENGINES], n=1)
        advice = f"did you mean '{close[0]}'?" if close else "choose one of these"
        raise PromptError(f"engine: expected one of {', '.join([AUTO, *ENGINES])}, got '{engine}'; {advice}")
    return engine
