"""Checkpoints with random weights, in the files and shapes of the published ones: they cost as much and know nothing.

They are stirred until scores, boxes and masks depend on the image and on every word, so that a fault shows.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from saa import config
from saa.foundation.bert import Size as TextSize
from saa.foundation.dino_sizes import Architecture
from saa.weights import added, registry

if TYPE_CHECKING:
    from torch import Tensor

    from saa.foundation.grounding_dino import Detector

DETECTOR, WORDS, NETWORK = "groundingdino_swint", "bert_base_uncased", "wide_resnet50_racm"
_SPECIAL = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]"}
"""Where BERT's vocabulary has them."""
_FIRST_SIGN = 999
"""Where its punctuation, digits and letters begin."""


@dataclass(frozen=True)
class Sam:
    """Sizes of Segment Anything; those of its encoder, by default ViT-B's, and of what is behind it.

    Attributes:
        width, depth, heads: of the encoder.
        everywhere: blocks that look at the whole image and not inside windows.
        window: places a side of these.
        side: pixels a side of what it sees.
        out: features of a place.
    """

    width: int = 768
    depth: int = 12
    heads: int = 12
    everywhere: tuple[int, ...] = (2, 5, 8, 11)
    window: int = 14
    side: int = 1024
    out: int = 256


VIT_B = Sam()
VIT_H = Sam(width=1280, depth=32, heads=16, everywhere=(7, 15, 23, 31))


@dataclass(frozen=True)
class Sizes:
    """Which models there are to be, and how large; by default Swin-T and ViT-B.

    Attributes:
        detector: GroundingDINO's sizes; its vocabulary has as many words.
        sams: sizes by the names of the registry.
    """

    detector: Architecture = field(default_factory=Architecture)
    sams: tuple[tuple[str, Sam], ...] = (("sam_vit_b", VIT_B),)


SMALL = Sizes(
    Architecture(
        channels=32,
        depths=(1, 1, 2, 1),
        heads=(1, 2, 4, 8),
        window=4,
        queries=100,
        encoder_layers=2,
        decoder_layers=2,
        feedforward=512,
        text=TextSize(vocabulary=2000, width=128, layers=2, heads=2, feedforward=256),
    ),
    (("sam_vit_b", Sam(width=192, depth=2, heads=3, everywhere=(1,))),),
)
"""Models that take a second or so."""


def write(folder: Path, sizes: Sizes) -> None:
    """Write the files under their published names, each drawn by a seed of its own, and `saa models add` them."""
    import torch

    torch.manual_seed(0)
    added.add(WORDS, _write_words(folder / _file(WORDS), sizes.detector.text.vocabulary))
    _save(folder, DETECTOR, {"model": _detector(sizes.detector)})
    _save(folder, NETWORK, _network())
    for name, size in sizes.sams:
        _save(folder, name, _sam(size))


def _write_words(path: Path, count: int) -> Path:
    """A vocabulary of BERT's form: the words of MVTec AD's prompt files, every letter, and fillers."""
    signs = [*string.punctuation[:15], *string.digits, *string.punctuation[15:], *string.ascii_lowercase]
    mvtec = (name for name in config.shipped_names() if name.startswith("mvtec/"))
    prompts = [config.load(name, "embedded").prompt for name in mvtec]
    phrases = {phrase for prompt in prompts for caption in prompt.captions() for phrase in caption}
    known = {word for phrase in phrases for word in phrase.replace("_", " ").split() if word.isalpha()}
    parts = [f"##{sign}" for sign in (*string.ascii_lowercase, *string.digits)]
    first = min(_FIRST_SIGN, count - len(signs) - len(parts) - len(known))
    words = [_SPECIAL.get(number, f"[unused{number}]") for number in range(first)]
    words += [*signs, *sorted(known - set(signs)), *parts]
    words += [f"##{number:x}x" for number in range(count - len(words))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(words) + "\n", "utf-8")
    return path


def stirred(model: Detector) -> Detector:
    """GroundingDINO, with weights that start at zero, or next to it, drawn at random too."""
    import torch

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "gamma" in name:
                parameter.normal_(std=0.3)  # how much image and text take notice of each other
            elif parameter.ndim == 1 or "bbox_embed" in name or "sampling_offsets" in name:
                parameter.add_(torch.randn_like(parameter) * 0.05)
        for layer in model.transformer.encoder.text_layers:
            layer.norm2.weight.mul_(0.1)  # else all scores are next to 0 or 1
            layer.norm2.bias.mul_(0.1)
    return model


def _detector(sizes: Architecture) -> dict[str, Tensor]:
    """GroundingDINO's, with the two tensors that only its training reads."""
    import torch

    from saa.foundation.grounding_dino import Detector

    model = stirred(Detector(sizes))
    more = {
        "label_enc.weight": torch.randn(91, 256),
        "bert.embeddings.position_ids": torch.arange(512)[None],
    }
    return {f"module.{name}": tensor for name, tensor in (model.state_dict() | more).items()}


def _network() -> dict[str, Tensor]:
    """WideResNet-50-2's up to its third stage; the published file has a fourth and a classifier, which nobody reads."""
    import timm
    import torch

    model = timm.create_model("wide_resnet50_2", pretrained=False, features_only=True, out_indices=(1, 2, 3))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1)
            torch.nn.init.normal_(module.bias, 0, 0.1)
    return dict(model.state_dict())


def _sam(size: Sam) -> dict[str, Tensor]:
    """Segment Anything's; sharper than networks are before training, so that masks depend on image and box."""
    import torch
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, TwoWayTransformer
    from torch.nn import init

    encoder = ImageEncoderViT(
        img_size=size.side,
        embed_dim=size.width,
        depth=size.depth,
        num_heads=size.heads,
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        out_chans=size.out,
        use_rel_pos=True,
        window_size=size.window,
        global_attn_indexes=size.everywhere,
    )
    for name, parameter in encoder.named_parameters():
        if "pos" in name:
            init.normal_(parameter, std=0.02)  # they start at zero, where a mistake would not show
    grid = size.side // 16
    prompts = PromptEncoder(size.out, (grid, grid), (size.side, size.side), 16)
    decoder = MaskDecoder(
        transformer_dim=size.out, transformer=TwoWayTransformer(2, size.out, 8, 8 * size.out)
    )
    for parameter in decoder.parameters():
        if parameter.ndim > 1:
            init.normal_(parameter, std=1.5 * parameter[0].numel() ** -0.5)
    parts = {"image_encoder": encoder, "prompt_encoder": prompts, "mask_decoder": decoder}
    return {
        f"{name}.{key}": tensor for name, part in parts.items() for key, tensor in part.state_dict().items()
    }


def _save(folder: Path, name: str, content: object) -> None:
    import torch
    from safetensors.torch import save_file

    path = folder / _file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(content, path) if path.suffix == ".safetensors" else torch.save(content, path)
    added.add(name, path)


def _file(name: str) -> str:
    return registry.entry(name).files[0].name
