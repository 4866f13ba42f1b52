"""No saliency: no place stands out. For detectors that are believed as they are, such as vanilla SAA."""

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

    kind: Literal["none"] = "none"

    def build(self, prompt: ProductPrompt) -> NoSaliency:  # noqa: ARG002 - the seam's signature
        """The saliency, the same for every product."""
        return NoSaliency()


@dataclass(frozen=True)
class NoSaliency:
    """All zeros."""

    needs_objects: ClassVar[bool] = False

    def saliency(self, frame: Frame, objects: Regions) -> Salience:  # noqa: ARG002 - the seam's signature
        """(H, W) float32 of zeros; see `stages.Saliency`."""
        return Salience(np.zeros(frame.size, np.float32))
