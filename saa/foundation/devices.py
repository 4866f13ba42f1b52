"""Where a published model runs, and how exactly.

    placement = Placement("cuda", "bf16")
    model = placement.place(model)
    with placement.running():
        found = model(image)

Torch is imported when it is needed, not before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from saa.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

    M = TypeVar("M", bound=nn.Module)

Device: TypeAlias = Literal["cpu", "cuda", "mps"]
"""A processor: any, one of NVIDIA's or AMD's, one of Apple's."""
Precision: TypeAlias = Literal["fp32", "bf16"]
"""Single precision, with no shortcuts; or brain floats where torch thinks them safe, quicker and less exact."""
Arithmetic: TypeAlias = Literal["fast", "exact"]
"""The sums of a published model in whatever order is quickest; or in the library's own, to the last bit."""


@dataclass(frozen=True)
class Placement:
    """Where a model runs, and how exactly; usable as a part of a key.

    Attributes:
        device: the processor.
        precision: of the model's layers; what leaves a stage is single precision all the same.
    """

    device: Device = "cpu"
    precision: Precision = "fp32"

    def check(self) -> None:
        """Refuse a device that this machine does not have.

        Raises:
            ModelError: torch is not installed, or sees no such device, or that cannot work in bf16.
        """
        installed("torch")
        if self.device == "cpu":
            return  # all machines have one; torch, which takes seconds to import, need not be asked
        import torch

        there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        if not there[self.device]:
            known = ", ".join(device for device, found in there.items() if found)
            raise ModelError(
                f"device: expected one of {known} on this machine, got {self.device}; "
                "write one of these, or install a torch that supports yours"
            )
        if self == Placement("cuda", "bf16") and not torch.cuda.is_bf16_supported():
            raise ModelError(
                f"precision: expected fp32 on {torch.cuda.get_device_name()}, got bf16; write precision: fp32"
            )

    def place(self, module: M) -> M:
        """The model itself, moved here and made ready to be used, not to be trained.

        Raises:
            ModelError: see `check`.
        """
        self.check()
        return module.eval().requires_grad_(requires_grad=False).to(self.device)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Nothing in here is recorded for training; bf16 layers are quick, fp32 ones exact.

        Raises:
            ModelError: see `check`.
        """
        self.check()
        import torch

        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode())
            stack.enter_context(torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bf16"))
            if self == Placement("cuda", "fp32"):  # else convolutions there keep 10 bits of 23
                stack.enter_context(torch.backends.cudnn.flags(enabled=True, allow_tf32=False))
            yield


def installed(*packages: str) -> None:
    """Refuse to go on without packages of the extra `foundation`; they are looked for, not imported.

    Args:
        packages: as they are imported.

    Raises:
        ModelError: one is missing; says how to install all.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise ModelError(
            f"published models: expected the package{'s' * (len(missing) > 1)} {', '.join(missing)}, got none "
            "installed; install them with pip install 'saa[foundation]'"
        )


_VISIBLE = "CUDA_VISIBLE_DEVICES"


def numbered(given: str) -> tuple[str, ...]:
    """CUDA's names of devices that are given by numbers, such as "0,1".

    They are counted among those that this process sees, if it was given only some.

    Raises:
        ModelError: not numbers, one twice, or beyond those that this process sees.
    """
    numbers = [each.strip() for each in given.split(",")]
    seen = [each.strip() for each in os.environ.get(_VISIBLE, "").split(",") if each.strip()]
    wrong = [each for each in numbers if not each.isdecimal() or (seen and int(each) >= len(seen))]
    if wrong or len({*map(int, numbers)}) < len(numbers):
        known = f"numbers below {len(seen)}" if seen else "numbers"
        raise ModelError(
            f"devices: expected different {known} with commas between them, got '{given}'; write such as 0,1"
        )
    return tuple(seen[int(each)] if seen else str(int(each)) for each in numbers)


@contextmanager
def only(names: Sequence[str]) -> Iterator[None]:
    """In the block this process, if it has not asked for one yet, and those it starts see no other CUDA devices.

    The first of them is what they call `cuda`.
    """
    before = os.environ.get(_VISIBLE)
    os.environ[_VISIBLE] = ",".join(names)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VISIBLE]
        else:
            os.environ[_VISIBLE] = before


def check_all_there(names: Sequence[str]) -> None:
    """Refuse names of devices that are not there; only these must be visible.

    Raises:
        ModelError: there are fewer.
    """
    installed("torch")
    import torch

    count = torch.cuda.device_count()
    if count < len(names):
        raise ModelError(
            f"devices: expected all of {', '.join(names)} on this machine, got {count} of them; "
            "`nvidia-smi -L` lists those there are"
        )
