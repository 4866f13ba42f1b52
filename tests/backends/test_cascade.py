from __future__ import annotations

import numpy as np
import pytest
from scripted_stages import Scene, ScriptedSaliency, regions

from saa.backends.cascade import Config
from saa.prompts import ProductPrompt
from saa.types import Regions, Salience

SIZE = (4, 5)
ALL = (slice(None), slice(None))
PART = ("part", 1.0, (slice(0, 4), slice(0, 4)))
ZEROS, ONES = np.zeros(SIZE, np.float32), np.ones(SIZE, np.float32)


def at(rows: int | slice, columns: int | slice) -> tuple:
    return rows, columns


def prompt(**sections) -> ProductPrompt:
    """Every rule loose, no recalibration, unless said otherwise."""
    loose = {
        "object": {"phrase": "part"},
        "rules": {"max_area_ratio": 1, "min_overlap_ratio": 0},
        "saliency": {"gain": 0},
    }
    return ProductPrompt.model_validate(loose | sections)


@pytest.fixture
def inspect():
    """Inspects a scene; settings are those of the cascade."""

    def run(objects=(), flaws=(), *, saliency=ZEROS, evidence=None, asked=None, **settings):
        scene = Scene(regions(SIZE, *objects), regions(SIZE, *flaws), saliency, evidence)
        inspector = Config(**settings).build(asked or prompt(), **scene.stages())
        return inspector.inspect(scene.image())

    return run


def test_nothing_found_and_no_dense_weight_give_zeros(inspect):
    found = inspect(saliency=ONES)
    np.testing.assert_array_equal(found.anomaly_map, ZEROS)
    assert found.score == 0
    assert len(found.regions) == 0
    assert found.regions.size == SIZE


def test_nothing_found_leaves_the_dense_part(inspect):
    saliency = np.linspace(0, 1, 20, dtype=np.float32).reshape(SIZE)
    evidence = ZEROS.copy()
    evidence[0] = 1
    found = inspect(saliency=saliency, evidence=evidence, dense_weight=2.0, evidence_floor=0.5)
    expected = saliency.copy()
    expected[0] *= 2
    np.testing.assert_allclose(found.anomaly_map, expected, rtol=1e-6)
    np.testing.assert_array_equal(found.saliency, saliency)


def test_two_regions_on_an_object_give_the_map_worked_out_by_hand(inspect):
    saliency = ZEROS.copy()
    saliency[0, 0:2] = np.log(2)
    found = inspect(
        [PART],
        [("crack", 0.5, at(0, slice(0, 2))), ("hole", 0.4, at(slice(1, 3), slice(1, 3)))],
        saliency=saliency,
        asked=prompt(saliency={"gain": 1}),
    )
    expected = np.array(
        [
            [1.0, 1.0, 0.0, 0.0, 0.0],
            [0.0, 0.4, 0.4, 0.0, 0.0],
            [0.0, 0.4, 0.4, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0],
        ]
    )
    np.testing.assert_allclose(found.anomaly_map, expected, rtol=1e-6)
    assert found.regions.phrases == ("crack", "hole")
    np.testing.assert_allclose(found.regions.scores, [1.0, 0.4], rtol=1e-6)
    assert found.score == pytest.approx(1.0)


def test_regions_and_dense_map_are_weighed_and_added(inspect):
    flaws = [("crack", 0.5, at(0, slice(0, 2))), ("hole", 0.3, at(slice(0, 2), 1))]
    saliency, evidence = np.full(SIZE, 0.5, np.float32), ZEROS.copy()
    evidence[3] = 1
    weights = {"region_weight": 2.0, "dense_weight": 0.5, "evidence_floor": 0.2}
    found = inspect([PART], flaws, saliency=saliency, evidence=evidence, denominator="count + 1", **weights)
    expected = np.full(SIZE, 0.5 * 0.5 * 0.2)
    expected[3] = 0.5 * 0.5
    expected[0, 0] += 2 * 0.5 / 2
    expected[0, 1] += 2 * 0.8 / 3
    expected[1, 1] += 2 * 0.3 / 2
    np.testing.assert_allclose(found.anomaly_map, expected, rtol=1e-6)


def test_no_region_weight_leaves_the_dense_map_alone(inspect):
    found = inspect(
        flaws=[("crack", 1.0, ALL)], saliency=ONES, evidence=ONES, region_weight=0.0, dense_weight=1.0
    )
    np.testing.assert_array_equal(found.anomaly_map, ONES)
    assert found.regions.phrases == ("crack",)


def test_without_a_dense_weight_the_grounder_is_not_asked(inspect):
    inspect([PART], [("crack", 0.5, at(0, 0))], saliency=ONES, evidence=None)
    with pytest.raises(AssertionError, match="nobody wants a dense map"):
        inspect(saliency=ONES, evidence=None, dense_weight=0.1)


