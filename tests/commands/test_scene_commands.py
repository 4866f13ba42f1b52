"""Scenes from the command line, with each backend that there is for them, and without what it needs."""

from __future__ import annotations

import csv
import json
import os
import sys

import numpy as np
import pytest
import tiny_scenes
from sklearn.metrics import average_precision_score
from street import street

from saa import images, scene_settings

SIZE = (60, 91)


@pytest.fixture(autouse=True)
def _one_core(monkeypatch):
    """On tiny networks, threads wait for each other longer than they work."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


@pytest.fixture(params=scene_settings.kinds())
def kind(request):
    return request.param


@pytest.fixture
def scene(tmp_path, kind):
    """A scene file for a backend, whose checkpoints are not yet recorded."""
    return tiny_scenes.scene(tmp_path / f"{kind}.yaml", kind, ood=["truck"])


@pytest.fixture
def recorded(tmp_path, kind, scene):
    tiny_scenes.record(tmp_path / "weights" / kind, kind)
    return scene


@pytest.fixture
def dataset(tmp_path):
    """Three streets with something on the road, the last one without; their upper parts do not count."""
    root = tmp_path / "data/Streets"
    for number in range(3):
        image, mask = street(*SIZE, seed=number), np.zeros(SIZE, np.bool_)
        if number < 2:
            mask[30:42, 20 + 9 * number : 40] = True
            image[mask] = (255, 0, 255)
        ignored = np.zeros(SIZE, np.bool_)
        ignored[:10] = True
        images.write_png(root / f"test/anomaly/{number}.png", image)
        images.write_png(root / f"ground_truth/anomaly/{number}_mask.png", mask)
        images.write_png(root / f"ignore/anomaly/{number}_ignore.png", ignored)
    return root.parent


@pytest.fixture
def picture(dataset):
    return dataset / "Streets/test/anomaly/0.png"


@pytest.fixture
def refused(give, dataset, picture, tmp_path):
    """Gives a scene file to `inspect` and `run`, which both must refuse at once; returns the one line that says why."""

    def command(scene):
        lines = set()
        out = tmp_path / "run"
        for words in (("inspect", picture), ("run", dataset, "--format", "road", "-o", out)):
            code, said, err = give(*words, "--prompts", scene)
            assert (code, said) == (2, "")
            (line,) = err.splitlines()
            lines.add(line)
            assert not out.exists()
        (line,) = lines
        return line

    return command


def test_a_picture_is_inspected(give, recorded, picture, kind, tmp_path):
    code, out, err = give("inspect", picture, "--prompts", recorded, "-o", tmp_path / "out", "--json")
    assert (code, f"foundation ({kind}) engine" in err) == (0, True)
    (answer,) = json.loads(out)
    assert answer["size"] == [*SIZE]
    assert images.read_map(tmp_path / "out/0.map.tiff").max() <= 0


def test_a_run_is_evaluated_and_reported_with_its_negative_maps(give, recorded, dataset, kind, tmp_path):
    run = tmp_path / "run"
    assert give("run", dataset, "--format", "road", "--prompts", recorded, "-o", run, "--workers", 1)[0] == 0
    about = json.loads((run / "run.json").read_text())
    assert about["engine"] == f"foundation ({kind})"
    assert all(len(sha256) == 64 for sha256 in about["weights"].values())
    assert set(about["weights"]) >= {about["recipes"]["Streets"]["backend"]["checkpoint"]}

    code, said, _ = give("evaluate", run)
    assert (code, "Streets" in said) == (0, True)
    metrics = json.loads((run / "metrics.json").read_text())
    counted = [
        images.read_map(run / f"maps/Streets/test/anomaly/{number}.png.tiff")[10:] for number in range(3)
    ]
    truth = np.zeros((3, *SIZE), np.bool_)
    for number in range(2):
        truth[number, 30:42, 20 + 9 * number : 40] = True
    expected = average_precision_score(truth[:, 10:].ravel(), np.stack(counted).ravel())
    assert found(metrics, "ap_pixel") == pytest.approx(expected, abs=1e-6)

    with (run / "results.csv").open(newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["ok"] * 3
    assert give("report", run)[0] == 0
    assert "Streets" in (run / "report.html").read_text()


def found(values, name):
    """The first figure of a name, wherever it stands."""
    if isinstance(values, dict):
        if isinstance(values.get(name), int | float):
            return values[name]
        deeper = (found(each, name) for each in values.values())
        return next((each for each in deeper if each is not None), None)
    if isinstance(values, list):
        return next((each for each in (found(one, name) for one in values) if each is not None), None)
    return None


def test_missing_checkpoints_are_told_with_what_to_do(refused, scene, kind):
    line = refused(scene)
    checkpoint = scene_settings.model(kind)().model_dump()["checkpoint"]
    assert line.startswith(checkpoint)
    assert "got no such file" in line


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_a_missing_package_is_told_with_what_installs_it(refused, recorded, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)  # the import system's own way to say that there is none
    assert refused(recorded) == (
        f"published models: expected the package {package}, got none installed; "
        "install them with pip install 'saa[foundation]'"
    )


@pytest.mark.parametrize("kind", ["mask2former"])
def test_words_that_are_no_labels_are_refused_before_a_run_begins(refused, recorded, kind):
    tiny_scenes.scene(recorded, kind, ood=["cow"])
    line = refused(recorded)
    assert "(road, sidewalk, traffic light, car, truck), got none for cow; add such a word, leave" in line


@pytest.mark.parametrize("kind", ["mask2former", "clipseg"])
def test_a_folder_that_lost_its_sizes_is_refused_before_a_run_begins(refused, recorded, kind, tmp_path):
    sizes = tmp_path / "weights" / kind / "config.json"
    sizes.unlink()
    assert refused(recorded).startswith(f"{sizes}: expected the sizes of ")


@pytest.mark.parametrize("kind", ["mask2former", "clipseg"])
def test_an_ensemble_is_refused_where_there_is_no_clip_to_ask(refused, recorded, kind):
    tiny_scenes.scene(recorded, kind, ensemble={"seen": 0.4})
    assert refused(recorded).startswith(f"ensemble: expected none with backend {kind}")
