"""CLIPSeg as a grounder against the library's own model, asked for one phrase at a time."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_transformers as tiny
import torch
from street import street

from saa.errors import ModelError
from saa.foundation import clip
from saa.foundation.clipseg import Segmenter
from saa.foundation.pretrained import Look
from saa.grounders.clipseg import Config
from saa.prompts import ProductPrompt
from saa.types import Frame

PROMPT = ProductPrompt.model_validate({"object": {"phrase": "nut"}})
CAPTIONS = (("scratch",), ("dark hole", "red stain"), ("scratch",))


@pytest.fixture
def grounder(tmp_path):
    tiny.record(tmp_path / "clipseg", tiny.clipseg(), tiny.CLIPSEG)
    return lambda **settings: Config(side_px=64, **settings).build(PROMPT)


def published(image, phrases, template="{}"):
    """(H, W): the library's model is asked for one phrase after the other; the best answer counts."""
    pixels, answers = Look().pixels(image, (64, 64))[None], []
    for phrase in phrases:
        with torch.inference_mode():
            found = tiny.clipseg()(
                clip.tokens([template.format(phrase)]), pixels, interpolate_pos_encoding=True
            )
        answers.append(found.logits.reshape(64, 64).sigmoid())
    best = torch.stack(answers).amax(dim=0)
    return torch.nn.functional.interpolate(best[None, None], image.shape[:2], mode="bilinear")[0, 0].numpy()


@pytest.mark.parametrize("size", [(64, 64), (45, 130), (130, 45)])
def test_each_place_is_answered_by_the_best_phrase(grounder, size):
    image = street(*size)
    found = grounder().ground(Frame(image), CAPTIONS)
    np.testing.assert_allclose(found, published(image, ("scratch", "dark hole", "red stain")), atol=1e-5)
    assert np.ptp(found) > 0.1


def test_a_phrase_may_be_read_in_a_sentence(grounder):
    image, template = street(64, 64), "a photo of a {}."
    found = grounder(templates=[template]).ground(Frame(image), CAPTIONS[:1])
    np.testing.assert_allclose(found, published(image, ("scratch",), template), atol=1e-5)


@pytest.mark.parametrize("logit", [-1e4, 1e4])
def test_answers_of_any_size_are_shares(grounder, monkeypatch, logit):
    monkeypatch.setattr(Segmenter, "see", lambda *_: np.full((3, 64, 64), logit, np.float32))
    found = grounder().ground(Frame(street(50, 60)), CAPTIONS)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_allclose(found, np.full((50, 60), float(logit > 0)), atol=1e-6)


def test_phrases_are_read_once_however_many_images_ask_for_them(grounder, monkeypatch):
    built = grounder()
    first = built.ground(Frame(street(50, 60)), CAPTIONS)
    monkeypatch.setattr(Segmenter, "read", lambda *_: pytest.fail("read again"))
    np.testing.assert_array_equal(built.ground(Frame(street(50, 60)), CAPTIONS), first)


@pytest.mark.parametrize("template", ["no place", "{} and {}", "{thing}", ""])
def test_a_sentence_has_one_place_for_the_phrase(template):
    with pytest.raises(ValueError, match="should match pattern"):
        Config(templates=[template])


def test_a_folder_of_another_model_is_refused_before_it_is_loaded(tmp_path):
    tiny.record(tmp_path / "clipseg", tiny.mask2former(), tiny.CLIPSEG)
    with pytest.raises(ModelError, match=r"expected a config.json of clipseg, got one of mask2former; give"):
        Config().check()
