"""What defect words look like, and which nouns name a surface rather than a thing.

A word stands for visual cues; a phrase asks for all its colour and tone cues and for any of its shapes
("white scratch" is a bright line). Class-agnostic words ask for nothing but "unlike its surroundings".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

Tone = Literal["dark", "bright"]
Shape = Literal["line", "spot", "stain", "patch"]

HUES: dict[str, tuple[float, float]] = {
    "red": (70, 45),
    "orange": (45, 60),
    "yellow": (-5, 75),
    "green": (-60, 50),
    "blue": (20, -70),
    "purple": (60, -50),
    "pink": (50, 0),
    "brown": (20, 30),
    "golden": (8, 60),
}
"""Direction of each colour on the (a, b) plane of CIE Lab."""

_TONES: dict[Tone, str] = {
    "dark": "dark black burnt burned burn blackened shadow shadowed soot",
    "bright": "bright white light pale shiny glossy glare faded",
}
_USUALLY_DARK = "hole blowhole pinhole pit cavity pore void gap crack cracked cut split groove fissure"
"""Words for things that cast a shadow; a tone given in so many words goes before."""
_HUES = {
    "red": "red reddish",
    "orange": "orange",
    "yellow": "yellow yellowish",
    "green": "green greenish",
    "blue": "blue bluish",
    "purple": "purple violet",
    "pink": "pink magenta",
    "brown": "brown brownish rust rusty rusted corrosion corroded",
    "golden": "golden gold copper brass",
}
_SHAPES: dict[Shape, str] = {
    "line": (
        "crack cracked scratch scratched line thread hair fiber fibre wire cut split tear torn fold crease"
        " wrinkle seam streak groove fissure abrasion"
    ),
    "spot": (
        "spot dot blow hole blowhole pinhole pit bubble pore particle speck chip chipped poke dent bump blob circle"
    ),
    "stain": (
        "stain smudge oil water liquid grease glue dirt dirty dust contamination print ink paint discoloration"
        " discolouration discolored fingerprint residue melt melted color colour smear mold mould"
    ),
    "patch": "uneven unevenness patch patchy blotch blotchy mottled worn wear fray frayed",
}
_AGNOSTIC = (
    "defect defects defective damage damaged flaw flawed anomaly anomalous abnormal irregular irregularity broken"
    " break breakage bent bend missing misplaced misshapen squeezed squeeze deformed deformation part piece"
    " pattern texture surface mark edge corner object foreign wrong different strange unusual pointed paper"
    " material rough roughness loose open faulty imperfection"
)
_FILLERS = (
    "a an the of on in at with and or small large big tiny thin thick long short little very similar some any"
)
_SURFACES = (
    "surface texture leather grid carpet tile wood fabric cloth textile road asphalt concrete pavement wall steel"
    " metal sheet plate film paper glass mesh weave foil rubber ceramic marble granite stone floor panel strip"
    " roll web veneer plank coating paint skin ksdd2 mtd wallpaper"
)
_THINGS = "nut screw bolt bottle capsule cap part pin ring can box pad gear cup jar tube pipe"


@dataclass(frozen=True)
class Cues:
    """What to look for. All empty: anything unlike its surroundings.

    Attributes:
        tones: dark or bright against the surroundings.
        hues: names of `HUES`.
        shapes: line, spot, stain, or patch: a large part of a surface with another finish.
    """

    tones: tuple[Tone, ...] = ()
    hues: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()

    @property
    def agnostic(self) -> bool:
        """Nothing in particular is asked for."""
        return not (self.tones or self.hues or self.shapes)


def words(phrase: str) -> tuple[str, ...]:
    """The lower-case words of a phrase, punctuation and underscores removed."""
    return tuple(re.findall(r"[^\W_]+", phrase.lower()))


def head(phrase: str) -> str:
    """A phrase without its place: "white defect on pcb" is about a white defect."""
    return re.split(r"\s+(?:on|in|at)\s+", phrase.strip(), maxsplit=1)[0]


@cache
def cues(phrase: str) -> Cues:
    """What a phrase looks like; words this engine does not know ask for nothing."""
    found = {form for word in words(head(phrase)) for form in _forms(word)}
    tones: tuple[Tone, ...] = tuple(tone for tone, known in _TONES.items() if found & set(known.split()))
    if not tones and found & set(_USUALLY_DARK.split()):
        tones = ("dark",)
    return Cues(
        tones,
        tuple(hue for hue, known in _HUES.items() if found & set(known.split())),
        tuple(shape for shape, known in _SHAPES.items() if found & set(known.split())),
    )


def asks_for_patch(phrase: str) -> bool:
    """Whether a phrase names a large part of a surface with another finish."""
    return "patch" in cues(phrase).shapes


@cache
def unknown_words(phrase: str) -> tuple[str, ...]:
    """Words of a phrase that this engine cannot look for, in order; what follows "on" is a place, not a look."""
    return tuple(word for word in words(head(phrase)) if not _forms(word) & _known())


@cache
def is_surface(noun: str) -> bool:
    """Whether an object phrase names something that fills the picture; its last telling word decides.

    "metal nut" is a thing, "metal sheet" a surface.
    """
    for word in reversed(words(noun)):
        if _forms(word) & set(_THINGS.split()):
            return False
        if _forms(word) & set(_SURFACES.split()):
            return True
    return False


@cache
def _known() -> frozenset[str]:
    groups = [*_TONES.values(), _USUALLY_DARK, *_HUES.values(), *_SHAPES.values(), _AGNOSTIC, _FILLERS]
    return frozenset(word for group in groups for word in group.split())


def _forms(word: str) -> frozenset[str]:
    """A word and its singular."""
    stems = {word}
    if word.endswith("es"):
        stems.add(word[:-2])
    if word.endswith("s") and not word.endswith("ss"):
        stems.add(word[:-1])
    return frozenset(stems)
