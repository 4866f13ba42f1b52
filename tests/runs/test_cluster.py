"""Runs on a Ray cluster of several nodes on this machine."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from pathlib import Path

import pytest
from scripted_recipes import (
    KILLER,
    ScriptedRecipe,
    batch,
    files,
    picture,
    plan,
    samples,
    table_without_seconds,
)

import saa
from saa.errors import ModelError, RunError
from saa.runs import session
from saa.runs.cluster.crew import Cluster
from saa.runs.folder import RunFolder
from saa.runs.local import Local
from saa.runs.station import Station

ray = pytest.importorskip("ray", reason="needs the extra saa[cluster]")
_MEMORY = 80 * 2**20
_IMPATIENT = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 200,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}


class UnbuildableRecipe(ScriptedRecipe):
    def build(self, reference=None):
        raise ModelError("weights.pt: expected a checkpoint, got nothing; fetch it")


class BuggyRecipe(ScriptedRecipe):
    def build(self, reference=None):
        raise TypeError("our own mistake")


@pytest.fixture(scope="module")
def cluster():
    """A head without processors, which this process drives, and a node with one."""
    from ray.cluster_utils import Cluster as Nodes

    paths = [str(Path(__file__).parent), str(Path(saa.__path__[0]).parent)]
    with (
        pytest.MonkeyPatch.context() as environment,
        tempfile.TemporaryDirectory(prefix="s", dir="/tmp", ignore_cleanup_errors=True) as temporary,
    ):
        environment.setenv("PYTHONPATH", os.pathsep.join(paths))
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        environment.setenv("RAY_AUTH_MODE", "disabled")
        environment.setenv("RAY_TMPDIR", temporary)  # a short path, for the names of sockets
        environment.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        head = {"num_cpus": 0, "object_store_memory": _MEMORY, "_system_config": _IMPATIENT}
        nodes = Nodes(initialize_head=True, head_node_args=head)
        nodes.add_node(num_cpus=1, object_store_memory=_MEMORY)
        ray.init(address=nodes.address, log_to_driver=False, logging_level="ERROR")
        yield nodes
        ray.shutdown()
        nodes.shutdown()


@pytest.fixture
def second_node(cluster):
    node = cluster.add_node(num_cpus=1, object_store_memory=_MEMORY)
    yield node
    if node in cluster.list_all_nodes():
        cluster.remove_node(node, allow_graceful=True)


def artefacts(run):
    found = [path for folder in ("maps", "regions", "references") for path in run.glob(f"{folder}/**/*.*")]
    return {path.relative_to(run): path.read_bytes() for path in found}


def same(run, other):
    assert files(run) == files(other)
    assert artefacts(run) == artefacts(other)
    assert table_without_seconds(run / "results.csv") == table_without_seconds(other / "results.csv")


@pytest.mark.parametrize("in_mode", [lambda planned: planned, batch], ids=["single", "batch"])
def test_a_cluster_gives_the_same_maps_and_table_as_one_process(cluster, tmp_path, in_mode):
    planned = in_mode(plan(tmp_path / "data", 4, ("bolt", "nut")))
    session.run(planned, tmp_path / "one", crew=Local(1))
    tally = session.run(planned, tmp_path / "ray", crew=Cluster(1))
    assert (tally.done, tally.failed) == (8, 0)
    same(tmp_path / "ray", tmp_path / "one")


def test_a_node_killed_half_way_loses_nothing(cluster, second_node, tmp_path):
    planned = batch(plan(tmp_path / "data", 30, seconds=0.1))
    killing, attempts = [], []

    def watch(tally):
        attempts.extend([tally.latest.attempts] if tally.latest else [])
        if tally.done_now == 8:
            kill = threading.Thread(target=cluster.remove_node, args=(second_node, False))
            kill.start()
            killing.append(kill)

    tally = session.run(planned, tmp_path / "killed", crew=Cluster(2), watch=watch)
    killing[0].join()
    assert (tally.done, tally.failed) == (30, 0)
    assert sorted(attempts) == [*[1] * 29, 2]  # one image was in hand there
    session.run(planned, tmp_path / "calm")
    same(tmp_path / "killed", tmp_path / "calm")


def test_actors_write_into_a_store_and_need_not_see_the_runs_folder(cluster, tmp_path):
    planned = batch(plan(tmp_path / "data", 4))
    session.run(planned, tmp_path / "ray", crew=Cluster(1), store=tmp_path / "store")
    session.run(planned, tmp_path / "one")
    assert {**artefacts(tmp_path / "store"), **artefacts(tmp_path / "ray")} == artefacts(tmp_path / "one")
    assert files(tmp_path / "store") == [name for name in files(tmp_path / "one") if "/test/" in name]


def test_an_image_that_kills_its_actor_twice_is_a_row_and_the_run_goes_on(cluster, tmp_path):
    planned = plan(tmp_path / "data", 4)
    picture(planned.samples[1].image_path, first=KILLER)
    tally = session.run(planned, tmp_path / "run", crew=Cluster(1))
    assert (tally.done, tally.failed) == (4, 1)
    row = (tmp_path / "run/results.csv").read_text().splitlines()[2]
    assert "worker died 2 times (its process ended; out of memory is the usual cause" in row


@pytest.mark.parametrize(
    ("recipe", "error", "words"),
    [
        (UnbuildableRecipe(), ModelError, "weights.pt: expected a checkpoint"),
        (BuggyRecipe(), RuntimeError, r"in build(.|\n)*TypeError: our own mistake"),
    ],
    ids=["a recipe that cannot be built", "a bug"],
)
def test_what_is_wrong_with_all_images_ends_the_run(cluster, tmp_path, recipe, error, words):
    station = Station({"nut": recipe}, RunFolder(tmp_path), keep_parts=False)
    found = Cluster(1).outcomes(samples(tmp_path, 2), station)
    with pytest.raises(error, match=words):
        next(found)


def test_an_image_that_takes_too_long_is_a_row(cluster, tmp_path):
    tally = session.run(
        plan(tmp_path / "data", 1, seconds=60), tmp_path / "run", crew=Cluster(1, time_limit=0.3)
    )
    assert (tally.done, tally.failed) == (1, 1)
    assert "took longer than the time limit of 0.3 s, 2 times" in (tmp_path / "run/results.csv").read_text()


def test_a_node_without_the_images_is_refused(cluster, tmp_path):
    station = Station({"nut": ScriptedRecipe()}, RunFolder(tmp_path), keep_parts=False)
    found = samples(tmp_path, 2)
    found[0].image_path.unlink()
    words = f"expected the images at the same path .* got no {re.escape(str(found[0].image_path))}; mount"
    with pytest.raises(RunError, match=words):
        next(Cluster(1).outcomes(found, station))


def test_a_cluster_without_room_is_refused(cluster, tmp_path):
    station = Station({"nut": ScriptedRecipe()}, RunFolder(tmp_path), keep_parts=False)
    found = Cluster(1, threads=64, patience=0.5).outcomes(samples(tmp_path, 2), station)
    with pytest.raises(RunError, match=r"expected a node with 64 CPUs to spare, got none in 0.5 seconds"):
        next(found)


def test_actors_that_find_no_room_are_not_waited_for(cluster, tmp_path):
    tally = session.run(plan(tmp_path / "data", 3), tmp_path / "run", crew=Cluster(3))
    assert tally.done == 3


def test_no_samples_give_no_outcomes(tmp_path):
    station = Station({"nut": ScriptedRecipe()}, RunFolder(tmp_path), keep_parts=False)
    assert list(Cluster(4).outcomes([], station)) == []
