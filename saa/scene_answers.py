"""What is said of a scene once the evidence is there: the map, and the parts that no class explains.

Both what a mask says of each concept and how masks are laid on the image are the model's; all that follows is the
same for every model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from saa.ops import class_evidence, scoring
from saa.ops.class_evidence import Logits
from saa.scene_prompts import RegionRules, ScenePrompt, Vocabulary
from saa.types import AnomalyMap, Inspection, Mask, Regions

Laid: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(Q, K) weights of masks become (K, H, W): sums over the masks, at the image's size; see `scoring.evidence`."""


@dataclass(frozen=True, eq=False)
class Said:
    """What Q masks say of C concepts.

    Attributes:
        trained: (Q, C) float32 logits of the head that was trained for it.
        void: (Q,) its logits of "nothing"; None if it has no such class.
        untrained: (Q, C) logits of the backbone itself; None where it was not asked.
        believable: (Q,) whether a mask is large enough for the backbone to have seen it; None: all are.
        asked_alone: whether each concept was asked without the others, so that its logit also says whether it is
            there at all. Such models have no masks, as a rule: then each of Q places is one.
    """

    trained: Logits
    void: Logits | None
    untrained: Logits | None = None
    believable: NDArray[np.bool_] | None = None
    asked_alone: bool = False


def inspection(prompt: ScenePrompt, vocabulary: Vocabulary, said: Said, laid: Laid) -> Inspection:
    """The answer for one image.

    Args:
        prompt: what is known of the scene.
        vocabulary: its words, whose concepts are the columns of `said`.
        said: what the model's masks say.
        laid: lays weighted masks on the image.
    """
    logits = class_evidence.of_groups(said.trained, vocabulary.groups)
    shares = _shares(prompt, vocabulary, said, logits)
    num_classes = vocabulary.num_classes
    evidence = laid(shares)
    known, odd = evidence[:num_classes], evidence[num_classes:]
    anomaly_map = _reduced(prompt, known, shares[:, :num_classes], logits[:, :num_classes], laid)
    best = known.max(axis=0)
    regions = _regions(prompt.regions, vocabulary, known, odd)
    score = scoring.image_score(anomaly_map, scoring.TOP_RATIO)
    return Inspection(anomaly_map, score, regions, np.asarray(np.clip(1 - best, 0, 1), np.float32))


def _shares(prompt: ScenePrompt, vocabulary: Vocabulary, said: Said, logits: Logits) -> NDArray[np.float32]:
    """(Q, K) evidence of each mask for each class and each OOD concept."""
    void = said.void if prompt.void == "drop" else None
    if said.asked_alone:
        return class_evidence.of_alone(logits, void)
    if prompt.ensemble is None or said.untrained is None:
        return class_evidence.shared_out(logits, void)
    weights = np.where(vocabulary.unseen, prompt.ensemble.unseen, prompt.ensemble.seen).astype(np.float32)
    if said.believable is not None:
        weights = weights * said.believable[:, None].astype(np.float32)
    untrained = class_evidence.of_groups(said.untrained, vocabulary.groups)
    return class_evidence.ensembled(logits, void, untrained, weights)


def _reduced(
    prompt: ScenePrompt,
    known: NDArray[np.float32],
    shares: NDArray[np.float32],
    logits: Logits,
    laid: Laid,
) -> AnomalyMap:
    if prompt.score == "rba":
        return scoring.rejected_by_all(known)
    if prompt.score == "eam":
        return np.asarray(-laid(scoring.of_best_classes(shares))[0], np.float32)
    if prompt.score == "max_logit":
        return scoring.unexplained(laid(logits))
    return scoring.unexplained(known)


def _regions(
    rules: RegionRules, vocabulary: Vocabulary, known: NDArray[np.float32], odd: NDArray[np.float32]
) -> Regions:
    """Connected places that no class explains, the least explained first, each called by what it is most like."""
    best = known.max(axis=0)
    labels, _ = ndimage.label(best < rules.max_evidence, np.ones((3, 3)))
    areas = np.bincount(labels.ravel())
    large = 1 + np.flatnonzero(areas[1:] >= rules.min_area_px)
    explained = np.asarray(ndimage.mean(best, labels, large), np.float32).reshape(-1)
    order = np.argsort(explained, kind="stable")[: rules.top_k]
    masks = np.array([labels == label for label in large[order]], np.bool_).reshape(-1, *best.shape)
    scores = np.maximum(1 - explained[order], 0)
    return Regions(masks, scores, tuple(_called(mask, vocabulary, known, odd) for mask in masks))


def _called(mask: Mask, vocabulary: Vocabulary, known: NDArray[np.float32], odd: NDArray[np.float32]) -> str:
    """An OOD concept if that is what most of the evidence says, else the class that comes nearest."""
    classes = vocabulary.names[: vocabulary.num_classes]
    concepts = vocabulary.names[vocabulary.num_classes :]
    of_classes = known[:, mask].mean(axis=1)
    if concepts:
        of_concepts = odd[:, mask].mean(axis=1)
        if of_concepts.max() > of_classes.max():
            return concepts[int(of_concepts.argmax())]
    return f"unknown, most like {classes[int(of_classes.argmax())]}"
