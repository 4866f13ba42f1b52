"""The 29 products as they are written for the code released with SAA+: prompt pairs and property sentences."""

from __future__ import annotations

SENTENCE = "the image of {} have {} {} {} with a maximum of {} anomaly. The anomaly would not exceed {} object area. "
"""One wording for all of them. Filled: the image, count, likeness, object (with its comma), anomalies, area."""

_WHOLE = "{0} 1 dissimilar {0}, 5"
"""How most sentences are filled, apart from the area."""

PAIRS = {
    "mvtec": {
        "carpet": [["black hole", "carpet"], ["thread", "carpet"], ["defect.", "carpet"]],
        "grid": [["irregular pattern", "grid"], ["defect.", "grid"]],
        "leather": [["defect.", "leather"]],
        "tile": [["defect.", "tile"]],
        "wood": [["defect.", "wood"]],
        "bottle": [["broken part. contamination. white broken.", "bottle"]],
        "cable": [["crack. flawed golden wire. black hole.", "cable"]],
        "capsule": [["white crack. hole.", "capsule"]],
        "hazelnut": [["white print. crack. thread.", "hazelnut"]],
        "metal_nut": [["blue defect. black defect. red defect. scratch.", "nut"]],
        "pill": [["red defect. yellow defect. blue defect. crack. scratch.", "pill"]],
        "screw": [["defect.", "screw"]],
        "toothbrush": [["defect.", "toothbrush"]],
        "transistor": [["defect.", "transistor"]],
        "zipper": [["crack. broken leather.", "zipper"]],
    },
    "visa": {
        "candle": [["color defect. hole. black defect. wick hole. spot. ", "candle"]],
        "capsules": [["black melt. dark liquid.", "capsules"], ["bubble", "capsules"]],
        "cashew": [
            ["yellow defect. black defect. small holes. scratch. breakage. crack.", "cashew"],
            ["small spot.", "cashew"],
        ],
        "chewinggum": [["crack. yellow defect. color defect. black defect. thread.", "chewinggum"]],
        "fryum": [
            [
                "broken part. purple defect. black defect. red defect. color defect. color crack. break",
                "fryum",
            ]
        ],
        "macaroni1": [
            ["broken part. red defect. black defect. crack. hole. scratch. color crack.", "macaroni"]
        ],
        "macaroni2": [
            ["broken part. red defect. black defect. crack. hole. scratch.", "macaroni"],
            ["edge. spot. chip.", "macaroni"],
        ],
        "pcb1": [
            ["bent wire on pcb", "pcb"],
            ["white scratch on pcb", "pcb"],
            ["white defect on pcb", "pcb"],
            ["white circle.", "pcb"],
        ],
        "pcb2": [["bent wire", "pcb"], ["pointed", "pcb"], ["wire", "pcb"]],
        "pcb3": [["bent wire on pcb", "pcb"], ["scratch on pcb", "pcb"], ["defect on pcb", "pcb"]],
        "pcb4": [
            ["yellow paper on pcb", "pcb"],
            ["yellow defect on pcb", "pcb"],
            ["black defect on pcb", "pcb"],
            ["color defect on pcb", "pcb"],
            ["scratch on pcb", "pcb"],
            ["defect on pcb", "pcb"],
        ],
        "pipe_fryum": [["broken part. red defect. black defect. crack. hole. scratch.", "fryum"]],
    },
    "ksdd2": {"ksdd2": [["black hole.", "ksdd2"], ["defect.", "ksdd2"]]},
    "mtd": {"mtd": [["black hole. blow hole. break. crack. fray. uneven.", "mtd"], ["defect.", "mtd"]]},
}

_AREAS = {
    "carpet": "0.9", "grid": "0.9", "leather": "0.9", "tile": "0.9", "wood": "0.9", "bottle": "0.3", "cable": "0.9",
    "capsule": "0.6", "hazelnut": "0.9", "metal_nut": "1.", "pill": "1.", "screw": "0.1", "toothbrush": "0.5",
    "transistor": "1.", "zipper": "0.5",
}  # fmt: skip

SENTENCES = {
    "mvtec": {
        product: SENTENCE.format(*_WHOLE.format(product).split(), area) for product, area in _AREAS.items()
    },
    "visa": {
        "candle": SENTENCE.format("candle", 4, "similar", "candle,", 1, "0.3"),
        "capsules": SENTENCE.format("capsule", 20, "dissimilar", "capsule,", 15, "1."),
        "cashew": SENTENCE.format("cashew", 1, "dissimilar", "cashew,", 17, "0.05"),
        "chewinggum": SENTENCE.format("chewinggum", 1, "dissimilar", "chewinggum", 50, "0.2"),
        "fryum": SENTENCE.format("fryum", 1, "dissimilar", "fryum,", 5, "1."),
        "macaroni1": SENTENCE.format("macaroni1", 4, "similar", "macaroni,", 5, "0.3"),
        "macaroni2": SENTENCE.format("macaroni2", 4, "dissimilar", "macaroni,", 50, "0.3"),
        "pcb1": SENTENCE.format("pcb1", 1, "dissimilar", "printed_circuit_board,", 1, "0.3"),
        "pcb2": SENTENCE.format("pcb2", 1, "dissimilar", "pcb,", 9, "0.3"),
        "pcb3": SENTENCE.format("pcb3", 1, "dissimilar", "printed_circuit_board,", 5, "0.3"),
        "pcb4": SENTENCE.format("pcb4", 1, "dissimilar", "pcb,", 7, "0.3"),
        "pipe_fryum": SENTENCE.format("pipe_fryum", 1, "dissimilar", "pipe_fryum,", 19, "0.3"),
    },
    "ksdd2": {"ksdd2": SENTENCE.format("ksdd2", 1, "dissimilar", "ksdd2,", 5, "0.9")},
    "mtd": {"ksdd2": SENTENCE.format("ksdd2", 1, "dissimilar", "mtd,", 5, "0.9")},
}
"""By data set, then by the name they stand under, which for the last is another product's."""
