"""A worker that dies or takes too long costs the image it had turned to an attempt, and nothing else."""

from __future__ import annotations

import csv
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from scripted_recipes import (
    CRASHER,
    KILLER,
    SLEEPER,
    ScriptedInspector,
    ScriptedRecipe,
    picture,
    plan,
    samples,
    table_without_seconds,
)

from saa.errors import RunError
from saa.runs import session
from saa.runs.folder import RunFolder
from saa.runs.local import Local
from saa.runs.station import Station

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class OnceDeadlyRecipe(ScriptedRecipe):
    """Its inspectors die of the first image they see, as long as a file does not say that one has."""

    marker: str = ""

    def build(self, reference=None):
        return OnceDeadlyInspector(self.seconds, notes=(self.marker,))


class OnceDeadlyInspector(ScriptedInspector):
    def inspect(self, image):
        marker = Path(self.notes[0])
        if not marker.exists():
            marker.touch()
            die()
        return super().inspect(image)


@dataclass(frozen=True)
class DeadlyToBuildRecipe(ScriptedRecipe):
    """Cannot be built without dying, until as many have died as are needed."""

    folder: str = ""
    deaths: int = 1000

    def build(self, reference=None):
        died = len(list(Path(self.folder).glob("*.dead")))
        if died < self.deaths:
            Path(self.folder, f"{os.getpid()}.dead").touch()
            die()
        return super().build()


class DeadlyToRead(Station):
    """Dies of one name when it reads, as a decoder may of a damaged file."""

    def read(self, sample):
        if sample.name.endswith("003.png"):
            die()
        return super().read(sample)


class EndlessToRead(Station):
    """Waits for one name as long as a share that fell asleep may let it."""

    def read(self, sample):
        if sample.name.endswith("003.png"):
            time.sleep(600)
        return super().read(sample)


class DeadlyToKeep(Station):
    """Dies of one name when it writes."""

    def keep(self, judged):
        if judged.sample.name.endswith("003.png"):
            die()
        return super().keep(judged)


class FullStation(Station):
    """Can keep nothing."""

    def keep(self, judged):
        raise RunError(f"{judged.sample.name}: expected to be writable, got a full disk; make room")


def station(root, recipe, kind=Station):
    return kind({"nut": recipe}, RunFolder(root), keep_parts=False)


def by_name(outcomes):
    return {Path(each.name).stem: each for each in outcomes}


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (KILLER, "killed by signal 9; out of memory is the usual cause"),
        (CRASHER, "killed by signal 11, SIGSEGV"),
    ],
)
@pytest.mark.parametrize("in_hand", [Local(1, apart=True), Local(2)], ids=["one", "two"])
def test_an_image_of_which_workers_die_twice_is_a_row_and_the_others_are_good(tmp_path, first, told, in_hand):
    planned = plan(tmp_path / "data", 6)
    picture(planned.samples[2].image_path, first=first)
    tally = session.run(planned, tmp_path / "run", crew=in_hand)
    assert (tally.done, tally.failed) == (6, 1)
    with (tmp_path / "run/results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["ok", "ok", "failed", "ok", "ok", "ok"]
    assert [row["attempts"] for row in rows] == ["1", "1", "2", "1", "1", "1"]
    assert f"worker died 2 times ({told}" in rows[2]["error"]
    assert rows[2]["error_class"] == "WorkerDied"


def test_an_image_that_comes_through_the_second_time_is_good_and_tells_both(tmp_path):
    recipe = OnceDeadlyRecipe(marker=str(tmp_path / "died"))
    found = Local(1, apart=True).outcomes(samples(tmp_path, 3), station(tmp_path / "run", recipe))
    outcomes = by_name(found)
    assert {name: (each.state, each.attempts) for name, each in outcomes.items()} == {
        "000": ("ok", 2),
        "001": ("ok", 1),
        "002": ("ok", 1),
    }


@pytest.mark.parametrize("kind", [DeadlyToRead, DeadlyToKeep])
@pytest.mark.parametrize("workers", [1, 2])
def test_an_image_that_kills_while_it_is_read_or_written_takes_no_other_along(tmp_path, kind, workers):
    crew = Local(workers, apart=True)
    found = by_name(
        crew.outcomes(samples(tmp_path, 8), station(tmp_path / "run", ScriptedRecipe(seconds=0.02), kind))
    )
    assert len(found) == 8
    assert [name for name, each in found.items() if each.state == "failed"] == ["003"]
    assert found["003"].attempts == 2


def test_an_image_above_the_time_limit_is_a_row_and_the_others_are_good(tmp_path):
    planned = plan(tmp_path / "data", 5)
    picture(planned.samples[1].image_path, first=SLEEPER)
    tally = session.run(planned, tmp_path / "run", crew=Local(time_limit=0.5))
    assert (tally.done, tally.failed) == (5, 1)
    assert "took longer than the time limit of 0.5 s, 2 times" in (tmp_path / "run/results.csv").read_text()
    with (tmp_path / "run/results.csv").open(newline="") as file:
        assert [row["error_class"] for row in csv.DictReader(file)] == ["", "TimeLimit", "", "", ""]


def test_an_image_that_cannot_be_read_in_time_is_a_row_and_the_others_are_good(tmp_path):
    crew = Local(time_limit=0.5)
    found = by_name(
        crew.outcomes(samples(tmp_path, 6), station(tmp_path / "run", ScriptedRecipe(), EndlessToRead))
    )
    assert [name for name, each in found.items() if each.state == "failed"] == ["003"]
    assert len(found) == 6


def test_a_time_limit_that_nothing_exceeds_changes_nothing(tmp_path):
    planned = plan(tmp_path / "data", 4)
    session.run(planned, tmp_path / "limited", crew=Local(time_limit=60))
    session.run(planned, tmp_path / "run")
    assert table_without_seconds(tmp_path / "limited/results.csv") == table_without_seconds(
        tmp_path / "run/results.csv"
    )


def test_workers_that_die_before_they_see_an_image_are_replaced(tmp_path):
    recipe = DeadlyToBuildRecipe(folder=str(tmp_path), deaths=2)
    found = list(Local(1, apart=True).outcomes(samples(tmp_path, 3), station(tmp_path / "run", recipe)))
    assert [(each.state, each.attempts) for each in found] == [("ok", 1)] * 3


def test_workers_that_always_die_before_they_see_an_image_end_the_run_and_no_image_is_blamed(tmp_path):
    recipe = DeadlyToBuildRecipe(folder=str(tmp_path))
    found = Local(2).outcomes(samples(tmp_path, 3), station(tmp_path / "run", recipe))
    with pytest.raises(
        RunError, match=r"workers: expected them to start, got killed by signal 9; out of memory"
    ):
        next(found)
    assert 3 <= len(list(tmp_path.glob("*.dead"))) <= 4


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_ends_the_run_though_no_image_is_waited_for(tmp_path, workers):
    crew = Local(workers, apart=True)
    found = crew.outcomes(
        samples(tmp_path, workers), station(tmp_path / "run", ScriptedRecipe(), FullStation)
    )
    with pytest.raises(RunError, match="got a full disk"):
        next(found)


def test_a_crew_must_fit_together():
    with pytest.raises(ValueError, match="devices: expected 2, one a worker, got 1"):
        Local(2, devices=("0",))
    with pytest.raises(ValueError, match="time_limit: expected more than 0 seconds, got 0"):
        Local(time_limit=0)
