from __future__ import annotations

import json

from saa import config, plugins
from saa.engine_settings import options_of
from saa.engines import FOLDERS
from saa.scene_prompts import ScenePrompt


def test_the_schema_is_json_of_draft_2020_12():
    schema = config.json_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_schema_of_a_product_covers_the_whole_file_and_nothing_else():
    schema = config.json_schema()["else"]
    assert list(schema["properties"]) == [
        "object",
        "defects",
        "reject",
        "rules",
        "saliency",
        "confidence",
        "engines",
    ]
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["object"]


def test_the_schema_of_a_scene_covers_the_whole_file_and_nothing_else():
    schema = config.json_schema()["then"]
    assert set(schema["properties"]) == {*ScenePrompt.model_fields, "backend"}
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["classes"]
    for name, key in schema["properties"].items():
        assert key.get("description"), name
    free = [choice for choice in schema["properties"]["backend"]["oneOf"] if "required" not in choice]
    assert len(free) == 1


def test_a_file_with_classes_and_no_object_is_a_scene():
    assert config.json_schema()["if"] == {"required": ["classes"], "not": {"required": ["object"]}}


def test_every_key_of_a_product_is_described():
    definitions = config.json_schema()["$defs"]
    for section in ("Object", "Defects", "Rules", "Saliency", "Confidence"):
        for name, key in definitions[section]["properties"].items():
            assert key.get("description"), f"{section}.{name}"


def test_captions_are_phrases_or_lists_of_phrases():
    items = config.json_schema()["$defs"]["Defects"]["properties"]["captions"]["items"]
    assert [one["type"] for one in items["anyOf"]] == ["string", "array"]


def test_every_plug_in_is_one_choice_and_only_the_engines_own_may_leave_its_kind_out():
    schema = config.json_schema()["else"]
    for engine, block in schema["properties"]["engines"]["properties"].items():
        assert set(block["properties"]) == {*options_of(engine), *FOLDERS, "cascade"}
        for key, folder in FOLDERS.items():
            choices = block["properties"][key]["oneOf"]
            assert len(choices) == len(plugins.kinds(folder))
            free = [choice["$ref"] for choice in choices if "required" not in choice]
            assert len(free) == 1
            assert config.ENGINES[engine].kinds[key] in free[0]


def test_every_reference_leads_somewhere():
    schema = config.json_schema()
    text = json.dumps(schema)
    for name in [part.split('"')[0] for part in text.split("#/$defs/")[1:]]:
        assert name in schema["$defs"]
