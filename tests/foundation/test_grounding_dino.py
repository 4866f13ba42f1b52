"""Our way through GroundingDINO against the library's own, caption by caption."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_grounding_dino
import torch

from benchmarks._stock_grounding_dino import answers, stock
from saa.errors import ModelError
from saa.foundation import grounding_dino
from saa.foundation.bert import Size
from saa.foundation.devices import Placement
from saa.foundation.dino_features import seen
from saa.foundation.dino_sizes import SWIN_B, SWIN_T, Architecture
from saa.weights import added

CAPTIONS = (
    "metal nut,.",
    "defect on metal_nut.",
    "hole. dark hole? red stain on toothbrushs.",
    "a.",
    "thing.",
)


@pytest.fixture(scope="module")
def detector():
    return tiny_grounding_dino.detector()


@pytest.fixture
def vocabulary(tmp_path):
    return tiny_grounding_dino.vocabulary(tmp_path)


def noise(height, width):
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)


def ours(detector, vocabulary, pixels, captions, at_once):
    with torch.inference_mode():
        image = detector.see(pixels)
        texts = [detector.read(vocabulary.pieces(caption), vocabulary) for caption in captions]
        found = [detector(image, texts[i : i + at_once]) for i in range(0, len(texts), at_once)]
    return [torch.cat(parts) for parts in zip(*found, strict=True)]


def off(found, wanted):
    return max(float((one - other).abs().max()) for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("size", [(40, 60), (90, 31)])
@pytest.mark.parametrize(("arithmetic", "within"), [("exact", 0), ("fast", 2e-5)])
def test_every_caption_gets_what_the_library_gives_it_alone(vocabulary, tmp_path, size, arithmetic, within):
    detector = tiny_grounding_dino.detector(arithmetic)
    library = stock(detector, tmp_path, "GroundingDINO_SwinT_OGC")
    pixels = seen(noise(*size), 64, 107)
    one_by_one = ours(detector, vocabulary, pixels, CAPTIONS, 1)
    together = ours(detector, vocabulary, pixels, CAPTIONS, 5)
    for i, caption in enumerate(CAPTIONS):
        wanted = answers(library, pixels, caption)
        said = wanted[0][wanted[0] > 0]
        assert said.std() > 0.1  # a model that says something
        assert wanted[1].std(0).max() > 0.05
        assert off([part[i] for part in one_by_one], wanted) <= within
        assert off([part[i] for part in together], wanted) <= 2e-5


@pytest.mark.parametrize(("arithmetic", "within"), [("exact", 0), ("fast", 1e-5)])
def test_at_full_depth_a_caption_gets_what_the_library_gives_it(tmp_path, arithmetic, within):
    few = Size(vocabulary=len(tiny_grounding_dino.WORDS), width=128, layers=2, heads=2, feedforward=64)
    torch.manual_seed(0)
    detector = tiny_grounding_dino.stirred(grounding_dino.Detector(Architecture(text=few), arithmetic))
    vocabulary = tiny_grounding_dino.vocabulary(tmp_path)
    library = stock(detector, tmp_path, "GroundingDINO_SwinT_OGC")
    pixels = seen(noise(40, 50), 200, 333)
    found = ours(detector, vocabulary, pixels, CAPTIONS[2:3], 1)
    assert off([part[0] for part in found], answers(library, pixels, CAPTIONS[2])) <= within


@pytest.mark.parametrize(("sizes", "backbone"), [(SWIN_T, "swin_T_224_1k"), (SWIN_B, "swin_B_384_22k")])
def test_the_published_sizes_are_the_library_s(sizes, backbone):
    from groundingdino.models.GroundingDINO.backbone.swin_transformer import build_swin_transformer

    theirs = build_swin_transformer(backbone, int(backbone.split("_")[2]), out_indices=(1, 2, 3))
    tables = [f"layers.{i}.blocks.0.attn.relative_position_bias_table" for i in range(4)]
    shapes = {name: tuple(tensor.shape) for name, tensor in theirs.state_dict().items()}
    assert shapes["patch_embed.proj.weight"][0] == sizes.channels
    assert tuple(len(layer.blocks) for layer in theirs.layers) == sizes.depths
    window = (2 * sizes.window - 1) ** 2
    assert [shapes[table] for table in tables] == [(window, heads) for heads in sizes.heads]


def test_weights_tell_the_sizes_they_were_made_for(detector):
    assert Architecture.of(detector.state_dict()) == tiny_grounding_dino.architecture()


def test_a_phrase_means_the_same_whatever_stands_beside_it(detector, vocabulary):
    with torch.inference_mode():
        alone, beside = (
            detector.read(vocabulary.pieces(text), vocabulary).meanings
            for text in ("red stain.", "metal nut. red stain.")
        )
    torch.testing.assert_close(alone[1:4], beside[4:7])


def test_a_caption_of_more_pieces_than_are_read_is_cut_off(detector, vocabulary, tmp_path):
    caption = "hole. " * 140
    library = stock(detector, tmp_path, "GroundingDINO_SwinT_OGC")
    pixels = seen(noise(40, 60), 64, 107)
    found = ours(detector, vocabulary, pixels, [caption], 1)
    assert off([part[0] for part in found], answers(library, pixels, caption)) <= 1e-5


@pytest.mark.parametrize("size", [(1, 1), (1, 107), (64, 2), (3, 500)])
def test_an_image_with_fewer_cells_than_boxes_gets_boxes_all_the_same(detector, vocabulary, size):
    scores, boxes = ours(detector, vocabulary, torch.zeros(3, *size), ["thing."], 1)
    assert scores.isfinite().all()
    assert boxes.isfinite().all()
    assert scores.shape == (1, tiny_grounding_dino.NUM_QUERIES, 256)


def given(folder, name, state):
    """Save a state the way published checkpoints are, and vouch for it."""
    file = folder / "any name.pth"
    torch.save({"model": {f"module.{key}": tensor for key, tensor in state.items()}}, file)
    added.add(name, file)


def test_a_checkpoint_is_loaded_whole_and_once(detector, vocabulary, tmp_path):
    spare = {"label_enc.weight": torch.zeros(3, 256), "bert.embeddings.position_ids": torch.arange(5)[None]}
    given(tmp_path, "groundingdino_swint", detector.state_dict() | spare)
    loaded = grounding_dino.load("groundingdino_swint", Placement())
    assert grounding_dino.load("groundingdino_swint", Placement()) is loaded
    pixels = seen(noise(40, 60), 64, 107)
    wanted = ours(detector, vocabulary, pixels, CAPTIONS[:1], 1)
    assert off(ours(loaded, vocabulary, pixels, CAPTIONS[:1], 1), wanted) == 0


def test_a_checkpoint_with_a_gap_is_refused_by_name(detector, tmp_path):
    state = dict(detector.state_dict())
    del state["feat_map.bias"]
    given(tmp_path, "groundingdino_swinb", state)
    with pytest.raises(ModelError, match=r"1 missing: feat_map\.bias"):
        grounding_dino.load("groundingdino_swinb", Placement())


def test_weights_of_something_else_are_refused(tmp_path):
    given(tmp_path, "groundingdino_swint", {"image_encoder.pos_embed": torch.zeros(1)})
    with pytest.raises(
        ModelError,
        match=r"groundingdino_swint: expected the weights of GroundingDINO, got others .* give the stage",
    ):
        grounding_dino.load("groundingdino_swint", Placement())


def test_the_vocabulary_is_the_checkpoint_s_or_refused(detector, tmp_path):
    tiny_grounding_dino.vocabulary(tmp_path)
    added.add("bert_base_uncased", tmp_path)
    assert len(grounding_dino.words(detector)) == len(tiny_grounding_dino.WORDS)
    tiny_grounding_dino.vocabulary(tmp_path, tiny_grounding_dino.WORDS[:-1])
    added.add("bert_base_uncased", tmp_path)
    with pytest.raises(ModelError, match=r"bert_base_uncased: expected the 29 word pieces .*, got 28; give"):
        grounding_dino.words(detector)


def test_without_a_vocabulary_the_message_says_which_file_to_put_where(detector, tmp_path, monkeypatch):
    monkeypatch.setenv("SAA_WEIGHTS", str(tmp_path))
    with pytest.raises(
        ModelError, match=r"bert_base_uncased: expected bert_base_uncased/vocab\.txt in .*put it there"
    ):
        grounding_dino.words(detector)
