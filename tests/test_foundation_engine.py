"""The engine `foundation` on pictures and findings that the code released with SAA+ does not survive, and others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import PIL.Image
import pytest
import tiny_foundation
from scripted_stages import ScriptedGenerator, ScriptedSaliency, regions

from saa import images
from saa.profiles import ABLATIONS, BASELINES, FOUNDATION
from saa.types import Regions

SIZE = (40, 60)
ALL = (slice(None), slice(None))
LEFT, RIGHT = (slice(8, 28), slice(2, 26)), (slice(8, 28), slice(33, 57))
LONG = (10_000, 300)
SEVERAL = {"object": {"phrase": "metal nut", "count": 4}}
COUNTS = {"one": {}, "several": SEVERAL}


def noise(height, width):
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), np.uint8)


def part():
    """A grainy disc with a dark mark."""
    drawn = np.full((70, 90, 3), (40, 50, 60), np.uint8)
    cv2.circle(drawn, (45, 35), 25, (180, 170, 140), -1)
    cv2.circle(drawn, (52, 30), 5, (60, 40, 40), -1)
    return np.clip(drawn + np.random.default_rng(0).normal(0, 9, drawn.shape), 0, 255).astype(np.uint8)


PICTURES = {
    "part": part(),
    "grey all over": np.full((*SIZE, 3), 128, np.uint8),
    "black": np.zeros((33, 47, 3), np.uint8),
    "1x1": noise(1, 1),
    "1x200": noise(1, 200),
    "200x1": noise(200, 1),
    "2x3": noise(2, 3),
}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """Builds inspectors on one set of small networks."""
    return tiny_foundation.Workshop(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(params=[name for name in FOUNDATION if name not in BASELINES])
def profile(request):
    return request.param


@pytest.fixture(params=COUNTS)
def counted(request):
    """What the file says of a product, of which a picture shows one or several."""
    return COUNTS[request.param]


def valid(found, size):
    """The answer, once it is clear that it is one for a picture of a size (h, w)."""
    for plane in (found.anomaly_map, found.saliency, *found.parts.values()):
        assert plane.shape == size
        assert plane.dtype == np.float32
        assert np.isfinite(plane).all()
        assert plane.min() >= 0
    assert found.saliency.max() <= 1
    assert np.isfinite(found.score)
    assert found.score >= 0
    assert found.regions.size == size
    assert (np.diff(found.regions.scores) <= 0).all()
    return found


@pytest.mark.parametrize("picture", PICTURES)
def test_any_picture_gets_a_valid_map(workshop, profile, counted, picture):
    image = PICTURES[picture]
    found = valid(workshop.inspector(profile, **counted).inspect(image), image.shape[:2])
    if picture == "part":
        assert len(found.regions)


def test_a_very_long_picture_gets_a_valid_map(workshop, profile):
    found = workshop.inspector(profile, **SEVERAL).inspect(noise(*LONG))
    assert len(valid(found, LONG).regions)


def saved(folder, kind):
    """The part as a file of a kind."""
    path, picture = folder / f"{kind}.png", PIL.Image.fromarray(part())
    grey = np.array(picture.convert("L"))
    if kind == "grey":
        picture = PIL.Image.fromarray(grey)
    if kind == "16-bit":
        picture = PIL.Image.fromarray(grey.astype(np.uint16) * 257)
    if kind == "alpha":
        picture.putalpha(PIL.Image.fromarray((grey > 60).astype(np.uint8) * 255))
    if kind == "palette":
        picture = picture.quantize(16)
    if kind == "turned":
        path, marks = path.with_suffix(".jpg"), PIL.Image.Exif()
        marks[0x0112] = 6
        picture.save(path, exif=marks)
        return path
    picture.save(path)
    return path


@pytest.mark.parametrize("kind", ["grey", "16-bit", "alpha", "palette", "turned"])
def test_any_kind_of_file_gets_a_valid_map_of_the_upright_picture(workshop, tmp_path, profile, kind):
    image = images.read_rgb(saved(tmp_path, kind))
    found = valid(workshop.inspector(profile).inspect(image), (90, 70) if kind == "turned" else (70, 90))
    assert len(found.regions)


def test_pictures_that_are_views_of_others_or_cannot_be_written_to_are_as_good(workshop, profile):
    inspector, mirrored, locked = workshop.inspector(profile), part()[::-1, ::-1], part()
    locked.flags.writeable = False
    for image in (mirrored, locked):
        wanted = inspector.inspect(image.copy())
        np.testing.assert_array_equal(inspector.inspect(image).anomaly_map, wanted.anomaly_map)


@pytest.mark.parametrize("left_out", [*((each,) for each in ABLATIONS), tuple(ABLATIONS)], ids="+".join)
def test_whatever_is_left_out_the_map_is_valid(workshop, profile, left_out):
    found = workshop.inspector(profile, left_out, **SEVERAL).inspect(part())
    assert len(valid(found, (70, 90)).regions)
    if "confidence" in left_out:
        assert len(found.regions) > 5


def test_more_regions_may_count_than_there_are(workshop, profile):
    found = workshop.inspector(profile, confidence={"top_k": 1000}, engine={"cascade": {"top_k": 1000}})
    assert 5 < len(valid(found.inspect(part()), (70, 90)).regions) < 1000


def test_a_detector_that_finds_nothing_leaves_an_empty_map(workshop, profile, counted):
    found = workshop.inspector(profile, engine={"regions": {"box_threshold": 1.0}}, **counted).inspect(part())
    empty(found, (70, 90))


def empty(found, size):
    """Nothing was found in a picture of a size (h, w)."""
    assert len(valid(found, size).regions) == 0
    assert found.anomaly_map.max() == found.score == 0


@dataclass(frozen=True)
class Filling:
    """A refiner that finds boxes full, and those of some phrases empty."""

    empty: tuple[str, ...] = ()
    one_by_one = True

    def refine(self, frame, proposals):
        masks = np.zeros((len(proposals), *frame.size), np.bool_)
        for mask, box, phrase in zip(masks, proposals.boxes, proposals.phrases, strict=True):
            x0, y0, x1, y1 = box.astype(int)
            mask[y0:y1, x0:x1] = phrase not in self.empty
        return Regions(masks, proposals.scores, proposals.phrases)


@pytest.fixture
def inspect(workshop, profile, counted):
    """Inspects a grainy picture in which these objects and flaws are found; saliency is the network's."""

    def run(objects, flaws, size=SIZE, empty=(), **stages):
        found = ScriptedGenerator("metal nut", regions(size, *objects), regions(size, *flaws))
        inspector = replace(
            workshop.inspector(profile, **counted), generator=found, refiner=Filling(empty), **stages
        )
        return valid(inspector.inspect(noise(*size)), size)

    return run


