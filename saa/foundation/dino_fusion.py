"""How an image and a caption take notice of each other in GroundingDINO's encoder, in both directions at once.

An image has ten thousand cells and more, a caption ten word pieces. The library lifts every cell to four times 256
channels, thrice, before cells meet pieces. The products can be taken in another order: what becomes of the pieces
is worked out first, and cells meet that in the 256 channels they have. What comes out is equal but for rounding.

Source: GroundingDINO, arXiv 2303.05499, Sec. 3.2; the attention is GLIP's, arXiv 2112.03857.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_LIMIT = 50_000.0
"""Where the library cuts off what goes into a softmax."""


def fused(layer: Any, v: Tensor, l: Tensor, attention_mask_v: Tensor, attention_mask_l: Tensor) -> Any:  # noqa: ANN401, E741
    """What the library's layer gives, by its weights and under its names.

    Args:
        layer: the library's layer.
        v: (B, S, 256), cells of an image.
        l: (B, T, 256), word pieces.
        attention_mask_v: (B, S) bool, True beyond the image.
        attention_mask_l: (B, T) bool, True past a caption's end.

    Returns:
        Both anew: (B, S, 256) and (B, T, 256).
    """
    cells, pieces = layer.layer_norm_v(v), layer.layer_norm_l(l)
    attention = layer.attn
    fits = _fits(attention, cells, pieces)
    to_cells = (
        _cut(fits.permute(0, 2, 3, 1)).masked_fill(attention_mask_v[:, None, None], -torch.inf).softmax(-1)
    )
    to_pieces = fits.masked_fill(attention_mask_l[:, None, None], -torch.inf).softmax(-1)
    told_cells = _told_cells(attention, to_pieces, pieces)
    told_pieces = _told_pieces(attention, to_cells, cells)
    return cells + layer.gamma_v * told_cells, pieces + layer.gamma_l * told_pieces


def _fits(attention: Any, cells: Tensor, pieces: Tensor) -> Tensor:  # noqa: ANN401
    """(B, S, heads, T) how well cells and pieces fit, at most 0."""
    batch, num_cells, width = cells.shape
    heads, channels = attention.num_heads, attention.head_dim
    keys = _by_head(attention.l_proj(pieces) * attention.scale, heads)
    asked = keys @ attention.v_proj.weight.view(heads, channels, width)
    offset = keys @ attention.v_proj.bias.view(heads, channels, 1)
    products = torch.baddbmm(
        offset.reshape(batch, 1, -1), cells, asked.reshape(batch, -1, width).transpose(1, 2)
    )
    fits = products.view(batch, num_cells, heads, -1)
    return (fits - fits.max()).clamp_(-_LIMIT, _LIMIT)


def _cut(fits: Tensor) -> Tensor:
    """Raised, row by row, so that the best fit is 0."""
    return (fits - fits.amax(-1, keepdim=True)).clamp_(-_LIMIT, _LIMIT)


def _told_cells(attention: Any, to_pieces: Tensor, pieces: Tensor) -> Tensor:  # noqa: ANN401
    """(B, S, 256) what cells hear from the (B, S, heads, T) pieces they listen to."""
    batch, num_cells, heads, _ = to_pieces.shape
    said = _by_head(attention.values_l_proj(pieces), heads)
    width = attention.out_v_proj.weight.shape[0]
    told = said @ attention.out_v_proj.weight.view(width, heads, -1).permute(1, 2, 0)
    return torch.baddbmm(
        attention.out_v_proj.bias, to_pieces.view(batch, num_cells, -1), told.reshape(batch, -1, width)
    )


def _told_pieces(attention: Any, to_cells: Tensor, cells: Tensor) -> Any:  # noqa: ANN401
    """(B, T, 256) what pieces hear from the (B, heads, T, S) cells they look at; shares of a row add up to 1."""
    batch, heads, num_pieces, num_cells = to_cells.shape
    seen = (to_cells.reshape(batch, -1, num_cells) @ cells).view(batch, heads, num_pieces, -1)
    weight = attention.values_v_proj.weight.view(heads, attention.head_dim, -1).transpose(1, 2)
    told = seen @ weight + attention.values_v_proj.bias.view(heads, 1, -1)
    return attention.out_l_proj(told.transpose(1, 2).reshape(batch, num_pieces, -1))


def _by_head(found: Tensor, heads: int) -> Tensor:
    """(B, heads, T, channels) of (B, T, heads * channels)."""
    return found.view(*found.shape[:2], heads, -1).transpose(1, 2)
