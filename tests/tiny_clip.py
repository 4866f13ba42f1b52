"""open_clip's own CLIP on ConvNeXt with few features and random weights, as a checkpoint of ours."""

from __future__ import annotations

from functools import cache

import open_clip
import timm
import torch
from timm.models.convnext import ConvNeXt

from saa.weights import added

NAME = "clip_convnext_large_d_320"
CHANNELS = (8, 16, 24, 32)
DEPTHS = (1, 1, 2, 1)
EMBEDDED = 16
_TRUNK = "convnext_of_tests"


def convnext_of_tests(pretrained=False, pretrained_cfg=None, pretrained_cfg_overlay=None, **settings):
    """What open_clip asks timm for, by its name."""
    trunk = ConvNeXt(depths=DEPTHS, dims=CHANNELS, drop_path_rate=settings.get("drop_path_rate", 0.0))
    trunk.default_cfg = {}
    return trunk


@cache
def model(seed=0):
    """A CLIP in which no layer is silent; the same one for equal arguments."""
    if not timm.is_model(_TRUNK):
        timm.models.register_model(convnext_of_tests)
    torch.manual_seed(seed)
    image = {"timm_model_name": _TRUNK, "timm_pool": "", "timm_proj": "mlp", "timm_drop_path": 0.1}
    text = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2}
    clip = open_clip.CLIP(EMBEDDED, image | {"image_size": 64}, text)
    with torch.no_grad():
        for name, parameter in clip.named_parameters():
            if "gamma" in name:
                parameter.normal_(std=0.5)  # else a block adds a millionth
            elif parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
            elif "embedding" in name:
                parameter.normal_(std=0.3)
    return clip.eval().requires_grad_(requires_grad=False)


def record(folder, state=None, name=NAME):
    """Let a file with a state, that of the model unless given, stand for the published one."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.pth"
    torch.save(model().state_dict() if state is None else state, file)
    added.add(name, file)
    return name
