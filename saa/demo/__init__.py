"""A small data set drawn in code, to try everything without a download.

It is a demonstration and no evidence of accuracy: drawn parts are easier than photographed ones.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from saa import images
from saa.demo import fabric, gasket, label, tablets
from saa.types import GOOD

NOTICE = (
    "These pictures were drawn by a program to show how saa works. They are a demonstration: figures measured "
    "on them say nothing about how well real parts are inspected.\n"
)
NOTICE_FILE = "NOTICE.txt"
PRODUCTS = {"fabric": fabric, "gasket": gasket, "label": label, "tablets": tablets}
_NUM_GOOD = 4
_NUM_EACH_DEFECT = 3


def draw(root: Path, seed: int = 0) -> None:
    """Draw four products in the layout of MVTec AD: 4 good images and 3 of each of 3 defects, with masks.

    ROOT/<product>/test/<defect>/000.png, ROOT/<product>/ground_truth/<defect>/000_mask.png, ROOT/NOTICE.txt.

    Args:
        root: made if it is not there.
        seed: the same seed gives the same bytes.

    Raises:
        ImageError: a file cannot be written.
    """
    for which, (product, module) in enumerate(PRODUCTS.items()):
        counts = {GOOD: _NUM_GOOD} | dict.fromkeys(module.DEFECTS, _NUM_EACH_DEFECT)
        for kind, (defect, count) in enumerate(counts.items()):
            for number in range(count):
                rng = np.random.default_rng([seed, which, kind, number])
                image, mask = module.draw(rng, defect)
                images.write_png(root / product / "test" / defect / f"{number:03d}.png", image)
                if defect != GOOD:
                    path = root / product / "ground_truth" / defect / f"{number:03d}_mask.png"
                    images.write_png(path, mask)
    (root / NOTICE_FILE).write_text(NOTICE, "utf-8")
