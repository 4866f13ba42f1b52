"""Which cluster is meant, and what is said where there is none."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from scripted_recipes import samples, table_without_seconds

import saa
from saa.errors import ModelError, RunError
from saa.runs.cluster import joining
from saa.runs.cluster.crew import on_gpus, shared
from saa.runs.cluster.joining import Node, address

_PROMPT = "object: {phrase: nut}\ndefects: {captions: [scratch]}\n"


@pytest.mark.parametrize(
    ("on", "where"),
    [
        ("local", None),
        ("ray", "local"),
        ("ray://auto", "auto"),
        ("ray://10.0.0.7:6379", "10.0.0.7:6379"),
        ("ray://[::1]:6379", "[::1]:6379"),
    ],
)
def test_a_cluster_is_named_by_its_head(on, where, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert address(on) == where


def test_the_cluster_of_the_environment_comes_before_one_of_this_machines_own(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    assert address("ray") == "head:6379"
    assert address("local") is None
    assert address("ray://auto") == "auto"


@pytest.mark.parametrize(
    "on", ["rey", "ray:/head:1", "ray://", "ray://head", "ray://head:port", "head:6379", ""]
)
def test_anything_else_is_refused(on):
    with pytest.raises(RunError, match=r"--on: expected local, ray, ray://auto or ray://HOST:PORT, got '"):
        address(on)


def test_an_address_of_rays_own_client_in_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with pytest.raises(RunError, match="RAY_ADDRESS: expected HOST:PORT or auto, got 'ray://head:10001'"):
        address("ray")


def test_a_machine_without_ray_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(joining, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install 'saa\[cluster\]'"), joining.joined("local", 1):
        pass


def test_a_head_that_is_not_there_is_refused_at_once():
    pytest.importorskip("ray", reason="needs the extra saa[cluster]")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    words = rf"ray://127.0.0.1:{port}: expected a Ray cluster .*, got: .*refused; see `ray status`"
    with pytest.raises(RunError, match=words), joining.joined(f"127.0.0.1:{port}", 1):
        pass


@pytest.mark.parametrize(
    ("nodes", "wanted", "networks", "gpus", "crew"),
    [
        ([(4, 0), (2, 0)], None, False, False, (6, 1)),
        ([(4, 0), (2, 0)], 3, False, False, (3, 1)),
        ([(4, 0), (2, 0)], 9, False, False, (9, 1)),
        ([(4, 0), (4, 0)], None, True, False, (2, 4)),
        ([(8, 0), (8, 0)], 3, True, False, (3, 4)),
        ([(8, 0), (2, 0), (0, 0)], None, True, False, (2, 4)),
        ([(16, 4), (16, 0)], None, True, True, (4, 4)),
        ([(16, 4)], 2, True, True, (2, 8)),
        ([(16, 1)], 2, True, True, (2, 16)),
        ([(0, 0)], None, False, False, (1, 1)),
    ],
)
def test_networks_get_an_actor_a_gpu_or_a_node_and_share_its_cores(nodes, wanted, networks, gpus, crew):
    offered = [Node(*each) for each in nodes]
    assert shared(offered, wanted, 99, networks=networks, gpus=gpus) == crew


def test_there_are_never_more_actors_than_images():
    assert shared([Node(8)], None, 3, networks=False, gpus=False) == (3, 1)


def test_a_recipe_that_names_cuda_anywhere_runs_on_gpus():
    assert on_gpus({"regions": {"kind": "x", "device": "cuda"}})
    assert on_gpus({"stages": [{"device": "cpu"}, {"device": "cuda"}]})
    assert not on_gpus({"regions": {"device": "cpu"}, "phrase": "cuda"})


def test_a_run_on_a_cluster_of_this_machines_own_says_what_one_without_says(tmp_path):
    pytest.importorskip("ray", reason="needs the extra saa[cluster]")
    samples(tmp_path / "data", 2)
    (tmp_path / "nut.yaml").write_text(_PROMPT)
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as own:
        ray, local = (_run(tmp_path, on, own) for on in ("ray", "local"))
        assert list(Path(own).iterdir()) == []
    assert ray.returncode == local.returncode == 0, ray.stderr
    assert ray.stdout == local.stdout.replace("local", "ray")
    paces = [line for line in ray.stderr.splitlines() if "2 of 2 images" in line]
    assert len(paces) == 1
    kept = [line for line in ray.stderr.splitlines() if "actor" not in line and line not in paces]
    assert set(kept) <= set(local.stderr.splitlines())
    assert table_without_seconds(tmp_path / "ray/results.csv") == table_without_seconds(
        tmp_path / "local/results.csv"
    )


def _run(folder, on, temporary):
    command = ["run", "data/nut", "--format", "folder", "--prompts", "nut.yaml", "-o", on, "--on", on]
    paths = {"PYTHONPATH": str(Path(saa.__path__[0]).parent), "TMPDIR": temporary}
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"} | paths
    return subprocess.run(
        [sys.executable, "-m", "saa", *command, "--engine", "embedded", "--workers", "1"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
