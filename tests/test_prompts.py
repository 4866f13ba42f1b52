from __future__ import annotations

import pytest
from pydantic import ValidationError

from saa.prompts import ProductPrompt, normalised


def prompt(**sections) -> ProductPrompt:
    return ProductPrompt.model_validate({"object": {"phrase": "bottle"}, **sections})


def test_a_phrase_is_enough_and_the_rest_has_defaults():
    least = prompt()
    assert least.object.count == 1
    assert least.object.extent == "auto"
    assert least.rules.min_overlap_ratio == 0.5
    assert least.saliency.gain == 1.0
    assert least.confidence.top_k == 5
    assert least.reject == ()


def test_class_agnostic_captions_come_first_and_one_a_pass():
    asked = prompt(defects={"captions": ["Scratch.", [" black  Hole ", "crack"]]}).captions()
    assert asked == (
        ("defect on bottle",),
        ("damage on bottle",),
        ("flaw on bottle",),
        ("scratch",),
        ("black hole", "crack"),
    )


def test_class_agnostic_captions_can_be_switched_off():
    assert prompt(defects={"captions": ["crack"], "class_agnostic": False}).captions() == (("crack",),)


def test_braces_in_an_object_phrase_are_ordinary_letters():
    odd = ProductPrompt.model_validate({"object": {"phrase": "{0} plate"}})
    assert odd.captions()[0] == ("defect on {0} plate",)


def test_a_product_is_named_by_its_phrase_with_underscores_unless_it_has_a_name():
    assert ProductPrompt.model_validate({"object": {"phrase": "Metal  nut."}}).name == "metal_nut"
    assert (
        ProductPrompt.model_validate({"object": {"phrase": "macaroni", "name": "macaroni1"}}).name
        == "macaroni1"
    )


def test_class_agnostic_phrases_ask_for_the_phrase_or_for_what_the_object_is_called():
    nut = ProductPrompt.model_validate({"object": {"phrase": "metal nut", "name": "Nut_7"}})
    assert nut.class_agnostic_phrases()[0] == "defect on metal nut"
    assert nut.class_agnostic_phrases(nut.name) == ("defect on Nut_7", "damage on Nut_7", "flaw on Nut_7")
    assert (
        prompt(defects={"captions": ["crack"], "class_agnostic": False}).class_agnostic_phrases("nut") == ()
    )


def test_normalising_twice_changes_nothing():
    once = normalised("  Loose   THREAD . . ")
    assert once == "loose thread"
    assert normalised(once) == once


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"defects": {"class_agnostic": False}}, "must ask for something"),
        (
            {"defects": {"captions": ["broken part. crack."]}},
            r"several phrases are a list: \[broken part, crack\]",
        ),
        ({"defects": {"captions": ["..."]}}, "must be words"),
        ({"defects": {"captions": [[]]}}, "at least 1"),
        ({"rules": {"max_area_ratio": 0.1, "min_area_ratio": 0.1}}, "must leave room"),
        ({"rules": {"max_area_ratio": 0}}, "greater than 0"),
        ({"rules": {"max_area_ratio": float("nan")}}, "finite"),
        ({"confidence": {"top_k": 0}}, "greater than or equal to 1"),
        ({"saliency": {"gain": -1}}, "greater than or equal to 0"),
        ({"object": {"phrase": "bottle", "count": 0}}, "greater than or equal to 1"),
        ({"object": {"phrase": "metal nut", "name": "metal nut"}}, "match pattern"),
        ({"object": {"phrase": "metal nut", "name": ""}}, "match pattern"),
        ({"rule": {}}, "Extra inputs"),
    ],
)
def test_an_impossible_prompt_is_refused(sections, message):
    with pytest.raises(ValidationError, match=message):
        prompt(**sections)


def test_a_prompt_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        prompt().rules.max_area_ratio = 0.1
