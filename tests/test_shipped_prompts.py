from __future__ import annotations

import pytest

from saa import config, prompt_lint
from saa.prompt_files import files, shipped_root

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
    assert recipe.prompt.captions()
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


@pytest.mark.parametrize(
    ("name", "phrase", "count", "captions", "reject", "max_area_ratio", "top_k"),
    [
        ("mvtec/bottle", "bottle", 1, [["broken part", "contamination", "white broken"]], ["bottle"], 0.3, 5),
        ("mvtec/carpet", "carpet", 1, [["black hole"], ["thread"], ["defect"]], ["carpet"], 0.9, 5),
        (
            "mvtec/metal_nut",
            "metal nut",
            1,
            [["blue defect", "black defect", "red defect", "scratch"]],
            ["nut"],
            1.0,
            5,
        ),
        ("visa/capsules", "capsule", 20, [["black melt", "dark liquid"], ["bubble"]], ["capsules"], 1.0, 15),
        ("visa/pcb2", "pcb", 1, [["bent wire"], ["pointed"], ["wire"]], ["pcb"], 0.3, 9),
        ("ksdd2/ksdd2", "ksdd2", 1, [["black hole"], ["defect"]], ["ksdd2"], 0.9, 5),
    ],
)
def test_published_values_are_kept(name, phrase, count, captions, reject, max_area_ratio, top_k):
    prompt = config.load(name).prompt
    assert (prompt.object.phrase, prompt.object.count) == (phrase, count)
    assert [list(caption) for caption in prompt.defects.captions] == captions
    assert list(prompt.reject) == reject
    assert prompt.defects.class_agnostic
    assert (prompt.rules.max_area_ratio, prompt.confidence.top_k) == (max_area_ratio, top_k)


@pytest.mark.parametrize("name", [name for folder in PUBLISHED for name in names(folder)])
def test_published_surfaces_fill_the_frame_and_parts_do_not(name):
    product = name.partition("/")[2]
    surfaces = {"carpet", "grid", "leather", "tile", "wood", "ksdd2", "mtd"}
    assert config.load(name).prompt.object.extent == ("frame" if product in surfaces else "part")
