"""A recipe's two modes: each image by itself, or against what the product's images say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_checkpoint import entry, put_in_force, sha256

import saa
import saa.saliency
from saa import config, modes, plugins
from saa.describers import handmade
from saa.errors import ModelError, PromptError, TooFewImagesError
from saa.references import Reference
from saa.weights import added

LEAST = "object: {phrase: bottle, extent: frame}\n"
AGREED = """\
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field

from saa import modes
from saa.errors import TooFewImagesError
from saa.references import Reference
from saa.types import Salience


class Config(BaseModel, frozen=True, extra="forbid"):
    kind: Literal["agreed"] = "agreed"
    min_images: int = 2
    share: float = Field(1, ge=0, le=1, description="How much of it.")

    def build(self, prompt):
        raise modes.unfitted(self.kind)

    def fit(self, prompt, describer, alone, images):
        levels = [image.mean() for image in images]
        if len(levels) < self.min_images:
            raise TooFewImagesError(f"expected at least {self.min_images}, got {len(levels)}; add images")
        about = {"num_images": len(levels), "alone": type(alone).__name__, "features": type(describer).__name__}
        return Reference(self.kind, {"level": np.float32([np.mean(levels)])}, about)

    def fitted(self, prompt, describer, alone, reference):
        return Agreed(float(reference.arrays["level"][0]), self.share)


@dataclass(frozen=True)
class Agreed:
    level: float
    share: float

    def saliency(self, frame, objects):
        far = np.abs(frame.image.mean(axis=-1, dtype=np.float32) - np.float32(self.level)) / 255
        return Salience((np.float32(self.share) * far).astype(np.float32), ("compared by brightness",))
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """Loads a text as bottle.yaml; there is one more saliency, `agreed`, which has to be fitted."""
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "agreed.py").write_text(AGREED, encoding="utf-8")
    monkeypatch.setattr(saa.saliency, "__path__", [*saa.saliency.__path__, str(tmp_path / "kinds")])
    plugins.kinds.cache_clear()

    def load(text: str = "", mode: str = modes.BATCH) -> config.Recipe:
        path = tmp_path / "bottle.yaml"
        path.write_text(LEAST + text, encoding="utf-8")
        return config.load(path, "embedded", mode)

    yield load
    plugins.kinds.cache_clear()


@pytest.fixture
def agreed(recipe):
    """A recipe with the fitted saliency, and any other setting of the engine."""

    def load(share: float = 1, engine: str = "") -> config.Recipe:
        return recipe(f"engines: {{embedded: {{saliency: {{kind: agreed, share: {share}}}{engine}}}}}\n")

    return load


@pytest.fixture
def images() -> list[np.ndarray]:
    return [np.full((12, 15, 3), level, np.uint8) for level in (80, 120)]


def test_the_mode_is_single_unless_asked(recipe):
    assert recipe(mode=modes.SINGLE).mode == modes.SINGLE
    assert saa.load("mvtec/bottle", "embedded").mode == modes.SINGLE
    assert saa.load("mvtec/bottle", "embedded", modes.BATCH).mode == modes.BATCH


def test_a_mode_that_is_none_is_refused(recipe):
    with pytest.raises(
        ValueError, match=r"mode: expected one of single image, batch \(transductive\), got 'few'"
    ):
        recipe(mode="few")


def test_in_batch_mode_the_engine_s_own_stages_compare_images(recipe):
    batch = recipe()
    standard = config.ENGINES["embedded"]
    assert batch.as_dict()["saliency"]["kind"] == standard.batch["saliency"]
    assert batch.mode == modes.BATCH
    assert batch.min_images > 1


def test_alone_is_the_recipe_of_the_same_file_in_single_mode(recipe):
    text = "engines: {embedded: {cascade: {evidence_floor: 0.5}, refiner: {min_box_iou: 0.6}}}\n"
    batch, single = recipe(text), recipe(text, modes.SINGLE)
    assert batch.alone.as_dict() == single.as_dict()
    assert batch.alone.mode == modes.SINGLE
    assert batch.alone.min_images == 1
    assert single.alone is single
    assert batch.as_dict()["cascade"]["evidence_floor"] == 0.5


@pytest.mark.parametrize("mode", modes.MODES)
def test_a_file_that_names_a_saliency_decides_the_mode(recipe, mode):
    single = recipe("engines: {embedded: {saliency: {kind: neighbours}}}\n", mode)
    assert single.mode == modes.SINGLE
    batch = recipe("engines: {embedded: {saliency: {kind: agreed}}}\n", mode)
    assert batch.mode == modes.BATCH
    assert batch.min_images == 2
    assert batch.alone.as_dict() == recipe(mode=modes.SINGLE).as_dict()


def test_settings_without_a_kind_are_those_of_the_single_mode(recipe):
    text = "engines: {embedded: {saliency: {look: {working_area_px: 90000}}}}\n"
    assert recipe(text).as_dict()["saliency"]["kind"] == "neighbours"
    with pytest.raises(PromptError, match=r"saliency\.share: unknown key: expected one of kind, look"):
        recipe("engines: {embedded: {saliency: {share: 1}}}\n")


