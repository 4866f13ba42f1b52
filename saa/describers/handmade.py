"""Weight-free describer: colour, texture and slope of a fixed grid of cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from saa.embedded.features import lab, log_lightness
from saa.embedded.filters import blurred, shrunk
from saa.prompts import ProductPrompt
from saa.types import Frame

_PIXELS_A_CELL = 8


class Config(BaseModel):
    """Settings of the weight-free describer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["handmade"] = "handmade"
    num_cells: int = Field(50, ge=10, le=200, description="cells along each side of an image")

    def build(self, prompt: ProductPrompt) -> HandmadeDescriber:  # noqa: ARG002 - the seam's signature
        """The describer, the same for every product."""
        return HandmadeDescriber(self.num_cells)


@dataclass(frozen=True)
class HandmadeDescriber:
    """Log lightness and colour at three scales, and how steep the lightness is; see `stages.Describer`."""

    num_cells: int

    def describe(self, frame: Frame) -> NDArray[np.float32]:
        """(h, w, 11) float32, the image stretched to a square."""
        side = self.num_cells * _PIXELS_A_CELL
        square = cv2.resize(frame.image, (side, side), interpolation=cv2.INTER_AREA)
        planes = lab(np.asarray(square, np.uint8))
        channels = [log_lightness(planes), *(np.ascontiguousarray(planes[..., i]) for i in (1, 2))]
        stack = [blurred(channel, sigma) for sigma in (2, 4, 8) for channel in channels]
        for dx, dy in ((1, 0), (0, 1)):
            slope = np.asarray(cv2.Sobel(stack[0], cv2.CV_32F, dx, dy), np.float32)
            stack.append(blurred(np.asarray(np.abs(slope) / 8, np.float32), 2))
        cells = [shrunk(plane, (self.num_cells, self.num_cells)) for plane in stack]
        return np.asarray(np.stack(cells, axis=-1) / 5, np.float32)
