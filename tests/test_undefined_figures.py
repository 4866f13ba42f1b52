"""Categories for which some figures, or all, make no sense: null with a reason, never NaN and never a crash."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from saa import metrics_file, tables
from saa.evaluate import evaluate

PIXEL = ("max_f1_pixel", "best_iou", "auroc_pixel", "aupro", "ap_pixel")
REGION = ("max_f1_region", "max_f1_region_released")
IMAGE = ("max_f1_image", "auroc_image", "ap_image")


def hole():
    mask = np.zeros((8, 10), bool)
    mask[2:4, 3:6] = True
    return mask


def only_good(run, new_map):
    for number in range(2):
        run.add("nut", f"{number}.png", anomaly_map=new_map(seed=number))


def only_defective(run, new_map):
    for number in range(2):
        run.add("nut", f"{number}.png", "hole", anomaly_map=new_map(seed=number), mask=hole())


def all_failed(run, new_map):
    for number in range(2):
        run.add("nut", f"{number}.png", "hole", error=f"{number}.png: expected a picture, got text")


def without_masks(run, new_map):
    run.add("nut", "0.png", anomaly_map=new_map())
    run.add("nut", "1.png", "hole", anomaly_map=new_map(seed=1))


def empty_mask(run, new_map):
    run.add("nut", "0.png", anomaly_map=new_map())
    run.add("nut", "1.png", "hole", anomaly_map=new_map(seed=1), mask=np.zeros((8, 10), bool))


def all_defective_pixels(run, new_map):
    run.add("nut", "0.png", "hole", anomaly_map=new_map(), mask=np.ones((8, 10), bool))


def unlabelled(run, new_map):
    run.add("nut", "0.png", "unknown", anomaly_map=new_map())


CASES = {
    only_good: ((*PIXEL, *REGION, *IMAGE), "nothing is defective"),
    only_defective: (IMAGE, "nothing is good"),
    all_failed: ((*PIXEL, *REGION, *IMAGE), "nothing to score"),
    without_masks: ((*PIXEL, *REGION), "nothing is defective"),
    empty_mask: ((*PIXEL, *REGION), "nothing is defective"),
    all_defective_pixels: ((*PIXEL, *REGION, *IMAGE), "nothing is good"),
    unlabelled: ((*PIXEL, *REGION, *IMAGE), "nothing to score"),
}


@pytest.mark.parametrize("protocol", ["native", "12x12"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_is_undefined_is_null_with_a_reason(fake_run, new_map, case, protocol):
    case(fake_run, new_map)
    run = fake_run.save()
    found = evaluate(run, protocol=protocol)
    names, reason = CASES[case]
    for name, score in found.categories["nut"].scores.items():
        if name in names:
            assert (score.value, score.reason) == (None, reason), name
        else:
            assert math.isfinite(score.value), name
            assert score.value >= 0
    assert found.mean[names[0]].reason == "not defined for any category"
    text = (run / "metrics.json").read_text("utf-8")
    saved = json.loads(text, parse_constant=pytest.fail)
    assert {saved["nut"][name] for name in names} == {saved["mean"][name] for name in names} == {None}
    assert metrics_file.read(run) == found
    assert any(reason in note for note in tables.notes(found))


def test_an_empty_category_has_no_defect_types(fake_run, new_map):
    all_failed(fake_run, new_map)
    found = evaluate(fake_run.save()).categories["nut"]
    assert (found.defects, found.num_by_defect, found.num_good, found.num_defective) == ({}, {}, 0, 0)


def test_a_constant_map_has_figures(fake_run):
    for name, defect, mask in (("0.png", "good", None), ("1.png", "hole", hole())):
        fake_run.add("nut", name, defect, anomaly_map=np.full((8, 10), 0.5, np.float32), mask=mask)
    found = evaluate(fake_run.save(), protocol="native").categories["nut"]
    values = {name: score.value for name, score in found.scores.items()}
    assert values["auroc_pixel"] == values["auroc_image"] == 0.5
    assert values["max_f1_region"] == values["max_f1_region_released"] == 0
    assert values["max_f1_image"] == pytest.approx(2 / 3)
