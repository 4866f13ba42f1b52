from __future__ import annotations

from pathlib import Path

import pytest

from saa import prompt_lint
from saa.prompt_lint import Finding

FRAME = "object: {phrase: leather, extent: frame}\n"


@pytest.fixture
def lint(tmp_path):
    def lint_text(text: str, name: str = "bottle.yaml") -> list[str]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return [str(finding).replace(f"{tmp_path}/", "") for finding in prompt_lint.lint([tmp_path / name])]

    return lint_text


def bottle(rest: str) -> str:
    return "object: {phrase: bottle}\n" + rest


def test_a_plain_file_has_no_findings(lint):
    assert lint(bottle("defects:\n  captions: [scratch, [crack, dark hole]]\nreject: [bottle]\n")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            bottle("defects:\n  captions:\n    - crack\n    - [hole, oil stain]\nreject: [Stains]\n"),
            "5: warning: defects.captions[1][1]: 'oil stain' is removed by the reject phrase 'stains'",
        ),
        (
            bottle("reject:\n  - defect\n"),
            "2: warning: reject: 'defect on bottle' is removed by the reject phrase 'defect'",
        ),
        (
            bottle("defects:\n  captions:\n    - crack\n    - [hole, Cracks.]\n"),
            "5: warning: defects.captions[1][1]: 'cracks' is already asked for by defects.captions[0]",
        ),
        (
            bottle("defects: {captions: [flaw on bottle]}\n"),
            "2: warning: defects.captions[0]: 'flaw on bottle' is already asked for by class_agnostic",
        ),
        (
            bottle("reject:\n  - label\n  - labels\n"),
            "4: warning: reject[1]: 'labels' is already rejected by reject[0]",
        ),
        (
            "object:\n  phrase: metal_nut\n",
            "2: warning: object.phrase: 'metal_nut' holds an underscore; write metal nut",
        ),
        ("object:\n  phrase: 'bottle,'\n", "2: warning: object.phrase: 'bottle,' holds a comma"),
        (
            bottle("defects: {captions: ['crack, hole']}\n"),
            "2: warning: defects.captions[0]: 'crack, hole' holds a comma; write a list",
        ),
        (
            bottle("defects: {captions: [a very long and thin dark crack in it]}\n"),
            "2: warning: defects.captions[0]: 'a very long and thin dark crack in it' is longer than 8",
        ),
        (
            bottle("defects: {captions: [[crack, frobnicated hole]]}\n"),
            "2: warning: defects.captions[0][1]: the embedded engine has no picture of 'frobnicated'",
        ),
        (
            FRAME + "rules: {max_area_ratio: 1}\n",
            "2: warning: rules.max_area_ratio: no region outgrows a whole frame",
        ),
        (
            FRAME + "rules: {min_overlap_ratio: 0.5}\n",
            "2: warning: rules.min_overlap_ratio: every region lies on a whole frame",
        ),
        (
            bottle("rules: {max_area_ratio: 0.00001}\n"),
            "2: warning: rules.max_area_ratio: drops all but single pixels",
        ),
        (
            bottle("confidence:\n  top_k: 50\n"),
            "3: warning: confidence.top_k: a picture rarely has more than 30 regions",
        ),
        (
            "object: {phrase: leather, extent: frame, count: 2}\n",
            "1: warning: object.count: one surface fills the frame",
        ),
        (
            bottle("defects: {size: small}\nrules: {min_area_ratio: 0.1}\n"),
            "3: warning: rules.min_area_ratio: drops the small defects asked for",
        ),
        (
            bottle("defects: {captions: [crack, hole, stain, scratch, spot, dent]}\n"),
            "2: warning: defects.captions: 6 detector passes a picture are slow",
        ),
    ],
)
def test_a_legal_but_doubtful_thing_is_a_warning(lint, text, expected):
    [finding] = lint(text)
    assert finding.startswith(f"bottle.yaml:{expected}")


def test_an_object_phrase_left_behind_by_copying_is_a_warning(lint):
    lint(bottle(""))
    [finding] = lint(bottle(""), name="cable.yaml")
    assert finding == (
        "cable.yaml:1: warning: object.phrase: 'bottle' has its own file bottle.yaml; write what cable is"
    )


def test_every_mistake_is_an_error_with_its_line(lint):
    findings = lint("object: {phrase: bottle}\nrules:\n  max_area_ratio: 2\nrejects: []\n")
    assert [finding.split(": ")[:2] for finding in findings] == [
        ["bottle.yaml:3", "error"],
        ["bottle.yaml:4", "error"],
    ]


def test_folders_are_searched_to_the_bottom_but_not_hidden_ones(tmp_path):
    for folder in ("a/b", ".git", "x.yaml"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("a/b/one.yaml", "a/two.yml", ".git/three.yaml", "a/four.txt"):
        (tmp_path / name).write_text("", encoding="utf-8")
    findings = prompt_lint.lint([tmp_path, tmp_path / "a" / "two.yml"])
    assert [finding.path.name for finding in findings] == ["one.yaml", "two.yml"]
    assert all(finding.severity == "error" for finding in findings)


def test_nothing_to_check_is_a_finding(tmp_path):
    assert [finding.severity for finding in prompt_lint.lint([tmp_path, tmp_path / "gone"])] == [
        "warning",
        "error",
    ]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"\x00" * 50, b"- 1\n", b"a: [" * 900, b"? {a: b}\n: c\n", b"'"]
)
def test_no_file_makes_the_linter_fail(tmp_path, content):
    (tmp_path / "odd.yaml").write_bytes(content)
    [finding, *_] = prompt_lint.lint([tmp_path])
    assert finding.severity == "error"


def test_a_finding_without_a_line_names_the_file_only():
    assert str(Finding(Path("a"), 0, "error", "gone")) == "a: error: gone"
