"""WinCLIP as a dense grounder: how anomalous each place is to CLIP, in windows of several sizes and in the whole image.

It asks its own words, for a good and a defective object of the product's name; captions do not change its answer.

Source: WinCLIP, arXiv 2303.14814, without examples of good parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from saa.foundation import winclip
from saa.foundation.devices import Device, Placement, Precision, installed
from saa.prompts import ProductPrompt
from saa.types import AnomalyMap, Caption, Frame

if TYPE_CHECKING:
    from saa.foundation.clip_vit import Viewer


class Config(BaseModel):
    """Settings of WinCLIP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["winclip"] = "winclip"
    judges: ClassVar[bool] = True
    """What it builds is a `stages.Judge`."""
    checkpoint: str = Field(
        "clip_vit_b16_plus_240",
        description="weights of CLIP on a Vision Transformer by their name in `saa models list`; they say how large "
        "the image is as the network sees it",
    )
    device: Device = Field("cpu", description="where the networks run")
    precision: Precision = Field(
        "fp32", description="bf16, of the image tower alone, is quicker and less exact"
    )
    scales: tuple[Annotated[int, Field(ge=1, le=32)], ...] = Field(
        (2, 3),
        min_length=1,
        description="sides of windows, in patches; the whole image is one more. Default: arXiv 2303.14814",
    )
    temperature: float = Field(
        0.07, ge=0.01, le=1, description="of the softmax over both states. Default: arXiv 2303.14814"
    )

    def check(self) -> None:
        """Refuse packages and devices that are not there; see `recipes.Checked`."""
        installed("torch", "torchvision", "timm", "open_clip")
        Placement(self.device, self.precision).check()

    def build(self, prompt: ProductPrompt) -> WinClipGrounder:
        """The grounder for one product; the image tower is loaded, and words read, now.

        Raises:
            ModelError: no such checkpoint or device, a file that is not one of CLIP on a Vision Transformer, windows
                larger than its image, or packages that are missing.
        """
        self.check()
        from saa.foundation import clip_vit

        placement = Placement(self.device, self.precision)
        viewer = clip_vit.load(self.checkpoint, placement, self.scales)
        meant = winclip.texts(prompt.object.phrase, self.checkpoint, placement)
        return WinClipGrounder(viewer, meant, self.temperature)


@dataclass(frozen=True, eq=False)
class WinClipGrounder:
    """One product's grounder.

    Attributes:
        viewer: looks at images.
        meant: (2, D) float32, what a good and a defective product mean.
        temperature: of the softmax over both.
    """

    viewer: Viewer
    meant: NDArray[np.float32]
    temperature: float

    def ground(self, frame: Frame, captions: Sequence[Caption]) -> AnomalyMap:
        """(H, W) float32 in [0, 1], linear between patches; see `stages.Grounder`."""
        if not captions:
            return np.ones(frame.size, np.float32)
        meaning = frame.encoded(self.viewer)
        windows = {scale: self._anomalous(vectors) for scale, vectors in meaning.windows.items()}
        places = winclip.aggregated(self._anomalous(meaning.whole), windows).astype(np.float32)
        enlarged = cv2.resize(places, frame.size[::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.clip(enlarged, 0, 1), np.float32)  # rounding may exceed 1

    def judge(self, frame: Frame, captions: Sequence[Caption]) -> float:  # noqa: ARG002 - the seam's signature
        """In [0, 1], how anomalous the image as a whole is; see `stages.Judge`."""
        return float(self._anomalous(frame.encoded(self.viewer).whole))

    def _anomalous(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        return winclip.anomalous(vectors, self.meant, self.temperature)
