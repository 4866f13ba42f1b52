"""Saliency of several objects: places of one that look unlike all of the others to WideResNet-50-2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from saa.foundation.single import Single, SingleSettings, enlarged, on_grid
from saa.foundation.wide_resnet import STEP_PX, Eye, Settings
from saa.ops import masks
from saa.prompts import ProductPrompt
from saa.types import Frame, Masks, Regions, Salience, Scores

_TOO_FEW = "fewer than two objects were found; compared within the picture"


class Config(Settings):
    """Settings of the saliency of several objects."""

    kind: Literal["cross_instance"] = "cross_instance"
    size_px: int = Field(
        1024,
        ge=2 * STEP_PX,
        le=2048,
        multiple_of=STEP_PX,
        description="side of the square that the image is stretched to; a place every 4 px. "
        "Default: the code released with SAA+",
    )
    max_iou: float = Field(
        0.8,
        ge=0,
        le=1,
        description="masks that overlap a better one by more than this show the same object, and vouch for nothing; "
        "1 keeps all, as in the code released with SAA+",
    )
    lone_distance: float = Field(
        0.0,
        ge=0,
        le=1,
        description="distance of the places of an object that covers all others, such as a mask around them all: "
        "0, as nothing is known of them; 1 in the code released with SAA+",
    )
    halved: bool = Field(
        default=False,
        description="take half of the distance 1 - cosine, as in the code released with SAA+; else all of it",
    )
    single: SingleSettings = Field(
        SingleSettings(), description="for products of one object, and pictures that show fewer than two"
    )

    def build(self, prompt: ProductPrompt) -> CrossInstance:
        """The saliency for one product; for one of a single object it does as `self_similarity` does.

        Raises:
            ModelError: the extra `foundation`, the device or the checkpoint is not there, or does not fit.
        """
        single = Single(self.eye(self.single.size_px), self.single, self.halved)
        return CrossInstance(self.eye(self.size_px), single, prompt.object.count, self)


@dataclass(frozen=True)
class CrossInstance:
    """Distance of each place of an object to the place most like it on the other objects; see `Config`.

    Peak memory at the published size: 0.5 GB beside torch and the weights, whatever the image's size; masks add 64 KB
    an object, and 256 KB more where `max_iou` compares them. The time grows with the square of the area that the
    objects cover together, however many they are.

    Attributes:
        eye: looks at the image to compare its objects.
        single: what is said of an image that shows fewer than two objects.
        count: how many objects the product has.
        settings: see `Config`.
    """

    eye: Eye
    single: Single
    count: int
    settings: Config

    @property
    def needs_objects(self) -> bool:
        """Not for products of one object that are compared with the whole picture."""
        return self.count > 1 or self.single.settings.compared == "object"

    def saliency(self, frame: Frame, objects: Regions) -> Salience:
        """A map in [0, 1], 0 off the objects; a note if there are too few of them. See `stages.Saliency`.

        Source: the released code of SAA+ (no paper tells of it), which fails where it finds fewer than two objects.
        """
        if self.count == 1:
            return Salience(self.single.map(frame, objects))
        if np.count_nonzero(objects.masks.any(axis=(1, 2))) < 2:
            return Salience(self.single.map(frame, objects), (_TOO_FEW,))
        from saa.foundation import likeness

        pyramid = frame.encoded(self.eye)
        shown = self._different(on_grid(objects.masks, pyramid.size), objects.scores)
        if len(shown) < 2:
            return Salience(self.single.map(frame, objects), (_TOO_FEW,))
        found = likeness.across(pyramid, shown, self.settings.lone_distance)
        return Salience(enlarged(found.cpu().numpy(), frame.size, halved=self.settings.halved))

    def _different(self, shown: Masks, scores: Scores) -> Masks:
        """The masks of different objects, on the grid."""
        kept = shown.any(axis=(1, 2))
        if self.settings.max_iou == 1:
            return shown[kept]
        return shown[kept][masks.suppress(shown[kept], scores[kept], self.settings.max_iou)]
