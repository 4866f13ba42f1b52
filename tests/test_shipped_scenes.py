from __future__ import annotations

import pytest

from saa import config
from saa.scene_prompts import TEMPLATES

WORDS = {
    "road": "road,railroad",
    "sidewalk": "sidewalk,pavement",
    "building": "building,buildings,edifice,edifices,house,ceiling",
    "wall": "wall,walls,brick wall,stone wall,tile wall,wood wall",
    "fence": "fence,fences",
    "pole": "pole,poles",
    "traffic light": "traffic light,traffic lights",
    "traffic sign": "traffic sign,stop sign",
    "vegetation": "vegetation,tree,trees,palm tree,bushes",
    "terrain": "terrain,river,sand,sea,snow,water,mountain,grass,dirt,rock",
    "sky": "sky,clouds",
    "person": "person",
    "rider": "rider",
    "car": "car,cars",
    "truck": "truck,trucks",
    "bus": "bus,buses",
    "train": "train,trains,locomotive,locomotives,freight train",
    "motorcycle": "motorcycle,motorcycles",
    "bicycle": "bicycle,bicycles,bike,bikes",
}
"""FC-CLIP's words for Cityscapes, typed from its publication."""
NAMES = ("scenes/cityscapes", "scenes/cityscapes_merged", "scenes/cityscapes_ood")


@pytest.mark.parametrize("name", NAMES)
def test_the_words_are_those_of_fc_clip(name):
    prompt = config.load(name).prompt
    assert {key: ",".join(words) for key, words in prompt.classes.items()} == WORDS
    assert list(prompt.classes) == list(WORDS)
    assert (prompt.templates, prompt.void, prompt.score, prompt.ensemble) == (
        TEMPLATES,
        "drop",
        "vl4ad",
        None,
    )


def test_all_shipped_scenes_are_known_here():
    assert {name for name in config.shipped_names() if name.startswith("scenes/")} == set(NAMES)


def test_the_plain_file_has_the_19_classes_and_59_words():
    words = config.load("scenes/cityscapes").prompt.vocabulary()
    assert (words.num_classes, len(words.names), len(words.concepts)) == (
        19,
        19,
        sum(len(each.split(",")) for each in WORDS.values()),
    )


def test_merged_classes_cover_the_groups_of_cityscapes():
    prompt = config.load("scenes/cityscapes_merged").prompt
    assert list(prompt.merged()) == ["flat", "construction", "object", "nature", "sky", "human", "vehicle"]
    assert prompt.vocabulary().concepts == config.load("scenes/cityscapes").prompt.vocabulary().concepts


def test_ood_words_are_no_words_of_a_class():
    prompt = config.load("scenes/cityscapes_ood").prompt
    assert {"animal", "caravan"} <= set(prompt.ood)
    assert not set(prompt.ood) & {word for words in prompt.classes.values() for word in words}
