"""What a prompt file may say of CLIPSeg, whoever uses it; imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from saa.foundation import pretrained
from saa.foundation.devices import Arithmetic, Device, Placement, installed

if TYPE_CHECKING:
    from saa.foundation.clipseg import Segmenter


class Settings(BaseModel):
    """Settings of CLIPSeg."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    checkpoint: str = Field(
        "clipseg_rd64_refined", description="a folder of weights by its name in `saa models list`"
    )
    device: Device = Field("cpu", description="where the network runs")
    arithmetic: Arithmetic = Field(
        "fast", description="exact: what the library's own layers give; fast: equal but for rounding"
    )
    side_px: int = Field(
        352,
        ge=64,
        le=1024,
        multiple_of=32,
        description="both sides of the image as the network sees it; CLIPSeg was trained at 352",
    )

    def check_machine(self) -> None:
        """Refuse packages and devices that are not there; nothing is loaded.

        Raises:
            ModelError: one is missing.
        """
        installed("torch", "torchvision", "timm", "transformers", "open_clip")
        Placement(self.device).check()

    def check_folder(self) -> None:
        """Refuse a folder of another model; its sizes are read, and not its weights.

        Raises:
            ModelError: no such checkpoint, or a folder that is not CLIPSeg's.
        """
        pretrained.folder(self.checkpoint).values("clipseg")

    def load(self) -> Segmenter:
        """The model with its checkpoint.

        Raises:
            ModelError: no such checkpoint or device, or a folder that is not CLIPSeg's.
        """
        from saa.foundation import clipseg

        return clipseg.load(self.checkpoint, Placement(self.device), self.side_px, arithmetic=self.arithmetic)
