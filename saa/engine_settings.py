"""The `engines:` block of a prompt file: plug-ins by kind, and their settings, for each engine.

Only the kinds that are asked for are imported, so a broken plug-in harms no other file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from saa import plugins
from saa.engines import CASCADE, ENGINES, FOLDERS, unknown
from saa.errors import PromptError
from saa.foundation.devices import Device, Precision
from saa.modes import SINGLE
from saa.profiles import ABLATIONS, DEFAULT, Fields
from saa.prompt_mistakes import check, shown, unknown_key, unknown_kind
from saa.yaml_lines import KeyPath, Mistake, YamlFile, dotted

Settings: TypeAlias = dict[str, BaseModel]
"""The settings of each stage in `engines.FOLDERS`, and of what joins them."""

KEYS = (*FOLDERS, CASCADE)
"""What has settings of its own below an engine's name."""


class Options(BaseModel):
    """What holds for a whole engine; what is left out is left to others to say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: str | None = Field(
        None,
        description="A set of settings by name; what is written beside it goes before it. Default: default.",
    )
    device: Device | None = Field(None, description="Where its networks run. Default: cpu.")
    precision: Precision | None = Field(None, description="How exactly they run. Default: fp32.")

    @property
    def profile_name(self) -> str:
        """The profile meant."""
        return self.profile or DEFAULT

    @property
    def placement(self) -> dict[str, str]:
        """What is said of device and precision."""
        return self.model_dump(include={"device", "precision"}, exclude_none=True)


@dataclass(frozen=True)
class Given:
    """What a file sets for an engine."""

    options: Options = field(default_factory=Options)
    stages: Settings = field(default_factory=dict)


def options_of(engine: str) -> tuple[str, ...]:
    """The options that an engine has."""
    return tuple(Options.model_fields) if ENGINES[engine].placed else ("profile",)


def model(key: str, kind: str) -> type[BaseModel]:
    """The settings of a stage's plug-in, or of the cascade, which is its own only kind.

    Raises:
        UnknownKindError: the plug-in has no file.
    """
    folder = "backends" if key == CASCADE else FOLDERS[key]
    return cast(type[BaseModel], plugins.load(folder, kind).Config)


def completed(
    engine: str, given: Settings, mode: str, options: Options, without: Collection[str] = ()
) -> Settings:
    """What a file gives for an engine, and for all it says nothing of what the engine uses.

    Args:
        engine: its name.
        given: the file's settings; they go before those of the profile and the options.
        mode: one of `modes.MODES`.
        options: the profile, and where networks run.
        without: of `profiles.ABLATIONS`; they go before everything.

    Raises:
        UnknownKindError: a plug-in has no file.
        PromptError: settings without a kind are not those of the plug-in that the profile uses.
    """
    standard, profile = ENGINES[engine], options.profile_name
    found = {}
    for key in KEYS:
        usual = CASCADE if key == CASCADE else standard.kind(key, mode, profile)
        kind = _kind(given[key], usual) if key in given else usual
        chosen = model(key, kind)
        fields = standard.fields(key, mode, profile) if kind == usual else {}
        places = {name: value for name, value in options.placement.items() if name in chosen.model_fields}
        written = given[key].model_dump(exclude_unset=True) if key in given else {}
        try:
            found[key] = chosen.model_validate(_merged(_merged(fields, places), written))
        except ValidationError as error:
            raise PromptError(
                f"engines.{engine}.{key}: expected settings of {kind}, which profile {profile} uses, got "
                f"{', '.join(written)}; write the kind that they are of"
            ) from error
    cut = {name: value for part in without for name, value in ABLATIONS[part].items()}
    return found | {CASCADE: found[CASCADE].model_validate({**found[CASCADE].model_dump(), **cut})}


def _kind(settings: BaseModel, usual: str) -> str:
    """The plug-in that settings are of; the usual one, if they do not say."""
    return str(settings.model_dump()["kind"]) if "kind" in settings.model_fields_set else usual


def _merged(fields: Fields, stronger: Fields) -> dict[str, Any]:
    """Two sets of values as one; blocks are merged key by key."""
    found = dict(fields)
    for key, value in stronger.items():
        below = found.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            found[key] = _merged(below, value)
        else:
            found[key] = value
    return found


def read_settings(file: YamlFile) -> tuple[dict[str, Given], list[Mistake]]:
    """What a file sets for each engine, and all that is wrong with it.

    A stage whose kind is left out is of the kind that the engine uses for single images.
    """
    if "engines" not in file.content:
        return {}, []
    found: dict[str, Given] = {}
    mistakes: list[Mistake] = []
    engines = _block(file, file.content["engines"], ("engines",), tuple(ENGINES), mistakes)
    for engine, block in engines.items():
        named = options_of(engine)
        content = _block(file, block, ("engines", engine), (*named, *KEYS), mistakes)
        options, wrong = _options(file, engine, {key: content[key] for key in named if key in content})
        mistakes += wrong
        stages = {}
        for key in KEYS:
            if key in content:
                settings, wrong = _stage(file, engine, options.profile_name, key, content[key])
                mistakes += wrong
                if settings is not None:
                    stages[key] = settings
        found[engine] = Given(options, stages)
    return found, mistakes


def _options(file: YamlFile, engine: str, content: dict[str, object]) -> tuple[Options, list[Mistake]]:
    at = ("engines", engine)
    options, mistakes = check(Options, content, file, at)
    if options is None:
        return Options(), mistakes
    known = ENGINES[engine].profiles
    if options.profile_name not in known:
        where = (*at, "profile")
        wrong = f"{dotted(where)}: {unknown(options.profile_name, known)}"
        return Options(), [Mistake(file.line(where), wrong)]
    return options, []


def _block(
    file: YamlFile, content: object, at: KeyPath, known: tuple[str, ...], mistakes: list[Mistake]
) -> dict[str, object]:
    """The known keys of a block; whatever else is there is added to the mistakes."""
    if not isinstance(content, dict):
        needed = f"must be a block of keys, got {shown(content)}; choose from {', '.join(known)}"
        mistakes.append(Mistake(file.line(at), f"{dotted(at)}: {needed}"))
        return {}
    mistakes += [unknown_key((*at, key), known, file) for key in content if key not in known]
    return {key: value for key, value in content.items() if key in known}


def _stage(
    file: YamlFile, engine: str, profile: str, key: str, content: object
) -> tuple[BaseModel | None, list[Mistake]]:
    at = ("engines", engine, key)
    if key == CASCADE:
        return check(model(key, CASCADE), content, file, at)
    known = plugins.kinds(FOLDERS[key])
    if isinstance(content, str) and content in known:
        message = f"{dotted(at)}: must be a block of keys, got '{content}'; write {{kind: {content}}}"
        return None, [Mistake(file.line(at), message)]
    standard = ENGINES[engine].kind(key, SINGLE, profile)
    kind = content.get("kind", standard) if isinstance(content, dict) else standard
    if kind not in known:
        return None, [unknown_kind(file, (*at, "kind"), kind, known)]
    return check(model(key, kind), content, file, at)
