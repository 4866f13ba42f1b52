"""Zero-shot industrial inspection from prompt files.

inspector = saa.load("bottle.yaml").build()
inspection = inspector.inspect(image)
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from saa.config import AnyRecipe

__version__ = "0.1.0"

__all__ = ["__version__", "load"]


def load(
    path_or_name: str | Path,
    engine: str = "auto",
    mode: str = "single image",
    *,
    profile: str | None = None,
    without: Collection[str] = (),
    device: str | None = None,
) -> AnyRecipe:
    """The checked recipe of a product or a scene: a prompt file, or a shipped one by name; see `saa.config.load`."""
    from saa import config

    return config.load(path_or_name, engine, mode, profile=profile, without=without, device=device)
