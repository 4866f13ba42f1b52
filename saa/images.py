"""Pictures, masks and anomaly maps on disk; the only code that reads or writes pixels.

Whatever cannot be read is one `ImageError`: *path: expected a readable image, got …; what to do*.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from typing import Final

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from saa import whole_files
from saa._decoding import COPY_AGAIN, check_is_file, decode, opened, reason, refusal, to_eight_bits
from saa.errors import ImageError
from saa.types import AnomalyMap, Image, Mask, MaskKind, Truth

SUFFIXES: Final = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Lower-case endings of what counts as an image in a folder; GIF, so that none is passed over in silence."""

_JPEG_MASK_LEVEL = 128
_FLOAT_PREDICTOR = {317: 3}
_BROKEN_ARRAYS = (
    OSError, EOFError, ValueError, LookupError, TypeError, MemoryError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_IGNORED = 255
_VOID_IDS = (0, 1, 2, 3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 29, 30, _IGNORED)
_LABELS: Final[dict[MaskKind, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]] = {
    "labels": ((0, 1, 2, _IGNORED), (1, 2), (_IGNORED,)),
    "train_ids": ((*range(19), _IGNORED), (), (_IGNORED,)),
    "label_ids": ((*range(34), _IGNORED), (), _VOID_IDS),
}
"""Of each kind of labels: the values there may be, those of anomalies, and those that do not count."""


def read_rgb(path: Path) -> Image:
    """The picture in a file, upright, as (H, W, 3) uint8 RGB.

    Grey, 1-bit, palette, CMYK and YCbCr pictures are converted; EXIF orientation is applied; transparent
    parts show white, as they do in a viewer. Colour profiles are ignored.

    More than 8 bits: cameras store 10, 12 or 14 bits in the lower end of 16 without saying so, and such a
    file is black if taken at its word. So the picture's maximum decides: full scale is the smallest of 8, 10,
    12, 14 and 16 bits that holds it (for floats 1.0 too). The price: of two pictures of one product, the one
    whose maximum stays below the next smaller step comes out brighter. Where that happens, let the camera use
    all 16 bits or write 8.

    Raises:
        ImageError: no such file, not a picture, damaged, animated, above 170 million pixels, or levels
            without a known scale (negative, not finite, above 65535).
    """
    decoded = decode(path)
    levels = decoded.levels
    if levels.dtype != np.uint8:
        levels = to_eight_bits(path, levels)
    if levels.ndim == 3 and decoded.opacity is None:
        return levels
    picture = PIL.Image.fromarray(levels).convert("RGB")
    if decoded.opacity is not None:
        white = PIL.Image.new("RGB", picture.size, "white")
        picture = PIL.Image.composite(picture, white, PIL.Image.fromarray(decoded.opacity))
    return np.array(picture)


def read_mask(path: Path) -> Mask:
    """Where a mask marks a defect, upright, as (H, W) bool.

    Every pixel that is neither black nor transparent is a defect, whatever its colour or value; palettes
    count by their colours. In a JPEG the level is 128, because its compression blurs black.

    Raises:
        ImageError: as for `read_rgb`.
    """
    decoded = decode(path)
    levels = decoded.levels.max(axis=2) if decoded.levels.ndim == 3 else decoded.levels
    marked: Mask = np.greater_equal(levels, _JPEG_MASK_LEVEL) if decoded.lossy else np.not_equal(levels, 0)
    return marked if decoded.opacity is None else marked & (decoded.opacity > 0)


def read_truth(path: Path, kind: MaskKind) -> Truth:
    """What a mask or a file of labels says of each pixel, upright.

    Args:
        path: the file.
        kind: what its values mean.
            nonzero: a mask as `read_mask` has it; all pixels count.
            labels: of road scenes; 0 is normal, 1 (or 2) an anomaly, 255 does not count.
            train_ids: classes of Cityscapes; 0 to 18 are all normal, 255 does not count.
            label_ids: the same by their original numbers, of which the void ones do not count.
            Labels with a palette are its numbers, not its colours.

    Raises:
        ImageError: as for `read_rgb`, or a label of another value, or labels in colour.
    """
    if kind == "nonzero":
        marked = read_mask(path)
        return Truth(marked, np.ones(marked.shape, np.bool_))
    decoded = decode(path, palette=False)
    levels = decoded.levels
    if levels.ndim == 3 and (levels == levels[:, :, :1]).all():
        levels = levels[:, :, 0]  # grey, saved as colours
    known, anomalous, void = _LABELS[kind]
    if levels.ndim != 2 or decoded.lossy or not np.isin(levels, known).all():
        odd = [] if levels.ndim != 2 else np.setdiff1d(levels, known).tolist()
        got = f"other values such as {odd[0]}" if odd else "colours or lossy compression"
        raise refusal(path, got, "take the file as it was published", f"labels of {_shown(known)}")
    return Truth(np.isin(levels, anomalous), ~np.isin(levels, void))


def read_overlay(path: Path, name: str) -> NDArray[np.int32]:
    """What is to be added to a picture, from an array in an .npz file, as (H, W, 3) int32; no code is executed.

    Raises:
        ImageError: the file cannot be read, or holds no such array of whole numbers from -255 to 255.
    """
    advice = "take the file as it was published"
    try:
        check_is_file(path)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            levels = arrays[name]
    except _BROKEN_ARRAYS as error:
        raise refusal(path, reason(error), advice, f"an array '{name}'") from error
    fits = levels.ndim == 3 and levels.shape[2] == 3 and levels.size and levels.dtype.kind in "iuf"
    if not fits or not (np.abs(levels.astype(np.float64)) <= 255).all() or (levels % 1).any():
        got = f"{levels.shape} and {levels.dtype}"
        raise refusal(path, got, advice, f"whole numbers from -255 to 255 of shape (H, W, 3) in '{name}'")
    return np.asarray(levels, np.int32)


def read_size(path: Path) -> tuple[int, int]:
    """(h, w) of the upright picture, from the file's header alone.

    Raises:
        ImageError: the header is not a picture's; damage further on is not seen.
    """
    with opened(path) as picture:
        # The method of the base class: PNG's own decodes the picture to find what may follow it.
        turned = PIL.Image.Image.getexif(picture).get(0x0112) in (5, 6, 7, 8)
        # Pillow has already turned the size of a TIFF.
        width, height = picture.size[::-1] if turned and picture.format != "TIFF" else picture.size
        return height, width


def read_map(path: Path) -> AnomalyMap:
    """An anomaly map as `write_map` left it, (H, W) float32.

    Raises:
        ImageError: the file cannot be read, or holds no single channel of floats.
    """
    with opened(path) as picture:
        if picture.mode != "F":
            raise refusal(
                path, f"a picture of mode {picture.mode}", "run the inspection again", "a float32 map"
            )
        return np.array(picture, np.float32)


def write_map(path: Path, anomaly_map: AnomalyMap) -> None:
    """Write a map as a float32 TIFF that keeps every bit; the file appears whole or not at all.

    LZW with the floating-point predictor halves a smooth map in a third of the time that deflate takes (50 ms
    at 1024 x 1024). Whatever is built on libtiff reads it: OpenCV, Pillow, GDAL; tifffile with `imagecodecs`.
    Folders that are missing are made.

    Args:
        path: where, ending in `.tiff`.
        anomaly_map: (H, W) float32, at least one pixel, finite.

    Raises:
        ValueError: another shape or dtype, or a value that is not finite.
        ImageError: the file cannot be written.
    """
    if anomaly_map.ndim != 2 or anomaly_map.size == 0 or anomaly_map.dtype != np.float32:
        got = f"{anomaly_map.shape} and {anomaly_map.dtype}"
        raise ValueError(f"anomaly_map: expected shape (any, any) and dtype float32, got {got}")
    if not np.isfinite(anomaly_map).all():
        raise ValueError("anomaly_map: expected finite values, got NaN or infinity")
    payload = io.BytesIO()
    PIL.Image.fromarray(anomaly_map).save(payload, "TIFF", compression="tiff_lzw", tiffinfo=_FLOAT_PREDICTOR)
    _write(path, payload.getvalue())


def write_png(path: Path, image: Image | Mask) -> None:
    """Write a picture, or a mask as 0 and 255; the file appears whole or not at all.

    Folders that are missing are made.

    Args:
        path: where, ending in `.png`.
        image: (H, W, 3) uint8 RGB, or (H, W) bool; at least one pixel.

    Raises:
        ValueError: another shape or dtype.
        ImageError: the file cannot be written.
    """
    is_mask = image.dtype == np.bool_ and image.ndim == 2
    is_rgb = image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    if image.size == 0 or not (is_mask or is_rgb):
        raise ValueError(
            f"image: expected (any, any, 3) uint8 or (any, any) bool, got {image.shape} and {image.dtype}"
        )
    payload = io.BytesIO()
    pixels = image.astype(np.uint8) * np.uint8(255) if is_mask else image
    PIL.Image.fromarray(pixels).save(payload, "PNG", compress_level=3)
    _write(path, payload.getvalue())


def sha256(path: Path) -> str:
    """The checksum of a file's bytes, 64 hexadecimal digits.

    Raises:
        ImageError: the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        check_is_file(path)
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise refusal(path, reason(error), COPY_AGAIN, "a readable file") from error
    return digest.hexdigest()


def _shown(values: tuple[int, ...]) -> str:
    return ", ".join(map(str, values)) if len(values) < 5 else f"{values[0]} to {values[-2]} or {values[-1]}"


def _write(path: Path, payload: bytes) -> None:
    try:
        whole_files.write(path, payload)
    except OSError as error:
        raise ImageError(
            f"{path}: expected to write {len(payload):,} bytes, got: {error.strerror or error}; "
            "check the folder, its permissions and the free space"
        ) from error
