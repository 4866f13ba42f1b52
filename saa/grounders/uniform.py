"""No dense grounding: every place answers every word. For generators that ground by boxes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from saa.prompts import ProductPrompt
from saa.types import AnomalyMap, Caption, Frame


class Config(BaseModel):
    """No settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["uniform"] = "uniform"

    def build(self, prompt: ProductPrompt) -> UniformGrounder:  # noqa: ARG002 - the seam's signature
        """The grounder, the same for every product."""
        return UniformGrounder()


@dataclass(frozen=True)
class UniformGrounder:
    """All ones."""

    def ground(self, frame: Frame, captions: Sequence[Caption]) -> AnomalyMap:  # noqa: ARG002 - the seam's signature
        """(H, W) float32 of ones; see `stages.Grounder`."""
        return np.ones(frame.size, np.float32)
