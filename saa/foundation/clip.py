"""CLIP on ConvNeXt as open_clip trains it: an image tower that sees every place, and a text tower.

The towers bear the names of open_clip's checkpoints and take their sizes from them. They are two models, so that the
text tower is there only while texts are read.

Source: CLIP, arXiv 2103.00020; ConvNeXt, arXiv 2201.03545; used densely as in FC-CLIP, arXiv 2308.02487.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image as Pictures
from torch import Tensor, nn

from saa import weights
from saa.errors import ModelError
from saa.foundation import linear
from saa.foundation.devices import Arithmetic, Placement
from saa.types import Image

STEP_PX = 32
"""Side of a cell of the coarsest map; images are padded to multiples of it."""
_MEAN = (122.7709383, 116.7460125, 104.09373615)
_SPREAD = (68.5005327, 66.6321579, 70.32316305)
_HEAD_WIDTH = 64
"""Features of a head of the text tower; the one size that no tensor of a checkpoint tells."""
_VISUAL = "visual."
_ROWS = 8192
"""Places whose features pass a block at a time: 25 MB at stride 4 of ConvNeXt-L."""


@dataclass(frozen=True)
class ImageSizes:
    """How large an image tower is; the default is convnext_large_d_320.

    Attributes:
        depths, channels: blocks and features of the stages at strides 4, 8, 16 and 32.
        embedded: features that image and text share.
    """

    depths: tuple[int, ...] = (3, 3, 27, 3)
    channels: tuple[int, ...] = (192, 384, 768, 1536)
    embedded: int = 768

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> ImageSizes:
        """The sizes that a checkpoint has.

        Args:
            state: of an image tower, by our names.

        Raises:
            LookupError: a tensor is missing without which the sizes are not known.
        """
        blocks = [
            {key.split(".")[4] for key in state if key.startswith(f"trunk.stages.{stage}.blocks.")}
            for stage in range(4)
        ]
        channels = [state[f"trunk.stages.{i}.blocks.0.conv_dw.weight"].shape[0] for i in range(4)]
        return cls(tuple(map(len, blocks)), tuple(channels), state["head.mlp.fc2.weight"].shape[0])


@dataclass(frozen=True)
class TextSizes:
    """How large a text tower is; the default is that beside convnext_large_d_320."""

    width: int = 768
    layers: int = 16
    embedded: int = 768
    context: int = 77
    vocabulary: int = 49408

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> TextSizes:
        """The sizes that a checkpoint has.

        Raises:
            LookupError: a tensor is missing without which the sizes are not known.
        """
        vocabulary, width = state["token_embedding.weight"].shape
        layers = {key.split(".")[2] for key in state if key.startswith("transformer.resblocks.")}
        context, embedded = state["positional_embedding"].shape[0], state["text_projection"].shape[1]
        return cls(width, len(layers), embedded, context, vocabulary)


class ImageTower(nn.Module):
    """The image side, its weights not yet set.

    Attributes:
        logit_scale: natural logarithm of what cosines between image and text are multiplied by.
    """

    def __init__(self, sizes: ImageSizes) -> None:
        from timm.layers.mlp import Mlp
        from timm.models.convnext import ConvNeXt

        super().__init__()
        self.sizes = sizes
        width = sizes.channels[-1]
        self.trunk: Any = ConvNeXt(num_classes=0, depths=sizes.depths, dims=sizes.channels)
        mlp = Mlp(width, 2 * sizes.embedded, sizes.embedded, bias=(True, False))
        self.head = nn.Sequential(OrderedDict(mlp=mlp))
        self.logit_scale = nn.Parameter(torch.zeros(()))

    def features(self, pixels: Tensor) -> list[Tensor]:
        """Four (1, C, h, w) float32 maps at strides 4, 8, 16 and 32 of (1, 3, H, W) pixels, see `seen`."""
        maps: list[Tensor] = self.trunk.forward_intermediates(pixels, intermediates_only=True)
        # Channels lie last in memory; torch's group norms of such maps are wrong in the fourth digit.
        return [level.float().contiguous() for level in maps]

    def embedded(self, pooled: Tensor) -> Tensor:
        """(N, D) what N places mean, in the texts' terms; not of unit length.

        Args:
            pooled: (N, C) means of the last map over those places.
        """
        found: Tensor = self.head(self.trunk.head(pooled[:, :, None, None]))
        return found


def image_tower(checkpoint: str, placement: Placement, arithmetic: Arithmetic = "fast") -> ImageTower:
    """The image side of a checkpoint, where it is to run.

    Raises:
        ModelError: no such checkpoint or device, or the file is not one of CLIP on ConvNeXt.
    """
    state = {
        key.removeprefix(_VISUAL): value
        for key, value in weights.load(checkpoint).items()
        if key.startswith(_VISUAL) or key == "logit_scale"
    }
    try:
        sizes = ImageSizes.of(state)
    except LookupError as error:
        raise _foreign(checkpoint, error) from error
    with torch.device("meta"):
        empty = ImageTower(sizes)
    tower = empty.to_empty(device="cpu")
    weights.load_strict(tower, state, checkpoint)
    if arithmetic == "fast":
        quickened(tower)
    return placement.place(tower)


def quickened(tower: ImageTower) -> None:
    """Let a tower work as `saa.foundation.linear` says, a block's places some at a time: they fill half of the room."""
    from timm.layers.mlp import Mlp

    linear.quickened(tower)
    for layer in tower.trunk.modules():
        if isinstance(layer, Mlp):
            layer.forward = partial(linear.by_rows, layer.forward, at_once=_ROWS)  # type: ignore[method-assign]


