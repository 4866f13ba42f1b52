from __future__ import annotations

import json


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
