from __future__ import annotations

import pytest

from saa import config, prompt_lint
from saa.prompt_files import files, shipped_root
from saa.scene_recipes import SceneRecipe

PUBLISHED = ("ksdd2", "mtd", "mvtec", "visa")
"""Folders whose values are those of a paper; what is doubtful in them stays."""

DOUBTFUL = {
    "mtd/mtd": ["'blow'"],
    "mvtec/zipper": ["'leather'"],
    "visa/candle": ["'wick'"],
    "visa/chewinggum": ["confidence.top_k"],
    "visa/macaroni2": ["confidence.top_k"],
    "visa/pcb4": ["already asked for by class_agnostic", "6 detector passes"],
}
"""What the linter may say of published values, by file."""


# The values of the code released with SAA+, typed by hand: what the object is called; what the data set calls it, if
# that is not the phrase with underscores; count; captions, a pass behind each bar; reject; max_area_ratio; top_k.
VALUES = {
    "mvtec/bottle": ("bottle", None, 1, "broken part, contamination, white broken", "bottle", 0.3, 5),
    "mvtec/cable": ("cable", None, 1, "crack, flawed golden wire, black hole", "cable", 0.9, 5),
    "mvtec/capsule": ("capsule", None, 1, "white crack, hole", "capsule", 0.6, 5),
    "mvtec/carpet": ("carpet", None, 1, "black hole | thread | defect", "carpet", 0.9, 5),
    "mvtec/grid": ("grid", None, 1, "irregular pattern | defect", "grid", 0.9, 5),
    "mvtec/hazelnut": ("hazelnut", None, 1, "white print, crack, thread", "hazelnut", 0.9, 5),
    "mvtec/leather": ("leather", None, 1, "defect", "leather", 0.9, 5),
    "mvtec/metal_nut": (
        "metal nut", None, 1,
        "blue defect, black defect, red defect, scratch",
        "nut", 1.0, 5,
    ),
    "mvtec/pill": (
        "pill", None, 1,
        "red defect, yellow defect, blue defect, crack, scratch",
        "pill", 1.0, 5,
    ),
    "mvtec/screw": ("screw", None, 1, "defect", "screw", 0.1, 5),
    "mvtec/tile": ("tile", None, 1, "defect", "tile", 0.9, 5),
    "mvtec/toothbrush": ("toothbrush", None, 1, "defect", "toothbrush", 0.5, 5),
    "mvtec/transistor": ("transistor", None, 1, "defect", "transistor", 1.0, 5),
    "mvtec/wood": ("wood", None, 1, "defect", "wood", 0.9, 5),
    "mvtec/zipper": ("zipper", None, 1, "crack, broken leather", "zipper", 0.5, 5),
    "visa/candle": (
        "candle", None, 4,
        "color defect, hole, black defect, wick hole, spot",
        "candle", 0.3, 1,
    ),
    "visa/capsules": ("capsule", "capsules", 20, "black melt, dark liquid | bubble", "capsules", 1.0, 15),
    "visa/cashew": (
        "cashew", None, 1,
        "yellow defect, black defect, small holes, scratch, breakage, crack | small spot",
        "cashew", 0.05, 17,
    ),
    "visa/chewinggum": (
        "chewinggum", None, 1,
        "crack, yellow defect, color defect, black defect, thread",
        "chewinggum", 0.2, 50,
    ),
    "visa/fryum": (
        "fryum", None, 1,
        "broken part, purple defect, black defect, red defect, color defect, color crack, break",
        "fryum", 1.0, 5,
    ),
    "visa/macaroni1": (
        "macaroni", "macaroni1", 4,
        "broken part, red defect, black defect, crack, hole, scratch, color crack",
        "macaroni", 0.3, 5,
    ),
    "visa/macaroni2": (
        "macaroni", "macaroni2", 4,
        "broken part, red defect, black defect, crack, hole, scratch | edge, spot, chip",
        "macaroni", 0.3, 50,
    ),
    "visa/pcb1": (
        "printed circuit board", "pcb1", 1,
        "bent wire on pcb | white scratch on pcb | white defect on pcb | white circle",
        "pcb, printed circuit board", 0.3, 1,
    ),
    "visa/pcb2": ("pcb", "pcb2", 1, "bent wire | pointed | wire", "pcb", 0.3, 9),
    "visa/pcb3": (
        "printed circuit board", "pcb3", 1,
        "bent wire on pcb | scratch on pcb | defect on pcb",
        "pcb, printed circuit board", 0.3, 5,
    ),
    "visa/pcb4": (
        "pcb", "pcb4", 1,
        "yellow paper on pcb | yellow defect on pcb | black defect on pcb | color defect on pcb | scratch on pcb"
        " | defect on pcb",
        "pcb", 0.3, 7,
    ),
    "visa/pipe_fryum": (
        "pipe fryum", None, 1,
        "broken part, red defect, black defect, crack, hole, scratch",
        "fryum", 0.3, 19,
    ),
    "ksdd2/ksdd2": ("ksdd2", None, 1, "black hole | defect", "ksdd2", 0.9, 5),
    "mtd/mtd": (
        "mtd", None, 1,
        "black hole, blow hole, break, crack, fray, uneven | defect",
        "mtd", 0.9, 5,
    ),
}  # fmt: skip


