from __future__ import annotations

import random

import pytest
import tiny_grounding_dino

from saa.errors import ModelError
from saa.foundation.pieces import Vocabulary


@pytest.fixture
def vocabulary(tmp_path):
    return tiny_grounding_dino.vocabulary(tmp_path)


def test_a_text_comes_apart_into_pieces_that_know_where_they_lie(vocabulary):
    text = "Toothbrush on metal_nut."
    found = vocabulary.pieces(text)
    assert [text[first:last].lower() for first, last in found.spans] == [
        "", "tooth", "brush", "on", "metal", "_", "nut", ".", "",
    ]  # fmt: skip
    assert found.ids == vocabulary.ids(("[CLS]", "tooth", "##brush", "on", "metal", "_", "nut", ".", "[SEP]"))
    assert vocabulary.text(found.ids) == "[CLS] toothbrush on metal _ nut. [SEP]"


def test_a_word_that_is_not_in_the_list_is_one_unknown_piece(vocabulary):
    assert vocabulary.pieces("gasket").ids == vocabulary.ids(("[CLS]", "[UNK]", "[SEP]"))
    assert vocabulary.ids(("gasket",)) == ()


def test_pieces_come_apart_and_together_as_in_transformers(vocabulary, tmp_path):
    from transformers import BertTokenizerFast

    theirs = BertTokenizerFast.from_pretrained(tmp_path)
    draw = random.Random(0)
    for _ in range(300):
        words = [piece.removeprefix("##") for piece in draw.choices(tiny_grounding_dino.WORDS, k=4)]
        text = draw.choice((" ", "")).join(words)
        assert list(vocabulary.pieces(text).ids) == theirs(text)["input_ids"]
        ids = draw.sample(range(len(vocabulary)), draw.randrange(6))
        assert vocabulary.text(ids) == theirs.decode(ids)


def test_a_folder_without_the_list_is_refused(tmp_path):
    with pytest.raises(
        ModelError, match=r"expected vocab\.txt of bert-base-uncased, got no such file; put it"
    ):
        Vocabulary.read(tmp_path)


def test_a_list_of_something_else_is_refused(tmp_path):
    with pytest.raises(
        ModelError, match=r"vocab\.txt: expected BERT's word pieces, .* got none called \[CLS\], \[SEP"
    ):
        tiny_grounding_dino.vocabulary(tmp_path, ("a", "b"))
