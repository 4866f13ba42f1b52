"""The baselines of the engine `foundation` on small networks with random weights, where published ones are looked for.

tiny_baselines.write(folder)
tiny_baselines.record(folder)
config.load(tiny_baselines.prompt(folder / "nut.yaml", "winclip"), "foundation").build()
"""

from __future__ import annotations

import tiny_foundation
import tiny_transformers
import tiny_vit_clip
import torch
import yaml

from saa.weights import added

CHECKPOINTS = {
    "utad": "wide_resnet50_racm",
    "clipseg": tiny_transformers.CLIPSEG,
    "winclip": tiny_vit_clip.NAME,
}
"""All that each of them needs."""
SMALL = {"utad": {"saliency": {"size_px": 96}}, "clipseg": {"grounder": {"side_px": 64}}, "winclip": {}}


def write(folder):
    """The files of all networks."""
    network = tiny_foundation.NETWORKS[CHECKPOINTS["utad"]]()
    torch.save(network.state_dict(), _place(folder, "utad"))
    _place(folder, "clipseg").mkdir()
    tiny_transformers.write(_place(folder, "clipseg"), tiny_transformers.clipseg())
    torch.save(tiny_vit_clip.model().state_dict(), _place(folder, "winclip"))


def record(folder, *profiles):
    """Let the files in a folder stand for the published ones; of all baselines unless some are named."""
    for profile in profiles or CHECKPOINTS:
        added.add(CHECKPOINTS[profile], _place(folder, profile))


def prompt(path, profile, **engine):
    """A prompt file of a product, written; it names the profile, and sizes such that nothing takes long."""
    settings = {"profile": profile} | SMALL[profile] | engine
    path.write_text(yaml.safe_dump(tiny_foundation.PRODUCT | {"engines": {"foundation": settings}}))
    return path


def _place(folder, profile):
    suffix = "" if profile == "clipseg" else ".pt"
    return folder / f"{CHECKPOINTS[profile]}{suffix}"
