from __future__ import annotations

import pytest

from saa.ops import words


def test_case_underscores_hyphens_and_plural_do_not_matter():
    assert words.words("Metal_Nuts") == words.words("metal-nut") == ("metal", "nut")


def test_glass_is_not_a_plural_and_gas_is_left_alone():
    assert words.words("glass gas") == ("glass", "gas")


def test_words_in_other_scripts_are_words():
    assert words.words("Öl-Fleck, 傷") == ("öl", "fleck", "傷")


@pytest.mark.parametrize("phrase", ["nut", "metal nut", "metal_nut", "Nuts", "nut with crack"])
def test_a_whole_word_is_contained(phrase):
    assert words.contains(phrase, "nut")


@pytest.mark.parametrize("phrase", ["hazelnut", "nutshell", "", "metal"])
def test_part_of_a_word_is_not_contained(phrase):
    assert not words.contains(phrase, "nut")


def test_several_words_must_stand_side_by_side():
    assert words.contains("old metal nut", "metal nut")
    assert not words.contains("metal hex nut", "metal nut")


def test_a_part_without_words_is_never_contained():
    assert not words.contains("bottle", "")
    assert not words.contains("bottle", " ,")


@pytest.mark.parametrize(
    ("phrase", "named"),
    [
        ("bent wire on pcb", "bent wire"),
        ("hole In bottle", "hole"),
        ("on pcb", "on pcb"),
        ("crack", "crack"),
        ("", ""),
    ],
)
def test_what_a_phrase_names_ends_before_its_place(phrase, named):
    assert words.subject(phrase) == named


def test_the_object_itself_is_rejected_but_not_a_defect_on_it():
    assert words.rejected("glass bottle", ["bottle"])
    assert not words.rejected("defect on bottle", ["bottle"])


def test_nothing_is_rejected_by_no_words():
    assert not words.rejected("bottle", [])
