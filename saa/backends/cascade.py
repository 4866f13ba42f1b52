"""The SAA+ cascade: propose, refine, check properties, recalibrate by saliency, keep the best, fuse.

Objects and their saliency come first, so that what stands out on them may steer the proposals.

Source: SAA+, arXiv 2305.10724, Fig. 2 and Eq. 1 to 9. What engines add is the dense term: saliency that words
describe, weighted by `dense_weight`; 0 is the published method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from saa.errors import PromptError
from saa.ops import properties, scoring
from saa.ops.selection import best
from saa.prompts import NAIVE, ProductPrompt
from saa.stages import Generator, Grounder, Judge, Refiner, Saliency
from saa.types import AnomalyMap, Caption, Frame, Image, Inspection, Proposals, Regions

Questions: TypeAlias = list[tuple[tuple[Caption, ...], tuple[str, ...]]]
"""Captions that are asked together, and what their answers must not be called."""


class Config(BaseModel):
    """How the cascade asks, and how it weighs what its stages found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Literal["prompt", "released", "naive"] = Field(
        "prompt",
        description="P^L: the captions and reject phrases of the file; the same as the released code asks them, "
        "class-agnostic ones with the data set's name of the object, which alone they must not be called; "
        "or nothing but 'defect', with nothing rejected",
    )
    reject_rule: properties.RejectRule = Field(
        "words",
        description="when a region is called what is rejected: by whole words, by letters of its word pieces "
        "(released), or never (paper)",
    )
    area_rule: properties.AreaRule = Field(
        "mask",
        description="P^P: what the area ratios are shares of: the object's mask, for masks (paper); its box, for "
        "boxes (released); or nothing",
    )
    overlap_rule: properties.OverlapRule = Field(
        "share",
        description="P^P: what the overlap with the object is: the region's share that lies on it, at least "
        "min_overlap_ratio of the file; the IoU of both (paper), above min_iou; or nothing (released)",
    )
    min_iou: float = Field(
        0.0, ge=0, lt=1, description="what the IoU with the object exceeds; its published value is not known"
    )
    object_limit: Literal["share", "none"] = Field(
        "none",
        description="share: what fills more than 1 / count of the picture is no object, but several of them",
    )
    saliency_gain: float = Field(
        1.0,
        ge=0,
        le=20,
        description="P^S: factor on the prompt file's gain, for saliency of a narrower range than the paper's",
    )
    kept: Literal["best", "all"] = Field(
        "best", description="P^C: which regions make up the map: the top_k best, or all"
    )
    top_k: int | None = Field(
        None, ge=1, le=1000, description="how many are the best, whatever the file says; null: as it says"
    )
    denominator: scoring.Denominator = Field(
        "count",
        description="what scores at a pixel are divided by: the covering regions (paper), or one more (released)",
    )
    region_weight: float = Field(1.0, ge=0, le=10, description="weight of the fused regions in the map")
    dense_weight: float = Field(
        0.0, ge=0, le=10, description="weight of the dense, word-guided saliency in the map"
    )
    evidence_floor: float = Field(
        0.25, ge=0, le=1, description="share of the saliency that stays where no phrase answers"
    )
    image_score: Literal["top", "maximum", "words"] = Field(
        "top",
        description="an image's score: the mean of its highest pixels (top_ratio), less the map's median; the "
        "highest pixel (released); or how well the image as a whole answers words, which only some grounders tell",
    )
    top_ratio: float = Field(
        scoring.TOP_RATIO,
        gt=0,
        le=0.5,
        description="share of the highest pixels that the image's score looks at",
    )

    def fits(self, grounder: object) -> None:
        """Refuse a grounder, by its settings, that cannot give the image's score where it is wanted.

        Raises:
            PromptError: says what can.
        """
        if self.image_score == "words" and not getattr(grounder, "judges", False):
            raise PromptError(
                "cascade.image_score: expected top or maximum with a grounder that tells of places alone, got words; "
                "write one of these, or grounder: {kind: winclip}"
            )

    def build(
        self,
        prompt: ProductPrompt,
        generator: Generator,
        refiner: Refiner,
        saliency: Saliency,
        grounder: Grounder,
    ) -> Cascade:
        """The inspector of one product."""
        return Cascade(prompt, self, generator, refiner, saliency, grounder)

    def questions(self, prompt: ProductPrompt) -> Questions:
        """What is asked of an image, and what its answers must not be called."""
        if self.language == "naive":
            return [((NAIVE,), ())]
        if self.language == "prompt":
            return [(prompt.captions(), prompt.reject)]
        agnostic = tuple((phrase,) for phrase in prompt.class_agnostic_phrases(prompt.name))
        return [(agnostic, (prompt.name,)), (prompt.defects.captions, prompt.reject)]

    def rules(self, prompt: ProductPrompt) -> properties.Rules:
        """What a region must be like."""
        return properties.Rules(
            max_area_ratio=prompt.rules.max_area_ratio,
            min_area_ratio=prompt.rules.min_area_ratio,
            area=self.area_rule,
            min_overlap_ratio=prompt.rules.min_overlap_ratio,
            min_iou=self.min_iou,
            overlap=self.overlap_rule,
        )


