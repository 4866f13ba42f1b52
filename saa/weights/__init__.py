"""Published checkpoints: which there are, where they lie, whether they are what they claim to be.

`registry.yaml` holds names, sizes, checksums, sources and licences. A file is looked for in the folders of
`SAA_WEIGHTS`, then where `saa models add` saw it, then in the per-user cache; see `saa.weights.folders`. It is
used only if its sha256 is the published one, or one that `saa models add` recorded for that name. Nothing here
opens a connection but `saa.weights.downloads.fetch`, and that not with `SAA_OFFLINE=1`.

    state = weights.load("sam_vit_b")          # names to tensors, read without running code out of the file
    weights.load_strict(model, state, "sam_vit_b")
"""

from __future__ import annotations

from saa.weights.finding import checksum, is_there, path, used
from saa.weights.loading import check_keys, load, load_strict
from saa.weights.registry import names

__all__ = ["check_keys", "checksum", "is_there", "load", "load_strict", "names", "path", "used"]