def test_an_object_that_fills_the_image_keeps_its_flaws(inspect):
    found = inspect([("part", 1.0, ALL)], [("crack", 0.5, at(0, 0))])
    expected = ZEROS.copy()
    expected[0, 0] = 0.5
    np.testing.assert_array_equal(found.anomaly_map, expected)


def test_a_flaw_as_large_as_its_object_is_dropped(inspect):
    rules = prompt(rules={"max_area_ratio": 0.9, "min_overlap_ratio": 0})
    flaws = [("crack", 0.9, PART[2]), ("hole", 0.5, at(0, 0))]
    assert inspect([PART], flaws, asked=rules).regions.phrases == ("hole",)


def test_no_object_means_the_image_sets_the_area_rule(inspect):
    flaws = [("crack", 0.9, at(slice(0, 2), slice(None))), ("hole", 0.8, at(slice(0, 3), slice(None)))]
    rules = prompt(rules={"max_area_ratio": 0.5})
    assert inspect([], flaws, asked=rules).regions.phrases == ("crack",)


def test_a_flaw_off_the_object_is_dropped(inspect):
    flaws = [("crack", 0.9, at(slice(None), 4)), ("hole", 0.5, at(0, slice(3, 5)))]
    assert inspect(
        [PART], flaws, asked=prompt(rules={"max_area_ratio": 1, "min_overlap_ratio": 0.5})
    ).regions.phrases == ("hole",)


def test_a_flaw_too_small_is_dropped(inspect):
    flaws = [("crack", 0.9, at(0, 0)), ("hole", 0.5, at(0, slice(0, 2)))]
    rules = prompt(rules={"max_area_ratio": 1, "min_area_ratio": 0.1, "min_overlap_ratio": 0})
    assert inspect([PART], flaws, asked=rules).regions.phrases == ("hole",)


def test_a_flaw_called_by_a_rejected_word_is_dropped(inspect):
    flaws = [("metal nut", 0.9, at(0, 0)), ("hazelnut", 0.5, at(1, 1))]
    assert inspect([PART], flaws, asked=prompt(reject=["nut"])).regions.phrases == ("hazelnut",)


def test_the_object_itself_is_never_a_region(inspect):
    found = inspect([PART], [])
    assert len(found.regions) == 0
    np.testing.assert_array_equal(found.anomaly_map, ZEROS)


def test_only_the_best_regions_make_the_map(inspect):
    flaws = [("a", 0.1, at(0, 0)), ("b", 0.9, at(1, 1)), ("c", 0.5, at(2, 2)), ("d", 0.7, at(3, 3))]
    found = inspect([PART], flaws, asked=prompt(confidence={"top_k": 2}))
    assert found.regions.phrases == ("b", "d")
    expected = ZEROS.copy()
    expected[1, 1], expected[3, 3] = 0.9, 0.7
    np.testing.assert_array_equal(found.anomaly_map, expected)


def test_the_best_are_chosen_after_recalibration(inspect):
    saliency = ZEROS.copy()
    saliency[0, 0] = 1
    flaws = [("a", 0.5, at(0, 0)), ("b", 0.9, at(1, 1))]
    asked = prompt(confidence={"top_k": 1}, saliency={"gain": 1})
    found = inspect([PART], flaws, saliency=saliency, asked=asked)
    assert found.regions.phrases == ("a",)
    assert found.regions.scores[0] == pytest.approx(0.5 * np.e)


def test_the_cascade_s_own_gain_multiplies_the_prompt_s(inspect):
    saliency = np.full(SIZE, np.log(2) / 6, np.float32)
    asked, flaws = prompt(saliency={"gain": 2}), [("a", 0.25, at(0, 0))]
    found = inspect([PART], flaws, saliency=saliency, asked=asked, saliency_gain=3.0)
    assert found.regions.scores[0] == pytest.approx(0.5)
    alone = inspect([PART], flaws, saliency=saliency, asked=prompt(), saliency_gain=3.0)
    assert alone.regions.scores[0] == 0.25


def test_implausible_regions_take_no_place_among_the_best(inspect):
    flaws = [("nut", 0.9, at(0, 0)), ("hole", 0.5, at(1, 1))]
    asked = prompt(confidence={"top_k": 1}, reject=["nut"])
    assert inspect([PART], flaws, asked=asked).regions.phrases == ("hole",)


def test_the_image_score_is_the_mean_of_the_highest_pixels_less_the_median(inspect):
    flaws = [("a", 0.8, at(0, 0)), ("b", 0.4, at(1, 1))]
    assert inspect([PART], flaws, top_ratio=0.01).score == pytest.approx(0.8)
    assert inspect([PART], flaws, top_ratio=0.1).score == pytest.approx(0.6)
    assert inspect([PART], flaws, top_ratio=0.5).score == pytest.approx(1.2 / 10)