def test_each_mode_has_its_own_cascade(recipe, monkeypatch):
    standard = config.ENGINES["embedded"]
    monkeypatch.setitem(standard.batch_cascade, "dense_weight", 2.5)
    text = "engines: {embedded: {cascade: {region_weight: 0.5}}}\n"
    batch, single = recipe(text), recipe(text, modes.SINGLE)
    assert batch.as_dict()["cascade"]["dense_weight"] == 2.5
    assert (
        single.as_dict()["cascade"]["dense_weight"] == standard.profiles["default"]["cascade"]["dense_weight"]
    )
    assert batch.as_dict()["cascade"]["region_weight"] == single.as_dict()["cascade"]["region_weight"] == 0.5
    own = recipe("engines: {embedded: {cascade: {dense_weight: 0}}}\n")
    assert own.as_dict()["cascade"]["dense_weight"] == 0


def test_a_fitted_recipe_compares_with_what_the_images_say(agreed, images):
    recipe = agreed()
    reference = recipe.fit(iter(images))
    assert reference.num_images == 2
    found = recipe.build(reference).inspect(np.full((8, 9, 3), 151, np.uint8))
    np.testing.assert_allclose(found.saliency, np.full((8, 9), 0.2), rtol=1e-5)
    assert found.notes == ("compared by brightness",)


def test_a_fit_is_told_the_features_and_who_judges_an_image_by_itself(agreed, images):
    about = agreed().fit(images).about
    assert about["features"] == "HandmadeDescriber"
    assert about["alone"] == "NeighbourSaliency"


def test_a_reference_tells_the_settings_it_holds_for(agreed, images):
    recipe = agreed(share=0.5)
    settings, resolved = recipe.fit(images).about["recipe"], recipe.as_dict()
    assert settings == {
        "engine": "embedded",
        "features": resolved["features"],
        "saliency": {"kind": "agreed", "min_images": 2, "share": 0.5},
        "object": resolved["prompt"]["object"],
    }


def test_too_few_images_are_told_by_the_stage(agreed, images):
    with pytest.raises(TooFewImagesError, match="expected at least 2, got 1; add images"):
        agreed().fit(images[:1])


def test_a_batch_recipe_is_not_built_without_a_reference(agreed):
    with pytest.raises(
        ModelError, match=r"saliency agreed: expected a reference .*, got none; give `saa run`"
    ):
        agreed().build()


def test_a_reference_of_another_kind_is_refused(recipe, agreed, images):
    reference = agreed().fit(images)
    with pytest.raises(
        ModelError, match="reference: expected one of saliency consensus, got one of agreed; fit"
    ):
        recipe().build(reference)


def test_a_reference_for_other_settings_names_all_that_differ(agreed, images):
    reference = agreed().fit(images)
    other = agreed(share=0.5, engine=", features: {look: {working_area_px: 90000}}")
    message = "with another features.look.working_area_px, saliency.share; fit it again"
    with pytest.raises(ModelError, match=f"reference: expected one .* with this recipe, got one {message}"):
        other.build(reference)


def test_a_reference_that_tells_no_settings_is_refused(agreed):
    reference = Reference("agreed", {"level": np.zeros(1, np.float32)}, {"num_images": 2})
    with pytest.raises(ModelError, match="got one with another recipe; fit it again with these prompts"):
        agreed().build(reference)


def test_a_reference_holds_for_the_weights_it_was_fitted_with(agreed, images, tmp_path, monkeypatch):
    class WithCheckpoint(handmade.Config):
        checkpoint: str = "tiny"

    put_in_force(monkeypatch, tmp_path, tiny=entry())
    for content in (b"before", b"after"):
        (tmp_path / "tiny.pth").write_bytes(content)
        added.add("tiny", tmp_path / "tiny.pth")
        recipe = replace(agreed(), features=WithCheckpoint())
        if content == b"before":
            reference = recipe.fit(images)
            recipe.build(reference)
    assert reference.about["recipe"]["weights"] == {"tiny": sha256(b"before")}
    with pytest.raises(ModelError, match=r"got one with another weights\.tiny; fit it again"):
        recipe.build(reference)


def test_settings_of_other_stages_and_words_leave_a_reference_good(agreed, images):
    reference = agreed().fit(images)
    other = agreed(engine=", cascade: {evidence_floor: 0.5}")
    assert other.build(reference).inspect(images[0]).saliency.shape == (12, 15)


def test_a_single_recipe_is_neither_fitted_nor_given_a_reference(recipe, agreed, images):
    single = recipe(mode=modes.SINGLE)
    with pytest.raises(ModelError, match=r"saliency neighbours: expected .*, got images to compare; "):
        single.fit(images)
    with pytest.raises(ModelError, match=r"saliency neighbours: expected .*, got a reference; "):
        single.build(agreed().fit(images))
