"""Saliency against the product's other images: how unlike each place is what they show.

Two passes: `fit` on all images of a product, then one map an image against the *other* images. Parts that lie
alike are compared with the same place of each other, after they were turned and shifted if that helps; textures
and parts that lie anyhow with all places. Which of the two is decided from the images, and can be set.

Any share of the images may be defective as long as, at each place, the parts that look alike are mostly good ones.
A defect that repeats alike at one place of a seventh of the parts (`nearest_ratio`) passes for what the product looks
like there; one on every part is what it looks like, and no consensus can see it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from saa import modes
from saa.consensus import aligned, arrangements, bag, free
from saa.consensus.arrangements import Fitted
from saa.embedded import features, unlikeness
from saa.embedded.filters import border_taper, grown
from saa.embedded.settings import deviations, squashed
from saa.errors import TooFewImagesError
from saa.prompts import ProductPrompt
from saa.references import Reference
from saa.stages import Describer, Saliency
from saa.types import Frame, Image, Regions, Salience

_NOT_LAID = "could not be turned and shifted onto the other images; compared as it lies"
_STRETCHED = "its shape differs from the other images'; compared after stretching"


class Config(BaseModel):
    """Settings of the batch consensus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["consensus"] = "consensus"
    min_images: int = Field(8, ge=3, le=1000, description="different images that it takes at least")
    num_references: int = Field(
        48, ge=2, le=500, description="images that each image is compared with; more cost time and memory"
    )
    arrangement: Literal["auto", "aligned", "free"] = Field(
        "auto",
        description="aligned: parts lie alike, compare the same place; free: compare with any place; "
        "auto: decided from the images",
    )
    register_parts: Literal["auto", "always", "never"] = Field(
        "auto",
        description="turn and shift aligned parts onto one another; auto: if that makes them more alike",
    )
    window_cells: int = Field(
        1,
        ge=0,
        le=8,
        description="how far from its place a part of an aligned image may lie, in cells of 8 px",
    )
    nearest_ratio: float = Field(
        0.15,
        gt=0,
        le=1,
        description="share of the references, the nearest at each place, that counts; what so many parts have in "
        "common there passes for normal, so more finds defects that repeat and less forgives parts that vary",
    )
    area_px: int = Field(
        262_144,
        ge=10_000,
        le=4_000_000,
        description="pixels that an image is scaled down to before it is compared",
    )

    def build(self, prompt: ProductPrompt) -> Saliency:  # noqa: ARG002 - the seam's signature
        """Refused: this saliency has to be fitted first.

        Raises:
            ModelError: always; says how to fit it.
        """
        raise modes.unfitted(self.kind)

    def fit(
        self, prompt: ProductPrompt, describer: Describer, alone: Saliency, images: Iterable[Image]
    ) -> Reference:
        """What the images of a product say is normal, whatever their order; the same image counts once.

        Raises:
            TooFewImagesError: fewer than `min_images` are different.
        """
        found = bag.gather(images, self.num_references + 1, self.area_px)
        if found.num_different < self.min_images:
            raise TooFewImagesError(
                f"{prompt.object.phrase}: expected at least {self.min_images} different images to compare, "
                f"got {found.num_different}; add images, or inspect them one by one"
            )
        rules = arrangements.Rules(
            self.arrangement, self.register_parts, self.window_cells, self.nearest_ratio
        )
        fitted = arrangements.decide(found.members, rules, describer, alone)
        about = {"num_images": found.num_images, "num_different": found.num_different}
        return Reference(self.kind, fitted.arrays(), about | fitted.about())

    def fitted(
        self,
        prompt: ProductPrompt,  # noqa: ARG002 - the seam's signature
        describer: Describer,
        alone: Saliency,
        reference: Reference,
    ) -> ConsensusSaliency:
        """The saliency that compares with a reference."""
        return ConsensusSaliency(
            describer, alone, Fitted.restored(reference.arrays, reference.about), self.area_px
        )


@dataclass(frozen=True, eq=False)
class ConsensusSaliency:
    """Deviation from what the other images show, squashed to [0, 1); see `stages.Saliency`.

    An image is never compared with itself or with a copy of itself.
    """

    describer: Describer
    alone: Saliency
    fitted: Fitted
    area_px: int
    needs_objects: ClassVar[bool] = True

    def saliency(self, frame: Frame, objects: Regions) -> Salience:
        """A map in [0, 1); a note if the part could not be laid on the others."""
        told, small = bag.digest(frame.image), bag.small(frame.image, self.area_px)
        if isinstance(self.fitted.basis, aligned.Aligned):
            return self._on_others(self.fitted.basis, told, small, frame)
        return self._among_others(self.fitted.basis, told, small, frame, objects)

    def _on_others(self, basis: aligned.Aligned, told: str, small: Image, frame: Frame) -> Salience:
        posed = basis.template.lay(small)
        seen = aligned.seen(posed.image, self.describer)
        found = unlikeness.sharpened(basis.deviations(told, posed, seen), features.tones(small))
        notes = [] if basis.template.fits(posed) else [_NOT_LAID]
        if not basis.template.has_shape_of(small):
            notes.append(_STRETCHED)
        return Salience(grown(squashed(found), frame.size, smooth=False), tuple(notes))

    def _among_others(
        self, basis: free.Free, told: str, small: Image, frame: Frame, objects: Regions
    ) -> Salience:
        """What an image says of itself, and the bag as far as it can vouch for it."""
        alone = self.alone.saliency(frame, objects)
        if not basis.weight:
            return alone
        seen = Frame(small)
        cells = basis.deviations(told, self.describer.describe(seen, levelled=True))
        tapered = cells * border_taper((cells.shape[0], cells.shape[1]))
        found = unlikeness.sharpened(tapered, features.tones(small))
        others = np.float32(basis.weight) * grown(found, frame.size, smooth=False)
        return Salience(squashed(deviations(alone.map) + others), alone.notes)