def names(folder: str) -> list[str]:
    return [name for name in config.shipped_names() if name.startswith(f"{folder}/")]


def test_every_data_set_has_its_products():
    assert {folder: len(names(folder)) for folder in PUBLISHED} == {
        "ksdd2": 1,
        "mtd": 1,
        "mvtec": 15,
        "visa": 12,
    }


@pytest.mark.parametrize("name", config.shipped_names())
def test_every_shipped_file_loads_and_builds_its_settings(name):
    recipe = config.load(name)
    assert isinstance(recipe, SceneRecipe) or recipe.prompt.captions()
    assert recipe.as_dict()["engine"] == recipe.engine


@pytest.mark.parametrize("name", config.shipped_names())
def test_a_shipped_file_has_no_doubts_but_the_published_ones(name):
    for finding in prompt_lint.lint([name]):
        assert finding.severity == "warning"
        assert any(part in finding.message for part in DOUBTFUL.get(name, []))


@pytest.mark.parametrize("folder", PUBLISHED)
def test_a_published_file_says_where_its_values_come_from(folder):
    for path in files(shipped_root() / folder):
        assert "arXiv 2305.10724" in path.read_text(encoding="utf-8").split("object:")[0]


@pytest.mark.parametrize("name", VALUES)
def test_published_values_are_kept(name):
    phrase, called, count, captions, reject, max_area_ratio, top_k = VALUES[name]
    prompt = config.load(name).prompt
    assert (prompt.object.phrase, prompt.object.name, prompt.object.count) == (phrase, called, count)
    assert prompt.name == name.partition("/")[2]  # as the data set names the product
    assert [list(caption) for caption in prompt.defects.captions] == [
        caption.split(", ") for caption in captions.split(" | ")
    ]
    assert list(prompt.reject) == reject.split(", ")
    assert prompt.defects.class_agnostic
    assert (prompt.rules.max_area_ratio, prompt.confidence.top_k) == (max_area_ratio, top_k)


def test_all_published_products_are_in_the_table_of_values():
    assert sorted(VALUES) == sorted(name for folder in PUBLISHED for name in names(folder))


def test_only_the_sentence_without_a_comma_asks_the_detector_for_none():
    commas = {
        name: config.load(name, "foundation", profile="released").regions.object_comma for name in VALUES
    }
    assert [name for name, comma in commas.items() if not comma] == ["visa/chewinggum"]


@pytest.mark.parametrize("name", [name for folder in PUBLISHED for name in names(folder)])
def test_published_surfaces_fill_the_frame_and_parts_do_not(name):
    product = name.partition("/")[2]
    surfaces = {"carpet", "grid", "leather", "tile", "wood", "ksdd2", "mtd"}
    assert config.load(name).prompt.object.extent == ("frame" if product in surfaces else "part")
