from __future__ import annotations

from itertools import combinations

import pytest

from saa import config, modes
from saa.engine_settings import KEYS
from saa.engines import ENGINES
from saa.errors import ModelError, PromptError
from saa.profiles import ABLATIONS, BASELINES

PROMPT = "object: {phrase: metal nut}\n"
ABSENT = "-"
COLUMNS = ("default", "paper", "released", "vanilla")
FIELDS = {
    "regions.box_threshold": (0.1, 0.1, 0.1, 0.2),
    "regions.text_threshold": (0.1, 0.1, 0.1, 0.2),
    "regions.scored_on": ("phrase", "phrase", "all", "phrase"),
    "regions.named": ("words", "words", "pieces", "words"),
    "regions.object_underscores": (False, False, True, False),
    "regions.object_comma": (False, False, True, False),
    "regions.most_boxes": (100, 900, 900, 900),
    "regions.nms_iou": (0.8, 1.0, 1.0, 1.0),
    "regions.outside": ("clip", "clip", "keep", "clip"),
    "regions.arithmetic": ("fast", "fast", "exact", "fast"),
    "regions.shortest_px": (800, 800, 800, 800),
    "regions.longest_px": (1333, 1333, 1333, 1333),
    "regions.checkpoint": ("groundingdino_swint",) * 4,
    "refiner.checkpoint": ("sam_vit_h",) * 4,
    "refiner.colours": ("rgb", "rgb", "bgr", "rgb"),
    "refiner.answer": ("single", "single", "single", "single"),
    "refiner.arithmetic": ("fast", "fast", "exact", "fast"),
    "refiner.mask_threshold": (0.0, 0.0, 0.0, 0.0),
    "saliency.kind": ("cross_instance", "self_similarity", "cross_instance", "none"),
    "saliency.checkpoint": ("wide_resnet50_racm",) * 3 + (ABSENT,),
    "saliency.colours": ("rgb", "rgb", "bgr", ABSENT),
    "saliency.shrinking": ("area", "area", "linear", ABSENT),
    "saliency.halved": (False, False, True, ABSENT),
    "saliency.max_iou": (0.8, ABSENT, 1.0, ABSENT),
    "saliency.lone_distance": (0.0, ABSENT, 1.0, ABSENT),
    "saliency.size_px": (1024, 256, 1024, ABSENT),
    "saliency.neighbours": (ABSENT, "nearest", ABSENT, ABSENT),
    "saliency.num_neighbours": (ABSENT, 400, ABSENT, ABSENT),
    "saliency.compared": (ABSENT, "picture", ABSENT, ABSENT),
    "saliency.single.size_px": (256, ABSENT, 256, ABSENT),
    "saliency.single.neighbours": ("nearest", ABSENT, "farthest", ABSENT),
    "saliency.single.num_neighbours": (400, ABSENT, 400, ABSENT),
    "saliency.single.compared": ("picture", ABSENT, "picture", ABSENT),
    "grounder.kind": ("uniform",) * 4,
    "cascade.language": ("prompt", "prompt", "released", "naive"),
    "cascade.reject_rule": ("words", "none", "letters", "none"),
    "cascade.area_rule": ("mask", "mask", "box", "none"),
    "cascade.overlap_rule": ("share", "iou", "none", "none"),
    "cascade.min_iou": (0.0, 0.0, 0.0, 0.0),
    "cascade.object_limit": ("share", "none", "share", "none"),
    "cascade.saliency_gain": (3.0, 1.0, 3.0, 0.0),
    "cascade.kept": ("best", "best", "best", "all"),
    "cascade.top_k": (None, 5, None, None),
    "cascade.denominator": ("count + 1", "count", "count + 1", "count"),
    "cascade.region_weight": (1.0, 1.0, 1.0, 1.0),
    "cascade.dense_weight": (0.0, 0.0, 0.0, 0.0),
    "cascade.image_score": ("maximum",) * 4,
}
"""What each profile does, typed from the publications; see `saa.profiles` for the reasons."""


@pytest.fixture
def recipe(tmp_path):
    """The recipe of a metal nut; `engines` is what the file says of the engine `foundation`."""

    def load(engines="", engine="foundation", mode=modes.SINGLE, **wanted):
        path = tmp_path / "metal_nut.yaml"
        path.write_text(PROMPT + (f"engines: {{foundation: {engines}}}\n" if engines else ""))
        return config.load(path, engine, mode, **wanted)

    return load


