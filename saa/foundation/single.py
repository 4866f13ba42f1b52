"""Saliency of one object by its own features: how far each place lies from the rest of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from saa.foundation.wide_resnet import STEP_PX, Eye
from saa.types import AnomalyMap, Frame, Mask, Masks, Regions


class SingleSettings(BaseModel):
    """How the places of an image are compared with each other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size_px: int = Field(
        256,
        ge=2 * STEP_PX,
        le=1024,
        multiple_of=STEP_PX,
        description="side of the square that the image is stretched to; a place every 4 px. "
        "Default: the code released with SAA+",
    )
    neighbours: Literal["nearest", "farthest"] = Field(
        "nearest",
        description="which places count: those most alike, as arXiv 2305.10724 says, or those most unlike, as in "
        "the code released with it",
    )
    num_neighbours: int = Field(
        400, ge=1, le=65_536, description="how many of them count. Default: arXiv 2305.10724"
    )
    compared: Literal["picture", "object"] = Field(
        "picture",
        description="which places are compared: all, as in the code released with SAA+, or those of the object "
        "with each other, with nothing salient around it",
    )


@dataclass(frozen=True)
class Single:
    """Mean distance of each place to its neighbours in the picture; see `stages.Saliency`.

    Attributes:
        eye: looks at the image.
        settings: what is compared.
        halved: half of the distance counts.
    """

    eye: Eye
    settings: SingleSettings
    halved: bool

    def map(self, frame: Frame, objects: Regions) -> AnomalyMap:
        """(H, W) float32 in [0, 1], at most 0.5 if halved.

        Where no object is known, or none has a pixel, the picture is the object.

        Source: SAA+, arXiv 2305.10724, Eq. 5; see `SingleSettings` for where the released code differs.
        """
        from saa.foundation import likeness

        pyramid = frame.encoded(self.eye)
        grid = np.zeros(pyramid.size, np.float32)
        inside = self._compared(objects, pyramid.size)
        distances = likeness.within(
            pyramid,
            np.flatnonzero(inside),
            self.settings.num_neighbours,
            farthest=self.settings.neighbours == "farthest",
        )
        grid[inside] = distances.cpu().numpy()
        return enlarged(grid, frame.size, halved=self.halved)

    def _compared(self, objects: Regions, size: tuple[int, int]) -> Mask:
        if self.settings.compared == "picture" or not objects.masks.any():
            return np.ones(size, np.bool_)
        return np.asarray(on_grid(objects.masks, size).any(axis=0))


def on_grid(masks: Masks, size: tuple[int, int]) -> Masks:
    """(N, h, w) masks of the cells of a grid of `size` (h, w), the nearest pixel deciding.

    An object that none of those pixels hits keeps the one cell around its middle; an empty mask stays empty.

    Args:
        masks: (N, H, W).
        size: of the grid.

    Source: the released code of SAA+, which fails where an object vanishes.
    """
    found = np.zeros((len(masks), *size), np.bool_)
    for mask, cells in zip(masks, found, strict=True):
        cells[:] = cv2.resize(mask.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST)
        if mask.any() and not cells.any():
            middle = np.argwhere(mask).mean(axis=0) / mask.shape * size
            cells[tuple(middle.astype(np.intp))] = True
    return found


def enlarged(grid: NDArray[np.float32], size: tuple[int, int], *, halved: bool) -> AnomalyMap:
    """(h, w) distances as an (H, W) map, linear between cells; rounding errors below 0 and above 1 are cut off."""
    scaled = np.clip(grid, 0, 1) * np.float32(0.5 if halved else 1)
    return np.asarray(cv2.resize(scaled, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
