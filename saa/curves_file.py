"""curves.json: a few points of each category's precision-recall curve over its pixels, for drawing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from saa.errors import RunError
from saa.ops.curves import Curve
from saa.runs.folder import write_text

_NAME = "curves.json"
_STEPS = 80
_COLUMNS = ("thresholds", "precision", "recall")


@dataclass(frozen=True, eq=False)
class Points:
    """Some thresholds of a category, highest first, and what calling all pixels at or above each would give.

    F1 = 2 precision recall / (precision + recall); the threshold of its maximum is always among them.

    Attributes:
        thresholds: (K,) float64, falling.
        precision: (K,) float64 in [0, 1].
        recall: (K,) float64 in [0, 1], rising to 1.
    """

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    @classmethod
    def of(cls, curve: Curve) -> Points | None:
        """At most some 200 points of a curve, dense in recall and in threshold; None if it has none.

        The last is the first threshold that finds everything: below it there are only false alarms.
        """
        if not curve.num_positives or not curve.num_negatives:
            return None
        called = curve.true_positives + curve.false_positives
        recall = curve.true_positives / curve.num_positives
        best = np.argmax(2 * curve.true_positives / (called + curve.num_positives))
        last = np.searchsorted(curve.true_positives, curve.num_positives)
        evenly = np.linspace(curve.thresholds[0], curve.thresholds[last], _STEPS)
        chosen = np.concatenate(
            [
                [0, best, last],
                np.searchsorted(recall, np.linspace(0, 1, _STEPS)[1:]),
                np.searchsorted(-curve.thresholds, -evenly),
            ]
        )
        kept = np.unique(np.minimum(chosen, last))
        return cls(
            curve.thresholds[kept], curve.true_positives[kept] / np.maximum(called[kept], 1), recall[kept]
        )


def write(run: Path, protocol: str, points: Mapping[str, Points]) -> None:
    """Write the points of each category of `run`; categories without a curve are left out.

    Raises:
        RunError: the folder takes no more.
    """
    categories = {
        product: {column: getattr(each, column).tolist() for column in _COLUMNS}
        for product, each in points.items()
    }
    saved = {"format": 1, "protocol": protocol, "categories": categories}
    write_text(run / _NAME, json.dumps(saved, ensure_ascii=False) + "\n")


def read(run: Path) -> dict[str, Points]:
    """What an earlier `evaluate` wrote, by category; nothing if there was none.

    Raises:
        RunError: curves.json is there and not readable.
    """
    path = run / _NAME
    try:
        categories = json.loads(path.read_text(encoding="utf-8"))["categories"]
        return {
            product: Points(*(np.array(saved[column], np.float64) for column in _COLUMNS))
            for product, saved in categories.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"{path}: expected curves as `saa evaluate` writes them, got {error!r}; evaluate the run again"
        ) from error
