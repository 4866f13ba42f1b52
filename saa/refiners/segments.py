"""Weight-free refiner: a box becomes the piece of the picture that fills it, with edges set by colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from saa.embedded import lexicon, refining
from saa.embedded.candidates import Candidates, Viewer
from saa.embedded.settings import LookSettings
from saa.ops import boxes, masks
from saa.prompts import ProductPrompt
from saa.types import Boxes, Frame, Mask, Proposals, Regions


class Config(BaseModel):
    """Settings of the weight-free refiner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["segments"] = "segments"
    look: LookSettings = LookSettings()
    min_box_iou: float = Field(
        0.7, ge=0, le=1, description="a known piece fills a box if their boxes overlap by at least this IoU"
    )

    def build(self, prompt: ProductPrompt) -> SegmentRefiner:
        """The refiner for one product."""
        return SegmentRefiner(Viewer(self.look.encoder(prompt)), prompt.object.phrase, self.min_box_iou)


@dataclass(frozen=True)
class SegmentRefiner:
    """The candidate piece whose box fits best, its edges refined; the whole picture for a box that covers it.

    The object itself is never taken for a piece of it.
    """

    viewer: Viewer
    object_phrase: str
    min_box_iou: float
    one_by_one: ClassVar[bool] = False

    def refine(self, frame: Frame, proposals: Proposals) -> Regions:
        """One mask for each box; see `stages.Refiner`."""
        known = frame.viewed(self.viewer)
        small = boxes.scaled(proposals.boxes, frame.size, known.encoding.map_size)
        found = np.zeros((len(proposals), *frame.size), np.bool_)
        for row, mask in zip(found, self._masks(known, small, proposals.phrases), strict=True):
            row[:] = masks.resized(mask, frame.size)
        return Regions(found, proposals.scores, proposals.phrases)

    def _masks(self, known: Candidates, wanted: Boxes, phrases: tuple[str, ...]) -> list[Mask]:
        """Masks at map size for boxes at map size."""
        encoding, size = known.encoding, known.encoding.map_size
        is_object = np.array([phrase == self.object_phrase for phrase in phrases], np.bool_)
        asked = any(lexicon.asks_for_patch(phrase) for phrase in phrases)
        patch = [encoding.patch.mask] if asked else []
        parts = [*patch, *(masks.resized(part, size) for part in encoding.objects)]
        defects = [] if is_object.all() else list(known.segments.masks)
        pieces = np.stack([*parts, *defects, np.ones(size, np.bool_)])
        overlap = boxes.iou(wanted, boxes.of_masks(pieces))
        overlap[is_object, len(parts) : -1] = 0
        answers = []
        for box, row in zip(wanted, overlap, strict=True):
            best = int(row.argmax())
            is_defect = len(parts) <= best < len(pieces) - 1
            if row[best] < self.min_box_iou:
                answers.append(refining.grown_from_box(known, box))
            else:
                answers.append(refining.refined(known, pieces[best]) if is_defect else pieces[best])
        return answers
