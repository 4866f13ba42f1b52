"""The released code of SAA+ from image to map, written down slowly and plainly from its published description.

It imports nothing of `saa`: networks are handed in, and run by their own libraries' forward passes, one after the
other. So it is what profile `released` must agree with, and the straight sequential run that we are measured against:

    models = Models(stock(detector, folder, "GroundingDINO_SwinT_OGC"), sam, eye)
    found = inspect(models, Product("metal_nut", "metal_nut,", 1, 5, 1.0, (("scratch.", "nut"),)), rgb)
    found.objects.boxes, found.defects.scores, found.saliency, found.anomaly_map

Differs: where the released code takes one cell after the other to compare several objects, this takes some thousands
at once; boxes may be decoded in portions, where it decodes all at once. No box of an object is an object as large as
the picture, where it fails; with fewer than two objects of several this fails as it does.

Source: github.com/caoyunkang/Segment-Any-Anomaly, branch `SAA-plus`, commit 23acbd9; arXiv 2305.10724.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image as Pictures
from segment_anything import SamPredictor
from segment_anything.modeling import Sam
from torch import nn

from benchmarks import _released_saliency as saliency
from benchmarks._stock_grounding_dino import answers

GENERAL = ("defect on {}", "damage on {}", "flaw on {}")
_NEVER = "PlaceHolder"
"""What objects are filtered by: word pieces have no capitals."""


@dataclass(frozen=True)
class Product:
    """What the released code is told of a product.

    Attributes:
        name: of the class, as in the data set, with underscores.
        object: what is looked for as the object; with its comma, where the product's sentence has one.
        count: how many objects a picture shows.
        top_k: how many regions count.
        max_area: what share of the largest object's box a defect's box must not reach.
        manual: captions written for the product, and what must not occur in the phrases they find.
    """

    name: str
    object: str
    count: int
    top_k: int
    max_area: float
    manual: tuple[tuple[str, str], ...] = ()

    @property
    def defects(self) -> tuple[tuple[str, str], ...]:
        """All captions and filters, in order."""
        return (*((each.format(self.name), self.name) for each in GENERAL), *self.manual)


@dataclass(frozen=True)
class Constants:
    """The released code's own; smaller sizes make tests quick.

    Attributes:
        shortest_px, longest_px: of what the detector sees.
        box_threshold, text_threshold: what its numbers must exceed.
        single_px, several_px: sides of what the saliency of one and of several objects sees.
        neighbours: how many cells one is compared with.
        gain: of the saliency.
    """

    shortest_px: int = 800
    longest_px: int = 1333
    box_threshold: float = 0.1
    text_threshold: float = 0.1
    single_px: int = 256
    several_px: int = 1024
    neighbours: int = 400
    gain: float = 3.0


@dataclass(frozen=True)
class Models:
    """Networks, on the CPU.

    Attributes:
        detector: groundingdino-py's, with its `tokenizer`; see `_stock_grounding_dino.stock`.
        segmenter: segment_anything's.
        eye: timm's `wide_resnet50_2` with `features_only=True, out_indices=(1, 2, 3)`.
    """

    detector: nn.Module
    segmenter: Sam
    eye: nn.Module


@dataclass(frozen=True)
class Found:
    """N boxes after the filters, in the order of captions and then of the detector.

    Attributes:
        boxes: (N, 4) float32 xyxy pixels; they may reach beyond the image.
        scores: (N,) float32.
        phrases: N.
        masks: (N, H, W) bool.
    """

    boxes: np.ndarray
    scores: np.ndarray
    phrases: tuple[str, ...]
    masks: np.ndarray


@dataclass(frozen=True)
class Answer:
    """For one image.

    Attributes:
        objects, defects: what was found of either.
        saliency: (H, W) float32.
        rescored: (N,) float64, the scores of the defects as the saliency has raised them.
        kept: up to `top_k` numbers of defects, best first.
        anomaly_map: (H, W) float64.
    """

    objects: Found
    defects: Found
    saliency: np.ndarray
    rescored: np.ndarray
    kept: np.ndarray
    anomaly_map: np.ndarray


def inspect(
    models: Models,
    product: Product,
    rgb: np.ndarray,
    constants: Constants | None = None,
    *,
    boxes_at_once: int | None = None,
) -> Answer:
    """The answer for an (H, W, 3) uint8 RGB image; every step is done anew.

    Args:
        models: see there.
        product: see there.
        rgb: as an image library gives it; the released code reads it in the order BGR.
        constants: see there; by default the released code's.
        boxes_at_once: boxes decoded together, at about 30 MB each; by default all of them, as released.

    Raises:
        RuntimeError: a picture of several objects in which fewer than two were found.
    """
    constants = constants or Constants()
    predictor = SamPredictor(models.segmenter)
    predictor.set_image(rgb[..., ::-1].copy())  # BGR, taken for RGB
    objects, areas = _detected(
        models.detector, rgb, ((product.object, _NEVER),), 1 / product.count, constants
    )
    largest = float(areas.max()) if len(areas) else 1.0
    objects = _segmented(predictor, *objects, boxes_at_once)
    defects, _ = _detected(models.detector, rgb, product.defects, product.max_area * largest, constants)
    defects = _segmented(predictor, *defects, boxes_at_once)
    if product.count == 1:
        salient = saliency.of_one_object(models.eye, rgb, constants.single_px, constants.neighbours)
    else:
        salient = saliency.of_several_objects(models.eye, rgb, objects.masks, constants.several_px)
    rescored = np.array(
        [
            float(score) * np.exp(constants.gain * salient[mask].mean(dtype=np.float64))
            if mask.any()
            else score
            for mask, score in zip(defects.masks, defects.scores, strict=True)
        ],
        np.float64,
    )
    kept = np.argsort(rescored)[-product.top_k :][::-1]
    fused = _fused(defects.masks[kept], rescored[kept], rgb.shape[:2])
    return Answer(objects, defects, salient, rescored, kept, fused)


def _seen(rgb: np.ndarray, constants: Constants) -> torch.Tensor:
    """(3, h, w), by the library's own transforms."""
    from groundingdino.datasets import transforms

    prepare = transforms.Compose(
        [
            transforms.RandomResize([constants.shortest_px], max_size=constants.longest_px),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    return prepare(Pictures.fromarray(rgb), None)[0]


def _detected(detector: nn.Module, rgb: np.ndarray, pairs, max_area: float, constants: Constants):
    """Boxes of all captions, one pass each, that their own filters leave: boxes, scores, phrases; and areas."""
    kept: list[tuple[torch.Tensor, float, str]] = []
    pixels = _seen(rgb, constants)
    for caption, never in pairs:
        text = caption.lower().strip()
        text = text if text.endswith(".") else f"{text}."
        numbers, boxes = answers(detector, pixels, text)
        scores, areas = numbers.max(dim=1).values, boxes[:, 2] * boxes[:, 3]
        fits = (scores > constants.box_threshold) & (areas < max_area) & (areas > 0)
        ids = detector.tokenizer(text)["input_ids"]
        for row in torch.nonzero(fits).flatten().tolist():
            fired = torch.nonzero(numbers[row] > constants.text_threshold).flatten().tolist()
            phrase = detector.tokenizer.decode([ids[place] for place in fired])
            if phrase.count(never) == 0:
                kept.append((boxes[row], scores[row].item(), phrase))
    shares = torch.stack([box for box, *_ in kept]) if kept else torch.zeros(0, 4)
    height, width = rgb.shape[:2]
    corners = shares * torch.tensor([width, height, width, height])
    corners[:, :2] -= corners[:, 2:] / 2
    corners[:, 2:] += corners[:, :2]
    found = corners, np.array([score for _, score, _ in kept], np.float32), tuple(name for *_, name in kept)
    return found, (shares[:, 2] * shares[:, 3]).numpy()


def _segmented(predictor: SamPredictor, boxes: torch.Tensor, scores, phrases, at_once: int | None) -> Found:
    size = predictor.original_size
    scaled = predictor.transform.apply_boxes_torch(boxes, size)
    masks = np.zeros((len(boxes), *size), bool)
    step = at_once or max(1, len(boxes))
    for first in range(0, len(boxes), step):
        some = scaled[first : first + step]
        answer, *_ = predictor.predict_torch(None, None, boxes=some, multimask_output=False)
        masks[first : first + step] = answer[:, 0].numpy()
    return Found(boxes.numpy(), scores, phrases, masks)


def _fused(masks: np.ndarray, scores: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    total, count = np.zeros(size), np.ones(size)
    for mask, score in zip(masks, scores, strict=True):
        total += mask * score
        count += mask
    return total / count
