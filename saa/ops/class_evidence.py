"""From what each mask says of each concept to what it says of each class: (N, K) evidence. Names no model.

Source: VL4AD, arXiv 2409.17330, Eq. 1, 3, 4; the ensemble is that of FC-CLIP, arXiv 2308.02487.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax

Logits: TypeAlias = NDArray[np.float32]
Evidence: TypeAlias = NDArray[np.float32]


def of_groups(logits: Logits, groups: Sequence[Sequence[int]]) -> Logits:
    """(N, K) logits of classes from (N, C) logits of concepts: that of each class's best concept.

    Args:
        logits: of each mask and concept.
        groups: the concepts of each of K classes, at least one each.

    Source: Eq. 3, "max-logit prompt ensembling"; a merged class is a larger group.
    """
    columns = [logits[:, list(group)].max(axis=1) for group in groups]
    return np.stack(columns, axis=1) if columns else np.zeros((len(logits), 0), np.float32)


def shared_out(logits: Logits, void: Logits | None) -> Evidence:
    """(N, K) float32 in [0, 1]: each mask's evidence, shared out among K classes; rows sum to 1, less void's share.

    Args:
        logits: (N, K), also of classes that do not belong: they take their share.
        void: (N,) logits of a learned class "nothing", whose share is dropped; None if there is none.

    Source: Eq. 1 and 4.
    """
    if void is None:
        return np.asarray(softmax(logits, axis=1), np.float32)
    whole = softmax(np.concatenate([logits, void[:, None]], axis=1), axis=1)
    return np.asarray(whole[:, :-1], np.float32)


def of_alone(logits: Logits, void: Logits | None) -> Evidence:
    """(N, K) float32 in [0, 1]: evidence from classes that were asked one by one: sigmoid, times the class's share.

    A class has no more evidence than it was given alone, and the others take their share of that; a softmax alone
    would give all to the best of classes that are not there.

    Args:
        logits: (N, K), each asked without the others, also of classes that do not belong.
        void: see `shared_out`.
    """
    return np.asarray(expit(logits) * shared_out(logits, void), np.float32)


def ensembled(
    trained: Logits,
    void: Logits | None,
    untrained: Logits,
    weights: NDArray[np.float32],
) -> Evidence:
    """(N, K) evidence of two heads, mixed geometrically, class by class.

    c = softmax over K of ((1 - w) log_softmax(trained) + w log_softmax(untrained)), times what void leaves.

    Args:
        trained: (N, K) logits of the head that was trained on the backbone's features.
        void: (N,) its logits of "nothing"; None if there is none.
        untrained: (N, K) logits of the backbone itself.
        weights: (N, K) or (K,), in [0, 1]: how far the backbone itself is believed.

    Source: FC-CLIP, arXiv 2308.02487, Eq. 4 to 6, in closed form.
    """
    mixed = (1 - weights) * log_softmax(trained, axis=1) + weights * log_softmax(untrained, axis=1)
    left = shared_out(trained, void).sum(axis=1, keepdims=True)
    return np.asarray(softmax(mixed, axis=1) * left, np.float32)
