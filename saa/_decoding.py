"""Opening and decoding picture files, for `saa.images` alone.

Pillow decodes everything but 16-bit colour, of which it keeps the upper eight bits only; OpenCV reads that.
(OpenCV is hardly faster, 20 against 25 ms for a PNG of 1024 x 1024, and turns truncated files half grey.)
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import PIL.Image
import PIL.ImageOps
from numpy.typing import NDArray

from saa import storage
from saa.errors import ImageError

MAX_PIXELS: Final = 170_000_000
"""Larger pictures are refused unread: half a gigabyte as RGB. Pillow's own limit is 179 million."""

_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_ONE_CHANNEL = frozenset({"I", "I;16", "I;16B", "I;16L", "F"})
_DEPTHS = (8, 10, 12, 14, 16)
COPY_AGAIN = "copy it again from where it came from"
_AS_PNG = "save it as PNG, JPEG, TIFF, BMP or WebP"
# What Pillow's decoders are known to raise on damaged files.
_BROKEN = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    MemoryError,
    struct.error,
    PIL.Image.DecompressionBombError,
)


@dataclass(frozen=True, eq=False)
class Decoded:
    """A picture as stored, upright.

    Attributes:
        levels: (H, W) or (H, W, 3), of any integer or float dtype.
        opacity: (H, W) uint8, 0 is transparent; None if all of it is opaque.
        lossy: compression may have changed the levels.
    """

    levels: NDArray[Any]
    opacity: NDArray[np.uint8] | None
    lossy: bool


@contextmanager
def opened(path: Path) -> Iterator[PIL.Image.Image]:
    """The picture in `path`, header read and judged; what fails inside the block is an ImageError."""
    try:
        check_is_file(path)
        # Pillow warns of odd metadata, which is nobody's business here. (The filter is the process's, so with
        # threads a warning raised elsewhere meanwhile may be lost.)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with path.open("rb") as file, PIL.Image.open(file, formats=_FORMATS) as picture:
                _check_header(path, picture)
                yield picture
    except PIL.UnidentifiedImageError as error:
        raise refusal(path, "a file that is no picture or has a damaged header", _AS_PNG) from error
    except PIL.Image.DecompressionBombError as error:
        raise refusal(path, f"more than {MAX_PIXELS:,} pixels", "cut it into tiles") from error
    except _BROKEN as error:
        raise refusal(path, reason(error), COPY_AGAIN) from error


def check_is_file(path: Path) -> None:
    """Refuse what cannot be a picture, whatever it may hold."""
    if path.is_dir():
        raise refusal(path, "a folder", "give the path of a picture")
    if not path.exists():
        got = "a link to a file that is gone" if path.is_symlink() else "no such file"
        raise refusal(path, got, "check the path")
    if not path.is_file():  # reading a pipe would wait for ever
        raise refusal(path, "a pipe or device", "give the path of a picture")
    if path.stat().st_size == 0:
        raise refusal(path, "an empty file", COPY_AGAIN)


def _check_header(path: Path, picture: PIL.Image.Image) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise refusal(path, f"{width} x {height} pixels, more than {MAX_PIXELS:,}", "cut it into tiles")
    # The further pictures of an MPO are previews and depth maps that phones put behind their JPEG.
    if getattr(picture, "is_animated", False) and picture.format != "MPO":
        raise refusal(path, "several frames or pages", "save each as a picture of its own")


def refusal(path: Path, got: str, advice: str, expected: str = "a readable image") -> ImageError:
    """*path: expected …, got …; what to do*."""
    return ImageError(f"{path}: expected {expected}, got {got}; {advice}")


def reason(error: BaseException) -> str:
    """What an exception says of a file, on one line, as it ends "got …"."""
    if isinstance(error, PermissionError):
        return "a file that may not be read"
    words = " ".join(str(error).split()) or type(error).__name__
    return f"a damaged file ({words})"


def decode(path: Path, *, palette: bool = True) -> Decoded:
    """The picture in a file, whatever its depth.

    Args:
        path: the file.
        palette: whether the numbers of a palette are turned into its colours.

    Raises:
        ImageError: it cannot be read.
    """
    try:
        path = storage.fetched(path)
    except OSError as error:
        raise refusal(path, reason(error), COPY_AGAIN) from error
    with opened(path) as picture:
        deep = _is_deep_colour(picture)
        lossy = picture.format in ("JPEG", "MPO")
        picture.load()
        PIL.ImageOps.exif_transpose(picture, in_place=True)
        if picture.mode in _ONE_CHANNEL or (picture.mode == "P" and not palette):
            return Decoded(np.array(picture), None, lossy)
        opacity = None
        colours: PIL.Image.Image = picture
        if picture.has_transparency_data:
            colours = picture.convert("RGBA")
            opacity = np.array(colours.getchannel("A"))
        if colours.mode not in ("L", "RGB"):
            colours = colours.convert("RGB")
        levels = np.array(colours)
        return Decoded(_deep_colours(path, levels) if deep else levels, opacity, lossy)


def _is_deep_colour(picture: PIL.Image.Image) -> bool:
    """Whether the file holds 16-bit colours: the decoders' arguments name the layout, such as `RGB;16B`."""
    layouts = str([tile[3] for tile in getattr(picture, "tile", ())])
    return picture.mode not in _ONE_CHANNEL and ";16" in layouts


def _deep_colours(path: Path, upper_bytes: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """(H, W, 3) uint16 colours of a file, whose upper bytes Pillow has read as (H, W, 3)."""
    import cv2

    stored = np.frombuffer(path.read_bytes(), np.uint8)
    decoded = cv2.imdecode(stored, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    levels = np.zeros(0, np.uint16) if decoded is None else decoded[:, :, ::-1].astype(np.uint16)
    # OpenCV fills up damaged files, and its versions differ in what they make of an orientation.
    if not np.array_equal(levels >> 8, upper_bytes):
        raise refusal(path, "16-bit colours in an arrangement that cannot be read", _AS_PNG)
    return levels


def to_eight_bits(path: Path, levels: NDArray[Any]) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3) levels of another dtype as uint8; the scale is told in `saa.images.read_rgb`."""
    low, high = float(levels.min()), float(levels.max())
    full_scales = [2**bits - 1 for bits in _DEPTHS]
    if levels.dtype.kind == "f":
        full_scales.insert(0, 1)
    if not 0 <= low <= high <= full_scales[-1]:  # NaN fails too
        got = f"levels from {low:g} to {high:g}"
        raise refusal(path, got, "rescale them to 0…1, 0…255 or 0…65535")
    full_scale = next(top for top in full_scales if high <= top)
    scaled = levels.astype(np.float32) * np.float32(255 / full_scale)
    eight_bits: NDArray[np.uint8] = np.rint(scaled).astype(np.uint8)
    return eight_bits
