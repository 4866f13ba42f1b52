"""Drawing small data sets."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

Draw = Callable[..., Path]


@pytest.fixture
def draw(tmp_path) -> Draw:
    """Draws a grey picture of (width, height) at each path below a new folder, which it gives back."""
    root = tmp_path / "Daten sätze"
    root.mkdir()

    def on(*names: str, level: int = 90, size: tuple[int, int] = (6, 4)) -> Path:
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            PIL.Image.fromarray(np.full(size[::-1], level, np.uint8)).save(root / name)
        return root

    return on
