"""Where and with what figures were measured; without it they say nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from saa.runs.threads import num_cores

LIBRARIES = ("numpy", "scipy", "scikit-image", "scikit-learn", "opencv-python", "pillow", "pydantic")
OPTIONAL_LIBRARIES = ("faiss-cpu", "torch", "timm", "transformers", "groundingdino-py", "segment-anything")


def describe() -> dict[str, str]:
    """What stands above the table, each with its label."""
    libraries = ", ".join(f"{name} {version}" for name, version in _versions())
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": _commit(),
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "libraries": f"saa {metadata.version('saa')}, {libraries}",
        "system": platform.platform(),
        "cpu": _cpu(),
        "cores": str(num_cores()),
        "allocator": os.environ.get("LD_PRELOAD") or "the system's",
        "load before": _load(),
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in LIBRARIES:
        yield name, metadata.version(name)
    for name in OPTIONAL_LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            yield name, metadata.version(name)


def _cpu() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        lines = listed.read_text(encoding="utf-8", errors="replace").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        if models:
            return models[0]
    return platform.processor() or platform.machine()


def _load() -> str:
    """Processes that wanted a core during the last minute, others' work included."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    load = os.getloadavg()[0]
    busy = load > num_cores() / 2
    return f"{load:.1f}" + (" (the machine is busy: trust ratios, not absolute figures)" if busy else "")


def _commit() -> str:
    git, root = shutil.which("git"), Path(__file__).resolve().parent.parent
    if git is None or not (root / ".git").exists():
        return "unknown"
    commit = _said(git, root, "rev-parse", "--short=12", "HEAD")
    changed = _said(git, root, "status", "--porcelain", "--", "saa", "benchmarks")
    return f"{commit} with changes" if changed else commit


def _said(git: str, root: Path, *arguments: str) -> str:
    asked = subprocess.run([git, "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return asked.stdout.strip()
