"""Weight-free region generator: boxes around what stands out, scored by how well words describe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from saa.embedded import lexicon, phases
from saa.embedded.candidates import Candidates, Viewer
from saa.embedded.encoding import Encoding
from saa.embedded.settings import LookSettings, squashed
from saa.ops import boxes
from saa.prompts import ProductPrompt
from saa.types import Caption, Frame, Proposals

_STEP_WEIGHT = 8.0
"""What a step between two finishes is worth, in deviations of unlikeness."""


class Config(BaseModel):
    """Settings of the weight-free region generator."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["grounded"] = "grounded"
    look: LookSettings = LookSettings()
    agnostic_answer: float = Field(
        0.85,
        ge=0,
        le=1,
        description="how well a class-agnostic phrase describes any piece; a fitting word does by 1",
    )
    surface_factor: float = Field(
        0.25,
        ge=0,
        le=1,
        description="scores of pieces of a surface are multiplied by this; its dense map shows them well already",
    )
    min_score: float = Field(0.02, ge=0, le=1, description="boxes below this score are not proposed")

    def build(self, prompt: ProductPrompt) -> GroundedGenerator:
        """The generator for one product."""
        return GroundedGenerator(
            Viewer(self.look.encoder(prompt)),
            prompt.object.phrase,
            self.agnostic_answer,
            self.surface_factor,
            self.min_score,
        )


def _answered(values: NDArray[np.float32]) -> float:
    """How well a piece answers: its better half's middle, since edges of a piece are half surroundings."""
    return float(np.partition(values, 3 * len(values) // 4)[3 * len(values) // 4])


@dataclass(frozen=True)
class GroundedGenerator:
    """Objects answer their noun; pieces that stand out answer the phrase that describes them best.

    A specific phrase that fits scores a piece at full contrast, a class-agnostic one at a share of it.
    """

    viewer: Viewer
    object_phrase: str
    agnostic_answer: float
    surface_factor: float
    min_score: float

    def propose(self, frame: Frame, captions: Sequence[Caption]) -> Proposals:
        """Boxes for the object phrase and for all others; see `stages.Generator`."""
        known = frame.viewed(self.viewer)
        phrases = [phrase for caption in captions for phrase in caption]
        found = Proposals.none()
        if self.object_phrase in phrases:
            found = found + self._objects(known.encoding, frame.size)
        wanted = tuple(phrase for phrase in phrases if phrase != self.object_phrase)
        return found + self._defects(known, wanted, frame.size) if wanted else found

    def _objects(self, encoding: Encoding, size: tuple[int, int]) -> Proposals:
        if not len(encoding.objects):
            whole = np.array([[0, 0, size[1], size[0]]], np.float32)
            return Proposals(whole, np.ones(1, np.float32), (self.object_phrase,))
        found = boxes.scaled(boxes.of_masks(encoding.objects), encoding.image.shape[:2], size)
        return Proposals(found, np.ones(len(found), np.float32), (self.object_phrase,) * len(found))

    def _defects(self, known: Candidates, wanted: tuple[str, ...], size: tuple[int, int]) -> Proposals:
        encoding, segments = known.encoding, known.segments
        maps = [encoding.answer(phrase, self.agnostic_answer) for phrase in wanted]
        answered = np.array([[_answered(plane[mask]) for mask in segments.masks] for plane in maps])
        best = answered.argmax(axis=0)
        scores = squashed(segments.contrasts) * answered.max(axis=0) * self._factor
        proposals = Proposals(
            boxes.scaled(boxes.of_masks(segments.masks), encoding.map_size, size),
            np.asarray(np.clip(scores, 0, 1), np.float32),
            tuple(lexicon.head(wanted[index]) for index in best),
        )
        proposals = proposals + self._patch(encoding, wanted, size)
        return proposals[proposals.scores >= self.min_score]

    @property
    def _factor(self) -> float:
        return self.surface_factor if self.viewer.encoder.extent == "frame" else 1.0

    def _patch(self, encoding: Encoding, wanted: tuple[str, ...], size: tuple[int, int]) -> Proposals:
        """A large part with another finish, where a phrase asks for one."""
        asked = [phrase for phrase in wanted if lexicon.asks_for_patch(phrase)]
        if not asked or not encoding.patch.mask.any():
            return Proposals.none()
        box = boxes.scaled(boxes.of_masks(encoding.patch.mask[None]), encoding.map_size, size)
        score = squashed(np.array([_STEP_WEIGHT * (encoding.patch.step - phases.MIN_STEP)], np.float32))
        return Proposals(box, score, (lexicon.head(asked[0]),))
