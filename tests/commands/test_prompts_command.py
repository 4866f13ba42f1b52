from __future__ import annotations

import json

import pytest
from published_prompts import PAIRS, SENTENCE, SENTENCES


def test_new_writes_a_file_that_lints_clean(give, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = give("prompts", "new", "gear wheel")
    assert (code, out) == (0, "gear wheel.yaml; check it with: saa prompts lint gear wheel.yaml\n")
    assert give("prompts", "lint", "gear wheel.yaml") == (0, "", "0 errors, 0 warnings\n")


def test_new_overwrites_nothing(give, tmp_path):
    (tmp_path / "gear.yaml").write_text("mine")
    code, _, err = give("prompts", "new", "gear", "-o", tmp_path / "gear.yaml")
    assert code == 2
    assert err == f"{tmp_path}/gear.yaml: expected no such file yet, got one; give -o another name\n"
    assert (tmp_path / "gear.yaml").read_text() == "mine"


def test_new_in_a_folder_that_is_not_there_is_a_user_error(give, tmp_path):
    code, _, err = give("prompts", "new", "gear", "-o", tmp_path / "none/gear.yaml")
    assert code == 2
    assert "gear.yaml: expected to be writable, got No such file or directory" in err


def test_import_turns_a_file_of_parameters_into_a_folder(give, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "visa.py").write_text(f"p = {PAIRS['visa']!r}\ns = {SENTENCES['visa']!r}\n")
    code, out, err = give("prompts", "import", "visa.py", "-o", "new/visa")
    assert code == 0
    lines = err.splitlines()
    assert out == f"12 prompt files in new/visa, {len(lines)} notes; check with: saa prompts lint new/visa\n"
    assert sorted(path.stem for path in (tmp_path / "new/visa").iterdir()) == sorted(PAIRS["visa"])
    assert (
        "candle, capsules, cashew and 9 more: nothing reads the words 'similar' and 'dissimilar'; left out"
        in lines
    )
    assert lines[-1].startswith(
        "pipe_fryum: the filter phrase 'pipe_fryum' of 'defect on ...' never fires in"
    )
    assert give("prompts", "lint", "new/visa")[0] == 0


def test_import_turns_one_sentence_and_its_pairs_into_a_file(give, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["--product", "mtd", "--sentence", SENTENCES["mtd"]["ksdd2"], "--pair", "black hole. crack.=mtd"]
    code, out, err = give("prompts", "import", *words, "--pair", "defect.=mtd")
    assert (code, out) == (0, "mtd.yaml, 3 notes; check with: saa prompts lint mtd.yaml\n")
    assert err.startswith("mtd: its sentence is about an image of 'ksdd2'; nothing reads that\n")
    assert "    - [black hole, crack]\n    - defect\n" in (tmp_path / "mtd.yaml").read_text()
    assert give("prompts", "lint", "mtd.yaml") == (0, "", "0 errors, 0 warnings\n")


def test_import_overwrites_nothing_and_writes_all_or_nothing(give, tmp_path):
    (tmp_path / "mtd.py").write_text(f"p = {PAIRS['mtd']!r}\ns = {SENTENCES['mtd']!r}\n")
    (tmp_path / "visa.py").write_text(f"p = {PAIRS['visa']!r}\ns = {SENTENCES['visa']!r}\n")
    (tmp_path / "pcb1.yaml").write_text("mine")
    (tmp_path / "pcb2.yaml").write_text("mine")
    code, _, err = give("prompts", "import", tmp_path / "mtd.py", tmp_path / "visa.py", "-o", tmp_path)
    assert code == 2
    assert err == (
        f"{tmp_path}/pcb1.yaml: expected no such file yet, got one and 1 more; give -o another folder\n"
    )
    assert sorted(path.name for path in tmp_path.glob("*.yaml")) == ["pcb1.yaml", "pcb2.yaml"]
    assert (tmp_path / "pcb1.yaml").read_text() == "mine"


BOLT = SENTENCE.format("bolt", 1, "similar", "bolt,", 5, "0.3")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            [],
            "import: expected files, or --product and --sentence, got neither; see saa prompts import --help",
        ),
        (
            ["--product", "bolt"],
            "import: expected files, or --product and --sentence, got one without the other",
        ),
        (["old.py", "--product", "bolt"], "import: expected files, or --product and --sentence, got both"),
        (["old.py"], "old.py: expected a readable file, got 'No such file or directory'; check the path"),
        (["mtd.py", "mtd.py"], "mtd: expected it once, got it twice; import one file at a time"),
        (
            ["mtd.py", "-o", "mtd.py"],
            "mtd.py: expected to be a folder, got 'File exists'; give -o another one",
        ),
        (
            ["--product", "bolt", "--sentence", BOLT, "--pair", "crack"],
            "--pair: expected CAPTION=FILTER, got 'crack'; write 'black hole. crack.=bolt'",
        ),
        (
            ["--product", "bolt", "--sentence", "a bolt"],
            "bolt: property sentence: expected what the image shows",
        ),
    ],
)
def test_import_tells_what_is_wrong_in_a_line(give, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mtd.py").write_text(f"p = {PAIRS['mtd']!r}\ns = {SENTENCES['mtd']!r}\n")
    code, out, err = give("prompts", "import", *words)
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1
    assert list(tmp_path.glob("*.yaml")) == []


def test_lint_tells_mistakes_with_their_line_and_exits_with_2(give, tmp_path):
    (tmp_path / "gear.yaml").write_text("object: {phrase: gear}\ndefcts: {}\n")
    code, out, err = give("prompts", "lint", tmp_path)
    assert code == 2
    assert f"{tmp_path}/gear.yaml:2: error: defcts" in out
    assert err.endswith("warnings\n")


def test_lint_exits_with_0_when_there_are_only_warnings(give, tmp_path):
    (tmp_path / "gear.yaml").write_text(
        "object: {phrase: gear}\ndefects: {captions: [[dark spot], [dark spot]]}\n"
    )
    code, out, err = give("prompts", "lint", tmp_path / "gear.yaml")
    assert code == 0
    assert "warning: " in out
    assert err.startswith("0 errors, ")


def test_schema_is_json(give):
    code, out, _ = give("prompts", "schema")
    assert code == 0
    assert json.loads(out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_list_names_shipped_files(give):
    code, out, _ = give("prompts", "list")
    assert code == 0
    assert "mvtec/bottle" in out.splitlines()
