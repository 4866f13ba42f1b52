from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from saa import metrics_file
from saa.evaluate import evaluate


@pytest.fixture
def typed_run(fake_run):
    """Two products with good images, dents and stains, of which dents stand out more; one image of each has failed."""
    rng = np.random.default_rng(8)
    for product in ("nut", "pin"):
        for number, defect in enumerate(["good", "dent", "stain", "stain"] * 2):
            mask = np.zeros((20, 26), bool)
            if defect != "good":
                mask[4 : 7 + number, 8:20] = True
            anomaly_map = rng.random(mask.shape, np.float32) + mask * np.float32(
                0.8 if defect == "dent" else 0.2
            )
            fake_run.add(
                product, f"{number}.png", defect, anomaly_map=anomaly_map, mask=mask if mask.any() else None
            )
        fake_run.add(product, "8.png", "dent", error="8.png: expected a picture, got text")
    return fake_run


def pixels(run, product, *defects):
    scores, labels = [], []
    for row in run.rows:
        if row["product"] == product and row["status"] == "ok" and row["defect"] in defects:
            found = run.maps[product, row["name"]]
            scores.append(found.ravel())
            labels.append(run.masks.get((product, row["name"]), np.zeros(found.shape, bool)).ravel())
    return np.concatenate(labels), np.concatenate(scores)


def test_each_type_is_scored_against_all_good_images(typed_run):
    found = evaluate(typed_run.save(), protocol="native").categories["nut"]
    assert list(found.defects) == ["dent", "stain"]
    assert found.num_by_defect == {"dent": 2, "stain": 4}
    assert (found.num_good, found.num_defective, found.num_failed) == (2, 6, 1)
    for defect, scores in found.defects.items():
        labels, values = pixels(typed_run, "nut", "good", defect)
        expected = sklearn_metrics.roc_auc_score(labels, values)
        assert scores["auroc_pixel"].value == pytest.approx(expected, abs=1e-6)
        expected = sklearn_metrics.average_precision_score(labels, values)
        assert scores["ap_pixel"].value == pytest.approx(expected, abs=1e-6)
        assert set(scores) == set(found.scores)
    assert found.defects["dent"]["max_f1_pixel"].value > found.defects["stain"]["max_f1_pixel"].value
    every = [row for row in typed_run.rows if row["product"] == "nut" and row["defect"] in ("good", "dent")]
    done = [row for row in every if row["status"] == "ok"]
    expected = sklearn_metrics.roc_auc_score(
        [row["defect"] == "dent" for row in done], [float(row["score"]) for row in done]
    )
    assert found.defects["dent"]["auroc_image"].value == pytest.approx(expected)


def test_one_type_alone_has_the_figures_of_its_category(small_run):
    found = evaluate(small_run.save()).categories["grid"]
    values = {name: score.value for name, score in found.scores.items()}
    assert {name: score.value for name, score in found.defects["hole"].items()} == pytest.approx(
        values, abs=5e-6
    )


def test_a_type_without_masks_has_figures_of_images_alone(typed_run, new_map):
    typed_run.add("nut", "9.png", "burr", anomaly_map=new_map(20, 26) + 1)
    burr = evaluate(typed_run.save()).categories["nut"].defects["burr"]
    assert burr["auroc_image"].value == 1
    assert (burr["auroc_pixel"].value, burr["auroc_pixel"].reason) == (None, "nothing is defective")


def test_without_good_images_a_type_has_no_figures_of_images(typed_run):
    typed_run.rows = [row for row in typed_run.rows if row["defect"] != "good"]
    found = evaluate(typed_run.save()).categories["nut"]
    assert found.num_good == 0
    assert found.defects["dent"]["auroc_image"].reason == "nothing is good"
    assert found.defects["dent"]["auroc_pixel"].value > 0.5


def test_the_files_say_the_same(typed_run):
    run = typed_run.save()
    found = evaluate(run)
    assert metrics_file.read(run) == found
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    assert saved["nut"]["defects"]["stain"]["num_images"] == 4
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = [(row["row"], row["category"], row["defect"]) for row in rows]
    types = [("defect", product, defect) for product in ("nut", "pin") for defect in ("dent", "stain")]
    categories = [("category", "nut", ""), ("category", "pin", "")]
    assert kinds == [categories[0], *types[:2], categories[1], *types[2:], ("mean", "mean", "")]
    for row, expected in (
        (rows[0], saved["nut"]),
        (rows[1], saved["nut"]["defects"]["dent"]),
        (rows[-1], saved["mean"]),
    ):
        for metric in found.metrics:
            assert float(row[metric]) == expected[metric]
    assert float(rows[0]["max_f1_pixel_threshold"]) == saved["nut"]["max_f1_pixel_threshold"]
    assert (rows[0]["num_images"], rows[0]["num_good"], rows[1]["num_defective"]) == ("9", "2", "2")
    assert {row["protocol"] for row in rows} == {"released"}


def test_undefined_is_an_empty_cell(fake_run, new_map):
    fake_run.add("nut", "0.png", anomaly_map=new_map())
    run = fake_run.save()
    evaluate(run)
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["auroc_pixel"] for row in rows] == ["", ""]
    assert "nan" not in (run / "metrics.csv").read_text("utf-8").lower()


def test_figures_of_older_versions_are_read(typed_run):
    run = typed_run.save()
    evaluate(run)
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    for product in ("nut", "pin"):
        for key in ("defects", "num_good", "num_defective"):
            del saved[product][key]
    (run / "metrics.json").write_text(json.dumps(saved), "utf-8")
    found = metrics_file.read(run).categories["nut"]
    assert (found.defects, found.num_good, found.num_defective) == ({}, 0, 0)
    assert found.scores["aupro"].value == saved["nut"]["aupro"]


def test_progress_is_told_map_by_map_once_for_pixels_and_once_for_regions(typed_run):
    told = []
    evaluate(typed_run.save(), watch=lambda done, total: told.append((done, total)))
    assert told == [(done, 32) for done in range(1, 33)]
