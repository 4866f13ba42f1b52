"""The parts that maps are the sum of, saved where they are asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scripted_recipes import files, plan

from saa import images
from saa.errors import RunError
from saa.runs import session

DENSE = "parts/dense/nut/test/good/001.png.tiff"


@pytest.fixture
def planned(tmp_path):
    return replace(plan(tmp_path / "data"), keep_parts=True)


def test_parts_lie_by_their_name_and_sum_up_to_the_map(planned, tmp_path):
    session.run(planned, tmp_path / "run")
    assert [name for name in files(tmp_path / "run") if name.startswith("parts")] == [
        f"parts/{part}/nut/test/good/00{number}.png.tiff"
        for part in ("dense", "regions")
        for number in range(3)
    ]
    parts = [
        images.read_map(tmp_path / f"run/parts/{part}/nut/test/good/001.png.tiff")
        for part in ("dense", "regions")
    ]
    np.testing.assert_allclose(
        sum(parts), images.read_map(tmp_path / "run/maps/nut/test/good/001.png.tiff"), rtol=1e-6
    )


def test_an_image_whose_part_is_gone_is_inspected_again(planned, tmp_path):
    session.run(planned, tmp_path / "run")
    (tmp_path / "run" / DENSE).unlink()
    assert session.run(planned, tmp_path / "run").done_now == 1
    assert (tmp_path / "run" / DENSE).exists()
    assert session.run(planned, tmp_path / "run").done_now == 0


def test_parts_without_a_row_are_swept_away(planned, tmp_path):
    session.run(planned, tmp_path / "run")
    wanted = files(tmp_path / "run")
    (tmp_path / "run/parts/dense/nut/777.png.tiff").write_bytes(b"whole, but no row says so")
    session.run(planned, tmp_path / "run")
    assert files(tmp_path / "run") == wanted


def test_a_run_goes_on_only_with_or_only_without_parts(planned, tmp_path):
    session.run(planned, tmp_path / "run")
    with pytest.raises(RunError, match=r"parts: true then, false now"):
        session.run(replace(planned, keep_parts=False), tmp_path / "run")


def test_overwrite_forgets_parts(planned, tmp_path):
    session.run(planned, tmp_path / "run")
    session.run(replace(planned, keep_parts=False), tmp_path / "run", overwrite=True)
    assert not any(name.startswith("parts") for name in files(tmp_path / "run"))
