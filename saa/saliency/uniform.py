"""The same saliency everywhere: every place stands out. For maps that say what a grounder says, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from saa.prompts import ProductPrompt
from saa.types import Frame, Regions, Salience


class Config(BaseModel):
    """No settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["uniform"] = "uniform"

    def build(self, prompt: ProductPrompt) -> UniformSaliency:  # noqa: ARG002 - the seam's signature
        """The saliency, the same for every product."""
        return UniformSaliency()


@dataclass(frozen=True)
class UniformSaliency:
    """All ones."""

    needs_objects: ClassVar[bool] = False

    def saliency(self, frame: Frame, objects: Regions) -> Salience:  # noqa: ARG002 - the seam's signature
        """(H, W) float32 of ones; see `stages.Saliency`."""
        return Salience(np.ones(frame.size, np.float32))
