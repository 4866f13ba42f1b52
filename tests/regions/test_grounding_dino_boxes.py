from __future__ import annotations

import numpy as np
import pytest
import tiny_grounding_dino
import torch

from saa import config as configs
from saa.errors import ModelError
from saa.ops import boxes as boxes_of
from saa.prompts import ProductPrompt
from saa.regions.grounding_dino import Config
from saa.types import Frame, Proposals
from saa.weights import added

PROMPT = ProductPrompt.model_validate(
    {"object": {"phrase": "metal_nut"}, "defects": {"captions": [["hole", "red stain"], "bright scratch"]}}
)
CAPTIONS = PROMPT.captions()
SMALL = {"shortest_px": 64, "longest_px": 107}
RELEASED = {"scored_on": "all", "named": "pieces", "object_comma": True, "nms_iou": 1, "outside": "keep"}


@pytest.fixture(scope="module")
def detector():
    return tiny_grounding_dino.detector()


@pytest.fixture
def generator(detector, tmp_path):
    """A generator with some settings."""
    vocabulary = tiny_grounding_dino.vocabulary(tmp_path / "words")

    def build(**settings):
        return Config(**SMALL | settings).with_detector(detector, vocabulary, PROMPT)

    return build


def picture(height=40, width=60):
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def same(one: Proposals, other: Proposals, within=0.0) -> bool:
    return (
        one.phrases == other.phrases
        and np.allclose(one.boxes, other.boxes, rtol=0, atol=within)
        and np.allclose(one.scores, other.scores, rtol=0, atol=within)
    )


@pytest.mark.parametrize("captions", [[], [()], [("", " . ")]])
def test_captions_without_words_find_nothing_and_encode_nothing(generator, captions):
    frame = Frame(picture())
    assert len(generator().propose(frame, captions)) == 0
    assert not frame.encodings


def test_a_caption_without_words_changes_nothing_for_the_others(generator):
    frame = Frame(picture())
    wanted = generator().propose(frame, CAPTIONS)
    assert same(generator().propose(frame, [(), *CAPTIONS]), wanted)


def test_nothing_above_the_threshold_is_nothing_found(generator):
    found = generator(box_threshold=1).propose(Frame(picture()), CAPTIONS)
    assert found.boxes.shape == (0, 4)


def test_the_image_is_encoded_once_and_every_caption_read_once(generator, detector, monkeypatch):
    seen, read = [], []
    see, understand = detector.see, detector.read
    monkeypatch.setattr(detector, "see", lambda pixels: seen.append(1) or see(pixels))
    monkeypatch.setattr(detector, "read", lambda *text: read.append(1) or understand(*text))
    one = generator()
    for image in (picture(), picture()[::-1].copy()):
        frame = Frame(image)
        one.propose(frame, [(PROMPT.object.phrase,)])
        one.propose(frame.marked(np.zeros(frame.size, np.float32)), CAPTIONS)
    assert len(seen) == 2
    assert len(read) == 1 + len(CAPTIONS)


def test_as_the_released_code_has_it_boxes_come_in_the_order_of_captions_and_queries(
    generator, detector, tmp_path
):
    image = picture()
    found = generator(**RELEASED, box_threshold=0.3, text_threshold=0.3).propose(Frame(image), CAPTIONS)
    rows = []
    one = generator()
    with torch.inference_mode():
        features = one.encoder(image)
        for caption in CAPTIONS:
            question, text = one.reader.asked(caption, comma=False)
            scores, boxes = (part[0].numpy() for part in detector(features, [text]))
            for score, (x, y, w, h) in zip(scores, boxes, strict=True):
                if score.max() > 0.3:
                    fired = [i for i, p in zip(question.pieces.ids, score, strict=False) if p > 0.3]
                    box = np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2]) * [60, 40, 60, 40]
                    rows.append((box, score.max(), one.reader.vocabulary.text(fired)))
    assert 20 < len(rows) < 125
    np.testing.assert_allclose(found.boxes, [box for box, *_ in rows], atol=1e-5)
    np.testing.assert_array_equal(found.scores, [score for _, score, _ in rows])
    assert found.phrases == tuple(phrase for *_, phrase in rows)


def test_captions_in_one_batch_find_what_they_find_alone(generator):
    frame = Frame(picture())
    wanted = generator(nms_iou=1).propose(frame, CAPTIONS)
    assert len(wanted)
    for at_once in (2, 64):
        found = generator(nms_iou=1, captions_at_once=at_once).propose(frame, CAPTIONS)
        assert same(found, wanted, within=1e-3)


