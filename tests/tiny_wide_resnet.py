"""WideResNet with few features and random weights: the same layers, in milliseconds."""

from __future__ import annotations

import timm
import torch

from saa.foundation.devices import Placement
from saa.foundation.wide_resnet import Eye

torch.set_num_threads(1)  # on a busy machine two, which wait for each other, take ten times as long

CPU = Placement()


def shuffled(network: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """The network with weights at random, such that no layer is silent."""
    random = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, generator=random)
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            torch.nn.init.uniform_(module.weight, 0.5, 1, generator=random)
            torch.nn.init.normal_(module.bias, 0, 0.1, generator=random)
    return CPU.place(network)


def network(seed: int = 0) -> torch.nn.Module:
    """16, 32 and 64 features at the three levels."""
    small = {"layers": (1, 1, 1, 1), "channels": (4, 8, 16, 32), "stem_width": 8, "base_width": 128}
    return shuffled(
        timm.create_model("wide_resnet50_2", features_only=True, out_indices=(1, 2, 3), **small), seed
    )


def eye(size_px: int = 64, seed: int = 0, **settings: object) -> Eye:
    """Looks at images with the tiny network; equal calls give eyes that share no work."""
    return Eye(network(seed), CPU, size_px, **settings)