def test_saliency_is_told_the_objects_and_not_the_flaws(inspect):
    class Listening:
        heard: Regions

        def saliency(self, frame, objects):
            self.heard = objects
            return Salience(ZEROS)

    scene = Scene(regions(SIZE, PART), regions(SIZE, ("crack", 0.5, at(0, 0))), ZEROS)
    listening = Listening()
    Config().build(prompt(), **{**scene.stages(), "saliency": listening}).inspect(scene.image())
    assert listening.heard.phrases == ("part",)
    np.testing.assert_array_equal(listening.heard.masks, scene.objects.masks)


def test_the_generator_is_asked_for_the_object_and_for_every_caption():
    asked = []

    class Listening:
        one_by_one = False

        def propose(self, frame, captions):
            asked.append([tuple(caption) for caption in captions])
            return scene.stages()["generator"].propose(frame, captions)

    scene = Scene(regions(SIZE), regions(SIZE), ZEROS)
    words = prompt(defects={"captions": ["crack", ["hole", "cut"]], "class_agnostic": False})
    Config().build(words, **{**scene.stages(), "generator": Listening()}).inspect(scene.image())
    assert asked == [[("part",)], [("crack",), ("hole", "cut")]]


def test_what_stands_out_is_known_before_defects_are_proposed_and_refined():
    asked = []

    class Listening:
        one_by_one = False

        def propose(self, frame, captions):
            asked.append(("propose", frame.saliency))
            return scene.stages()["generator"].propose(frame, captions)

        def refine(self, frame, proposals):
            asked.append(("refine", frame.saliency))
            return scene.stages()["refiner"].refine(frame, proposals)

    scene = Scene(regions(SIZE, PART), regions(SIZE, ("crack", 0.5, at(0, 0))), ONES)
    stages = {**scene.stages(), "generator": Listening(), "refiner": Listening()}
    Config().build(prompt(), **stages).inspect(scene.image())
    assert [verb for verb, _ in asked] == ["propose", "refine", "propose", "refine"]
    assert [saliency is None for _, saliency in asked] == [True, True, False, False]
    np.testing.assert_array_equal(asked[-1][1], ONES)


def test_what_was_encoded_for_the_objects_serves_the_defects_and_the_words_too():
    encoded = []

    class Looking:
        def propose(self, frame, captions):
            frame.encoded(look)
            return scene.stages()["generator"].propose(frame, captions)

        def ground(self, frame, captions):
            frame.encoded(look)
            return ONES

    def look(image):
        encoded.append(image)
        return len(encoded)

    scene = Scene(regions(SIZE, PART), regions(SIZE), ONES)
    stages = {**scene.stages(), "generator": Looking(), "grounder": Looking()}
    Config(dense_weight=1).build(prompt(), **stages).inspect(scene.image())
    assert len(encoded) == 1


def test_the_weighted_terms_of_the_map_are_told(inspect):
    flaws, saliency = [("crack", 0.5, at(0, slice(0, 2)))], np.full(SIZE, 0.5, np.float32)
    weights = {"region_weight": 3.0, "dense_weight": 0.5}
    found = inspect(flaws=flaws, saliency=saliency, evidence=ONES, **weights)
    assert list(found.parts) == ["regions", "dense"]
    expected = ZEROS.copy()
    expected[0, :2] = 1.5
    np.testing.assert_array_equal(found.parts["regions"], expected)
    np.testing.assert_array_equal(found.parts["dense"], np.full(SIZE, 0.25))


def test_a_term_without_weight_is_zero(inspect):
    found = inspect(flaws=[("crack", 0.5, at(0, 0))], saliency=ONES, evidence=ONES, region_weight=0)
    np.testing.assert_array_equal(found.parts["regions"], ZEROS)
    np.testing.assert_array_equal(found.parts["dense"], ZEROS)


def test_notes_of_the_saliency_are_those_of_the_answer():
    scene = Scene(regions(SIZE), regions(SIZE), ZEROS)
    stages = {**scene.stages(), "saliency": ScriptedSaliency(ZEROS, ("lies upside down",))}
    assert Config().build(prompt(), **stages).inspect(scene.image()).notes == ("lies upside down",)
    assert Config().build(prompt(), **scene.stages()).inspect(scene.image()).notes == ()


@pytest.mark.parametrize("wrong", [{"kind": "cascade", "dense": 1}, {"dense_weight": -1}, {"top_ratio": 0}])
def test_settings_out_of_bounds_or_unknown_are_refused(wrong):
    with pytest.raises(ValueError, match="validation error"):
        Config.model_validate(wrong)
