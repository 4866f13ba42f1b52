from __future__ import annotations

import pytest
import torch

from saa.errors import ModelError
from saa.foundation import devices
from saa.foundation.devices import Placement


@pytest.fixture
def layer() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Dropout(0.9), torch.nn.BatchNorm2d(8))


@pytest.fixture
def picture() -> torch.Tensor:
    return torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_the_processor_that_all_have_and_full_precision_are_the_default():
    assert Placement() == Placement("cpu", "fp32")
    assert hash(Placement()) == hash(Placement("cpu", "fp32"))


def test_a_placed_model_is_not_trained(layer, picture):
    placed = Placement().place(layer)
    assert placed is layer
    assert not any(parameter.requires_grad for parameter in placed.parameters())
    assert torch.equal(placed(picture), placed(picture))


def test_nothing_is_recorded_while_it_runs(layer, picture):
    with Placement().running():
        found = layer.eval()(picture)
    assert found.is_inference()
    assert found.dtype == torch.float32
    assert torch.is_grad_enabled()


def test_brain_floats_are_used_where_they_were_asked_for_and_not_after(layer, picture):
    exact = layer.eval()(picture)
    with Placement("cpu", "bf16").running():
        quick = layer(picture)
        assert torch.nn.functional.conv2d(picture, layer[0].weight).dtype == torch.bfloat16
    assert layer(picture).dtype == torch.float32
    torch.testing.assert_close(quick.float(), exact, rtol=0.05, atol=0.05)


def test_full_precision_is_full_inside_someone_elses_autocast(picture):
    weight = torch.ones(1, 3, 3, 3)
    with torch.autocast("cpu", torch.bfloat16), Placement().running():
        assert torch.nn.functional.conv2d(picture, weight).dtype == torch.float32


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(device, monkeypatch, layer):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    message = f"device: expected one of cpu on this machine, got {device}; write one of these"
    with pytest.raises(ModelError, match=message):
        Placement(device).place(layer)
    with pytest.raises(ModelError, match=message), Placement(device).running():
        pass


def test_a_card_without_brain_floats_is_refused_only_if_they_are_asked_for(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "an old card")
    Placement("cuda").check()
    with pytest.raises(
        ModelError, match="precision: expected fp32 on an old card, got bf16; write precision: fp32"
    ):
        Placement("cuda", "bf16").check()


def test_a_package_that_is_not_installed_is_named_with_what_installs_it():
    devices.installed("numpy", "torch")
    with pytest.raises(
        ModelError, match=r"expected the package no_such, got none .*pip install 'saa\[foundation\]'"
    ):
        devices.installed("numpy", "no_such")
    with pytest.raises(ModelError, match="expected the packages no_such, nor_this, got none"):
        devices.installed("no_such", "nor_this")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a card of NVIDIA or AMD")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_card_finds_what_the_processor_finds(precision, layer, picture):
    exact = layer.eval()(picture)
    placement = Placement("cuda", precision)
    placed = placement.place(layer)
    with placement.running():
        found = placed(picture.to("cuda")).float().cpu()
    tolerance = 1e-5 if precision == "fp32" else 0.05
    torch.testing.assert_close(found, exact, rtol=tolerance, atol=tolerance)
