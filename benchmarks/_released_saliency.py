"""What the released code of SAA+ says is salient, written down slowly and plainly from its published description."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch.nn import functional

MEAN = np.array([0.485, 0.456, 0.406])
SPREAD = np.array([0.229, 0.224, 0.225])
_ROWS = 2048
"""Cells compared at a time; the released code takes one after the other, which takes hours on a CPU."""


def features(network: torch.nn.Module, rgb: np.ndarray, size_px: int) -> torch.Tensor:
    """(D, h, w) of unit length: the picture squeezed, its blue taken for red, all stages enlarged and joined."""
    bgr = rgb[..., ::-1].copy()
    squeezed = cv2.resize(bgr, (size_px, size_px))
    standard = (squeezed - MEAN * 255) / (SPREAD * 255)
    with torch.no_grad():
        stages = network(torch.from_numpy(standard).float().permute(2, 0, 1)[None])
    grids = [functional.interpolate(stage, stages[0].shape[2:]) for stage in stages]
    return functional.normalize(torch.cat(grids, dim=1), dim=1)[0]


def of_one_object(network: torch.nn.Module, rgb: np.ndarray, size_px: int, count: int) -> np.ndarray:
    """(H, W): the mean of the `count` greatest of all halved distances of each cell, which are sorted in full."""
    found = features(network, rgb, size_px)
    flat = found.flatten(1)
    distances = 0.5 * (1 - flat.T @ flat)
    falling = torch.sort(distances, dim=1, descending=True).values
    grid = falling[:, :count].mean(1).reshape(found.shape[1:])
    return cv2.resize(grid.numpy(), rgb.shape[1::-1])


def of_several_objects(
    network: torch.nn.Module, rgb: np.ndarray, masks: np.ndarray, size_px: int
) -> np.ndarray:
    """(H, W): for each cell of each object, half the distance to the likest cell of all other objects' masks.

    An object's own cells are zero in the bank that it is compared with. The greatest of all objects counts.

    Raises:
        RuntimeError: there are fewer than two objects, or one vanishes on the grid, where the released code fails.
    """
    found = features(network, rgb, size_px)
    height, width = found.shape[1:]
    small = [
        cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) for mask in masks
    ]
    if len(small) < 2 or not all(mask.any() for mask in small):
        raise RuntimeError(
            f"released code: expected two objects or more, got {len(small)}, or a vanishing one"
        )
    grids = []
    for number, own in enumerate(small):
        bank = found.clone()
        bank[:, torch.from_numpy(own) > 0] = 0
        others = [bank[:, torch.from_numpy(mask) > 0] for place, mask in enumerate(small) if place != number]
        grid = np.zeros((height, width), np.float32)
        grid[own > 0] = 0.5 * (1 - _likest(found[:, torch.from_numpy(own) > 0], torch.cat(others, dim=1)))
        grids.append(grid)
    return cv2.resize(np.max(grids, axis=0), rgb.shape[1::-1])


def _likest(cells: torch.Tensor, bank: torch.Tensor) -> np.ndarray:
    """(N,) greatest product of each of (D, N) cells with any of (D, M)."""
    some = (cells[:, first : first + _ROWS].T @ bank for first in range(0, cells.shape[1], _ROWS))
    return torch.cat([products.max(dim=1).values for products in some]).numpy()
