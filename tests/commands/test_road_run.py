"""Road scenes from the folder to the figures, by the commands."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import PIL.Image
import pytest
from sklearn import metrics as sklearn_metrics
from typer.testing import CliRunner

from saa import images
from saa.cli import app

SIZE = (48, 72)


def call(*arguments):
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def inspected(root, prompts, run, *options):
    return call(
        "run", root, "--prompts", prompts, "--engine", "embedded", "--workers", 1, "-o", run, *options
    )


def street(seed):
    """A grey street with a red thing on it, and its labels; the upper rows are void."""
    rng = np.random.default_rng(seed)
    picture = rng.normal(110, 6, (*SIZE, 3)).clip(0, 255).astype(np.uint8)
    labels = np.zeros(SIZE, np.uint8)
    labels[20:34, 10 + 8 * seed : 30 + 8 * seed] = 1
    picture[labels == 1] = (200, 40, 40)
    picture[:9] = rng.integers(0, 255, (9, SIZE[1], 3))
    labels[:9] = 255
    return picture, labels


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(values).save(path)


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "street.yaml"
    path.write_text("object: {phrase: road, extent: frame}\ndefects: {captions: [red thing]}\n", "utf-8")
    return path


@pytest.fixture
def tracks(tmp_path):
    """The anomaly track with three validation frames, and one test frame beside black labels."""
    folder = tmp_path / "smiyc/dataset_AnomalyTrack"
    for seed in range(3):
        picture, labels = street(seed)
        save(folder / f"images/validation{seed:04d}.png", picture)
        save(folder / f"labels_masks/validation{seed:04d}_labels_semantic.png", labels)
    save(folder / "images/street_1.png", street(7)[0])
    save(folder / "labels_masks/street_1_labels_semantic.png", np.zeros(SIZE, np.uint8))
    return tmp_path / "smiyc"


def rows(run):
    with (run / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_labels_of_the_default_split_go_into_the_figures(tracks, prompts, tmp_path):
    run = tmp_path / "run"
    said = call(
        "run",
        tracks,
        "--format",
        "smiyc",
        "--prompts",
        prompts,
        "--engine",
        "embedded",
        "--workers",
        1,
        "-o",
        run,
    )
    assert "3 images of split validation" in said
    assert {(row["mask_kind"], row["track"]) for row in rows(run)} == {("labels", "anomaly")}
    said = call("evaluate", run)
    assert "protocol native" in said
    saved = json.loads((run / "metrics.json").read_text("utf-8"))["AnomalyTrack"]
    scores, truths = [], []
    for seed in range(3):
        labels = street(seed)[1]
        anomaly_map = images.read_map(run / f"maps/AnomalyTrack/images/validation{seed:04d}.png.tiff")
        scores.append(anomaly_map[labels < 255])
        truths.append(labels[labels < 255])
    expected = sklearn_metrics.average_precision_score(np.concatenate(truths), np.concatenate(scores))
    assert saved["ap_pixel"] == pytest.approx(expected, abs=1e-6)
    assert saved["component_siou"] is not None


def test_frames_with_hidden_labels_are_never_scored_as_normal(tracks, prompts, tmp_path):
    run = tmp_path / "run"
    inspected(tracks, prompts, run, "--format", "smiyc", "--split", "test")
    assert [(row["defect"], row["mask_path"]) for row in rows(run)] == [("unknown", "")]
    said = call("evaluate", run)
    saved = json.loads((run / "metrics.json").read_text("utf-8"))["AnomalyTrack"]
    assert {saved[name] for name in ("ap_pixel", "fpr95", "component_f1", "auroc_image")} == {None}
    assert saved["reasons"]["fpr95"] == "nothing to score"
    assert "1 image without a label" in said


def test_a_moved_set_is_found_again_with_all_its_pictures(tracks, prompts, tmp_path):
    picture, labels = street(0)
    for kind, values in (
        ("test/thing/0", picture),
        ("ground_truth/thing/0_mask", np.uint8(labels == 1) * 255),
    ):
        save(tmp_path / f"Roads/{kind}.png", values)
    save(tmp_path / "Roads/ignore/thing/0_ignore.png", np.uint8(labels == 255) * 255)
    run = tmp_path / "run"
    inspected(tmp_path / "Roads", prompts, run, "--format", "road")
    call("evaluate", run)
    before = json.loads((run / "metrics.json").read_text("utf-8"))
    shutil.move(tmp_path / "Roads", tmp_path / "elsewhere")
    call("evaluate", run, "--root", tmp_path / "elsewhere")
    assert json.loads((run / "metrics.json").read_text("utf-8")) == before
    assert before["Roads"]["fpr95"] < 0.2
