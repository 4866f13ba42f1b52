"""What the images of one product are judged on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Basis:
    """The ledger's row for one product; as long as it stays the same, finished images stay finished.

    Attributes:
        product: the product.
        mode: the label of its images, such as `single image`.
        reference: sha256 of the reference's file; empty where each image is judged alone.
        files: checksum of the names and stamps of the images it was fitted on; empty where nothing is fitted.
        note: why the images are not inspected as planned; empty if they are.
    """

    product: str
    mode: str
    reference: str = ""
    files: str = ""
    note: str = ""
