"""Describer on WideResNet-50-2: what each place looks like to a network that knows many things."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saa.foundation.wide_resnet import STEP_PX, Eye, Settings
from saa.prompts import ProductPrompt
from saa.types import Frame

if TYPE_CHECKING:
    from torch import Tensor

    from saa.foundation.likeness import Pyramid

_SCALE = 10.0
"""Length of a place's features before they are projected: unrelated places are then about 10 apart, as they are
for the weight-free describer, and what was set for its distances holds for these."""
_SEED = 5


class Config(Settings):
    """Settings of the describer."""

    kind: Literal["wide_resnet"] = "wide_resnet"
    size_px: int = Field(
        512,
        ge=2 * STEP_PX,
        le=1024,
        multiple_of=STEP_PX,
        description="side of a square with as many pixels as the image is scaled to, its aspect kept up to 8:1; "
        "a cell every 8 px",
    )
    num_features: int = Field(
        64,
        ge=8,
        le=128,
        description="features of a cell. The images that vouch for others are kept as features: 50 of them take "
        "52 MB in memory and in the file",
    )

    def build(self, prompt: ProductPrompt) -> WideResNetDescriber:  # noqa: ARG002 - the seam's signature
        """The describer, the same for every product.

        Raises:
            ModelError: the extra `foundation`, the device or the checkpoint is not there, or does not fit.
        """
        return WideResNetDescriber(self.eye(self.size_px, keeps_aspect=True), self.num_features)


@dataclass(frozen=True)
class WideResNetDescriber:
    """The levels of WideResNet-50-2, side by side, at unit length, projected; see `stages.Describer`.

    The 1792 features of a cell become `num_features` by a projection on random signs, which is the same for all
    images, times and machines. It keeps distances to within about 1 / sqrt(2 * num_features), 9 % for 64.

    Sources: features of several stages as in SAA+, arXiv 2305.10724; the projection of Achlioptas,
        doi 10.1016/S0022-0000(03)00025-4, as in PatchCore, arXiv 2106.08265.
    """

    eye: Eye
    num_features: int

    def describe(self, frame: Frame, *, levelled: bool) -> NDArray[np.float32]:  # noqa: ARG002 - the seam's
        """(h, w, num_features) float32, levelled or not: the network has learned to see past illumination."""
        import torch

        pyramid = frame.encoded(self.eye)
        with torch.inference_mode():
            wide = _side_by_side(pyramid)
            unit = wide / wide.norm(dim=-1, keepdim=True).clamp_min(1e-12)
            signs = torch.from_numpy(_signs(wide.shape[-1], self.num_features)).to(wide.device)
            return np.asarray((unit @ signs).cpu().numpy(), np.float32)


def _side_by_side(pyramid: Pyramid) -> Tensor:
    """(h, w, D) all features of the second level's cells: finer ones averaged, coarser ones linear in between."""
    import torch
    from torch.nn import functional

    fine, middle, coarse = (level.permute(2, 0, 1)[None] for level in pyramid.levels)
    averaged = functional.avg_pool2d(fine, 2)
    between = functional.interpolate(coarse, middle.shape[2:], mode="bilinear", align_corners=False)
    return torch.cat([averaged, middle, between], dim=1)[0].permute(1, 2, 0)


@lru_cache(maxsize=2)
def _signs(num_from: int, num_to: int) -> NDArray[np.float32]:
    """(num_from, num_to) float32: -1 or 1, times `_SCALE` / sqrt(num_to)."""
    raw = np.random.PCG64(_SEED).random_raw(
        num_from * num_to
    )  # unlike what numpy draws from it, fixed for ever
    signs = np.where(raw >> np.uint64(63), 1, -1).reshape(num_from, num_to)
    return np.asarray(signs * (_SCALE / num_to**0.5), np.float32)
