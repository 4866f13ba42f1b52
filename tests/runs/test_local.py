from __future__ import annotations

import os
from dataclasses import replace

import cv2
import pytest
from scripted_recipes import (
    KILLER,
    ScriptedInspector,
    ScriptedRecipe,
    batch,
    picture,
    plan,
    samples,
    table_without_seconds,
)

from saa.errors import ModelError, RunError
from saa.runs import session
from saa.runs.folder import RunFolder
from saa.runs.local import Local
from saa.runs.station import Station
from saa.runs.threads import limited, num_cores, one_thread, shared


class UnbuildableRecipe(ScriptedRecipe):
    def build(self, reference=None):
        raise ModelError("weights.pt: expected a checkpoint, got nothing; fetch it")


class BuggyRecipe(ScriptedRecipe):
    def build(self, reference=None):
        raise TypeError("our own mistake")


class CountingInspector(ScriptedInspector):
    def inspect(self, image):
        return replace(super().inspect(image), score=float(os.environ["OMP_NUM_THREADS"]))


class CountingRecipe(ScriptedRecipe):
    """Its images score as many as there are threads."""

    def build(self, reference=None):
        return CountingInspector(0.0)


def station(root, recipe):
    return Station({"nut": recipe}, RunFolder(root), keep_parts=False)


def artefacts(run):
    return {path.relative_to(run): path.read_bytes() for path in run.rglob("*.tiff")}


@pytest.mark.parametrize("in_mode", [lambda planned: planned, batch], ids=["single", "batch"])
def test_any_number_of_workers_gives_the_same_maps_and_table(tmp_path, in_mode):
    planned = in_mode(plan(tmp_path / "data", 4, ("bolt", "nut")))
    session.run(planned, tmp_path / "one", crew=Local(1))
    session.run(planned, tmp_path / "two", crew=Local(2))
    assert len(artefacts(tmp_path / "one")) == 8
    assert artefacts(tmp_path / "two") == artefacts(tmp_path / "one")
    assert table_without_seconds(tmp_path / "two/results.csv") == table_without_seconds(
        tmp_path / "one/results.csv"
    )


def test_an_image_that_kills_its_worker_twice_is_a_row_and_the_run_goes_on(tmp_path):
    planned = plan(tmp_path / "data", 4)
    picture(planned.samples[1].image_path, first=KILLER)
    tally = session.run(planned, tmp_path / "run", crew=Local(2))
    assert (tally.done, tally.failed) == (4, 1)
    row = (tmp_path / "run/results.csv").read_text().splitlines()[2]
    assert "worker died 2 times (killed by signal 9; out of memory is the usual cause" in row


@pytest.mark.parametrize("workers", [1, 2])
def test_a_recipe_that_cannot_be_built_ends_the_run(tmp_path, workers):
    found = Local(workers).outcomes(samples(tmp_path, 2), station(tmp_path, UnbuildableRecipe()))
    with pytest.raises(ModelError, match=r"weights.pt: expected a checkpoint"):
        next(found)


def test_a_bug_in_a_worker_ends_the_run_with_its_traceback(tmp_path):
    found = Local(2).outcomes(samples(tmp_path, 2), station(tmp_path, BuggyRecipe()))
    with pytest.raises(RuntimeError, match=r"in build(.|\n)*TypeError: our own mistake"):
        next(found)


def test_workers_that_cannot_start_end_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr("saa.runs.worker._serve", os._exit)
    found = Local(2).outcomes(samples(tmp_path, 2), station(tmp_path, ScriptedRecipe()))
    with pytest.raises(RunError, match="workers: expected them to start, got exit code"):
        next(found)


def test_no_samples_give_no_outcomes(tmp_path):
    assert list(Local(4).outcomes([], station(tmp_path, ScriptedRecipe()))) == []


def test_one_thread_is_set_and_taken_back(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    before = cv2.getNumThreads()
    with one_thread():
        assert os.environ["OMP_NUM_THREADS"] == os.environ["OPENBLAS_NUM_THREADS"] == "1"
        assert cv2.getNumThreads() == 1
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    assert cv2.getNumThreads() == before


def test_so_many_threads_are_set_in_this_process():
    with limited(2):
        assert os.environ["OMP_NUM_THREADS"] == "2"
        assert cv2.getNumThreads() == 2


@pytest.mark.parametrize(
    ("wanted", "images", "networks", "crew"),
    [
        (None, 9, False, (4, 1)),
        (2, 9, False, (2, 1)),
        (None, 3, False, (3, 1)),
        (None, 9, True, (1, 4)),
        (2, 9, True, (2, 2)),
        (2, 1, True, (1, 4)),
        (8, 9, True, (8, 1)),
    ],
)
def test_networks_get_one_process_with_all_cores(wanted, images, networks, crew, monkeypatch):
    monkeypatch.setattr("saa.runs.threads.num_cores", lambda: 4)
    assert shared(wanted, images, networks=networks) == crew


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_have_the_threads_they_are_given(workers, tmp_path):
    found = list(Local(workers, 3).outcomes(samples(tmp_path, 2), station(tmp_path, CountingRecipe())))
    assert [each.score for each in found] == [3.0, 3.0]


def test_there_is_at_least_one_core():
    assert num_cores() >= 1
