"""metrics.json: the figures of a run for other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from saa.errors import RunError
from saa.evaluation import Category, Evaluation, Scores, size_of
from saa.ops.components import LEAST_OVERLAPS, RULES
from saa.ops.curves import MAX_FPR, Score
from saa.ops.region_matches import LEAST_IOU
from saa.runs.folder import write_text

_NAME = "metrics.json"
_MEAN, _MEANS, _ABOUT = "mean", "means", "about"
_PREFIX = "category:"
_NO_SCORES = {"reasons", "mode", "parts", "track", "id_kept", "defects"}


def write(run: Path, evaluation: Evaluation) -> None:
    """Write the figures of `run`.

    Raises:
        RunError: the folder takes no more.
    """
    text = json.dumps(as_dict(evaluation), indent=2, ensure_ascii=False)
    write_text(run / _NAME, text + "\n")


def write_several(folder: Path, evaluations: Mapping[str, Evaluation]) -> None:
    """Write the figures of several runs by name, the first of which the others are compared with.

    Raises:
        RunError: the folder takes no more.
    """
    runs = {name: as_dict(evaluation) for name, evaluation in evaluations.items()}
    text = json.dumps({"format": 1, "runs": runs}, indent=2, ensure_ascii=False)
    write_text(folder / _NAME, text + "\n")


def as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as metrics.json has it: one key a category, `mean`, and `about` for the protocol.

    With categories of several modes `mean` holds nulls, and `means` has the mean of each mode. A category
    that is called like one of these three gets the prefix "category:".
    """
    size, blocks = size_of(evaluation.protocol), evaluation.blocks
    means = {block.mode: _described_mean(block.mean, block.parts, block.categories) for block in blocks}
    nothing = _described_mean(evaluation.mean, {}, evaluation.categories)
    return {
        **{_key(product): _described(category) for product, category in evaluation.categories.items()},
        _MEAN: next(iter(means.values())) if len(means) == 1 else nothing,
        **({_MEANS: means} if len(means) > 1 else {}),
        _ABOUT: {
            "format": 1,
            "protocol": evaluation.protocol,
            "size": list(size) if size else None,
            "map_interpolation": "cubic" if size else None,
            "mask_interpolation": "nearest" if size else None,
            "pooling": "all pixels of a category",
            "threshold": "oracle",
            "aupro": {"max_fpr": MAX_FPR, "connectivity": 8},
            "max_f1_region": {"least_iou": LEAST_IOU[0] / LEAST_IOU[1], "connectivity": 8},
            "defects": "images of one type and all good ones",
            **_about_roads(evaluation),
            "mean": "over categories of one mode, unweighted",
            "engine": evaluation.engine,
            "mode": " and ".join(block.mode for block in blocks),
        },
    }


def read(run: Path) -> Evaluation | None:
    """What an earlier `evaluate` wrote; None if there was none.

    Raises:
        RunError: metrics.json is there and not readable.
    """
    path = run / _NAME
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        about = saved.pop(_ABOUT)
        saved.pop(_MEAN)
        saved.pop(_MEANS, None)
        categories = {
            key.removeprefix(_PREFIX): _restored(entry, about["mode"]) for key, entry in saved.items()
        }
        return Evaluation(about["protocol"], categories, about["engine"], about.get("id_run", ""))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"{path}: expected metrics as `saa evaluate` writes them, got {error!r}; evaluate the run again"
        ) from error


def _about_roads(evaluation: Evaluation) -> dict[str, Any]:
    tracks = sorted({category.track for category in evaluation.categories.values() if category.track})
    if not tracks:
        return {}
    return {
        "components": {
            "connectivity": 8,
            "threshold": "that of max_f1_pixel; what lies strictly above it is predicted",
            "least_overlaps": LEAST_OVERLAPS.round(2).tolist(),
            "tracks": {track: asdict(RULES[track]) for track in tracks},
        },
        **({"id_run": evaluation.id_run} if evaluation.id_run else {}),
    }


def _key(product: str) -> str:
    reserved = product in (_MEAN, _MEANS, _ABOUT) or product.startswith(_PREFIX)
    return _PREFIX + product if reserved else product


def _values(scores: Scores) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, score in scores.items():
        values[name] = score.value
        if score.threshold is not None:
            values[f"{name}_threshold"] = score.threshold
    reasons = {name: score.reason for name, score in scores.items() if score.reason}
    return {**values, "reasons": reasons} if reasons else values


def _of_parts(parts: Mapping[str, Scores]) -> dict[str, Any]:
    return {"parts": {part: _values(scores) for part, scores in parts.items()}} if parts else {}


def _of_defects(category: Category) -> dict[str, Any]:
    counts = category.num_by_defect
    every = {
        defect: {**_values(scores), "num_images": counts[defect]}
        for defect, scores in category.defects.items()
    }
    return {"defects": every} if every else {}


def _described_mean(
    mean: Scores, parts: Mapping[str, Scores], categories: Mapping[str, Category]
) -> dict[str, Any]:
    return {**_values(mean), **_of_parts(parts), "num_categories": len(categories)}


def _described(category: Category) -> dict[str, Any]:
    return {
        **_values(category.scores),
        **_of_parts(category.parts),
        "mode": category.label,
        "num_images": category.num_images,
        "num_failed": category.num_failed,
        "num_unlabelled": category.num_unlabelled,
        "num_without_mask": category.num_without_mask,
        "num_good": category.num_good,
        "num_defective": category.num_defective,
        **({"track": category.track} if category.track else {}),
        **({"id_kept": [list(pair) for pair in category.kept]} if category.kept else {}),
        **_of_defects(category),
    }


def _restored(entry: dict[str, Any], mode: str) -> Category:
    counts = ("num_images", "num_failed", "num_unlabelled", "num_without_mask")
    of_types = entry.get("defects", {})
    return Category(
        _scores(entry),
        **{count: int(entry[count]) for count in counts},
        # Older versions did not look at good images and types of defects apart.
        num_good=int(entry.get("num_good", 0)),
        num_defective=int(entry.get("num_defective", 0)),
        defects={defect: _scores(saved) for defect, saved in of_types.items()},
        num_by_defect={defect: int(saved["num_images"]) for defect, saved in of_types.items()},
        label=str(entry.get("mode", mode)),  # older versions judged all categories in one mode
        parts={part: _scores(saved) for part, saved in entry.get("parts", {}).items()},
        track=entry.get("track", ""),
        kept=tuple((recall, share) for recall, share in entry.get("id_kept", ())),
    )


def _scores(entry: dict[str, Any]) -> Scores:
    reasons = entry.get("reasons", {})
    names = {key for key in entry if not key.startswith("num_")} - _NO_SCORES
    return {
        name: Score(entry[name], entry.get(f"{name}_threshold"), reasons.get(name, ""))
        for name in sorted(names)
        if not name.endswith("_threshold")
    }
