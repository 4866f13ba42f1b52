"""Linear layers in single precision on x86 processors, by the library that is quickest there.

Torch hands linear layers to MKL, which uses half of what an AMD processor can do: 90 of 200 GFLOP/s a core on an EPYC
with AVX-512 (torch 2.15, November 2026, the sizes of Swin, SAM and GroundingDINO). Convolutions it hands to oneDNN,
which uses all of it. A linear layer is a convolution of one pixel: the same sums, equal but for rounding.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

M = TypeVar("M", bound=nn.Module)

_FEW = 32
"""Rows below which it is not worth the trouble."""
_X86 = platform.machine().lower() in ("x86_64", "amd64")


def quickened(module: M) -> M:
    """The module itself, its linear layers worked out as `linear` does."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            layer.forward = partial(applied, layer)  # type: ignore[method-assign]
    return module


def applied(layer: nn.Linear, x: Tensor) -> Tensor:
    """(..., E): what a layer makes of (..., D), as `linear` does."""
    return linear(x, layer.weight, layer.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """(..., E) of (..., D) rows by (E, D) weights, as `torch.nn.functional.linear` but for rounding."""
    rows = x.numel() // x.shape[-1]
    if rows < _FEW or not _gains(x):
        return functional.linear(x, weight, bias)
    line = x.reshape(1, 1, rows, -1).permute(0, 3, 1, 2)
    # The line is one pixel high, so the step of two changes nothing; but without one, torch does not ask oneDNN
    # when it works on a single thread.
    found = functional.conv2d(line, weight[:, :, None, None], bias, stride=(2, 1))
    return found.permute(0, 2, 3, 1).reshape(*x.shape[:-1], -1)


def each(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """(N, R, E): a linear layer for each of (N, R, D), or for (R, D) all N of them, by (N, E, D) and (N, E)."""
    if len(weight) == 1:
        return linear(x.view(x.shape[-2:]), weight[0], None if bias is None else bias[0])[None]
    found = x @ weight.transpose(1, 2)
    return found if bias is None else found + bias[:, None]


def by_rows(layers: Callable[[Tensor], Tensor], x: Tensor, at_once: int) -> Tensor:
    """What layers that look at one row at a time make of (..., D), (..., E); some rows at a time.

    Large buffers are given back to the system after use, and getting them again costs more than filling them.
    """
    rows = x.reshape(-1, x.shape[-1])
    found = torch.cat([layers(part) for part in torch.split(rows, at_once)])
    return found.view(*x.shape[:-1], -1)


def _gains(x: Tensor) -> bool:
    return (
        _X86
        and x.device.type == "cpu"
        and x.dtype == torch.float32
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and not torch.is_autocast_enabled("cpu")
    )
