"""transformers' own Mask2Former and CLIPSeg with few features and random weights, as folders that were added."""

from __future__ import annotations

import json
from functools import cache

import torch
from safetensors.torch import save_file

from saa.weights import added

MASK2FORMER = "mask2former_swin_large_cityscapes"
CLIPSEG = "clipseg_rd64_refined"
LABELS = ("road", "sidewalk", "traffic light", "car", "truck")


@cache
def mask2former(labels=LABELS, seed=0, **settings):
    """A Mask2Former in which no layer is silent; the same one for equal arguments."""
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig

    swin = SwinConfig(
        embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 2, 2, 4], window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )  # fmt: skip
    config = Mask2FormerConfig(
        backbone_config=swin, feature_size=32, mask_feature_size=32, hidden_dim=32, encoder_layers=1,
        encoder_feedforward_dim=32, decoder_layers=3, dim_feedforward=32, num_queries=12,
        id2label=dict(enumerate(labels)), label2id={label: i for i, label in enumerate(labels)}, **settings,
    )  # fmt: skip
    torch.manual_seed(seed)
    return _awake(Mask2FormerForUniversalSegmentation(config))


@cache
def clipseg(seed=0, **settings):
    """A CLIPSeg in which no layer is silent; the same one for equal arguments."""
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

    text = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    image = text | {"num_hidden_layers": 4, "patch_size": 16, "image_size": 32}
    config = CLIPSegConfig(
        text_config=text, vision_config=image, projection_dim=16, extract_layers=[1, 2, 3], reduce_dim=8,
        decoder_intermediate_size=16, decoder_num_attention_heads=2, use_complex_transposed_convolution=True,
        **settings,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = CLIPSegForImageSegmentation(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "text" in name and parameter.ndim == 2:
                parameter.normal_(std=0.7)
            elif "reduces" in name:  # else it drowns the words
                parameter.mul_(0.05)
            elif name.endswith("transposed_convolution.4.weight"):
                parameter.mul_(0.15)
    return _awake(model)


def _awake(model):
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval().requires_grad_(requires_grad=False)


def record(folder, model, name, preparation=None):
    """Save a model as the library does, and let it stand for the published one."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, model, preparation)
    added.add(name, folder)
    return name


def write(folder, model, preparation=None):
    """A folder as the library publishes it, but for the names of newer releases' weights."""
    (folder / "config.json").write_text(json.dumps(model.config.to_dict() | {"transformers_version": None}))
    if preparation is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(preparation))
    save_file(
        {key: value.contiguous() for key, value in model.state_dict().items()}, folder / "model.safetensors"
    )
