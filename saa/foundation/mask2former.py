"""Mask2Former's two decoders as transformers has them; the one place that imports them.

They are no part of what that library promises to keep: what is relied on here is held by a test of its own.

Source: Mask2Former, arXiv 2112.01527; FC-CLIP, arXiv 2308.02487, uses both unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

HEADS = 8
"""Of every attention; no tensor of a checkpoint tells."""


@dataclass(frozen=True)
class Sizes:
    """How large the decoders are; the defaults are those of FC-CLIP on ConvNeXt-L.

    Attributes:
        channels: of the backbone's maps at strides 4, 8, 16 and 32.
        width, mask_width: features of a query, and of a place at stride 4.
        queries: how many masks there are.
        encoder_layers, encoder_feedforward: of the pixel decoder.
        decoder_layers, decoder_feedforward: of the transformer decoder.
    """

    channels: tuple[int, ...] = (192, 384, 768, 1536)
    width: int = 256
    mask_width: int = 256
    queries: int = 250
    encoder_layers: int = 6
    encoder_feedforward: int = 1024
    decoder_layers: int = 9
    decoder_feedforward: int = 2048


def pixel_decoder(sizes: Sizes) -> nn.Module:
    """From four maps of a backbone to features of places; its weights are random."""
    from transformers.models.mask2former.modeling_mask2former import Mask2FormerPixelDecoder

    decoder: nn.Module = Mask2FormerPixelDecoder(_config(sizes), feature_channels=list(sizes.channels))
    return decoder


def transformer(sizes: Sizes) -> nn.Module:
    """From features of places to queries and their masks; its weights are random."""
    from transformers.models.mask2former.modeling_mask2former import Mask2FormerTransformerModule

    decoder: nn.Module = Mask2FormerTransformerModule(in_features=sizes.width, config=_config(sizes))
    return decoder


def places(decoder: nn.Module, features: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
    """What a pixel decoder makes of an image.

    Args:
        decoder: see `pixel_decoder`.
        features: four (1, C, h, w) maps of the backbone, from fine to coarse.

    Returns:
        (1, width, h, w) maps at strides 32, 16 and 8; and (1, mask_width, h, w) at stride 4.
    """
    found = decoder(list(features), output_hidden_states=False, return_dict=True)
    return list(found.multi_scale_features), found.mask_features


def queries(decoder: nn.Module, levels: list[Tensor], fine: Tensor) -> tuple[Tensor, Tensor]:
    """What a transformer decoder finds in an image.

    Args:
        decoder: see `transformer`.
        levels: coarse ones first, see `places`.
        fine: at stride 4, likewise.

    Returns:
        (Q, width) float32 queries after the last layer, normalised; (Q, h, w) logits of their masks at stride 4.
    """
    found = decoder(levels, fine)
    return found.intermediate_hidden_states[-1][:, 0], found.masks_queries_logits[-1][0]


def _config(sizes: Sizes) -> Any:  # noqa: ANN401 - the library's types are not read
    from transformers import Mask2FormerConfig

    return Mask2FormerConfig(
        feature_size=sizes.width,
        mask_feature_size=sizes.mask_width,
        hidden_dim=sizes.width,
        encoder_feedforward_dim=sizes.encoder_feedforward,
        encoder_layers=sizes.encoder_layers,
        decoder_layers=sizes.decoder_layers + 1,  # the library counts the queries before the first layer
        dim_feedforward=sizes.decoder_feedforward,
        num_attention_heads=HEADS,
        num_queries=sizes.queries,
        dropout=0.0,
    )
