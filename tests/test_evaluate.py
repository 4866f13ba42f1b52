from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from saa import metrics_file, plugins, tables
from saa.errors import RunError
from saa.evaluate import evaluate
from saa.ops.curves import Score


def pooled(run, product, size=None):
    """All scores and labels of a product's pixels, resized the obvious way."""
    scores, labels = [], []
    for (owner, name), anomaly_map in run.maps.items():
        if owner == product:
            mask = run.masks.get((owner, name), np.zeros(anomaly_map.shape, bool)).astype(np.uint8)
            if size:
                anomaly_map = cv2.resize(anomaly_map, size[::-1], interpolation=cv2.INTER_CUBIC)
                mask = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST)
            scores.append(anomaly_map.ravel())
            labels.append(mask.ravel() > 0)
    return np.concatenate(scores), np.concatenate(labels)


def not_of_roads(kind):
    return getattr(plugins.load("metrics", kind), "ONLY", "parts") == "parts"


def sklearn_max_f1(scores, labels):
    precision, recall, _ = sklearn_metrics.precision_recall_curve(labels, scores)
    return np.max(2 * precision * recall / np.maximum(precision + recall, 1e-300))


@pytest.mark.parametrize(
    ("protocol", "size"), [("released", (400, 400)), ("native", None), ("24x50", (24, 50))]
)
def test_pixel_figures_equal_scikit_learn_on_the_saved_maps(small_run, protocol, size):
    found = evaluate(small_run.save(), protocol=protocol)
    scores, labels = pooled(small_run, "bottle", size)
    values = {name: score.value for name, score in found.categories["bottle"].scores.items()}
    assert values["max_f1_pixel"] == pytest.approx(sklearn_max_f1(scores, labels), abs=1e-6)
    if size is None:
        assert values["auroc_pixel"] == pytest.approx(sklearn_metrics.roc_auc_score(labels, scores), abs=1e-6)
        expected = sklearn_metrics.average_precision_score(labels, scores)
        assert values["ap_pixel"] == pytest.approx(expected, abs=1e-6)


def test_image_figures_come_from_the_score_column(fake_run, new_map):
    for number, (defect, score) in enumerate([("good", 0.1), ("good", 0.6), ("hole", 0.5), ("hole", 0.9)]):
        fake_run.add("nut", f"{number}.png", defect, anomaly_map=new_map(), score=score)
    scores = evaluate(fake_run.save()).categories["nut"].scores
    assert scores["auroc_image"].value == 0.75
    assert scores["ap_image"].value == pytest.approx((1 + 2 / 3) / 2)
    assert scores["max_f1_image"].value == pytest.approx(0.8)


def test_metrics_json_has_a_key_for_each_category_the_mean_and_the_protocol(small_run):
    run = small_run.save()
    found = evaluate(run)
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    assert list(saved) == ["bottle", "grid", "mean", "about"]
    of_parts = {each for each in plugins.kinds("metrics") if not_of_roads(each)}
    assert of_parts == set(found.metrics) < set(saved["bottle"])
    assert saved["bottle"]["num_images"] == 6
    assert 0 <= saved["bottle"]["max_f1_pixel_threshold"] <= 1.5
    mean = (saved["bottle"]["auroc_pixel"] + saved["grid"]["auroc_pixel"]) / 2
    assert saved["mean"]["auroc_pixel"] == pytest.approx(mean)
    assert saved["about"]["protocol"] == "released"
    assert saved["about"]["size"] == [400, 400]


def test_what_was_written_loads_as_it_was(small_run):
    run = small_run.save()
    assert metrics_file.read(run) is None
    found = evaluate(run, protocol="native")
    assert metrics_file.read(run) == found


def test_categories_called_mean_and_about_keep_their_figures(fake_run, new_map):
    for product in ("about", "mean", "category:mean"):
        fake_run.add(product, "0.png", anomaly_map=new_map())
    run = fake_run.save()
    found = evaluate(run)
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    assert set(saved) == {"category:about", "category:mean", "category:category:mean", "mean", "about"}
    assert (
        set(metrics_file.read(run).categories) == set(found.categories) == {"about", "mean", "category:mean"}
    )


