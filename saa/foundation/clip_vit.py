"""CLIP's image tower on a Vision Transformer as open_clip trains it: what an image means, and what its windows mean.

A window is a square of patches that passes the tower alone, behind the class token. Of the last layer only that token
is worked out, for nothing else is asked of it.

Source: CLIP, arXiv 2103.00020; windows as in WinCLIP, arXiv 2303.14814.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from saa import weights
from saa.errors import ModelError
from saa.foundation import linear
from saa.foundation.devices import Placement
from saa.foundation.pretrained import Look
from saa.types import Image

LOOK = Look(
    image_mean=(0.48145466, 0.4578275, 0.40821073), image_std=(0.26862954, 0.26130258, 0.27577711), resample=3
)
"""How CLIP sees images; 3 is bicubic."""
_HEAD_WIDTH = 64
"""Features of a head; the one size that no tensor of a checkpoint tells."""
_VISUAL = "visual."
_KEPT = 1


@dataclass(frozen=True)
class Sizes:
    """How large a tower is; the default is ViT-B-16-plus-240.

    Attributes:
        grid: patches a side of the image.
        patch_px: pixels a side of a patch.
        width, layers: features of a token, and blocks that it passes.
        embedded: features that image and text share.
    """

    grid: int = 15
    patch_px: int = 16
    width: int = 896
    layers: int = 12
    embedded: int = 640

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> Sizes:
        """The sizes that a checkpoint has.

        Args:
            state: of an image tower, by open_clip's names.

        Raises:
            LookupError: a tensor is missing without which the sizes are not known.
        """
        width, _, patch_px, _ = state["conv1.weight"].shape
        layers = {key.split(".")[2] for key in state if key.startswith("transformer.resblocks.")}
        grid = isqrt(state["positional_embedding"].shape[0] - 1)
        return cls(grid, patch_px, width, len(layers), state["proj"].shape[1])

    @property
    def side_px(self) -> int:
        """Both sides of the image as the tower sees it."""
        return self.grid * self.patch_px


@dataclass(frozen=True, eq=False)
class Meaning:
    """What an image and its windows mean, in the texts' terms, at unit length.

    Attributes:
        whole: (D,) float32.
        windows: by scale s, (g - s + 1, g - s + 1, D) float32: windows of s by s patches, by their first patch.
    """

    whole: NDArray[np.float32]
    windows: Mapping[int, NDArray[np.float32]]


@dataclass(frozen=True)
class Viewer:
    """A way to look at images; `frame.encoded(viewer)` is worked out once.

    Attributes:
        network: open_clip's VisionTransformer, placed where `placement` says.
        sizes: its sizes.
        placement: where it runs.
        scales: sides of windows in patches, each at most `sizes.grid`.
    """

    network: Any
    sizes: Sizes
    placement: Placement
    scales: tuple[int, ...]

    def __call__(self, image: Image) -> Meaning:
        """What an (H, W, 3) uint8 RGB image means; it is stretched to the tower's square."""
        pixels = LOOK.pixels(image, (self.sizes.side_px, self.sizes.side_px))
        with self.placement.running():
            tokens = self._tokens(pixels[None].to(self.placement.device))
            whole = self._meant(tokens[None])[0]
            windows = {scale: self._of_windows(tokens, scale) for scale in self.scales}
        return Meaning(whole, windows)

    def _tokens(self, pixels: Tensor) -> Tensor:
        """(1 + g * g, width): the class token and the patches, row by row, with their places told."""
        patches = self.network.conv1(pixels).flatten(2).permute(0, 2, 1)[0]
        tokens = torch.cat([self.network.class_embedding[None], patches]) + self.network.positional_embedding
        normed: Tensor = self.network.ln_pre(tokens)
        return normed

    def _of_windows(self, tokens: Tensor, scale: int) -> NDArray[np.float32]:
        count = self.sizes.grid - scale + 1
        places = torch.arange(self.sizes.grid**2, device=tokens.device).view(self.sizes.grid, -1) + 1
        inside = places.unfold(0, scale, 1).unfold(1, scale, 1).reshape(count * count, scale * scale)
        rows = functional.pad(inside, (1, 0))  # the class token in front
        return self._meant(tokens[rows]).reshape(count, count, -1)

    def _meant(self, x: Tensor) -> NDArray[np.float32]:
        """(B, D) unit vectors of B rows (B, T, width) of tokens, the class token first."""
        blocks = self.network.transformer.resblocks
        for block in blocks[:-1]:
            x = _passed(block, x, x.shape[1])
        last = _passed(blocks[-1], x, 1)[:, 0]
        found = functional.normalize((self.network.ln_post(last) @ self.network.proj).float(), dim=-1)
        return np.asarray(found.cpu().numpy(), np.float32)


