from __future__ import annotations

from pathlib import Path

import pytest

from saa import yaml_lines
from saa.yaml_lines import MistakesError


@pytest.fixture
def read(tmp_path):
    def write_and_read(content: str | bytes) -> yaml_lines.YamlFile:
        path = tmp_path / "bottle.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return yaml_lines.read(path)

    return write_and_read


def test_every_key_and_item_has_its_line(read):
    file = read("# head\nobject:\n  phrase: a\nreject:\n  - b\n  - c\n")
    assert file.content == {"object": {"phrase": "a"}, "reject": ["b", "c"]}
    assert file.lines == {
        ("object",): 2,
        ("object", "phrase"): 3,
        ("reject",): 4,
        ("reject", 0): 5,
        ("reject", 1): 6,
    }


def test_a_key_that_is_not_there_has_the_line_of_its_parent(read):
    file = read("\nobject:\n  phrase: a\n")
    assert file.line(("object", "count", "x")) == 2
    assert file.line(("rules",)) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("true", True),
        ("1e-1", 0.1),
        (".5", 0.5),
        ("010", 10),
        ("1:30", "1:30"),
        ("2024-01-31", "2024-01-31"),
        ("~", None),
        ("", None),
        ("'3'", "3"),
        ("!!str 3", "3"),
        ("99999999999999999999", 1e20),
    ],
)
def test_plain_values_are_read_as_editors_show_them(read, text, value):
    content = read(f"key: {text}\n").content["key"]
    assert content == value
    assert type(content) is type(value)


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(read):
    file = read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert file.content == {"a": 1, "b": 2}
    assert file.line(("b",)) == 2


def test_all_repeated_keys_are_named_and_the_first_is_kept(read):
    file = read("a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert file.content == {"a": 1, "b": {"c": 1}}
    assert [(mistake.line, mistake.message) for mistake in file.mistakes] == [
        (2, "a: must be given once, got it again after line 1; keep one of them"),
        (3, "b.c: must be given once, got it again after line 3; keep one of them"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "1: must be keys and values, got an empty file"),
        ("# only\n", "1: must be keys and values, got an empty file"),
        ("\n- a\n", "2: must be keys and values, got a list"),
        ("bottle\n", "1: must be keys and values, got a single value"),
        ("a:\n\tb: 1\n", "2: must be YAML, .*write spaces instead of the tab"),
        ("a: b: c\n", "1: must be YAML, .*put quotes round"),
        ("x: 1\na: 'b\nc: 1\n", "2: must be YAML, .*close the quote"),
        ("a: [1,\nb: 2\n", "1: must be YAML, .*close the list"),
        ("a: &x 1\nb: *x\n", "2: must be YAML, .*write the value out"),
        ("a: 1\n---\nb: 1\n", "2: must be YAML, .*one product per file"),
        ("a: 1\nb: \x07\n", "2: must be printable text, got character #x0007"),
        (b"a: 1\nb: \xff\n", "2: must be UTF-8 text, got byte 0xff; save the file as UTF-8"),
        ("a: " + "[" * 3000, "1: must be nested at most 20 deep"),
    ],
)
def test_what_is_not_a_block_of_yaml_is_refused_with_its_line(read, content, message):
    with pytest.raises(MistakesError, match=f"bottle.yaml:{message}"):
        read(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: !!python/name:os.system x\n", "a: must be a plain value, got the tag"),
        ("a: !!int x\n", "a: must be a number, got 'x'"),
        ("a: 1e999\n", "a: must be a finite number, got 1e999"),
        ("? [1, 2]\n: 3\n", "must have words as keys"),
        ("a: " + "[" * 30 + "]" * 30, "a: must be nested at most 20 deep"),
        ('a: "\\ud800"\n', "a: must be text, got half a character"),
    ],
)
def test_what_yaml_allows_but_no_prompt_needs_is_a_mistake(read, content, message):
    [mistake] = read(content).mistakes
    assert mistake.line == 1
    assert message in mistake.message


def test_a_missing_file_and_a_folder_are_refused_without_a_line(tmp_path):
    with pytest.raises(MistakesError, match=r"gone\.yaml: must be a readable file"):
        yaml_lines.read(tmp_path / "gone.yaml")
    with pytest.raises(MistakesError, match="must be a readable file"):
        yaml_lines.read(tmp_path)


def test_a_mistake_is_one_line_whatever_the_file_holds():
    mistake = yaml_lines.Mistake(2, "a: got '1\n\x1b[2J'")
    assert yaml_lines.located(Path("b.yaml"), mistake) == "b.yaml:2: a: got '1  [2J'"
