from __future__ import annotations

import numpy as np
import pytest

from saa import scene_answers
from saa.ops import scoring
from saa.scene_answers import Said
from saa.scene_prompts import ScenePrompt

SIZE = (6, 8)
CLASSES = {"road": ["road"], "car": ["car", "truck"]}


def masks() -> np.ndarray:
    """The lower half, the upper half but for a corner, and that corner."""
    found = np.zeros((3, *SIZE), np.float32)
    found[0, 3:] = 1
    found[1, :3] = 1
    found[1:, :2, :3] = np.array([0, 1], np.float32)[:, None, None]
    return found


def inspect(logits, void_logits=None, **keys):
    """The answer to masks with typed logits of road, car, truck and the OOD words."""
    rules = {"min_area_px": 1} | keys.pop("regions", {})
    prompt = ScenePrompt.model_validate({"classes": CLASSES, "regions": rules} | keys)
    said = Said(
        np.array(logits, np.float32), None if void_logits is None else np.array(void_logits, np.float32)
    )
    return scene_answers.inspection(
        prompt, prompt.vocabulary(), said, lambda weights: scoring.evidence(masks(), weights)
    )


SURE = [[9, 0, 0], [0, 9, 0], [0, 0, 0]]


def test_what_fits_no_class_scores_highest_and_is_a_region_with_its_nearest_class():
    found = inspect(SURE, void_logits=[0, 0, 3])
    assert found.anomaly_map.dtype == np.float32
    assert found.anomaly_map[0, 0] > -0.1
    assert found.anomaly_map[4, 4] < -0.99
    assert len(found.regions) == 1
    np.testing.assert_array_equal(found.regions.masks[0], masks()[2] > 0)
    assert found.regions.phrases == ("unknown, most like road",)
    assert found.score == pytest.approx(found.anomaly_map.max() - np.median(found.anomaly_map))
    np.testing.assert_allclose(found.saliency, np.clip(1 + found.anomaly_map, 0, 1), rtol=1e-6)


def test_a_region_is_called_by_the_ood_word_that_fits_it():
    logits = [[9, 0, 0, 0], [0, 9, 0, 0], [0, 1, 0, 4]]
    assert inspect(logits, ood=["cow"]).regions.phrases == ("cow",)
    weaker = [*logits[:2], [0, 0.2, 0, 0.1]]
    assert inspect(weaker, ood=["cow"]).regions.phrases == ("unknown, most like car",)


def test_void_takes_its_share_unless_it_is_absent():
    dropped = inspect(SURE, [0, 0, 3]).anomaly_map
    absent = inspect(SURE, [0, 0, 3], void="absent").anomaly_map
    assert (absent <= dropped).all()
    np.testing.assert_allclose(absent[0, 0], -0.5)


@pytest.mark.parametrize("score", ["vl4ad", "rba", "eam", "max_logit"])
def test_every_reducer_finds_what_fits_no_class(score):
    found = inspect(SURE, void_logits=[0, 0, 3], score=score)
    assert found.anomaly_map[0, 0] == found.anomaly_map.max()
    assert found.anomaly_map[4, 4] < found.anomaly_map[0, 0]


def test_reducers_are_their_formulas():
    shares = np.exp(np.array(SURE, np.float64))
    shares = np.stack([shares[:, 0], shares[:, 1:].max(axis=1)], axis=1)
    shares /= shares.sum(axis=1, keepdims=True)
    evidence = np.einsum("qk,qhw->khw", shares, masks())
    expected = {
        "vl4ad": -evidence.max(axis=0),
        "rba": -np.tanh(evidence).sum(axis=0),
        "eam": -np.einsum("q,qhw->hw", shares.max(axis=1), masks()),
        "max_logit": -np.einsum("qk,qhw->khw", [[9, 0], [0, 9], [0, 0]], masks()).max(axis=0),
    }
    for score, wanted in expected.items():
        np.testing.assert_allclose(inspect(SURE, score=score).anomaly_map, wanted, rtol=1e-5, atol=1e-6)


def test_small_regions_are_left_out_and_only_so_many_are_shown():
    logits = [[0, 0, 0], [0, 9, 0], [0, 0.5, 0]]
    assert len(inspect(logits, void_logits=[5, 0, 5]).regions) == 2
    assert len(inspect(logits, void_logits=[5, 0, 5], regions={"min_area_px": 7}).regions) == 1
    best = inspect(logits, void_logits=[5, 0, 5], regions={"top_k": 1}).regions
    assert best.masks[0, 5, 5]


def test_a_scene_that_is_all_explained_has_no_region():
    found = inspect([[9, 0, 0], [0, 9, 0], [0, 9, 0]])
    assert len(found.regions) == 0
    assert found.regions.size == SIZE


def test_no_mask_at_all_explains_nothing():
    prompt = ScenePrompt.model_validate({"classes": CLASSES})
    said = Said(np.zeros((0, 3), np.float32), None)
    found = scene_answers.inspection(
        prompt,
        prompt.vocabulary(),
        said,
        lambda weights: scoring.evidence(np.zeros((0, 20, 20), np.float32), weights),
    )
    assert not found.anomaly_map.any()
    assert len(found.regions) == 1


def test_small_masks_leave_the_backbone_unasked_where_it_cannot_see_them():
    prompt = ScenePrompt.model_validate(
        {"classes": CLASSES, "ensemble": {"seen": 0.5}, "regions": {"min_area_px": 1}}
    )
    trained = np.array(SURE, np.float32)
    untrained = -trained
    answers = []
    for believable in (None, np.ones(3, bool), np.zeros(3, bool)):
        said = Said(trained, None, untrained, believable)
        laid = lambda weights: scoring.evidence(masks(), weights)  # noqa: E731
        answers.append(scene_answers.inspection(prompt, prompt.vocabulary(), said, laid).anomaly_map)
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_allclose(answers[2], inspect(SURE).anomaly_map, rtol=1e-5)
    assert np.abs(answers[0] - answers[2]).max() > 0.1
