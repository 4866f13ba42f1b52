from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny_grounding_dino

from saa.foundation.captions import Rules, answered, asked, written

OURS = Rules(box_threshold=0.1, text_threshold=0.1, scored_on="phrase", named="words")
RELEASED = Rules(box_threshold=0.1, text_threshold=0.1, scored_on="all", named="pieces")


@pytest.fixture
def vocabulary(tmp_path):
    return tiny_grounding_dino.vocabulary(tmp_path)


@pytest.fixture
def reply(vocabulary):
    """What a caption's answers say; a row a box, a column a word piece."""

    def say(caption, rows, rules):
        found = answered(asked(caption, vocabulary), np.array(rows, np.float32), rules, vocabulary)
        return [array.tolist() if isinstance(array, np.ndarray) else array for array in found]

    return say


@pytest.mark.parametrize(
    ("caption", "text"),
    [
        (("Metal Nut",), "metal nut."),
        (("color defect", "hole. ", " spot"), "color defect. hole. spot."),
        (("crack.",), "crack."),
        (("", " . ", "hole"), "hole."),
        (("", "."), ""),
        ((), ""),
    ],
)
def test_a_caption_is_written_in_lower_case_with_a_dot_behind_each_phrase(caption, text):
    assert written(caption) == text


def test_a_comma_stands_before_the_last_dot():
    assert written(("candle",), comma=True) == "candle,."
    assert written((), comma=True) == ""


def test_a_caption_without_words_asks_for_nothing(vocabulary):
    question = asked(("", "."), vocabulary)
    assert question.phrases == question.words == ()
    assert question.of_phrases.shape == question.of_words.shape == (0, 2)


def test_pieces_belong_to_phrases_and_words_but_dots_and_end_marks_to_none(vocabulary):
    # [CLS] hole . tooth ##brush on nut . [SEP]
    question = asked(("hole", "toothbrush on nut"), vocabulary)
    assert question.phrases == ("hole", "toothbrush on nut")
    assert [np.flatnonzero(row).tolist() for row in question.of_phrases] == [[1], [3, 4, 5, 6]]
    assert question.words == ("hole", "toothbrush", "on", "nut")
    assert [np.flatnonzero(row).tolist() for row in question.of_words] == [[1], [3, 4], [5], [6]]
    assert question.homes.tolist() == [0, 1, 1, 1]


def test_the_comma_counts_for_the_phrase_but_is_no_word(vocabulary):
    question = asked(("metal_nut",), vocabulary, comma=True)  # [CLS] metal _ nut , . [SEP]
    assert [np.flatnonzero(row).tolist() for row in question.of_phrases] == [[1, 2, 3, 4]]
    assert [np.flatnonzero(row).tolist() for row in question.of_words] == [[1, 2, 3]]


def test_no_box_above_the_threshold_is_nothing_found(reply):
    assert reply(("hole",), [[0.9, 0.1, 0.9, 0.9], [0.9, 0.0, 0.9, 0.9]], OURS) == [[], [], ()]
    assert reply(("hole",), np.zeros((0, 4)), OURS) == [[], [], ()]


# [CLS] hole . red stain . [SEP]
ROWS = [
    [0.0, 0.5, 0.0, 0.25, 0.0, 0.0, 0.0],  # a hole
    [0.0, 0.5, 0.0, 0.25, 0.75, 0.0, 0.0],  # a red stain
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.75, 0.5],  # a dot
    [0.0, 0.0, 0.0, 0.05, 0.25, 0.0, 0.0],  # a stain
]


def test_a_box_scores_as_the_best_piece_of_a_phrase_does_and_is_named_by_its_words(reply):
    assert reply(("hole", "red stain"), ROWS, OURS) == [
        [0, 1, 3],
        [0.5, 0.75, 0.25],
        ("hole", "red stain", "stain"),
    ]


def test_a_box_may_be_named_by_the_whole_phrase(reply):
    assert reply(("hole", "red stain"), ROWS, replace(OURS, named="phrase"))[2] == (
        "hole",
        "red stain",
        "red stain",
    )


def test_the_released_code_scores_and_names_a_box_by_all_pieces(reply):
    assert reply(("hole", "red stain"), ROWS, RELEASED) == [
        [0, 1, 2, 3],
        [0.5, 0.75, 0.75, 0.25],
        ("hole red", "hole red stain", ". [SEP]", "stain"),
    ]


def test_the_best_word_is_named_even_below_the_text_threshold(reply):
    shy = replace(OURS, text_threshold=0.9)
    assert reply(("hole", "red stain"), ROWS, shy)[2] == ("hole", "stain", "stain")


def test_a_name_of_pieces_above_a_high_text_threshold_may_be_empty(reply):
    assert reply(("hole", "red stain"), ROWS[:1], replace(RELEASED, text_threshold=0.9))[2] == ("",)


def test_a_word_in_several_pieces_is_named_whole(reply):
    # [CLS] metal _ nut . [SEP]
    rows = [[0, 0.5, 0, 0, 0, 0]]
    assert reply(("metal_nut",), rows, OURS)[2] == ("metal_nut",)
    assert reply(("metal_nut",), rows, RELEASED)[2] == ("metal",)


def test_a_word_that_stands_twice_is_told_by_its_phrase(reply):
    # [CLS] dark hole . hole . [SEP]
    rows = [[0, 0, 0.2, 0, 0.8, 0, 0], [0, 0.3, 0.9, 0, 0.8, 0, 0]]
    assert reply(("dark hole", "hole"), rows, OURS)[2] == ("hole", "dark hole")


def test_phrases_past_the_end_of_what_is_read_score_nothing(reply, vocabulary):
    # Two of four pieces are read: [CLS] hole
    assert reply(("hole", "red stain"), [[0.0, 0.5], [0.0, 0.0]], OURS) == [[0], [0.5], ("hole",)]


def test_a_question_mark_ends_a_phrase_for_the_detector_but_not_for_us(vocabulary):
    question = asked(("dark hole? red",), vocabulary)  # [CLS] dark hole ? red . [SEP]
    assert [np.flatnonzero(row).tolist() for row in question.of_phrases] == [[1, 2, 4]]
