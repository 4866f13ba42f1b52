"""WinCLIP from a checkpoint's file to a map, against its formula written down plainly on open_clip's own model."""

from __future__ import annotations

import numpy as np
import open_clip
import pytest
import tiny_vit_clip as tiny
import torch
from open_clip.transform import image_transform
from PIL import Image
from street import street

from saa.errors import ModelError
from saa.foundation import winclip
from saa.grounders.winclip import Config
from saa.prompts import ProductPrompt
from saa.types import Frame

CAPTIONS = (("scratch",),)


@pytest.fixture
def grounder(tmp_path):
    tiny.record(tmp_path / "weights")

    def build(phrase="metal nut", **settings):
        return Config(**settings).build(ProductPrompt.model_validate({"object": {"phrase": phrase}}))

    return build


def published(image, phrase):
    """The image's score and the map at its size, one window after the other."""
    clip = tiny.model()
    visual = clip.visual

    def meaning(states):
        told = [template.format(state.format(phrase)) for state in states for template in winclip.TEMPLATES]
        return clip.encode_text(open_clip.tokenize(told), normalize=True).mean(dim=0)

    good, bad = (each / each.norm() for each in (meaning(winclip.NORMAL), meaning(winclip.ANOMALOUS)))

    def score(tokens):
        vector = visual.ln_post(visual.transformer(tokens))[0, 0] @ visual.proj
        vector = vector / vector.norm()
        return float(torch.softmax(torch.stack([vector @ good, vector @ bad]) / 0.07, dim=0)[1])

    prepare = image_transform(tiny.SIDE_PX, is_train=False, resize_mode="squash", interpolation="bicubic")
    tokens = visual._embeds(prepare(Image.fromarray(image))[None])
    whole = score(tokens)
    heard = {}
    for scale in (2, 3):
        for top in range(tiny.GRID - scale + 1):
            for left in range(tiny.GRID - scale + 1):
                inside = [(top + y, left + x) for y in range(scale) for x in range(scale)]
                rows = [0, *(1 + y * tiny.GRID + x for y, x in inside)]
                found = score(tokens[:, rows])
                for place in inside:
                    heard.setdefault((scale, place), []).append(found)
    patches = np.zeros((tiny.GRID, tiny.GRID), np.float32)
    for place in np.ndindex(patches.shape):
        scales = [len(heard[s, place]) / sum(1 / each for each in heard[s, place]) for s in (2, 3)]
        patches[place] = 3 / (1 / whole + 1 / scales[0] + 1 / scales[1])
    enlarged = torch.nn.functional.interpolate(
        torch.from_numpy(patches)[None, None], image.shape[:2], mode="bilinear"
    )
    return whole, enlarged[0, 0].numpy()


@pytest.mark.parametrize("size", [(120, 75), (96, 96), (33, 140)])
def test_map_and_score_are_the_published_ones(grounder, size):
    image, built = street(*size), grounder()
    with torch.inference_mode():
        whole, patches = published(image, "metal nut")
    frame = Frame(image)
    found = built.ground(frame, CAPTIONS)
    np.testing.assert_allclose(found, patches, atol=1e-5)
    assert np.ptp(found) > 0.01
    assert built.judge(frame, CAPTIONS) == pytest.approx(whole, abs=1e-5)


def test_the_product_s_name_decides_and_captions_do_not(grounder):
    frame, nut, grid = Frame(street(90, 120)), grounder(), grounder("grid")
    found = nut.ground(frame, CAPTIONS)
    np.testing.assert_array_equal(nut.ground(frame, (("hole", "stain"),)), found)
    assert np.abs(grid.ground(frame, CAPTIONS) - found).max() > 1e-4


def test_a_frame_is_looked_at_once_for_its_map_and_its_score(grounder):
    frame, built = Frame(street(90, 120)), grounder()
    built.ground(frame, CAPTIONS)
    built.judge(frame, CAPTIONS)
    assert list(frame.encodings) == [built.viewer]


def test_a_plain_picture_is_the_same_all_over_but_for_what_places_say(grounder):
    frame = Frame(np.full((40, 50, 3), 128, np.uint8))
    found = grounder(scales=(tiny.GRID,)).ground(frame, CAPTIONS)
    np.testing.assert_allclose(found, np.full((40, 50), found[0, 0]), rtol=1e-5)


@pytest.mark.parametrize(
    "settings", [{"scales": ()}, {"scales": (0,)}, {"temperature": 0}, {"temperature": 1.5}, {"side_px": 240}]
)
def test_settings_out_of_bounds_are_refused(settings):
    with pytest.raises(ValueError, match=r"^\d validation errors? for Config"):
        Config(**settings)


def test_a_checkpoint_that_is_not_there_is_told_with_what_fetches_it():
    with pytest.raises(
        ModelError, match=r"^clip_vit_b16_plus_240: expected vit_b_16_plus_240-laion400m_e31-8fb26589.pt in"
    ):
        Config().build(ProductPrompt.model_validate({"object": {"phrase": "nut"}}))
