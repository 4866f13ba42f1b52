"""From a checkpoint's file into a model, without running code out of the file and without silent gaps."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saa.errors import ModelError
from saa.weights import finding, registry

if TYPE_CHECKING:
    from torch import Tensor, nn

_INSIDE = ("model", "state_dict")
"""Keys under which training programs put the weights beside other things."""
_PARALLEL = "module."
"""What data-parallel training puts before every key."""
_TOLD = 5


def load(name: str) -> dict[str, Tensor]:
    """The tensors of a checkpoint by key, on the CPU, in the dtypes of the file.

    Large files are mapped into memory, not read: copy out of them with `load_strict`. What training wrapped around
    the weights (`model`, `state_dict`, `module.`) is taken off.

    Raises:
        ModelError: see `finding.file`; or the file is damaged or holds more than tensors; or torch is missing.
    """
    path = finding.file(name)
    _check_torch(name)
    content = _safetensors(path) if path.suffix == ".safetensors" else _torch(path)
    for key in _INSIDE:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    return _tensors(path, content)


def load_strict(module: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Copy a state into a model; every key and shape must match, but for the registry's harmless keys.

    Args:
        module: the model; its dtypes and devices stay.
        state: tensors by key, as `load` gives them, or with keys changed to the model's.
        name: the checkpoint, for its harmless keys and for messages.

    Raises:
        ModelError: keys are missing or unexpected, or shapes differ; nothing has been copied then.
    """
    own = module.state_dict()
    check_keys(
        name,
        type(module).__name__,
        missing=own.keys() - state.keys() - _counters(own),
        unexpected=state.keys() - own.keys(),
        misshapen=[
            f"{key} {tuple(state[key].shape)} for {tuple(own[key].shape)}"
            for key in own.keys() & state.keys()
            if state[key].shape != own[key].shape
        ],
    )
    module.load_state_dict({key: state[key] for key in own.keys() & state.keys()}, strict=False)


def check_keys(
    name: str, model: str, *, missing: Iterable[str], unexpected: Iterable[str], misshapen: Iterable[str]
) -> None:
    """Refuse a checkpoint whose keys are not the model's, but for the registry's harmless keys.

    Args:
        name: the checkpoint.
        model: what was to be filled, for the message.
        missing: what the checkpoint lacks.
        unexpected: what the model lacks.
        misshapen: keys of another shape, in words.

    Raises:
        ModelError: keys are left over.
    """
    harmless = registry.entry(name).harmless
    wrong = {
        "missing": _except(missing, harmless.missing),
        "unexpected": _except(unexpected, harmless.unexpected),
        "of another shape": sorted(misshapen),
    }
    if any(wrong.values()):
        told = "; ".join(f"{len(keys)} {what}: {_listed(keys)}" for what, keys in wrong.items() if keys)
        raise ModelError(
            f"{name}: expected the weights of a {model}, got keys {told}; "
            "give the stage the checkpoint that belongs to it"
        )


def _check_torch(name: str) -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ModelError(
            f"{name}: expected torch and the model libraries, got {error}; "
            "install them with: pip install 'saa[foundation]'"
        ) from error


def _safetensors(path: Path) -> object:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise _damaged(path, error) from error


def _torch(path: Path) -> object:
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path}: expected tensors and nothing else, got a file that holds program code, or is damaged; "
            "save its state_dict alone, or use the published file"
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError, LookupError) as error:
        raise _damaged(path, error) from error


def _tensors(path: Path, content: object) -> dict[str, Tensor]:
    import torch

    if not isinstance(content, Mapping) or not content:
        raise ModelError(
            f"{path}: expected tensors by name, got {type(content).__name__}; use the published file"
        )
    odd = [key for key, value in content.items() if not isinstance(value, torch.Tensor)]
    if odd:
        raise ModelError(
            f"{path}: expected tensors by name, got other things under {_listed(sorted(map(str, odd)))}; "
            "use the published file"
        )
    parallel = all(str(key).startswith(_PARALLEL) for key in content)
    return {str(key).removeprefix(_PARALLEL if parallel else ""): value for key, value in content.items()}


def _counters(own: Mapping[str, Any]) -> set[str]:
    """Batch norm's count of training batches: older files lack it, and inference does not read it."""
    return {key for key in own if key.endswith(".num_batches_tracked") or key == "num_batches_tracked"}


def _except(keys: Iterable[str], patterns: Iterable[str]) -> list[str]:
    allowed = tuple(patterns)
    return sorted(key for key in keys if not any(fnmatchcase(key, pattern) for pattern in allowed))


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - _TOLD} more" if len(keys) > _TOLD else ""
    return ", ".join(keys[:_TOLD]) + more


def _damaged(path: Path, error: Exception) -> ModelError:
    told = " ".join(str(error).split())[:200]
    return ModelError(
        f"{path}: expected a checkpoint, got a damaged file ({told}); check it with `saa models verify`"
    )
