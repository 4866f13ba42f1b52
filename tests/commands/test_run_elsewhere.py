"""`saa run` on a data set that does not lie on this machine."""

from __future__ import annotations

import json
import shutil

import pytest

from saa import storage
from saa.runs import results

pytest.importorskip("upath", reason="needs the extra saa[cluster]")


@pytest.fixture
def bucket(tmp_path):
    """An empty folder in the memory of this process, as if it were in a bucket."""
    root = storage.located(f"memory://bucket{tmp_path.as_posix()}")
    yield root
    if root.exists():
        root.fs.rm(root.path, recursive=True)


@pytest.fixture
def uploaded(dataset, bucket):
    """The data set in the bucket."""
    for path in dataset.rglob("*"):
        if path.is_file():
            storage.write(bucket / "data" / path.relative_to(dataset).as_posix(), path.read_bytes())
    return bucket / "data"


def words(root, prompt, out, *more):
    return ("run", root, "--format", "mvtec", "--prompts", prompt, "-o", out, "--workers", 1, *more)


def table(run):
    lines = (run / "results.csv").read_text().splitlines()
    return [line.rsplit(",", len(results.DIFFERING))[0] for line in lines]


def maps(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.tiff")}


def test_a_data_set_elsewhere_gives_the_same_maps_and_figures(give, prompt, dataset, uploaded, tmp_path):
    code, _, err = give(*words(uploaded, prompt, tmp_path / "far"))
    assert code == 0, err
    assert f"{uploaded}: 6 images of split test" in err
    assert give(*words(dataset, prompt, tmp_path / "near"))[0] == 0
    assert maps(tmp_path / "far") == maps(tmp_path / "near")
    assert table(tmp_path / "far") == table(tmp_path / "near")
    shutil.rmtree(dataset)
    assert give("evaluate", tmp_path / "far")[0] == 0
    assert "mean" in json.loads((tmp_path / "far/metrics.json").read_text())
    assert give("report", tmp_path / "far")[0] == 0


def test_a_run_on_images_elsewhere_is_resumed(give, prompt, uploaded, tmp_path):
    assert give(*words(uploaded, prompt, tmp_path / "run"))[0] == 0
    next((tmp_path / "run").rglob("*.tiff")).unlink()
    code, _, err = give(*words(uploaded, prompt, tmp_path / "run"))
    assert code == 0
    assert "5 of 6 images" in err


def test_a_folder_elsewhere_that_is_not_there_is_refused(give, prompt, bucket, tmp_path):
    code, _, err = give(*words(f"{bucket}/nothing", prompt, tmp_path / "run"))
    assert code == 2
    assert f"{bucket}/nothing: expected the folder of a data set, got no such folder; check the path" in err


def test_a_run_with_a_store_is_evaluated_reported_and_exported(give, prompt, dataset, bucket, tmp_path):
    code, _, err = give(*words(dataset, prompt, tmp_path / "run", "--store", f"{bucket}/store"))
    assert code == 0, err
    assert not (tmp_path / "run/maps").exists()
    assert len(list((bucket / "store").rglob("*.tiff"))) == 6
    assert give("evaluate", tmp_path / "run")[0] == 0
    assert "mean" in json.loads((tmp_path / "run/metrics.json").read_text())
    assert give("report", tmp_path / "run")[0] == 0
    assert give("status", tmp_path / "run")[0] == 0
    assert give("export", tmp_path / "run", "--to", "coco", "-o", tmp_path / "coco.json")[0] == 0
    assert len(json.loads((tmp_path / "coco.json").read_text())["images"]) == 6
