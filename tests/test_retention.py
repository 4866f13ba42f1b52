from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from saa import metrics_file, tables
from saa.cli import app
from saa.errors import RunError
from saa.evaluate import evaluate
from saa.retention import RECALLS


@pytest.fixture
def roads(fake_run):
    """Four scenes with negative maps and an anomaly in each."""
    rng = np.random.default_rng(1)
    for number in range(4):
        mask = np.zeros((20, 30), bool)
        mask[5:9, 10:16] = True
        anomaly_map = (rng.normal(-3, 1, mask.shape) + mask).astype(np.float32)
        fake_run.add("lanes", f"{number}.png", "anomaly", anomaly_map=anomaly_map, mask=mask, track="anomaly")
    return fake_run


@pytest.fixture
def city(roads, tmp_path):
    """Three pictures of a normal data set, a part of which does not count."""
    normal = dataclasses.replace(
        roads, folder=tmp_path / "city run", root=tmp_path / "city", rows=[], maps={}, masks={}
    )
    rng = np.random.default_rng(2)
    normal.ignored = np.zeros((20, 30), bool)
    normal.ignored[:7] = True
    for number in range(3):
        anomaly_map = rng.normal(-4, 1, (20, 30)).astype(np.float32)
        normal.add("lanes", f"{number}.png", anomaly_map=anomaly_map, ignored=normal.ignored, track="anomaly")
    return normal


def test_retention_equals_a_loop_over_recalls(roads, city):
    found = evaluate(roads.save(), id_run=city.save()).categories["lanes"]
    defective = np.concatenate([each[roads.masks[key]] for key, each in roads.maps.items()])
    normal = np.concatenate([each[~city.ignored] for each in city.maps.values()])
    expected = {}
    for recall in RECALLS:
        threshold = max(each for each in defective if np.mean(defective >= each) >= recall)
        expected[recall] = np.mean(normal < threshold)
    assert dict(found.kept) == pytest.approx(expected, abs=1e-6)
    assert found.scores["id_retention90"].value == pytest.approx(expected[0.9], abs=1e-6)
    assert found.scores["id_retention95"].value == pytest.approx(expected[0.95], abs=1e-6)


def test_it_is_written_with_the_run_it_compares_with(roads, city):
    run = roads.save()
    found = evaluate(run, id_run=city.save())
    assert metrics_file.read(run) == found
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    assert saved["lanes"]["id_kept"] == [list(pair) for pair in found.categories["lanes"].kept]
    assert saved["about"]["id_run"] == city.folder.as_posix()
    assert any("ID kept: pixels of" in note for note in tables.notes(found))


def test_without_a_normal_run_there_is_none(roads):
    assert "id_retention95" not in evaluate(roads.save()).categories["lanes"].scores


def test_the_command_prints_the_two_recalls(roads, city):
    done = CliRunner().invoke(app, ["evaluate", str(roads.save()), "--id-run", str(city.save())])
    assert done.exit_code == 0
    assert "kept@90" in done.stdout
    assert "kept@95" in done.stdout


def test_a_run_without_labels_cannot_be_the_normal_one(roads, city):
    for row in city.rows:
        row["defect"] = "unknown"
    with pytest.raises(RunError, match="expected a run on normal pictures with labels, got none"):
        evaluate(roads.save(), id_run=city.save())


def test_a_normal_run_by_other_recipes_is_refused(roads, city):
    run, normal = roads.save(), city.save()
    about = json.loads((normal / "run.json").read_text("utf-8"))
    about["recipes"]["lanes"]["engine"] = "another"
    (normal / "run.json").write_text(json.dumps(about), "utf-8")
    with pytest.raises(RunError, match=r"city run: expected the recipes of .*, got others; run both"):
        evaluate(run, id_run=normal)


def test_a_normal_run_in_another_mode_is_refused(roads, city):
    for row in city.rows:
        row["mode"] = "batch (transductive), 3 images"
    with pytest.raises(RunError, match=r"city run: expected the modes of .*, got others"):
        evaluate(roads.save(), id_run=city.save())


def test_missing_maps_of_the_normal_run_are_named(roads, city):
    normal = city.save()
    shutil.rmtree(normal / "maps")
    with pytest.raises(RunError, match=r"city run.*0\.png\.tiff: expected a map, got none"):
        evaluate(roads.save(), id_run=normal)
