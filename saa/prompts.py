"""All we know of one product: the schema of a prompt file, without its engine settings.

The same values drive every engine. `saa.config` reads them from YAML, together with the optional `engines:`
block whose keys belong to the plug-ins.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from saa.types import Caption

CLASS_AGNOSTIC = ("defect on {}", "damage on {}", "flaw on {}")
"""Asked of every product unless switched off; the object's phrase fills the gap (arXiv 2305.10724)."""

NAIVE: Caption = ("defect",)
"""All that is asked of a product of which nothing is known (doi 10.1109/TCYB.2025.3536165)."""


def normalised(phrase: str) -> str:
    """Lower case, single spaces, composed Unicode, no dots at the end."""
    return " ".join(unicodedata.normalize("NFC", phrase).lower().split()).rstrip(". ")


def _one_phrase(text: str) -> str:
    phrase = normalised(text)
    if not any(letter.isalnum() for letter in phrase):
        raise ValueError(f"must be words, got '{text}'; write a phrase such as scratch")
    if "." in phrase:
        parts = ", ".join(part.strip() for part in phrase.split(".") if part.strip())
        raise ValueError(
            f"must be one phrase without dots, got '{text}'; several phrases are a list: [{parts}]"
        )
    return phrase


def as_tuple(value: object) -> object:
    """A list as the tuple that frozen settings hold; anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def _as_caption(value: object) -> object:
    return (value,) if isinstance(value, str) else as_tuple(value)


Phrase = Annotated[str, Field(max_length=200), AfterValidator(_one_phrase)]
"""Words for a model, stored normalised; a dot would end the phrase for a detector, so none may be inside."""
Phrases = Annotated[tuple[Phrase, ...], BeforeValidator(as_tuple)]
Pass = Annotated[
    tuple[Phrase, ...],
    Field(min_length=1),
    BeforeValidator(_as_caption, json_schema_input_type=str | Annotated[list[str], Field(min_length=1)]),
]
"""One detector pass: a phrase, or a list of phrases that share it."""


class Section(BaseModel):
    """A part of a prompt file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Object(Section):
    """What the picture shows."""

    phrase: Phrase = Field(
        title="what the product is called", examples=["bottle"], description="What the product is called."
    )
    name: str | None = Field(
        None,
        pattern=r"^\w+$",
        max_length=200,
        title="a word, with underscores for spaces",
        examples=["metal_nut"],
        description="What the data set calls it, where that differs from the phrase. Only the profile `released` "
        "asks for it, as the code of arXiv 2305.10724 does: 'defect on metal_nut'.",
    )
    count: int = Field(1, ge=1, le=1000, description="How many of them a picture shows.")
    extent: Literal["auto", "part", "frame"] = Field(
        "auto",
        description="part: a thing on a background. frame: a surface that fills the picture. "
        "auto: decided from the phrase.",
    )


class Defects(Section):
    """What to look for."""

    captions: Annotated[tuple[Pass, ...], BeforeValidator(as_tuple)] = Field(
        (),
        title="a list of phrases",
        examples=[["scratch", ["crack", "hole"]]],
        description="What a defect looks like. Each item is one detector pass: a phrase, or a list of "
        "phrases that share a pass.",
    )
    class_agnostic: bool = Field(
        default=True,
        description="Also look for 'defect on', 'damage on' and 'flaw on' the object.",
    )
    size: Literal["any", "small"] = Field("any", description="small: defects are small, isolated marks.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> Defects:
        if not self.captions and not self.class_agnostic:
            raise ValueError(
                "must ask for something, got no captions and class_agnostic false; "
                "write a caption such as scratch, or class_agnostic: true"
            )
        return self


class Rules(Section):
    """Which regions can be defects at all; all ratios are shares of an area."""

    max_area_ratio: float = Field(
        0.5,
        gt=0,
        le=1,
        title="a share of the object's area",
        examples=[0.3],
        description="Larger regions are dropped; a share of the object's area. "
        "Default: the texture prompt of doi 10.1109/TCYB.2025.3536165.",
    )
    min_area_ratio: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="a share of the object's area",
        examples=[0.001],
        description="Smaller regions are dropped; a share of the object's area.",
    )
    min_overlap_ratio: float = Field(
        0.5,
        ge=0,
        le=1,
        title="a share of the region",
        examples=[0.5],
        description="Regions that lie on the object with less than this share of themselves are dropped.",
    )

    @model_validator(mode="after")
    def _leave_room(self) -> Rules:
        if self.min_area_ratio >= self.max_area_ratio:
            raise ValueError(
                f"must leave room between the area bounds, got min_area_ratio {self.min_area_ratio:g} and "
                f"max_area_ratio {self.max_area_ratio:g}; write the smaller number as min_area_ratio"
            )
        return self


class Saliency(Section):
    """How much standing out counts."""

    gain: float = Field(
        1.0,
        ge=0,
        le=20,
        description="A region's score is multiplied by exp(gain * its mean saliency); 0 leaves scores "
        "alone. Default: arXiv 2305.10724, Eq. 6.",
    )


class Confidence(Section):
    """How many regions are believed."""

    top_k: int = Field(
        5,
        ge=1,
        le=1000,
        description="How many of the best regions make up the anomaly map. Default: arXiv 2305.10724.",
    )


class ProductPrompt(Section):
    """All we know of one product."""

    object: Object = Field(
        title="what the picture shows", examples=[{"phrase": "bottle"}], description="What the picture shows."
    )
    defects: Defects = Field(Defects(), description="What to look for.")
    reject: Phrases = Field(
        (),
        title="a list of phrases",
        examples=[["bottle"]],
        description="Phrases that are never a defect, such as the object itself.",
    )
    rules: Rules = Field(Rules(), description="Which regions can be defects at all.")
    saliency: Saliency = Field(Saliency(), description="How much standing out counts.")
    confidence: Confidence = Field(Confidence(), description="How many regions are believed.")

    @property
    def name(self) -> str:
        """The product in one word: what the data set calls it, or its phrase with underscores."""
        return self.object.name or self.object.phrase.replace(" ", "_")

    def class_agnostic_phrases(self, called: str = "") -> tuple[str, ...]:
        """The phrases that need no knowledge of the defect; empty when they are switched off.

        Args:
            called: what stands for the object in them; if empty, its phrase.
        """
        if not self.defects.class_agnostic:
            return ()
        return tuple(phrase.format(called or self.object.phrase) for phrase in CLASS_AGNOSTIC)

    def captions(self) -> tuple[Caption, ...]:
        """All that is asked for, one caption a detector pass: class-agnostic ones first, then the file's."""
        return tuple((phrase,) for phrase in self.class_agnostic_phrases()) + self.defects.captions
