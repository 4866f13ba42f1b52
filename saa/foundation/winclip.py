"""WinCLIP without examples: how anomalous an image, its windows and its places are, by words for both states.

    meant = texts("metal nut", checkpoint, placement)
    whole = anomalous(meaning.whole, meant, 0.07)
    places = aggregated(whole, {scale: anomalous(each, meant, 0.07) for scale, each in meaning.windows.items()})

Source: WinCLIP, arXiv 2303.14814: the words are those of its appendix, the sums those of its Section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from saa.foundation import clip_texts
from saa.foundation.devices import Placement

NORMAL = (
    "{}",
    "flawless {}",
    "perfect {}",
    "unblemished {}",
    "{} without flaw",
    "{} without defect",
    "{} without damage",
)
"""How a good object is called."""
ANOMALOUS = ("damaged {}", "{} with flaw", "{} with defect", "{} with damage")
"""How a defective one is called."""
TEMPLATES = (
    "a cropped photo of the {}.",
    "a cropped photo of a {}.",
    "a close-up photo of a {}.",
    "a close-up photo of the {}.",
    "a bright photo of a {}.",
    "a bright photo of the {}.",
    "a dark photo of the {}.",
    "a dark photo of a {}.",
    "a jpeg corrupted photo of a {}.",
    "a jpeg corrupted photo of the {}.",
    "a blurry photo of the {}.",
    "a blurry photo of a {}.",
    "a photo of a {}.",
    "a photo of the {}.",
    "a photo of a small {}.",
    "a photo of the small {}.",
    "a photo of a large {}.",
    "a photo of the large {}.",
    "a photo of the {} for visual inspection.",
    "a photo of a {} for visual inspection.",
    "a photo of the {} for anomaly detection.",
    "a photo of a {} for anomaly detection.",
)
"""Sentences about either."""


def sentences(states: Sequence[str]) -> tuple[str, ...]:
    """Every state in every sentence, `{}` still standing for the object."""
    return tuple(template.format(state) for state in states for template in TEMPLATES)


def texts(phrase: str, checkpoint: str, placement: Placement) -> NDArray[np.float32]:
    """(2, D) float32 at unit length: what a good and a defective object mean; kept on disk, see `clip_texts`.

    Each sentence counts the same within its state.

    Args:
        phrase: what the object is called.
        checkpoint: of CLIP, a name of the registry.
        placement: where the text tower runs.

    Raises:
        ModelError: see `clip_texts.embedded`.
    """
    return np.concatenate(
        [
            clip_texts.embedded([phrase], sentences(states), checkpoint, placement)
            for states in (NORMAL, ANOMALOUS)
        ]
    )


def anomalous(
    vectors: NDArray[np.float32], meant: NDArray[np.float32], temperature: float
) -> NDArray[np.float64]:
    """(...) in (0, 1): how much rather the defective than the good object is meant by vectors (..., D).

    The softmax over the two cosines, divided by the temperature.

    Args:
        vectors: at unit length.
        meant: (2, D), see `texts`.
        temperature: at least 0.01; below, rounding would leave nothing of some scores.
    """
    cosines = vectors.astype(np.float64) @ meant.T.astype(np.float64)
    return np.asarray(expit((cosines[..., 1] - cosines[..., 0]) / temperature))


def aggregated(
    whole: float | NDArray[np.float64], windows: Mapping[int, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(g, g): how anomalous each patch is: the harmonic mean of the image's score and of each scale's.

    A scale's score of a patch is the harmonic mean over the windows that it lies in, so that one window which finds it
    normal counts for more than one that does not.

    Args:
        whole: the image's own score, above 0.
        windows: by scale s, (g - s + 1, g - s + 1) scores of windows, above 0; at least one scale.
    """
    inverted = [1 / _spread(scores, scale) for scale, scores in windows.items()]
    return np.asarray((1 + len(inverted)) / (1 / whole + np.sum(inverted, axis=0)))


def _spread(scores: NDArray[np.float64], scale: int) -> NDArray[Any]:
    """(g, g) harmonic means over the windows of `scale` by `scale` patches around each patch."""
    count, side = len(scores), len(scores) + scale - 1
    total, covering = np.zeros((side, side)), np.zeros((side, side))
    for row in range(scale):
        for column in range(scale):
            total[row : row + count, column : column + count] += 1 / scores
            covering[row : row + count, column : column + count] += 1
    return np.asarray(covering / total)
