from __future__ import annotations

import json

from parts import part

from saa import images


def test_inspect_prints_a_table_of_regions(give, prompt, tmp_path):
    code, out, err = give("inspect", part(tmp_path / "a.png"), "--prompts", prompt)
    assert code == 0
    assert f"{tmp_path}/a.png: score " in out
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
    assert (answer["engine"], answer["mode"]) == ("embedded", "single image")
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
    assert saved["path"] == str(other)
    assert saved["regions"][0]["rle"]["size"] == [48, 64]


def test_an_image_that_fails_does_not_stop_the_others(give, prompt, tmp_path):
    words = ("inspect", tmp_path / "none.png", part(tmp_path / "a.png"), "--prompts", prompt)
    code, out, err = give(*words, "--json")
    assert code == 1
    failed, fine = json.loads(out)
    assert "none.png: expected" in failed["error"]
    assert fine["score"] >= 0
    assert "1 of 2 images failed" in err
    code, out, err = give(*words)
    assert (code, "none.png: expected" in err, "a.png: score" in out) == (1, True, True)
