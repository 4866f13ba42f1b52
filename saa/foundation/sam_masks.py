"""Segment Anything (SAM): an image becomes features once, and boxes on it become masks, some at a time.

Preprocessing, masks and predicted quality are those of segment_anything's `SamPredictor`, to about 1e-6 of the
logits' range, or to the last bit; nothing is remembered between calls.

Source: Segment Anything, arXiv 2304.02643; MobileSAM, arXiv 2306.14289.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from PIL import Image as Pictures
from segment_anything.modeling import ImageEncoderViT, Sam
from torch import Tensor
from torch.nn import functional

from saa.foundation import sam_decoder, sam_encoder
from saa.foundation.devices import Arithmetic, Placement
from saa.foundation.sam_decoder import Answer
from saa.types import Boxes, Image, Masks

Colours: TypeAlias = Literal["rgb", "bgr"]
"""The order in which a model is handed colours."""
_MANY = 4
"""Processors round another way for a box or two than for many; this many, and multiples of it, are many."""
_ROOM = {"cpu": 1 << 21}
"""Numbers held at a time, by device. A CPU works best on pieces that stay in its cache; besides, large buffers are
given back to the system after use, and getting them again costs more than filling them."""
_ROOM_ELSEWHERE = 1 << 27


@dataclass(frozen=True, eq=False)
class Encoding:
    """What a model has made of an image of P = g × g places; tensors are float32 on the model's device.

    Attributes:
        image: (P, C) features of the places, row by row, with what stands for "no mask is given" added.
        places: (P, C) what tells the places apart.
        size: (h, w) of the image in its own pixels.
        inner_size: (h, w) of the image inside the model's square input, at the top left.
    """

    image: Tensor
    places: Tensor
    size: tuple[int, int]
    inner_size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Encoder:
    """Makes features of an image; itself the key under which a `Frame` keeps them.

    Attributes:
        model: SAM, where it is to run.
        placement: where that is.
        colours: the order in which the model is handed them.
        arithmetic: the library's own order of sums, or a quicker one.
    """

    model: Sam
    placement: Placement
    colours: Colours = "rgb"
    arithmetic: Arithmetic = "fast"

    def __call__(self, image: Image) -> Encoding:
        """Features of an (H, W, 3) RGB image: resized so that its longer side fits, normalised, padded.

        As in the library, except that the shorter side keeps a pixel where the library's would have none.
        """
        height, width = image.shape[:2]
        scale = self.model.image_encoder.img_size / max(height, width)
        inner = max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))
        ordered = image if self.colours == "rgb" else np.ascontiguousarray(image[..., ::-1])
        resized = Pictures.fromarray(ordered).resize(inner[::-1], Pictures.Resampling.BILINEAR)
        with self.placement.running():
            pixels = torch.from_numpy(np.array(resized)).to(self.placement.device).permute(2, 0, 1)
            features = self._features(self.model.preprocess(pixels.contiguous())[None]).float()
        prompts = self.model.prompt_encoder
        with torch.inference_mode():
            no_mask = prompts.no_mask_embed.weight
            places = _by_place(prompts.get_dense_pe())
            return Encoding(_by_place(features) + no_mask, places, (height, width), inner)

    def _features(self, pixels: Tensor) -> Tensor:
        encoder = self.model.image_encoder
        if self.arithmetic == "fast" and isinstance(encoder, ImageEncoderViT):
            return sam_encoder.features(encoder, pixels, room(self.placement))
        found: Tensor = encoder(pixels)
        return found


@dataclass(frozen=True, eq=False)
class Decoder:
    """Makes masks of boxes on an encoded image.

    Attributes:
        model: SAM, the one that encoded the image.
        placement: where it runs.
        answer: which of its masks is taken.
        arithmetic: the library's own order of sums, or a quicker one.
    """

    model: Sam
    placement: Placement
    answer: Answer = "single"
    arithmetic: Arithmetic = "fast"

    def logits(self, encoding: Encoding, boxes: Boxes) -> Tensor:
        """(N, 4 g, 4 g) float32 on the model's device, for the whole padded square; above 0 is inside.

        Corners are embedded in fp32 whatever the precision: bf16 would round them to several pixels.

        Args:
            encoding: of the image.
            boxes: (N, 4) xyxy in the image's pixels, N at least 1; they may reach beyond it or have no area.
        """
        scaled = self._scaled(boxes, encoding)
        if self.arithmetic == "exact":
            scaled = torch.cat([scaled, scaled[-1:].expand(-len(scaled) % _MANY, -1)])
        with torch.inference_mode():
            corners, _ = self.model.prompt_encoder(None, scaled, None)
        with self.placement.running():
            asked = self.model.mask_decoder, encoding.image, encoding.places, corners, self.answer
            if self.arithmetic == "exact":
                return sam_decoder.library_logits(*asked)[: len(boxes)].float()
            return sam_decoder.logits(*asked, room(self.placement)).float()

    def _scaled(self, boxes: Boxes, encoding: Encoding) -> Tensor:
        height, width = (inner / own for inner, own in zip(encoding.inner_size, encoding.size, strict=True))
        scaled = boxes * np.array([width, height, width, height], np.float32)
        return torch.from_numpy(scaled).to(self.placement.device)

    def masks_into(self, out: Masks, logits: Tensor, encoding: Encoding, threshold: float) -> None:
        """Write masks at the image's size: logits are enlarged as in the library, then compared.

        Args:
            out: (N, H, W) bool, written to.
            logits: (N, 4 g, 4 g), see `logits`.
            encoding: of the image.
            threshold: what logits inside a mask exceed.
        """
        height, width = encoding.size
        together = max(1, room(self.placement) // max(height * width, self.model.image_encoder.img_size**2))
        with torch.inference_mode():
            for first in range(0, len(out), together):
                some = slice(first, first + together)
                torch.from_numpy(out[some]).copy_(self._enlarged(logits[some], encoding) > threshold)

    def _enlarged(self, logits: Tensor, encoding: Encoding) -> Tensor:
        """(N, 4 g, 4 g) as (N, H, W); the library scales twice, the second time to the image's own size."""
        if encoding.inner_size != encoding.size:
            found: Tensor = self.model.postprocess_masks(logits[:, None], encoding.inner_size, encoding.size)
            return found[:, 0]
        side, (height, width) = self.model.image_encoder.img_size, encoding.size
        whole = functional.interpolate(logits[:, None], (side, side), mode="bilinear", align_corners=False)
        return whole[:, 0, :height, :width]


def room(placement: Placement) -> int:
    """How many numbers to hold at a time where a model runs."""
    return _ROOM.get(placement.device, _ROOM_ELSEWHERE)


def _by_place(planes: Tensor) -> Tensor:
    """(1, C, g, g) as (g × g, C)."""
    return planes[0].flatten(1).T.contiguous()
