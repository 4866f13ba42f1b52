"""GroundingDINO with random weights and a handful of words: small enough for tests."""

from __future__ import annotations

import copy
from functools import cache

import torch

from benchmarks._random_weights import stirred
from saa.foundation.bert import Size
from saa.foundation.dino_sizes import Architecture
from saa.foundation.grounding_dino import Detector
from saa.foundation.pieces import Vocabulary

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ",", "?", "_")
_PLAIN = (
    "a",
    "bright",
    "capsules",
    "damage",
    "dark",
    "defect",
    "flaw",
    "hole",
    "metal",
    "nut",
    "on",
    "patch",
    "red",
)
WORDS = (*_SPECIAL, *_PLAIN, "scratch", "stain", "thing", "tooth", "worn", "##brush", "##s")
NUM_QUERIES = 25


def vocabulary(folder, words=WORDS):
    """The words, as the file that BERT's come in."""
    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", "utf-8")
    return Vocabulary.read(folder)


def architecture(**others):
    """Sizes of a network that takes a tenth of a second."""
    sizes = {
        "channels": 16,
        "depths": (1, 1, 2, 1),
        "heads": (1, 2, 4, 8),
        "window": 4,
        "queries": NUM_QUERIES,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "feedforward": 64,
        "text": Size(vocabulary=len(WORDS), width=128, layers=2, heads=2, feedforward=64),
    }
    return Architecture(**(sizes | others))


@cache
def detector(arithmetic="fast"):
    """A network whose boxes and scores depend on the image and on every word."""
    torch.manual_seed(0)
    return stirred(Detector(architecture(), arithmetic))


@cache
def far_reaching():
    """The same with large boxes, some of which reach beyond the image."""
    model = copy.deepcopy(detector())
    with torch.no_grad():
        model.bbox_embed[0].layers[-1].bias[2:] += 1.5
    return model
