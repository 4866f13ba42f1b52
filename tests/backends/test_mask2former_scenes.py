"""Mask2Former: the library's own answers and preprocessing, and classes by the model's labels."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_transformers as tiny
import torch
from safetensors.torch import load_file, save_file
from scipy.special import softmax
from street import street

from saa.backends.mask2former import Config, labelled
from saa.errors import ModelError, PromptError
from saa.foundation import segmenter_mask2former as segmenters
from saa.foundation.devices import Placement
from saa.foundation.pretrained import Look
from saa.scene_prompts import ScenePrompt
from saa.weights import added

CLASSES = {"road": ["road", "street"], "lamp": ["traffic light"], "vehicle": ["car", "truck", "bus"]}


@pytest.fixture
def folder(tmp_path):
    tiny.record(tmp_path / "mask2former", tiny.mask2former(), tiny.MASK2FORMER)
    return tmp_path / "mask2former"


@pytest.fixture
def build(folder):
    def made(**sections):
        prompt = ScenePrompt.model_validate({"classes": CLASSES} | sections)
        return Config(shortest_px=64, longest_px=160).build(prompt)

    return made


def theirs(**settings):
    """The library's image processor that works with Pillow; older releases have no other name for it."""
    import transformers

    name = "Mask2FormerImageProcessor"
    return getattr(transformers, name + "Pil" if hasattr(transformers, name + "Pil") else name)(**settings)


@pytest.mark.parametrize(
    "size", [(45, 70), (70, 45), (64, 64), (64, 200), (200, 64), (300, 90), (33, 1000), (128, 96), (96, 128)]
)
def test_images_are_prepared_as_the_library_does_it(size):
    image, said = street(*size), {"image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.4]}
    processor = theirs(size={"shortest_edge": 96, "longest_edge": 260}, **said)
    expected = processor(image, return_tensors="np")["pixel_values"][0]
    found = Look.model_validate(said).pixels(image, segmenters.fitted(size, 96, 260))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_sliver_of_an_image_has_a_row_to_be_seen():
    assert segmenters.fitted((1, 5000), 1024, 2048) == (32, 2048)
    assert segmenters.fitted((5000, 1), 1024, 2048) == (2048, 32)


def test_evidence_is_that_of_the_library_where_the_image_has_the_size_of_its_answer(build):
    """Masks times the classes' probabilities less void's, as the library adds them up for its semantic maps."""
    image = street(64, 96)
    found = build(score="vl4ad", merge={"all": ["vehicle"]}).inspect(image)
    with torch.inference_mode():
        answer = tiny.mask2former()(Look().pixels(image, (64, 96))[None])
    logits = answer.class_queries_logits[0].numpy()
    labels = dict(zip(tiny.LABELS, logits.T, strict=False))
    names = [
        labels["road"],
        labels["traffic light"],
        np.maximum(labels["car"], labels["truck"]),
        logits[:, -1],
    ]
    shares = softmax(np.stack(names, axis=1), axis=1)[:, :-1]
    large = torch.nn.functional.interpolate(answer.masks_queries_logits, (64, 96), mode="bilinear")[0]
    evidence = np.einsum("qk,qhw->khw", shares, large.sigmoid().numpy())
    np.testing.assert_allclose(found.anomaly_map, -evidence.max(axis=0), atol=1e-5)


def test_the_reducers_of_the_baselines_are_their_formulas(build):
    image = street(64, 96)
    seen = build().segmenter.see(image)
    masks = torch.nn.functional.interpolate(seen.mask_logits[None], (64, 96), mode="bilinear")[0].sigmoid()
    classes = {label: [label] for label in tiny.LABELS}
    whole = np.concatenate([seen.label_logits, seen.void[:, None]], axis=1)
    shares = softmax(whole, axis=1)[:, :-1]
    evidence = np.einsum("qk,qhw->khw", shares, masks.numpy())
    rba = build(classes=classes, score="rba").inspect(image).anomaly_map
    np.testing.assert_allclose(rba, -np.tanh(evidence).sum(axis=0), atol=1e-5)
    eam = build(classes=classes, score="eam").inspect(image).anomaly_map
    np.testing.assert_allclose(eam, -np.einsum("q,qhw->hw", shares.max(axis=1), masks.numpy()), atol=1e-5)


def test_a_class_is_a_label_by_any_of_its_words_however_they_are_written():
    prompt = ScenePrompt.model_validate({"classes": {"lamp": ["Traffic-Light", "lantern"], "way": ["ROAD"]}})
    found = labelled(prompt.vocabulary(), ["road", "traffic_light"], "tiny")
    assert (found.names, found.groups) == (("lamp", "way"), ((1,), (0,)))
    assert found.concepts == ("road", "traffic_light")


def test_the_shipped_classes_are_the_labels_of_cityscapes():
    from saa import config

    found = config.load("scenes/cityscapes").prompt
    labels = ("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign",
              "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle",
              "bicycle")  # fmt: skip
    assert labelled(found.vocabulary(), labels, "tiny").groups == tuple((i,) for i in range(19))


def test_what_is_no_label_is_refused_with_the_labels(build):
    known = r"labels of mask2former_swin_large_cityscapes \(road, sidewalk, traffic light, car, truck\)"
    with pytest.raises(PromptError, match=known + ", got none for tree, house; add such a word"):
        build(classes=CLASSES | {"tree": ["tree", "trees"], "house": ["house"]})
    with pytest.raises(PromptError, match=known + ", got none for cow;"):
        build(ood=["cow", "sidewalk"])


def test_an_ensemble_is_refused(build):
    with pytest.raises(PromptError, match="ensemble: expected none with backend mask2former"):
        build(ensemble={})


def test_quick_laying_is_near_the_exact_one(folder):
    prompt = ScenePrompt.model_validate({"classes": CLASSES})
    maps = [
        Config(shortest_px=64, longest_px=160, laying=laying)
        .build(prompt)
        .inspect(street(90, 130))
        .anomaly_map
        for laying in ("exact", "quick")
    ]
    assert 0 < np.abs(maps[0] - maps[1]).max() < 0.05


def test_quick_arithmetic_gives_the_same_but_for_rounding(folder):
    image = street(90, 130)
    fast, exact = (
        segmenters.load(tiny.MASK2FORMER, Placement(), 64, 160, arithmetic=how).see(image)
        for how in ("fast", "exact")
    )
    torch.testing.assert_close(fast.mask_logits, exact.mask_logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(fast.label_logits, exact.label_logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("changed", [{"num_attention_heads": 4}, {"pre_norm": True}])
def test_decoders_that_no_published_model_has_run_as_the_library_has_them(tmp_path, changed):
    tiny.record(tmp_path / "other", tiny.mask2former(**changed), tiny.MASK2FORMER)
    fast, exact = (
        segmenters.load(tiny.MASK2FORMER, Placement(), 64, 160, arithmetic=how).see(street(64, 96))
        for how in ("fast", "exact")
    )
    torch.testing.assert_close(fast.mask_logits, exact.mask_logits, rtol=1e-4, atol=1e-4)


def altered(folder, **values):
    """Write other values into the sizes."""
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(said | values))


def load():
    return segmenters.load(tiny.MASK2FORMER, Placement(), 64, 160)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"model_type": "maskformer"}, "expected a config.json of mask2former, got one of maskformer; give"),
        ({"backbone_config": None}, "expected Mask2Former on a Swin backbone in config.json, got None"),
        ({"backbone_config": {"model_type": "timm_backbone"}}, "on a Swin backbone .*, got timm_backbone"),
        (
            {"hidden_dim": "wide"},
            "expected a folder of transformers' Mask2Former.*, got one that it cannot use",
        ),
        (
            {"num_queries": 9},
            "weights of a Mask2FormerForUniversalSegmentation, got keys 2 of another shape: model",
        ),
    ],
)
def test_sizes_that_are_not_those_of_the_weights_are_refused(folder, values, told):
    altered(folder, **values)
    with pytest.raises(ModelError, match=told):
        load()


