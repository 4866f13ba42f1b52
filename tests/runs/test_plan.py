from __future__ import annotations

import pytest
from scripted_recipes import ScriptedRecipe, plan

from saa.errors import RunError
from saa.runs.plan import Plan, check_same
from saa.types import Sample


def test_a_plan_without_images_is_refused(tmp_path):
    with pytest.raises(RunError, match="expected at least one image, got none"):
        Plan([], {}, "folder", tmp_path)


def test_a_plan_without_a_recipe_for_a_product_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected one for each product, got none for nut"):
        Plan([Sample("nut", "0.png", "good", tmp_path / "0.png")], {}, "folder", tmp_path)


def test_a_plan_with_a_name_twice_is_refused(tmp_path):
    twice = [Sample("nut", "0.png", "good", tmp_path / "0.png")] * 2
    with pytest.raises(ValueError, match="expected unique names, got 1 twice"):
        Plan(twice, {"nut": ScriptedRecipe()}, "folder", tmp_path)


def test_a_name_in_another_encoding_is_refused(tmp_path):
    sample = Sample("nut", "gr\udcf6sse.png", "good", tmp_path / "gr\udcf6sse.png")
    with pytest.raises(RunError, match=r"gr\\udcf6sse.png: expected a file name in UTF-8"):
        Plan([sample], {"nut": ScriptedRecipe()}, "folder", tmp_path)


def test_paths_are_shown_relative_to_the_data_set_where_they_lie_in_it(tmp_path):
    planned = plan(tmp_path / "data")
    assert planned.shown(tmp_path / "data/nut/0.png") == "nut/0.png"
    assert planned.shown(tmp_path / "elsewhere/0.png") == (tmp_path / "elsewhere/0.png").as_posix()
    assert planned.shown(None) == ""


def test_the_identity_does_not_depend_on_the_order_of_recipes(tmp_path):
    there = plan(tmp_path, 1, ("bolt", "nut"))
    back = Plan(there.samples, dict(reversed(there.recipes.items())), "folder", tmp_path)
    assert there.identity() == back.identity()


def test_equal_runs_go_on_whatever_else_the_first_one_noted(tmp_path):
    check_same(tmp_path, {"engine": "a", "created": "then"}, {"engine": "a"})


def test_only_a_few_differing_keys_are_told(tmp_path):
    before = {"recipes": {"nut": {f"key{index}": index for index in range(8)}}}
    with pytest.raises(RunError, match=r"recipes\.nut\.key8: nothing then, 8 now(.|\n)*and 4 more"):
        check_same(tmp_path, before, {"recipes": {"nut": {"key8": 8}}})


def test_a_checksum_is_named_when_nothing_else_differs(tmp_path):
    with pytest.raises(RunError, match=r'dataset\.images_sha256: "a" then, "b" now'):
        check_same(tmp_path, {"dataset": {"images_sha256": "a"}}, {"dataset": {"images_sha256": "b"}})
