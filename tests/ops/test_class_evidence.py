from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saa.ops import class_evidence, scoring

NUM_MASKS, NUM_CONCEPTS = 4, 6


@st.composite
def scenes(draw):
    """Random logits of masks for concepts and for void, soft masks, and classes that share out the concepts."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    logits = (3 * random.standard_normal((NUM_MASKS, NUM_CONCEPTS))).astype(np.float32)
    void = (3 * random.standard_normal(NUM_MASKS)).astype(np.float32)
    masks = random.random((NUM_MASKS, 3, 5)).astype(np.float32)
    cuts = sorted(random.choice(np.arange(1, NUM_CONCEPTS), 2, replace=False))
    groups = [list(map(int, part)) for part in np.split(np.arange(NUM_CONCEPTS), cuts)]
    return logits, void, masks, groups


def score(logits, void, masks, groups, num_classes=None):
    shares = class_evidence.shared_out(class_evidence.of_groups(logits, groups), void)
    known = shares[:, : num_classes or len(groups)]
    return scoring.unexplained(scoring.evidence(masks, known))


def test_a_class_is_as_likely_as_its_best_concept():
    logits = np.array([[1, 5, 2], [3, 0, -1]], np.float32)
    found = class_evidence.of_groups(logits, [[0, 1], [2], [2, 0]])
    np.testing.assert_array_equal(found, [[5, 2, 2], [3, -1, 3]])
    assert class_evidence.of_groups(logits[:0], [[0]]).shape == (0, 1)
    assert class_evidence.of_groups(logits, []).shape == (2, 0)


def test_evidence_is_shared_out_among_classes_and_void_takes_its_share():
    logits = np.log(np.array([[1, 3]], np.float32))
    np.testing.assert_allclose(class_evidence.shared_out(logits, None), [[0.25, 0.75]], rtol=1e-6)
    void = np.log(np.array([4], np.float32))
    np.testing.assert_allclose(class_evidence.shared_out(logits, void), [[0.125, 0.375]], rtol=1e-6)


def test_a_vocabulary_of_one_class_works():
    logits = np.array([[2.0], [-1.0]], np.float32)
    np.testing.assert_array_equal(class_evidence.shared_out(logits, None), [[1], [1]])
    assert (class_evidence.shared_out(logits, np.zeros(2, np.float32)) < 1).all()


@given(scenes())
@settings(max_examples=200, deadline=None)
def test_a_duplicated_synonym_changes_nothing(scene):
    logits, void, masks, groups = scene
    doubled = np.concatenate([logits, logits[:, groups[0]]], axis=1)
    more = [groups[0] + list(range(NUM_CONCEPTS, NUM_CONCEPTS + len(groups[0]))), *groups[1:]]
    np.testing.assert_array_equal(score(doubled, void, masks, more), score(logits, void, masks, groups))


@given(scenes(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_ood_concepts_never_lower_the_score(scene, with_void):
    logits, void, masks, groups = scene
    void = void if with_void else None
    fewer = score(logits, void, masks, groups[:-1])
    more = score(logits, void, masks, groups, num_classes=len(groups) - 1)
    assert (more >= fewer - 1e-6).all()


@given(scenes(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_merging_classes_never_raises_the_score(scene, with_void):
    logits, void, masks, groups = scene
    void = void if with_void else None
    merged = [groups[0] + groups[1], *groups[2:]]
    assert (score(logits, void, masks, merged) <= score(logits, void, masks, groups) + 1e-6).all()


@given(scenes())
@settings(max_examples=200, deadline=None)
def test_the_score_without_void_is_no_higher_than_with_it(scene):
    logits, void, masks, groups = scene
    assert (score(logits, None, masks, groups) <= score(logits, void, masks, groups) + 1e-6).all()


@given(scenes(), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_the_ensemble_is_the_published_product_of_powers(scene, weight):
    logits, void, _, groups = scene
    trained = class_evidence.of_groups(logits, groups)
    untrained = trained[:, ::-1].copy()
    weights = np.full(len(groups), weight, np.float32)
    found = class_evidence.ensembled(trained, void, untrained, weights)

    def probabilities(values):
        raised = np.exp(values.astype(np.float64))
        return raised / raised.sum(axis=1, keepdims=True)

    product = probabilities(trained) ** (1 - weight) * probabilities(untrained) ** weight
    mixed = product / product.sum(axis=1, keepdims=True)
    left = 1 - probabilities(np.concatenate([trained, void[:, None]], axis=1))[:, -1:]
    np.testing.assert_allclose(found, mixed * left, rtol=1e-4, atol=1e-7)


def test_an_ensemble_that_does_not_ask_the_backbone_is_the_trained_head():
    random = np.random.default_rng(0)
    trained, untrained = random.standard_normal((2, 4, 3)).astype(np.float32)
    void = random.standard_normal(4).astype(np.float32)
    for column in (void, None):
        found = class_evidence.ensembled(trained, column, untrained, np.zeros((4, 3), np.float32))
        np.testing.assert_allclose(found, class_evidence.shared_out(trained, column), rtol=1e-5)


def test_evidence_of_masks_is_the_weighted_sum_at_each_pixel():
    masks = np.array([[[1.0, 0.5], [0, 0.25]], [[0, 1], [1, 0]]], np.float32)
    weights = np.array([[0.5, 1, 0], [0.25, 0, 2]], np.float32)
    expected = [[[0.5, 0.5], [0.25, 0.125]], [[1, 0.5], [0, 0.25]], [[0, 2], [2, 0]]]
    np.testing.assert_allclose(scoring.evidence(masks, weights), expected, rtol=1e-6)
    np.testing.assert_allclose(
        scoring.evidence(masks > 0.4, weights),
        np.einsum("nk,nhw->khw", weights, (masks > 0.4).astype(np.float32)),
    )


def test_evidence_of_no_mask_is_none_and_of_many_is_that_of_one_go(monkeypatch):
    assert not scoring.evidence(np.zeros((0, 2, 3), bool), np.zeros((0, 4), np.float32)).any()
    random = np.random.default_rng(1)
    masks, weights = random.random((7, 9, 5)).astype(np.float32), random.random((7, 3)).astype(np.float32)
    whole = scoring.evidence(masks, weights)
    monkeypatch.setattr(scoring, "_AT_ONCE", 2 * 7 * 5)
    np.testing.assert_allclose(scoring.evidence(masks, weights), whole, rtol=1e-6)


@pytest.mark.parametrize("num_classes", [1, 3])
def test_reducers_are_higher_where_less_is_known(num_classes):
    known = np.random.default_rng(2).random((num_classes, 2, 3)).astype(np.float32)
    for reduce in (scoring.unexplained, scoring.rejected_by_all):
        found = reduce(known)
        assert found.dtype == np.float32
        assert found.shape == (2, 3)
        assert (found <= 0).all()
        assert (reduce(known / 2) >= found).all()
    np.testing.assert_allclose(scoring.unexplained(known), -known.max(axis=0))
    np.testing.assert_allclose(scoring.rejected_by_all(known), -np.tanh(known).sum(axis=0), rtol=1e-6)


def test_each_mask_counts_with_its_best_class():
    weights = np.array([[0.1, 0.7], [0.4, 0.3]], np.float32)
    np.testing.assert_allclose(scoring.of_best_classes(weights), [[0.7], [0.4]])


def test_evidence_of_classes_asked_alone_is_their_sigmoid_shared_out():
    logits = np.array([[0, 0], [5, -5], [-9, -9]], np.float32)
    found = class_evidence.of_alone(logits, None)
    expected = [[0.25, 0.25], [0.993262, 3.0e-7], [6.17e-5, 6.17e-5]]
    np.testing.assert_allclose(found, expected, rtol=2e-2)
    assert found.dtype == np.float32
    less = class_evidence.of_alone(logits, np.zeros(3, np.float32))
    np.testing.assert_allclose(less[0], [1 / 6, 1 / 6], rtol=1e-6)
    assert class_evidence.of_alone(np.zeros((0, 2), np.float32), None).shape == (0, 2)
