"""FC-CLIP's decoders written down on torch alone, in the layout and under the names of its own checkpoints.

It shares no code with `saa`, transformers or detectron2; only CLIP's blocks are open_clip's. Single images.
Sources: arXiv 2308.02487 (FC-CLIP), 2112.01527 (Mask2Former), 2010.04159 (deformable attention).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

HEADS, LEVELS, POINTS = 8, 3, 4


def codes(height, width, dim):
    """(height * width, dim): where each cell lies, as sines and cosines, rows first."""
    half = dim // 2
    rates = 10000 ** (2 * (torch.arange(half) // 2) / half)

    def waves(count):
        angles = (torch.arange(1, count + 1) / (count + 1e-6) * 2 * math.pi)[:, None] / rates
        return torch.where(torch.arange(half) % 2 == 0, angles.sin(), angles.cos())

    down = waves(height)[:, None].expand(height, width, half)
    across = waves(width)[None].expand(height, width, half)
    return torch.cat([down, across], dim=2).flatten(0, 1)


def shares(height, width):
    """(height * width, 2): where the middle of each cell lies, as shares (x, y) of the image."""
    down, across = (torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / width
    return torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=-1).flatten(0, 1)


def sampled(values, x, y):
    """(N, C): values (h, w, C) at N places in pixels, linear between the cells' middles, 0 outside."""
    height, width, _ = values.shape
    left, top = (x - 0.5).floor(), (y - 0.5).floor()
    found = 0
    for column in (left, left + 1):
        for row in (top, top + 1):
            share = (1 - (x - 0.5 - column).abs()) * (1 - (y - 0.5 - row).abs())
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            cells = values[row.clamp(0, height - 1).long(), column.clamp(0, width - 1).long()]
            found = found + cells * (share * inside)[:, None]
    return found


class DeformableAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.sampling_offsets = nn.Linear(dim, HEADS * LEVELS * POINTS * 2)
        self.attention_weights = nn.Linear(dim, HEADS * LEVELS * POINTS)
        self.value_proj = nn.Linear(dim, dim)
        self.output_proj = nn.Linear(dim, dim)

    def forward(self, queries, middles, cells, sizes):
        """queries (N, dim) at middles (N, 2) as shares (x, y) of the image, into cells (N, dim) of all levels."""
        count, dim = queries.shape
        offsets = self.sampling_offsets(queries).view(count, HEADS, LEVELS, POINTS, 2)
        shares = self.attention_weights(queries).view(count, HEADS, -1).softmax(-1)
        shares = shares.view(count, HEADS, LEVELS, POINTS)
        values = self.value_proj(cells).view(count, HEADS, dim // HEADS)
        levels = values.split([height * width for height, width in sizes])
        heads = []
        for head in range(HEADS):
            found = 0
            for level, (height, width) in enumerate(sizes):
                grid = levels[level][:, head].view(height, width, -1)
                for point in range(POINTS):
                    x = middles[:, 0] * width + offsets[:, head, level, point, 0]
                    y = middles[:, 1] * height + offsets[:, head, level, point, 1]
                    found = found + sampled(grid, x, y) * shares[:, head, level, point, None]
            heads.append(found)
        return self.output_proj(torch.cat(heads, dim=1))


class EncoderLayer(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.self_attn = DeformableAttention(dim)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.linear1, self.linear2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, cells, places, middles, sizes):
        cells = self.norm1(cells + self.self_attn(cells + places, middles, cells, sizes))
        return self.norm2(cells + self.linear2(self.linear1(cells).relu()))


class Encoder(nn.Module):
    def __init__(self, dim, layers, hidden):
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(dim, hidden) for _ in range(layers))


class PixelTransformer(nn.Module):
    def __init__(self, dim, layers, hidden):
        super().__init__()
        self.encoder = Encoder(dim, layers, hidden)
        self.level_embed = nn.Parameter(torch.randn(LEVELS, dim))


class NormedConv(nn.Conv2d):
    def __init__(self, *sizes, **more):
        super().__init__(*sizes, bias=False, **more)
        self.norm = nn.GroupNorm(32, self.out_channels)

    def forward(self, maps):
        return self.norm(super().forward(maps))


