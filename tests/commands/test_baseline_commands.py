"""The baselines from the command line, with their checkpoints and without."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
import tiny_baselines
import tiny_vit_clip

from saa import images
from saa.profiles import BASELINES


@pytest.fixture(autouse=True)
def _one_core(monkeypatch):
    """On tiny networks, threads wait for each other longer than they work."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """A folder with small checkpoints, not yet recorded."""
    folder = tmp_path_factory.mktemp("checkpoints")
    tiny_baselines.write(folder)
    return folder


MISSING = {
    "utad": "wide_resnet50_racm: expected wide_resnet50_2.racm_in1k.safetensors in ",
    "clipseg": "clipseg_rd64_refined: expected clipseg_rd64_refined/model.safetensors in ",
    "winclip": "clip_vit_b16_plus_240: expected vit_b_16_plus_240-laion400m_e31-8fb26589.pt in ",
}


@pytest.mark.parametrize("profile", BASELINES)
@pytest.mark.parametrize("command", ["run", "inspect"])
def test_without_its_checkpoint_a_baseline_is_refused_in_one_line_before_a_folder_is_made(
    give, dataset, tmp_path, command, profile
):
    picture = dataset / "nut/test/good/000.png"
    begun = {"run": ("run", dataset, "--format", "mvtec"), "inspect": ("inspect", picture)}[command]
    words = ("--prompts", "mvtec/metal_nut", "--engine", "foundation", "--profile", profile)
    code, said, err = give(*begun, *words, "-o", tmp_path / "out")
    assert (code, said, err.count("\n")) == (2, "", 1)
    assert err.startswith(MISSING[profile])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("profile", BASELINES)
def test_a_data_set_is_inspected_and_evaluated(give, dataset, checkpoints, tmp_path, profile):
    tiny_baselines.record(checkpoints, profile)
    prompt, out = tiny_baselines.prompt(tmp_path / "part.yaml", profile), tmp_path / "run"
    words = ("--format", "mvtec", "--prompts", prompt, "--engine", "foundation", "--workers", 1, "-o", out)
    code, _, err = give("run", dataset, *words)
    assert (code, f"foundation (profile {profile}) engine" in err) == (0, True)
    about = json.loads((out / "run.json").read_text())
    assert set(about["weights"]) == {tiny_baselines.CHECKPOINTS[profile]}
    assert give("evaluate", out)[0] == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert 0 < metrics["mean"]["max_f1_pixel"] <= 1


def test_a_picture_is_inspected_with_a_shipped_prompt_file(give, dataset, checkpoints, tmp_path):
    tiny_baselines.record(checkpoints, "winclip")
    out = tmp_path / "out"
    words = ("--prompts", "mvtec/grid", "--engine", "foundation", "--profile", "winclip", "--json", "-o", out)
    code, said, err = give("inspect", dataset / "nut/test/spot/000.png", *words)
    assert (code, "foundation (profile winclip) engine" in err) == (0, True)
    (answer,) = json.loads(said)
    assert answer["regions"] == []
    found = images.read_map(out / "000.map.tiff")
    assert found.shape == (48, 64)
    assert 0 < answer["score"] < 1
    assert answer["score"] != pytest.approx(float(found.max()))


def test_a_map_in_a_run_is_that_of_the_picture_by_itself(give, dataset, checkpoints, tmp_path):
    tiny_baselines.record(checkpoints, "winclip")
    words = ("--prompts", "mvtec/grid", "--engine", "foundation", "--profile", "winclip")
    given = ("run", dataset, "--format", "mvtec", *words, "--limit", 1, "-o", tmp_path / "run")
    assert give(*given)[0] == 0
    assert give("inspect", dataset / "nut/test/good/000.png", *words, "-o", tmp_path / "alone")[0] == 0
    in_run = images.read_map(tmp_path / "run/maps/nut/test/good/000.png.tiff")
    np.testing.assert_array_equal(images.read_map(tmp_path / "alone/000.map.tiff"), in_run)


def test_nothing_is_left_out_of_a_baseline(give, dataset, tmp_path):
    words = (
        "--prompts",
        "mvtec/grid",
        "--engine",
        "foundation",
        "--profile",
        "winclip",
        "--without",
        "saliency",
    )
    code, _, err = give("run", dataset, "--format", "mvtec", *words, "-o", tmp_path / "run")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(
        "without: expected none with profile winclip, a method that has no such part, got sal"
    )


def test_another_clip_in_the_place_of_the_published_one_is_refused_in_one_line(give, dataset, tmp_path):
    tiny_vit_clip.record(tmp_path / "weights", {"weight": next(iter(tiny_vit_clip.model().parameters()))})
    words = ("--prompts", "mvtec/grid", "--engine", "foundation", "--profile", "winclip")
    code, _, err = give("inspect", dataset / "nut/test/good/000.png", *words)
    assert (code, err.count("\n")) == (2, 1)
    assert "expected the weights of CLIP on a Vision Transformer, got others" in err