def flat(settings, at=""):
    """Settings by their dotted keys."""
    found = {}
    for key, value in settings.items():
        name = f"{at}.{key}" if at else key
        found |= flat(value, name) if isinstance(value, dict) else {name: value}
    return found


def of(recipe) -> dict[str, object]:
    return flat({key: recipe.as_dict()[key] for key in KEYS})


@pytest.mark.parametrize(("field", "wanted"), FIELDS.items())
def test_each_profile_has_the_published_values(recipe, field, wanted):
    assert tuple(of(recipe(profile=each)).get(field, ABSENT) for each in COLUMNS) == wanted


def test_no_profile_differs_from_another_in_a_field_that_is_not_pinned(recipe):
    found = {profile: of(recipe(profile=profile)) for profile in COLUMNS}
    for one, other in combinations(COLUMNS, 2):
        for field in {*found[one], *found[other]} - FIELDS.keys():
            if field in found[one] and field in found[other]:
                assert found[one][field] == found[other][field], field
            else:
                assert field in ("saliency.device", "saliency.precision"), field


@pytest.mark.parametrize("engine", ENGINES)
def test_a_profile_names_only_fields_that_there_are(recipe, engine):
    for name, profile in ENGINES[engine].profiles.items():
        resolved = recipe(engine=engine, profile=name).as_dict()
        for stage, fields in profile.items():
            found = flat(resolved[stage])
            for field, value in flat(fields).items():
                assert found[field] == value


def test_a_recipe_tells_its_profile_and_what_it_is_without(recipe):
    plain, released = recipe(), recipe(profile="released", without=["saliency", "language", "saliency"])
    assert (plain.profile, plain.without, plain.engine_name) == ("default", (), "foundation")
    assert (released.profile, released.without) == ("released", ("language", "saliency"))
    assert released.engine_name == "foundation (profile released, without language, without saliency)"
    assert released.as_dict()["without"] == ["language", "saliency"]


def test_a_file_chooses_a_profile_and_the_caller_another(recipe):
    assert recipe("{profile: paper}").profile == "paper"
    assert recipe("{profile: paper}").as_dict()["cascade"]["top_k"] == 5
    assert recipe("{profile: paper}", profile="released").profile == "released"
    assert recipe("{profile: paper}", profile="default").as_dict()["cascade"]["top_k"] is None


def test_what_a_file_says_goes_before_the_profile(recipe):
    text = "{profile: released, regions: {object_comma: false}, saliency: {single: {num_neighbours: 7}}}"
    found = of(recipe(text))
    assert found["regions.object_comma"] is False
    assert found["regions.object_underscores"] is True
    assert found["saliency.single.num_neighbours"] == 7
    assert found["saliency.single.neighbours"] == "farthest"
    assert found["saliency.halved"] is True


def test_a_plug_in_of_another_kind_takes_nothing_from_the_profile(recipe):
    found = of(recipe("{profile: released, saliency: {kind: self_similarity}, refiner: {kind: segments}}"))
    assert found["saliency.halved"] is False
    assert found["saliency.neighbours"] == "nearest"
    assert found["refiner.kind"] == "segments"


def test_settings_without_a_kind_are_those_of_the_profile_s_plug_in(recipe):
    text = "{saliency: {checkpoint: wide_resnet50_tv}}"
    for profile, kind in (("paper", "self_similarity"), ("released", "cross_instance")):
        found = of(recipe(text, profile=profile))
        assert (found["saliency.kind"], found["saliency.checkpoint"]) == (kind, "wide_resnet50_tv")
    assert of(recipe(text, profile="released"))["saliency.halved"] is True
    with pytest.raises(PromptError) as refused:
        recipe(text, profile="vanilla")
    assert str(refused.value) == (
        "engines.foundation.saliency: expected settings of none, which profile vanilla uses, got checkpoint; "
        "write the kind that they are of"
    )


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("language", {"language": "naive"}),
        ("property", {"area_rule": "none", "overlap_rule": "none", "object_limit": "none"}),
        ("saliency", {"saliency_gain": 0, "dense_weight": 0}),
        ("confidence", {"kept": "all"}),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_ablation_changes_its_part_of_the_cascade_and_nothing_else(recipe, engine, part, changed):
    for profile in ENGINES[engine].profiles.keys() - {*BASELINES}:
        whole = recipe(engine=engine, profile=profile).as_dict()
        cut = recipe(engine=engine, profile=profile, without=[part]).as_dict()
        assert cut["cascade"] == whole["cascade"] | changed
        for key in set(whole) - {"cascade", "without"}:
            assert cut[key] == whole[key]