def test_failed_and_unlabelled_images_are_counted_and_left_out(fake_run, new_map):
    mask = np.zeros((8, 10), bool)
    mask[2:4, 3:6] = True
    fake_run.add("nut", "0.png", anomaly_map=new_map(), score=0.1)
    fake_run.add("nut", "1.png", "hole", anomaly_map=new_map(seed=1), mask=mask, score=0.2)
    fake_run.add("nut", "2.png", "hole", anomaly_map=new_map(seed=2) + 5)
    fake_run.add("nut", "3.png", "unknown", anomaly_map=new_map(seed=3) + 9)
    fake_run.add("nut", "4.png", "hole", error="4.png: expected a picture, got text")
    run = fake_run.save()
    found = evaluate(run, protocol="native").categories["nut"]
    assert (found.num_images, found.num_failed, found.num_unlabelled, found.num_without_mask) == (5, 1, 1, 1)
    scores = np.concatenate([new_map().ravel(), new_map(seed=1).ravel()])
    labels = np.concatenate([np.zeros(80, bool), mask.ravel()])
    expected = sklearn_metrics.roc_auc_score(labels, scores)
    assert found.scores["auroc_pixel"].value == pytest.approx(expected, abs=1e-6)
    assert found.scores["auroc_image"].value == 1
    said = "\n".join(tables.notes(evaluate(run)))
    assert "nut: 1 image failed." in said
    assert "nut: 1 image without a label." in said


def test_metrics_of_pixels_come_first_whatever_they_are_called(small_run):
    pixels = ("max_f1_pixel", "best_iou", "auroc_pixel", "aupro", "ap_pixel")
    regions, of_images = (
        ("max_f1_region", "max_f1_region_released"),
        ("max_f1_image", "auroc_image", "ap_image"),
    )
    assert evaluate(small_run.save()).metrics == (*pixels, *regions, *of_images)


def test_undefined_is_null_with_a_reason_and_not_in_the_mean(small_run, new_map):
    small_run.add("pill", "0.png", anomaly_map=new_map())
    run = small_run.save()
    found = evaluate(run)
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    assert saved["pill"]["auroc_pixel"] is None
    assert saved["pill"]["reasons"]["auroc_pixel"] == "nothing is defective"
    values = [found.categories[name].scores["auroc_pixel"].value for name in ("bottle", "grid")]
    assert found.mean["auroc_pixel"] == Score(sum(values) / 2, reason="1 of 3 categories left out")


def test_a_run_of_failures_only_has_no_figures(fake_run):
    fake_run.add("nut", "0.png", error="0.png: expected a picture, got text")
    found = evaluate(fake_run.save())
    assert found.mean["max_f1_pixel"].value is None
    assert found.categories["nut"].scores["max_f1_pixel"].reason == "nothing to score"


def test_a_moved_run_and_a_moved_data_set_give_the_same_figures(small_run, tmp_path):
    before = evaluate(small_run.save())
    shutil.move(small_run.folder, tmp_path / "elsewhere")
    shutil.move(small_run.root, tmp_path / "other disk")
    assert evaluate(tmp_path / "elsewhere", root=tmp_path / "other disk") == before


def test_absolute_paths_of_another_system_are_found_under_the_new_root(small_run, tmp_path):
    before = evaluate(small_run.save())
    for row in small_run.rows:
        row["mask_path"] = row["mask_path"] and f"D:/parts/{row['mask_path']}"
    run = small_run.save()
    about = json.loads((run / "run.json").read_text("utf-8"))
    about["dataset"]["root"] = "D:/parts"
    (run / "run.json").write_text(json.dumps(about), "utf-8")
    assert evaluate(run, root=small_run.root) == before


def test_all_missing_maps_and_masks_are_named(small_run):
    run = small_run.save()
    (run / "maps/bottle/test/good/000.png.tiff").unlink()
    (small_run.root / "grid/masks/test/hole/003.png").unlink()
    with pytest.raises(
        RunError, match=r"(?s)000\.png\.tiff: expected a map, got none.*003\.png: expected a mask"
    ):
        evaluate(run)


