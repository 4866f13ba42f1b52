from __future__ import annotations

from collections import defaultdict

import pytest
from pydantic import ValidationError

from saa import modes, plugins, published_file
from saa.published_file import Figures, Published

TEXTURES, OBJECTS = 7, 22


@pytest.fixture(scope="module")
def known():
    return published_file.read()


def values(known, source, metric, **wanted):
    """Those of a source, by (method, what was left out, place)."""
    return {
        (each.method, each.without, each.category or each.mean_of): each.values[metric]
        for each in known.figures
        if each.source == source
        and metric in each.values
        and all(getattr(each, key) == value for key, value in wanted.items())
    }


def test_every_figure_is_of_a_metric_and_a_mode_there_is(known):
    metrics = {*plugins.kinds("metrics"), "max_f1_region", "max_f1_region_released", "best_iou"}
    assert {metric for each in known.figures for metric in each.values} <= metrics
    assert {each.mode for each in known.figures} == set(modes.MODES)


def test_every_place_is_a_category_of_a_data_set(known):
    places = {place for each in known.figures for place in known.categories(each)}
    data_sets = {place.partition("/")[0] for place in places}
    assert data_sets == {"mvtec", "visa", "ksdd2", "mtd"} <= set(plugins.kinds("datasets"))
    assert len(places) == 29
    assert {name: len(group) for name, group in known.groups.items()} == {
        "mvtec": 15, "visa": 12, "textures": TEXTURES, "objects": OBJECTS, "total": 29,
    }  # fmt: skip
    assert set(known.groups["textures"]) | set(known.groups["objects"]) == set(known.groups["total"])


def test_the_images_are_all_of_the_test_splits(known):
    assert sum(known.images["mvtec"].values()) == 1725
    assert sum(known.images["visa"].values()) == 2162
    assert known.images["mtd"] == {"mtd": 1344}


def test_no_figure_stands_twice(known):
    keys = [
        (each.method, each.source, each.category, each.mean_of, each.mode, each.without)
        for each in known.figures
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("metric", ["max_f1_pixel", "max_f1_region_released"])
@pytest.mark.parametrize("method", ["ClipSeg", "UTAD", "SAA", "SAA+"])
def test_the_means_of_a_table_are_those_of_its_parts(known, method, metric):
    found = values(known, "saa_plus", metric, method=method, without=())
    mean = {place: value for (_, _, place), value in found.items()}
    over_data_sets = 12 * mean["visa"] + 15 * mean["mvtec"] + mean["ksdd2/ksdd2"] + mean["mtd/mtd"]
    over_kinds = TEXTURES * mean["textures"] + OBJECTS * mean["objects"]
    assert over_data_sets / 29 == pytest.approx(mean["total"], abs=0.02)
    assert over_kinds / 29 == pytest.approx(mean["total"], abs=0.02)


def test_the_ablations_agree_with_their_totals_where_nothing_is_noted(known):
    for metric in ("max_f1_pixel", "max_f1_region_released"):
        rows = defaultdict(dict)
        for each in known.figures:
            if each.source == "saa_plus" and each.without and "mixed" not in each.notes:
                rows[each.without][each.mean_of] = each.values[metric]
        whole = [row for row in rows.values() if "total" in row]
        assert len(whole) == 4
        for row in whole:
            over_kinds = (TEXTURES * row["textures"] + OBJECTS * row["objects"]) / 29
            assert over_kinds == pytest.approx(row["total"], abs=0.02)


@pytest.mark.parametrize("data_set", ["mvtec", "visa"])
def test_the_means_of_the_independent_run_are_those_of_its_categories(known, data_set):
    run = [each for each in known.figures if each.source == "rerun"]
    (mean,) = (each for each in run if each.mean_of == data_set)
    every = [each for each in run if each.category.startswith(f"{data_set}/")]
    assert [each.category for each in every] == list(known.groups[data_set])
    for metric in every[0].values:
        of_categories = sum(each.values[metric] for each in every) / len(every)
        assert of_categories == pytest.approx(mean.values[metric], abs=0.006), metric


def test_the_independent_run_is_no_authors_run(known):
    assert {each.by for each in known.figures if each.source == "rerun"} == {"independent"}
    assert {each.by for each in known.figures if each.method == "SAA+" and each.source == "saa_plus"} == {
        "authors"
    }


def test_figures_of_ksdd2_say_that_they_are_of_the_training_split(known):
    found = [each for each in known.figures if each.category == "ksdd2/ksdd2" and each.source == "saa_plus"]
    assert len(found) == 4
    assert {(each.split, known.num_images(each, each.category)) for each in found} == {("train", 2331)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean_of": "mvtec"}, "SAA: expected a category or a mean, got both or neither"),
        ({"values": {"aupro": 120.0}}, "SAA: aupro: expected a percentage, got 120"),
        ({"protocol": "400"}, "protocol"),
        ({"by": "somebody"}, "by"),
        ({"value": 3}, "Extra inputs are not permitted"),
    ],
)
def test_a_mistake_in_an_entry_is_refused(change, message):
    entry = {"method": "SAA", "source": "a", "by": "authors", "category": "mtd/mtd", "values": {"aupro": 3.0}}
    Figures.model_validate(entry)
    with pytest.raises(ValidationError, match=message):
        Figures.model_validate({**entry, **change})


def test_an_unknown_key_is_refused(known):
    content = known.model_dump()
    content["figures"] = [{**content["figures"][0], "source": "hearsay", "notes": ["rumour"]}]
    with pytest.raises(ValidationError, match="expected known keys, got hearsay, rumour"):
        Published.model_validate(content)
