"""SAM's mask decoder for many boxes on one image, with the work that the boxes share done once or folded away.

The library projects all 4096 places of the image for every box and layer, though only seven tokens a box look at
them. Here the projections are folded into the tokens: (t Wq)(x Wk)ᵀ = (t Wq Wkᵀ) xᵀ. It is the same sum in another
order, equal to about 1e-6 of the logits' range, at half to a third of the time.

Source: Segment Anything, arXiv 2304.02643, appendix A; equal to segment_anything's `MaskDecoder`.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from saa.foundation import linear

Answer = Literal["single", "surest"]
"""Which of SAM's masks of a box is taken: the one for prompts without a doubt, or of three the surest."""
_SINGLE = 0
_THREE = slice(1, None)


def logits(
    decoder: Any,  # noqa: ANN401 - the library is untyped
    image: Tensor,
    places: Tensor,
    boxes: Tensor,
    answer: Answer,
    room: int,
) -> Tensor:
    """One mask for each box, as logits at a quarter of the encoder's pixels.

    Args:
        decoder: the library's `MaskDecoder`.
        image: (P, C) features of the image's P = g × g places, the embedding for "no mask given" added.
        places: (P, C) what tells places apart.
        boxes: (N, 2, C) embedded corners.
        answer: which mask is taken.
        room: numbers held at a time while masks are enlarged; one mask at least.

    Returns:
        (N, 4 g, 4 g); above 0 is inside.
    """
    if len(boxes) > 1 and image.device.type == "cpu":  # more at once are no quicker there
        return torch.cat([logits(decoder, image, places, box, answer, room) for box in torch.split(boxes, 1)])
    own = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])
    tokens = torch.cat([own.expand(len(boxes), -1, -1), boxes], 1)
    tokens, seen = _discussed(decoder.transformer, tokens, image, places)
    filters = _filters(decoder, tokens, answer)
    upscaling = decoder.output_upscaling
    together = max(1, room // (16 * len(image) * filters.shape[1]))
    parts = zip(torch.split(seen, together), torch.split(filters, together), strict=True)
    return torch.cat([_enlarged(upscaling, *part) for part in parts])


def library_logits(
    decoder: Any,  # noqa: ANN401 - the library is untyped
    image: Tensor,
    places: Tensor,
    boxes: Tensor,
    answer: Answer,
) -> Tensor:
    """The same by the library's own forward pass, to the last bit; see `logits`."""
    g = round(len(image) ** 0.5)
    planes = [each.T.reshape(1, -1, g, g) for each in (image, places)]
    nothing_more = image.new_zeros(())
    masks, quality = decoder(*planes, boxes, nothing_more, multimask_output=answer == "surest")
    chosen: Tensor = masks[torch.arange(len(masks), device=masks.device), quality.argmax(1)]
    return chosen


def _discussed(transformer: Any, first: Tensor, image: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
    """Tokens (N, T, C) look at the image and the image at them, layer by layer; tokens and (N, P, C) of the image."""
    tokens = first
    for layer in transformer.layers:
        if layer.skip_first_layer_pe:
            tokens = layer.self_attn(q=tokens, k=tokens, v=tokens)
        else:
            asking = tokens + first
            tokens = tokens + layer.self_attn(q=asking, k=asking, v=tokens)
        tokens = layer.norm1(tokens)
        placed = image + places
        tokens = layer.norm2(
            tokens + _tokens_look(layer.cross_attn_token_to_image, tokens + first, placed, image)
        )
        tokens = layer.norm3(tokens + layer.mlp(tokens))
        image = layer.norm4(
            image + _image_looks(layer.cross_attn_image_to_token, placed, tokens + first, tokens)
        )
    last = _tokens_look(transformer.final_attn_token_to_image, tokens + first, image + places, image)
    answered: Tensor = transformer.norm_final_attn(tokens + last)
    return answered, image


def _tokens_look(layer: Any, asking: Tensor, placed: Tensor, image: Tensor) -> Tensor:  # noqa: ANN401
    """Attention of tokens (N, T, C) to the image, (P, C) for all or (N, P, C); (N, T, C)."""
    heads = layer.num_heads
    queries = _by_head(layer.q_proj(asking), heads)
    count = queries.shape[-2]
    folded = (queries * queries.shape[-1] ** -0.5) @ layer.k_proj.weight.unflatten(0, (heads, -1))
    # The bias of k_proj adds the same to all places, so softmax takes no notice of it.
    attention = linear.each(placed, folded.flatten(1, 2)).transpose(1, 2).softmax(-1)
    seen = torch.unflatten(attention @ image, 1, (heads, count))
    values = seen @ layer.v_proj.weight.unflatten(0, (heads, -1)).transpose(1, 2)
    values = values + layer.v_proj.bias.view(heads, 1, -1)
    found: Tensor = layer.out_proj(values.transpose(1, 2).flatten(2))
    return found


def _image_looks(layer: Any, placed: Tensor, asked: Tensor, tokens: Tensor) -> Tensor:  # noqa: ANN401
    """Attention of the image, (P, C) for all or (N, P, C), to tokens (N, T, C); (N, P, C)."""
    heads = layer.num_heads
    keys = _by_head(layer.k_proj(asked), heads)
    keys = keys * keys.shape[-1] ** -0.5
    folded = (keys @ layer.q_proj.weight.unflatten(0, (heads, -1))).flatten(1, 2)
    offsets = (keys @ layer.q_proj.bias.view(heads, -1, 1)).flatten(1)
    scores = linear.each(placed, folded, offsets)
    # Over so few tokens, softmax is five times quicker with places side by side in memory.
    by_head = torch.unflatten(scores.transpose(1, 2).contiguous(), 1, (heads, -1))
    attention = by_head.softmax(2).flatten(1, 2)
    values = _by_head(layer.v_proj(tokens), heads)
    answers = values @ layer.out_proj.weight.unflatten(1, (heads, -1)).permute(1, 2, 0)
    bias = layer.out_proj.bias.expand(len(answers), -1)
    return linear.each(attention.transpose(1, 2).contiguous(), answers.flatten(1, 2).transpose(1, 2), bias)


def _by_head(x: Tensor, heads: int) -> Tensor:
    """(N, T, heads × c) as (N, heads, T, c)."""
    return x.view(*x.shape[:-1], heads, -1).transpose(1, 2)


def _filters(decoder: Any, tokens: Tensor, answer: Answer) -> Tensor:  # noqa: ANN401
    """(N, C / 8): what is looked for in each box's enlarged image, by the token of the mask that is taken."""
    masks = tokens[:, 1 : 1 + decoder.num_mask_tokens]
    if answer == "single":
        chosen: Tensor = decoder.output_hypernetworks_mlps[_SINGLE](masks[:, _SINGLE])
        return chosen
    makers = decoder.output_hypernetworks_mlps[_THREE]
    each = torch.stack(
        [make(token) for make, token in zip(makers, masks[:, _THREE].unbind(1), strict=True)], 1
    )
    surest = decoder.iou_prediction_head(tokens[:, 0])[:, _THREE].argmax(1)
    return each[torch.arange(len(each), device=each.device), surest]


def _enlarged(upscaling: Any, seen: Tensor, filters: Tensor) -> Tensor:  # noqa: ANN401
    """(N, P, C) of the image enlarged four times and filtered: (N, 4 g, 4 g)."""
    first, norm, bend, second, bend_again = upscaling
    x = bend(functional.layer_norm(_split(first, seen), norm.weight.shape, norm.weight, norm.bias, norm.eps))
    x = bend_again(_split(second, x)).flatten(1, -2) @ filters[:, :, None]
    g = round(seen.shape[1] ** 0.5)
    # Rows are those of the place, of its half and of that half's half; so are columns.
    found: Tensor = x.view(-1, g, g, 2, 2, 2, 2).permute(0, 1, 3, 5, 2, 4, 6).reshape(-1, 4 * g, 4 * g)
    return found


def _split(layer: Any, x: Tensor) -> Tensor:  # noqa: ANN401
    """A transposed convolution of size and stride 2 on places: (..., C) becomes (..., 4, c), row by row."""
    weight = layer.weight.permute(2, 3, 1, 0).flatten(0, 2)
    return torch.unflatten(linear.linear(x, weight, layer.bias.repeat(4)), -1, (4, -1))
