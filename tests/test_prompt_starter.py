from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saa import config, prompt_lint
from saa.errors import PromptError
from saa.prompt_starter import file_name, starter
from saa.prompts import ProductPrompt
from saa.yaml_lines import read

NAMES = [
    "bottle",
    "metal_nut",
    "Flansch groß #3",
    "パイプ継手",
    "no",
    "007",
    "true",
    "crack",
    "M3.5 screw",
    'say "hi"',
    "{x}: [y]",
    "a\nb",
    "leather",
]


@pytest.mark.parametrize("product", NAMES)
def test_a_starter_loads_and_lints_clean(tmp_path, product):
    path = tmp_path / file_name(product)
    path.write_text(starter(product), encoding="utf-8")
    assert prompt_lint.lint([path]) == []
    assert config.load(path).prompt.defects.captions


@pytest.mark.parametrize("product", ["Metal_Nut", "metal-nut", " metal  nut "])
def test_the_object_phrase_is_the_product_in_words(tmp_path, product):
    path = tmp_path / "p.yaml"
    path.write_text(starter(product), encoding="utf-8")
    assert config.load(path).prompt.object.phrase == "metal nut"


def test_a_starter_spells_out_every_key_with_a_comment_but_what_only_the_profile_released_asks_for():
    lines = starter("bottle").splitlines()
    for section in ProductPrompt.model_fields.values():
        for name in {*getattr(section.annotation, "model_fields", {})} - {"name"}:
            [line] = [line for line in lines if line.strip().startswith(f"{name}:")]
            assert "  # " in line


def test_the_values_of_a_starter_are_the_defaults(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(starter("bottle"), encoding="utf-8")
    prompt = config.load(path).prompt
    least = ProductPrompt.model_validate({"object": {"phrase": "bottle"}})
    assert prompt.model_copy(update={"defects": least.defects, "reject": ()}) == least


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_any_name_gives_a_file_that_reads_or_a_plain_refusal(tmp_path_factory, product):
    path = tmp_path_factory.mktemp("any") / "p.yaml"
    try:
        path.write_text(starter(product), encoding="utf-8")
    except PromptError:
        return
    assert read(path).mistakes == ()
    assert config.load(path).prompt.object.phrase


@pytest.mark.parametrize("product", ["", "  ", "???", "a" * 101])
def test_a_name_without_letters_or_without_end_is_refused(product):
    with pytest.raises(PromptError, match="product: expected a name of up to 100 letters or digits"):
        starter(product)


@pytest.mark.parametrize(
    ("product", "name"),
    [
        ("bottle", "bottle.yaml"),
        ("Flansch groß", "Flansch groß.yaml"),
        ("a/b\\c:d", "a_b_c_d.yaml"),
        ("..", "_.yaml"),
        ("a\tb", "a_b.yaml"),
    ],
)
def test_the_file_is_named_like_the_product_as_far_as_file_systems_allow(product, name):
    assert file_name(product) == name