class PixelDecoder(nn.Module):
    def __init__(self, channels, dim, layers, hidden):
        super().__init__()
        self.input_proj = nn.ModuleList(
            nn.Sequential(nn.Conv2d(count, dim, 1), nn.GroupNorm(32, dim)) for count in channels[:0:-1]
        )
        self.transformer = PixelTransformer(dim, layers, hidden)
        self.adapter_1 = NormedConv(channels[0], dim, 1)
        self.layer_1 = NormedConv(dim, dim, 3, padding=1)
        self.mask_features = nn.Conv2d(dim, dim, 1)

    def forward(self, features):
        """From res2 to res5, (C, h, w) each, to mask features and three levels, coarse first."""
        levels = [project(x[None])[0] for project, x in zip(self.input_proj, features[:0:-1], strict=True)]
        sizes = [tuple(level.shape[1:]) for level in levels]
        cells = torch.cat([level.flatten(1).T for level in levels])
        dim = cells.shape[1]
        marks = self.transformer.level_embed
        places = torch.cat([codes(*size, dim) + mark for size, mark in zip(sizes, marks, strict=True)])
        middles = torch.cat([shares(*size) for size in sizes])
        for layer in self.transformer.encoder.layers:
            cells = layer(cells, places, middles, sizes)
        parts = cells.split([height * width for height, width in sizes])
        levels = [part.T.reshape(dim, *size) for part, size in zip(parts, sizes, strict=True)]
        fine = self.adapter_1(features[0][None])
        fine = fine + functional.interpolate(levels[2][None], fine.shape[2:], mode="bilinear")
        return self.mask_features(self.layer_1(fine).relu())[0], levels


class MLP(nn.Module):
    def __init__(self, *widths):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)


class Attention(nn.Module):
    """Attention, a rest and a norm; `name` is what the attention is called."""

    def __init__(self, dim, name):
        super().__init__()
        self.add_module(name, nn.MultiheadAttention(dim, HEADS))
        self.norm, self._name = nn.LayerNorm(dim), name

    def forward(self, x, places, keys, values, blocked=None):
        found, _ = getattr(self, self._name)(x + places, keys, values, attn_mask=blocked)
        return self.norm(x + found)


class FeedForward(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x):
        return self.norm(x + self.linear2(self.linear1(x).relu()))


def pooled(features, logits):
    """(Q, C) means of (C, h, w) where (Q, h, w) logits are above 0."""
    inside = (logits > 0).to(features.dtype)
    return torch.einsum("chw,qhw->qc", features, inside / (inside.sum((1, 2), keepdim=True) + 1e-8))


class Predictor(nn.Module):
    def __init__(self, dim, layers, hidden, queries, embedded):
        super().__init__()
        self.transformer_self_attention_layers = nn.ModuleList(
            Attention(dim, "self_attn") for _ in range(layers)
        )
        self.transformer_cross_attention_layers = nn.ModuleList(
            Attention(dim, "multihead_attn") for _ in range(layers)
        )
        self.transformer_ffn_layers = nn.ModuleList(FeedForward(dim, hidden) for _ in range(layers))
        self.decoder_norm = nn.LayerNorm(dim)
        self.query_feat, self.query_embed = nn.Embedding(queries, dim), nn.Embedding(queries, dim)
        self.level_embed = nn.Embedding(LEVELS, dim)
        self.mask_embed = MLP(dim, dim, dim, dim)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self._mask_pooling_proj = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim))
        self.class_embed = MLP(dim, dim, dim, embedded)

    def forward(self, levels, fine):
        """(Q, h, w) logits of masks; (Q, D) what they are."""
        cells = [
            level.flatten(1).T + mark for level, mark in zip(levels, self.level_embed.weight, strict=True)
        ]
        keys = [x + codes(*level.shape[1:], x.shape[1]) for x, level in zip(cells, levels, strict=True)]
        x, places = self.query_feat.weight, self.query_embed.weight
        for i, cross in enumerate(self.transformer_cross_attention_layers):
            size = levels[i % LEVELS].shape[1:]
            small = functional.interpolate(self.masks(x, fine)[None], size, mode="bilinear")[0]
            blocked = small.sigmoid().flatten(1) < 0.5
            blocked[blocked.all(dim=1)] = False
            x = cross(x, places, keys[i % LEVELS], cells[i % LEVELS], blocked)
            x = self.transformer_self_attention_layers[i](x, places, x + places, x)
            x = self.transformer_ffn_layers[i](x)
        masks = self.masks(x, fine)
        return masks, self.class_embed(self._mask_pooling_proj(pooled(fine, masks)) + self.decoder_norm(x))

    def masks(self, x, fine):
        return torch.einsum("qc,chw->qhw", self.mask_embed(self.decoder_norm(x)), fine)


class Head(nn.Module):
    def __init__(self, channels, dim, queries, embedded):
        super().__init__()
        self.pixel_decoder = PixelDecoder(channels, dim, 2, 48)
        self.predictor = Predictor(dim, 4, 40, queries, embedded)
