"""The layers of GroundingDINO, by groundingdino-py, with the slow ones worked through in slices.

What the slices give is the same to the last bit: only what no slice needs of another is cut up. At full size the
library moves hundreds of megabytes at a time, more than caches hold; that is where its time on a CPU goes.

Source: GroundingDINO, arXiv 2303.05499; Deformable DETR, arXiv 2010.04159, Eq. 3.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 256
"""Channels of all features; the library's codes of positions have this width."""
MAX_PIECES = 256
"""Word pieces of a caption that are read; the rest is cut off."""
HEADS = 8
"""Parts that attention is split into; half as many where text is involved."""
NUM_LEVELS = 4
_POINTS = 4
_TEMPERATURE = 20
_SLICE = 512
"""Queries at a time: a few megabytes."""


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings of the library's old ways: as it is imported, and once as its first layers are made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def library() -> SimpleNamespace:
    """What we use of groundingdino-py."""
    from groundingdino.models.GroundingDINO import bertwarper, transformer, utils
    from groundingdino.models.GroundingDINO.backbone import backbone, position_encoding, swin_transformer
    from groundingdino.util import misc

    return SimpleNamespace(
        ContrastiveEmbed=utils.ContrastiveEmbed,
        Joiner=backbone.Joiner,
        MLP=utils.MLP,
        NestedTensor=misc.NestedTensor,
        PositionEmbeddingSineHW=position_encoding.PositionEmbeddingSineHW,
        SwinTransformer=swin_transformer.SwinTransformer,
        Transformer=transformer.Transformer,
        inverse_sigmoid=misc.inverse_sigmoid,
        phrase_masks=bertwarper.generate_masks_with_special_tokens,
    )


def backbone(
    parts: SimpleNamespace, *, channels: int, depths: Sequence[int], heads: Sequence[int], window: int
) -> nn.Module:
    """A Swin Transformer (arXiv 2103.14030) that gives its last three stages, and where their cells lie."""
    swin = parts.SwinTransformer(
        embed_dim=channels,
        depths=list(depths),
        num_heads=list(heads),
        window_size=window,
        drop_path_rate=0.0,
        out_indices=(1, 2, 3),
    )
    places = parts.PositionEmbeddingSineHW(
        WIDTH // 2, temperatureH=_TEMPERATURE, temperatureW=_TEMPERATURE, normalize=True
    )
    joined: nn.Module = parts.Joiner(swin, places)
    return joined


def transformer(
    parts: SimpleNamespace, *, queries: int, encoder_layers: int, decoder_layers: int, feedforward: int
) -> Any:  # noqa: ANN401 - the library has no types
    """Encoder and decoder, which let an image and a caption look at each other."""
    whole = parts.Transformer(
        d_model=WIDTH,
        nhead=HEADS,
        num_queries=queries,
        num_encoder_layers=encoder_layers,
        num_decoder_layers=decoder_layers,
        dim_feedforward=feedforward,
        return_intermediate_dec=True,
        num_feature_levels=NUM_LEVELS,
        enc_n_points=_POINTS,
        dec_n_points=_POINTS,
        learnable_tgt_init=True,
        two_stage_type="standard",
        embed_init_tgt=True,
        use_text_enhancer=True,
        use_fusion_layer=True,
        use_text_cross_attention=True,
        text_dropout=0.0,
        fusion_dropout=0.0,
    )
    for layer in whole.encoder.layers:
        layer.self_attn.forward = partial(_look_around, layer.self_attn)
        layer.forward_ffn = partial(_feed_forward, layer, layer.norm2)
    for layer in whole.decoder.layers:
        layer.cross_attn.forward = partial(_look_around, layer.cross_attn)
        # The library's own switches autocast off on GPUs, by a call that torch has deprecated.
        layer.forward_ffn = partial(_feed_forward, layer, layer.norm3)
    return whole


def _feed_forward(layer: Any, norm: nn.Module, found: Tensor) -> Tensor:  # noqa: ANN401
    normed: Tensor = norm(found + layer.linear2(functional.relu_(layer.linear1(found))))
    return normed


def _look_around(
    layer: Any,  # noqa: ANN401
    query: Tensor,
    value: Tensor,
    reference_points: Tensor,
    spatial_shapes: Tensor,
    key_padding_mask: Tensor,
    **_: object,
) -> Tensor:
    """Deformable attention: each query looks at a few points around its own, on all levels.

    Args:
        layer: the library's layer, for its weights.
        query: (B, Q, 256).
        value: (B, S, 256), all cells of all levels.
        reference_points: (B, Q, L, 2) x, y, or (B, Q, L, 4) x, y, width, height; shares of a level.
        spatial_shapes: (L, 2) int64, height and width of each level.
        key_padding_mask: (B, S) bool, True for cells beyond the image.

    Returns:
        (B, Q, 256).
    """
    batch, num_queries = query.shape[:2]
    sides = [(int(height), int(width)) for height, width in spatial_shapes.tolist()]
    planes = _planes(layer.value_proj(value), key_padding_mask, sides)
    offsets = layer.sampling_offsets(query).view(batch, num_queries, HEADS, len(sides), _POINTS, 2)
    shares = layer.attention_weights(query).view(batch, num_queries, HEADS, -1).softmax(-1)
    scale = spatial_shapes.flip(-1)[:, None]
    found = planes[0].new_empty(batch * HEADS, WIDTH // HEADS, num_queries)
    for first in range(0, num_queries, _SLICE):
        some = slice(first, first + _SLICE)
        centres = reference_points[:, some, None, :, None]
        if centres.shape[-1] == 2:
            points = centres + offsets[:, some] / scale
        else:
            points = centres[..., :2] + offsets[:, some] / _POINTS * centres[..., 2:] * 0.5
        found[..., some] = _gathered(planes, 2 * points - 1, shares[:, some])
    mixed: Tensor = layer.output_proj(found.view(batch, WIDTH, num_queries).transpose(1, 2))
    return mixed


def _planes(value: Tensor, padding: Tensor, sides: Sequence[tuple[int, int]]) -> list[Tensor]:
    """Each level as (B * heads, 32, h, w) float32."""
    batch, _, width = value.shape
    kept = value.float().masked_fill(padding[..., None], 0)
    levels = torch.split(kept, [height * width for height, width in sides], dim=1)
    return [
        level.transpose(1, 2).reshape(batch * HEADS, width // HEADS, *side)
        for level, side in zip(levels, sides, strict=True)
    ]


def _gathered(planes: Sequence[Tensor], points: Tensor, shares: Tensor) -> Tensor:
    """(B * heads, 32, q) weighted sums of the planes at points (B, q, heads, L, P, 2) in [-1, 1]."""
    batch, num_queries = points.shape[:2]
    rows = (batch * HEADS, 1, num_queries, len(planes) * _POINTS)
    looked_at = planes[0].new_empty(rows[0], planes[0].shape[1], *rows[2:])
    for i, plane in enumerate(planes):
        grid = points[:, :, :, i].transpose(1, 2).flatten(0, 1)
        looked_at[..., i * _POINTS : (i + 1) * _POINTS] = functional.grid_sample(
            plane, grid.float(), mode="bilinear", padding_mode="zeros", align_corners=False
        )
    return looked_at.mul_(shares.float().transpose(1, 2).reshape(rows)).sum(-1)
