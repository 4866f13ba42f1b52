"""MobileSAM's image encoder (ViT-T): timm's TinyViT with SAM's neck behind it, and its checkpoint in timm's names.

MobileSAM changes two things of TinyViT: the last of four stages does not halve the grid (so 1024 pixels become
64 × 64 places, as with SAM's own encoders), and the classifier is left unused in favour of the neck.

The real file, `mobile_sam.pt`, has not been loaded here. The mapping is proved on a state with the names and shapes
that the published code gives its model, tensor for tensor, and its output equals that code's.

Source: MobileSAM, arXiv 2306.14289; TinyViT, arXiv 2207.10666.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, cast

from segment_anything.modeling.common import LayerNorm2d
from timm.models.tiny_vit import TinyVit
from torch import Tensor, nn

PREFIX = "image_encoder."
"""What stands before the encoder's names in a checkpoint of SAM."""
IMAGE_SIZE = 1024
"""Pixels a side; a checkpoint of TinyViT does not tell, since none of its shapes depends on it."""
_MARK = f"{PREFIX}patch_embed.seq.0.c.weight"
_RENAMED = (
    (re.compile(r"\.patch_embed\.seq\.0\."), lambda _: ".patch_embed.conv1."),
    (re.compile(r"\.patch_embed\.seq\.2\."), lambda _: ".patch_embed.conv2."),
    # The published code halves the grid at the end of a stage, timm at the start of the next.
    (re.compile(r"\.layers\.(\d+)\.downsample\."), lambda found: f".stages.{int(found[1]) + 1}.downsample."),
    (re.compile(r"\.layers\.(\d+)\."), lambda found: f".stages.{found[1]}."),
    (re.compile(r"\.c\.weight$"), lambda _: ".conv.weight"),
)
_DERIVED = ".attention_bias_idxs"
"""Places of a window counted from each other: older files hold them, every model makes them itself."""


def recognises(state: Mapping[str, Tensor]) -> bool:
    """Whether a checkpoint of SAM has this encoder, in the published names."""
    return _MARK in state


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors under timm's names; what is not the encoder's keeps its name."""
    return {_timm_name(name): tensor for name, tensor in state.items() if not name.endswith(_DERIVED)}


def _timm_name(name: str) -> str:
    if name.startswith(PREFIX):
        for pattern, write in _RENAMED:
            name = pattern.sub(write, name)
    return name


def blank(state: Mapping[str, Tensor]) -> nn.Sequential:
    """An encoder of the sizes that a checkpoint in the published names has, not yet with its weights.

    Args:
        state: tensors by name; depths, widths, heads and windows are read from their names and shapes.

    Raises:
        LookupError: a tensor is missing without which the sizes are not known.
    """
    widths = [state[_MARK.replace("seq.0", "seq.2")].shape[0]]
    stages = count(state, f"{PREFIX}layers.")
    widths += [state[f"{PREFIX}layers.{i}.downsample.conv3.c.weight"].shape[0] for i in range(stages - 1)]
    # Per stage: (heads, places of a window); the first stage has convolutions instead of attention.
    looks = [
        state[f"{PREFIX}layers.{i}.blocks.0.attn.attention_biases"].shape if i else (1, 1)
        for i in range(stages)
    ]
    trunk: Any = TinyVit(
        num_classes=0,
        embed_dims=tuple(widths),
        depths=tuple(count(state, f"{PREFIX}layers.{i}.blocks.") for i in range(stages)),
        num_heads=tuple(heads for heads, _ in looks),
        window_sizes=tuple(round(places**0.5) for _, places in looks),
        mbconv_expand_ratio=_ratio(state[f"{PREFIX}layers.0.blocks.0.conv1.c.weight"]),
        mlp_ratio=_ratio(state[f"{PREFIX}layers.1.blocks.0.mlp.fc1.weight"]),
        drop_path_rate=0,
    )
    trunk.stages[-1].downsample.conv2.conv.stride = (1, 1)
    out = state[f"{PREFIX}neck.0.weight"].shape[0]
    neck = nn.Sequential(
        nn.Conv2d(widths[-1], out, 1, bias=False),
        LayerNorm2d(out),
        nn.Conv2d(out, out, 3, padding=1, bias=False),
        LayerNorm2d(out),
    )
    encoder: Any = nn.Sequential(OrderedDict(patch_embed=trunk.patch_embed, stages=trunk.stages, neck=neck))
    encoder.img_size = IMAGE_SIZE  # where segment_anything looks for it
    return cast(nn.Sequential, encoder)


def count(state: Mapping[str, Tensor], prefix: str) -> int:
    """How many numbered parts follow a prefix."""
    return len({name[len(prefix) :].partition(".")[0] for name in state if name.startswith(prefix)})


def _ratio(weight: Tensor) -> float:
    return weight.shape[0] / weight.shape[1]