@pytest.mark.parametrize("text", ["{", "[]", "\xff"])
def test_sizes_that_are_no_settings_are_refused(folder, text):
    (folder / "config.json").write_text(text, "latin-1")
    with pytest.raises(ModelError, match=r"config\.json"):
        load()


def test_preparation_that_cannot_be_done_is_refused(folder):
    (folder / "preprocessor_config.json").write_text('{"image_mean": [1, 2]}')
    with pytest.raises(ModelError, match=r"expected a usable image_mean in preprocessor_config.json"):
        load()


def test_weights_without_some_of_the_model_are_refused(folder):
    state = load_file(folder / "model.safetensors")
    del state["class_predictor.bias"]
    save_file(state | {"head.weight": torch.zeros(1)}, folder / "model.safetensors")
    added.add(tiny.MASK2FORMER, folder)
    told = "got keys 1 missing: class_predictor.bias; 1 unexpected: head.weight; give"
    with pytest.raises(ModelError, match=told):
        load()


def test_nothing_in_a_folder_makes_the_library_look_elsewhere(folder):
    altered(
        folder,
        auto_map={"AutoModel": "code.Model"},
        backbone="somebody/backbone",
        use_pretrained_backbone=True,
        quantization_config={"quant_method": "bitsandbytes"},
        dtype="float16",
        _attn_implementation="somebody/kernel",
    )
    network = load().network
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_older_files_have_the_same_weights_under_older_names(folder, tmp_path):
    """Those that were published have names which newer releases change as they load and save."""
    tiny.mask2former().save_pretrained(tmp_path / "saved")
    added.add(tiny.MASK2FORMER, tmp_path / "saved")
    newer, image = tiny.mask2former(), Look().pixels(street(64, 96), (64, 96))[None]
    with torch.inference_mode():
        expected, found = newer(image), load().network(image)
    torch.testing.assert_close(
        found.masks_queries_logits, expected.masks_queries_logits, rtol=1e-4, atol=1e-5
    )


def test_the_same_folder_is_loaded_once_and_anew_once_its_sizes_change(folder, build):
    first = load().network
    assert load().network is first
    altered(folder, id2label={str(i): f"label {i}" for i in range(5)}, label2id=None)
    assert load().network is not first
    with pytest.raises(PromptError, match=r"labels of mask2former_swin_large_cityscapes \(label 0, label 1"):
        build()


@pytest.mark.parametrize("labels", [None, {}, {"0": "road", "2": "car"}, ["road"]])
def test_a_folder_without_labels_is_refused(folder, build, labels):
    altered(folder, id2label=labels)
    with pytest.raises(ModelError, match=r"expected labels 0, 1, 2, … under id2label in config.json, got"):
        build()
