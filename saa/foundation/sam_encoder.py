"""SAM's image encoder, layer by layer as in segment_anything, with attention in pieces that stay in the cache.

The library holds the scores of all heads and places at once: 0.8 GB three times over for ViT-B. Here a piece of
rows is scored, weighed and forgotten before the next; every row sees all its scores, so the arithmetic is the same.

Source: Segment Anything, arXiv 2304.02643; ViTDet, arXiv 2203.16527.
"""

from __future__ import annotations

from typing import Any

import torch
from segment_anything.modeling.image_encoder import get_rel_pos, window_partition, window_unpartition
from torch import Tensor

from saa.foundation import linear


def features(encoder: Any, pixels: Tensor, room: int) -> Tensor:  # noqa: ANN401 - the library is untyped
    """What an `ImageEncoderViT` makes of images.

    Args:
        encoder: the library's module.
        pixels: (B, 3, S, S) float32, normalised and padded; S is the encoder's image size.
        room: scores of attention that are held at a time; one row of places is held at least.

    Returns:
        (B, C, S / 16, S / 16); C is 256 for the published models.
    """
    x = encoder.patch_embed(pixels)
    if encoder.pos_embed is not None:
        x = x + encoder.pos_embed
    for block in encoder.blocks:
        x = x + _looked_around(block, block.norm1(x), room)
        x = x + _thought_over(block.mlp, block.norm2(x), room)
    found: Tensor = encoder.neck(x.permute(0, 3, 1, 2))
    return found


def _looked_around(block: Any, x: Tensor, room: int) -> Tensor:  # noqa: ANN401
    """Attention inside windows, or over the whole image where a block has none; (B, h, w, D) as given."""
    if not block.window_size:
        return _attended(block.attn, x, room)
    windows, padded = window_partition(x, block.window_size)
    seen = _attended(block.attn, windows, room)
    whole: Tensor = window_unpartition(seen, block.window_size, padded, (x.shape[1], x.shape[2]))
    return whole


def _attended(layer: Any, x: Tensor, room: int) -> Tensor:  # noqa: ANN401
    """Attention inside each of (B, h, w, D), as many at a time as there is room for."""
    places = x.shape[1] * x.shape[2]
    together = max(1, room // (layer.num_heads * places**2))
    return torch.cat([_piecewise(layer, part, room) for part in torch.split(x, together)])


def _piecewise(layer: Any, x: Tensor, room: int) -> Tensor:  # noqa: ANN401
    """The same for few windows: some heads, or some rows of one head, at a time."""
    count, h, w, _ = x.shape
    total = count * layer.num_heads
    qkv = linear.applied(layer.qkv, x).reshape(count, h * w, 3, layer.num_heads, -1).permute(2, 0, 3, 1, 4)
    q, k, v = qkv.reshape(3, total, h * w, -1)
    places = q.view(total, h, w, -1)
    down = torch.einsum("nhwd,hkd->nhwk", places, get_rel_pos(h, h, layer.rel_pos_h))
    across = torch.einsum("nhwd,wkd->nhwk", places, get_rel_pos(w, w, layer.rel_pos_w))
    heads = max(1, room // (h * w) ** 2)
    rows = max(1, min(h, room // (heads * w * h * w)))
    seen = torch.empty_like(q)
    for first in range(0, total, heads):
        group = slice(first, first + heads)
        turned = v[group].transpose(1, 2).contiguous()
        for top in range(0, h, rows):
            band, part = slice(top, top + rows), slice(top * w, (top + rows) * w)
            offsets = down[group, band, :, :, None] + across[group, band, :, None, :]
            scores = linear.each(q[group, part] * layer.scale, k[group]).add_(
                offsets.flatten(3).flatten(1, 2)
            )
            seen[group, part] = linear.each(scores.softmax(-1), turned)
    return linear.applied(
        layer.proj, seen.view(count, -1, h, w, q.shape[-1]).permute(0, 2, 3, 1, 4).flatten(3)
    )


def _thought_over(mlp: Any, x: Tensor, room: int) -> Tensor:  # noqa: ANN401
    """Both layers behind attention, place by place."""

    def some(rows: Tensor) -> Tensor:
        return linear.applied(mlp.lin2, mlp.act(linear.applied(mlp.lin1, rows)))

    return linear.by_rows(some, x, max(1, room // mlp.lin1.out_features))
