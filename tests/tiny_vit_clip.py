"""open_clip's own CLIP on a Vision Transformer with few features and random weights, as a checkpoint of ours."""

from __future__ import annotations

from functools import cache

import open_clip
import torch

from saa.weights import added

NAME = "clip_vit_b16_plus_240"
GRID, PATCH_PX, WIDTH, LAYERS, EMBEDDED = 6, 16, 128, 3, 32
SIDE_PX = GRID * PATCH_PX


@cache
def model(seed=0):
    """A CLIP in which no layer is silent, and whose words differ; the same one for equal arguments."""
    torch.manual_seed(seed)
    image = {"image_size": SIDE_PX, "layers": LAYERS, "width": WIDTH, "patch_size": PATCH_PX}
    text = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2}
    clip = open_clip.CLIP(EMBEDDED, image, text)
    with torch.no_grad():
        for name, parameter in clip.named_parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
            elif "embedding" in name:
                parameter.normal_(std=0.3)
    return clip.eval().requires_grad_(requires_grad=False)


def record(folder, state=None, name=NAME):
    """Let a file with a state, that of the model unless given, stand for the published one."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.pt"
    torch.save(model().state_dict() if state is None else state, file)
    added.add(name, file)
    return name
