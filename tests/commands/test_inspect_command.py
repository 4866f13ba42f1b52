from __future__ import annotations

import json

import numpy as np
import pytest
from parts import PROMPT, part

from saa import config, images, modes, references
from saa.commands import inspecting
from saa.commands.inspecting import Answer
from saa.types import Inspection, Regions


def test_inspect_prints_a_table_of_regions(give, prompt, tmp_path):
    code, out, err = give("inspect", part(tmp_path / "a.png"), "--prompts", prompt)
    assert code == 0
    assert f"{tmp_path}/a.png: score " in out
    assert " regions, single image\n" in out
    assert "bright spot" in out
    assert "embedded engine, prompts" in err
    assert "mode: single image" in err


def test_inspect_prints_json_and_nothing_else_on_stdout(give, prompt, tmp_path):
    code, out, _ = give("inspect", part(tmp_path / "größe.png"), "--prompts", prompt, "--json")
    (answer,) = json.loads(out)
    assert code == 0
    assert out.isascii()
    assert answer["path"] == str(tmp_path / "größe.png")
    assert answer["size"] == [48, 64]
    assert (answer["engine"], answer["mode"], answer["notes"]) == ("embedded", "single image", [])
    assert isinstance(answer["score"], float)
    best = answer["regions"][0]
    assert set(best) == {"phrase", "score", "area_px", "box_xyxy"}


def test_inspect_writes_a_map_an_overlay_and_regions_for_each_image(give, prompt, tmp_path):
    one, other = part(tmp_path / "a/000.png"), part(tmp_path / "b/000.png", 1)
    code, _, _ = give("inspect", one, other, "--prompts", prompt, "-o", tmp_path / "out")
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "000-2.json", "000-2.map.tiff", "000-2.overlay.png", "000.json", "000.map.tiff", "000.overlay.png",
    ]  # fmt: skip
    assert images.read_map(tmp_path / "out/000.map.tiff").shape == (48, 64)
    assert images.read_rgb(tmp_path / "out/000.overlay.png").shape == (48, 64, 3)
    saved = json.loads((tmp_path / "out/000-2.json").read_text())
    assert (saved["path"], saved["mode"], saved["notes"]) == (str(other), "single image", [])
    assert saved["regions"][0]["rle"]["size"] == [48, 64]


def test_an_image_that_fails_does_not_stop_the_others(give, prompt, tmp_path):
    words = ("inspect", tmp_path / "none.png", part(tmp_path / "a.png"), "--prompts", prompt)
    code, out, err = give(*words, "--json")
    assert code == 1
    failed, fine = json.loads(out)
    assert "none.png: expected" in failed["error"]
    assert fine["score"] >= 0
    assert failed["mode"] == fine["mode"] == "single image"
    assert "1 of 2 images failed" in err
    code, out, err = give(*words)
    assert (code, "none.png: expected" in err, "a.png: score" in out) == (1, True, True)


HINT = "images of one product can vouch for each other: `saa run`"
LABEL = "batch (transductive), 9 images"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """What 9 pictures of the part say is normal, for the file `prompt`."""
    root = tmp_path_factory.mktemp("fitted")
    (root / "part.yaml").write_text(PROMPT)
    recipe = config.load(root / "part.yaml", mode=modes.BATCH)
    paths = [part(root / f"{number}.png", number) for number in range(9)]
    references.write(root / "part.ref", recipe.fit(map(images.read_rgb, paths)))
    return root / "part.ref"


def test_without_a_reference_a_line_says_that_there_could_be_one(give, prompt, tmp_path):
    words = ("inspect", part(tmp_path / "a.png"), part(tmp_path / "b.png"), "--prompts", prompt)
    _, out, err = give(*words)
    assert err.count(HINT) == 1
    assert HINT not in out


def test_with_a_reference_everything_says_how_many_images_it_was_made_from(give, prompt, reference, tmp_path):
    words = ("inspect", part(tmp_path / "a.png", 50), "--prompts", prompt, "--reference", reference)
    code, out, err = give(*words, "-o", tmp_path / "out")
    assert code == 0
    assert f" regions, {LABEL}\n" in out
    assert err == f"embedded engine, prompts {prompt}, mode: {LABEL}\n"
    assert json.loads((tmp_path / "out/a.json").read_text())["mode"] == LABEL
    (answer,) = json.loads(give(*words, "--json")[1])
    assert answer["mode"] == LABEL
    assert isinstance(answer["notes"], list)


def test_the_answer_of_the_command_is_that_of_the_api(give, prompt, reference, tmp_path):
    path = part(tmp_path / "a.png", 50)
    give("inspect", path, "--prompts", prompt, "--reference", reference, "-o", tmp_path)
    recipe = config.load(prompt, mode=modes.BATCH)
    found = recipe.build(references.read(reference)).inspect(images.read_rgb(path))
    np.testing.assert_array_equal(images.read_map(tmp_path / "a.map.tiff"), found.anomaly_map)
    alone = recipe.alone.build().inspect(images.read_rgb(path))
    assert not np.array_equal(alone.anomaly_map, found.anomaly_map)


def test_notes_stand_below_their_image(capsys, tmp_path):
    grey = np.zeros((2, 3), np.float32)
    inspection = Inspection(grey, 0.0, Regions.none((2, 3)), grey, notes=("compared without a pose",))
    answer = Answer(tmp_path / "a.png", "embedded", LABEL, inspection)
    assert inspecting.print_tables(iter([answer])) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'a.png'}: score 0.0000, 0 regions, {LABEL}",
        "  compared without a pose",
    ]
    assert answer.as_dict()["notes"] == ["compared without a pose"]


def test_prompts_that_compare_images_need_a_reference(give, prompt, reference, tmp_path):
    prompt.write_text(PROMPT + "engines: {embedded: {saliency: {kind: consensus}}}\n")
    words = ("inspect", part(tmp_path / "a.png"), "--prompts", prompt)
    code, out, err = give(*words)
    assert (code, out) == (2, "")
    assert err.startswith(
        "saliency consensus: expected a reference made from the product's images, got none; "
    )
    assert err.count("\n") == 1
    assert give(*words, "--reference", reference)[0] == 0


def test_prompts_that_judge_each_image_alone_take_no_reference(give, prompt, reference, tmp_path):
    prompt.write_text(PROMPT + "engines: {embedded: {saliency: {kind: neighbours}}}\n")
    words = ("inspect", part(tmp_path / "a.png"), "--prompts", prompt, "--reference", reference)
    code, _, err = give(*words)
    assert code == 2
    assert err.startswith("saliency neighbours: expected nothing but the image itself, got a reference; ")


def test_a_reference_fitted_for_another_product_is_refused(give, prompt, reference, tmp_path):
    prompt.write_text(PROMPT.replace("phrase: part", "phrase: bolt"))
    words = ("inspect", part(tmp_path / "a.png"), "--prompts", prompt, "--reference", reference)
    code, _, err = give(*words)
    assert code == 2
    assert "got one with another object.phrase; " in err
    assert err.count("\n") == 1


def test_a_damaged_reference_is_refused(give, prompt, reference, tmp_path):
    (tmp_path / "part.ref").write_bytes(reference.read_bytes()[:-1])
    words = ("inspect", part(tmp_path / "a.png"), "--prompts", prompt, "--reference", tmp_path / "part.ref")
    code, _, err = give(*words)
    assert code == 2
    assert err.startswith(
        f"{tmp_path / 'part.ref'}: expected a reference that `saa fit` wrote, got a damaged "
    )
    assert err.count("\n") == 1