def test_more_than_twenty_mistakes_are_summed_up(fake_run, new_map):
    for number in range(25):
        fake_run.add("nut", f"{number}.png", anomaly_map=new_map())
    run = fake_run.save()
    shutil.rmtree(run / "maps")
    with pytest.raises(RunError, match="and 5 more like these"):
        evaluate(run)


def test_a_mask_of_another_size_is_an_error(fake_run, new_map):
    fake_run.add("nut", "0.png", "hole", anomaly_map=new_map(), mask=np.ones((9, 10), bool))
    with pytest.raises(RunError, match=r"expected a mask of the map's size \(8, 10\), got \(9, 10\)"):
        evaluate(fake_run.save())


def test_an_unknown_protocol_lists_the_known_ones(small_run):
    message = (
        "protocol: expected released, native or height x width in pixels, each at most 16384, got 'papers'"
    )
    with pytest.raises(RunError, match=message):
        evaluate(small_run.save(), protocol="papers")


def test_a_folder_that_is_no_run_is_an_error(tmp_path):
    with pytest.raises(RunError, match=r"expected a run's folder, got one without run\.json"):
        evaluate(tmp_path)


def test_a_run_without_results_is_an_error(small_run):
    run = small_run.save()
    (run / "results.csv").unlink()
    with pytest.raises(RunError, match="expected a table of results, got none"):
        evaluate(run)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("score", "nan", r"results\.csv:2: score: expected a number, got 'nan'"),
        ("score", "", r"results\.csv:2: score: expected a number, got ''"),
        ("status", "done", r"results\.csv:2: status: expected ok or failed, got 'done'"),
    ],
)
def test_rows_that_make_no_sense_are_named_by_line(small_run, column, value, message):
    small_run.rows[0][column] = value
    with pytest.raises(RunError, match=message):
        evaluate(small_run.save())


def test_a_table_without_a_column_is_an_error(small_run):
    run = small_run.save()
    table = run / "results.csv"
    table.write_text(table.read_text("utf-8").replace("defect", "kind"), "utf-8")
    with pytest.raises(RunError, match="got none named defect"):
        evaluate(run)


def test_damaged_metrics_are_an_error(small_run):
    run = small_run.save()
    (run / "metrics.json").write_text("{", "utf-8")
    with pytest.raises(RunError, match=r"metrics\.json: expected metrics as `saa evaluate` writes them"):
        metrics_file.read(run)


def halves(anomaly_map):
    """Two parts that add up to a map."""
    regions = np.where(anomaly_map > 0.5, anomaly_map, 0).astype(np.float32)
    return {"regions": regions, "dense": anomaly_map - regions}


@pytest.fixture
def mixed_run(fake_run, new_map):
    """Two products judged in batches of 4 and 3 images, and one whose 2 images were too few, with parts."""
    modes = {
        "bolt": (4, "batch (transductive), 4 images"),
        "nut": (3, "batch (transductive), 3 images"),
        "pin": (2, "single image"),
    }
    mask = np.zeros((8, 10), bool)
    mask[2:4, 3:6] = True
    for product, (count, mode) in modes.items():
        for number in range(count):
            anomaly_map = new_map(seed=len(fake_run.rows)) + mask * np.float32(0.3) * (number % 2)
            fake_run.add(
                product,
                f"{number}.png",
                "hole" if number % 2 else "good",
                anomaly_map=anomaly_map,
                mask=mask if number % 2 else None,
                mode=mode,
                parts=halves(anomaly_map),
            )
    return fake_run


