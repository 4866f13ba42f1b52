"""Segment Anything as the refiner: a box becomes the mask that SAM finds in it; its score stays the detector's.

An image is encoded once, however often boxes on it are refined; boxes are decoded `boxes_at_once`, so that beyond
the masks themselves, a byte a pixel each, memory does not grow with their number.

Measured on one core of an AMD EPYC with AVX-512, which other programs shared, random weights, fp32, 1024 × 1024 pixels,
usual allocator, November 2026, in seconds of the processor and in peak memory beside torch and the weights:

| checkpoint | an image | a box | memory |
|---|---|---|---|
| sam_vit_h | 74 s before linear layers went to oneDNN | 0.03 s | 0.4 GiB |
| sam_vit_b | 8 s | 0.03 s | 0.3 GiB |
| sam_vit_b in segment_anything | 21 s | 0.11 s, or 0.18 s of 20 at once | 2.4 GiB |
| mobile_sam | 2.3 s | 0.05 s | 0.4 GiB |

Source: Segment Anything, arXiv 2304.02643, asked with boxes as in SAA+, arXiv 2305.10724, Eq. 2. The code released
with SAA+ hands it blue for red; otherwise this gives that code's masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from saa.foundation.devices import Arithmetic, Device, Placement, Precision, installed
from saa.prompts import ProductPrompt
from saa.types import Frame, Proposals, Regions

if TYPE_CHECKING:
    from saa.foundation.sam_masks import Decoder, Encoder


class Config(BaseModel):
    """Settings of Segment Anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["sam"] = "sam"
    checkpoint: str = Field(
        "sam_vit_h",
        description="sam_vit_h (paper and released code), sam_vit_l, sam_vit_b, or mobile_sam (journal version)",
    )
    device: Device = "cpu"
    precision: Precision = "fp32"
    colours: Literal["rgb", "bgr"] = Field(
        "rgb",
        description="order in which the model gets colours; it was trained on rgb, the released code hands it bgr",
    )
    answer: Literal["single", "surest"] = Field(
        "single",
        description="SAM's one mask for clear prompts such as boxes (released), or of its three for doubtful ones "
        "that of the best quality by its own guess",
    )
    mask_threshold: float = Field(
        0.0, ge=-32, le=32, description="what SAM's logits exceed inside a mask; the published model's is 0"
    )
    arithmetic: Arithmetic = Field(
        "fast",
        description="exact: what the library's own forward passes give, to the last bit; fast: equal but for "
        "rounding, which may decide a pixel or two on the edge of a mask, in half of its time or less",
    )
    boxes_at_once: int = Field(
        4,
        ge=1,
        le=1024,
        description="boxes decoded together: 20 MB each on a CPU, where more are no faster; try 64 on a GPU",
    )

    def check(self) -> None:
        """Refuse packages and devices that are not there; see `recipes.Checked`."""
        installed("torch", "torchvision", "segment_anything", "timm")
        Placement(self.device, self.precision).check()

    def build(self, prompt: ProductPrompt) -> SamRefiner:  # noqa: ARG002 - the seam's signature
        """The refiner, the same for every product; the checkpoint is loaded now.

        Raises:
            ModelError: no such checkpoint or device, a file that is not SAM's, or packages that are not installed.
        """
        self.check()
        from saa.foundation import sam_masks, sam_model

        placement = Placement(self.device, self.precision)
        model = sam_model.load(self.checkpoint, placement)
        return SamRefiner(
            sam_masks.Encoder(model, placement, self.colours, self.arithmetic),
            sam_masks.Decoder(model, placement, self.answer, self.arithmetic),
            self.mask_threshold,
            self.boxes_at_once,
        )


@dataclass(frozen=True)
class SamRefiner:
    """One mask for each box; it may be empty, and it may reach beyond the box.

    Attributes:
        encoder: makes features of an image.
        decoder: makes masks of boxes on them.
        mask_threshold: what logits inside a mask exceed.
        boxes_at_once: how many boxes are decoded together.
    """

    encoder: Encoder
    decoder: Decoder
    mask_threshold: float
    boxes_at_once: int
    one_by_one: ClassVar[bool] = True

    def refine(self, frame: Frame, proposals: Proposals) -> Regions:
        """One mask for each box; see `stages.Refiner`. Without boxes the image is not encoded."""
        found = np.zeros((len(proposals), *frame.size), np.bool_)
        for first in range(0, len(proposals), self.boxes_at_once):
            some = slice(first, first + self.boxes_at_once)
            encoding = frame.encoded(self.encoder)
            logits = self.decoder.logits(encoding, proposals.boxes[some])
            self.decoder.masks_into(found[some], logits, encoding, self.mask_threshold)
        return Regions(found, proposals.scores, proposals.phrases)
