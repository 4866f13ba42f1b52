"""The examples of CONTRIBUTING.md are real: they work, and bear what is asked of any plug-in."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import saa.demo
import saa.reports
import saa.saliency
from saa import config, plugins
from saa.demo import marks

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"^`(saa/\S+\.py)`:\n\n```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))


def block(language: str) -> str:
    """The one block in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return found


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the package and of its contracts to which the examples have been added."""
    copy = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "pyproject.toml", copy)
    shutil.copytree(ROOT / "saa", copy / "saa")
    shutil.copytree(ROOT / "tests" / "contracts", copy / "tests" / "contracts")
    for name, code in EXAMPLES.items():
        assert not (copy / name).exists()
        (copy / name).write_text(code, "utf-8")
    contract = copy / "tests" / "contracts" / "test_datasets.py"
    lines = contract.read_text("utf-8")
    assert "SMALLEST = {\n" in lines
    contract.write_text(lines.replace("SMALLEST = {\n", "SMALLEST = {\n" + block("text")), "utf-8")
    return copy


@pytest.fixture
def example(checkout, monkeypatch):
    """Loads the module of an example, as if its file were in the package."""
    for package in (saa.demo, saa.reports, saa.saliency):
        folder = checkout / "saa" / package.__name__.rpartition(".")[2]
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    plugins.kinds.cache_clear()

    def load(name: str):
        assert f"{name.replace('.', '/')}.py" in EXAMPLES
        return importlib.import_module(name)

    yield load
    plugins.kinds.cache_clear()
    for name in EXAMPLES:
        sys.modules.pop(name.removesuffix(".py").replace("/", "."), None)


def in_checkout(checkout: Path, *arguments: str) -> str:
    """What `python -m …` says there; it must succeed."""
    found = os.pathsep.join(
        [str(checkout), str(ROOT / "tests")]
    )  # the package as it is there, tiny models from here
    environment = os.environ | {"PYTHONPATH": found, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=checkout, env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_there_is_an_example_for_each_thing_to_add():
    folders = [Path(name).parent.name for name in EXAMPLES]
    assert folders == ["saliency", "datasets", "metrics", "reports", "demo"]
    assert TEXT.count("```python") == len(EXAMPLES)


def test_examples_are_in_the_style_that_make_check_asks_for(checkout):
    in_checkout(checkout, "ruff", "check", "--no-cache", *EXAMPLES)
    in_checkout(checkout, "ruff", "format", "--no-cache", "--check", *EXAMPLES)


def test_examples_fulfil_the_contracts_of_their_folders(checkout):
    contracts = [f"tests/contracts/test_{folder}.py" for folder in ("saliency", "datasets", "metrics")]
    kinds = " or ".join(Path(name).stem for name in EXAMPLES)
    said = in_checkout(checkout, "pytest", "-p", "no:cacheprovider", "-k", kinds, *contracts)
    assert int(re.search(r"(\d+) passed", said)[1]) > 40


def test_the_prompt_file_picks_the_example_stage(example, tmp_path):
    path = tmp_path / "bracket.yaml"
    path.write_text(block("yaml"), "utf-8")
    recipe = config.load(path, engine="embedded")
    assert type(recipe.saliency) is example("saa.saliency.levels").Config
    image = np.full((40, 60, 3), 100, np.uint8)
    image[10:14, 20:26] = 148
    found = recipe.build().inspect(image)
    assert found.saliency[12, 22] == pytest.approx(48 / 96)
    assert found.saliency[30, 50] == 0


def test_the_example_report_names_each_failure(example, fake_run, new_map, tmp_path):
    fake_run.add("bottle", "0.png", anomaly_map=new_map())
    fake_run.add("bottle", "1.png", error="1.png: expected a readable image, got an empty file")
    example("saa.reports.failures").write(fake_run.save(), tmp_path / "failures.txt")
    lines = (tmp_path / "failures.txt").read_text("utf-8").splitlines()
    assert lines == ["bottle/1.png: 1.png: expected a readable image, got an empty file"]


def test_the_example_product_is_drawn_as_the_demo_asks(example):
    tile = example("saa.demo.tile")
    image, mask = tile.draw(np.random.default_rng(0), "good")
    assert image.shape == (marks.SIDE, marks.SIDE, 3)
    assert not mask.any()
    assert len(tile.DEFECTS) == 3
    for defect in tile.DEFECTS:
        for seed in range(3):
            assert 0.0005 < tile.draw(np.random.default_rng(seed), defect)[1].mean() < 0.06


def test_commands_named_in_the_text_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"`make (\w+)`", TEXT))
    assert targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_places_named_in_the_text_exist():
    named = set(re.findall(r"`((?:saa|tests|benchmarks|prompts)/[\w/.]*)`", TEXT)) - set(EXAMPLES)
    invented = {"tests/saliency/test_levels.py", "tests/datasets/test_pass_fail.py"}
    assert "saa/types.py" in named
    assert [name for name in sorted(named - invented) if not (ROOT / name).exists()] == []
