from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

import saa
import saa.grounders
from saa import config, plugins
from saa.errors import PromptError

LEAST = "object: {phrase: bottle}\n"


@pytest.fixture
def mistakes(tmp_path):
    """Loads a text as bottle.yaml and gives the lines of the error, without the folder."""

    def load(text: str) -> list[str]:
        path = tmp_path / "bottle.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(PromptError, match=r"bottle\.yaml") as caught:
            config.load(path)
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return load


@pytest.fixture
def recipe(tmp_path):
    def load(text: str, engine: str = "auto") -> config.Recipe:
        path = tmp_path / "bottle.yaml"
        path.write_text(text, encoding="utf-8")
        return config.load(path, engine)

    return load


@pytest.fixture
def extra_kind(tmp_path, monkeypatch):
    """A plug-in folder elsewhere with one more grounder, `fake`, and one that cannot be imported, `torn`."""
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "torn.py").write_text("raise RuntimeError\n")
    (tmp_path / "kinds" / "fake.py").write_text(
        "from typing import Literal\n"
        "from pydantic import BaseModel, Field\n"
        "class Config(BaseModel, frozen=True, extra='forbid'):\n"
        "    kind: Literal['fake'] = 'fake'\n"
        "    strength: float = Field(0.5, ge=0, le=1, description='How much.')\n"
        "    sizes: tuple[int, ...] = ()\n"
        "    def build(self, prompt):\n"
        "        return (prompt.object.phrase, self.strength)\n"
    )
    monkeypatch.setattr(saa.grounders, "__path__", [*saa.grounders.__path__, str(tmp_path / "kinds")])
    plugins.kinds.cache_clear()
    yield
    plugins.kinds.cache_clear()


def test_a_phrase_is_enough_for_an_inspector(recipe):
    assert hasattr(recipe(LEAST).build(), "inspect")


def test_the_package_loads_recipes_by_name():
    assert saa.load("mvtec/bottle").prompt.object.phrase == "bottle"


def test_auto_names_the_engine_it_chose(recipe):
    assert recipe(LEAST).engine in config.ENGINES


def test_a_recipe_cannot_be_changed(recipe):
    with pytest.raises(FrozenInstanceError, match="engine"):
        recipe(LEAST).engine = "other"


def test_an_unknown_engine_lists_the_known_ones(recipe):
    with pytest.raises(PromptError, match=r"one of auto, .*embedded, got 'embeded'; did you mean 'embedded'"):
        recipe(LEAST, "embeded")


def test_a_recipe_as_a_dict_is_json_sorted_and_complete(recipe):
    resolved = recipe(LEAST, "embedded").as_dict()
    text = json.dumps(resolved)
    assert text == json.dumps(resolved, sort_keys=True)
    assert list(resolved) == [
        "cascade",
        "engine",
        "features",
        "grounder",
        "profile",
        "prompt",
        "refiner",
        "regions",
        "saliency",
        "without",
    ]
    assert resolved["regions"]["kind"] == "grounded"
    assert resolved["prompt"]["confidence"] == {"top_k": 5}


def test_comments_order_and_spelled_out_defaults_do_not_change_a_recipe(recipe):
    longer = "# c\nrules: {min_area_ratio: 0}\nobject: {count: 1, phrase: Bottle.}\nengines: {embedded: {}}\n"
    assert recipe(longer).as_dict() == recipe(LEAST).as_dict()


def test_cascade_settings_keep_what_the_engine_says_of_the_others(recipe):
    usual = recipe(LEAST, "embedded").as_dict()["cascade"]
    changed = recipe(LEAST + "engines: {embedded: {cascade: {evidence_floor: 0.5}}}\n", "embedded").as_dict()
    assert changed["cascade"] == {**usual, "evidence_floor": 0.5}


def test_a_kind_is_chosen_by_name_with_its_settings(recipe, extra_kind):
    text = LEAST + "engines: {embedded: {grounder: {kind: fake, strength: 1, sizes: [1, 2]}}}\n"
    chosen = recipe(text, "embedded")
    assert chosen.as_dict()["grounder"] == {"kind": "fake", "sizes": [1, 2], "strength": 1.0}
    assert chosen.grounder.build(chosen.prompt) == ("bottle", 1.0)


def test_a_kind_that_cannot_be_imported_harms_no_other_file(recipe, extra_kind):
    assert recipe(LEAST).grounder is not None


def test_settings_of_a_plug_in_are_checked_with_their_line(mistakes, extra_kind):
    text = (
        LEAST
        + "engines:\n  embedded:\n    grounder:\n      kind: fake\n      strength: 2\n      strenth: 1\n"
    )
    assert mistakes(text) == [
        "bottle.yaml:6: engines.embedded.grounder.strength: must be at most 1, got 2; "
        "write a value such as 0.5",
        "bottle.yaml:7: engines.embedded.grounder.strenth: unknown key: expected one of kind, strength, "
        "sizes, got 'strenth'; did you mean 'strength'?",
    ]