NUTS = (("metal nut", 0.9, LEFT), ("metal nut", 0.8, RIGHT))
SCRATCH = ("scratch", 0.5, (slice(10, 16), slice(8, 14)))
HOLE = ("dark hole", 0.4, (slice(20, 24), slice(40, 50)))


def test_defects_count_where_no_object_is_found(inspect):
    found = inspect((), (SCRATCH, HOLE))
    assert set(found.regions.phrases) == {"scratch", "dark hole"}
    assert found.anomaly_map[SCRATCH[2]].min() > 0


def test_no_defect_is_an_empty_map(inspect):
    empty(inspect(NUTS, ()), SIZE)
    empty(inspect((), ()), SIZE)


def test_one_object_where_several_were_promised_is_compared_with_itself(inspect, profile, counted):
    found = inspect(NUTS[:1], (SCRATCH,))
    assert "scratch" in found.regions.phrases
    compares_objects = profile in ("default", "released") and counted
    assert len(found.notes) == bool(compares_objects)
    assert found.saliency.max() > 0 or profile == "vanilla"


def test_two_objects_are_compared_with_each_other(inspect, profile, counted):
    found = inspect(NUTS, (SCRATCH,))
    assert found.notes == ()
    if profile in ("default", "released") and counted:
        assert found.saliency[LEFT].max() > 0 == found.saliency[0].max()


def test_objects_that_lie_over_each_other_are_borne(inspect):
    found = inspect((NUTS[0], NUTS[0], NUTS[0]), (SCRATCH,))
    assert "scratch" in found.regions.phrases


def test_objects_smaller_than_a_cell_of_the_features_are_borne(inspect):
    dots = [("metal nut", 0.9, (slice(y, y + 1), slice(y, y + 1))) for y in (3, 317, 501)]
    flaw = ("scratch", 0.5, (slice(300, 330), slice(300, 330)))
    inspect(dots, (flaw,), size=(640, 700))
    inspect(dots[:1], (flaw,), size=(640, 700))


def test_objects_whose_masks_are_empty_are_no_objects(inspect):
    found = inspect(NUTS, (SCRATCH, HOLE), empty=("metal nut",))
    assert set(found.regions.phrases) == {"scratch", "dark hole"}


def test_empty_masks_of_defects_leave_no_mark(inspect):
    assert inspect(NUTS, (SCRATCH, HOLE), empty=("scratch", "dark hole")).anomaly_map.max() == 0


def test_where_everything_is_rejected_the_map_is_empty(inspect, profile):
    found = inspect(NUTS, [("nut metal_nut", score, place) for _, score, place in (SCRATCH, HOLE)])
    if profile in ("default", "released"):
        empty(found, SIZE)


def test_defects_as_large_as_the_picture_are_dropped_where_areas_count(inspect, profile):
    found = inspect((), [("scratch", 0.5, ALL)])
    if profile != "vanilla":
        empty(found, SIZE)


@pytest.mark.parametrize("level", [0.0, 0.25, 1.0])
def test_saliency_that_is_the_same_everywhere_changes_no_order(inspect, level):
    found = inspect(NUTS, (SCRATCH, HOLE), saliency=ScriptedSaliency(np.full(SIZE, level, np.float32)))
    assert found.regions.phrases[0] == "scratch"
