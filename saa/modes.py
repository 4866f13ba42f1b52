"""How an image is judged: by itself, or against the other images of its product. Labels say which, everywhere."""

from __future__ import annotations

from saa.errors import ModelError

SINGLE = "single image"
"""Each image is judged by itself."""
BATCH = "batch (transductive)"
"""Each image is judged against other images of its product, of which nobody said whether they are good."""
MODES = (SINGLE, BATCH)


def label(mode: str, num_images: int) -> str:
    """The mode in words for outputs and reports; in batch mode with the number of images that were fitted."""
    if mode == SINGLE:
        return SINGLE
    return f"{mode}, {num_images} image{'' if num_images == 1 else 's'}"


def of(label: str) -> str:
    """The mode that a label names, without the number of images."""
    return label.partition(", ")[0]


def unfitted(kind: str) -> ModelError:
    """The error for a stage that compares images of a product and has been shown none."""
    return ModelError(
        f"saliency {kind}: expected a reference made from the product's images, got none; give `saa run` the "
        "folder, or make one with `saa fit` and give it to `saa inspect --reference`"
    )
