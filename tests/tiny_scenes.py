"""The backends for scenes on small networks with random weights, in files where they look for the published ones.

tiny_scenes.record(folder, "clipseg")
config.load(tiny_scenes.scene(folder / "street.yaml", "clipseg")).build()
"""

from __future__ import annotations

import yaml

# What needs torch is imported by the backend that is asked for, as it is in the package.

SMALL = {
    "clip_segmenter": {"shortest_px": 64, "longest_px": 160},
    "mask2former": {"shortest_px": 64, "longest_px": 160},
    "clipseg": {"side_px": 64},
}
"""Settings by backend such that nothing takes long; all others are its defaults."""
CLASSES = {"road": ["road"], "car": ["car"], "light": ["traffic light"]}
OOD = ("truck", "sidewalk")
"""Words that the smallest vocabulary here has, too, and that no class claims."""


def record(folder, kind):
    """Let small networks in a folder stand for the published ones of a backend."""
    folder.mkdir(parents=True, exist_ok=True)
    _RECORD[kind](folder)


def scene(path, kind, *, backend=(), **sections):
    """A scene's file, written.

    Args:
        path: where.
        kind: the backend.
        backend: its settings, in place of the small ones.
        sections: of the file, in place of three classes.
    """
    settings = {"kind": kind} | SMALL[kind] | dict(backend)
    path.write_text(yaml.safe_dump({"classes": CLASSES} | sections | {"backend": settings}))
    return path


def _clip_segmenter(folder):
    import fcclip_reference

    fcclip_reference.record(folder)


def _mask2former(folder):
    import tiny_transformers as tiny

    tiny.record(folder, tiny.mask2former(), tiny.MASK2FORMER)


def _clipseg(folder):
    import tiny_transformers as tiny

    tiny.record(folder, tiny.clipseg(), tiny.CLIPSEG)


_RECORD = {"clip_segmenter": _clip_segmenter, "mask2former": _mask2former, "clipseg": _clipseg}
