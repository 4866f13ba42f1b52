from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from saa.foundation.linear import by_rows, each, linear, quickened

SHAPES = [(0, 6), (1, 6), (31, 6), (33, 6), (2, 40, 6), (3, 5, 7, 6)]


@pytest.fixture(params=[1, 2])
def threads(request):
    """On one thread and on two torch takes different roads."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def _drawn(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("biased", [True, False])
def test_a_linear_layer_is_what_torch_makes_of_it(shape, biased, threads):
    weight, bias = _drawn(4, 6), _drawn(4) if biased else None
    x = _drawn(*shape)
    found = linear(x, weight, bias)
    assert found.shape == (*shape[:-1], 4)
    assert found.is_contiguous()
    torch.testing.assert_close(found, functional.linear(x, weight, bias), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("biased", [True, False])
def test_each_has_weights_of_its_own(count, shared, biased, threads):
    x = _drawn(50, 6) if shared else _drawn(count, 50, 6)
    weight, bias = _drawn(count, 4, 6), _drawn(count, 4) if biased else None
    expected = [
        functional.linear(x if shared else x[i], weight[i], None if bias is None else bias[i])
        for i in range(count)
    ]
    torch.testing.assert_close(each(x, weight, bias), torch.stack(expected), rtol=1e-5, atol=1e-5)


def test_rows_and_weights_may_lie_in_memory_in_any_order(threads):
    x, weight = _drawn(6, 50).T, _drawn(6, 4).T
    torch.testing.assert_close(linear(x, weight, None), x @ weight.T, rtol=1e-5, atol=1e-5)


def test_double_precision_stays_double():
    x, weight = _drawn(50, 6).double(), _drawn(4, 6).double()
    assert torch.equal(linear(x, weight, None), functional.linear(x, weight))


def test_brain_floats_are_left_to_torch():
    x, weight = _drawn(50, 6), _drawn(4, 6)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(linear(x, weight, None), functional.linear(x, weight))


def test_quickened_layers_keep_their_names_and_answers():
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Sequential(nn.Linear(8, 4, bias=False))).eval()
    x = _drawn(2, 40, 6)
    with torch.inference_mode():
        before = plain(x)
        quick = quickened(plain)
        assert quick is plain
        assert list(quick.state_dict()) == ["0.weight", "0.bias", "2.0.weight"]
        torch.testing.assert_close(quick(x), before, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("at_once", [1, 7, 100])
def test_layers_see_some_rows_at_a_time_and_all_in_order(at_once):
    seen = []

    def halves(rows):
        seen.append(len(rows))
        return rows[:, :3] / 2

    x = _drawn(2, 10, 6)
    assert torch.equal(by_rows(halves, x, at_once), x[..., :3] / 2)
    assert max(seen) <= at_once
    assert sum(seen) == 20
