from __future__ import annotations

import pytest

from saa.errors import ModelError
from saa.weights import registry


def test_the_registry_holds_the_checkpoints_of_the_method():
    assert set(registry.names()) >= {
        "groundingdino_swint", "groundingdino_swinb", "sam_vit_h", "sam_vit_l", "sam_vit_b", "mobile_sam",
        "wide_resnet50_racm", "wide_resnet50_tv", "bert_base_uncased",
        "fcclip_convnext_large", "clip_convnext_large_d_320", "clip_vit_b16_plus_240", "clip_vit_b16_plus_240_e32",
    }  # fmt: skip


PUBLISHED = [name for name in registry.names() if registry.entry(name).files[0].sha256]


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_fetched_has_a_whole_checksum_and_a_safe_address(name):
    file = registry.entry(name).files[0]
    assert file.bytes > 100_000 or file.bytes == 0
    assert len(file.sha256) == 64
    assert file.address.startswith("https://")
    assert registry.entry(name).licence in {"Apache-2.0", "BSD-3-Clause", "MIT"}


def test_what_has_no_known_checksum_is_fetched_by_nobody_and_has_its_sizes_beside_it():
    unknown = sorted(set(registry.names()) - set(PUBLISHED))
    assert unknown == [
        "clipseg_rd64_refined",
        "mask2former_swin_large_cityscapes",
        "mask2former_swin_tiny_cityscapes",
    ]
    for entry in map(registry.entry, unknown):
        assert (entry.folder, entry.beside, entry.files[0].by_browser) == (True, ("config.json",), True)
        assert not entry.files[0].is_published("0" * 64)
        assert registry.to_record(unknown[0]) == (
            "get model.safetensors, config.json from https://huggingface.co/CIDAS/clipseg-rd64-refined into one "
            "folder, and record it: saa models add clipseg_rd64_refined FOLDER"
        )


def test_a_file_that_programs_fetch_must_have_a_checksum():
    with pytest.raises(ValueError, match="must have a sha256"):
        registry.File.model_validate({"name": "tiny.pth", "address": "https://example.org/tiny.pth"})


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
