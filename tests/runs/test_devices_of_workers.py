"""What each worker is told of accelerators; a recipe that tells what it sees stands in for networks."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import pytest
from scripted_recipes import KILLER, ScriptedInspector, ScriptedRecipe, picture, samples

from saa.runs import session
from saa.runs.folder import RunFolder
from saa.runs.local import Local
from saa.runs.plan import Plan
from saa.runs.station import Station


class SeeingInspector(ScriptedInspector):
    def inspect(self, image):
        seen = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
        return replace(super().inspect(image), notes=(f"device {seen}, process {os.getpid()}",))


@dataclass(frozen=True)
class SeeingRecipe(ScriptedRecipe):
    """Its notes tell which devices the process sees, and which process it is."""

    def build(self, reference=None):
        return SeeingInspector(self.seconds)


def seen(tmp_path, crew, count=6, first=None):
    listed = samples(tmp_path / "data", count)
    if first:
        picture(listed[0].image_path, first=first)
    station = Station({"nut": SeeingRecipe(seconds=0.2)}, RunFolder(tmp_path / "run"), keep_parts=False)
    return [each.notes[0].split(", process ") for each in crew.outcomes(listed, station) if each.notes]


@pytest.fixture(autouse=True)
def _none_hidden(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_each_worker_sees_its_own_device_and_no_other(tmp_path):
    told = seen(tmp_path, Local(2, devices=("0", "1")))
    assert {device for device, _ in told} == {"device 0", "device 1"}
    assert len({process for _, process in told}) == 2
    assert len({(device, process) for device, process in told}) == 2
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_a_single_device_has_a_process_of_its_own_too(tmp_path):
    told = seen(tmp_path, Local(1, devices=("3",)), count=2)
    assert [device for device, _ in told] == ["device 3"] * 2
    assert {process for _, process in told} != {str(os.getpid())}


def test_who_replaces_a_dead_worker_gets_its_device(tmp_path):
    told = seen(tmp_path, Local(1, devices=("5",)), count=3, first=KILLER)
    assert [device for device, _ in told] == ["device 5"] * 2


def test_workers_without_devices_see_all_there_are(tmp_path):
    assert {device for device, _ in seen(tmp_path, Local(2), count=2)} == {"device all"}


def test_a_run_begun_on_some_devices_goes_on_on_others(tmp_path):
    listed = samples(tmp_path / "data", 4)
    planned = Plan(listed, {"nut": ScriptedRecipe()}, "folder", tmp_path / "data")

    def interrupt(tally):
        if tally.done_now == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        session.run(planned, tmp_path / "run", crew=Local(1, devices=("0",)), watch=interrupt)
    assert session.run(planned, tmp_path / "run", crew=Local(2, devices=("1", "2"))).done == 4
