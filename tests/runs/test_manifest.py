from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
import tiny_checkpoint
from scripted_recipes import ScriptedRecipe, plan
from tiny_checkpoint import CONTENT, entry, sha256

from saa.errors import ModelError, RunError
from saa.runs import session
from saa.runs.plan import Plan
from saa.weights import added


@dataclass(frozen=True)
class RecipeWithCheckpoint(ScriptedRecipe):
    def as_dict(self):
        return super().as_dict() | {"refiner": {"kind": "scripted", "checkpoint": "tiny"}}


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """Two images of a nut, to be inspected with the checkpoint `tiny`."""
    folder = tmp_path / "weights"
    folder.mkdir()
    tiny_checkpoint.put_in_force(monkeypatch, tmp_path, tiny=entry())
    monkeypatch.setenv("SAA_WEIGHTS", str(folder))
    (folder / "tiny.pth").write_bytes(CONTENT)
    scripted = plan(tmp_path / "data", 2)
    recipes = dict.fromkeys(scripted.recipes, RecipeWithCheckpoint())
    return Plan(scripted.samples, recipes, "folder", scripted.dataset_root)


def manifest(run):
    return json.loads((run / "run.json").read_text())


def test_a_run_without_checkpoints_names_none(tmp_path):
    session.run(plan(tmp_path / "data", 1), tmp_path / "run")
    assert "weights" not in manifest(tmp_path / "run")
    assert "torch" not in manifest(tmp_path / "run")["versions"]


def test_a_run_names_the_checksums_of_its_checkpoints_and_the_versions_of_their_libraries(planned, tmp_path):
    session.run(planned, tmp_path / "run")
    assert manifest(tmp_path / "run")["weights"] == {"tiny": sha256(CONTENT)}
    assert manifest(tmp_path / "run")["versions"]["torch"].startswith("2.")
    assert session.run(planned, tmp_path / "run").done_now == 0


def test_a_run_does_not_go_on_with_other_weights(planned, tmp_path):
    session.run(planned, tmp_path / "run")
    (tmp_path / "weights/tiny.pth").write_bytes(b"mine")
    added.add("tiny", tmp_path / "weights/tiny.pth")
    with pytest.raises(RunError, match=r"weights.tiny: .* then, .* now"):
        session.run(planned, tmp_path / "run")
    session.run(planned, tmp_path / "run", overwrite=True)
    assert manifest(tmp_path / "run")["weights"] == {"tiny": sha256(b"mine")}


def test_a_run_does_not_begin_without_its_checkpoint(planned, tmp_path):
    (tmp_path / "weights/tiny.pth").unlink()
    with pytest.raises(ModelError, match=r"tiny: expected tiny.pth in "):
        session.run(planned, tmp_path / "run")
