"""The SAA+ cascade: propose, refine, check properties, recalibrate by saliency, keep the best, fuse.

Objects and their saliency come first, so that what stands out on them may steer the proposals.

Source: SAA+, arXiv 2305.10724, Fig. 2 and Eq. 1 to 9. What engines add is the dense term: saliency that words
describe, weighted by `dense_weight`; 0 is the published method.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from saa.ops import properties, scoring
from saa.prompts import ProductPrompt
from saa.stages import Generator, Grounder, Refiner, Saliency
from saa.types import AnomalyMap, Frame, Image, Inspection


class Config(BaseModel):
    """How the cascade weighs what its stages found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    denominator: scoring.Denominator = Field(
        "count",
        description="what scores at a pixel are divided by: the covering regions (paper), or one more (released)",
    )
    region_weight: float = Field(1.0, ge=0, le=10, description="weight of the fused regions in the map")
    dense_weight: float = Field(
        0.0, ge=0, le=10, description="weight of the dense, word-guided saliency in the map"
    )
    saliency_gain: float = Field(
        1.0,
        ge=0,
        le=20,
        description="factor on the prompt file's gain, for saliency of a narrower range than the paper's",
    )
    evidence_floor: float = Field(
        0.25, ge=0, le=1, description="share of the saliency that stays where no phrase answers"
    )
    top_ratio: float = Field(
        scoring.TOP_RATIO,
        gt=0,
        le=0.5,
        description="share of the highest pixels whose mean, less the map's median, is the image's score",
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
        frame, prompt, captions = Frame(image), self.prompt, self.prompt.captions()
        objects = self.generator.propose(frame, [(prompt.object.phrase,)])
        whole = self.refiner.refine(frame, objects)
        salience = self.saliency.saliency(frame, whole)
        marked = frame.marked(salience.map)
        defects = self.generator.propose(marked, captions)
        flaws = properties.plausible(
            self.refiner.refine(marked, defects),
            whole,
            max_area_ratio=prompt.rules.max_area_ratio,
            min_area_ratio=prompt.rules.min_area_ratio,
            min_overlap_ratio=prompt.rules.min_overlap_ratio,
            reject=prompt.reject,
        )
        flaws = scoring.top_k(
            scoring.recalibrate(flaws, salience.map, self.settings.saliency_gain * prompt.saliency.gain),
            prompt.confidence.top_k,
        )
        fused = self.settings.region_weight * scoring.fuse(flaws, self.settings.denominator)
        dense = self._dense(marked, salience.map)
        anomaly_map = scoring.blend(fused, dense, self.settings.dense_weight)
        parts = {"regions": fused, "dense": np.float32(self.settings.dense_weight) * dense}
        score = scoring.image_score(anomaly_map, self.settings.top_ratio)
        return Inspection(anomaly_map, score, flaws, salience.map, salience.notes, parts)

    def _dense(self, frame: Frame, saliency: AnomalyMap) -> AnomalyMap:
        """Saliency that words describe; nobody is asked for words if it has no weight."""
        if not self.settings.dense_weight:
            return saliency
        evidence = self.grounder.ground(frame, self.prompt.captions())
        return scoring.ground(saliency, evidence, self.settings.evidence_floor)
