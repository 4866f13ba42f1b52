"""FC-CLIP on transformers' decoders against the same written down on torch alone, on one random checkpoint."""

from __future__ import annotations

import fcclip_reference as reference
import numpy as np
import pytest
import tiny_clip
import torch
from scipy.special import log_softmax, softmax
from street import street

from saa.errors import ModelError
from saa.foundation import fcclip, fcclip_maps
from saa.foundation.devices import Placement

CPU = Placement()
GROUPS, SEEN = (3, 1, 2, 1), np.array([True, False, True, True])
STARTS = np.cumsum((0, *GROUPS[:-1]))


def unit(count, seed=0):
    """(N, 16): vectors that stand for texts."""
    vectors = np.random.default_rng(seed).normal(size=(count, tiny_clip.EMBEDDED)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


TEXTS = unit(sum(GROUPS))


@pytest.fixture
def segmenter(tmp_path):
    """A way to load the reference's weights, and to look with them."""

    def load(shortest_px=64, longest_px=2560, state=None, **placed):
        names = reference.record(tmp_path / "weights", state)
        network, tower = fcclip.load(*names, CPU, **placed)
        return fcclip.Segmenter(network, tower, CPU, shortest_px, longest_px)

    return load


def grouped(logits):
    return np.maximum.reduceat(logits, STARTS, axis=1)


def evidence(seen):
    """(Q, K): class evidence in closed form, without logarithms of probabilities."""
    inside = grouped(fcclip.class_logits(seen.in_vectors, TEXTS, seen.in_scale))
    void = fcclip.class_logits(seen.in_vectors, seen.void[None], seen.in_scale)
    outside = grouped(fcclip.class_logits(seen.out_vectors, TEXTS, seen.out_scale))
    weights = np.where(SEEN, reference.ALPHA, reference.BETA)
    mixed = (1 - weights) * log_softmax(inside, axis=1) + weights * log_softmax(outside, axis=1)
    left = 1 - softmax(np.concatenate([inside, void], axis=1), axis=1)[:, -1:]
    return (softmax(mixed, axis=1) * left).astype(np.float32)


@pytest.mark.parametrize("arithmetic", ["fast", "exact"])
@pytest.mark.parametrize(
    ("size", "shortest_px", "scaled"),
    [((207, 301), 150, (150, 218)), ((375, 229), 229, (375, 229)), ((90, 131), 128, (128, 186))],
    ids=["made smaller", "as it is", "made larger"],
)
def test_masks_logits_and_maps_are_those_of_the_reference(segmenter, size, shortest_px, scaled, arithmetic):
    image = street(*size)
    seen = segmenter(shortest_px, arithmetic=arithmetic).see(image)
    assert seen.sizes.scaled == scaled
    answer = reference.model().answer(image, TEXTS, GROUPS, SEEN, scaled)

    np.testing.assert_allclose(seen.mask_logits, answer.masks, atol=1e-4)
    inside = fcclip.class_logits(seen.in_vectors, np.vstack([TEXTS, seen.void]), seen.in_scale)
    np.testing.assert_allclose(grouped(inside[:, :-1]), answer.inside[:, :-1], atol=1e-4)
    np.testing.assert_allclose(inside[:, -1], answer.inside[:, -1], atol=1e-4)
    outside = grouped(fcclip.class_logits(seen.out_vectors, TEXTS, seen.out_scale))
    np.testing.assert_allclose(outside, answer.outside[:, :-1], atol=1e-4)
    np.testing.assert_array_equal(seen.valid, answer.valid)

    classes = evidence(seen)
    np.testing.assert_allclose(classes, answer.classes, atol=1e-4)
    semantic = fcclip_maps.sums(seen.mask_logits, seen.sizes, classes)
    assert np.ptp(answer.semantic.numpy()) > 0.1
    np.testing.assert_allclose(semantic, answer.semantic, atol=1e-4)


def test_a_large_odd_image_agrees_too(segmenter):
    image = street(389, 685)
    seen = segmenter(389).see(image)
    answer = reference.model().answer(image, TEXTS, GROUPS, SEEN, image.shape[:2])
    np.testing.assert_allclose(seen.mask_logits, answer.masks, atol=1e-4)
    semantic = fcclip_maps.sums(seen.mask_logits, seen.sizes, evidence(seen))
    np.testing.assert_allclose(semantic, answer.semantic, atol=1e-4)


def test_values_have_the_shapes_and_lengths_they_promise(segmenter):
    seen = segmenter().see(street(70, 100))
    queries, embedded = reference.QUERIES, tiny_clip.EMBEDDED
    assert (seen.mask_logits.shape, seen.mask_logits.dtype) == ((queries, 16, 24), torch.float32)
    assert seen.sizes == fcclip_maps.Sizes((70, 100), (64, 91), (64, 96))
    for vectors in (seen.in_vectors, seen.out_vectors):
        assert (vectors.shape, vectors.dtype) == ((queries, embedded), np.float32)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert (seen.valid.shape, seen.valid.dtype) == ((queries,), np.bool_)
    assert seen.void.shape == (embedded,)
    assert seen.in_scale == pytest.approx(np.exp(2), rel=1e-6)


def test_the_scale_of_logits_is_at_most_100(segmenter):
    large = reference.published() | {"sem_seg_head.predictor.logit_scale": torch.tensor(7.0)}
    assert segmenter(state=large).see(street(40, 50)).in_scale == 100


def test_seeing_is_repeatable_and_leaves_the_image_alone(segmenter):
    image = street(50, 61)
    kept = image.copy()
    looks = segmenter()
    first, second = looks.see(image), looks.see(image)
    torch.testing.assert_close(first.mask_logits, second.mask_logits, rtol=0, atol=0)
    np.testing.assert_array_equal(image, kept)


def test_a_picture_of_one_pixel_has_masks(segmenter):
    seen = segmenter(64).see(np.full((1, 1, 3), 90, np.uint8))
    assert seen.sizes.padded == (64, 64)
    assert fcclip_maps.sums(seen.mask_logits, seen.sizes, evidence(seen)).shape == (4, 1, 1)


def test_only_the_trunk_works_in_brain_floats(tmp_path):
    placement = Placement("cpu", "bf16")
    network, tower = fcclip.load(*reference.record(tmp_path / "weights"), placement)
    image = street(60, 80)
    rough = fcclip.Segmenter(network, tower, placement, 64).see(image)
    fine = fcclip.Segmenter(network, tower, CPU, 64).see(image)
    assert rough.mask_logits.dtype == torch.float32
    assert rough.in_vectors.dtype == np.float32
    difference = (rough.mask_logits - fine.mask_logits).abs().median()
    assert 0 < difference < 0.2


def test_equal_files_are_read_once(segmenter):
    assert segmenter().network is segmenter().network


def test_a_clip_of_another_size_is_refused(tmp_path):
    name, _ = reference.record(tmp_path / "weights")
    state = tiny_clip.model().state_dict()
    state["visual.head.mlp.fc1.weight"] = torch.zeros(8, tiny_clip.CHANNELS[-1])
    state["visual.head.mlp.fc1.bias"] = torch.zeros(8)
    state["visual.head.mlp.fc2.weight"] = torch.zeros(4, 8)
    other = tiny_clip.record(tmp_path / "other", state)
    with pytest.raises(
        ModelError, match=r"expected the CLIP that fcclip_convnext_large was trained on, with"
    ):
        fcclip.load(name, other, CPU)


def test_checkpoints_that_are_not_there_are_told_in_one_line(tmp_path):
    with pytest.raises(
        ModelError, match=r"^fcclip_convnext_large: expected fcclip_cocopan.pth in .*got no such"
    ) as told:
        fcclip.load(reference.NAME, tiny_clip.NAME, CPU)
    assert "\n" not in str(told.value)
    reference.record(tmp_path / "weights")
    (tmp_path / "weights" / f"{tiny_clip.NAME}.pth").unlink()
    with pytest.raises(
        ModelError, match=r"^clip_convnext_large_d_320: expected .* which was added, got no such file"
    ):
        fcclip.load(reference.NAME, tiny_clip.NAME, CPU)


def test_pooling_an_empty_mask_gives_zeros():
    features = torch.ones(3, 2, 2)
    inside = torch.tensor([[[1.0, -1.0], [-1.0, -1.0]], [[-1.0, -1.0], [-1.0, 0.0]]])
    torch.testing.assert_close(fcclip.pooled(features, inside), torch.tensor([[1.0] * 3, [0.0] * 3]))
