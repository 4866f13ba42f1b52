"""Whether the parts of a batch lie alike, decided from its images, and what is kept to compare new ones with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.consensus.aligned import Aligned, Scale, Seen, Template, as_they_lie, learned, on_template
from saa.consensus.bag import Member
from saa.consensus.free import Free
from saa.consensus.free import learned as learned_bank
from saa.embedded.settings import deviations
from saa.ops import consensus
from saa.stages import Describer, Saliency
from saa.types import Frame, Image, Regions

Arrays: TypeAlias = dict[str, NDArray[Any]]
About: TypeAlias = dict[str, Any]

_ALIKE = 0.45
"""Alignment up to which parts lie alike without further proof."""
_UNALIKE = 0.7
"""Alignment from which they do not, whatever the maps look like."""
_PROOF = 1.3
"""Between the two, the aligned maps must be this many times as concentrated as those of images by themselves."""
_MOVED_PROOF = 1.1
"""So much more concentrated must maps be for parts to be turned and shifted."""
_LEAST_AGREEMENT = 0.8
"""Parts are not turned and shifted where half of them do not fit the template this well."""
_NUM_PROBES = 24


@dataclass(frozen=True)
class Rules:
    """What is set, and what is left to the images.

    Attributes:
        arrangement: `auto` decides between the others.
        register_parts: whether aligned parts are turned and shifted; `auto` if that makes them more alike.
        window_cells, nearest_ratio: see `ops.consensus.disagreement`.
    """

    arrangement: Literal["auto", "aligned", "free"]
    register_parts: Literal["auto", "always", "never"]
    window_cells: int
    nearest_ratio: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """What new images are compared with.

    Attributes:
        basis: the places of aligned parts, or a bank of places.
        decisions: what was decided, and the figures behind it, for people.
    """

    basis: Aligned | Free
    decisions: Mapping[str, str | float]

    def arrays(self) -> Arrays:
        """All arrays, to be saved."""
        if isinstance(self.basis, Free):
            return {"bank": self.basis.bank, "owners": self.basis.owners}
        basis = self.basis
        return {
            "features": basis.seen.features,
            "colours": basis.seen.colours,
            "template": basis.template.picture,
        }

    def about(self) -> About:
        """All else, as JSON values."""
        shared = {"decisions": dict(self.decisions), "digests": list(self.basis.digests)}
        if isinstance(self.basis, Free):
            return shared | {"ratio": self.basis.ratio}
        basis = self.basis
        return shared | {
            "size": list(basis.template.size),
            "min_agreement": basis.template.min_agreement,
            "window_cells": basis.radius,
            "nearest_ratio": basis.nearest_ratio,
            "coarse": asdict(basis.coarse),
            "fine": asdict(basis.fine),
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> Fitted:
        """What `arrays` and `about` tell."""
        digests = tuple(about["digests"])
        if "bank" in arrays:
            return cls(Free(arrays["bank"], arrays["owners"], digests, about["ratio"]), about["decisions"])
        height, width = about["size"]
        template = Template((height, width), arrays["template"], about["min_agreement"])
        basis = Aligned(
            template,
            Seen(arrays["features"], arrays["colours"]),
            digests,
            about["window_cells"],
            about["nearest_ratio"],
            Scale(**about["coarse"]),
            Scale(**about["fine"]),
        )
        return cls(basis, about["decisions"])


@dataclass(frozen=True, eq=False)
class _Candidate:
    """Aligned parts on one template.

    Attributes:
        basis: what is compared with.
        maps: (R, h, w) deviations of each reference from the others.
        likeness: how alike the references are.
    """

    basis: Aligned
    maps: NDArray[np.float32]
    likeness: consensus.Likeness

    @property
    def concentration(self) -> float:
        """Of the maps, where there is something to align."""
        return consensus.concentration(self.maps[:, self.likeness.structured])


def decide(members: Sequence[Member], rules: Rules, describer: Describer, alone: Saliency) -> Fitted:
    """What at least two images of a product are to be compared with.

    Args:
        members: ordered by digest.
        rules: what is set.
        describer: see `stages.Describer`.
        alone: judges an image by itself; what the aligned parts have to beat where it is not plain.
    """
    images, digests = [member.image for member in members], [member.digest for member in members]
    told: dict[str, str | float] = {"references": len(members)}
    if rules.arrangement != "free":
        found = _aligned(images, digests, rules, describer)
        told["alignment"] = round(found.likeness.alignment, 3)
        if rules.arrangement == "aligned" or _lie_alike(found, images, alone, told):
            radius, moves = found.basis.radius, found.basis.template.moves
            told["window"] = f"{radius} cell{'' if radius == 1 else 's'}"
            return Fitted(
                found.basis,
                {"arrangement": f"aligned, {'turned and shifted' if moves else 'as they lie'}"} | told,
            )
    described = [describer.describe(Frame(image), levelled=True) for image in images]
    bank = learned_bank(described, digests)
    told |= {"distance to others": round(bank.ratio, 3), "weight of others": round(bank.weight, 3)}
    return Fitted(bank, {"arrangement": "free"} | told)


def _aligned(
    images: Sequence[Image], digests: Sequence[str], rules: Rules, describer: Describer
) -> _Candidate:
    """The better of the parts as they lie and on a template."""
    size = _common_size(images)
    if rules.register_parts == "always":
        return _candidate(images, digests, on_template(images, size), rules, describer)
    still = _candidate(images, digests, as_they_lie(size), rules, describer)
    if rules.register_parts == "never":
        return still
    template = on_template(images, size)
    if template.agreement < _LEAST_AGREEMENT:
        return still
    moved = _candidate(images, digests, template, rules, describer)
    more_alike = moved.likeness.alignment < still.likeness.alignment
    return moved if more_alike and moved.concentration > _MOVED_PROOF * still.concentration else still


def _candidate(
    images: Sequence[Image], digests: Sequence[str], template: Template, rules: Rules, describer: Describer
) -> _Candidate:
    basis, maps = learned(
        images,
        digests,
        template,
        describer,
        radius=rules.window_cells,
        nearest_ratio=rules.nearest_ratio,
    )
    return _Candidate(basis, maps, consensus.likeness(basis.seen.features))


def _common_size(images: Sequence[Image]) -> tuple[int, int]:
    """The (h, w) that most images have; of several, the smallest."""
    sizes = Counter((image.shape[0], image.shape[1]) for image in images)
    return min(sizes, key=lambda size: (-sizes[size], size))


def _lie_alike(
    found: _Candidate, images: Sequence[Image], alone: Saliency, told: dict[str, str | float]
) -> bool:
    alignment = found.likeness.alignment
    if not _ALIKE < alignment < _UNALIKE:
        return alignment <= _ALIKE
    cells = found.maps.shape[1], found.maps.shape[2]
    by_itself = np.stack([_by_itself(image, alone, cells) for image in images[:_NUM_PROBES]])
    apart = consensus.concentration(by_itself[:, found.likeness.structured])
    told |= {"concentration": round(found.concentration, 2), "concentration alone": round(apart, 2)}
    return found.concentration > _PROOF * apart


def _by_itself(image: Image, alone: Saliency, cells: tuple[int, int]) -> NDArray[np.float32]:
    """What an image says of itself, on the cells that aligned parts are compared on."""
    nothing_known = Regions.none((image.shape[0], image.shape[1]))
    found = deviations(alone.saliency(Frame(image), nothing_known).map)
    return np.asarray(cv2.resize(found, cells[::-1], interpolation=cv2.INTER_AREA), np.float32)
