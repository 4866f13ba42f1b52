"""Finding prompt files: the user's own by path, the shipped ones by name."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from saa.errors import PromptError

SUFFIXES = (".yaml", ".yml")
"""How prompt files end; where both exist, the first is read."""


def shipped_root() -> Path:
    """The folder of the shipped prompts: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    inside = package / "shipped_prompts"
    return inside if inside.is_dir() else package.parent / "prompts"


def shipped_names() -> tuple[str, ...]:
    """Every shipped file by name, sorted: `mvtec/bottle`, `mvtec/cable` and so on."""
    root = shipped_root()
    return tuple(f"{folder.name}/{path.stem}" for folder in _folders(root) for path in files(folder))


def files(folder: Path) -> list[Path]:
    """The prompt files that lie in a folder itself, sorted.

    Raises:
        PromptError: the folder cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if is_prompt_file(path))
    except OSError as error:
        raise PromptError(
            f"{folder}: expected a readable folder, got '{error.strerror}'; check its permissions"
        ) from error


def is_prompt_file(path: Path) -> bool:
    """Whether it is a file, and named like YAML."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def locate(prompts: str | Path) -> Path:
    """The file or folder that `prompts` means; what exists at that path wins over a shipped name.

    Raises:
        PromptError: neither a path nor a shipped name.
    """
    path = Path(prompts)
    if _exists(path):
        return path
    name = str(prompts).replace("\\", "/").rstrip("/")
    name = next((name[: -len(suffix)] for suffix in SUFFIXES if name.endswith(suffix)), name)
    root = shipped_root()
    if name in {folder.name for folder in _folders(root)}:
        return root / name
    if name in shipped_names():
        return next(root / (name + suffix) for suffix in SUFFIXES if (root / (name + suffix)).is_file())
    raise PromptError(_unknown(str(prompts), name))


def single(prompts: str | Path) -> Path:
    """The one file that `prompts` means.

    Raises:
        PromptError: nothing is there, or a folder of several files.
    """
    found = _candidates(prompts)
    if len(found) == 1:
        return found[0]
    products = _listed([file.stem for file in found])
    raise PromptError(
        f"{prompts}: expected one product, got {products}; write {Path(prompts) / found[0].name}"
    )


def find(prompts: str | Path, product: str) -> Path:
    """The prompt file of a product.

    A file serves every product, and so does a folder that holds just one. Otherwise the file is named like
    the product.

    Args:
        prompts: a file, a folder, or a shipped name such as `mvtec` or `mvtec/bottle`.
        product: the product's name in the data set.

    Raises:
        PromptError: nothing is there, or nothing for this product.
    """
    found = _candidates(prompts)
    if len(found) == 1:
        return found[0]
    named = {_key(file.stem): file for file in reversed(found)}
    if _key(product) in named:
        return named[_key(product)]
    stems = [file.stem for file in found]
    raise PromptError(
        f"{prompts}: expected a file {product}.yaml, got {_listed(stems)}; "
        f"{_nearest(product, stems)}make one with: saa prompts new '{product}'"
    )


def _candidates(prompts: str | Path) -> list[Path]:
    """The file itself, or all those of a folder."""
    path = locate(prompts)
    return [path] if path.is_file() else _files_in(path)


def _files_in(folder: Path) -> list[Path]:
    found = files(folder)
    if not found:
        below = [inner.name for inner in _folders(folder)]
        advice = f"choose a folder in it: {_listed(below)}" if below else "make one with: saa prompts new"
        raise PromptError(f"{folder}: expected prompt files (*.yaml), got none; {advice}")
    return found


def _folders(root: Path) -> list[Path]:
    """The folders in `root` that hold prompt files, sorted."""
    if not root.is_dir():
        return []
    return sorted(folder for folder in root.iterdir() if folder.is_dir() and files(folder))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for the file system, or behind a folder nobody may enter
        return False


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _unknown(prompts: str, name: str) -> str:
    shipped = shipped_names()
    folders = list(dict.fromkeys(known.partition("/")[0] for known in shipped))
    products = [known.partition("/")[2] for known in shipped]
    owners = [known for known in shipped if known.partition("/")[2] == name.lower()]
    close = owners or difflib.get_close_matches(name.lower(), [*shipped, *folders], n=3)
    if not close:
        stems = difflib.get_close_matches(name.lower(), products, n=1, cutoff=0.75)
        close = [known for known in shipped if known.partition("/")[2] in stems]
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    return (
        f"{prompts}: expected a file, a folder or a shipped name, got none of these; "
        f"{hint}shipped are {', '.join(folders)}"
    )


def _listed(names: Sequence[str]) -> str:
    """Names in a sentence, cut where nobody would read on."""
    rest = len(names) - 20
    return ", ".join(names[:20]) + (f" and {rest} more" if rest > 0 else "")


def _nearest(product: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(product, names, n=1)
    return f"is it {close[0]}? Otherwise " if close else ""
