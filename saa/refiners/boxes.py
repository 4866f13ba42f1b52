"""No refinement: a box is its own mask. For generators whose boxes are believed as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from saa.prompts import ProductPrompt
from saa.types import Frame, Proposals, Regions


class Config(BaseModel):
    """No settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["boxes"] = "boxes"

    def build(self, prompt: ProductPrompt) -> BoxRefiner:  # noqa: ARG002 - the seam's signature
        """The refiner, the same for every product."""
        return BoxRefiner()


@dataclass(frozen=True)
class BoxRefiner:
    """Every pixel that a box touches."""

    one_by_one: ClassVar[bool] = True

    def refine(self, frame: Frame, proposals: Proposals) -> Regions:
        """One filled box each; see `stages.Refiner`."""
        found = np.zeros((len(proposals), *frame.size), np.bool_)
        low = np.floor(proposals.boxes[:, :2])
        corners = np.maximum(np.hstack([low, np.ceil(proposals.boxes[:, 2:])]), 0).astype(np.intp)
        for mask, (x0, y0, x1, y1) in zip(found, corners, strict=True):
            mask[y0:y1, x0:x1] = True
        return Regions(found, proposals.scores, proposals.phrases)
