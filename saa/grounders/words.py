"""Weight-free dense grounding: how well each place answers colours, tones, lines, spots and stains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from saa.embedded.encoding import Encoder
from saa.embedded.settings import LookSettings
from saa.prompts import ProductPrompt
from saa.types import AnomalyMap, Caption, Frame


class Config(BaseModel):
    """Settings of the weight-free grounding."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["words"] = "words"
    look: LookSettings = LookSettings()
    agnostic_answer: float = Field(
        0.85,
        ge=0,
        le=1,
        description="how well a class-agnostic phrase describes any place; a fitting word does by 1",
    )

    def build(self, prompt: ProductPrompt) -> WordGrounder:
        """The grounder for one product."""
        return WordGrounder(self.look.encoder(prompt), self.agnostic_answer)


@dataclass(frozen=True)
class WordGrounder:
    """The best answer of any phrase at each place."""

    encoder: Encoder
    agnostic_answer: float

    def ground(self, frame: Frame, captions: Sequence[Caption]) -> AnomalyMap:
        """(H, W) float32 in [0, 1]; see `stages.Grounder`."""
        encoding = frame.encoded(self.encoder)
        phrases = sorted({phrase for caption in captions for phrase in caption})
        if not phrases:
            return np.ones(frame.size, np.float32)
        best = np.maximum.reduce([encoding.answer(phrase, self.agnostic_answer) for phrase in phrases])
        return encoding.to_image(best, frame.size)
