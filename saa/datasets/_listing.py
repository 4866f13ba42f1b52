"""What the data set formats share: looking into folders, and verifying pairs before a run starts.

A picture that cannot be read does not stop a listing: it is a sample, and becomes a failed row of the run.
A mask that cannot be read does, because the run could not be scored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from saa import images, plugins, storage
from saa.errors import DatasetError, ImageError
from saa.types import Sample

_SHOWN = 20
_IGNORED = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


@dataclass(frozen=True)
class Listing:
    """What a format found under a root.

    Attributes:
        samples: the images, in any order.
        masks: every mask there is; one that no sample has is a problem.
        problems: what is wrong so far, a line each.
    """

    samples: tuple[Sample, ...] = ()
    masks: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()

    @classmethod
    def joined(cls, listings: Iterable[Listing]) -> Listing:
        """All of several, in their order."""
        parts = list(listings)
        return cls(
            tuple(sample for part in parts for sample in part.samples),
            tuple(mask for part in parts for mask in part.masks),
            tuple(problem for part in parts for problem in part.problems),
        )


def pictures(folder: Path) -> list[Path]:
    """What looks like an image by its suffix, sorted; folders and dangling links of such a name too."""
    return [path for path in _entries(folder) if path.suffix.lower() in images.SUFFIXES]


def folders(folder: Path) -> list[Path]:
    """The folders in a folder, sorted, but for those named like an image."""
    return [p for p in _entries(folder) if p.suffix.lower() not in images.SUFFIXES and p.is_dir()]


def _entries(folder: Path) -> list[Path]:
    try:
        found = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DatasetError(
            f"{folder}: expected a folder that can be listed, got: {error.strerror}; check its permissions"
        ) from error
    return [p for p in found if not p.name.startswith(".") and p.name.lower() not in _IGNORED]


def check(root: Path, split: str, splits: Sequence[str]) -> None:
    """Refuse a split that a format does not know and a root that is no folder.

    Raises:
        DatasetError: either of them.
    """
    if split not in splits:
        raise DatasetError(f"split: expected one of {', '.join(splits)}, got '{split}'; choose one of these")
    try:
        with storage.faults_as_os_errors():
            is_folder = root.is_dir()
    except OSError as error:
        raise DatasetError(
            f"{root}: expected the folder of a data set, got: {error}; check the address, the network and your key"
        ) from error
    if not is_folder:
        got = "a file" if root.exists() else "no such folder"
        raise DatasetError(f"{root}: expected the folder of a data set, got {got}; check the path")


def by_stem(paths: Iterable[Path], ending: str = "") -> dict[str, Path]:
    """The paths whose stem has this ending, by the rest of their stem; of several, the first."""
    found: dict[str, Path] = {}
    for path in paths:
        if path.stem.endswith(ending):
            found.setdefault(path.stem.removesuffix(ending), path)
    return found


def verified(root: Path, kind: str, layout: str, listing: Listing) -> list[Sample]:
    """The samples sorted by (product, name), once every mask fits its image and none is left over.

    Args:
        root: what the user gave.
        kind: the format, to suggest another one.
        layout: what the format expects under a root, in a line.
        listing: what was found.

    Raises:
        DatasetError: nothing found, or all problems, a line each.
    """
    samples = sorted(listing.samples, key=lambda sample: (sample.product, sample.name))
    problems = [*listing.problems, *_repeated(samples), *_misfits(samples), *_orphans(samples, listing.masks)]
    if problems:
        raise DatasetError(_all_problems(root, kind, list(dict.fromkeys(problems))))
    if not samples:
        found = ", ".join(p.name + "/" * p.is_dir() for p in _entries(root)[:5]) or "an empty folder"
        raise DatasetError(f"{root}: expected {layout}, got {found}; {_advice(root, kind, 'check the path')}")
    return samples


def _repeated(samples: list[Sample]) -> list[str]:
    named: dict[tuple[str, str], int] = defaultdict(int)
    claims: dict[Path, list[str]] = defaultdict(list)
    for sample in samples:
        named[sample.product, sample.name] += 1
        for mask in _masks(sample):
            claims[mask].append(sample.name)
    twice = [
        f"{product}/{name}: expected once, got {n} times" for (product, name), n in named.items() if n > 1
    ]
    shared = [
        f"{mask}: expected to be the mask of one image, got {' and '.join(sorted(set(names)))}"
        for mask, names in claims.items()
        if len(set(names)) > 1
    ]
    return twice + shared


def _misfits(samples: list[Sample]) -> list[str]:
    return [problem for sample in samples for mask in _masks(sample) for problem in _misfit(sample, mask)]


def _misfit(sample: Sample, mask: Path) -> list[str]:
    try:
        mask_size = images.read_size(mask)
    except ImageError as error:
        return [str(error)]
    try:
        image_size = images.read_size(sample.image_path)
    except ImageError:
        return []  # the run tells
    if mask_size == image_size:
        return []
    return [f"{mask}: expected {_pixels(image_size)} like its image, got {_pixels(mask_size)}"]


def _masks(sample: Sample) -> list[Path]:
    """What goes with an image: its mask, and its picture of what does not count."""
    return [path for path in (sample.mask_path, sample.ignore_path) if path is not None]


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]} pixels"


def _orphans(samples: list[Sample], masks: tuple[Path, ...]) -> list[str]:
    used = {mask for sample in samples for mask in _masks(sample)}
    return [f"{mask}: expected an image for this mask, got none" for mask in masks if mask not in used]


def _all_problems(root: Path, kind: str, problems: list[str]) -> str:
    advice = _advice(root, kind, "mend what is listed")
    return f"{root}: expected a data set without mistakes, got {len(problems)}; {advice}\n{shown(problems)}"


def shown(problems: Sequence[str]) -> str:
    """The first problems, a line each, and how many more there are."""
    lines = [f"  {problem}" for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"  … and {len(problems) - _SHOWN} more")
    return "\n".join(lines)


def _advice(root: Path, kind: str, otherwise: str) -> str:
    """Another format or folder, if that would fit and this does not."""
    own = plugins.load("datasets", kind)
    if own.recognises(root):
        return otherwise
    others = [k for k in plugins.kinds("datasets") if plugins.load("datasets", k).recognises(root)]
    near = [path for path in (root.resolve().parent, *folders(root)) if own.recognises(path)]
    advice = [f"use --format {' or '.join(others)}"] * bool(others) + [f"give {path}" for path in near[:1]]
    return ", or ".join(advice) or otherwise