@dataclass(frozen=True)
class Cascade:
    """One product's inspector; see `stages.Inspector`."""

    prompt: ProductPrompt
    settings: Config
    generator: Generator
    refiner: Refiner
    saliency: Saliency
    grounder: Grounder

    def inspect(self, image: Image) -> Inspection:
        """The answer for an (H, W, 3) uint8 RGB image."""
        frame = Frame(image)
        objects = self._objects(frame)
        whole = self._whole(frame, objects)
        salience = self.saliency.saliency(frame, whole)
        marked = frame.marked(salience.map)
        suspects = self._suspects(marked, objects)
        flaws = self._flaws(marked, suspects, whole, salience.map)
        fused = self.settings.region_weight * scoring.fuse(flaws, self.settings.denominator)
        dense = self._dense(marked, salience.map)
        anomaly_map = scoring.blend(fused, dense, self.settings.dense_weight)
        parts = {"regions": fused, "dense": np.float32(self.settings.dense_weight) * dense}
        return Inspection(
            anomaly_map, self._score(frame, anomaly_map), flaws, salience.map, salience.notes, parts
        )

    @property
    def _rules(self) -> properties.Rules:
        return self.settings.rules(self.prompt)

    @property
    def _needs_masks(self) -> bool:
        return self._rules.look_at_masks or self.saliency.needs_objects

    def _objects(self, frame: Frame) -> Proposals:
        """Boxes of objects; nobody looks for them if nothing depends on them."""
        if self._rules.area != "box" and not self._needs_masks:
            return Proposals.none()
        found = self.generator.propose(frame, [(self.prompt.object.phrase,)])
        if self.settings.object_limit == "none" or self._rules.area != "box":
            return found
        return found[properties.box_areas(found.boxes) < self._largest(frame)]

    def _whole(self, frame: Frame, objects: Proposals) -> Regions:
        """Masks of objects; none is made if nothing depends on them."""
        if not self._needs_masks:
            return Regions.none(frame.size)
        found = self.refiner.refine(frame, objects)
        if self.settings.object_limit == "none" or self._rules.area == "box":
            return found
        return found[found.areas <= self._largest(frame)]

    def _largest(self, frame: Frame) -> float:
        """Square pixels that an object may fill if each of them has as much room as the others."""
        return frame.size[0] * frame.size[1] / self.prompt.object.count

    def _suspects(self, frame: Frame, objects: Proposals) -> Proposals:
        """Boxes that may be defects as far as words and boxes tell."""
        found = Proposals.none()
        for captions, reject in self.settings.questions(self.prompt):
            answers = self.generator.propose(frame, captions)
            free = properties.not_called(answers.phrases, reject, self.settings.reject_rule)
            found = found + answers[free]
        largest = float(properties.box_areas(objects.boxes).max(initial=0))
        largest = largest or float(frame.size[0] * frame.size[1])
        return properties.plausible_boxes(found, largest, self._rules)

    def _flaws(self, frame: Frame, suspects: Proposals, whole: Regions, saliency: AnomalyMap) -> Regions:
        """The best regions that may be defects, best first."""
        gain = self.settings.saliency_gain * self.prompt.saliency.gain

        def weighed(some: Proposals) -> Regions:
            flaws = properties.plausible(self.refiner.refine(frame, some), whole, self._rules)
            return scoring.recalibrate(flaws, saliency, gain)

        count = self._count(len(suspects))
        if not self.refiner.one_by_one:
            return scoring.top_k(weighed(suspects), count)
        return best(suspects, count, float(np.exp(gain * saliency.max())), weighed, frame.size)

    def _count(self, suspects: int) -> int:
        """How many regions are believed."""
        if self.settings.kept == "all":
            return max(1, suspects)
        return self.settings.top_k or self.prompt.confidence.top_k

    def _dense(self, frame: Frame, saliency: AnomalyMap) -> AnomalyMap:
        """Saliency that words describe; nobody is asked for words if it has no weight."""
        if not self.settings.dense_weight:
            return saliency
        evidence = self.grounder.ground(frame, self._captions)
        return scoring.ground(saliency, evidence, self.settings.evidence_floor)

    @property
    def _captions(self) -> tuple[Caption, ...]:
        return tuple(each for captions, _ in self.settings.questions(self.prompt) for each in captions)

    def _score(self, frame: Frame, anomaly_map: AnomalyMap) -> float:
        if self.settings.image_score == "words":
            return cast(Judge, self.grounder).judge(frame, self._captions)
        if self.settings.image_score == "maximum":
            return float(anomaly_map.max())
        return scoring.image_score(anomaly_map, self.settings.top_ratio)
