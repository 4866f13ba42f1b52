from __future__ import annotations

import pytest

from saa.embedded import lexicon
from saa.embedded.lexicon import Cues


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("white scratch", Cues(("bright",), (), ("line",))),
        ("red stain", Cues((), ("red",), ("stain",))),
        ("dark", Cues(("dark",), (), ())),
        ("blue", Cues((), ("blue",), ())),
        ("uneven", Cues((), (), ("patch",))),
        ("dark or white spot", Cues(("dark", "bright"), (), ("spot",))),
        ("red or green thread", Cues((), ("red", "green"), ("line",))),
    ],
)
def test_words_stand_for_what_they_look_like(phrase, expected):
    assert lexicon.cues(phrase) == expected


@pytest.mark.parametrize("phrase", ["crack", "hole", "cut"])
def test_what_casts_a_shadow_is_dark_unless_said_otherwise(phrase):
    assert lexicon.cues(phrase).tones == ("dark",)
    assert lexicon.cues(f"white {phrase}").tones == ("bright",)
    assert lexicon.cues(f"white {phrase}").shapes == lexicon.cues(phrase).shapes


def test_a_scratch_may_be_dark_or_bright():
    assert lexicon.cues("scratch").tones == ()


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("cracks", "crack"),
        ("scratches", "scratch"),
        ("white Spots", "white spot"),
        ("oil-stains", "oil stain"),
    ],
)
def test_number_case_and_hyphens_do_not_matter(plural, singular):
    assert lexicon.cues(plural) == lexicon.cues(singular)
    assert not lexicon.cues(plural).agnostic


@pytest.mark.parametrize("phrase", ["defect", "damaged part", "broken", "zzyzx", "", "?"])
def test_words_without_a_look_ask_for_anything_unlike_its_surroundings(phrase):
    assert lexicon.cues(phrase).agnostic
    assert lexicon.cues(phrase) == Cues()


def test_where_a_defect_is_says_nothing_about_its_look():
    assert lexicon.cues("defect on black leather").agnostic
    assert lexicon.cues("white mark in the hole") == lexicon.cues("white mark")
    assert lexicon.cues("white mark").tones == ("bright",)


@pytest.mark.parametrize(
    ("phrase", "head"),
    [
        ("white defect on pcb", "white defect"),
        ("scratch in the black coating", "scratch"),
        ("hole at corner", "hole"),
        ("crack", "crack"),
        ("contamination", "contamination"),
        ("  crack  on  part ", "crack"),
        ("ontario indent", "ontario indent"),
    ],
)
def test_the_head_is_the_phrase_without_its_place(phrase, head):
    assert lexicon.head(phrase) == head


def test_words_split_at_punctuation_and_underscores():
    assert lexicon.words("Bent_wire, (old)") == ("bent", "wire", "old")
    assert lexicon.words("") == ()


def test_unknown_words_are_listed_in_order():
    assert lexicon.unknown_words("zzyzx red wumpus crack") == ("zzyzx", "wumpus")


@pytest.mark.parametrize("phrase", ["red cracks", "a broken part", "scratches", "crack on zzyzx", ""])
def test_known_words_plurals_fillers_and_places_are_not_unknown(phrase):
    assert lexicon.unknown_words(phrase) == ()


@pytest.mark.parametrize(
    "noun", ["leather", "metal sheet", "carpets", "wooden tile", "Grid", "steel_plate", "nut wood"]
)
def test_surfaces_fill_the_picture(noun):
    assert lexicon.is_surface(noun)


@pytest.mark.parametrize(
    "noun", ["metal nut", "bottle", "paper cup", "steel screws", "zzyzx", "", "hazelnut"]
)
def test_things_lie_on_a_background(noun):
    assert not lexicon.is_surface(noun)


def test_every_hue_has_a_word_of_its_own_name():
    for hue in lexicon.HUES:
        assert lexicon.cues(hue).hues == (hue,)
