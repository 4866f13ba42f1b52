"""The engine `foundation` on small networks with random weights, in files where it looks for the published ones.

    tiny_foundation.write(folder)
    tiny_foundation.record(folder)
    config.load(tiny_foundation.prompt(folder / "nut.yaml"), "foundation").build()

The sizes of GroundingDINO and SAM are those of their files; WideResNet has its published ones.
"""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import tiny_grounding_dino
import tiny_sam
import tiny_wide_resnet
import torch
import yaml

from saa import config
from saa.foundation import wide_resnet
from saa.weights import added

VOCABULARY = "bert_base_uncased"
NETWORKS = {
    "groundingdino_swint": tiny_grounding_dino.far_reaching,
    "sam_vit_h": tiny_sam.sam,
    "wide_resnet50_racm": lambda: tiny_wide_resnet.shuffled(wide_resnet.architecture()),
}
"""What stands behind each checkpoint."""
SMALL = {
    "regions": {"shortest_px": 64, "longest_px": 107},
    "saliency": {"size_px": 64, "single": {"size_px": 96}},
}
"""Sizes that images are scaled to, such that nothing takes long; all other settings are the profile's."""
SALIENCIES = {"paper": {"size_px": 96}, "vanilla": {}}
"""The same for profiles whose saliency has other fields."""
PRODUCT = {
    "object": {"phrase": "metal nut"},
    "defects": {"captions": ["scratch", ["dark hole", "red stain"]]},
    "reject": ["nut"],
    "rules": {"max_area_ratio": 0.9},
}


def write(folder, **networks):
    """The files of all networks, some of which take the place of ours by name, and of the vocabulary."""
    tiny_grounding_dino.vocabulary(folder)
    for name, ours in NETWORKS.items():
        torch.save((networks.get(name) or ours()).state_dict(), file(folder, name))


def file(folder, name):
    """The file of a checkpoint."""
    return folder / f"{name}.pth"


def record(folder):
    """Let the files in a folder stand for the published ones."""
    added.add(VOCABULARY, folder)
    for name in NETWORKS:
        added.add(name, file(folder, name))


def prompt(path, profile="default", *, engine=(), **sections):
    """A prompt file of the product, written.

    Args:
        path: where.
        profile: of the engine's; the file names it.
        engine: what the file says of the engine besides: options, and settings by stage.
        sections: of the file, in place of the product's.
    """
    settings = {"profile": profile} | SMALL | {"saliency": SALIENCIES.get(profile, SMALL["saliency"])}
    for key, value in dict(engine).items():
        settings[key] = settings.get(key, {}) | value if isinstance(value, dict) else value
    path.write_text(yaml.safe_dump(PRODUCT | sections | {"engines": {"foundation": settings}}))
    return path


class Workshop:
    """Builds inspectors from files in a folder, each once."""

    def __init__(self, folder):
        self._folder, self._built = folder, {}
        write(folder)
        with self._remembering():
            record(folder)

    def inspector(self, profile="default", without=(), **wanted):
        """What a prompt file becomes; see `prompt` for the rest."""
        key = repr((profile, without, sorted(wanted.items())))
        if key not in self._built:
            file = prompt(self._folder / "nut.yaml", profile, **wanted)
            with self._remembering():
                self._built[key] = config.load(file, "foundation", without=without).build()
        return self._built[key]

    @contextmanager
    def _remembering(self):
        """What is recorded of checkpoints lies beside them, for all tests of a module."""
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("XDG_CACHE_HOME", str(self._folder / "cache"))
            yield
