"""Models of transformers as they are published: a folder with weights, `config.json` and how images are prepared.

The class is ours to name; its sizes are values of the folder's JSON files. Nothing is fetched, and no program code out
of a folder is run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL import Image as Pictures
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from saa import weights
from saa.errors import ModelError
from saa.types import Image

if TYPE_CHECKING:
    from torch import Tensor, nn

    M = TypeVar("M", bound=nn.Module)

SIZES, PREPARATION = "config.json", "preprocessor_config.json"
_STRANGE = ("auto_map", "quantization_config", "dtype", "torch_dtype", "_name_or_path")
"""What a `config.json` may say of where else to look, and of how to store weights; none of it is heeded."""


@dataclass(frozen=True)
class Folder:
    """A checkpoint's folder.

    Attributes:
        checkpoint: its name in the registry.
        sha256: of the weights.
        sizes, preparation: what its JSON files hold, as text; no preparation is `{}`.
    """

    checkpoint: str
    sha256: str
    sizes: str
    preparation: str

    @property
    def identity(self) -> str:
        """The sha256, 64 hex digits, of all that the model is made of: weights and sizes."""
        return hashlib.sha256(f"{self.sha256} {self.sizes}".encode()).hexdigest()

    def values(self, model_type: str) -> dict[str, Any]:
        """The architecture's sizes.

        Raises:
            ModelError: they are of another architecture, or no JSON.
        """
        found = self._read(SIZES, self.sizes)
        if found.get("model_type") != model_type:
            raise ModelError(
                f"{self.checkpoint}: expected a {SIZES} of {model_type}, got one of {found.get('model_type')}; "
                "give the backend the checkpoint that belongs to it"
            )
        return {key: value for key, value in found.items() if key not in _STRANGE}

    def labels(self, model_type: str) -> tuple[str, ...]:
        """What the model can tell, in the order of its logits.

        Raises:
            ModelError: see `values`; or there are none.
        """
        said = self.values(model_type).get("id2label")
        names = {str(place): str(name) for place, name in said.items()} if isinstance(said, dict) else {}
        if not names or {*names} != {str(place) for place in range(len(names))}:
            raise ModelError(
                f"{self.checkpoint}: expected labels 0, 1, 2, … under id2label in {SIZES}, got {', '.join(names)}; "
                "use the file as it was published"
            )
        return tuple(names[str(place)] for place in range(len(names)))

    def look(self) -> Look:
        """How images are prepared; as ImageNet's are where the folder does not say.

        Raises:
            ModelError: what it says cannot be done.
        """
        said = self._read(PREPARATION, self.preparation)
        try:
            return Look.model_validate({key: said[key] for key in Look.model_fields if key in said})
        except ValidationError as error:
            first = error.errors()[0]
            raise ModelError(
                f"{self.checkpoint}: expected a usable {first['loc'][0]} in {PREPARATION}, got {first['input']!r}; "
                "use the file as it was published"
            ) from error

    def _read(self, name: str, text: str) -> dict[str, Any]:
        try:
            found = json.loads(text)
        except ValueError as error:
            raise self._damaged(name, str(error)) from error
        if not isinstance(found, dict):
            raise self._damaged(name, type(found).__name__)
        return found

    def _damaged(self, name: str, got: str) -> ModelError:
        return ModelError(
            f"{self.checkpoint}: expected settings by name in {name}, got {got}; use the file as it was published"
        )


class Look(BaseModel):
    """How a model sees images: by channel, less the mean, by the spread; its fields are named as in the folder's file.

    Attributes:
        image_mean, image_std: of values in [0, 1].
        resample: Pillow's number of a filter; 2 is bilinear.
    """

    model_config = ConfigDict(frozen=True)

    image_mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    image_std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    resample: int = Field(2, ge=0, le=5)

    def pixels(self, image: Image, size: tuple[int, int]) -> Tensor:
        """(3, h, w) float32 of an (H, W, 3) uint8 RGB image, resized to `size` (h, w).

        Source: the image processors of transformers that work with Pillow.
        """
        import torch

        picture = Pictures.fromarray(image).resize(size[::-1], Pictures.Resampling(self.resample))
        levels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
        mean, spread = (torch.tensor(values)[:, None, None] for values in (self.image_mean, self.image_std))
        return (levels - mean) / spread


def folder(checkpoint: str) -> Folder:
    """What a checkpoint's folder says.

    Raises:
        ModelError: no such checkpoint, or no `config.json` beside its weights.
    """
    place = weights.path(checkpoint)
    try:
        sizes = (place / SIZES).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{place / SIZES}: expected the sizes of {checkpoint}, got no readable file; "
            "put it beside the weights, as it was published"
        ) from error
    preparation = place / PREPARATION
    return Folder(
        checkpoint,
        weights.checksum(checkpoint),
        sizes,
        preparation.read_text("utf-8", "replace") if preparation.is_file() else "{}",
    )


def model(kind: type[M], config: Any, checkpoint: str) -> M:  # noqa: ANN401 - the library's types are not read
    """A model of transformers with the weights of a checkpoint, in single precision.

    The library renames keys of older files, and knows which ones do not matter; beyond those of the registry, no
    other key may differ.

    Args:
        kind: the library's class.
        config: its sizes, as the library wants them.
        checkpoint: a name of the registry.

    Raises:
        ModelError: no such checkpoint, or it is not one of such a model.
    """
    state = weights.load(checkpoint)
    loader: Any = kind
    try:
        with _silence():
            found, differences = loader.from_pretrained(
                None,
                config=config,
                state_dict=state,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are told below, by name
                attn_implementation="eager",
            )
    except Exception as error:
        raise _foreign(checkpoint, kind.__name__, error) from error
    weights.check_keys(
        checkpoint,
        kind.__name__,
        missing=differences["missing_keys"],
        unexpected=differences["unexpected_keys"],
        misshapen=[_key(each) for each in differences["mismatched_keys"]],
    )
    built: M = found.float()
    return built


def configured(
    kind: Any,  # noqa: ANN401 - the library's types are not read
    values: Mapping[str, Any],
    checkpoint: str,
    name: str,
) -> Any:  # noqa: ANN401 - likewise
    """A model's sizes as transformers wants them.

    Args:
        kind: the library's class of sizes.
        values: of the folder, see `Folder.values`.
        checkpoint: a name of the registry.
        name: of the model, for messages.

    Raises:
        ModelError: the library cannot use them.
    """
    try:
        return kind.from_dict(dict(values))
    except Exception as error:
        raise _foreign(checkpoint, name, error) from error


def _key(mismatched: str | tuple[str, ...]) -> str:
    """The key, which some releases tell alone and some with both shapes."""
    return mismatched if isinstance(mismatched, str) else mismatched[0]


def _foreign(checkpoint: str, kind: str, error: Exception) -> ModelError:
    """The refusal of a folder that the library cannot make its model from."""
    told = " ".join(str(error).split())[:200]
    return ModelError(
        f"{checkpoint}: expected a folder of transformers' {kind}, got one that it cannot use "
        f"({type(error).__name__}: {told}); give the backend the checkpoint that belongs to it"
    )


@contextmanager
def _silence() -> Iterator[None]:
    """No progress bars and reports of the library in here: what is wrong with keys is told in our own words."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
