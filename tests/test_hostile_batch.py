"""A folder of hostile files is finished with a row each."""

from __future__ import annotations

import csv
import sys

import numpy as np
import PIL.Image
import pytest

from saa import cli, images


def hostile_folder(root):
    """Nine files nobody wants, and a good one."""
    root.mkdir()
    rng = np.random.default_rng(0)
    part = rng.integers(100, 140, (48, 64, 3), dtype=np.uint8)
    part[10:16, 20:26] = 250
    images.write_png(root / "a part.png", part)
    whole = (root / "a part.png").read_bytes()
    (root / "truncated.png").write_bytes(whole[: len(whole) // 2])
    (root / "empty.png").write_bytes(b"")
    (root / "text.png").write_text("this is no picture\n" * 20)
    images.write_png(root / "tiny.png", part[:1, :1])
    images.write_png(root / "long.png", rng.integers(0, 255, (30, 20_000, 3), dtype=np.uint8))
    PIL.Image.fromarray(part).convert("CMYK").save(root / "cmyk.jpg")
    frames = [PIL.Image.fromarray(part[:, ::step].copy()).resize((64, 48)) for step in (1, -1)]
    frames[0].save(root / "animated.gif", save_all=True, append_images=frames[1:])
    (root / "folder.png").mkdir()
    (root / "dangling.png").symlink_to(root / "nowhere.png")


def test_hostile_files_are_a_row_each_and_exit_code_1(tmp_path, monkeypatch, capsys):
    hostile_folder(tmp_path / "parts")
    (tmp_path / "part.yaml").write_text("object: {phrase: part}\ndefects: {captions: [[bright spot]]}\n")
    arguments = (
        f"run {tmp_path}/parts --format folder --prompts {tmp_path}/part.yaml -o {tmp_path}/run --workers 1"
    )
    monkeypatch.setattr(sys, "argv", ["saa", *arguments.split()])
    with pytest.raises(SystemExit, match=r"^1$"):
        cli.main()
    with (tmp_path / "run/results.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert {name: row["status"] for name, row in rows.items()} == {
        "a part.png": "ok",
        "animated.gif": "failed",
        "cmyk.jpg": "ok",
        "dangling.png": "failed",
        "empty.png": "failed",
        "folder.png": "failed",
        "long.png": "ok",
        "text.png": "failed",
        "tiny.png": "ok",
        "truncated.png": "failed",
    }
    for name, row in rows.items():
        assert (name in row["error"]) == (row["status"] == "failed")
        assert "expected" in row["error"] or row["status"] == "ok"
    told = capsys.readouterr().err
    assert "6 of 10 images failed" in told
    assert "Traceback" not in told
