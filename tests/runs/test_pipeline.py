"""Reading, judging and writing overlap within bounds, and the answers are those of one after the other."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from scripted_recipes import FAULTY, ScriptedRecipe, picture, samples

from saa.errors import ModelError, RunError
from saa.runs.folder import RunFolder
from saa.runs.pipeline import overlapped
from saa.runs.station import Station


class WatchedStation(Station):
    """Counts how many samples have come through each step."""

    def __init__(self, root, recipe=None):
        super().__init__({"nut": recipe or ScriptedRecipe()}, RunFolder(root), keep_parts=False)
        self.passed = Counter()
        self.threads = {}
        self.most_ahead = 0

    def read(self, sample):
        return self._pass("read", super().read, sample)

    def judge(self, read):
        return self._pass("judge", super().judge, read)

    def keep(self, judged):
        return self._pass("keep", super().keep, judged)

    def _pass(self, step, work, given):
        self.threads[step] = threading.current_thread()
        came_out = work(given)
        self.passed[step] += 1
        self.most_ahead = max(self.most_ahead, self.passed["read"] - self.passed["keep"])
        return came_out


class FullStation(WatchedStation):
    """Can keep one answer."""

    def keep(self, judged):
        if self.passed["keep"]:
            raise RunError("maps: expected to be writable, got a full disk; make room")
        return super().keep(judged)


def told(outcome):
    """All of an outcome but what it took."""
    return {key: value for key, value in vars(outcome).items() if key not in ("seconds", "timings")}


def worked_off(listed, station):
    outcomes, begun = [], []
    for _ in overlapped(listed, station, outcomes.append, begun.append):
        pass
    return outcomes, begun


def test_nothing_gives_nothing(tmp_path):
    assert worked_off([], WatchedStation(tmp_path)) == ([], [])


def test_outcomes_and_maps_are_those_of_one_after_the_other(tmp_path):
    listed = samples(tmp_path / "data", 6)
    picture(listed[2].image_path, first=FAULTY)
    listed[4].image_path.write_bytes(b"no picture")
    alone = [WatchedStation(tmp_path / "alone").inspect(each) for each in listed]
    outcomes, begun = worked_off(listed, WatchedStation(tmp_path / "overlapped"))
    assert begun == listed
    assert [told(each) for each in outcomes] == [told(each) for each in alone]
    for path in (tmp_path / "alone").rglob("*.*"):
        assert (
            tmp_path / "overlapped" / path.relative_to(tmp_path / "alone")
        ).read_bytes() == path.read_bytes()


def test_each_step_has_a_thread_and_the_judge_that_of_the_caller(tmp_path):
    station = WatchedStation(tmp_path / "run")
    worked_off(samples(tmp_path / "data", 3), station)
    assert station.threads["judge"] is threading.current_thread()
    assert len(set(station.threads.values())) == 3


def test_three_images_at_most_are_in_hand_however_slow_the_judge(tmp_path):
    station = WatchedStation(tmp_path / "run", ScriptedRecipe(seconds=0.02))
    worked_off(samples(tmp_path / "data", 8), station)
    assert 2 <= station.most_ahead <= 3


def test_seconds_are_told_by_stage_and_add_up_without_waiting(tmp_path):
    outcomes, _ = worked_off(samples(tmp_path / "data", 2), WatchedStation(tmp_path / "run"))
    for each in outcomes:
        assert list(each.timings) == ["decode", "inspect", "write"]
        assert each.seconds == pytest.approx(sum(each.timings.values()))


def test_what_fails_tells_its_class_and_the_stages_it_came_through(tmp_path):
    listed = samples(tmp_path / "data", 2)
    picture(listed[0].image_path, first=FAULTY)
    listed[1].image_path.write_bytes(b"no picture")
    (faulty, broken), _ = worked_off(listed, WatchedStation(tmp_path / "run"))
    assert (faulty.error_class, list(faulty.timings)) == ("KeyError", ["decode", "inspect"])
    assert (broken.error_class, list(broken.timings)) == ("ImageError", ["decode"])


def test_a_disk_that_fills_up_ends_it_and_what_lies_there_is_told(tmp_path):
    outcomes = []
    with pytest.raises(RunError, match="got a full disk"):
        for _ in overlapped(samples(tmp_path / "data", 5), FullStation(tmp_path / "run"), outcomes.append):
            pass
    assert [each.name for each in outcomes] == ["test/good/000.png"]


def test_a_recipe_that_cannot_be_built_ends_it(tmp_path):
    class Unbuildable(ScriptedRecipe):
        def build(self, reference=None):
            raise ModelError("weights.pt: expected a checkpoint, got nothing; fetch it")

    with pytest.raises(ModelError, match=r"weights\.pt: expected a checkpoint"):
        worked_off(samples(tmp_path / "data", 2), WatchedStation(tmp_path / "run", Unbuildable()))


def test_a_source_that_fails_ends_it(tmp_path):
    def failing():
        yield from samples(tmp_path / "data", 1)
        raise RunError("queue: expected samples, got none; look there")

    with pytest.raises(RunError, match="queue: expected samples"):
        worked_off(failing(), WatchedStation(tmp_path / "run"))


def test_leaving_early_ends_its_threads(tmp_path):
    before = threading.active_count()
    working = overlapped(
        samples(tmp_path / "data", 5), WatchedStation(tmp_path / "run"), lambda _outcome: None
    )
    next(working)
    working.close()
    assert threading.active_count() == before
