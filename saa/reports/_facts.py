"""What a run's figures depend on, as pairs of a name and a value in words."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from saa import evaluation
from saa.evaluation import Evaluation
from saa.records import Records

_NOTICE = "NOTICE.txt"
_MAX_NOTICE = 1000

Facts = list[tuple[str, str]]


def facts(found: Records, figures: Evaluation | None) -> Facts:
    """What the figures depend on most: images, engine, mode and protocol."""
    about = found.manifest
    data_set = about.get("dataset", {})
    return [
        ("Data set", f"{data_set_name(found)} ({data_set.get('format', 'unknown')})"),
        ("Images", _images(found)),
        ("Engine", str(about.get("engine", "unknown"))),
        *_profile(about.get("recipes", {})),
        ("Mode", found.modes()),
        *_protocol(figures),
        ("Run", _time(str(about.get("created", "unknown")))),
    ]


def provenance(found: Records) -> Facts:
    """What else it takes to make the same maps again."""
    about = found.manifest
    versions = ", ".join(f"{name} {version}" for name, version in about.get("versions", {}).items())
    named = {
        "Recipes, SHA-256": about.get("recipe_sha256"),
        "Commit": about.get("commit"),
        "Platform": about.get("platform"),
        "Versions": versions,
    }
    return [(name, str(value)) for name, value in named.items() if value]


def data_set_name(found: Records) -> str:
    """The name of the data set's folder."""
    return Path(str(found.manifest.get("dataset", {}).get("root", ""))).name or "unknown"


def notice(found: Records, root: Path | None) -> str:
    """What the data set says of itself: the drawn one, that it is no evidence."""
    path = (root or Path(str(found.manifest.get("dataset", {}).get("root", "")))) / _NOTICE
    return path.read_text("utf-8", errors="replace")[:_MAX_NOTICE].strip() if path.is_file() else ""


def _images(found: Records) -> str:
    """How many there are, how many of them failed, and of how many if the run has not come to its end."""
    failed, count = sum(row.failed for row in found.rows), len(found.rows)
    planned = int(found.manifest.get("dataset", {}).get("images", count))
    return f"{count}{f' of {planned}' * (planned > count)}, {failed} failed"


def _time(text: str) -> str:
    """A moment as people write it: 2026-01-02 03:04 UTC; anything else stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or ''}".strip()


def _profile(recipes: dict[str, dict[str, Any]]) -> Facts:
    """The profiles of all products, and what was left out of them; older runs and scenes have none."""
    named = {
        str(recipe["profile"]) + "".join(f", without {part}" for part in recipe.get("without", ()))
        for recipe in recipes.values()
        if recipe.get("profile")
    }
    return [("Profile", "; ".join(sorted(named)))] if named else []


def _protocol(figures: Evaluation | None) -> Facts:
    if figures is None:
        return [("Protocol", "not evaluated")]
    size = evaluation.size_of(figures.protocol)
    return [
        ("Protocol", figures.protocol),
        ("Resolution", f"maps at {size[0]} × {size[1]}" if size else "maps at image size"),
        ("Threshold", "oracle: the best of each category, which takes the labels to find"),
        ("Mean", "unweighted, over categories; the pixels of a category are pooled"),
    ]
