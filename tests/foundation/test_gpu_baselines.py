"""The baselines on an accelerator against the same on the processor, in small; they differ by rounding."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_baselines
import torch
from street import street

from saa import config
from saa.profiles import BASELINES

DEVICE = "cuda"
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a card of NVIDIA or AMD"),
]
WITHIN = {"fp32": 1e-3, "bf16": 0.05}
"""How far maps and scores may be apart."""


@pytest.mark.parametrize("precision", WITHIN)
@pytest.mark.parametrize("profile", BASELINES)
def test_a_baseline_says_nearly_the_same_there(tmp_path, profile, precision):
    tiny_baselines.write(tmp_path)
    tiny_baselines.record(tmp_path, profile)
    here = tiny_baselines.prompt(tmp_path / "here.yaml", profile)
    there = tiny_baselines.prompt(tmp_path / "there.yaml", profile, device=DEVICE, precision=precision)
    exact, found = (config.load(file, "foundation").build().inspect(street(70, 90)) for file in (here, there))
    np.testing.assert_allclose(found.anomaly_map, exact.anomaly_map, atol=WITHIN[precision])
    assert found.score == pytest.approx(exact.score, abs=WITHIN[precision])
