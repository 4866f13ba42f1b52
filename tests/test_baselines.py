"""The baselines: profiles of the engine `foundation` whose dense answer alone is the map."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import tiny_baselines
import tiny_wide_resnet
import torch
from street import street

from saa import config
from saa.engine_settings import KEYS
from saa.engines import ENGINES
from saa.errors import PromptError
from saa.foundation.wide_resnet import architecture
from saa.profiles import ABLATIONS, BASELINES
from saa.types import Frame

ABSENT = "-"
FIELDS = {
    "regions.kind": ("nothing",) * 3,
    "refiner.kind": ("boxes",) * 3,
    "saliency.kind": ("self_similarity", "uniform", "uniform"),
    "saliency.checkpoint": ("wide_resnet50_racm", ABSENT, ABSENT),
    "saliency.colours": ("rgb", ABSENT, ABSENT),
    "saliency.shrinking": ("area", ABSENT, ABSENT),
    "saliency.size_px": (256, ABSENT, ABSENT),
    "saliency.neighbours": ("nearest", ABSENT, ABSENT),
    "saliency.num_neighbours": (400, ABSENT, ABSENT),
    "saliency.compared": ("picture", ABSENT, ABSENT),
    "saliency.halved": (False, ABSENT, ABSENT),
    "saliency.device": ("cpu", ABSENT, ABSENT),
    "saliency.precision": ("fp32", ABSENT, ABSENT),
    "grounder.kind": ("uniform", "clipseg", "winclip"),
    "grounder.checkpoint": (ABSENT, "clipseg_rd64_refined", "clip_vit_b16_plus_240"),
    "grounder.side_px": (ABSENT, 352, ABSENT),
    "grounder.templates": (ABSENT, ["{}"], ABSENT),
    "grounder.arithmetic": (ABSENT, "fast", ABSENT),
    "grounder.scales": (ABSENT, ABSENT, [2, 3]),
    "grounder.temperature": (ABSENT, ABSENT, 0.07),
    "grounder.device": (ABSENT, "cpu", "cpu"),
    "grounder.precision": (ABSENT, ABSENT, "fp32"),
    "cascade.language": ("prompt",) * 3,
    "cascade.reject_rule": ("none",) * 3,
    "cascade.area_rule": ("none",) * 3,
    "cascade.overlap_rule": ("none",) * 3,
    "cascade.object_limit": ("none",) * 3,
    "cascade.saliency_gain": (0.0,) * 3,
    "cascade.dense_weight": (1.0,) * 3,
    "cascade.evidence_floor": (0.0,) * 3,
    "cascade.image_score": ("maximum", "maximum", "words"),
}
"""What each baseline does, typed from the publications; see `saa.profiles` for the reasons."""


@pytest.fixture
def recipe(tmp_path):
    """The recipe of a metal nut with a profile; `engines` is what the file says of the engine besides."""

    def load(profile, engines="", **wanted):
        path = tmp_path / "metal_nut.yaml"
        block = f"engines: {{foundation: {engines}}}\n" if engines else ""
        path.write_text("object: {phrase: metal nut}\n" + block)
        return config.load(path, "foundation", profile=profile, **wanted)

    return load


def of(recipe):
    """Settings by their dotted keys."""
    resolved = recipe.as_dict()
    return {f"{stage}.{field}": value for stage in KEYS for field, value in resolved[stage].items()}


@pytest.mark.parametrize(("field", "wanted"), FIELDS.items())
def test_each_baseline_has_the_published_values(recipe, field, wanted):
    assert tuple(of(recipe(each)).get(field, ABSENT) for each in BASELINES) == wanted


def test_no_baseline_differs_from_another_in_a_field_that_is_not_pinned(recipe):
    found = {profile: of(recipe(profile)) for profile in BASELINES}
    for one, other in combinations(BASELINES, 2):
        for field in {*found[one], *found[other]} - FIELDS.keys():
            assert found[one].get(field) == found[other].get(field), field


def test_baselines_are_profiles():
    assert {*BASELINES} < ENGINES["foundation"].profiles.keys()


@pytest.mark.parametrize("profile", BASELINES)
def test_a_baseline_asks_for_its_own_checkpoint_and_no_other(recipe, profile):
    named = {each.get("checkpoint") for each in recipe(profile).in_use().values()}
    assert named - {None} == {tiny_baselines.CHECKPOINTS[profile]}


@pytest.mark.parametrize("part", ABLATIONS)
@pytest.mark.parametrize("profile", BASELINES)
def test_nothing_can_be_left_out_of_a_baseline(recipe, profile, part):
    with pytest.raises(PromptError) as refused:
        recipe(profile, without=[part])
    assert str(refused.value) == (
        f"without: expected none with profile {profile}, a method that has no such part, got {part}; leave it out"
    )


def test_nothing_can_be_left_out_of_a_baseline_that_the_file_names(recipe):
    with pytest.raises(
        PromptError, match=r"^without: expected none with profile utad, .* got language, saliency;"
    ):
        recipe(None, "{profile: utad}", without=["saliency", "language"])


def test_device_and_precision_are_those_of_the_networks(recipe):
    assert of(recipe("winclip", "{precision: bf16}", device="cuda"))["grounder.device"] == "cuda"
    assert of(recipe("winclip", "{precision: bf16}"))["grounder.precision"] == "bf16"
    assert of(recipe("clipseg", device="cuda"))["grounder.device"] == "cuda"
    assert of(recipe("utad", device="cuda"))["saliency.device"] == "cuda"


def test_an_image_s_score_is_asked_only_of_grounders_that_have_one(recipe):
    asked = recipe("clipseg", "{cascade: {image_score: words}}")
    with pytest.raises(PromptError) as refused:
        asked.check()
    assert str(refused.value) == (
        "cascade.image_score: expected top or maximum with a grounder that tells of places alone, got words; "
        "write one of these, or grounder: {kind: winclip}"
    )


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """A folder with small checkpoints, not yet recorded."""
    folder = tmp_path_factory.mktemp("checkpoints")
    tiny_baselines.write(folder)
    return folder


@pytest.fixture
def inspector(checkpoints, tmp_path):
    """Builds a baseline; no other checkpoint is there."""

    def build(profile, **engine):
        tiny_baselines.record(checkpoints, profile)
        return config.load(
            tiny_baselines.prompt(tmp_path / "nut.yaml", profile, **engine), "foundation"
        ).build()

    return build


SIZES = ((70, 90), (1, 1), (1, 200), (200, 1), (2, 3))


@pytest.mark.parametrize("profile", BASELINES)
def test_any_picture_gets_a_map_of_its_size_without_regions_and_the_same_one_again(inspector, profile):
    built = inspector(profile)
    pictures = [np.full((33, 47, 3), 128, np.uint8), *(street(*size) for size in SIZES)]
    for image in pictures:
        found, again = built.inspect(image), built.inspect(image)
        assert (len(found.regions), found.notes) == (0, ())
        assert (found.anomaly_map.shape, found.anomaly_map.dtype) == (image.shape[:2], np.float32)
        assert ((found.anomaly_map >= 0) & (found.anomaly_map <= 1)).all()
        assert 0 <= found.score <= 1
        assert found.parts["regions"].max() == 0
        np.testing.assert_array_equal(found.parts["dense"], found.anomaly_map)
        np.testing.assert_array_equal(again.anomaly_map, found.anomaly_map)
        assert again.score == found.score
    assert np.ptp(built.inspect(pictures[1]).anomaly_map) > 0.01


@pytest.mark.parametrize("profile", ["clipseg", "winclip"])
def test_the_map_is_what_the_grounder_says(inspector, profile):
    built, image = inspector(profile), street(70, 90)
    captions = built.prompt.captions()
    assert {"scratch", "dark hole", "defect on metal nut"} < {phrase for each in captions for phrase in each}
    expected = built.grounder.ground(Frame(image), captions)
    np.testing.assert_array_equal(built.inspect(image).anomaly_map, expected)


def test_scores_are_the_highest_place_s_but_winclip_s_is_the_whole_image_s(inspector):
    image = street(70, 90)
    for profile in ("utad", "clipseg"):
        found = inspector(profile).inspect(image)
        assert found.score == found.anomaly_map.max()
    winclip = inspector("winclip")
    assert winclip.inspect(image).score == winclip.grounder.judge(Frame(image), ())


def test_utad_is_the_mean_cosine_distance_of_each_place_to_its_nearest_ones(inspector):
    """On a network given the standardised image as it is; every place is compared with every other one by one."""
    image, side, count = street(96, 96), 96, 50
    found = inspector("utad", saliency={"size_px": side, "num_neighbours": count}).inspect(image).anomaly_map
    network = tiny_wide_resnet.shuffled(architecture())
    colours = (image / np.array(255.0) - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    with torch.inference_mode():
        levels = network(torch.from_numpy(colours).float().permute(2, 0, 1)[None])
    grids = [torch.nn.functional.interpolate(level, (24, 24), mode="nearest")[0].double() for level in levels]
    places = torch.cat(grids).flatten(1).T.numpy()
    unit = places / np.linalg.norm(places, axis=1, keepdims=True)
    means = [np.sort(1 - unit @ place)[:count].mean() for place in unit]
    grid = torch.tensor(means).view(1, 1, 24, 24)
    expected = torch.nn.functional.interpolate(grid, (side, side), mode="bilinear")[0, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(found) > 0.01
