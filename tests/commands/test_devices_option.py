"""One process a CUDA device, each of which sees that one alone. There is none here: a recipe tells what it sees."""

from __future__ import annotations

import os

import pytest

from saa.commands import crewing
from saa.errors import ModelError, PromptError
from saa.foundation import devices


@pytest.fixture(autouse=True)
def _none_hidden(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_numbers_name_devices():
    assert devices.numbered("0") == ("0",)
    assert devices.numbered("1, 03") == ("1", "3")


def test_numbers_count_among_the_devices_that_a_scheduler_has_lent(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-8c1f,7")
    assert devices.numbered("2,1") == ("7", "GPU-8c1f")
    with pytest.raises(
        ModelError, match=r"devices: expected different numbers below 3 .*, got '3'; write such as"
    ):
        devices.numbered("3")


@pytest.mark.parametrize("given", ["", "0,", "cuda:0", "-1", "1,1", "0;1", "²"])
def test_what_is_no_list_of_numbers_is_refused(given):
    with pytest.raises(
        ModelError, match=f"devices: expected different numbers .*, got '{given}'; write such as"
    ):
        devices.numbered(given)


def test_only_those_are_seen_in_the_block():
    with crewing.on("2,0", None, None) as names:
        assert names == ("2", "0")
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "2,0"
        with devices.only(["0"]):
            assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "2,0"
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_nothing_is_hidden_unless_asked_for():
    with crewing.on(None, "cpu", 3) as names:
        assert names == ()
        assert "CUDA_VISIBLE_DEVICES" not in os.environ


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--device", "cpu"), "devices: expected --device cuda or none beside them, got cpu; leave one out"),
        (("--workers", 3), "devices: expected one worker for each of 2, got --workers 3; leave it out"),
        (
            ("--engine", "embedded"),
            "device: expected none for engine embedded, which runs no network, got cuda",
        ),
    ],
)
def test_what_does_not_go_with_devices_is_refused(give, prompt, dataset, tmp_path, words, message):
    given = ("run", dataset, "--format", "mvtec", "--prompts", prompt, "-o", tmp_path / "run")
    code, _, err = give(*given, "--devices", "0,1", *words)
    assert code == 2
    with pytest.raises(PromptError, match=message):
        raise PromptError(err)


def test_devices_that_are_not_there_are_refused():
    pytest.importorskip("torch")
    with (
        devices.only(["97", "98"]),
        pytest.raises(ModelError, match="devices: expected all of 97, 98 on this"),
    ):
        devices.check_all_there(["97", "98"])
