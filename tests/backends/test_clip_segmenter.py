"""The CLIP segmenter by its scene file, against the same written down on torch and open_clip alone."""

from __future__ import annotations

import fcclip_reference as reference
import numpy as np
import open_clip
import pytest
import tiny_clip
import tiny_scenes
import torch
from scipy.special import softmax
from street import street

from saa import config
from saa.errors import ModelError, PromptError

CLASSES = {"road": ["road", "street"], "car": ["car"], "tree": ["tree", "bushes", "palm tree"]}
OOD = ["caravan", "cow"]
GROUPS = (2, 1, 3, 1, 1)
TEMPLATES = ["a photo of a {}.", "There is the {} in the scene"]
SIZE, SCALED = (60, 91), (64, 97)


@pytest.fixture(autouse=True)
def _recorded(tmp_path):
    tiny_scenes.record(tmp_path / "weights", "clip_segmenter")


@pytest.fixture
def load(tmp_path):
    """The recipe of a scene file; keyword arguments are its sections, `backend` some settings."""

    def loaded(**sections):
        whole = {"classes": CLASSES, "ood": OOD, "templates": TEMPLATES} | sections
        return config.load(tiny_scenes.scene(tmp_path / "scene.yaml", "clip_segmenter", **whole))

    return loaded


@pytest.fixture
def mapped(load):
    return lambda seed=0, **sections: load(**sections).build().inspect(street(*SIZE, seed)).anomaly_map


def texts():
    """(8, D): all words as open_clip reads them."""
    found = []
    for concept in [*(word for words in CLASSES.values() for word in words), *OOD]:
        ids = open_clip.tokenize([template.format(concept) for template in TEMPLATES])
        with torch.no_grad():
            vectors = torch.nn.functional.normalize(tiny_clip.model().encode_text(ids), dim=-1)
        found.append(torch.nn.functional.normalize(vectors.mean(dim=0), dim=0).numpy())
    return np.stack(found)


def answer(seen=(True,) * 3, seed=0, scaled=SCALED):
    """What the reference makes of a street; OOD words are never seen."""
    trained_on = np.array([*seen, False, False])
    return reference.model().answer(street(*SIZE, seed), texts(), GROUPS, trained_on, scaled)


def evidence(shares, expected):
    return np.einsum("qk,qhw->khw", shares, expected.large.numpy())


def test_the_map_is_what_the_classes_do_not_explain(mapped):
    expected = answer()
    shares = softmax(expected.inside.numpy(), axis=1)[:, :3]
    found = mapped(score="vl4ad")
    np.testing.assert_allclose(found, -evidence(shares, expected).max(axis=0), atol=1e-4)
    assert found.std() > 0.01


def test_without_void_every_mask_is_shared_out_in_full(mapped):
    expected = answer()
    shares = softmax(expected.inside.numpy()[:, :-1], axis=1)[:, :3]
    np.testing.assert_allclose(mapped(void="absent"), -evidence(shares, expected).max(axis=0), atol=1e-4)


def test_the_other_reducers_are_their_formulas(mapped):
    expected = answer()
    logits = expected.inside.numpy()
    shares, large = softmax(logits, axis=1)[:, :3], expected.large.numpy()
    formulas = {
        "rba": -np.tanh(evidence(shares, expected)).sum(axis=0),
        "eam": -np.einsum("q,qhw->hw", shares.max(axis=1), large),
        "max_logit": -evidence(logits[:, :3], expected).max(axis=0),
    }
    for score, formula in formulas.items():
        np.testing.assert_allclose(mapped(score=score), formula, atol=5e-4, rtol=1e-4)


def test_an_ensemble_is_that_of_fc_clip(mapped):
    """The released code asks CLIP about masks that it cannot see, too."""
    expected = answer(seen=(True, False, True))
    ensemble = {"seen": reference.ALPHA, "unseen": reference.BETA, "unseen_classes": ["car"]}
    found = mapped(ensemble=ensemble, backend={"visible_only": False})
    np.testing.assert_allclose(found, -expected.semantic.numpy()[:3].max(axis=0), atol=1e-4)
    assert np.abs(found - mapped()).max() > 1e-3


def test_an_ensemble_may_leave_out_masks_that_clip_cannot_see(mapped):
    expected = answer(seed=9, scaled=(32, 49))
    assert expected.valid.sum() == 9
    alone = softmax(expected.inside.numpy(), axis=1)[:, :-1]
    shares = np.where(expected.valid[:, None], expected.classes.numpy(), alone)[:, :3]
    found = mapped(9, ensemble={}, backend={"shortest_px": 32})
    np.testing.assert_allclose(found, -evidence(shares, expected).max(axis=0), atol=1e-4)


def test_quick_laying_sums_before_it_enlarges(mapped):
    exact, quick = mapped(), mapped(backend={"laying": "quick"})
    assert 0 < np.abs(exact - quick).mean() < 0.2 * exact.std()
    assert np.corrcoef(exact.ravel(), quick.ravel())[0, 1] > 0.95


def test_other_words_in_the_file_are_another_map(mapped):
    """Swapping OOD words and merging classes is an edit of the file."""
    usual, none, other = mapped(), mapped(ood=[]), mapped(ood=["boat", "cow"])
    merged = mapped(merge={"thing": ["car", "tree"]})
    for one, two in ((usual, none), (usual, other), (usual, merged)):
        assert np.abs(one - two).max() > 1e-4
    assert (none <= usual + 1e-6).all()
    assert (merged <= usual + 1e-6).all()


def test_regions_are_where_no_class_explains_with_the_word_that_comes_nearest(load):
    rules = {"max_evidence": 0.99, "min_area_px": 3}
    found = load(regions=rules).build().inspect(street(*SIZE))
    best = -found.anomaly_map
    assert len(found.regions) > 0
    for mask, score in zip(found.regions.masks, found.regions.scores, strict=True):
        assert mask.sum() >= 3
        assert (best[mask] < 0.99).all()
        assert score == pytest.approx(1 - best[mask].mean(), abs=1e-5)
    assert set(found.regions.phrases) <= {*OOD, *(f"unknown, most like {name}" for name in CLASSES)}


def test_a_recipe_tells_of_all_its_settings_and_of_both_checkpoints(load):
    recipe = load()
    recipe.check()
    said = recipe.as_dict()
    assert said["backend"]["shortest_px"] == tiny_scenes.SMALL["clip_segmenter"]["shortest_px"]
    assert said["prompt"]["ood"] == OOD
    assert {reference.NAME, tiny_clip.NAME} <= {*recipe.in_use()["backend"].values()}


def test_a_scene_without_a_backend_is_looked_at_by_this_one(tmp_path):
    (tmp_path / "scene.yaml").write_text("classes: {road: [road]}")
    assert config.load(tmp_path / "scene.yaml").backend.kind == "clip_segmenter"


def test_mistakes_in_settings_are_told_with_their_lines(load):
    with pytest.raises(PromptError, match=r"scene.yaml:\d+: backend.laying: must be"):
        load(backend={"laying": "fast"})
    with pytest.raises(
        PromptError, match=r"scene.yaml:\d+: backend.kind: must be one of clip_segmenter, clipseg, "
    ):
        load(backend={"kind": "clip_segmentor"})


def test_a_checkpoint_that_there_is_not_is_told(load):
    with pytest.raises(
        ModelError, match=r"checkpoint: expected one of .*, got 'fcclip_convnext_larg'; did you mean"
    ):
        load(backend={"checkpoint": "fcclip_convnext_larg"}).build()
