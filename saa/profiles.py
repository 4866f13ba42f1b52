"""Profiles and ablations: named sets of field values, and nothing else.

A profile says how an engine does what the publications leave open or contradict each other in; `ABLATIONS` take one
of SAA+'s four prompts out. `BASELINES` are profiles, too, of other methods: what they say of each place is the map, no
region is proposed, and so neither a detector nor SAM is needed. Values are those of the settings' fields, by the
stage's key in a prompt file.

Sources: the paper is arXiv 2305.10724, with its equations; the released code is branch `SAA-plus` of
github.com/caoyunkang/Segment-Any-Anomaly, commit 23acbd9. `utad` is defined here as SAA+'s saliency of one picture (Eq.
5) alone: it stands for UTAD (Aota et al., WACV 2023), which compares a texture's places with each other by features of
a pretrained network, and leaves out what that does besides. CLIPSeg is arXiv 2112.10003, WinCLIP arXiv 2303.14814.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Fields: TypeAlias = Mapping[str, Any]
Profile: TypeAlias = Mapping[str, Fields]
"""Field values by stage, or by `cascade`."""

DEFAULT = "default"

ABLATIONS: Mapping[str, Fields] = {
    "language": {"language": "naive"},
    "property": {"area_rule": "none", "overlap_rule": "none", "object_limit": "none"},
    "saliency": {"saliency_gain": 0.0, "dense_weight": 0.0},
    "confidence": {"kept": "all"},
}
"""What the cascade does without P^L, P^P, P^S or P^C. Source: Table 2 of arXiv 2306.09067."""

BASELINES = ("utad", "clipseg", "winclip")
"""Profiles of the engine `foundation` that are other methods: nothing can be left out of them."""

EMBEDDED: Mapping[str, Profile] = {
    DEFAULT: {
        "cascade": {
            "denominator": "count + 1",
            "dense_weight": 1.0,  # weight-free words are too weak to propose every defect
            "saliency_gain": 3.0,
        }
    }
}

_DENSE_ALONE: Fields = {
    "reject_rule": "none",  # there is no region to reject, nor one that would have to lie on an object
    "area_rule": "none",
    "overlap_rule": "none",
    "object_limit": "none",
    "saliency_gain": 0.0,
    "dense_weight": 1.0,  # the map is saliency times what words answer, as it is
    "evidence_floor": 0.0,
    "image_score": "maximum",  # the usual score of a map that comes without one
}
_NO_REGIONS: Profile = {"regions": {"kind": "nothing"}, "refiner": {"kind": "boxes"}}

FOUNDATION: Mapping[str, Profile] = {
    DEFAULT: {
        "cascade": {
            "object_limit": "share",  # a box around all objects would let defects be as large as all of them
            "denominator": "count + 1",  # a place that several captions agree on must not score below one of them
            "saliency_gain": 3.0,  # distances to nearest neighbours are small: a gain of 1 hardly reorders regions
            "image_score": "maximum",  # regions are flat: a mean of the top would dilute small ones
        },
    },
    "paper": {
        "regions": {"most_boxes": 900, "nms_iou": 1.0},  # Eq. 1: what the detector finds
        "saliency": {"kind": "self_similarity"},  # Eq. 5, whatever the number of objects
        "cascade": {
            "reject_rule": "none",  # no paper tells of it
            "area_rule": "mask",  # Eq. 4: on what the refiner made
            "overlap_rule": "iou",  # theta_IoU of Eq. 4
            "object_limit": "none",
            "saliency_gain": 1.0,  # Eq. 6
            "top_k": 5,  # Eq. 8: the paper's K, whatever the product
            "denominator": "count",  # Eq. 9
            "image_score": "maximum",
        },
    },
    "released": {
        "regions": {
            "box_threshold": 0.1,
            "text_threshold": 0.1,
            "scored_on": "all",  # all 256 positions, dots and end marks too
            "named": "pieces",
            "object_underscores": True,
            "object_comma": True,
            "most_boxes": 900,
            "nms_iou": 1.0,
            "outside": "keep",
            "arithmetic": "exact",  # boxes are ranked, and where two are as good as equal, rounding would swap them
        },
        "refiner": {
            "colours": "bgr",
            "answer": "single",
            "arithmetic": "exact",  # rounding would decide a few pixels on the edges of masks
        },
        "saliency": {
            "kind": "cross_instance",
            "colours": "bgr",
            "shrinking": "linear",
            "max_iou": 1.0,
            "lone_distance": 1.0,
            "halved": True,
            "single": {"neighbours": "farthest", "compared": "picture"},
        },
        "cascade": {
            "language": "released",
            "reject_rule": "letters",
            "area_rule": "box",
            "overlap_rule": "none",
            "object_limit": "share",
            "saliency_gain": 3.0,
            "top_k": None,
            "denominator": "count + 1",
            "image_score": "maximum",
        },
    },
    "vanilla": {  # SAA of arXiv 2305.10724, Eq. 3; thresholds of the released code's branch `master`
        "regions": {"box_threshold": 0.2, "text_threshold": 0.2, "most_boxes": 900, "nms_iou": 1.0},
        "saliency": {"kind": "none"},
        "cascade": {
            "language": "naive",
            "reject_rule": "none",
            "area_rule": "none",
            "overlap_rule": "none",
            "object_limit": "none",
            "saliency_gain": 0.0,
            "kept": "all",
            "denominator": "count",
            "image_score": "maximum",
        },
    },
    "utad": {
        **_NO_REGIONS,
        "saliency": {"kind": "self_similarity"},  # 400 nearest places of the picture, as the paper's Eq. 5
        "grounder": {"kind": "uniform"},  # no words
        "cascade": _DENSE_ALONE,
    },
    "clipseg": {
        **_NO_REGIONS,
        "saliency": {"kind": "uniform"},
        "grounder": {"kind": "clipseg"},  # the best of the file's phrases
        "cascade": _DENSE_ALONE,
    },
    "winclip": {
        **_NO_REGIONS,
        "saliency": {"kind": "uniform"},
        "grounder": {"kind": "winclip"},  # its own words, around the object's phrase
        "cascade": {**_DENSE_ALONE, "image_score": "words"},  # the class token's own, as published
    },
}