def _passed(block: Any, x: Tensor, asking: int) -> Tensor:  # noqa: ANN401 - the library's types are not read
    """(B, asking, width): what a block makes of the first `asking` of the tokens (B, T, width)."""
    normed = block.ln_1(x)
    x = x[:, :asking] + _attended(block.attn, normed, asking)
    found: Tensor = x + block.mlp(block.ln_2(x))
    return found


def _attended(attention: Any, x: Tensor, asking: int) -> Tensor:  # noqa: ANN401 - likewise
    """(B, asking, width): what the first `asking` tokens learn from all; torch's own layer, with quicker sums."""
    width, heads = x.shape[-1], attention.num_heads
    weight, bias = attention.in_proj_weight, attention.in_proj_bias

    def by_head(rows: Tensor) -> Tensor:
        return rows.view(*rows.shape[:2], heads, -1).transpose(1, 2)

    queries = linear.linear(x[:, :asking], weight[:width], bias[:width])
    keys, values = linear.linear(x, weight[width:], bias[width:]).chunk(2, dim=-1)
    learned = functional.scaled_dot_product_attention(by_head(queries), by_head(keys), by_head(values))
    joined = learned.transpose(1, 2).flatten(2)
    return linear.linear(joined, attention.out_proj.weight, attention.out_proj.bias)


def load(checkpoint: str, placement: Placement, scales: tuple[int, ...]) -> Viewer:
    """A checkpoint's image tower, where it is to run; the same one as long as the file stays as it is.

    Raises:
        ModelError: no such checkpoint or device, the file is not one of CLIP on a Vision Transformer, or windows are
            larger than the image.
    """
    network, sizes = _loaded(checkpoint, weights.path(checkpoint), weights.checksum(checkpoint), placement)
    if max(scales) > sizes.grid:
        raise ModelError(
            f"scales: expected windows of at most {sizes.grid} patches a side, as many as {checkpoint} sees, "
            f"got {max(scales)}; write smaller ones"
        )
    return Viewer(network, sizes, placement, scales)


def architecture(sizes: Sizes) -> Any:  # noqa: ANN401 - the library's types are not read
    """open_clip's tower of these sizes, its weights not yet set."""
    from open_clip.transformer import VisionTransformer  # type: ignore[import-untyped]

    with torch.device("meta"):
        empty = VisionTransformer(
            image_size=sizes.side_px,
            patch_size=sizes.patch_px,
            width=sizes.width,
            layers=sizes.layers,
            heads=max(1, sizes.width // _HEAD_WIDTH),
            mlp_ratio=4.0,
            output_dim=sizes.embedded,
        )
    return empty.to_empty(device="cpu")


@lru_cache(maxsize=_KEPT)
def _loaded(checkpoint: str, path: Path, sha256: str, placement: Placement) -> tuple[Any, Sizes]:  # noqa: ARG001 - keys
    state = {
        key.removeprefix(_VISUAL): value
        for key, value in weights.load(checkpoint).items()
        if key.startswith(_VISUAL)
    }
    try:
        sizes = Sizes.of(state)
    except (LookupError, ValueError) as error:
        raise ModelError(
            f"{checkpoint}: expected the weights of CLIP on a Vision Transformer, got others ({error}); "
            "give the stage the checkpoint that belongs to it"
        ) from error
    tower = architecture(sizes)
    weights.load_strict(tower, state, checkpoint)
    return placement.place(linear.quickened(tower)), sizes
