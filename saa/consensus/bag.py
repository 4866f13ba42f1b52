"""Which images of a batch vouch for the others: a bounded, repeatable choice that names and order do not sway."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from saa.types import Image


@dataclass(frozen=True, eq=False)
class Member:
    """An image that vouches for others.

    Attributes:
        digest: tells its pixels from all others'.
        size: (h, w) of the original.
        image: (h, w, 3) uint8, scaled down.
    """

    digest: str
    size: tuple[int, int]
    image: Image


@dataclass(frozen=True)
class Bag:
    """What is kept of a batch.

    Attributes:
        members: different images, ordered by digest.
        num_images: how many images the batch has.
        num_different: how many of them differ.
    """

    members: tuple[Member, ...]
    num_images: int
    num_different: int


def digest(image: Image) -> str:
    """Tells the pixels of an (H, W, 3) image from all others'; a copy under another name has the same."""
    told = hashlib.sha256(f"{image.shape}".encode())
    told.update(np.ascontiguousarray(image).data)
    return told.hexdigest()


def small(image: Image, area_px: int) -> Image:
    """An image scaled down to about `area_px` pixels if it has more; aspect kept unless a side would vanish."""
    height, width = image.shape[:2]
    ratio = min(1.0, (area_px / (height * width)) ** 0.5)
    if ratio == 1:
        return image
    down, across = (min(max(1, round(side * ratio)), area_px) for side in (height, width))
    return np.asarray(cv2.resize(image, (across, down), interpolation=cv2.INTER_AREA), np.uint8)


def gather(images: Iterable[Image], count: int, area_px: int) -> Bag:
    """Keep `count` different images of a batch, of about `area_px` pixels each at most.

    One pass; memory grows with `count` and 32 bytes an image. Those with the smallest digests stay, which is a
    random choice that depends on the pixels alone.
    """
    seen: set[bytes] = set()
    kept: list[tuple[int, Member]] = []  # a heap with the largest digest on top
    num_images = 0
    for image in images:
        num_images += 1
        told = digest(image)
        if bytes.fromhex(told) in seen:
            continue
        seen.add(bytes.fromhex(told))
        rank = -int(told, 16)
        if len(kept) < count or rank > kept[0][0]:
            member = Member(told, (image.shape[0], image.shape[1]), small(image, area_px))
            (heapq.heappush if len(kept) < count else heapq.heapreplace)(kept, (rank, member))
    members = sorted((member for _, member in kept), key=lambda member: member.digest)
    return Bag(tuple(members), num_images, len(seen))
