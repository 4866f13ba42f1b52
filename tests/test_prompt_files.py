from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from saa import prompt_files
from saa.errors import PromptError


@pytest.fixture
def folder(tmp_path):
    for name in ("bottle.yaml", "cable.yaml", "Flansch groß.yml"):
        (tmp_path / name).write_text("object: {phrase: x}\n", encoding="utf-8")
    return tmp_path


def test_a_file_serves_every_product(folder):
    assert prompt_files.find(folder / "bottle.yaml", "cable") == folder / "bottle.yaml"


def test_a_folder_is_searched_by_product_name(folder):
    assert prompt_files.find(str(folder), "cable") == folder / "cable.yaml"
    assert prompt_files.find(str(folder), "Flansch groß") == folder / "Flansch groß.yml"


def test_a_composed_and_a_decomposed_umlaut_are_the_same_name(folder):
    (folder / "nähte.yaml").write_text("object: {phrase: x}\n")
    assert prompt_files.find(folder, "na\u0308hte").stem == "nähte"


def test_a_folder_with_one_file_serves_every_product(tmp_path):
    (tmp_path / "mtd.yaml").write_text("object: {phrase: x}\n")
    assert prompt_files.find(tmp_path, "magnetic_tile") == tmp_path / "mtd.yaml"


def test_yaml_wins_over_yml(tmp_path):
    for name in ("a.yaml", "a.yml", "b.yaml"):
        (tmp_path / name).write_text("object: {phrase: x}\n")
    assert prompt_files.find(tmp_path, "a").suffix == ".yaml"


def test_a_product_without_a_file_is_told_the_closest_and_how_to_make_one(folder):
    with pytest.raises(PromptError, match=r"cable; is it bottle.* saa prompts new 'botle'"):
        prompt_files.find(folder, "botle")


def test_an_empty_folder_says_so_and_names_folders_below(folder):
    above = folder / "above"
    shutil.copytree(folder, above / "parts")
    with pytest.raises(PromptError, match=r"expected prompt files .*got none; choose a folder in it: parts"):
        prompt_files.find(above, "bottle")
    (folder / "empty").mkdir()
    with pytest.raises(PromptError, match="got none; make one with: saa prompts new"):
        prompt_files.find(folder / "empty", "bottle")


@pytest.mark.parametrize("name", ["mvtec/bottle", "mvtec\\bottle", "mvtec/bottle.yaml"])
def test_a_shipped_file_is_found_by_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert prompt_files.single(name) == prompt_files.shipped_root() / "mvtec" / "bottle.yaml"


def test_a_shipped_folder_is_found_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert prompt_files.find("visa", "pcb1") == prompt_files.shipped_root() / "visa" / "pcb1.yaml"


def test_what_lies_there_wins_over_a_shipped_name(folder, monkeypatch):
    monkeypatch.chdir(folder)
    Path("mvtec").mkdir()
    shutil.copy("bottle.yaml", "mvtec/own.yaml")
    assert prompt_files.find("mvtec", "bottle") == Path("mvtec/own.yaml")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mvtek", r"did you mean mvtec\?"),
        ("bottle", r"did you mean mvtec/bottle\?"),
        ("botle", r"did you mean mvtec/bottle\?"),
        ("mvtec/botle", "did you mean mvtec/bottle"),
        ("../secret", r"shipped are .*mvtec, scenes, visa"),
    ],
)
def test_an_unknown_name_lists_near_and_shipped_ones(name, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PromptError, match=message):
        prompt_files.locate(name)


def test_one_product_must_be_chosen_from_a_folder_of_many():
    with pytest.raises(PromptError, match=r"one product, got bottle, .*; write .*mvtec/bottle\.yaml"):
        prompt_files.single(prompt_files.shipped_root() / "mvtec")


def test_a_long_list_of_products_is_cut(tmp_path):
    for i in range(23):
        (tmp_path / f"part{i:02}.yaml").write_text("object: {phrase: x}\n")
    with pytest.raises(PromptError, match="part19 and 3 more; make one"):
        prompt_files.find(tmp_path, "zzz")
