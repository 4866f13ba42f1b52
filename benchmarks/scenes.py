"""One street frame through the CLIP segmenter, against a straight composition of the same library modules."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._measuring import Result, check_same, peak_mib, times_as_fast, torch_threads

SUMMARY = "one frame through the CLIP segmenter, time and peak memory, against its modules put together plainly; random"
TOLERANCE = 1e-4
"""Share of a map's range."""
CLASSES = 19


@dataclass(frozen=True)
class Size:
    """Pixels of the frame, and sizes of the networks; those of FC-CLIP on ConvNeXt-L, whose frame takes a minute."""

    height: int = 1024
    width: int = 2048
    depths: tuple[int, ...] = (3, 3, 27, 3)
    channels: tuple[int, ...] = (192, 384, 768, 1536)
    queries: int = 250
    decoder_layers: int = 9
    embedded: int = 768
    threads: int = 2


FULL = Size()
QUICK = Size(
    height=128, width=256, depths=(1, 1, 2, 1), channels=(24, 48, 96, 192), queries=50, decoder_layers=3
)


def measure(size: Size) -> list[Result]:
    """Our speed as a multiple of the plain composition's, and its peak memory as a multiple of ours.

    Each has a process of its own and one frame, without a round before: that is how long a user waits.

    Raises:
        RuntimeError: the maps differ by more than `TOLERANCE` of their range.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = [_in_process(way, size, Path(folder)) for way in ("ours", "straight")]
        maps = [np.load(Path(folder) / f"{way}.npy") for way in ("ours", "straight")]
    off = float(np.abs(maps[0] - maps[1]).max() / np.ptp(maps[1]))
    check_same("scenes", off, TOLERANCE)
    (ours_s, ours_mib), (straight_s, straight_mib) = told
    what = (
        f"FC-CLIP, {size.height} × {size.width}, {size.queries} masks, {CLASSES} classes, same to {off:.0e}"
    )
    results = [times_as_fast(what, [ours_s], [straight_s], "the library modules put together")]
    if ours_mib:
        of = "the peak memory of the library modules put together"
        results.append(Result(what, [ours_mib / straight_mib], of, ours_mib, straight_mib, "MiB"))
    return results


def _in_process(way: str, size: Size, folder: Path) -> tuple[float, float]:
    given = [sys.executable, "-m", "benchmarks.scenes", way, str(folder), json.dumps(asdict(size))]
    ran = subprocess.run(given, check=True, stdout=subprocess.PIPE, text=True)
    seconds, mebibytes = json.loads(ran.stdout)
    return seconds, mebibytes


def frame(size: Size) -> NDArray[np.uint8]:
    """Smooth noise, so that masks have something to differ by."""
    import cv2

    coarse = np.random.default_rng(0).integers(0, 256, (16, 32, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (size.width, size.height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _run(way: str, folder: Path, size: Size) -> None:
    """One frame; prints seconds and the process's peak memory in MiB, 0 where the system does not tell."""
    import torch

    from saa.foundation import clip, fcclip, mask2former, mask2former_fast
    from saa.foundation.devices import Placement

    torch.manual_seed(0)
    sizes = mask2former.Sizes(size.channels, queries=size.queries, decoder_layers=size.decoder_layers)
    network = fcclip.Network(sizes, size.embedded).eval().requires_grad_(requires_grad=False)
    for parameter in network.parameters():  # the library leaves some of them as memory happens to be
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
    tower = clip.ImageTower(clip.ImageSizes(size.depths, size.channels, size.embedded))
    tower = tower.eval().requires_grad_(requires_grad=False)
    texts = np.random.default_rng(1).standard_normal((CLASSES, size.embedded)).astype(np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    image = frame(size)
    with torch_threads(size.threads):
        if way == "ours":
            mask2former_fast.quickened(network.pixel_decoder, network.transformer)
            clip.quickened(tower)
            segmenter = fcclip.Segmenter(network, tower, Placement(), size.height, 2 * size.width)
            begun = time.perf_counter()
            found = _ours(segmenter, texts, image)
        else:
            begun = time.perf_counter()
            found = _straight(network, tower, texts, image)
    seconds = time.perf_counter() - begun
    np.save(folder / f"{way}.npy", found)
    print(json.dumps((seconds, peak_mib() if sys.platform != "win32" else 0.0)))


def _ours(segmenter, texts: NDArray[np.float32], image: NDArray[np.uint8]) -> NDArray[np.float32]:
    from saa.foundation import fcclip, fcclip_maps
    from saa.ops import class_evidence, scoring

    seen = segmenter.see(image)
    logits = fcclip.class_logits(seen.in_vectors, texts, seen.in_scale)
    void = fcclip.class_logits(seen.in_vectors, seen.void[None], seen.in_scale)[:, 0]
    shares = class_evidence.shared_out(logits, void)
    return scoring.unexplained(fcclip_maps.sums(seen.mask_logits, seen.sizes, shares))


def _straight(network, tower, texts: NDArray[np.float32], image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The modules in their order, each mask at the image's size; as FC-CLIP's released code does it."""
    import torch
    from torch.nn import functional

    from saa.foundation import clip

    pixels, scaled = clip.seen(image, image.shape[0], 2 * image.shape[1])
    with torch.inference_mode():
        levels = [level.contiguous() for level in tower.trunk.forward_intermediates(pixels[None])[1]]
        decoded = network.pixel_decoder(levels, output_hidden_states=False, return_dict=True)
        found = network.transformer(list(decoded.multi_scale_features), decoded.mask_features)
        queries, masks = found.intermediate_hidden_states[-1][:, 0], found.masks_queries_logits[-1]
        inside = (masks[0] > 0).float()
        means = torch.einsum("chw,qhw->qc", decoded.mask_features[0], inside)
        vectors = network.pooling(means / (inside.sum((1, 2)) + 1e-8)[:, None]) + queries
        for layer in network.class_embed[:-1]:
            vectors = functional.relu(layer(vectors))
        vectors = functional.normalize(network.class_embed[-1](vectors), dim=-1)
        words = torch.cat(
            [torch.from_numpy(texts), functional.normalize(network.void_embedding.weight, dim=-1)]
        )
        shares = (network.logit_scale.exp().clamp(max=100) * vectors @ words.T).softmax(-1)[:, :-1]
        whole = functional.interpolate(masks, pixels.shape[1:], mode="bilinear", align_corners=False)
        whole = functional.interpolate(
            whole[..., : scaled[0], : scaled[1]], image.shape[:2], mode="bilinear", align_corners=False
        )
        evidence = torch.einsum("qk,qhw->khw", shares, whole[0].sigmoid())
        return np.asarray(-evidence.max(0).values.numpy(), np.float32)


if __name__ == "__main__":
    given = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in json.loads(sys.argv[3]).items()
    }
    _run(sys.argv[1], Path(sys.argv[2]), Size(**given))
