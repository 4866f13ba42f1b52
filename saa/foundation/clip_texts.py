"""What concepts mean to CLIP, each read in several sentences; kept on disk, for reading takes longer than an image.

A concept's vector hangs on the checkpoint, the sentences and the concept: these are the name of the file it is kept
in. A file that cannot be read, or holds something else, is written anew; if the cache cannot be written, texts are
read each time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from saa import weights, whole_files
from saa.errors import ModelError
from saa.foundation.devices import Placement, installed
from saa.weights import folders

_AT_ONCE = 128
_FORMAT = 1
_KEY = "vector"
_TOLERANCE = 1e-3


def embedded(
    concepts: Sequence[str], templates: Sequence[str], checkpoint: str, placement: Placement
) -> NDArray[np.float32]:
    """(N, D) float32 at unit length: what N concepts mean, in the terms of the image tower.

    Each sentence is brought to unit length, the mean of a concept's sentences again. The text tower is loaded only
    if a concept is not known yet, and given up afterwards.

    Args:
        concepts: words, such as `palm tree`, at least one.
        templates: sentences with `{}` for the concept, at least one.
        checkpoint: of CLIP, a name of the registry.
        placement: where the tower runs, in single precision.

    Raises:
        ModelError: no such checkpoint or device, the file is not one of CLIP, or packages are not installed.

    Source: FC-CLIP, arXiv 2308.02487, after ViLD, arXiv 2104.13921.
    """
    if not concepts or not templates:
        raise ValueError(f"texts: expected concepts and templates, got {len(concepts)} and {len(templates)}")

    def read(unknown: list[str]) -> NDArray[np.float32]:
        return _computed(unknown, templates, checkpoint, Placement(placement.device))

    return remembered(concepts, templates, weights.checksum(checkpoint), read, unit=True)


def remembered(
    concepts: Sequence[str],
    templates: Sequence[str],
    sha256: str,
    read: Callable[[list[str]], NDArray[np.float32]],
    *,
    unit: bool,
) -> NDArray[np.float32]:
    """(N, D) float32: what N concepts mean to a model, from what is kept or else from the model.

    Args:
        concepts: words, at least one.
        templates: the sentences that they are read in, at least one.
        sha256: of all that the model is made of.
        read: gives (n, D) float32 for concepts that are not kept yet, each once.
        unit: whether vectors have unit length; a kept one that has not is not believed.
    """
    places = {concept: _place(sha256, templates, concept) for concept in concepts}
    known = {
        concept: vector
        for concept, place in places.items()
        if (vector := _read(place, unit=unit)) is not None
    }
    unknown = [concept for concept in places if concept not in known]
    if unknown:
        found = read(unknown)
        for concept, vector in zip(unknown, found, strict=True):
            known[concept] = vector
            _keep(places[concept], vector)
    return np.stack([known[concept] for concept in concepts])


def _computed(
    concepts: Sequence[str], templates: Sequence[str], checkpoint: str, placement: Placement
) -> NDArray[np.float32]:
    installed("torch", "torchvision", "timm", "open_clip")
    import torch

    from saa.foundation import clip

    ids = clip.tokens([template.format(concept) for concept in concepts for template in templates])
    tower = clip.text_tower(checkpoint, placement, ids.shape[1])
    with placement.running():
        batches = [tower(batch.to(placement.device)) for batch in torch.split(ids, _AT_ONCE)]
        meant = torch.nn.functional.normalize(torch.cat(batches), dim=-1)
        means = meant.view(len(concepts), len(templates), -1).mean(dim=1)
        unit = torch.nn.functional.normalize(means, dim=-1).cpu()
    if not bool(unit.isfinite().all()):
        raise ModelError(f"{checkpoint}: expected numbers for texts, got others; check it: saa models verify")
    return np.asarray(unit.numpy(), np.float32)


def _place(sha256: str, templates: Sequence[str], concept: str) -> Path:
    content = json.dumps([_FORMAT, sha256, list(templates), concept])
    return folders.texts() / f"{hashlib.sha256(content.encode()).hexdigest()}.safetensors"


def _read(place: Path, *, unit: bool) -> NDArray[np.float32] | None:
    """The vector that is kept there; None if there is none that makes sense."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        vector = load(place.read_bytes())[_KEY]
    except (OSError, SafetensorError, LookupError, ValueError, TypeError):
        return None
    fits = vector.dtype == np.float32 and vector.ndim == 1 and bool(np.isfinite(vector).all())
    if unit:
        fits = fits and abs(float(np.linalg.norm(vector)) - 1) < _TOLERANCE
    return vector if fits else None


def _keep(place: Path, vector: NDArray[np.float32]) -> None:
    from safetensors.numpy import save

    with contextlib.suppress(OSError):  # it costs time at the next start, and nothing else
        whole_files.write(place, save({_KEY: np.ascontiguousarray(vector)}))
