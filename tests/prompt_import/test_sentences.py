from __future__ import annotations

import pytest
from published_prompts import SENTENCE

from saa.errors import PromptError
from saa.prompt_import.sentences import Meaning, misread, read

BOTTLE = SENTENCE.format("bottle", 1, "dissimilar", "bottle,", 5, "0.3")


def test_a_sentence_is_read_by_its_meaning():
    assert read(SENTENCE.format("capsule", 20, "dissimilar", "cap_sule,", 15, "1.")) == Meaning(
        named="capsule",
        called="cap_sule",
        comma=True,
        count=20,
        likeness="dissimilar",
        top_k=15,
        max_area_ratio=1.0,
    )


@pytest.mark.parametrize(
    ("sentence", "field", "value"),
    [
        (SENTENCE.format("gear", 1, "similar", "big gear wheel,", 5, "0.3"), "called", "big gear wheel"),
        (SENTENCE.format("gear", 1, "similar", "gear", 5, "0.3"), "comma", False),
        (SENTENCE.format("gear", 1, "similar", "gear ,", 5, "0.3"), "comma", True),
        (SENTENCE.format("gear", 1, "similar", "gear with hub,", 5, "0.3"), "called", "gear with hub"),
        (SENTENCE.format("gear", 3, "", "gear,", 5, "0.3"), "likeness", ""),
        (SENTENCE.format("gear", 3, "", "gear,", 5, "30%"), "max_area_ratio", 0.3),
        (SENTENCE.format("gear", 3, "", "gear,", 5, ".25"), "max_area_ratio", 0.25),
        (SENTENCE.format("gear", 3, "", "gear,", 12, "0.3").upper(), "top_k", 12),
        ("\n ".join(BOTTLE.split()), "count", 1),
    ],
)
def test_a_sentence_may_be_worded_a_little_otherwise(sentence, field, value):
    assert getattr(read(sentence), field) == value


def test_all_that_a_sentence_lacks_is_told():
    with pytest.raises(PromptError) as error:
        read("the image of bottle have one dissimilar bottle, with a maximum of some anomaly.")
    assert str(error.value) == (
        "property sentence: expected how many of what, 'have 1 dissimilar bottle, with a maximum' and the number of "
        "anomalies, 'maximum of 5' and the largest area, 'exceed 0.3', got 'the image of bottle have one dissimilar "
        "bottle, with a maximum of some anomaly.'; write it like: the image of bottle have 1 dissimilar bottle, with "
        "a maximum of 5 anomaly. The anomaly would not exceed 0.3 object area."
    )


@pytest.mark.parametrize("sentence", ["", " ", "have have with maximum of", "9" * 5000, "exceed " * 2000])
def test_no_text_makes_reading_fail_otherwise(sentence):
    with pytest.raises(PromptError, match="property sentence: expected what the image shows"):
        read(sentence)


def test_counting_words_takes_a_published_sentence_as_it_is_meant():
    assert misread(BOTTLE, read(BOTTLE)) == []
    bare = SENTENCE.format("chewinggum", 1, "dissimilar", "chewinggum", 50, "0.2")
    assert misread(bare, read(bare)) == []


@pytest.mark.parametrize(
    ("sentence", "taken"),
    [
        (
            SENTENCE.format("gear wheel", 1, "dissimilar", "gear,", 5, "0.3"),
            ["the released code takes word 6, 'have', for the number of objects and stops"],
        ),
        (
            SENTENCE.format("gear", 1, "dissimilar", "gear wheel,", 5, "0.3"),
            [
                "the released code takes word 8, 'gear', for the object; 'gear wheel' is meant and imported",
                "the released code takes word 13, 'of', for the number of anomalies and stops",
            ],
        ),
        (
            SENTENCE.format("gear", 1, "dissimilar", "gear,", 5, "30 %"),
            ["the released code takes word 20, '30', for the largest area; '0.3' is meant and imported"],
        ),
        (
            BOTTLE.removesuffix(" exceed 0.3 object area. "),
            ["the released code takes word 20, '', for the largest area and stops"],
        ),
    ],
)
def test_what_counting_words_takes_otherwise_is_told(sentence, taken):
    meaning = read(sentence if "exceed" in sentence else BOTTLE)
    assert misread(sentence, meaning) == taken
