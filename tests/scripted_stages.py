"""Stages that say what they are told, for tests of what joins them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from saa.ops import boxes
from saa.types import AnomalyMap, Frame, Proposals, Regions, Salience


def regions(size: tuple[int, int], *drawn: tuple[str, float, tuple[slice, slice]]) -> Regions:
    """Regions on an image of a size (h, w), each told as its phrase, score and the (rows, columns) it fills."""
    masks = np.zeros((len(drawn), *size), np.bool_)
    for mask, (_, _, place) in zip(masks, drawn, strict=True):
        mask[place] = True
    scores = np.array([score for _, score, _ in drawn], np.float32)
    return Regions(masks, scores, tuple(phrase for phrase, _, _ in drawn))


@dataclass(frozen=True, eq=False)
class ScriptedGenerator:
    """Finds `objects` for the object phrase alone, `flaws` for anything else."""

    object_phrase: str
    objects: Regions
    flaws: Regions

    def propose(self, frame, captions) -> Proposals:
        found = self.objects if list(captions) == [(self.object_phrase,)] else self.flaws
        return Proposals(boxes.of_masks(found.masks), found.scores, found.phrases)


@dataclass(frozen=True, eq=False)
class ScriptedRefiner:
    """Knows the masks of all that will be proposed: objects before the saliency is known, flaws after.

    Of what lies in equal boxes, what is asked for first is drawn first. `asked` counts the boxes.
    """

    objects: Regions
    flaws: Regions
    one_by_one: bool = False
    asked: list[int] = field(default_factory=list)

    def refine(self, frame, proposals) -> Regions:
        known = self.objects if frame.saliency is None else self.flaws
        self.asked.append(len(proposals))
        left = list(zip(boxes.of_masks(known.masks), known.scores, known.phrases, known.masks, strict=True))
        masks = np.zeros((len(proposals), *known.size), np.bool_)
        for mask, box, score, phrase in zip(
            masks, proposals.boxes, proposals.scores, proposals.phrases, strict=True
        ):
            place = next(
                i for i, each in enumerate(left) if (each[0] == box).all() and each[1:3] == (score, phrase)
            )
            mask[:] = left.pop(place)[3]
        return Regions(masks, proposals.scores, proposals.phrases)


@dataclass(frozen=True, eq=False)
class ScriptedSaliency:
    """Always the same plane, with the same notes."""

    plane: AnomalyMap
    notes: tuple[str, ...] = ()
    needs_objects: ClassVar[bool] = True

    def saliency(self, frame: Frame, objects: Regions) -> Salience:
        return Salience(self.plane, self.notes)


@dataclass(frozen=True, eq=False)
class ScriptedGrounder:
    """Always the same plane; None means it must not be asked."""

    plane: AnomalyMap | None

    def ground(self, frame, captions) -> AnomalyMap:
        assert self.plane is not None, "nobody wants a dense map"
        return self.plane


@dataclass(frozen=True, eq=False)
class Scene:
    """All that the stages will say of one image of the scene's size (h, w)."""

    objects: Regions
    flaws: Regions
    saliency: AnomalyMap
    evidence: AnomalyMap | None = None
    object_phrase: str = "part"

    def stages(self) -> dict[str, object]:
        """The stages by the names that a backend's `build` takes them under."""
        return {
            "generator": ScriptedGenerator(self.object_phrase, self.objects, self.flaws),
            "refiner": ScriptedRefiner(self.objects, self.flaws),
            "saliency": ScriptedSaliency(self.saliency),
            "grounder": ScriptedGrounder(self.evidence),
        }

    def image(self) -> np.ndarray:
        """Any image of the scene's size."""
        return np.full((*self.objects.size, 3), 128, np.uint8)
