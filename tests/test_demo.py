from __future__ import annotations

import numpy as np
import pytest

from saa import config, demo, images, plugins
from saa.demo import marks


@pytest.mark.parametrize("product", demo.PRODUCTS)
class TestEveryProduct:
    def test_a_good_part_has_an_empty_mask(self, product):
        image, mask = demo.PRODUCTS[product].draw(np.random.default_rng(0), "good")
        assert image.shape == (marks.SIDE, marks.SIDE, 3)
        assert image.dtype == np.uint8
        assert mask.shape == (marks.SIDE, marks.SIDE)
        assert not mask.any()

    def test_each_of_three_defects_covers_a_small_part_of_the_picture(self, product):
        module = demo.PRODUCTS[product]
        assert len(module.DEFECTS) == 3
        for defect in module.DEFECTS:
            for seed in range(3):
                _, mask = module.draw(np.random.default_rng(seed), defect)
                assert 0.0005 < mask.mean() < 0.06

    def test_the_same_seed_draws_the_same_picture_and_another_seed_another(self, product):
        module = demo.PRODUCTS[product]
        first, again, other = (module.draw(np.random.default_rng(seed), "good")[0] for seed in (1, 1, 2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


@pytest.fixture
def one_of_each(monkeypatch):
    monkeypatch.setattr(demo, "_NUM_GOOD", 1)
    monkeypatch.setattr(demo, "_NUM_EACH_DEFECT", 1)
    monkeypatch.setattr(demo, "PRODUCTS", dict(list(demo.PRODUCTS.items())[1:3]))


def test_the_folder_reads_as_mvtec_and_says_that_it_is_a_demonstration(one_of_each, tmp_path):
    demo.draw(tmp_path)
    samples = plugins.load("datasets", "mvtec").samples(tmp_path)
    assert {sample.product for sample in samples} == {"gasket", "label"}
    assert sum(sample.mask_path is not None for sample in samples) == 6
    assert "demonstration" in (tmp_path / demo.NOTICE_FILE).read_text("utf-8")


def test_the_same_seed_gives_the_same_bytes(one_of_each, tmp_path):
    demo.draw(tmp_path / "a", seed=5)
    demo.draw(tmp_path / "b", seed=5)
    demo.draw(tmp_path / "c", seed=6)
    name = "gasket/test/crack/000.png"
    first, again, other = (images.sha256(tmp_path / folder / name) for folder in "abc")
    assert first == again
    assert first != other


@pytest.mark.parametrize("product", demo.PRODUCTS)
def test_every_product_has_a_shipped_prompt_file(product):
    assert config.load(f"demo/{product}", engine="embedded").engine == "embedded"
