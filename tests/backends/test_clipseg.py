"""CLIPSeg: the library's own answers, one pass for all words, and evidence that is shared out by place."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import tiny_transformers as tiny
import torch
from scipy.special import expit, softmax
from street import street

from saa.backends.clipseg import Config
from saa.errors import ModelError, PromptError
from saa.foundation import clip, clipseg
from saa.foundation.devices import Placement
from saa.foundation.pretrained import Look
from saa.scene_prompts import ScenePrompt
from saa.weights import folders

CLASSES = {"road": ["road", "street"], "car": ["car"]}
TEMPLATE = "a photo of a {}."


@pytest.fixture
def recorded(tmp_path):
    """Let a model in a folder stand for the published one."""
    return lambda model=None, **more: tiny.record(
        tmp_path / "clipseg", model or tiny.clipseg(), tiny.CLIPSEG, **more
    )


@pytest.fixture
def inspector(recorded):
    recorded()

    def build(**sections):
        prompt = ScenePrompt.model_validate({"classes": CLASSES, "templates": [TEMPLATE]} | sections)
        return Config(side_px=64).build(prompt)

    return build


def segmenter(side_px=64, look=None):
    return clipseg.Segmenter(tiny.clipseg(), look or Look(), Placement(), "0" * 64, side_px)


@pytest.mark.parametrize("side_px", [64, 96])
def test_logits_are_those_of_the_library_asked_for_one_text_at_a_time(side_px):
    concepts, image = [f"thing {i}" for i in range(19)], street(45, 70)
    ours = segmenter(side_px)
    found = ours.see(image, ours.read(concepts, [TEMPLATE]))
    pixels = Look().pixels(image, (side_px, side_px))[None]
    for concept, logits in zip(concepts, found, strict=True):
        with torch.inference_mode():
            ids = clip.tokens([TEMPLATE.format(concept)])
            theirs = tiny.clipseg()(ids, pixels, interpolate_pos_encoding=True).logits
        np.testing.assert_allclose(logits, theirs.reshape(side_px, side_px), rtol=1e-4, atol=1e-5)


def test_images_are_prepared_as_the_library_does_it():
    import transformers

    name = "ViTImageProcessorPil" if hasattr(transformers, "ViTImageProcessorPil") else "ViTImageProcessor"
    said = {"image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.4], "resample": 3}
    theirs = getattr(transformers, name)(size={"height": 64, "width": 64}, **said)
    for image in (street(45, 70), street(130, 51)):
        found = Look.model_validate(said).pixels(image, (64, 64))
        expected = theirs(image, return_tensors="np")["pixel_values"][0]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_words_mean_the_same_whatever_other_words_are_read_with_them():
    ours, concepts = segmenter(), ["road", "a much longer concept of many words"]
    together = ours.read(concepts, [TEMPLATE])
    shutil.rmtree(folders.texts())
    alone = np.concatenate([ours.read([each], [TEMPLATE]) for each in concepts])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_a_concept_is_the_mean_of_its_sentences():
    ours = segmenter()
    both = ours.read(["road"], [TEMPLATE, "{}"])
    each = np.concatenate([ours.read(["road"], [template]) for template in (TEMPLATE, "{}")])
    np.testing.assert_allclose(both[0], each.mean(axis=0), rtol=1e-4, atol=1e-5)
    assert np.linalg.norm(both) > 2


def test_what_was_read_is_kept_for_the_same_network_only(monkeypatch):
    ours = segmenter()
    first = ours.read(["road", "car"], [TEMPLATE])
    monkeypatch.setattr(clip, "tokens", lambda texts: pytest.fail(f"read again: {texts}"))
    np.testing.assert_array_equal(ours.read(["car", "road"], [TEMPLATE]), first[::-1])
    with pytest.raises(pytest.fail.Exception, match=r"read again: \['a photo of a road"):
        replace(ours, identity="1" * 64).read(["road"], [TEMPLATE])


def test_evidence_is_the_sigmoid_of_the_best_word_shared_out_among_classes_and_ood_words(inspector):
    image = street(64, 64)  # as large as the network's answer: nothing is enlarged
    one = inspector(ood=["cow"])
    logits = one.segmenter.see(image, one.texts)
    road, car, cow = np.maximum(logits[0], logits[1]), logits[2], logits[3]
    names = np.stack([road, car, cow])
    evidence = expit(names) * softmax(names, axis=0)
    found = one.inspect(image)
    np.testing.assert_allclose(found.anomaly_map, -evidence[:2].max(axis=0), rtol=1e-4, atol=1e-6)
    assert one.vocabulary.concepts == ("road", "street", "car", "cow")


def test_maps_are_enlarged_bilinearly_one_by_one():
    maps = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    found = clipseg.enlarged(maps, (5, 4))
    expected = torch.nn.functional.interpolate(torch.from_numpy(maps)[None], (5, 4), mode="bilinear")
    np.testing.assert_allclose(found, expected[0], rtol=1e-6)
    assert clipseg.enlarged(maps[:0], (5, 4)).shape == (0, 5, 4)


def test_an_ensemble_is_refused(inspector):
    with pytest.raises(PromptError, match="ensemble: expected none with backend clipseg"):
        inspector(ensemble={})


def test_the_side_is_a_multiple_of_what_the_network_sees_at_once():
    with pytest.raises(ValueError, match="multiple of 32"):
        Config(side_px=350)


def test_a_folder_of_another_model_is_refused(recorded):
    recorded(tiny.mask2former())
    with pytest.raises(ModelError, match=r"expected a config.json of clipseg, got one of mask2former; give"):
        clipseg.load(tiny.CLIPSEG, Placement(), 64)


def test_the_folder_says_how_images_are_prepared(recorded):
    recorded(preparation={"image_mean": [0.4, 0.5, 0.6], "size": 352, "resample": 3})
    look = clipseg.load(tiny.CLIPSEG, Placement(), 64).look
    assert look == Look(image_mean=(0.4, 0.5, 0.6), resample=3)
