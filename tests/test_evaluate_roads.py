from __future__ import annotations

import csv
import json

import cv2
import numpy as np
import pytest
from scipy import ndimage
from sklearn import metrics as sklearn_metrics

from saa import metrics_file, tables
from saa.errors import RunError
from saa.evaluate import evaluate
from saa.ops.components import SizeRule

SIZE = (60, 90)


@pytest.fixture
def road_run(fake_run, monkeypatch):
    """Six scenes with negative maps, two anomalies each, and pixels that do not count, full of false alarms."""
    monkeypatch.setattr("saa.figures.RULES", {"anomaly": SizeRule(6, 9), "obstacle": SizeRule(2, 3)})
    rng = np.random.default_rng(3)
    for number in range(6):
        mask = np.zeros(SIZE, bool)
        mask[20:30, 10 + number : 30] = mask[40:44, 60:66] = True
        ignored = np.zeros(SIZE, bool)
        ignored[:8] = ignored[28:34, 15:22] = True
        soft = ndimage.gaussian_filter(rng.standard_normal(SIZE), 2)
        anomaly_map = (soft / soft.std() * 0.3 + mask - 4).astype(np.float32)
        anomaly_map[:8] = -0.5
        fake_run.add(
            "scenes", f"test/anomaly/{number}.png", "anomaly",
            anomaly_map=anomaly_map, mask=mask, ignored=ignored, track="anomaly",
        )  # fmt: skip
        fake_run.ignored = ignored
    return fake_run


def counted(run):
    """The scores and labels of all pixels that count."""
    left = [(each[~run.ignored], run.masks[key][~run.ignored]) for key, each in run.maps.items()]
    return (np.concatenate(each) for each in zip(*left, strict=True))


def independent(run, threshold, predicted_px, true_px):
    """sIoU, PPV and F1* by labelled images, one component after the other."""
    overlaps, purities = [], []
    for key, anomaly_map in run.maps.items():
        true, _ = ndimage.label(run.masks[key] & ~run.ignored, np.ones((3, 3)))
        found, _ = ndimage.label((anomaly_map > threshold) & ~run.ignored, np.ones((3, 3)))
        for number in range(1, found.max() + 1):
            if np.sum(found == number) < predicted_px:
                found[found == number] = 0
        for number in range(1, true.max() + 1):
            if np.sum(true == number) < true_px:
                found[true == number] = 0
                true[true == number] = 0
        for number in set(true[true > 0]):
            touching = np.isin(found, found[(true == number) & (found > 0)]) & (found > 0)
            others = (true > 0) & (true != number)
            union = np.sum(touching | (true == number)) - np.sum(touching & others)
            overlaps.append(np.sum(touching & (true == number)) / union)
        purities += [np.mean(true[found == number] > 0) for number in set(found[found > 0])]
    overlaps, purities = np.array(overlaps), np.array(purities)
    f1 = []
    for least in np.linspace(0.25, 0.75, 11):
        hits, alarms = np.sum(overlaps >= least), np.sum(purities < least)
        f1.append(2 * hits / (2 * hits + np.sum(overlaps < least) + alarms))
    return overlaps.mean(), purities.mean(), np.mean(f1)


def test_road_figures_equal_an_independent_computation_without_what_does_not_count(road_run):
    found = evaluate(road_run.save())
    values = {name: score.value for name, score in found.categories["scenes"].scores.items()}
    scores, labels = counted(road_run)
    fpr, tpr, _ = sklearn_metrics.roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, thresholds = sklearn_metrics.precision_recall_curve(labels, scores)
    best = thresholds[np.argmax((2 * precision * recall / np.maximum(precision + recall, 1e-300))[:-1])]
    assert found.protocol == "native"
    assert values["ap_pixel"] == pytest.approx(
        sklearn_metrics.average_precision_score(labels, scores), abs=1e-6
    )
    assert values["fpr95"] == pytest.approx(fpr[np.searchsorted(tpr, 0.95)], abs=1e-6)
    assert values["fpr95_linear"] == pytest.approx(np.interp(0.95, tpr, fpr), abs=1e-6)
    components = values["component_siou"], values["component_ppv"], values["component_f1"]
    assert components == pytest.approx(independent(road_run, best, 6, 9), abs=1e-9)
    assert 0.1 < values["component_f1"] < 0.99


def test_components_are_above_a_score_that_some_pixel_has(road_run):
    scores, _ = counted_lists(road_run)
    found = evaluate(road_run.save()).categories["scenes"].scores
    assert found["component_f1"].threshold in set(scores.tolist())
    assert found["component_f1"].threshold >= found["max_f1_pixel"].threshold


def counted_lists(run):
    return tuple(counted(run))


