from __future__ import annotations

import pytest
from hypothesis import given as generated
from hypothesis import settings
from hypothesis import strategies as st
from published_prompts import SENTENCE

from saa import config
from saa.errors import PromptError
from saa.prompt_import.given import Given
from saa.prompt_import.products import Imported, imported

ALWAYS = (
    "the comma behind the object goes to the detector with it; here only profile `released` does that",
    "nothing reads the words 'similar' and 'dissimilar'; left out",
)
"""What is odd about nearly all published sentences."""


def bolt(product="bolt", *, called="", named="", pairs=(("crack.", "bolt"),), count=1, **more) -> Given:
    sentence = SENTENCE.format(named or product, count, "similar", f"{called or product},", 5, "0.3")
    return Given(product, sentence, tuple(pairs), "old.py", **more)


def attempt(given: Given) -> Imported | str:
    """The import, or why not."""
    try:
        return imported(given)
    except PromptError as error:
        return str(error)


def test_the_comma_and_the_word_that_nothing_reads_are_told_of_every_product():
    assert imported(bolt()).oddities == ALWAYS


@pytest.mark.parametrize(
    ("given", "oddity"),
    [
        (bolt(key="nut"), "its sentence stands under 'nut', so the released code stops before it finds it"),
        (bolt(named="nut"), "its sentence is about an image of 'nut'; nothing reads that"),
        (
            bolt(called="screw", pairs=[("crack", "screw")]),
            "the object is called 'screw', unlike the product",
        ),
        (bolt(pairs=()), "it has no prompt pairs; only what is asked of every product remains"),
        (
            bolt(flat=True),
            "its prompts are no list of pairs, so the released code asks for letters, 'c' and 'b'; read as one pair",
        ),
        (bolt(pairs=[(" . ", "bolt")]), "the caption ' . ' holds no words; left out"),
        (
            bolt(pairs=[("crack. dent", "bolt"), ("Crack.dent.", "bolt")]),
            "the caption 'Crack.dent.' is asked for twice, and its regions count twice; kept",
        ),
        (
            bolt(pairs=[("crack", ""), ("dent", "bolt")]),
            "an empty filter phrase removes every box of its caption in the released code; left out",
        ),
        (
            bolt(pairs=[("crack", "hex_bolt")]),
            "the filter phrase 'hex_bolt' never fires in the released code, whose answers are lower-case word pieces "
            "such as 'hex _ bolt'",
        ),
        (bolt(pairs=[("crack", "Bolt")]), "the filter phrase 'Bolt' never fires in the released code"),
        (
            bolt("hex_bolt"),
            "the filter phrase 'hex_bolt' of 'defect on ...' never fires in the released code",
        ),
        (
            bolt(pairs=[("crack", "bolt"), ("dent", "washer")]),
            "its captions have different filter phrases; here each is rejected whatever the caption",
        ),
        (
            bolt(pairs=[("crack", "nut")]),
            "no filter phrase is a word of 'bolt', so it is added to reject; that is ours",
        ),
        (bolt("hex bolt"), "'hex bolt' holds a space, which shifts the words that the released code counts"),
    ],
)
def test_an_oddity_is_told(given, oddity):
    assert [told for told in imported(given).oddities if told.startswith(oddity)]
    assert oddity not in imported(bolt()).oddities


def test_a_missing_comma_is_kept_for_the_detector_of_the_released_code(tmp_path):
    sentence = SENTENCE.format("bolt", 1, "similar", "bolt", 5, "0.3")
    found = imported(Given("bolt", sentence, (), ""))
    assert found.oddities[0] == (
        "no comma stands behind the object, so none is asked of the detector, unlike other products; kept by "
        "engines.foundation.regions.object_comma: false"
    )
    (tmp_path / "bolt.yaml").write_text(found.text)
    for profile in ("default", "released"):
        assert not config.load(tmp_path / "bolt.yaml", "foundation", profile=profile).regions.object_comma


def test_captions_of_several_phrases_stay_one_pass_and_filters_become_one_list():
    found = imported(
        bolt(pairs=[("Crack. dark  hole.", "bolt"), ("dent", "nut"), ("", ""), ("rust", "bolt")])
    )
    assert found.prompt.defects.captions == (("crack", "dark hole"), ("dent",), ("rust",))
    assert found.prompt.reject == ("bolt", "nut")


@pytest.mark.parametrize(
    ("product", "called", "phrase", "name"),
    [
        ("hex_bolt", "hex_bolt", "hex bolt", None),
        ("hex_bolt", "hex bolt", "hex bolt", None),
        ("bolt7", "bolt", "bolt", "bolt7"),
        ("Bolt", "Bolt", "bolt", "Bolt"),
        ("M3.5-bolt", "bolt", "bolt", "M3_5_bolt"),
    ],
)
def test_the_name_is_written_where_the_phrase_does_not_say_it(product, called, phrase, name):
    thing = imported(bolt(product, called=called)).prompt.object
    assert (thing.phrase, thing.name) == (phrase, name)


def test_values_out_of_bounds_are_told_by_their_keys():
    with pytest.raises(PromptError) as error:
        imported(bolt(count=0, pairs=[("x" * 300, "bolt")]))
    assert str(error.value).startswith("old.py: bolt: object.count: must be at least 1, got 0; ")
    assert "; defects.captions[0][0]: must be at most 200 characters long, got 'xxx" in str(error.value)


def test_a_sentence_without_meaning_is_told_with_its_product():
    with pytest.raises(
        PromptError, match=r"^old\.py: bolt: property sentence: expected what the image shows"
    ):
        imported(Given("bolt", "a bolt", (), "old.py"))


@settings(max_examples=60, deadline=None)
@generated(st.text(min_size=1, max_size=12), st.text(max_size=12), st.text(max_size=20), st.text(max_size=9))
def test_any_words_give_the_file_that_is_meant_or_a_plain_refusal(
    tmp_path_factory, product, called, caption, reject
):
    path = tmp_path_factory.mktemp("any") / "p.yaml"
    found = attempt(bolt(product, called=called, pairs=[(caption, reject)]))
    if isinstance(found, str):
        assert found.isprintable()
        return
    path.write_text(found.text, encoding="utf-8")
    assert config.load(path).prompt == found.prompt
