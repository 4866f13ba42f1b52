"""What WinCLIP makes of meanings, against loops over windows and pixels."""

from __future__ import annotations

import numpy as np
import open_clip
import pytest
import tiny_vit_clip as tiny
import torch
from scipy.special import softmax

from saa.foundation import winclip
from saa.foundation.devices import Placement


def random_unit(*shape, seed=0):
    found = np.random.default_rng(seed).normal(size=shape)
    return (found / np.linalg.norm(found, axis=-1, keepdims=True)).astype(np.float32)


def test_every_state_is_told_in_every_sentence():
    normal, anomalous = winclip.sentences(winclip.NORMAL), winclip.sentences(winclip.ANOMALOUS)
    assert (len(normal), len(anomalous)) == (7 * 22, 4 * 22)
    assert len({*normal, *anomalous}) == 11 * 22
    assert normal[0].format("metal nut") == "a cropped photo of the metal nut."
    assert "a photo of a flawless {}." in normal
    assert "a photo of the {} with damage for visual inspection." in anomalous


def test_a_state_means_the_mean_of_its_sentences(tmp_path):
    found = winclip.texts("metal nut", tiny.record(tmp_path / "weights"), Placement())
    for vector, states in zip(found, (winclip.NORMAL, winclip.ANOMALOUS), strict=True):
        told = [
            template.format(state.format("metal nut")) for state in states for template in winclip.TEMPLATES
        ]
        with torch.inference_mode():
            vectors = tiny.model().encode_text(open_clip.tokenize(told), normalize=True).mean(dim=0)
        np.testing.assert_allclose(vector, vectors / vectors.norm(), atol=1e-5)


@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_anomalous_is_the_softmax_over_both_states(temperature):
    vectors, meant = random_unit(4, 5, 8), random_unit(2, 8, seed=1)
    found = winclip.anomalous(vectors, meant, temperature)
    assert found.shape == (4, 5)
    np.testing.assert_allclose(found, softmax(vectors @ meant.T / temperature, axis=-1)[..., 1], rtol=1e-5)


def test_the_surest_meanings_leave_no_zero_to_divide_by():
    meant = np.array([[1, 0], [-1, 0]], np.float32)
    for temperature in (0.07, 0.01):
        found = winclip.anomalous(meant, meant, temperature)
        assert 0 < found[0] < 1e-12
        assert found[1] == pytest.approx(1)


@pytest.mark.parametrize("scales", [(2, 3), (1,), (5, 2)])
def test_a_patch_is_the_harmonic_mean_over_its_windows_and_then_over_scales(scales):
    grid, random = 5, np.random.default_rng(3)
    windows = {s: random.uniform(0.01, 0.99, (grid - s + 1, grid - s + 1)) for s in scales}
    found = winclip.aggregated(0.3, windows)
    for row in range(grid):
        for column in range(grid):
            terms = [0.3]
            for scale, scores in windows.items():
                inside = [
                    scores[top, left]
                    for top in range(len(scores))
                    for left in range(len(scores))
                    if top <= row < top + scale and left <= column < left + scale
                ]
                terms.append(len(inside) / sum(1 / score for score in inside))
            assert found[row, column] == pytest.approx(len(terms) / sum(1 / term for term in terms))


def test_where_all_agree_so_does_every_patch():
    np.testing.assert_allclose(winclip.aggregated(0.4, {2: np.full((3, 3), 0.4)}), np.full((4, 4), 0.4))
