from __future__ import annotations

import pytest
from published_prompts import PAIRS, SENTENCE, SENTENCES

from saa.errors import PromptError
from saa.prompt_import.oddities import grouped
from saa.prompt_import.parameters import read


def sentence(name: str) -> str:
    return SENTENCE.format(name, 1, "similar", f"{name},", 5, "0.3")


@pytest.fixture
def file(tmp_path):
    """A file of parameters with some text."""

    def write(text: str | bytes):
        path = tmp_path / "old.py"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def test_dictionaries_are_found_by_their_values_whatever_they_are_called(file):
    path = file(
        "from nowhere import anything\n"
        "SETTINGS = {'size': 400, 3: [1]}\nPATHS = {'bolt': '/data'}\nEMPTY = {}\nLISTS = {'a': [], 'b': ['c']}\n"
        f"class A:\n    a: dict = {{'bolt': [('crack.', 'bolt')], 'nut': []}}\n"
        f"def b():\n    c = {{'nut': {sentence('nut')!r}, 'bolt': {sentence('bolt')!r}}}\n"
    )
    bolt, nut = read(path).products
    assert (bolt.product, bolt.pairs, bolt.sentence) == ("bolt", (("crack.", "bolt"),), sentence("bolt"))
    assert (bolt.source, bolt.key, bolt.flat) == ("old.py", "bolt", False)
    assert (nut.product, nut.pairs) == ("nut", ())


def test_nothing_is_executed(file, tmp_path):
    ran = tmp_path / "ran"
    path = file(
        f"open({str(ran)!r}, 'w')\np = {{'bolt': [[open({str(ran)!r}, 'w').name, 'bolt']]}}\n"
        f"s = {{'bolt': {sentence('bolt')!r}}}\n"
    )
    assert read(path).notes == ("old.py:2: a dictionary that is not written out is not read",)
    assert not ran.exists()


def test_a_sentence_under_another_name_is_found_for_the_product_that_has_none(file):
    path = file(f"p = {PAIRS['mtd']!r}\ns = {SENTENCES['mtd']!r}\n")
    [mtd] = read(path).products
    assert (mtd.product, mtd.key, len(mtd.pairs)) == ("mtd", "ksdd2", 2)


def test_of_several_sentences_the_one_about_the_product_is_taken(file):
    path = file(
        "p = {'nut': [['a', 'b']], 'bolt': [['a', 'b']]}\n"
        f"s = {{'x': {sentence('bolt')!r}, 'y': {sentence('nut')!r}, 'z': 'anomaly'}}\n"
    )
    assert [(given.product, given.key) for given in read(path).products] == [
        ("nut", "y"),
        ("bolt", "x"),
        ("z", "z"),
    ]


def test_lists_of_texts_beside_the_pairs_are_left(file):
    path = file(
        f"{{}}\np = {PAIRS['mvtec']!r}\nofficial = {{'grid': ['bent', 'glue']}}\ns = {SENTENCES['mvtec']!r}\n"
    )
    assert len(read(path).products) == 15
    assert not any(given.flat for given in read(path).products)
    assert read(path).notes == ("old.py: lists of single texts beside the prompt pairs are not read",)


def test_a_pair_that_stands_alone_is_read_as_the_only_one(file):
    [bolt] = read(
        file(f"p = {{'bolt': ['crack. dent.', 'bolt']}}\ns = {{'bolt': {sentence('bolt')!r}}}\n")
    ).products
    assert bolt.flat
    assert bolt.pairs == (("crack. dent.", "bolt"),)


def test_a_demonstration_has_one_sentence_and_one_list(file):
    path = file(
        "size = [400, 400]\nnames = ['a.png', 'b.png', 'c.png']\n"
        f"asked = ['color defect. hole. ', 'candle']\nsaid = {SENTENCES['visa']['candle']!r}\n"
    )
    [candle] = read(path).products
    assert (candle.product, candle.pairs, candle.flat) == (
        "candle",
        (("color defect. hole. ", "candle"),),
        True,
    )
    assert read(path).notes == (
        "old.py: what is asked of every product is added; class_agnostic: false asks for these prompts alone",
    )


def test_a_key_that_is_given_twice_is_told(file):
    path = file(f"s = {{'bolt': '', 'bolt': {sentence('bolt')!r}}}\n")
    assert read(path).products[0].sentence == sentence("bolt")
    assert read(path).notes == ("old.py:1: 'bolt' is given twice; the last counts, as in Python",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            "expected dictionaries of prompt pairs and property sentences, or one of each, written out, got "
            "sentences: 0, lists: 0; give one product's with --product, --sentence and --pair",
        ),
        ("p = {'bolt': [['crack', 'bolt']]}", "got sentences: 0, lists: 0"),
        (f"a = {sentence('bolt')!r}\nb = ['crack', 'bolt']\nc = ['d', 'e']", "got sentences: 1, lists: 2"),
        (f"s = {{'bolt': {sentence('bolt')!r}, 'nut': 3}}", "got sentences: 0, lists: 0"),
        ("p = {\n'bolt': ]", "expected Python, got an error: .*; mend the file"),
        (b"p = '\xff'", "expected Python, got an error"),
        (b"p = '\x00'", "expected Python, got an error"),
        ("p = " + "[" * 500, "expected Python, got an error"),
        ("p = " + "-" * 20_000 + "1", "expected Python, got an error"),
        (
            f"a = b = s = {{'bolt': {sentence('bolt')!r}}}\nt = s = {{'bolt': {sentence('bolt')!r}}}",
            "bolt: expected it",
        ),
        (
            f"p = {{'nut': [['a', 'b']], 'pin': []}}\ns = {{'bolt': {sentence('bolt')!r}}}",
            "nut: expected a property sentence, got only those of bolt; add one under its name",
        ),
        (
            f"p = {{'bolt': [], 'nut': [['a', 'b']]}}\ns = {{'bolt': {sentence('bolt')!r}}}",
            "nut: expected a property sentence, got none; add one under its name",
        ),
        (
            f"p = {{'bolt': [['a', 'b', 'c']]}}\ns = {{'bolt': {sentence('bolt')!r}}}",
            r"bolt: expected pairs such as .*, got \['a', 'b', 'c'\]; write a caption and",
        ),
        (
            f"p = {{'bolt': ['a', 'b', 'c']}}\ns = {{'bolt': {sentence('bolt')!r}}}",
            r"bolt: expected pairs such as .*, got \['a', 'b', 'c'\]; write a caption and",
        ),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_in_one_line(file, text, message):
    with pytest.raises(PromptError, match=message) as error:
        read(file(text))
    assert "\n" not in str(error.value)
    assert "old.py" in str(error.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(
        PromptError, match=r"none\.py: expected a readable file, got 'No such file or directory'"
    ):
        read(tmp_path / "none.py")


def test_an_oddity_of_many_products_is_one_line():
    found = [("a", ["odd", "rare"]), ("b", ["odd"]), ("c", []), ("d", ["odd"]), ("e", ["odd", "odd"])]
    assert grouped(found) == ["a, b, d and 1 more: odd", "a: rare"]
    assert grouped([]) == []
