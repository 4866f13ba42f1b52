"""`saa run` compares the images of a product with each other where there are enough of them."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
from parts import part

from saa import images

NEIGHBOURS = "engines: {embedded: {saliency: {kind: neighbours}}}\n"
CONSENSUS = "engines: {embedded: {saliency: {kind: consensus, min_images: 3}}}\n"


@pytest.fixture
def folder(tmp_path):
    """Eight different images of a part."""
    for number in range(8):
        part(tmp_path / f"parts/{number}.png", number)
    return tmp_path / "parts"


@pytest.fixture
def run(give, prompt, tmp_path):
    """Runs a folder of one product into tmp_path/<out>; returns what was told."""

    def start(folder, out, *more, code=0):
        words = ("run", folder, "--format", "folder", "--prompts", prompt, "-o", tmp_path / out)
        ended, _, err = give(*words, "--workers", 1, *more)
        assert ended == code, err
        return err

    return start


def modes(run):
    with (run / "results.csv").open(newline="", encoding="utf-8") as file:
        return {row["mode"] for row in csv.DictReader(file)}


def maps(run):
    return {path.stem: images.read_map(path) for path in sorted(run.glob("maps/parts/*.tiff"))}


def test_enough_images_are_compared_with_each_other_and_labelled_so(run, folder, tmp_path):
    told = run(folder, "run")
    assert "parts: 8 images, batch (transductive); embedded engine" in told
    assert "parts: fitted on 8 images" in told
    assert modes(tmp_path / "run") == {"batch (transductive), 8 images"}
    manifest = json.loads((tmp_path / "run/run.json").read_text())
    assert manifest["modes"] == {"parts": "batch (transductive)"}
    assert manifest["products"]["parts"]["num_images"] == 8
    assert manifest["recipes"]["parts"]["saliency"]["kind"] == "consensus"


def test_too_few_images_are_judged_alone(run, folder, tmp_path):
    told = run(folder, "run", "--limit", 7)
    assert "parts: 7 images, single image (batch needs 8); embedded engine" in told
    assert modes(tmp_path / "run") == {"single image"}


def test_batch_mode_can_be_switched_off(run, folder, tmp_path):
    told = run(folder, "run", "--mode", "single")
    assert "parts: 8 images, single image (as asked for); embedded engine" in told
    assert modes(tmp_path / "run") == {"single image"}
    assert not (tmp_path / "run/references").exists()
    told = run(folder, "run", code=2)
    assert 'modes.parts: "single image" then, "batch (transductive)" now' in told


def test_a_file_that_names_its_saliency_decides_the_mode(run, folder, prompt, tmp_path):
    words = prompt.read_text()
    prompt.write_text(words + NEIGHBOURS)
    told = run(folder, "single", "--limit", 8)
    assert "parts: 8 images, single image (saliency neighbours has no batch mode); embedded engine" in told
    (told,) = run(folder, "forced", "--mode", "batch", code=2).splitlines()
    assert told == (
        f"{prompt}: expected a recipe that compares images, got none: saliency neighbours has no batch mode; "
        "write saliency: {kind: consensus} for the engine, or use --mode auto"
    )
    prompt.write_text(words + CONSENSUS)
    told = run(folder, "few", "--limit", 3)
    assert "parts: 3 images, batch (transductive); embedded engine" in told
    assert modes(tmp_path / "few") == {"batch (transductive), 3 images"}
    run(folder, "alone", "--mode", "single", "--limit", 3)
    assert modes(tmp_path / "alone") == {"single image"}


@pytest.mark.parametrize("mode", ["auto", "batch"])
def test_images_that_are_all_the_same_are_judged_alone_and_a_note_says_why(run, tmp_path, mode):
    for number in range(8):
        part(tmp_path / f"parts/{number}.png")
    told = run(tmp_path / "parts", "run", "--mode", mode)
    assert "parts: inspected as single images:" in told
    assert modes(tmp_path / "run") == {"single image"}
    with (tmp_path / "run/results.csv").open(newline="", encoding="utf-8") as file:
        assert all(row["notes"].startswith("inspected as single images:") for row in csv.DictReader(file))


def test_names_and_order_do_not_change_a_map(run, folder, tmp_path):
    run(folder, "run")
    renamed = tmp_path / "renamed/parts"
    renamed.mkdir(parents=True)
    for path in folder.iterdir():
        shutil.copy(path, renamed / f"{9 - int(path.stem)}-again.png")
    run(renamed, "renamed-run")
    before, after = maps(tmp_path / "run"), maps(tmp_path / "renamed-run")
    assert len(before) == len(after) == 8
    for name, anomaly_map in before.items():
        other = after[f"{9 - int(name.partition('.')[0])}-again.png"]
        np.testing.assert_allclose(other, anomaly_map, rtol=0, atol=1e-6)


def test_duplicates_do_not_vouch_for_each_other(run, folder, tmp_path):
    run(folder, "run")
    repeated = tmp_path / "repeated/parts"
    shutil.copytree(folder, repeated)
    for copy in range(3):
        shutil.copy(repeated / "0.png", repeated / f"0-copy-{copy}.png")
    images.write_png(repeated / "0-written-anew.png", images.read_rgb(repeated / "0.png"))
    run(repeated, "repeated-run")
    before, after = maps(tmp_path / "run"), maps(tmp_path / "repeated-run")
    assert len(after) == 12
    for name, anomaly_map in after.items():
        np.testing.assert_allclose(anomaly_map, before[f"{name[0]}.png"], rtol=0, atol=1e-6)


def test_images_of_two_sizes_are_a_map_each(run, folder, tmp_path):
    for path in sorted(folder.iterdir())[:3]:
        images.write_png(path, images.read_rgb(path)[:40, :50])
    run(folder, "run")
    assert sorted({anomaly_map.shape for anomaly_map in maps(tmp_path / "run").values()}) == [
        (40, 50),
        (48, 64),
    ]


def test_parts_of_the_maps_are_saved_where_they_are_asked_for(run, folder, tmp_path):
    run(folder, "run", "--parts")
    for name, anomaly_map in maps(tmp_path / "run").items():
        parts = [images.read_map(path) for path in (tmp_path / "run/parts").glob(f"*/parts/{name}.tiff")]
        assert parts
        np.testing.assert_allclose(sum(parts), anomaly_map, rtol=1e-5, atol=1e-6)
    assert "parts: true then, false now" in run(folder, "run", code=2)
