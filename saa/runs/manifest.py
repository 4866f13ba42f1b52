"""run.json: what was run, on what, by which program."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import saa
from saa import weights
from saa.errors import RunError
from saa.runs.folder import RunFolder, write_text
from saa.runs.ledger import Ledger
from saa.runs.plan import Json, Plan, check_same

_LIBRARIES = ("numpy", "scipy", "scikit-image", "opencv-python", "pillow", "pydantic", "safetensors")
_FOUNDATION = ("torch", "torchvision", "timm", "transformers", "segment-anything", "groundingdino-py")
_FITTED = "products"
"""What becomes known only once the run goes on."""


def compose(plan: Plan) -> str:
    """The run.json of a new run.

    Beside what has to stay the same, it says what need not: the files of the prompts, whose comments may change as
    long as the recipes stay the same, the commit, the platform and the versions of libraries.

    Raises:
        ModelError: a checkpoint is missing, or neither as published nor added.
    """
    manifest = {
        **_identity(plan),
        "prompts": {product: each.as_dict() for product, each in sorted(plan.prompts.items())},
        "commit": _commit(),
        "platform": platform.platform(),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    manifest["versions"] |= {"python": platform.python_version()} | {
        name: version for name in _libraries(manifest) if (version := _version(name))
    }
    return _text(manifest)


def check_ledger(folder: RunFolder, rows: Ledger) -> None:
    """Make sure that run.json and the ledger are of one run; an older ledger learns what is run.

    Raises:
        RunError: they are not.
    """
    before = read(folder)
    if not rows.identity:
        rows.identify(_text({key: value for key, value in before.items() if key != _FITTED}))
        return
    known = json.loads(rows.identity)
    others = sorted(key for key in known if before.get(key) != known[key])
    if others:
        raise RunError(
            f"{folder.manifest}: expected what {folder.ledger.name} says, got another {', '.join(others)}; "
            "put back the file as `saa run` left it, or inspect everything anew with --overwrite"
        )


def describe(folder: RunFolder, products: Mapping[str, Json]) -> None:
    """Say in run.json how each product came to be inspected; see `fitting.Prepared`."""
    before = read(folder)
    after = _text(before | {_FITTED: dict(sorted(products.items()))})
    if after != _text(before):
        write_text(folder.manifest, after)


def read(folder: RunFolder) -> Json:
    """The run.json of an earlier run.

    Raises:
        RunError: there is none, or it cannot be read.
    """
    try:
        manifest = json.loads(folder.manifest.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunError(
            f"{folder.root}: expected a run's folder, got one without run.json; "
            "give the -o of an earlier `saa run`"
        ) from error
    except (OSError, ValueError) as error:
        raise RunError(f"{folder.manifest}: expected a run's description, got {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != 1:
        raise RunError(f"{folder.manifest}: expected format 1, got another; use the saa that wrote it")
    return manifest


def check(folder: RunFolder, plan: Plan) -> None:
    """Refuse `plan` if the run in `folder` was begun as another one.

    The saa version counts, for two programs' maps do not make one table, and so do the checkpoints' checksums;
    libraries are only noted.

    Raises:
        RunError: it was; the differing keys are named.
        ModelError: a checkpoint is missing, or neither as published nor added.
    """
    check_same(folder.root, read(folder), _identity(plan))


def _text(manifest: Json) -> str:
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _identity(plan: Plan) -> Json:
    used = weights.used(
        [each.in_use() for recipe in plan.recipes.values() for each in (recipe, recipe.alone)]
    )
    named = {"weights": used} if used else {}
    return plan.identity() | named | {"versions": {"saa": _version("saa")}}


def _libraries(manifest: Json) -> tuple[str, ...]:
    return (*_LIBRARIES, *_FOUNDATION) if "weights" in manifest else _LIBRARIES


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the checkout this program runs from; None when it is installed or has no git."""
    package = Path(saa.__path__[0]).resolve()
    git = shutil.which("git")
    if git is None or not (package.parent / ".git").exists():
        return None
    asked = subprocess.run(  # noqa: S603 - fixed arguments, no shell
        [git, "-C", str(package.parent), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None
