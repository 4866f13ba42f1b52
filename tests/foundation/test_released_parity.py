"""Profile `released` against the released code, written down slowly, on the same small networks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest
import tiny_foundation
import tiny_grounding_dino
import tiny_sam
import tiny_wide_resnet
import yaml

from benchmarks._released import Answer, Constants, Models, Product, inspect
from benchmarks._stock_grounding_dino import stock
from saa import config
from saa.backends.cascade import Cascade
from saa.foundation import wide_resnet
from saa.types import Inspection, Proposals, Regions

SMALL = Constants(shortest_px=64, longest_px=107, single_px=96, several_px=64)
METAL_NUT = Product(
    "metal_nut", "metal_nut,", 1, 5, 0.9, (("scratch on metal nut", "nut"), ("Hole. ", "nut"))
)
TOOTHBRUSH = Product("toothbrush", "toothbrush,", 1, 5, 0.9, (("dark hole. red stain. worn", "toothbrush"),))
THINGS = Product("tooths", "bright_thing,", 4, 7, 0.9, (("red stain on thing. scratch.", "thing"),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where checkpoints lie."""
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def models(folder):
    """The libraries' own networks; their weights lie in the folder."""
    tiny_grounding_dino.vocabulary(folder)
    detector = stock(tiny_grounding_dino.far_reaching(), folder, "GroundingDINO_SwinT_OGC")
    eye = tiny_wide_resnet.shuffled(wide_resnet.architecture())
    found = Models(detector, tiny_sam.sam(), eye)
    networks = (found.detector, found.segmenter, found.eye)
    tiny_foundation.write(folder, **dict(zip(tiny_foundation.NETWORKS, networks, strict=True)))
    return found


@dataclass
class Recorder:
    """A stage that does as another one, and remembers boxes that went through it and what became of them."""

    stage: object
    boxes: list[Proposals] = field(default_factory=list)
    regions: list[Regions] = field(default_factory=list)
    one_by_one = False

    def propose(self, frame, captions):
        self.boxes.append(self.stage.propose(frame, captions))
        return self.boxes[-1]

    def refine(self, frame, proposals):
        self.boxes.append(proposals)
        self.regions.append(self.stage.refine(frame, proposals))
        return self.regions[-1]


@dataclass(frozen=True)
class Both:
    """Ways to look at one product that must agree; see `look`."""

    models: Models
    product: Product
    constants: Constants
    ours: Cascade

    def look(self, image) -> tuple[Answer, Inspection]:
        """What both say of a picture, once it is clear that they say the same, to 1e-4 of each range."""
        theirs = inspect(self.models, self.product, image, self.constants)
        recorded = replace(
            self.ours, generator=Recorder(self.ours.generator), refiner=Recorder(self.ours.refiner)
        )
        recorded.inspect(image)
        of_objects = recorded.refiner if self.product.count > 1 else recorded.generator
        same_boxes(of_objects.boxes[0], theirs.objects, image)
        same_boxes(recorded.refiner.boxes[-1], theirs.defects, image)
        same_masks(recorded.refiner.regions[-1].masks, theirs.defects.masks)
        ours, kept = self.ours.inspect(image), theirs.defects.masks[theirs.kept]
        close(ours.regions.scores, theirs.rescored[theirs.kept], 1)
        assert ours.regions.phrases == tuple(theirs.defects.phrases[place] for place in theirs.kept)
        same_masks(ours.regions.masks, kept)
        close(ours.saliency, theirs.saliency, np.ptp(theirs.saliency))
        same = (ours.regions.masks == kept).all(axis=0)
        close(ours.anomaly_map[same], theirs.anomaly_map[same], np.ptp(theirs.anomaly_map))
        assert ours.score == pytest.approx(theirs.anomaly_map.max(), rel=1e-4)
        return theirs, ours


def same_boxes(ours, theirs, image):
    """The same boxes in the same order."""
    close(ours.boxes, theirs.boxes, max(image.shape))
    close(ours.scores, theirs.scores, 1)
    assert ours.phrases == theirs.phrases


def same_masks(ours, theirs):
    """The same but for a pixel or two whose logits are so close to the threshold that rounding decides."""
    assert ours.shape == theirs.shape
    assert np.count_nonzero(ours != theirs) <= 2


def close(ours, theirs, reach):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * reach)


@pytest.fixture
def both(folder, models):
    """A product as the released code knows it, and what profile `released` makes of a file that says the same."""
    tiny_foundation.record(folder)
    small = tiny_foundation.SMALL

    def make(product, constants=SMALL, *, of=models, **stages):
        settings = {key: small.get(key, {}) | stages.get(key, {}) for key in {*small, *stages}}
        path = folder / f"{product.name}.yaml"
        path.write_text(yaml.safe_dump(written(product) | {"engines": {"foundation": settings}}))
        return Both(of, product, constants, config.load(path, "foundation", profile="released").build())

    return make


