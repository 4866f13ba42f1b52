"""Legal things in a prompt file that are probably not meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from saa.embedded import lexicon
from saa.ops.words import contains, rejected, words
from saa.prompt_files import files
from saa.prompts import ProductPrompt
from saa.yaml_lines import KeyPath, Mistake, YamlFile, dotted

MANY_WORDS = 8
"""Longer phrases hold more than a detector matches."""
MANY_PASSES = 5
"""More captions than this make the foundation engine slow."""
MANY_REGIONS = 30
"""A picture rarely has more regions than this, so a larger top_k keeps them all."""
TINY_SHARE = 1e-4
"""Ten by ten pixels of a part that is a thousand pixels wide and high."""


def doubts(prompt: ProductPrompt, file: YamlFile) -> list[Mistake]:
    """All that is doubtful in a file that loads, by line.

    Args:
        prompt: what the file says.
        file: what it was read from, for the lines and for what is written out rather than left to defaults.
    """
    return sorted({doubt for check in _CHECKS for doubt in check(prompt, file)})


def _written(prompt: ProductPrompt, file: YamlFile) -> Iterator[tuple[KeyPath, str]]:
    """Every defect phrase that the file itself gives, with its place."""
    for i, caption in enumerate(prompt.defects.captions):
        listed = isinstance(file.content["defects"]["captions"][i], list)
        for j, phrase in enumerate(caption):
            yield ("defects", "captions", i, *((j,) if listed else ())), phrase


def _doubt(file: YamlFile, keys: KeyPath, message: str) -> Mistake:
    return Mistake(file.line(keys), f"{dotted(keys)}: {message}")


def _rejects_its_own(prompt: ProductPrompt, file: YamlFile) -> Iterator[Mistake]:
    asked = [*_written(prompt, file), *((("reject",), phrase) for phrase in prompt.class_agnostic_phrases())]
    for keys, phrase in asked:
        if rejected(phrase, prompt.reject):
            word = next(word for word in prompt.reject if contains(phrase, word))
            yield _doubt(file, keys, f"'{phrase}' is removed by the reject phrase '{word}'; delete one")


def _repeats(prompt: ProductPrompt, file: YamlFile) -> Iterator[Mistake]:
    seen = {words(phrase): "class_agnostic" for phrase in prompt.class_agnostic_phrases()}
    for keys, phrase in _written(prompt, file):
        if words(phrase) in seen:
            yield _doubt(file, keys, f"'{phrase}' is already asked for by {seen[words(phrase)]}; delete one")
        seen.setdefault(words(phrase), dotted(keys))
    known: dict[tuple[str, ...], str] = {}
    for i, phrase in enumerate(prompt.reject):
        if words(phrase) in known:
            yield _doubt(file, ("reject", i), f"'{phrase}' is already rejected by {known[words(phrase)]}")
        known.setdefault(words(phrase), f"reject[{i}]")


def _odd_phrases(prompt: ProductPrompt, file: YamlFile) -> Iterator[Mistake]:
    reject = [(("reject", i), phrase) for i, phrase in enumerate(prompt.reject)]
    places: list[tuple[KeyPath, str]] = [(("object", "phrase"), prompt.object.phrase)]
    for keys, phrase in [*places, *_written(prompt, file), *reject]:
        if "_" in phrase and keys[0] != "reject":  # there, words are compared, and an underscore parts them
            yield _doubt(file, keys, f"'{phrase}' holds an underscore; write {phrase.replace('_', ' ')}")
        if "," in phrase or ";" in phrase:
            yield _doubt(file, keys, f"'{phrase}' holds a comma; write a list if several phrases are meant")
        if len(phrase.split()) > MANY_WORDS:
            yield _doubt(file, keys, f"'{phrase}' is longer than {MANY_WORDS} words; say it in two or three")


def _unknown_words(prompt: ProductPrompt, file: YamlFile) -> Iterator[Mistake]:
    for keys, phrase in _written(prompt, file):
        unknown = lexicon.unknown_words(phrase)
        if unknown:
            names = " and ".join(f"'{word}'" for word in unknown)
            yield _doubt(
                file,
                keys,
                f"the embedded engine has no picture of {names} in '{phrase}' and looks for anything unusual "
                "there; add how it looks, such as dark, red, crack or spot",
            )


def _idle_rules(prompt: ProductPrompt, file: YamlFile) -> Iterator[Mistake]:
    given = file.content.get("rules", {})
    rules = prompt.rules
    if prompt.object.extent == "frame":
        if "max_area_ratio" in given and rules.max_area_ratio == 1:
            yield _doubt(file, ("rules", "max_area_ratio"), "no region outgrows a whole frame; delete it")
        if given.get("min_overlap_ratio"):
            yield _doubt(
                file, ("rules", "min_overlap_ratio"), "every region lies on a whole frame; delete it"
            )
    if rules.max_area_ratio < TINY_SHARE:
        yield _doubt(file, ("rules", "max_area_ratio"), "drops all but single pixels; write a larger share")
    if prompt.confidence.top_k > MANY_REGIONS:
        yield _doubt(
            file,
            ("confidence", "top_k"),
            f"a picture rarely has more than {MANY_REGIONS} regions, so this keeps them all; write 5 or 10",
        )


def _contradictions(prompt: ProductPrompt, file: YamlFile) -> Iterator[Mistake]:
    if prompt.object.extent == "frame" and prompt.object.count > 1:
        yield _doubt(file, ("object", "count"), "one surface fills the frame; write count: 1 or extent: part")
    if prompt.defects.size == "small" and prompt.rules.min_area_ratio > 0.05:
        yield _doubt(
            file, ("rules", "min_area_ratio"), "drops the small defects asked for; write 0 or size: any"
        )
    if len(prompt.defects.captions) > MANY_PASSES:
        yield _doubt(
            file,
            ("defects", "captions"),
            f"{len(prompt.defects.captions)} detector passes a picture are slow on the foundation engine; "
            "phrases in one [list] share a pass",
        )


def _another_product(prompt: ProductPrompt, file: YamlFile) -> Iterator[Mistake]:
    """A file copied for another product whose object phrase was left behind."""
    here, named = words(file.path.stem), words(prompt.object.phrase)
    others = {words(other.stem): other for other in files(file.path.parent) if words(other.stem) != here}
    if named in others:
        yield _doubt(
            file,
            ("object", "phrase"),
            f"'{prompt.object.phrase}' has its own file {others[named].name}; write what {file.path.stem} is",
        )


_CHECKS: tuple[Callable[[ProductPrompt, YamlFile], Iterator[Mistake]], ...] = (
    _rejects_its_own,
    _repeats,
    _odd_phrases,
    _unknown_words,
    _idle_rules,
    _contradictions,
    _another_product,
)
