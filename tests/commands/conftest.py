from __future__ import annotations

import sys

import numpy as np
import pytest
from parts import PROMPT, part

from saa import cli, images


@pytest.fixture
def give(monkeypatch, capsys):
    """Give a command line to `saa`; returns exit code, stdout and stderr."""

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["saa", *map(str, words)])
        with pytest.raises(SystemExit, match=r"^\d+$") as ended:
            cli.main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return command


@pytest.fixture
def prompt(tmp_path):
    path = tmp_path / "part.yaml"
    path.write_text(PROMPT)
    return path


@pytest.fixture
def dataset(tmp_path):
    """An MVTec-style data set: a bolt and a nut with two defective parts and one good part each."""
    root = tmp_path / "data"
    for product in ("bolt", "nut"):
        part(root / product / "test/good/000.png")
        for name in ("000", "001"):
            part(root / product / f"test/spot/{name}.png", int(name) + 1)
            mask = np.zeros((48, 64), np.bool_)
            mask[10:16, 20:26] = True
            images.write_png(root / product / f"ground_truth/spot/{name}_mask.png", mask)
    return root