def test_the_released_protocol_resizes_what_counts_too_and_has_no_components(road_run):
    evaluation = evaluate(road_run.save(), protocol="released")
    found = evaluation.categories["scenes"].scores
    small = [
        cv2.resize(each.astype(np.uint8), (400, 400), interpolation=cv2.INTER_NEAREST) > 0
        for each in (road_run.ignored, *road_run.masks.values())
    ]
    maps = [cv2.resize(each, (400, 400), interpolation=cv2.INTER_CUBIC) for each in road_run.maps.values()]
    scores = np.concatenate([each[~small[0]] for each in maps])
    labels = np.concatenate([each[~small[0]] for each in small[1:]])
    expected = sklearn_metrics.average_precision_score(labels, scores)
    assert found["ap_pixel"].value == pytest.approx(expected, abs=1e-6)
    assert found["component_f1"].value is None
    assert "protocol native" in found["component_f1"].reason
    assert "so components are not counted" in "\n".join(tables.notes(evaluation))


def test_parts_have_no_figures_of_roads_and_roads_none_of_parts(road_run, small_run):
    both = {"max_f1_pixel", "auroc_pixel", "ap_pixel", "max_f1_image", "auroc_image", "ap_image"}
    found = evaluate(small_run.save()).categories
    parts = {"best_iou", "aupro", "max_f1_region", "max_f1_region_released"}
    assert set(found["bottle"].scores) == both | parts
    roads = {"fpr95", "fpr95_linear", "component_siou", "component_ppv", "component_f1"}
    assert set(found["scenes"].scores) == both | roads


def test_a_run_of_parts_and_roads_is_scored_like_parts(road_run, small_run):
    assert evaluate(small_run.save()).protocol == "released"


def test_what_was_written_of_roads_loads_as_it_was(road_run):
    run = road_run.save()
    found = evaluate(run)
    assert metrics_file.read(run) == found
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    assert saved["scenes"]["track"] == "anomaly"
    assert saved["about"]["protocol"] == "native"
    assert saved["about"]["components"]["tracks"] == {"anomaly": {"predicted_px": 500, "true_px": 100}}
    assert saved["scenes"]["auroc_image"] is None
    assert saved["scenes"]["reasons"]["auroc_image"] == "nothing is good"


def test_the_table_of_roads_shows_what_is_defined_and_says_which_rules_apply(road_run):
    found = evaluate(road_run.save())
    (table,) = tables.tables(found)
    assert table.header == (
        "category", "max-F1 px", "FPR95 ↓", "AUROC px", "AP px", "sIoU", "PPV", "F1*", "images",
        "failed",
    )  # fmt: skip
    said = "\n".join(tables.notes(found))
    assert "Protocol native, the default for road scenes" in said
    assert "nothing is good" not in said
    assert "by the rules of the anomaly track: predicted ones of at least 500 px" in said


def test_images_of_two_tracks_in_one_product_are_an_error(road_run):
    road_run.rows[0]["track"] = "obstacle"
    with pytest.raises(RunError, match="scenes: expected one track for all images, got anomaly and obstacle"):
        evaluate(road_run.save())


@pytest.mark.parametrize(("column", "value"), [("track", "rail"), ("mask_kind", "colours")])
def test_unknown_kinds_are_named_by_line(road_run, column, value):
    road_run.rows[0][column] = value
    with pytest.raises(RunError, match=rf"results\.csv:2: {column}: expected one of .*, got '{value}'"):
        evaluate(road_run.save())


def test_a_missing_picture_of_what_does_not_count_is_an_error(road_run):
    run = road_run.save()
    (road_run.root / "scenes/ignore/test/anomaly/3.png").unlink()
    with pytest.raises(RunError, match=r"ignore/test/anomaly/3\.png: expected a mask, got none"):
        evaluate(run)


def test_a_picture_of_what_does_not_count_of_another_size_is_an_error(road_run):
    run = road_run.save()
    cv2.imwrite(str(road_run.root / "scenes/ignore/test/anomaly/3.png"), np.zeros((5, 5), np.uint8))
    with pytest.raises(RunError, match=r"expected a mask of the map's size \(60, 90\), got \(5, 5\)"):
        evaluate(run)


def test_a_run_without_the_new_columns_counts_all_pixels(small_run):
    before = evaluate(small_run.save())
    run = small_run.save(without=("ignore_path", "mask_kind", "track"))
    with (run / "results.csv").open(encoding="utf-8", newline="") as file:
        assert "track" not in next(csv.reader(file))
    assert evaluate(run) == before


def test_scenes_without_an_anomaly_have_reasons_instead_of_figures(fake_run, new_map):
    fake_run.add("city", "0.png", anomaly_map=new_map(), track="anomaly")
    scores = evaluate(fake_run.save()).categories["city"].scores
    assert {score.value for score in scores.values()} == {None}
    assert scores["component_siou"].reason == scores["fpr95"].reason == "nothing is defective"
