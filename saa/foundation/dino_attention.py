"""Deformable attention: each query looks at a few points around its own, on all levels of an image's features.

At full size the library moves hundreds of megabytes at a time, more than caches hold. Here queries are worked
through in slices, which changes no bit.

Source: Deformable DETR, arXiv 2010.04159, Eq. 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

WIDTH = 256
"""Channels of all features; the library's codes of positions have this width."""
HEADS = 8
"""Parts that attention is split into; half as many where text is involved."""
POINTS = 4
"""Places that a query looks at, on each level with each head."""
_CHANNELS = WIDTH // HEADS
_FAR = 1 << 20
"""Beyond any image, and still a number of cells that can be counted."""


def look_around(
    layer: Any,  # noqa: ANN401 - the library has no types
    fast: bool,
    query: Tensor,
    value: Tensor,
    reference_points: Tensor,
    spatial_shapes: Tensor,
    key_padding_mask: Tensor,
    **_: object,
) -> Tensor:
    """What the library's layer gives, by its weights.

    Args:
        layer: the library's layer.
        fast: rounding may differ from the library's.
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
    known = layer.value_proj(value).float().masked_fill(key_padding_mask[..., None], 0)
    gather = _Rows(known, sides) if fast and known.device.type == "cpu" else _Planes(known, sides)
    offsets = layer.sampling_offsets(query).view(batch, num_queries, HEADS, len(sides), POINTS, 2)
    shares = layer.attention_weights(query).view(batch, num_queries, HEADS, -1).softmax(-1).float()
    scale = spatial_shapes.flip(-1)[:, None]
    found = known.new_empty(batch, num_queries, WIDTH)
    for first in range(0, num_queries, gather.at_once):
        some = slice(first, first + gather.at_once)
        centres = reference_points[:, some, None, :, None]
        if centres.shape[-1] == 2:
            points = centres + offsets[:, some] / scale
        else:
            points = centres[..., :2] + offsets[:, some] / POINTS * centres[..., 2:] * 0.5
        found[:, some] = gather(points.float(), shares[:, some])
    mixed: Tensor = layer.output_proj(found)
    return mixed


class _Planes:
    """Looks at levels as pictures, as the library does.

    Args:
        known: (B, S, 256) float32.
        sides: (h, w) of each level.
    """

    def __init__(self, known: Tensor, sides: Sequence[tuple[int, int]]) -> None:
        self.at_once = (
            512 if known.device.type == "cpu" else known.shape[1]
        )  # a few megabytes, or a GPU's fill
        self._batch = len(known)
        levels = torch.split(known, [height * width for height, width in sides], dim=1)
        self._planes = [
            level.transpose(1, 2).reshape(self._batch * HEADS, _CHANNELS, *side)
            for level, side in zip(levels, sides, strict=True)
        ]

    def __call__(self, points: Tensor, shares: Tensor) -> Tensor:
        """(B, q, 256) weighted sums.

        Args:
            points: (B, q, heads, L, P, 2) float32 x, y, as shares of a level.
            shares: (B, q, heads, L * P) float32.
        """
        num_queries = points.shape[1]
        rows = (self._batch * HEADS, 1, num_queries, len(self._planes) * POINTS)
        looked_at = points.new_empty(rows[0], _CHANNELS, *rows[2:])
        for i, plane in enumerate(self._planes):
            grid = (2 * points[:, :, :, i] - 1).transpose(1, 2).flatten(0, 1)
            looked_at[..., i * POINTS : (i + 1) * POINTS] = functional.grid_sample(
                plane, grid, mode="bilinear", padding_mode="zeros", align_corners=False
            )
        summed = looked_at.mul_(shares.transpose(1, 2).reshape(rows)).sum(-1)
        return summed.view(self._batch, WIDTH, num_queries).transpose(1, 2)


class _Rows:
    """Looks at cells as rows of a table, whose weighted sums a CPU makes without moving the rows first.

    Args:
        known: (B, S, 256) float32.
        sides: (h, w) of each level.
    """

    at_once = 2048

    def __init__(self, known: Tensor, sides: Sequence[tuple[int, int]]) -> None:
        batch, cells = known.shape[:2]
        self._table = known.reshape(batch * cells * HEADS, _CHANNELS)
        height, width = torch.tensor(sides, dtype=torch.int32)[..., None].unbind(1)
        self._height, self._width = height, width
        starts = list(accumulate((high * wide for high, wide in sides), initial=0))[:-1]
        first = torch.arange(batch)[:, None, None, None, None] * cells + torch.tensor(starts)[:, None]
        self._first = (first * HEADS + torch.arange(HEADS)[:, None, None]).int()

    def __call__(self, points: Tensor, shares: Tensor) -> Tensor:
        """(B, q, 256) weighted sums; see `_Planes`. Each point lies between four cells, or beside the image."""
        shape = points.shape[:-1]
        rows = torch.empty((*shape, 4), dtype=torch.int32)
        weights = torch.empty((*shape, 4))
        across = _neighbours(points[..., 0], self._width)
        shares = shares.reshape(shape)
        for i, (y, down) in enumerate(_neighbours(points[..., 1], self._height)):
            weight, line = down * shares, y * self._width
            for j, (x, right) in enumerate(across):
                torch.mul(weight, right, out=weights[..., 2 * i + j])
                rows[..., 2 * i + j] = (line + x) * HEADS + self._first
        num = shape[3] * POINTS * 4
        summed = functional.embedding_bag(
            rows.view(-1, num), self._table, per_sample_weights=weights.view(-1, num), mode="sum"
        )
        return summed.view(*shape[:2], WIDTH)


def _neighbours(place: Tensor, count: Tensor) -> tuple[tuple[Tensor, Tensor], ...]:
    """The two cells that each place lies between, along one side, and how near they are; 0 beside the image.

    Args:
        place: float32, as shares of the side.
        count: int32, cells along the side.
    """
    place = place * count - 0.5
    below = place.floor()
    rest = place - below
    first = below.clamp_(-2, _FAR).int()
    return tuple(
        (cell.clamp(min=0).minimum(count - 1), near * ((cell >= 0) & (cell < count)))
        for cell, near in ((first, 1 - rest), (first + 1, rest))
    )
