"""Mask2Former as transformers publishes it: masks of an image, and which of the labels it was trained on each bears.

Source: Mask2Former, arXiv 2112.01527; the preprocessing is that of transformers' image processor, with the sides that
the released code tests street scenes with.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from saa.errors import ModelError
from saa.foundation import linear, mask2former_fast, pretrained
from saa.foundation.devices import Arithmetic, Placement
from saa.foundation.fcclip_maps import Sizes
from saa.foundation.mask2former import HEADS
from saa.foundation.pretrained import Folder, Look
from saa.types import Image

STEP_PX = 32
"""Both sides of what the network sees are multiples of it."""
_KEPT = 1
_TYPE = "mask2former"
_BACKBONE = "backbone_config"
_ELSEWHERE = ("backbone", "backbone_kwargs", "use_pretrained_backbone", "use_timm_backbone")
"""Where a backbone would be fetched from."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Q masks of an image.

    Attributes:
        mask_logits: (Q, h, w) float32 at stride 4, on the device; above 0 is inside.
        sizes: of the image, and as the network saw it.
        label_logits: (Q, K) float32, for each of K labels.
        void: (Q,) float32, for none of them.
    """

    mask_logits: Tensor
    sizes: Sizes
    label_logits: NDArray[np.float32]
    void: NDArray[np.float32]


@dataclass(frozen=True)
class Segmenter:
    """A way to look at images.

    Attributes:
        network: transformers' Mask2FormerForUniversalSegmentation, placed where `placement` says.
        look: how images are prepared.
        placement: where it runs.
        shortest_px, longest_px: the image's sides as the network sees them, before they are rounded up.
    """

    network: Any
    look: Look
    placement: Placement
    shortest_px: int
    longest_px: int

    def see(self, image: Image) -> Seen:
        """What the network finds in an (H, W, 3) uint8 RGB image."""
        whole = (image.shape[0], image.shape[1])
        size = fitted(whole, self.shortest_px, self.longest_px)
        pixels = self.look.pixels(image, size)
        with self.placement.running():
            found = self.network(pixel_values=pixels[None].to(self.placement.device))
            logits = np.asarray(found.class_queries_logits[0].float().cpu().numpy(), np.float32)
            masks: Tensor = found.masks_queries_logits[0].float()
        return Seen(masks, Sizes(whole, size, size), logits[:, :-1], logits[:, -1])


def fitted(size: tuple[int, int], shortest_px: int, longest_px: int) -> tuple[int, int]:
    """The size (h, w) in pixels that an image of `size` (h, w) is resized to.

    Its shorter side becomes `shortest_px`, or less if the longer one would become more than `longest_px`; then both
    are rounded up to multiples of 32, which stretches the image a little.

    Source: transformers' image processor for Mask2Former, whose rounding down of the longer side this is.
    """
    short, long = min(size), max(size)
    scaled = float(shortest_px)
    if long / short * shortest_px > longest_px:
        scaled = longest_px * short / long
    shorter = round(scaled)
    longer = long if shorter == short else int(scaled * long / short)
    height, width = (shorter, longer) if size[0] <= size[1] else (longer, shorter)
    return _rounded_up(height), _rounded_up(width)


def _rounded_up(side: int) -> int:
    return max(1, -(-side // STEP_PX)) * STEP_PX


def load(
    checkpoint: str,
    placement: Placement,
    shortest_px: int,
    longest_px: int,
    *,
    arithmetic: Arithmetic = "fast",
) -> Segmenter:
    """A checkpoint's network, where it is to run; the same one as long as the folder stays as it is.

    Raises:
        ModelError: no such checkpoint or device, or the folder is not one of Mask2Former on Swin.
    """
    placement.check()
    found = pretrained.folder(checkpoint)
    return Segmenter(_loaded(found, placement, arithmetic), found.look(), placement, shortest_px, longest_px)


@lru_cache(maxsize=_KEPT)
def _loaded(folder: Folder, placement: Placement, arithmetic: Arithmetic) -> Any:  # noqa: ANN401 - the library's types are not read
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation

    values = {key: value for key, value in folder.values(_TYPE).items() if key not in _ELSEWHERE}
    backbone = values.get(_BACKBONE)
    kind = backbone.get("model_type") if isinstance(backbone, dict) else None
    if kind != "swin":
        raise ModelError(
            f"{folder.checkpoint}: expected Mask2Former on a Swin backbone in {pretrained.SIZES}, got {kind}; "
            "use one of the checkpoints that were published for transformers"
        )
    config = pretrained.configured(Mask2FormerConfig, values, folder.checkpoint, "Mask2Former")
    network = pretrained.model(Mask2FormerForUniversalSegmentation, config, folder.checkpoint)
    if arithmetic == "fast":
        linear.quickened(network.model.pixel_level_module.encoder)
        if config.num_attention_heads == HEADS and not config.pre_norm:  # as in all that were published
            mask2former_fast.quickened(
                network.model.pixel_level_module.decoder, network.model.transformer_module
            )
    return placement.place(network)
