"""Mask2Former's decoders, equal but for rounding, in a third of the memory.

The library moves hundreds of megabytes at a time and keeps what every layer found. Here places look around in slices;
a layer's mask is worked out at the size at which it blocks attention, as enlarging and mixing features may change
places; attention's scores are not kept; and only the last layer's masks are made at stride 4.

Source: Mask2Former, arXiv 2112.01527; the library's layers and weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from saa.foundation import dino_attention, linear
from saa.foundation.mask2former import HEADS


def quickened(pixel_decoder: nn.Module, transformer: nn.Module) -> None:
    """Let decoders work as this module says: those of `mask2former`, or those of a whole model of the library."""
    linear.quickened(pixel_decoder)
    linear.quickened(transformer)
    pixels: Any = pixel_decoder
    for layer in pixels.encoder.layers:
        if layer.embed_dim == dino_attention.WIDTH:
            layer.self_attn.forward = partial(_looked_around, layer.self_attn)
    masks: Any = transformer
    masks.decoder.forward = partial(_decoded, masks.decoder)


def _looked_around(
    layer: Any,  # noqa: ANN401 - the library's types are not read
    hidden_states: Tensor,
    attention_mask: Tensor,
    position_embeddings: Tensor,
    reference_points: Tensor,
    **more: Any,  # noqa: ANN401 - likewise
) -> tuple[Tensor, None]:
    """What places at strides 8 to 32 see around them; the arguments are the library's."""
    # Sizes of the levels, which bore another name in transformers 4.46.
    sizes = more["spatial_shapes_list"] if "spatial_shapes_list" in more else more["spatial_shapes"]
    found = dino_attention.look_around(
        layer,
        fast=True,
        query=hidden_states + position_embeddings,
        value=hidden_states,
        reference_points=reference_points,
        spatial_shapes=torch.as_tensor(sizes, device=hidden_states.device),
        key_padding_mask=attention_mask,
    )
    return found, None


def _decoded(
    decoder: Any,  # noqa: ANN401 - the library's types are not read
    inputs_embeds: Tensor,
    multi_stage_positional_embeddings: Sequence[Tensor],
    pixel_embeddings: Tensor,
    encoder_hidden_states: Sequence[Tensor],
    query_position_embeddings: Tensor,
    feature_size_list: Sequence[tuple[int, int]],
    **_: object,
) -> SimpleNamespace:
    """Queries and masks after the last layer, under the library's names, from its arguments; one image."""
    embedder = decoder.mask_predictor.mask_embedder
    small = [
        functional.interpolate(pixel_embeddings, size, mode="bilinear", align_corners=False)[0].flatten(1)
        for size in feature_size_list
    ]
    found, places = inputs_embeds, query_position_embeddings
    for i, layer in enumerate(decoder.layers):
        level = i % len(small)
        inside = embedder(decoder.layernorm(found[:, 0])) @ small[level] >= 0
        cells = encoder_hidden_states[level]
        keys = cells + multi_stage_positional_embeddings[level]
        found = _layer(layer, found, places, keys, cells, inside | ~inside.any(dim=1, keepdim=True))
    queries = decoder.layernorm(found)
    fine = pixel_embeddings[0]
    masks = (embedder(queries[:, 0]) @ fine.flatten(1)).view(-1, *fine.shape[1:])
    return SimpleNamespace(
        last_hidden_state=found.transpose(0, 1),
        intermediate_hidden_states=(queries,),
        masks_queries_logits=(masks[None],),
        hidden_states=(),
        attentions=None,
    )


def _layer(
    layer: Any,  # noqa: ANN401 - the library's types are not read
    found: Tensor,
    places: Tensor,
    keys: Tensor,
    cells: Tensor,
    allowed: Tensor,
) -> Tensor:
    """(Q, 1, C): queries after looking at (S, 1, C) cells where (Q, S) `allowed`, and at each other."""
    across = _attended(layer.cross_attn, found + places, keys, cells, allowed)
    found = layer.cross_attn_layer_norm(found + across)
    among, _ = layer.self_attn(hidden_states=found, position_embeddings=places)
    found = layer.self_attn_layer_norm(found + among)
    forward: Tensor = layer.fc2(layer.activation_fn(layer.fc1(found)))
    normed: Tensor = layer.final_layer_norm(found + forward)
    return normed


def _attended(
    attention: nn.MultiheadAttention, queries: Tensor, keys: Tensor, cells: Tensor, allowed: Tensor
) -> Tensor:
    """(Q, 1, C): masked attention of (Q, 1, C) queries to (S, 1, C) cells, without keeping its (8, Q, S) scores."""
    weights, biases = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
    query, key, value = (
        linear.linear(x[:, 0], weight, bias).view(len(x), HEADS, -1).transpose(0, 1)[None]
        for x, weight, bias in zip((queries, keys, cells), weights, biases, strict=True)
    )
    mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
    together = mixed[0].transpose(0, 1).flatten(1)
    return linear.linear(together, attention.out_proj.weight, attention.out_proj.bias)[:, None]
