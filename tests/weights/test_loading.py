from __future__ import annotations

import sys
import zipfile
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save_file
from tiny_checkpoint import entry
from torch import nn

from saa import weights
from saa.errors import ModelError
from saa.weights import added


def model():
    torch.manual_seed(7)
    return nn.Sequential(OrderedDict(body=nn.Linear(2, 3), norm=nn.BatchNorm1d(3)))


def equal(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


@pytest.fixture
def stands_for_tiny(tiny, tmp_path):
    """Let what `save` writes stand for the checkpoint `tiny`."""

    def put(content, name="own.pth", save=torch.save):
        save(content, tmp_path / name)
        return added.add("tiny", tmp_path / name).path

    return put


def test_a_checkpoint_goes_through_a_file_into_a_model(stands_for_tiny):
    state = model().state_dict()
    stands_for_tiny(state)
    empty = nn.Sequential(OrderedDict(body=nn.Linear(2, 3), norm=nn.BatchNorm1d(3)))
    assert equal(weights.load("tiny"), state)
    weights.load_strict(empty, weights.load("tiny"), "tiny")
    assert equal(empty.state_dict(), state)


@pytest.mark.parametrize("wrapped", [
    lambda state: {"model": state, "epoch": 3},
    lambda state: {"state_dict": state},
    lambda state: {f"module.{key}": value for key, value in state.items()},
    lambda state: {"model": {f"module.{key}": value for key, value in state.items()}},
])  # fmt: skip
def test_what_training_wrapped_around_the_weights_is_taken_off(stands_for_tiny, wrapped):
    state = dict(model().state_dict())
    stands_for_tiny(wrapped(state))
    assert equal(weights.load("tiny"), state)


def test_a_key_that_only_looks_wrapped_stays(stands_for_tiny):
    stands_for_tiny({"module.a": torch.ones(1), "b": torch.ones(1)})
    assert set(weights.load("tiny")) == {"module.a", "b"}


def test_safetensors_files_are_read_too(stands_for_tiny):
    state = dict(model().state_dict())
    stands_for_tiny(state, "own.safetensors", lambda content, path: save_file(content, path))
    assert equal(weights.load("tiny"), state)


def test_files_of_old_torch_are_read_too(stands_for_tiny):
    def save(content, path):
        torch.save(content, path, _use_new_zipfile_serialization=False)

    state = dict(model().state_dict())
    path = stands_for_tiny(state, save=save)
    assert not zipfile.is_zipfile(path)
    assert equal(weights.load("tiny"), state)


def test_half_precision_is_copied_into_a_models_own_precision(stands_for_tiny):
    stands_for_tiny({key: value.half() for key, value in nn.Linear(2, 3).state_dict().items()})
    whole = nn.Linear(2, 3)
    state = weights.load("tiny")
    assert state["weight"].dtype == torch.float16
    weights.load_strict(whole, state, "tiny")
    assert whole.weight.dtype == torch.float32
    assert torch.equal(whole.weight, state["weight"].float())


def test_without_torch_the_extra_that_brings_it_is_named(stands_for_tiny, monkeypatch):
    stands_for_tiny(model().state_dict())
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(
        ModelError, match=r"tiny: expected torch .*; install them with: pip install 'saa\[foundation"
    ):
        weights.load("tiny")


def test_a_file_with_program_code_is_not_run(stands_for_tiny, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "trapped"), "w"))

    stands_for_tiny({"body.weight": Trap()})
    with pytest.raises(
        ModelError, match=r"own.pth: expected tensors and nothing else, got a file that holds program"
    ):
        weights.load("tiny")
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("name", ["own.pth", "own.safetensors"])
@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 nor this"])
def test_a_damaged_file_is_told(stands_for_tiny, name, content):
    stands_for_tiny(content, name, lambda content, path: path.write_bytes(content))
    with pytest.raises(
        ModelError, match=r"own\.\w+: expected .* got a (damaged file|file that holds program)"
    ):
        weights.load("tiny")


@pytest.mark.parametrize(("content", "got"), [
    ([torch.ones(1)], "got list"),
    ({}, "got dict"),
    ({"epoch": 3, "lr": 0.1}, "got other things under epoch, lr"),
])  # fmt: skip
def test_a_file_with_other_things_is_told(stands_for_tiny, content, got):
    stands_for_tiny(content)
    with pytest.raises(ModelError, match=f"expected tensors by name, {got}; use the published file"):
        weights.load("tiny")


def test_missing_and_unexpected_keys_and_shapes_are_listed_and_nothing_is_copied(tiny):
    own = model()
    before = {key: value.clone() for key, value in own.state_dict().items()}
    state = {key: torch.ones(value.shape) for key, value in before.items()} | {"head.bias": torch.ones(1)}
    del state["norm.weight"]
    state["body.weight"] = torch.ones(3, 4)
    with pytest.raises(ModelError) as told:
        weights.load_strict(own, state, "tiny")
    assert str(told.value) == (
        "tiny: expected the weights of a Sequential, got keys 1 missing: norm.weight; 1 unexpected: head.bias; "
        "1 of another shape: body.weight (3, 4) for (3, 2); give the stage the checkpoint that belongs to it"
    )
    assert equal(own.state_dict(), before)


def test_many_keys_are_counted(tiny):
    with pytest.raises(
        ModelError, match=r"6 missing: body.bias, .*, norm.running_mean, norm.running_var and 1 more; giv"
    ):
        weights.load_strict(model(), {}, "tiny")
    odd = {f"key{number}": torch.ones(1) for number in range(9)} | dict(model().state_dict())
    with pytest.raises(ModelError, match=r"9 unexpected: key0, key1, key2, key3, key4 and 4 more; give"):
        weights.load_strict(model(), odd, "tiny")


def test_the_registrys_harmless_keys_may_differ(write_registry):
    write_registry(tiny=entry(harmless={"unexpected": ["head.*"], "missing": ["norm.bias"]}))
    state = dict(model().state_dict()) | {"head.weight": torch.ones(1)}
    del state["norm.bias"]
    weights.load_strict(model(), state, "tiny")
    with pytest.raises(ModelError, match="1 unexpected: header;"):
        weights.load_strict(model(), state | {"header": torch.ones(1)}, "tiny")


def test_batch_norms_counters_may_be_missing_as_in_old_files(tiny):
    state = {key: value for key, value in model().state_dict().items() if "num_batches" not in key}
    weights.load_strict(model(), state, "tiny")
