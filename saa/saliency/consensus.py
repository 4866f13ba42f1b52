"""Saliency against the product's other images: how unlike each place is what they show at the same place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from saa import modes
from saa.embedded.filters import Plane, blurred, grown
from saa.embedded.settings import squashed
from saa.errors import TooFewImagesError
from saa.prompts import ProductPrompt
from saa.references import Reference
from saa.stages import Describer, Saliency
from saa.types import Frame, Image, Regions, Salience


class Config(BaseModel):
    """Settings of the batch consensus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["consensus"] = "consensus"
    min_images: int = Field(8, ge=2, le=1000, description="different images that it takes at least")
    num_references: int = Field(16, ge=2, le=1000, description="images that each image is compared with")

    def build(self, prompt: ProductPrompt) -> Saliency:  # noqa: ARG002 - the seam's signature
        """Refused: this saliency has to be fitted first.

        Raises:
            ModelError: always; says how to fit it.
        """
        raise modes.unfitted(self.kind)

    def fit(self, prompt: ProductPrompt, describer: Describer, images: Iterable[Image]) -> Reference:
        """What the images of a product say is normal, whatever their order; the same image counts once.

        Raises:
            TooFewImagesError: fewer than `min_images` are different.
        """
        count, seen, kept = 0, set[str](), dict[str, NDArray[np.float32]]()
        for image in images:
            count += 1
            name = _fingerprint(image)
            if name not in seen and (len(kept) < self.num_references or name < max(kept)):
                kept[name] = describer.describe(Frame(image))
                if len(kept) > self.num_references:
                    del kept[max(kept)]
            seen.add(name)
        if len(seen) < self.min_images:
            raise TooFewImagesError(
                f"{prompt.object.phrase}: expected at least {self.min_images} different images to compare, "
                f"got {len(seen)}; add images, or inspect them one by one"
            )
        names = sorted(kept)
        bank = np.stack([kept[name] for name in names])
        among = [_distances(one, np.delete(bank, i, axis=0)) for i, one in enumerate(bank)]
        about = {
            "num_images": count,
            "images": names,
            "level": float(np.median(among)),
            "spread": float(np.std(among)),
        }
        return Reference(self.kind, {"features": bank}, about)

    def fitted(
        self,
        prompt: ProductPrompt,  # noqa: ARG002 - the seam's signature
        describer: Describer,
        reference: Reference,
    ) -> ConsensusSaliency:
        """The saliency that compares with a reference."""
        about = reference.about
        return ConsensusSaliency(
            describer, reference.arrays["features"], tuple(about["images"]), about["level"], about["spread"]
        )


@dataclass(frozen=True, eq=False)
class ConsensusSaliency:
    """Distance to the nearest quarter of the references, above their own among each other; see `stages.Saliency`.

    An image is never compared with itself.
    """

    describer: Describer
    bank: NDArray[np.float32]
    names: tuple[str, ...]
    level: float
    spread: float

    def saliency(self, frame: Frame, objects: Regions) -> Salience:  # noqa: ARG002 - the seam's signature
        """(H, W) float32 in [0, 1)."""
        own = _fingerprint(frame.image)
        others = np.array([name != own for name in self.names])
        found = _distances(self.describer.describe(frame), self.bank[others])
        deviation = np.maximum(found - np.float32(self.level), 0) / np.float32(self.spread + 1e-3)
        return Salience(grown(squashed(np.asarray(deviation, np.float32)), frame.size, smooth=False))


def _distances(cells: NDArray[np.float32], bank: NDArray[np.float32]) -> Plane:
    """(h, w) float32: mean distance of each cell to the nearest quarter of the same cells of a bank."""
    apart = np.sort(np.sqrt(((bank - cells) ** 2).sum(axis=-1)), axis=0)
    return blurred(np.asarray(apart[: max(1, len(bank) // 4)].mean(axis=0), np.float32), 1)


def _fingerprint(image: Image) -> str:
    """Equal for equal pixels, whatever the file is called."""
    return hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).hexdigest()
