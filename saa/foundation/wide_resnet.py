"""WideResNet-50-2: what each place of an image looks like, at three levels of detail.

The network is timm's `wide_resnet50_2` up to its third stage: 256, 512 and 1024 features every 4, 8 and 16 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from saa import weights
from saa.foundation import devices
from saa.foundation.devices import Device, Placement, Precision
from saa.types import Image

if TYPE_CHECKING:
    from torch import nn

    from saa.foundation.likeness import Pyramid

Colours: TypeAlias = Literal["rgb", "bgr"]
Shrinking: TypeAlias = Literal["area", "linear"]

STEP_PX = 16
"""Sides of what the network sees are multiples of this, so that each grid is half as fine as the one before."""
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
_MOST_ASPECT = 8.0
_KEPT = 2
"""Networks kept in memory: a process that inspects many products reads each checkpoint once."""


class Settings(BaseModel):
    """Which weights, where, and how they see an image; the same for all stages on this network.

    Stages with equal settings and sizes share one pass of the network over an image.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    checkpoint: str = Field(
        "wide_resnet50_racm",
        description="weights by their name in `saa models list`: wide_resnet50_racm as in the code released with "
        "SAA+, or wide_resnet50_tv",
    )
    device: Device = Field("cpu", description="where the network runs")
    precision: Precision = Field("fp32", description="bf16 is quicker and less exact")
    colours: Colours = Field(
        "rgb",
        description="order in which the network, trained on RGB, is given the colours; bgr as in the code released "
        "with SAA+, which takes what it has read for RGB",
    )
    shrinking: Shrinking = Field(
        "area",
        description="how larger images are scaled down: area averages all pixels; linear skips some, as the code "
        "released with SAA+ does",
    )

    def check(self) -> None:
        """Refuse packages and devices that are not there; see `recipes.Checked`."""
        devices.installed("torch", "timm")
        Placement(self.device, self.precision).check()

    def eye(self, size_px: int, *, keeps_aspect: bool = False) -> Eye:
        """A way to look at images, with the network and its weights; see `Eye` for the arguments.

        The network is the same object for the same file and placement, so that equal eyes share their work.

        Raises:
            ModelError: the extra `foundation`, the device or the checkpoint is not there, or does not fit.
        """
        self.check()
        placement = Placement(self.device, self.precision)
        path, sha256 = weights.path(self.checkpoint), weights.checksum(self.checkpoint)
        network = _loaded(self.checkpoint, path, sha256, placement)
        return Eye(network, placement, size_px, keeps_aspect, self.colours, self.shrinking)


@dataclass(frozen=True)
class Eye:
    """A way to look at images; `frame.encoded(eye)` is a frame's pyramid, worked out once.

    Attributes:
        network: gives three (1, D, h, w) levels for a (1, 3, H, W) image; see `architecture`.
        placement: where it has been placed.
        size_px: side of the square that an image is stretched to; a multiple of `STEP_PX`.
        keeps_aspect: scale to about as many pixels instead, with the image's own aspect up to 8:1.
        colours, shrinking: see `Settings`.
    """

    network: nn.Module
    placement: Placement
    size_px: int = 256
    keeps_aspect: bool = False
    colours: Colours = "rgb"
    shrinking: Shrinking = "area"

    def __call__(self, image: Image) -> Pyramid:
        """The levels of an (H, W, 3) image: a cell every 4, 8 and 16 pixels of what the network sees."""
        import torch

        from saa.foundation.likeness import Pyramid

        pixels = torch.from_numpy(self.seen(image)).to(self.placement.device)
        with self.placement.running():
            found = self.network(pixels.permute(2, 0, 1)[None])
        # Channels lie last in memory already: in single precision nothing is copied.
        return Pyramid(tuple(level[0].permute(1, 2, 0).float().contiguous() for level in found))

    def seen(self, image: Image) -> NDArray[np.float32]:
        """(h, w, 3) float32: the image as the network gets it, scaled and standardised."""
        height, width = self._size((image.shape[0], image.shape[1]))
        shrinks = image.shape[0] >= height and image.shape[1] >= width
        how = cv2.INTER_AREA if shrinks and self.shrinking == "area" else cv2.INTER_LINEAR
        scaled = np.asarray(cv2.resize(image, (width, height), interpolation=how), np.float32)
        ordered = scaled[..., ::-1] if self.colours == "bgr" else scaled
        return np.asarray((ordered / 255 - _MEAN) / _SPREAD, np.float32)

    def _size(self, size: tuple[int, int]) -> tuple[int, int]:
        if not self.keeps_aspect:
            return self.size_px, self.size_px
        aspect = min(max(size[0] / size[1], 1 / _MOST_ASPECT), _MOST_ASPECT)
        return _stepped(self.size_px * aspect**0.5), _stepped(self.size_px / aspect**0.5)


def _stepped(side: float) -> int:
    return max(STEP_PX, round(side / STEP_PX) * STEP_PX)


def architecture() -> nn.Module:
    """The network up to its third stage, its weights not yet set."""
    import timm
    import torch

    with torch.device("meta"):
        empty = timm.create_model(
            "wide_resnet50_2", pretrained=False, features_only=True, out_indices=(1, 2, 3)
        )
    return empty.to_empty(device="cpu")


@lru_cache(maxsize=_KEPT)
def _loaded(checkpoint: str, path: Path, sha256: str, placement: Placement) -> nn.Module:  # noqa: ARG001 - keys
    import torch

    network = architecture()
    weights.load_strict(network, weights.load(checkpoint), checkpoint)
    return placement.place(network).to(memory_format=torch.channels_last)