def written(product):
    """What a prompt file says of a product."""
    return {
        "object": {
            "phrase": product.object.rstrip(",").replace("_", " "),
            "name": product.name,
            "count": product.count,
        },
        "defects": {"captions": [text.strip(". ").split(". ") for text, _ in product.manual]},
        "reject": sorted({never for _, never in product.manual}),
        "rules": {"max_area_ratio": product.max_area},
        "confidence": {"top_k": product.top_k},
    }


def picture(height=70, width=90):
    """Four grainy discs, one of them with a blue mark."""
    drawn = np.full((height, width, 3), (40, 50, 60), np.uint8)
    for x, y in ((0.25, 0.27), (0.75, 0.27), (0.25, 0.73), (0.75, 0.73)):
        cv2.circle(drawn, (int(width * x), int(height * y)), min(height, width) // 6, (180, 170, 140), -1)
    cv2.circle(drawn, (int(width * 0.75), int(height * 0.7)), min(height, width) // 15, (40, 120, 190), -1)
    grain = np.random.default_rng(height).normal(0, 9, drawn.shape)
    return np.clip(drawn + grain, 0, 255).astype(np.uint8)


def areas(found):
    """Of boxes, in square pixels."""
    return (found.boxes[:, 2:] - found.boxes[:, :2]).prod(axis=1)


@pytest.mark.parametrize("size", [(70, 90), (120, 64)])
@pytest.mark.parametrize("product", [METAL_NUT, TOOTHBRUSH, THINGS], ids=lambda product: product.name)
def test_products_of_one_object_and_of_several_agree(both, product, size):
    theirs, _ = both(product).look(picture(*size))
    assert len(theirs.objects.boxes) > 10
    assert theirs.saliency.std() > 0.005
    assert len(np.unique(theirs.anomaly_map)) > 3


def test_letters_reject_a_name_only_if_its_word_pieces_are_spelled_together(both):
    apart, together = (set(both(each).look(picture())[0].defects.phrases) for each in (METAL_NUT, TOOTHBRUSH))
    assert any("flaw on metal _ nut" in phrase for phrase in apart)
    assert not any("scratch" in phrase and "nut" in phrase for phrase in apart)
    assert not any("toothbrush" in phrase for phrase in together)
    assert any("red stain" in phrase for phrase in together)


def test_boxes_reach_beyond_the_picture_and_all_of_them_counts(both):
    theirs, _ = both(replace(METAL_NUT, max_area=0.2)).look(picture())
    assert theirs.defects.boxes.min() < -5
    assert 0.1 < areas(theirs.defects).max() / areas(theirs.objects).max() < 0.2


def test_what_fills_more_than_its_share_of_the_picture_is_no_object(both):
    alone, together = (both(replace(THINGS, count=count)).look(picture())[0] for count in (1, 4))
    assert areas(together.objects).max() < 70 * 90 / 4 < areas(alone.objects).max()


def test_without_a_box_of_a_defect_the_map_is_empty(both):
    theirs, ours = both(replace(TOOTHBRUSH, max_area=1e-6)).look(picture())
    assert len(theirs.defects.boxes) == 0
    assert ours.anomaly_map.max() == ours.score == 0


def test_fewer_boxes_than_regions_that_count_all_count(both):
    theirs, ours = both(replace(TOOTHBRUSH, top_k=500)).look(picture())
    assert 5 < len(ours.regions) == len(theirs.defects.boxes)


def test_an_empty_mask_keeps_its_score_and_its_place_among_the_best(both, models):
    sharper = tiny_sam.sam()
    sharper.mask_threshold = 1.1
    some = both(
        replace(METAL_NUT, top_k=40),
        of=replace(models, segmenter=sharper),
        refiner={"mask_threshold": sharper.mask_threshold},
    )
    _, ours = some.look(picture())
    assert 0 < np.count_nonzero(ours.regions.areas) < 40


def test_higher_thresholds_agree(both):
    thresholds = {"box_threshold": 0.8, "text_threshold": 0.6}
    theirs, _ = both(METAL_NUT, replace(SMALL, **thresholds), regions=thresholds).look(picture())
    assert theirs.defects.scores.min() > 0.8
    assert 5 < len(theirs.defects.boxes) < 50


def test_an_object_whose_sentence_lacks_the_comma_agrees(both):
    plain = replace(METAL_NUT, object="metal_nut")
    without, _ = both(plain, regions={"object_comma": False}).look(picture())
    with_comma, _ = both(METAL_NUT).look(picture())
    assert not np.array_equal(without.objects.scores, with_comma.objects.scores)


def test_the_profile_has_the_released_constants():
    recipe = config.load("visa/candle", "foundation", profile="released")
    regions, saliency, single = recipe.regions, recipe.saliency, recipe.saliency.single
    gain = recipe.cascade.saliency_gain * recipe.prompt.saliency.gain
    assert Constants() == Constants(
        regions.shortest_px,
        regions.longest_px,
        regions.box_threshold,
        regions.text_threshold,
        single.size_px,
        saliency.size_px,
        single.num_neighbours,
        gain,
    )
