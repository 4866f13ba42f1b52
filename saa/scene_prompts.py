"""All we know of a kind of scene: the classes that belong there, in words. What fits none of them is the anomaly.

The schema of a scene's prompt file. Source: VL4AD, arXiv 2409.17330: concepts (Eq. 3), merging, OOD prompts (Eq. 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from saa.prompts import Section, as_tuple

TEMPLATES = (
    "a photo of a {}.",
    "This is a photo of a {}",
    "There is a {} in the scene",
    "There is the {} in the scene",
    "a photo of a {} in the scene",
    "a photo of a small {}.",
    "a photo of a medium {}.",
    "a photo of a large {}.",
    "This is a photo of a small {}.",
    "This is a photo of a medium {}.",
    "This is a photo of a large {}.",
    "There is a small {} in the scene.",
    "There is a medium {} in the scene.",
    "There is a large {} in the scene.",
)
"""Sentences that a concept is read in. Source: FC-CLIP, arXiv 2308.02487, after ViLD, arXiv 2104.13921."""

Reducer: TypeAlias = Literal["vl4ad", "rba", "eam", "max_logit"]
Void: TypeAlias = Literal["drop", "absent"]


def _one_concept(text: str) -> str:
    concept = " ".join(text.split())
    if not any(letter.isalnum() for letter in concept):
        raise ValueError(f"must be words, got '{text}'; write a concept such as palm tree")
    if "," in concept:
        raise ValueError(f"must be one concept without commas, got '{text}'; several concepts are a list")
    return concept


def _one_template(text: str) -> str:
    if text.count("{}") != 1 or text.replace("{}", "").count("{") or text.replace("{}", "").count("}"):
        raise ValueError(
            f"must hold one {{}} for the concept, got '{text}'; write such as a photo of a {{}}."
        )
    return text


Concept = Annotated[str, Field(max_length=200), AfterValidator(_one_concept)]
Concepts = Annotated[tuple[Concept, ...], BeforeValidator(as_tuple)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Names = Annotated[tuple[Name, ...], Field(min_length=1), BeforeValidator(as_tuple)]
Template = Annotated[str, Field(max_length=200), AfterValidator(_one_template)]


class Ensemble(Section):
    """How far CLIP itself is asked, beside the head that was trained on its features."""

    seen: float = Field(
        0.4,
        ge=0,
        le=1,
        description="Weight of CLIP for classes that the head was trained on. Default: arXiv 2308.02487.",
    )
    unseen: float = Field(
        0.8, ge=0, le=1, description="Weight of CLIP for all others. Default: arXiv 2308.02487."
    )
    unseen_classes: Annotated[tuple[Name, ...], BeforeValidator(as_tuple)] = Field(
        (),
        title="a list of classes",
        examples=[["pole", "rider"]],
        description="Classes that the head was not trained on; OOD concepts are always taken for such.",
    )


class RegionRules(Section):
    """Which parts of a map are shown as regions; the map does not depend on it."""

    max_evidence: float = Field(
        0.5, gt=0, lt=1, description="A region's pixels have less evidence for every class than this."
    )
    min_area_px: int = Field(100, ge=1, description="Smaller regions are left out.")
    top_k: int = Field(10, ge=1, le=1000, description="At most so many regions, the least explained ones.")


@dataclass(frozen=True)
class Vocabulary:
    """A scene's words as columns of numbers.

    Attributes:
        concepts: all words, each once.
        names: the classes that belong to the scene, then the OOD concepts.
        groups: for each name, the positions of its concepts.
        num_classes: how many of the names belong to the scene.
        unseen: names that count as not trained on.
    """

    concepts: tuple[str, ...]
    names: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]
    num_classes: int
    unseen: tuple[bool, ...]


class ScenePrompt(Section):
    """All we know of a kind of scene."""

    classes: dict[Name, Annotated[Concepts, Field(min_length=1)]] = Field(
        min_length=1,
        title="a block of classes with their words",
        description="The classes that belong to the scene, each with the words it is known by: synonyms, plurals, "
        "what it consists of. A pixel is as much of a class as the best of its words says.",
    )
    merge: dict[Name, Names] = Field(
        {},
        description="Classes to take as one, under a name of its own; borders between them then count as known.",
    )
    ood: Concepts = Field(
        (),
        title="a list of concepts",
        examples=[["caravan", "animal"]],
        description="Words for what does not belong to the scene; they take evidence from the classes.",
    )
    templates: Annotated[tuple[Template, ...], Field(min_length=1), BeforeValidator(as_tuple)] = Field(
        TEMPLATES, description="Sentences that each word is read in. Default: those of arXiv 2308.02487."
    )
    void: Void = Field(
        "drop",
        description="drop: a learned void class takes its share of the evidence, as the head was trained; "
        "absent: every mask is shared out among the classes, as Eq. 1 of arXiv 2409.17330 has it.",
    )
    score: Reducer = Field(
        "vl4ad",
        description="How evidence becomes an anomaly score. vl4ad: one less the best class's (arXiv 2409.17330). "
        "rba: less all of them (arXiv 2211.14293). eam: less each mask's best (arXiv 2304.12122). "
        "max_logit: as vl4ad, before the softmax.",
    )
    ensemble: Ensemble | None = Field(
        None, description="Ask CLIP itself, too. Default: only the trained head, as arXiv 2409.17330 has it."
    )
    regions: RegionRules = Field(RegionRules(), description="Which parts of a map are shown as regions.")

    @model_validator(mode="after")
    def _names_fit(self) -> ScenePrompt:
        problems = [*self._wrong_merges(), *self._wrong_ensemble()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _wrong_merges(self) -> Iterator[str]:
        known, taken = ", ".join(self.classes), dict[str, str]()
        for merged, parts in self.merge.items():
            if merged in self.classes and merged not in parts:
                yield f"merge.{merged}: must be a new name or one of its own parts, got that of another class"
            for part in parts:
                if part not in self.classes:
                    yield f"merge.{merged}: must name classes ({known}), got '{part}'"
                elif part in taken:
                    yield f"merge.{merged}: must name a class once, got '{part}' again after {taken[part]}"
                taken.setdefault(part, merged)

    def _wrong_ensemble(self) -> Iterator[str]:
        for name in self.ensemble.unseen_classes if self.ensemble else ():
            if name not in self.classes:
                yield f"ensemble.unseen_classes: must name classes ({', '.join(self.classes)}), got '{name}'"

    def merged(self) -> dict[str, tuple[str, ...]]:
        """The classes after merging, each with all of its words; a merged one stands where its first part did."""
        home = {part: name for name, parts in self.merge.items() for part in parts}
        found: dict[str, tuple[str, ...]] = {}
        for name, concepts in self.classes.items():
            joined = home.get(name, name)
            found[joined] = found.get(joined, ()) + concepts
        return found

    def vocabulary(self) -> Vocabulary:
        """The words as a text encoder is asked for them."""
        classes = self.merged()
        groups = [*classes.values(), *((concept,) for concept in self.ood)]
        concepts = tuple(dict.fromkeys(concept for group in groups for concept in group))
        place = {concept: i for i, concept in enumerate(concepts)}
        return Vocabulary(
            concepts,
            (*classes, *self.ood),
            tuple(tuple(dict.fromkeys(place[concept] for concept in group)) for group in groups),
            len(classes),
            (*(self._unseen(name) for name in classes), *(True for _ in self.ood)),
        )

    def _unseen(self, name: str) -> bool:
        """A merged class is seen if one of its parts is."""
        if self.ensemble is None:
            return False
        parts = self.merge.get(name, (name,))
        return all(part in self.ensemble.unseen_classes for part in parts)
