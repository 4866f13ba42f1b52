from __future__ import annotations

import pytest
from pydantic import ValidationError

from saa.scene_prompts import TEMPLATES, ScenePrompt

ROAD = {"road": ["road", "street"], "car": ["car", "cars"], "truck": ["truck"], "sky": ["sky"]}


def scene(**keys) -> ScenePrompt:
    return ScenePrompt.model_validate({"classes": ROAD} | keys)


def test_the_words_are_columns_and_classes_are_groups_of_them():
    words = scene(ood=["cow", "sky"]).vocabulary()
    assert words.concepts == ("road", "street", "car", "cars", "truck", "sky", "cow")
    assert words.names == ("road", "car", "truck", "sky", "cow", "sky")
    assert words.groups == ((0, 1), (2, 3), (4,), (5,), (6,), (5,))
    assert words.num_classes == 4


def test_a_word_that_is_given_twice_is_asked_for_once():
    words = scene(classes={"road": ["road", "road"], "way": ["road"]}).vocabulary()
    assert words.concepts == ("road",)
    assert words.groups == ((0,), (0,))


def test_merged_classes_stand_where_their_first_part_did_with_all_their_words():
    words = scene(merge={"vehicle": ["truck", "car"]}).vocabulary()
    assert words.names == ("road", "vehicle", "sky")
    assert [words.concepts[i] for i in words.groups[1]] == ["car", "cars", "truck"]


def test_a_merged_class_may_have_the_name_of_a_part():
    assert list(scene(merge={"car": ["truck", "car"]}).merged()) == ["road", "car", "sky"]


def test_classes_that_the_head_was_not_trained_on_are_unseen_and_so_are_ood_words():
    ensemble = {"unseen_classes": ["truck"]}
    assert scene(ensemble=ensemble, ood=["cow"]).vocabulary().unseen == (False, False, True, False, True)
    merged = scene(ensemble=ensemble, merge={"vehicle": ["truck", "car"]}).vocabulary()
    assert merged.unseen == (False, False, False)
    alone = scene(ensemble=ensemble, merge={"lorry": ["truck"]}).vocabulary()
    assert alone.unseen == (False, False, True, False)


def test_without_an_ensemble_no_class_counts_as_unseen():
    assert scene().vocabulary().unseen == (False,) * 4


def test_the_templates_of_the_publication_are_the_default():
    assert scene().templates == TEMPLATES
    assert len(set(TEMPLATES)) == 14


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"classes": {}}, "at least 1 item"),
        ({"classes": {"road": []}}, "at least 1 item"),
        ({"classes": {"road": ["road, street"]}}, "must be one concept without commas, got 'road, street'"),
        ({"classes": {"road": ["?"]}}, "must be words, got"),
        ({"templates": ["a photo"]}, "must hold one {} for the concept, got 'a photo'"),
        ({"templates": ["{} on {}"]}, "must hold one {} for the concept"),
        (
            {"merge": {"vehicle": ["car", "van"]}},
            r"merge.vehicle: must name classes \(road, car, truck, sky\)",
        ),
        ({"merge": {"a": ["car"], "b": ["car"]}}, "must name a class once, got 'car' again after a"),
        ({"merge": {"sky": ["car", "truck"]}}, "merge.sky: must be a new name or one of its own parts"),
        ({"ensemble": {"unseen_classes": ["van"]}}, "ensemble.unseen_classes: must name classes"),
        ({"void": "keep"}, "'drop' or 'absent'"),
        ({"score": "best"}, "'vl4ad', 'rba', 'eam' or 'max_logit'"),
        ({"oods": ["cow"]}, "Extra inputs are not permitted"),
    ],
)
def test_mistakes_are_refused(keys, message):
    with pytest.raises(ValidationError, match=message):
        scene(**keys)