def test_every_ablation_of_the_paper_is_there():
    assert list(ABLATIONS) == ["language", "property", "saliency", "confidence"]


def test_an_ablation_goes_before_what_the_file_says(recipe):
    text = "{cascade: {saliency_gain: 7}}"
    assert recipe(text, without=["saliency"]).as_dict()["cascade"]["saliency_gain"] == 0


def test_only_stages_that_see_images_are_in_use(recipe):
    assert "features" not in recipe().in_use()
    batch = recipe("{saliency: {kind: consensus}}")
    assert batch.in_use()["features"]["checkpoint"] == "wide_resnet50_racm"
    vanilla = recipe(profile="vanilla").in_use()
    assert {each.get("checkpoint") for each in vanilla.values()} == {"groundingdino_swint", "sam_vit_h", None}


def test_images_to_compare_are_refused_with_what_would_compare_them(recipe):
    advice = r"write engines: \{foundation: \{saliency: \{kind: consensus\}\}\} in the prompt file"
    with pytest.raises(ModelError, match=f"^saliency cross_instance: expected nothing but .*; {advice}$"):
        recipe().fit([])


def test_device_and_precision_of_an_engine_are_those_of_its_networks(recipe):
    found = of(recipe("{device: cuda, precision: bf16, saliency: {precision: fp32}}"))
    assert {found[f"{stage}.device"] for stage in ("regions", "refiner", "saliency", "features")} == {"cuda"}
    assert found["regions.precision"] == found["refiner.precision"] == "bf16"
    assert found["saliency.precision"] == "fp32"
    found = of(recipe("{device: cuda, refiner: {device: cpu}}", device="mps"))
    assert found["regions.device"] == "mps"
    assert found["refiner.device"] == "cpu"


@pytest.mark.parametrize(
    ("engine", "wanted", "message"),
    [
        (
            "embedded",
            {"profile": "released"},
            "profile of engine embedded: expected one of default, got 'released'; choose one of these; "
            "released is one of engine foundation",
        ),
        (
            "foundation",
            {"profile": "relased"},
            "profile of engine foundation: expected one of default, paper, released, vanilla, utad, clipseg, winclip, "
            "got 'relased'; did you mean 'released'?",
        ),
        (
            "foundation",
            {"without": ["saliency", "words"]},
            "without: expected one of language, property, saliency, confidence, got 'words'; choose one of these",
        ),
        (
            "foundation",
            {"device": "tpu"},
            "device: expected one of cpu, cuda, mps, got 'tpu'; did you mean 'cpu'?",
        ),
        (
            "embedded",
            {"device": "cuda"},
            "device: expected none for engine embedded, which runs no network, got cuda; leave it out",
        ),
    ],
)
def test_what_an_engine_does_not_have_is_refused_in_one_line(recipe, engine, wanted, message):
    with pytest.raises(PromptError) as refused:
        recipe(engine=engine, **wanted)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            "foundation: {profile: papr}",
            "2: engines.foundation.profile: expected one of default, paper, released, vanilla, utad, clipseg, "
            "winclip, got 'papr'; did you mean 'paper'?",
        ),
        (
            "foundation: {device: gpu}",
            "2: engines.foundation.device: must be 'cpu', 'cuda' or 'mps', got 'gpu'",
        ),
        ("embedded: {device: cpu}", "2: engines.embedded.device: unknown key"),
        (
            "foundation: {cascade: {top_k: 0}}",
            "2: engines.foundation.cascade.top_k: must be at least 1, got 0",
        ),
        (
            "foundation: {cascade: {top_k: many}}",
            "2: engines.foundation.cascade.top_k: must be a whole number, got 'many'",
        ),
    ],
)
def test_a_mistake_in_an_engine_s_options_is_told_with_its_line(tmp_path, block, message):
    path = tmp_path / "metal_nut.yaml"
    path.write_text(f"{PROMPT}engines: {{{block}}}\n")
    with pytest.raises(PromptError) as refused:
        config.load(path, "embedded")
    assert str(refused.value).startswith(f"{path}:{message}")
    assert "\n" not in str(refused.value)