def text_tower(checkpoint: str, placement: Placement, longest: int) -> nn.Module:
    """The text side of a checkpoint, where it is to run: from (N, T) tokens to (N, D), not of unit length.

    Args:
        checkpoint: a name of the registry.
        placement: where.
        longest: T, tokens of the longest text. What comes behind a text's end changes nothing, so the tower is cut.

    Raises:
        ModelError: no such checkpoint or device, or the file is not one of CLIP.
    """
    from open_clip.transformer import TextTransformer  # type: ignore[import-untyped]

    state = {
        key: value
        for key, value in weights.load(checkpoint).items()
        if not key.startswith(_VISUAL) and key not in ("logit_scale", "logit_bias")
    }
    try:
        sizes = TextSizes.of(state)
    except (LookupError, ValueError) as error:
        raise _foreign(checkpoint, error) from error
    state["positional_embedding"] = state["positional_embedding"][:longest]
    with torch.device("meta"):
        empty = TextTransformer(
            context_length=min(longest, sizes.context),
            vocab_size=sizes.vocabulary,
            width=sizes.width,
            heads=max(1, sizes.width // _HEAD_WIDTH),
            layers=sizes.layers,
            output_dim=sizes.embedded,
        )
    tower: Any = empty.to_empty(device="cpu")
    tower.attn_mask = tower.build_causal_mask()
    weights.load_strict(tower, state, checkpoint)
    placed: nn.Module = placement.place(linear.quickened(tower))
    return placed


def tokens(texts: Sequence[str]) -> Tensor:
    """(N, T) int64 tokens of N texts, as long as the longest; what is over 77 is cut off."""
    from open_clip.tokenizer import SimpleTokenizer  # type: ignore[import-untyped]

    found: Tensor = SimpleTokenizer()(list(texts))
    return found[:, : int((found != 0).sum(dim=1).max())]


def seen(image: Image, shortest_px: int, longest_px: int) -> tuple[Tensor, tuple[int, int]]:
    """An (H, W, 3) uint8 RGB image as the image tower wants it.

    Returns:
        (3, h, w) float32, standardised by channel, with zeros to the right and below up to multiples of 32; and the
        size (h, w) before those.

    Source: the preprocessing of FC-CLIP's released code.
    """
    height, width = fitted((image.shape[0], image.shape[1]), shortest_px, longest_px)
    picture = Pictures.fromarray(image).resize((width, height), Pictures.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float()
    mean, spread = (torch.tensor(values)[:, None, None] for values in (_MEAN, _SPREAD))
    padding = (0, -width % STEP_PX, 0, -height % STEP_PX)
    return nn.functional.pad((pixels - mean) / spread, padding), (height, width)


def fitted(size: tuple[int, int], shortest_px: int, longest_px: int) -> tuple[int, int]:
    """The size (h, w) in pixels that an image of `size` (h, w) is resized to.

    Its shorter side becomes `shortest_px`, or less if the longer one would become more than `longest_px`.

    Source: detectron2, whose rounding the published figures rest on.
    """
    scale = min(shortest_px / min(size), longest_px / max(size))
    height, width = (max(1, int(side * scale + 0.5)) for side in size)
    return height, width


def _foreign(checkpoint: str, error: Exception) -> ModelError:
    return ModelError(
        f"{checkpoint}: expected the weights of CLIP on ConvNeXt, got others ({error}); "
        "give the backend the checkpoint that belongs to it"
    )
