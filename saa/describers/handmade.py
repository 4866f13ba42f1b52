"""Weight-free describer: colour, contrast, energy and slope of each place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from saa.embedded import appearance, features
from saa.embedded.encoding import Encoder
from saa.embedded.settings import LookSettings
from saa.prompts import ProductPrompt
from saa.types import Frame


class Config(BaseModel):
    """Settings of the weight-free describer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["handmade"] = "handmade"
    look: LookSettings = LookSettings()

    def build(self, prompt: ProductPrompt) -> HandmadeDescriber:
        """The describer for one product."""
        return HandmadeDescriber(self.look.encoder(prompt))


@dataclass(frozen=True)
class HandmadeDescriber:
    """What each place looks like as it is, or with stripes and illumination removed; see `stages.Describer`."""

    encoder: Encoder

    def describe(self, frame: Frame, *, levelled: bool) -> NDArray[np.float32]:
        """(h, w, 17) float32, a cell every 8 pixels; levelled (h, w, 28), every 4 of the working image."""
        if not levelled:
            return appearance.describe(frame.image)
        seen = frame.encoded(self.encoder).tones
        return features.dense(seen).reshape(*features.grid_size(seen.lightness.shape), -1)
