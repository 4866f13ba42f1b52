from __future__ import annotations

import pytest

from saa.errors import ModelError
from saa.weights import registry


def test_the_registry_holds_the_checkpoints_of_the_method():
    assert set(registry.names()) >= {
        "groundingdino_swint", "groundingdino_swinb", "sam_vit_h", "sam_vit_l", "sam_vit_b", "mobile_sam",
        "wide_resnet50_racm", "wide_resnet50_tv", "bert_base_uncased",
        "fcclip_convnext_large", "clip_convnext_large_d_320",
    }  # fmt: skip


@pytest.mark.parametrize("name", registry.names())
def test_what_is_fetched_has_a_whole_checksum_and_a_safe_address(name):
    file = registry.entry(name).files[0]
    assert file.bytes > 100_000 or file.bytes == 0
    assert len(file.sha256) == 64
    assert file.address.startswith("https://")
    assert registry.entry(name).licence in {"Apache-2.0", "BSD-3-Clause", "MIT"}


def test_no_two_files_have_the_same_name():
    files = [file for name in registry.names() for file in registry.entry(name).files]
    called = [each for file in files for each in (file.name, *file.also)]
    assert len(called) == len(set(called))


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(
        ModelError, match=r"expected one of groundingdino_swint, .*got 'sam_vit_bb'; did you mean"
    ):
        registry.entry("sam_vit_bb")


def test_a_detector_brings_its_vocabulary_once():
    both = registry.with_needs(["groundingdino_swint", "groundingdino_swinb", "bert_base_uncased"])
    assert both == ("groundingdino_swint", "bert_base_uncased", "groundingdino_swinb")


def test_a_segmenter_brings_the_clip_that_it_was_trained_on():
    both = registry.with_needs(["fcclip_convnext_large"])
    assert both == ("fcclip_convnext_large", "clip_convnext_large_d_320")


def test_a_checksum_may_be_known_by_its_first_digits_only():
    _, older = registry.entry("wide_resnet50_racm").files
    assert older.is_published("8234f177" + "0" * 56)
    assert not older.is_published("8234f178" + "0" * 56)
