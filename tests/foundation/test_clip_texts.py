from __future__ import annotations

import importlib.util

import numpy as np
import open_clip
import pytest
import tiny_clip
import torch

from saa.errors import ModelError
from saa.foundation import clip_texts
from saa.foundation.devices import Placement
from saa.weights import folders

CPU = Placement()
TEMPLATES = ("a photo of a {}.", "There is the {} in the scene")
CONCEPTS = ("road", "palm tree", "sky")


@pytest.fixture
def checkpoint(tmp_path):
    return tiny_clip.record(tmp_path / "weights")


@pytest.fixture
def read(monkeypatch):
    """The texts that CLIP is given to read, all of them, in a list."""
    from saa.foundation import clip

    texts, tokens = [], clip.tokens
    monkeypatch.setattr(clip, "tokens", lambda some: texts.extend(some) or tokens(some))
    return texts


def embedded(name, concepts=CONCEPTS, templates=TEMPLATES):
    return clip_texts.embedded(concepts, templates, name, CPU)


def kept():
    return sorted(folders.texts().iterdir())


def test_each_sentence_counts_the_same_and_so_does_each_concept(checkpoint):
    expected = []
    for concept in CONCEPTS:
        ids = open_clip.tokenize([template.format(concept) for template in TEMPLATES])
        with torch.no_grad():
            vectors = tiny_clip.model().encode_text(ids).double().numpy()
        mean = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).mean(axis=0)
        expected.append(mean / np.linalg.norm(mean))
    found = embedded(checkpoint)
    assert (found.shape, found.dtype) == ((3, tiny_clip.EMBEDDED), np.float32)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_is_known_is_not_read_again(checkpoint, read):
    first = embedded(checkpoint)
    assert len(read) == 6
    np.testing.assert_array_equal(embedded(checkpoint), first)
    np.testing.assert_array_equal(embedded(checkpoint, CONCEPTS[::-1]), first[::-1])
    assert len(read) == 6


def test_only_what_is_new_is_read(checkpoint, read):
    embedded(checkpoint)
    found = embedded(checkpoint, ("sky", "boat"))
    assert read[6:] == ["a photo of a boat.", "There is the boat in the scene"]
    np.testing.assert_array_equal(found[0], embedded(checkpoint)[2])


def test_a_word_given_twice_is_read_once(checkpoint, read):
    found = embedded(checkpoint, ("road", "road"))
    assert len(read) == 2
    np.testing.assert_array_equal(found[0], found[1])


def test_other_templates_are_other_texts(checkpoint, read):
    first = embedded(checkpoint)
    second = embedded(checkpoint, templates=TEMPLATES[:1])
    assert len(read) == 9
    assert np.abs(first - second).max() > 1e-3


def test_the_order_of_templates_is_part_of_what_is_known(checkpoint, read):
    embedded(checkpoint)
    embedded(checkpoint, templates=TEMPLATES[::-1])
    assert len(read) == 12


def test_another_checkpoint_is_another_reader(checkpoint, read, tmp_path):
    first = embedded(checkpoint)
    other = tiny_clip.record(tmp_path / "other", tiny_clip.model(seed=1).state_dict())
    second = embedded(other)
    assert len(read) == 12
    assert np.abs(first - second).max() > 1e-2


@pytest.mark.parametrize("damage", [b"", b"not safetensors", None], ids=["empty", "foreign", "cut"])
def test_a_damaged_file_is_written_anew(checkpoint, read, damage):
    first = embedded(checkpoint)
    for file in kept():
        whole = file.read_bytes()
        file.write_bytes(whole[:-3] if damage is None else damage)
    np.testing.assert_array_equal(embedded(checkpoint), first)
    assert len(read) == 12
    embedded(checkpoint)
    assert len(read) == 12


def test_a_vector_that_is_not_of_unit_length_is_not_believed(checkpoint, read):
    from safetensors.numpy import save_file

    embedded(checkpoint)
    for file in kept():
        save_file({"vector": np.zeros(tiny_clip.EMBEDDED, np.float32)}, file)
    assert np.linalg.norm(embedded(checkpoint), axis=1) == pytest.approx(1, abs=1e-5)
    assert len(read) == 12


def test_a_cache_that_cannot_be_written_costs_time_only(checkpoint, read):
    first = embedded(checkpoint)
    for file in kept():
        file.unlink()
    folders.texts().rmdir()
    folders.texts().write_bytes(b"in the way")
    np.testing.assert_array_equal(embedded(checkpoint), first)
    assert len(read) == 12


@pytest.mark.parametrize(("concepts", "templates"), [((), TEMPLATES), (CONCEPTS, ())])
def test_nothing_to_read_is_refused(concepts, templates):
    with pytest.raises(ValueError, match="expected concepts and templates, got"):
        embedded("clip_convnext_large_d_320", concepts, templates)


def test_without_open_clip_known_texts_are_there_and_new_ones_are_refused_in_one_line(
    checkpoint, monkeypatch
):
    embedded(checkpoint)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "saa.foundation.devices.find_spec", lambda name: None if name == "open_clip" else find(name)
    )
    assert embedded(checkpoint).shape == (3, tiny_clip.EMBEDDED)
    with pytest.raises(
        ModelError, match=r"expected the package open_clip, got none installed; install"
    ) as told:
        embedded(checkpoint, ("boat",))
    assert "\n" not in str(told.value)


def test_a_checkpoint_that_is_not_there_is_told():
    with pytest.raises(
        ModelError, match=r"^clip_convnext_large_d_320: expected CLIP-convnext_large.*got no such file"
    ):
        embedded("clip_convnext_large_d_320")


def test_a_checkpoint_of_nothing_but_noise_is_refused(tmp_path):
    state = dict(tiny_clip.model().state_dict())
    state["text_projection"] = torch.full_like(state["text_projection"], float("nan"))
    name = tiny_clip.record(tmp_path / "noise", state)
    with pytest.raises(ModelError, match=rf"^{name}: expected numbers for texts"):
        embedded(name)