def test_of_boxes_that_overlap_much_only_the_best_stays_in_place(generator):
    frame = Frame(picture())
    every = generator(nms_iou=1).propose(frame, CAPTIONS)
    kept = generator(nms_iou=0.6).propose(frame, CAPTIONS)
    assert 0 < len(kept) < len(every)
    overlaps = boxes_of.iou(kept.boxes, kept.boxes)
    assert overlaps[~np.eye(len(kept), dtype=bool)].max() <= 0.6
    places = [np.flatnonzero((every.boxes == box).all(axis=1) & (every.scores == score))[0]
              for box, score in zip(kept.boxes, kept.scores, strict=True)]  # fmt: skip
    assert places == sorted(places)
    dropped = np.setdiff1d(np.arange(len(every)), places)
    beaten = boxes_of.iou(every.boxes[dropped], kept.boxes) > 0.6
    best = np.where(beaten, kept.scores, 0).max(axis=1)
    assert (best >= every.scores[dropped]).all()


def test_boxes_end_at_the_image_s_border_unless_they_are_kept_as_they_are(generator):
    frame = Frame(picture())
    cut, whole = (generator(nms_iou=1, outside=way).propose(frame, CAPTIONS) for way in ("clip", "keep"))
    assert whole.boxes.min() < 0
    assert len(cut) == len(whole)
    np.testing.assert_array_equal(cut.boxes, np.clip(whole.boxes, 0, [60, 40, 60, 40]))


def test_only_the_best_boxes_of_each_caption_are_kept_in_the_detector_s_order(generator):
    frame = Frame(picture())
    every, few = (generator(nms_iou=1, most_boxes=most).propose(frame, CAPTIONS[:1]) for most in (900, 3))
    assert len(every) > 3
    best = np.sort(np.argsort(-every.scores, kind="stable")[:3])
    assert same(few, every[best], within=0)
    both = generator(nms_iou=1, most_boxes=3).propose(frame, CAPTIONS[:2])
    assert len(both) == 6


def test_the_object_is_named_whole_and_read_with_a_comma_where_that_is_wanted(generator):
    frame = Frame(picture())
    caption = [(PROMPT.object.phrase,)]
    plain, comma = (generator(object_comma=wanted).propose(frame, caption) for wanted in (False, True))
    assert set(plain.phrases) == set(comma.phrases) == {"metal_nut"}
    assert not same(plain, comma, within=1e-3)
    defects = [generator(object_comma=wanted).propose(frame, CAPTIONS) for wanted in (False, True)]
    assert same(*defects)
    assert set(generator(**RELEASED).propose(frame, caption).phrases) - {"metal_nut"}


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (10_000, 300), (2, 9000)])
def test_images_of_odd_sizes_get_boxes_inside_them(generator, size):
    found = generator().propose(Frame(picture(*size)), CAPTIONS)
    assert len(found)
    x0, y0, x1, y1 = found.boxes.T
    assert ((x0 >= 0) & (x0 < x1) & (x1 <= size[1])).all()
    assert ((y0 >= 0) & (y0 < y1) & (y1 <= size[0])).all()


def test_brain_floats_find_about_the_same(generator):
    frame = Frame(picture())
    exact, quick = (
        generator(precision=precision, nms_iou=1, box_threshold=0).propose(frame, CAPTIONS[:1])
        for precision in ("fp32", "bf16")
    )
    assert quick.boxes.dtype == quick.scores.dtype == np.float32
    assert np.abs(np.sort(exact.scores) - np.sort(quick.scores)).mean() < 0.05


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_an_accelerator_finds_the_same(generator, detector):
    wanted = generator(nms_iou=1).propose(Frame(picture()), CAPTIONS)
    detector.to("cuda")
    try:
        found = generator(device="cuda", nms_iou=1, captions_at_once=8).propose(Frame(picture()), CAPTIONS)
    finally:
        detector.to("cpu")
    assert same(found, wanted, within=1e-2)


def test_nothing_is_printed_and_nothing_warned_of(generator, capfd):
    generator().propose(Frame(picture()), CAPTIONS)
    assert capfd.readouterr() == ("", "")


def test_a_prompt_file_builds_it_from_files(detector, tmp_path):
    tiny_grounding_dino.vocabulary(tmp_path)
    file = tmp_path / "groundingdino_swint_ogc.pth"
    torch.save({"model": detector.state_dict()}, file)
    added.add("groundingdino_swint", file)
    added.add("bert_base_uncased", tmp_path)
    (tmp_path / "nut.yaml").write_text(
        "object: {phrase: metal_nut}\ndefects: {captions: [hole]}\n"
        "engines: {embedded: {regions: {kind: grounding_dino, shortest_px: 64, longest_px: 107}}}\n"
    )
    inspection = configs.load(tmp_path / "nut.yaml", "embedded").build().inspect(picture())
    assert inspection.anomaly_map.shape == (40, 60)


def test_without_a_checkpoint_the_message_is_one_line_and_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("SAA_WEIGHTS", str(tmp_path))
    with pytest.raises(
        ModelError,
        match=r"^groundingdino_swint: expected groundingdino_swint_ogc\.pth in .*put it there[^\n]*$",
    ):
        Config().build(PROMPT)
