"""What the cascade asks, and which regions it believes, by its settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scripted_stages import Scene, ScriptedSaliency, regions

from saa.backends.cascade import Config
from saa.ops import boxes
from saa.prompts import ProductPrompt
from saa.types import Proposals

SIZE = (4, 5)
ZEROS = np.zeros(SIZE, np.float32)
PART = ("part", 1.0, (slice(0, 4), slice(0, 4)))
PROMPT = ProductPrompt.model_validate(
    {
        "object": {"phrase": "metal nut", "name": "nut_3"},
        "defects": {"captions": ["scratch", ["crack", "hole"]]},
        "reject": ["nut"],
        "rules": {"max_area_ratio": 1, "min_overlap_ratio": 0},
        "saliency": {"gain": 0},
    }
)
AGNOSTIC = (("defect on metal nut",), ("damage on metal nut",), ("flaw on metal nut",))
NAMED = (("defect on nut_3",), ("damage on nut_3",), ("flaw on nut_3",))
OWN = (("scratch",), ("crack", "hole"))


@dataclass
class Noting:
    """Answers each of the captions it is asked with the same flaws; keeps what it was asked."""

    scene: Scene
    asked: list[tuple[tuple[str, ...], ...]]

    def propose(self, frame, captions) -> Proposals:
        self.asked.append(tuple(captions))
        found = self.scene.objects if captions == [(self.scene.object_phrase,)] else self.scene.flaws
        return Proposals(boxes.of_masks(found.masks), found.scores, found.phrases)


@pytest.fixture
def inspect():
    """Inspects a scene; returns the inspection, and what the generator was asked."""

    def run(objects=(PART,), flaws=(), *, prompt=PROMPT, saliency=ZEROS, needs_objects=True, **settings):
        scene = Scene(
            regions(SIZE, *objects), regions(SIZE, *flaws), saliency, object_phrase=prompt.object.phrase
        )
        stages = scene.stages()
        stages["generator"] = Noting(scene, [])
        stages["saliency"] = ScriptedSaliency(saliency, needs_objects=needs_objects)
        inspector = Config(**settings).build(prompt, **stages)
        return inspector.inspect(scene.image()), stages["generator"].asked

    return run


def flaw(phrase, rows=slice(0, 2), columns=slice(0, 2), score=0.5):
    return phrase, score, (rows, columns)


def phrases(inspected) -> tuple[str, ...]:
    return inspected[0].regions.phrases


def rule(**rules) -> ProductPrompt:
    return PROMPT.model_copy(update={"rules": PROMPT.rules.model_copy(update=rules)})


def test_the_captions_of_the_file_are_asked_at_once_after_the_object(inspect):
    _, asked = inspect()
    assert asked == [(("metal nut",),), AGNOSTIC + OWN]


def test_released_captions_name_the_object_as_the_data_set_does_and_stand_apart_from_the_file_s(inspect):
    _, asked = inspect(language="released")
    assert asked == [(("metal nut",),), NAMED, OWN]


def test_the_naive_caption_knows_nothing_of_the_product(inspect):
    found = inspect(flaws=[flaw("nut")], language="naive")
    assert found[1] == [(("metal nut",),), (("defect",),)]
    assert phrases(found) == ("nut",)


def test_released_class_agnostic_answers_must_not_be_called_by_the_name_and_the_others_by_reject(inspect):
    flaws = [flaw("nut_3", score=0.9), flaw("scratch nut", score=0.8), flaw("hole", score=0.7)]
    found = inspect(flaws=flaws, language="released", reject_rule="letters", kept="all")
    assert phrases(found) == ("scratch nut", "hole", "hole")


def test_words_reject_whole_words_letters_parts_and_without_a_rule_all_pass(inspect):
    flaws = [flaw("metal nut", score=0.9), flaw("hazelnut", score=0.8), flaw("hole", score=0.7)]
    assert phrases(inspect(flaws=flaws)) == ("hazelnut", "hole")
    assert phrases(inspect(flaws=flaws, reject_rule="letters")) == ("hole",)
    assert phrases(inspect(flaws=flaws, reject_rule="none")) == ("metal nut", "hazelnut", "hole")


def test_a_rule_on_boxes_compares_boxes_and_excludes_its_bound(inspect):
    diagonal = ("diagonal", 0.9, (np.array([0, 1]), np.array([0, 1])))  # two pixels in a box of four
    flaws = [diagonal, flaw("line", slice(0, 1), slice(0, 3))]
    prompt = rule(max_area_ratio=0.25)
    assert phrases(inspect(flaws=flaws, prompt=prompt)) == ("diagonal", "line")
    assert phrases(inspect(flaws=flaws, prompt=prompt, area_rule="box", overlap_rule="none")) == ("line",)
    larger = rule(max_area_ratio=0.26)
    assert phrases(inspect(flaws=flaws, prompt=larger, area_rule="box")) == ("diagonal", "line")


def test_without_an_object_a_rule_on_boxes_takes_the_image(inspect):
    flaws = [flaw("square"), flaw("half", slice(0, 2), slice(0, 5))]
    settings = {"prompt": rule(max_area_ratio=0.5), "area_rule": "box", "overlap_rule": "none"}
    assert phrases(inspect((), flaws, **settings)) == ("square",)


def test_an_object_whose_box_has_no_area_is_none(inspect):
    empty = ("metal nut", 0.9, (slice(0, 0), slice(0, 0)))
    settings = {"prompt": rule(max_area_ratio=0.5), "area_rule": "box", "overlap_rule": "none"}
    assert phrases(inspect([empty], [flaw("square")], **settings)) == ("square",)


def test_several_objects_in_one_are_none_where_the_objects_are_limited(inspect):
    whole = ("part", 1.0, (slice(0, 4), slice(0, 5)))
    corner = ("part", 0.5, (slice(0, 2), slice(0, 2)))
    two = rule(max_area_ratio=0.5).model_copy(
        update={"object": PROMPT.object.model_copy(update={"count": 2})}
    )
    flaws = [flaw("line", slice(0, 1), slice(0, 4))]
    for area_rule in ("mask", "box"):
        settings = {"prompt": two, "area_rule": area_rule, "overlap_rule": "none"}
        assert phrases(inspect([whole, corner], flaws, **settings)) == ("line",)
        assert phrases(inspect([whole, corner], flaws, object_limit="share", **settings)) == ()


def test_an_object_may_fill_the_picture_for_a_rule_on_masks_and_not_for_one_on_boxes(inspect):
    whole = ("part", 1.0, (slice(0, 4), slice(0, 5)))
    half = ("part", 0.5, (slice(0, 2), slice(0, 5)))
    flaws = [flaw("line", slice(0, 1), slice(0, 4))]
    settings = {"prompt": rule(max_area_ratio=0.3), "object_limit": "share", "overlap_rule": "none"}
    assert phrases(inspect([whole, half], flaws, **settings)) == ("line",)
    assert phrases(inspect([whole, half], flaws, area_rule="box", **settings)) == ()


def test_the_iou_rule_asks_for_a_region_that_meets_the_object(inspect):
    flaws = [flaw("on it", score=0.9), flaw("off it", slice(0, 4), slice(4, 5))]
    assert phrases(inspect(flaws=flaws, overlap_rule="iou")) == ("on it",)
    assert phrases(inspect(flaws=flaws, overlap_rule="iou", min_iou=0.25)) == ()
    assert phrases(inspect(flaws=flaws, overlap_rule="none")) == ("on it", "off it")


def test_a_number_of_its_own_or_all_are_kept_whatever_the_file_says(inspect):
    one = PROMPT.model_copy(update={"confidence": PROMPT.confidence.model_copy(update={"top_k": 1})})
    flaws = [flaw("a", score=0.3), flaw("b", score=0.2), flaw("c", score=0.1)]
    assert phrases(inspect(flaws=flaws, prompt=one)) == ("a",)
    assert phrases(inspect(flaws=flaws, prompt=one, top_k=2)) == ("a", "b")
    assert phrases(inspect(flaws=flaws, prompt=one, kept="all")) == ("a", "b", "c")


def test_the_image_s_score_may_be_the_highest_pixel(inspect):
    found, _ = inspect(flaws=[flaw("a", score=0.4)], image_score="maximum")
    assert found.score == pytest.approx(0.4)


def test_nobody_looks_for_objects_on_which_nothing_depends(inspect):
    free = {"area_rule": "none", "overlap_rule": "none"}
    _, asked = inspect(needs_objects=False, **free)
    assert asked == [AGNOSTIC + OWN]
    for settings in (free, {"area_rule": "box", "overlap_rule": "none", "needs_objects": False}):
        _, asked = inspect(**settings)
        assert asked[0] == (("metal nut",),)


@pytest.mark.parametrize("area_rule", ["mask", "box"])
def test_regions_that_are_refined_best_first_give_what_all_at_once_give(area_rule):
    random = np.random.default_rng(3)
    drawn = []
    for number in range(60):
        y, x = random.integers(0, 3), random.integers(0, 4)
        drawn.append(flaw(f"flaw {number}", slice(y, y + 2), slice(x, x + 1 + number % 2), random.random()))
    saliency = random.random(SIZE).astype(np.float32)
    prompt = rule(max_area_ratio=0.2, min_overlap_ratio=0.5).model_copy(
        update={"saliency": PROMPT.saliency.model_copy(update={"gain": 1.0})}
    )
    scene = Scene(regions(SIZE, PART), regions(SIZE, *drawn), saliency, object_phrase="metal nut")
    answers, refined = [], []
    for one_by_one in (False, True):
        stages = scene.stages()
        refiner = replace(stages["refiner"], one_by_one=one_by_one, asked=[])
        stages["refiner"] = refiner
        inspector = Config(area_rule=area_rule).build(prompt, **stages)
        answers.append(inspector.inspect(scene.image()))
        refined.append(sum(refiner.asked))
    assert answers[0].regions.phrases == answers[1].regions.phrases
    np.testing.assert_array_equal(answers[0].anomaly_map, answers[1].anomaly_map)
    assert len(answers[0].regions) == 5
    assert refined[1] < 0.6 * refined[0]
