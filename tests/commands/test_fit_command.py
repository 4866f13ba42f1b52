from __future__ import annotations

import pytest
from parts import part

from saa import references
from saa.commands import fitting
from saa.references import Reference

NUM_PARTS = 9


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A folder with pictures of a part, in sub-folders too, and the mask of one."""
    root = tmp_path_factory.mktemp("parts")
    for number in range(NUM_PARTS):
        part(root / ("monday" if number % 3 else "") / f"{number:02d}.png", number)
    part(root / "monday/01_mask.png", 99)
    (root / "notes.txt").write_text("not a picture")
    return root


@pytest.fixture
def out(tmp_path):
    return tmp_path / "new/part.ref"


def test_fit_writes_a_reference_and_says_what_was_decided(give, prompt, parts, out):
    code, told, err = give("fit", parts, "--prompts", prompt, "-o", out)
    assert code == 0
    lines = told.splitlines()
    assert lines[0].split() == ["reference", "consensus"]
    assert lines[1].split() == ["images", str(NUM_PARTS)]
    assert lines[-1] == f"{out}; next: saa inspect IMAGE --prompts {prompt} --reference {out}"
    found = references.read(out)
    assert (found.kind, found.num_images) == ("consensus", NUM_PARTS)
    for decision in found.about.get("decisions", {}):
        assert any(line.startswith(decision) for line in lines[2:-1])
    assert err.splitlines()[0] == (
        f"{parts}: {NUM_PARTS} images; embedded engine, prompts {prompt}, mode: batch (transductive)"
    )


def test_decisions_are_told_in_a_table(capsys):
    decisions = {"arrangement": "aligned", "window": 1 / 3, "registered": 39}
    fitting.tell(Reference("consensus", {}, {"num_images": 40, "decisions": decisions}))
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "reference    consensus",
        "images       40",
        "arrangement  aligned",
        "window       0.3333",
        "registered   39",
    ]


def test_equal_images_give_an_equal_file_whatever_they_are_called(give, prompt, parts, out, tmp_path):
    for number in range(NUM_PARTS):
        part(tmp_path / f"again/{NUM_PARTS - number:02d}/x.png", number)
    assert give("fit", parts, "--prompts", prompt, "-o", out)[0] == 0
    assert give("fit", tmp_path / "again", "--prompts", prompt, "-o", tmp_path / "again.ref")[0] == 0
    assert (tmp_path / "again.ref").read_bytes() == out.read_bytes()


def test_an_image_that_cannot_be_read_is_named_and_left_out(give, prompt, out, tmp_path):
    for number in range(NUM_PARTS):
        part(tmp_path / f"parts/{number:02d}.png", number)
    (tmp_path / "parts/broken.png").write_text("no picture")
    (tmp_path / "parts/gone.png").symlink_to(tmp_path / "nowhere.png")
    code, _, err = give("fit", tmp_path / "parts", "--prompts", prompt, "-o", out)
    assert code == 1
    assert references.read(out).num_images == NUM_PARTS
    assert err.count("broken.png: expected a readable image, got a file that is no picture") == 1
    assert err.count("gone.png: expected a readable image, got a link to a file that is gone") == 1
    assert err.splitlines()[-1] == "2 images left out, which could not be read"


@pytest.mark.parametrize("number", [1, NUM_PARTS])
def test_too_few_different_images_are_refused_in_a_line(give, prompt, out, tmp_path, number):
    for index in range(number):
        part(tmp_path / f"parts/{index}.png")
    code, told, err = give("fit", tmp_path / "parts", "--prompts", prompt, "-o", out)
    assert (code, told) == (2, "")
    assert "different images" in err.splitlines()[-1]
    assert "got 1; " in err.splitlines()[-1]
    assert not out.exists()


def test_images_none_of_which_can_be_read_are_too_few(give, prompt, out, tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/broken.png").write_text("no picture")
    code, _, err = give("fit", tmp_path / "parts", "--prompts", prompt, "-o", out)
    assert code == 2
    assert "broken.png: expected a readable image" in err
    assert "got 0; " in err.splitlines()[-1]


def test_a_file_that_is_there_is_replaced_only_on_request(give, prompt, parts, out):
    out.parent.mkdir()
    out.write_text("mine")
    words = ("fit", parts, "--prompts", prompt, "-o", out)
    code, _, err = give(*words)
    assert code == 2
    assert err == f"{out}: expected no such file yet, got one; give -o another name, or --overwrite\n"
    assert out.read_text() == "mine"
    assert give(*words, "--overwrite")[0] == 0
    assert references.read(out).num_images == NUM_PARTS


def test_a_folder_is_no_place_for_a_reference(give, prompt, parts, tmp_path):
    code, _, err = give("fit", parts, "--prompts", prompt, "-o", tmp_path, "--overwrite")
    assert code == 2
    assert err.startswith(f"{tmp_path}: expected a file to write, got a folder; give -o a name such as ")


def test_a_folder_without_images_is_refused(give, prompt, out, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder, got in (("empty", "got none"), ("none", "got no such folder")):
        code, _, err = give("fit", tmp_path / folder, "--prompts", prompt, "-o", out)
        assert code == 2
        assert err.startswith(f"{tmp_path / folder}: expected ")
        assert f"{got}; check the path" in err


def test_prompts_that_judge_each_image_alone_cannot_be_fitted(give, prompt, parts, out):
    prompt.write_text(prompt.read_text() + "engines: {embedded: {saliency: {kind: neighbours}}}\n")
    code, _, err = give("fit", parts, "--prompts", prompt, "-o", out)
    assert code == 2
    assert err.splitlines()[-1].startswith("saliency neighbours: expected nothing but the image itself, got ")
    assert not out.exists()
