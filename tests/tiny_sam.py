"""Segment Anything with random weights: small enough for tests, and MobileSAM's checkpoint name by name."""

from __future__ import annotations

from functools import partial

import torch
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from torch import nn

from saa.weights import added

SIDE = 128
MOBILE = {
    "widths": (64, 128, 160, 320),
    "depths": (2, 2, 6, 2),
    "heads": (0, 4, 5, 10),
    "windows": (0, 7, 14, 7),
}
"""The published sizes of MobileSAM's encoder, by stage; the first has convolutions and no attention."""
SMALL_MOBILE = {
    "widths": (4, 8, 8, 16),
    "depths": (1, 1, 2, 1),
    "heads": (0, 2, 2, 4),
    "windows": (0, 7, 5, 7),
}


def sam(width=32, out=32):
    """A model with two blocks that look around inside windows and one that looks at all of an 8 × 8 grid."""
    torch.manual_seed(0)
    encoder = ImageEncoderViT(
        img_size=SIDE,
        embed_dim=width,
        depth=3,
        num_heads=2,
        mlp_ratio=2,
        out_chans=out,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        window_size=3,
        global_attn_indexes=(1,),
    )
    for name, parameter in encoder.named_parameters():
        if "pos" in name:
            nn.init.normal_(parameter, std=0.3)  # they start at zero, where a mistake would not show
    return Sam(encoder, *_prompts_and_masks(out, SIDE)).eval()


def _prompts_and_masks(width, side, inner=64, hidden=32):
    """The rest of the model; sharper than at the start, so that masks depend on the image and the box."""
    prompts = PromptEncoder(width, (side // 16, side // 16), (side, side), 16)
    transformer = TwoWayTransformer(2, width, 8, inner)
    decoder = MaskDecoder(
        transformer_dim=width, transformer=transformer, iou_head_depth=3, iou_head_hidden_dim=hidden
    )
    for parameter in decoder.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5 * 1.5)
    return prompts, decoder


def mobile_state(widths, depths, heads, windows, out=32, classes=10, inner=64, hidden=32):
    """A random checkpoint with the names, shapes and order that MobileSAM's published code gives its model."""
    torch.manual_seed(1)
    shapes = {}

    def tensors(name, **parts):
        shapes.update({f"{name}.{part}": shape for part, shape in parts.items()})

    def convolution(name, inner, outer, size=1):
        tensors(f"{name}.c", weight=(outer, inner, size, size))
        tensors(f"{name}.bn", weight=(outer,), bias=(outer,), running_mean=(outer,), running_var=(outer,))
        tensors(f"{name}.bn", num_batches_tracked=())

    def linear(name, inner, outer):
        tensors(name, weight=(outer, inner), bias=(outer,))

    convolution("patch_embed.seq.0", 3, widths[0] // 2, 3)
    convolution("patch_embed.seq.2", widths[0] // 2, widths[0], 3)
    for i, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        for j in range(depth):
            block = f"layers.{i}.blocks.{j}"
            if i == 0:
                convolution(f"{block}.conv1", width, 4 * width)
                convolution(f"{block}.conv2", 1, 4 * width, 3)
                convolution(f"{block}.conv3", 4 * width, width)
                continue
            tensors(f"{block}.attn", attention_biases=(heads[i], windows[i] ** 2))
            tensors(f"{block}.attn.norm", weight=(width,), bias=(width,))
            linear(f"{block}.attn.qkv", width, 3 * width)
            linear(f"{block}.attn.proj", width, width)
            tensors(f"{block}.mlp.norm", weight=(width,), bias=(width,))
            linear(f"{block}.mlp.fc1", width, 4 * width)
            linear(f"{block}.mlp.fc2", 4 * width, width)
            convolution(f"{block}.local_conv", 1, width, 3)
        if i + 1 < len(widths):
            merge, wider = f"layers.{i}.downsample", widths[i + 1]
            convolution(f"{merge}.conv1", width, wider)
            convolution(f"{merge}.conv2", 1, wider, 3)
            convolution(f"{merge}.conv3", wider, wider)
    tensors("norm_head", weight=widths[-1:], bias=widths[-1:])
    linear("head", widths[-1], classes)
    tensors("neck.0", weight=(out, widths[-1], 1, 1))
    tensors("neck.1", weight=(out,), bias=(out,))
    tensors("neck.2", weight=(out, out, 3, 3))
    tensors("neck.3", weight=(out,), bias=(out,))
    state = {f"image_encoder.{name}": _drawn(name, shape) for name, shape in shapes.items()}
    prompts, decoder = _prompts_and_masks(out, 1024, inner, hidden)
    for name, part in (("prompt_encoder", prompts), ("mask_decoder", decoder)):
        state |= {f"{name}.{key}": tensor for key, tensor in part.state_dict().items()}
    return state


def _drawn(name, shape):
    if name.endswith("num_batches_tracked"):
        return torch.tensor(7)
    if name.endswith("running_var"):
        return torch.rand(shape) + 0.5
    if len(shape) == 1:
        return torch.randn(shape) * 0.2 + (1 if name.endswith("weight") else 0)
    return torch.randn(shape) * (torch.Size(shape[1:]).numel() ** -0.5)


def given(folder, name, state):
    """Save a state and record the file as good for a checkpoint's name, as `saa models add` does."""
    file = folder / f"{name}.pth"
    torch.save(state, file)
    added.add(name, file)
    return file
