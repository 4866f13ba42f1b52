"""The JSON Schema of a prompt file, for editors: the product, and the settings of every plug-in there is."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from saa import plugins, scene_settings
from saa.engine_settings import Options, model, options_of
from saa.engines import CASCADE, ENGINES, FOLDERS
from saa.prompts import ProductPrompt
from saa.scene_prompts import ScenePrompt

Schema: TypeAlias = dict[str, Any]
Schemas: TypeAlias = dict[Any, Schema]
"""What stands for each model: a reference into the shared definitions."""


def file_schema() -> Schema:
    """The schema of a whole file, draft 2020-12: of a scene if it has classes and no object, else of a product."""
    stages = {
        key: {kind: model(key, kind) for kind in plugins.kinds(folder)} for key, folder in FOLDERS.items()
    }
    backends = {kind: scene_settings.model(kind) for kind in scene_settings.kinds()}
    cascade = model(CASCADE, CASCADE)
    every: list[type[BaseModel]] = [ProductPrompt, ScenePrompt, cascade, *backends.values()]
    for kinds in stages.values():
        every += kinds.values()
    references, shared = models_json_schema([(one, "validation") for one in every])
    schemas: Schemas = {one: references[one, "validation"] for one in every}
    definitions: Schema = shared["$defs"]
    product, scene = (
        definitions.pop(schemas[one]["$ref"].rpartition("/")[2]) for one in (ProductPrompt, ScenePrompt)
    )
    engines = {
        engine: _block(
            {key: _one_of(kinds, ENGINES[engine].kinds[key], schemas) for key, kinds in stages.items()}
            | {CASCADE: schemas[cascade]}
            | _options(engine),
            f"Plug-ins and settings of the {engine} engine; what is left out keeps its default.",
        )
        for engine in ENGINES
    }
    description = "Plug-ins by kind and their settings, for each engine; not needed for a first try."
    backend = _one_of(backends, scene_settings.STANDARD, schemas)
    backend["description"] = "The model that tells the classes, and its settings."
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "saa prompt file",
        "if": {"required": ["classes"], "not": {"required": ["object"]}},
        "then": _with(scene, scene_settings.BACKEND, backend),
        "else": _with(product, "engines", _block(engines, description)),
        "$defs": definitions,
    }


def _with(whole: Schema, key: str, schema: Schema) -> Schema:
    """A schema with one more key."""
    return {**whole, "properties": {**whole["properties"], key: schema}}


def _options(engine: str) -> Schema:
    """What holds for a whole engine."""
    properties: Schema = Options.model_json_schema()["properties"]
    chosen = {key: properties[key] for key in options_of(engine)}
    chosen["profile"] = chosen["profile"] | {"anyOf": [{"enum": list(ENGINES[engine].profiles)}]}
    return chosen


def _one_of(
    kinds: dict[str, type[BaseModel]], default: str, schemas: dict[type[BaseModel], Schema]
) -> Schema:
    """Exactly one plug-in fits: only the engine's own may leave its kind out."""
    return {
        "oneOf": [
            schemas[config] if kind == default else {**schemas[config], "required": ["kind"]}
            for kind, config in kinds.items()
        ]
    }


def _block(properties: Schema, description: str) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "description": description,
        "properties": properties,
    }