def test_every_mistake_is_named_at_once_with_its_line(mistakes):
    text = """\
object:
  phrase: true
  count: yes
  extnt: part
defects:
  captions: scratch, crack
  class_agnostic: yes
reject:
  - bottle
  - 3
  -
rules:
  max_area_ratio: 1.5
  min_area_ratio: 30%
  min_overlap_ratio: "0,5"
  min_overlap_ratio: 0.5
top_k: 3
saliency:
confidence: 5
"""
    assert mistakes(text) == [
        'bottle.yaml:2: object.phrase: must be text, got true; put it in quotes: "true"',
        "bottle.yaml:3: object.count: must be a whole number, got 'yes'; write a value such as 1",
        "bottle.yaml:4: object.extnt: unknown key: expected one of phrase, name, count, extent, got 'extnt'; "
        "did you mean 'extent'?",
        "bottle.yaml:6: defects.captions: must be a list, got 'scratch, crack'; write [scratch, crack]",
        "bottle.yaml:7: defects.class_agnostic: must be true or false, got 'yes'; write true",
        'bottle.yaml:10: reject[1]: must be text, got 3; put it in quotes: "3"',
        "bottle.yaml:11: reject[2]: must be text, got nothing; write a value or leave the key out",
        "bottle.yaml:13: rules.max_area_ratio: must be at most 1, got 1.5; "
        "write a share of the object's area such as 0.3",
        "bottle.yaml:14: rules.min_area_ratio: must be a number, got '30%'; write 0.3",
        "bottle.yaml:15: rules.min_overlap_ratio: must be a number, got '0,5'; write 0.5",
        "bottle.yaml:16: rules.min_overlap_ratio: must be given once, got it again after line 15; "
        "keep one of them",
        "bottle.yaml:17: top_k: unknown key: expected one of object, defects, reject, rules, saliency, "
        "confidence, engines, got 'top_k'; did you mean confidence.top_k?",
        "bottle.yaml:18: saliency: must be a block of keys, got nothing; "
        "write its keys on indented lines below it or leave the key out",
        "bottle.yaml:19: confidence: must be a block of keys, got 5; "
        "write its keys on indented lines below it",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "defects: {captions: [crack]}\n",
            "1: object: must be given, got nothing; write what the picture shows such as {phrase: bottle}",
        ),
        (
            "\nobject:\n  count: 2\n",
            "2: object.phrase: must be given, got nothing; write what the product is called such as bottle",
        ),
        (
            "object:\n  phrase: a. b.\n",
            "2: object.phrase: must be one phrase without dots, got 'a. b.'; "
            "several phrases are a list: [a, b]",
        ),
        (
            LEAST + "defects:\n  captions:\n    - crack\n    - [hole, 3.5]\n",
            '5: defects.captions[1][1]: must be text, got 3.5; put it in quotes: "3.5"',
        ),
        (
            LEAST + "defects:\n  captions: [[]]\n",
            "3: defects.captions[0]: must hold at least 1 of them, got an empty list; change it or delete it",
        ),
        (
            LEAST + "defects: {size: big}\n",
            "2: defects.size: must be 'any' or 'small', got 'big'; write a value such as any",
        ),
        (
            LEAST + "rules: {max_area_ratio: 0}\n",
            "2: rules.max_area_ratio: must be more than 0, got 0; "
            "write a share of the object's area such as 0.3",
        ),
        (
            LEAST + "rules:\n  max_area_ratio: 0.1\n  min_area_ratio: 0.2\n",
            "2: rules: must leave room between the area bounds, got min_area_ratio 0.2 and max_area_ratio 0.1; "
            "write the smaller number as min_area_ratio",
        ),
        (
            LEAST + "saliency: {gain: 1e999}\n",
            "2: saliency.gain: must be a finite number, got 1e999; write a smaller one",
        ),
        (
            LEAST + "engine: {}\n",
            "2: engine: unknown key: expected one of object, defects, reject, rules, "
            "saliency, confidence, engines, got 'engine'; did you mean 'engines'?",
        ),
        (
            LEAST + "engines: {embedded: {regions: grounded}}\n",
            "2: engines.embedded.regions: must be a block of keys, got 'grounded'; write {kind: grounded}",
        ),
        (
            LEAST + "engines: {embedded: {regions: 3}}\n",
            "2: engines.embedded.regions: must be a block of keys, got 3; "
            "write its keys on indented lines below it",
        ),
        (
            LEAST + "engines: {embedded: {cascade: {dense_weight: -1}}}\n",
            "2: engines.embedded.cascade.dense_weight: must be at least 0, got -1; write a value such as 0.0",
        ),
    ],
)
def test_a_mistake_says_what_to_write_instead(mistakes, text, expected):
    assert mistakes(text) == [f"bottle.yaml:{expected}"]


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("engines: 3\n", "engines: must be a block of keys, got 3; choose from "),
        ("engines:\n", "engines: must be a block of keys, got nothing; choose from "),
        ("engines: {other: {}}\n", "engines.other: unknown key: expected one of "),
        (
            "engines: {embedded: {region: {}}}\n",
            "engines.embedded.region: unknown key: expected one of profile, regions,",
        ),
        ("engines: {embedded: {regions: {kind: none}}}\n", "engines.embedded.regions.kind: must be one of "),
        ("engines: {embedded: {regions: {kind: [3]}}}\n", "engines.embedded.regions.kind: must be one of "),
    ],
)
def test_unknown_engines_stages_and_kinds_list_the_known_ones(mistakes, text, beginning):
    [message] = mistakes(LEAST + text)
    assert message.startswith(f"bottle.yaml:2: {beginning}")


def test_the_version_is_that_of_the_project(pytestconfig):
    project = (pytestconfig.rootpath / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{saa.__version__}"\n' in project