def test_categories_of_different_modes_are_never_averaged(mixed_run):
    run = mixed_run.save()
    found = evaluate(run)
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    assert [(block.mode, list(block.categories)) for block in found.blocks] == [
        ("batch (transductive)", ["bolt", "nut"]),
        ("single image", ["pin"]),
    ]
    assert {product: saved[product]["mode"] for product in ("bolt", "pin")} == {
        "bolt": "batch (transductive), 4 images",
        "pin": "single image",
    }
    batch = [saved[product]["auroc_pixel"] for product in ("bolt", "nut")]
    assert saved["means"]["batch (transductive)"]["auroc_pixel"] == pytest.approx(sum(batch) / 2)
    assert saved["means"]["single image"]["auroc_pixel"] == saved["pin"]["auroc_pixel"]
    assert saved["means"]["single image"]["num_categories"] == 1
    assert {saved["mean"][metric] for metric in found.metrics} == {None}
    assert set(saved["mean"]["reasons"].values()) == {
        "figures of batch (transductive) and single image are never averaged"
    }
    assert saved["about"]["mode"] == "batch (transductive) and single image"
    assert metrics_file.read(run) == found


def test_one_mode_has_one_mean_and_no_means(mixed_run):
    mixed_run.rows = [row for row in mixed_run.rows if row["product"] != "pin"]
    run = mixed_run.save()
    found = evaluate(run)
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    assert "means" not in saved
    assert saved["mean"]["aupro"] == found.blocks[0].mean["aupro"].value == found.mean["aupro"].value


def test_modes_within_one_product_are_an_error(mixed_run):
    mixed_run.rows[0]["mode"] = "single image"
    message = r"bolt: expected one mode for all images, got batch \(transductive\), 4 images and single image"
    with pytest.raises(RunError, match=message):
        evaluate(mixed_run.save())


def test_a_failed_image_does_not_speak_for_the_mode_of_its_product(mixed_run):
    mixed_run.add("bolt", "9.png", error="9.png: expected a picture, got text", mode="")
    assert evaluate(mixed_run.save()).categories["bolt"].label == "batch (transductive), 4 images"


def test_runs_of_older_versions_take_their_mode_from_run_json(small_run):
    run = small_run.save(without=("mode", "notes"))
    found = evaluate(run)
    assert {each.label for each in found.categories.values()} == {"single image"}
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    for product in found.categories:
        del saved[product]["mode"]
    (run / "metrics.json").write_text(json.dumps(saved), "utf-8")
    assert metrics_file.read(run) == found


def test_parts_are_scored_like_maps_with_the_mean_of_their_highest_pixels(mixed_run):
    run = mixed_run.save()
    found = evaluate(run, protocol="native").categories["bolt"]
    maps = [halves(mixed_run.maps["bolt", f"{number}.png"])["dense"] for number in range(4)]
    masks = [mixed_run.masks.get(("bolt", f"{number}.png"), np.zeros((8, 10), bool)) for number in range(4)]
    assert list(found.parts) == ["dense", "regions"]
    expected = sklearn_metrics.roc_auc_score(np.ravel(masks), np.ravel(maps))
    assert found.parts["dense"]["auroc_pixel"].value == pytest.approx(expected, abs=1e-6)
    expected = sklearn_metrics.roc_auc_score([0, 1, 0, 1], [each.max() - np.median(each) for each in maps])
    assert found.parts["dense"]["auroc_image"].value == pytest.approx(expected)
    saved = json.loads((run / "metrics.json").read_text("utf-8"))
    assert saved["bolt"]["parts"]["dense"]["auroc_image"] == pytest.approx(expected)
    means = saved["means"]["batch (transductive)"]["parts"]["regions"]
    assert means["aupro"] == pytest.approx(
        (saved["bolt"]["parts"]["regions"]["aupro"] + saved["nut"]["parts"]["regions"]["aupro"]) / 2
    )


def test_a_missing_part_is_named(mixed_run):
    run = mixed_run.save()
    (run / "parts/dense/nut/1.png.tiff").unlink()
    with pytest.raises(RunError, match=r"dense/nut/1\.png\.tiff: expected a part of a map, got none; give"):
        evaluate(run)


def test_a_part_with_nan_is_an_error(mixed_run):
    run = mixed_run.save()
    cv2.imwrite(str(run / "parts/dense/nut/1.png.tiff"), np.full((8, 10), np.nan, np.float32))
    with pytest.raises(RunError, match=r"expected finite values, got NaN or infinity; inspect 1\.png again"):
        evaluate(run)
