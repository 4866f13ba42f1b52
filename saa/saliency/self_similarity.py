"""Saliency of one object: places of the picture that look unlike the rest of it to WideResNet-50-2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from saa.foundation.single import Single, SingleSettings
from saa.foundation.wide_resnet import Settings
from saa.prompts import ProductPrompt
from saa.types import Frame, Regions, Salience


class Config(Settings, SingleSettings):
    """Settings of the saliency of one object."""

    kind: Literal["self_similarity"] = "self_similarity"
    halved: bool = Field(
        default=False,
        description="take half of the distance 1 - cosine, as in the code released with SAA+; else all of it, as "
        "in arXiv 2305.10724",
    )

    def build(self, prompt: ProductPrompt) -> SelfSimilarity:  # noqa: ARG002 - the seam's signature
        """The saliency, the same for every product.

        Raises:
            ModelError: the extra `foundation`, the device or the checkpoint is not there, or does not fit.
        """
        return SelfSimilarity(Single(self.eye(self.size_px), self, self.halved))


@dataclass(frozen=True)
class SelfSimilarity:
    """Mean distance of each place to its nearest neighbours in the picture; see `Config`.

    Peak memory at the published size: 0.1 GB beside torch and the weights, whatever the image's size.
    """

    single: Single

    @property
    def needs_objects(self) -> bool:
        """Only if the object's places are compared with each other."""
        return self.single.settings.compared == "object"

    def saliency(self, frame: Frame, objects: Regions) -> Salience:
        """A map in [0, 1]; see `stages.Saliency`."""
        return Salience(self.single.map(frame, objects))
