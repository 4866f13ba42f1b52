"""The engine `foundation` from the command line, with all that it needs, and without some of it."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest
import tiny_foundation
import torch
from parts import part

from saa import images
from saa.weights import added


@pytest.fixture(autouse=True)
def _one_core(monkeypatch):
    """On tiny networks, threads wait for each other longer than they work."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """A folder with small checkpoints and a vocabulary, not yet recorded."""
    folder = tmp_path_factory.mktemp("checkpoints")
    tiny_foundation.write(folder)
    return folder


@pytest.fixture
def prompt(tmp_path):
    return tiny_foundation.prompt(tmp_path / "nut.yaml")


@pytest.fixture
def dataset(tmp_path):
    """Two good nuts."""
    for name in ("000", "001"):
        part(tmp_path / f"data/nut/test/good/{name}.png", int(name))
    return tmp_path / "data"


@pytest.fixture
def out(tmp_path):
    """Where a run goes."""
    return tmp_path / "run"


@pytest.fixture
def commands(dataset, prompt, out):
    """Ways to use the engine, by name."""
    run = ("run", dataset, "--format", "mvtec", "--prompts", prompt, "-o", out, "--engine", "foundation")
    inspect = ("inspect", dataset / "nut/test/good/000.png", "--prompts", prompt, "--engine", "foundation")
    return {"run": run, "inspect": inspect}


@pytest.fixture(params=["inspect", "run"])
def refused(request, give, commands, out):
    """Gives a command that must be refused before anything is touched; returns the one line that says why."""

    def command(*more):
        code, said, err = give(*commands[request.param], *more)
        assert (code, said) == (2, "")
        (line,) = err.splitlines()
        assert not out.exists()
        return line

    return command


def test_all_missing_checkpoints_are_named_at_once_with_their_files_the_folder_and_the_command(
    refused, tmp_path, monkeypatch
):
    monkeypatch.setenv("SAA_OFFLINE", "0")
    monkeypatch.setenv("SAA_WEIGHTS", str(tmp_path))
    assert refused() == (
        "groundingdino_swint, bert_base_uncased, sam_vit_h, wide_resnet50_racm: expected "
        "groundingdino_swint_ogc.pth, bert_base_uncased/vocab.txt, sam_vit_h_4b8939.pth, "
        f"wide_resnet50_2.racm_in1k.safetensors in {tmp_path}, {tmp_path}/.cache/saa/weights, got no such files; "
        "put them there, or fetch them: "
        "saa models fetch groundingdino_swint bert_base_uncased sam_vit_h wide_resnet50_racm"
    )


def test_only_what_the_profile_needs_is_asked_for(refused, prompt):
    tiny_foundation.prompt(prompt, "vanilla")
    assert "wide_resnet" not in refused()


def test_a_missing_vocabulary_is_told_with_its_file(refused, checkpoints, tmp_path, monkeypatch):
    monkeypatch.setenv("SAA_OFFLINE", "0")
    for name in tiny_foundation.NETWORKS:
        added.add(name, tiny_foundation.file(checkpoints, name))
    assert refused() == (
        f"bert_base_uncased: expected bert_base_uncased/vocab.txt in {tmp_path}/.cache/saa/weights, "
        "got no such file; put it there, or fetch it: saa models fetch bert_base_uncased"
    )


def test_a_checkpoint_that_is_not_the_published_one_is_refused_with_what_lets_it_pass(
    refused, checkpoints, tmp_path, monkeypatch
):
    tiny_foundation.record(checkpoints)
    monkeypatch.setenv("SAA_WEIGHTS", str(tmp_path))
    own = tmp_path / "sam_vit_h_4b8939.pth"
    own.write_bytes(b"finetuned")
    line = refused()
    assert line.startswith(
        f"{own}: expected sam_vit_h as published (2,564,550,879 bytes, sha256 a7bf3b02f3ebf1"
    )
    assert line.endswith(f"got 9 bytes; replace it, or if you trust it: saa models add sam_vit_h {own}")


@pytest.mark.parametrize("package", ["groundingdino", "segment_anything", "timm", "torchvision"])
def test_a_missing_package_is_told_with_what_installs_it(refused, checkpoints, monkeypatch, package):
    tiny_foundation.record(checkpoints)
    monkeypatch.setitem(sys.modules, package, None)  # the import system's own way to say that there is none
    assert refused() == (
        f"published models: expected the package {package}, got none installed; "
        "install them with pip install 'saa[foundation]'"
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a card")
def test_a_device_that_is_not_there_is_told_with_those_that_are(refused, checkpoints):
    tiny_foundation.record(checkpoints)
    assert refused("--device", "cuda") == (
        "device: expected one of cpu on this machine, got cuda; write one of these, or install a torch that "
        "supports yours"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--profile", "relased"),
            "profile of engine foundation: expected one of default, paper, released, van",
        ),
        (
            ("--without", "langage"),
            "without: expected one of language, property, saliency, confidence, got 'lan",
        ),
        (("--device", "gpu"), "device: expected one of cpu, cuda, mps, got 'gpu'"),
        (
            ("--engine", "embedded", "--profile", "paper"),
            "profile of engine embedded: expected one of default, g",
        ),
        (
            ("--engine", "embedded", "--device", "cpu"),
            "device: expected none for engine embedded, which runs no",
        ),
    ],
)
def test_a_choice_that_there_is_not_is_told_with_those_that_there_are(refused, words, message):
    assert refused(*words).startswith(message)


def test_a_run_says_what_it_was_made_by(give, commands, checkpoints, out):
    tiny_foundation.record(checkpoints)
    words = (*commands["run"], "--workers", 1, "--without", "language", "--device", "cpu")
    code, _, err = give(*words)
    assert (code, "foundation (without language) engine" in err) == (0, True)
    about = json.loads((out / "run.json").read_text())
    assert set(about["weights"]) == {tiny_foundation.VOCABULARY, *tiny_foundation.NETWORKS}
    recipe = about["recipes"]["nut"]
    assert (recipe["profile"], recipe["without"]) == ("default", ["language"])
    assert give("evaluate", out)[0] == 0


def test_a_run_whose_checkpoint_has_gone_is_left_alone_until_it_is_back(give, commands, checkpoints, out):
    tiny_foundation.record(checkpoints)
    words = (*commands["run"], "--workers", 1)
    assert give(*words, "--limit", 1)[0] == 0
    before = (out / "results.csv").read_bytes()
    assert give("models", "forget", "sam_vit_h")[0] == 0
    code, _, err = give(*words, "--limit", 1)
    assert (code, len(err.splitlines())) == (2, 1)
    assert (out / "results.csv").read_bytes() == before
    tiny_foundation.record(checkpoints)
    assert give(*words, "--limit", 1)[0] == 0


def test_pictures_are_inspected_one_by_one_with_a_profile(give, commands, checkpoints, tmp_path):
    tiny_foundation.record(checkpoints)
    words = (*commands["inspect"], "-o", tmp_path / "out", "--json", "--profile", "released")
    code, out, err = give(*words)
    assert (code, "foundation (profile released) engine" in err) == (0, True)
    (answer,) = json.loads(out)
    assert answer["size"] == [48, 64]
    assert (tmp_path / "out/000.map.tiff").is_file()


def test_a_picture_gets_the_same_map_in_a_run_and_by_itself(give, commands, checkpoints, tmp_path, out):
    tiny_foundation.record(checkpoints)
    assert give(*commands["run"], "--limit", 1)[0] == 0
    assert give(*commands["inspect"], "-o", tmp_path / "alone")[0] == 0
    in_run, alone = images.read_map(out / "maps/nut/test/good/000.png.tiff"), tmp_path / "alone/000.map.tiff"
    np.testing.assert_array_equal(images.read_map(alone), in_run)
