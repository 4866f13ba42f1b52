"""Stages that say what they are told, for tests of what joins them."""

from __future__ import annotations

from dataclasses import dataclass, field

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

    Of what lies in equal boxes, what is asked for first is drawn first, and again when all have had their turn.
    `asked` counts the boxes.
    """

    objects: Regions
    flaws: Regions
    one_by_one: bool = False
    asked: list[int] = field(default_factory=list)

    def refine(self, frame, proposals) -> Regions:
        known = self.objects if frame.saliency is None else self.flaws
        self.asked.append(len(proposals))
        places = boxes.of_masks(known.masks)
        turns = np.zeros(len(known), int)
        masks = np.zeros((len(proposals), *known.size), np.bool_)
        for mask, box, score, phrase in zip(
            masks, proposals.boxes, proposals.scores, proposals.phrases, strict=True
        ):
            fits = (places == box).all(axis=1) & (known.scores == score) & (np.array(known.phrases) == phrase)
            place = min(np.flatnonzero(fits), key=turns.__getitem__)
            turns[place] += 1
            mask[:] = known.masks[place]
        return Regions(masks, proposals.scores, proposals.phrases)


@dataclass(frozen=True, eq=False)
class ScriptedSaliency:
    """Always the same plane, with the same notes."""

    plane: AnomalyMap
    notes: tuple[str, ...] = ()
    needs_objects: bool = True

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
