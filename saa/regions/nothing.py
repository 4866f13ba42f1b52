"""No regions: nothing is proposed. For baselines whose dense answer alone is the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from saa.prompts import ProductPrompt
from saa.types import Caption, Frame, Proposals


class Config(BaseModel):
    """No settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["nothing"] = "nothing"

    def build(self, prompt: ProductPrompt) -> NoRegions:  # noqa: ARG002 - the seam's signature
        """The generator, the same for every product."""
        return NoRegions()


@dataclass(frozen=True)
class NoRegions:
    """N = 0 boxes, whatever is asked."""

    def propose(self, frame: Frame, captions: Sequence[Caption]) -> Proposals:  # noqa: ARG002 - the seam's signature
        """No box; see `stages.Generator`."""
        return Proposals.none()
