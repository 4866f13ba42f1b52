"""Names of FC-CLIP's released weights, and what they are called here.

Source: the released code of FC-CLIP, arXiv 2308.02487; names of our parts that transformers makes are its.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from saa.foundation.mask2former import Sizes

if TYPE_CHECKING:
    from torch import Tensor

_HEAD = "sem_seg_head."
_ENCODER = r"pixel_decoder\.transformer\.encoder\.layers\.(\d+)\."
_SELF = r"predictor\.transformer_self_attention_layers\.(\d+)\."
_CROSS = r"predictor\.transformer_cross_attention_layers\.(\d+)\."
_FEEDFORWARD = r"predictor\.transformer_ffn_layers\.(\d+)\."
_RULES = (
    (r"pixel_decoder\.input_proj\.", "pixel_decoder.input_projections."),
    (r"pixel_decoder\.transformer\.level_embed$", "pixel_decoder.level_embed"),
    (rf"{_ENCODER}self_attn\.", r"pixel_decoder.encoder.layers.\1.self_attn."),
    (rf"{_ENCODER}norm1\.", r"pixel_decoder.encoder.layers.\1.self_attn_layer_norm."),
    (rf"{_ENCODER}norm2\.", r"pixel_decoder.encoder.layers.\1.final_layer_norm."),
    (rf"{_ENCODER}linear([12])\.", r"pixel_decoder.encoder.layers.\1.fc\2."),
    (r"pixel_decoder\.mask_features\.", "pixel_decoder.mask_projection."),
    (r"pixel_decoder\.(adapter|layer)_1\.weight$", r"pixel_decoder.\1_1.0.weight"),
    (r"pixel_decoder\.(adapter|layer)_1\.norm\.", r"pixel_decoder.\1_1.1."),
    (r"predictor\.query_feat\.", "transformer.queries_features."),
    (r"predictor\.query_embed\.", "transformer.queries_embedder."),
    (r"predictor\.level_embed\.", "transformer.level_embed."),
    (r"predictor\.decoder_norm\.", "transformer.decoder.layernorm."),
    (
        r"predictor\.mask_embed\.layers\.(\d+)\.",
        r"transformer.decoder.mask_predictor.mask_embedder.\1.0.",
    ),
    (rf"{_SELF}self_attn\.", r"transformer.decoder.layers.\1.self_attn."),
    (rf"{_SELF}norm\.", r"transformer.decoder.layers.\1.self_attn_layer_norm."),
    (rf"{_CROSS}multihead_attn\.", r"transformer.decoder.layers.\1.cross_attn."),
    (rf"{_CROSS}norm\.", r"transformer.decoder.layers.\1.cross_attn_layer_norm."),
    (rf"{_FEEDFORWARD}linear([12])\.", r"transformer.decoder.layers.\1.fc\2."),
    (rf"{_FEEDFORWARD}norm\.", r"transformer.decoder.layers.\1.final_layer_norm."),
    (r"predictor\._mask_pooling_proj\.", "pooling."),
    (r"predictor\.class_embed\.layers\.(\d+)\.", r"class_embed.\1."),
    (r"predictor\.logit_scale$", "logit_scale"),
)
"""Patterns of published names below `sem_seg_head.`, each with what takes the place of what it matches."""
_RULES_READY = tuple((re.compile(pattern), ours) for pattern, ours in _RULES)
_FUSED = re.compile(r"(transformer\.decoder\.layers\.\d+\.self_attn)\.in_proj_(weight|bias)")


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a checkpoint under our names; those that no rule knows keep theirs, to be refused by it.

    The fused projections of self-attention are cut in three; those of cross-attention stay fused.

    Args:
        state: by published name, with or without the CLIP model.
    """
    return dict(pair for key, value in state.items() for pair in _split(_ours(key), value))


def sizes(state: Mapping[str, Tensor]) -> Sizes:
    """The sizes of the decoders that a checkpoint is of.

    Args:
        state: by our names, see `renamed`.

    Raises:
        LookupError: a tensor is missing without which the sizes are not known.
        ValueError: one has another number of axes.
    """
    coarse = [_shape(state, f"pixel_decoder.input_projections.{i}.0.weight", 4)[1] for i in (2, 1, 0)]
    fine = _shape(state, "pixel_decoder.adapter_1.0.weight", 4)[1]
    num_queries, width = _shape(state, "transformer.queries_features.weight", 2)
    return Sizes(
        channels=(fine, *coarse),
        width=width,
        mask_width=_shape(state, "pixel_decoder.mask_projection.weight", 4)[0],
        queries=num_queries,
        encoder_layers=count(state, "pixel_decoder.encoder.layers."),
        encoder_feedforward=_shape(state, "pixel_decoder.encoder.layers.0.fc1.weight", 2)[0],
        decoder_layers=count(state, "transformer.decoder.layers."),
        decoder_feedforward=_shape(state, "transformer.decoder.layers.0.fc1.weight", 2)[0],
    )


def count(state: Mapping[str, Tensor], prefix: str) -> int:
    """How many numbered parts there are below a name."""
    return len({key[len(prefix) :].split(".", 1)[0] for key in state if key.startswith(prefix)})


def _ours(key: str) -> str:
    if not key.startswith(_HEAD):
        return key
    inner = key.removeprefix(_HEAD)
    for pattern, ours in _RULES_READY:
        if pattern.match(inner):
            return pattern.sub(ours, inner, count=1)
    return key


def _split(key: str, value: Tensor) -> Iterator[tuple[str, Tensor]]:
    fused = _FUSED.fullmatch(key)
    if fused is None:
        yield key, value
        return
    for name, part in zip("qkv", value.chunk(3), strict=False):
        yield f"{fused[1]}.{name}_proj.{fused[2]}", part


def _shape(state: Mapping[str, Tensor], key: str, axes: int) -> tuple[int, ...]:
    shape = tuple(state[key].shape)
    if len(shape) != axes:
        raise ValueError(f"{key} has the shape {shape}")
    return shape
