"""How a picture must be turned and moved to lie like another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.float32]
Matrix: TypeAlias = NDArray[np.float64]
"""(2, 3) affine map of points (x, y), in pixels."""

_MAX_SHIFT_RATIO = 0.125
"""Parts are looked for up to this share of a side away."""
_NUM_STARTS = 4
_MIN_APART = 15
"""Degrees between rotations that are refined apart."""
_NO_BETTER = 0.01
"""Agreements this close are a tie, and the smaller rotation wins it."""
_ITERATIONS = 50
_MIN_CHANGE = 1e-5
_BLUR_PX = 5
_DIGITS = 4
"""Decimals kept of a pose: what differs beyond depends on where arrays lie in memory."""


@dataclass(frozen=True, eq=False)
class Pose:
    """Where a picture's points lie on the template.

    Attributes:
        matrix: (2, 3), from the picture to the template.
        agreement: correlation of the two after the move, at most 1; -1 if nothing fits.
    """

    matrix: Matrix
    agreement: float


def find(picture: Plane, template: Plane, angles: Sequence[float]) -> Pose:
    """The rotation and shift that lay an (h, w) picture on a template of the same size.

    The best of the given rotations by windowed cross-correlation, then refined by maximising the enhanced
    correlation coefficient.

    Args:
        picture: (h, w) float32 lightness, at least 16 pixels a side.
        template: (h, w) float32 lightness.
        angles: degrees, counter-clockwise, to begin from.

    Raises:
        ValueError: the sizes differ.

    Source: Evangelidis and Psarakis, "Parametric Image Alignment using Enhanced Correlation Coefficient
        Maximization", 2008, as in OpenCV's `findTransformECC`.
    """
    if picture.shape != template.shape:
        raise ValueError(
            f"picture: expected size {template.shape}, that of the template, got {picture.shape}"
        )
    if np.ptp(picture) == 0 or np.ptp(template) == 0:
        return Pose(turned(picture.shape, 0, 0, 0), -1.0)
    starts = _starts(picture, template, angles)
    poses = [_refined(picture, template, start) for start in starts]
    best = max(pose.agreement for pose in poses)
    return next(pose for pose in poses if pose.agreement >= best - _NO_BETTER)


def turned(size: tuple[int, ...], angle: float, dx: float, dy: float) -> Matrix:
    """Rotation by degrees about the middle of an (h, w) picture, then a shift in pixels."""
    centre = (size[1] - 1) / 2, (size[0] - 1) / 2
    matrix = np.asarray(cv2.getRotationMatrix2D(centre, angle, 1), np.float64)
    matrix[:, 2] += dx, dy
    return matrix


def scaled(matrix: Matrix, small: tuple[int, int], large: tuple[int, int]) -> Matrix:
    """A map between pictures of size `small` (h, w) as a map between the same pictures at size `large`."""
    factors = large[1] / small[1], large[0] / small[0]
    up = np.diag([*factors, 1.0])
    up[:2, 2] = [(factor - 1) / 2 for factor in factors]
    whole = up @ np.vstack([matrix, [0, 0, 1]]) @ np.linalg.inv(up)
    return np.asarray(whole[:2], np.float64)


def _starts(picture: Plane, template: Plane, angles: Sequence[float]) -> list[Matrix]:
    """The most promising rotations with their shifts, unlike each other, the smallest rotation first."""
    window = np.sqrt(np.outer(np.hanning(picture.shape[0]), np.hanning(picture.shape[1])))
    wanted = np.fft.rfft2(_normed(template, window))
    tried = []
    for angle in angles:
        turn = turned(picture.shape, angle, 0, 0)
        tried.append((angle, *_best_shift(_moved(picture, turn), wanted, window)))
    tried.sort(key=lambda each: -each[1])
    kept: list[tuple[float, float, int, int]] = []
    for each in tried:
        if len(kept) < _NUM_STARTS and all(_apart(each[0], other[0]) > _MIN_APART for other in kept):
            kept.append(each)
    kept.sort(key=lambda each: abs(each[0]))
    return [turned(picture.shape, angle, dx, dy) for angle, _, dx, dy in kept]


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


def _moved(picture: Plane, matrix: Matrix) -> Plane:
    size = picture.shape[1], picture.shape[0]
    return np.asarray(cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _normed(picture: Plane, window: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = (picture - picture.mean()) * window
    return np.asarray(centred / (np.linalg.norm(centred) + 1e-9), np.float64)


def _best_shift(
    picture: Plane, wanted: NDArray[np.complex128], window: NDArray[np.float64]
) -> tuple[float, int, int]:
    """Correlation, dx and dy of the best shift in whole pixels."""
    spectrum = np.conj(np.fft.rfft2(_normed(picture, window))) * wanted
    correlation = np.fft.irfft2(spectrum, s=picture.shape)
    rows, columns = (np.r_[0 : limit + 1, -limit:0] for limit in _reach(picture))
    near = correlation[np.ix_(rows, columns)]
    row, column = np.unravel_index(int(near.argmax()), near.shape)
    return float(near[row, column]), int(columns[column]), int(rows[row])


def _reach(picture: Plane) -> list[int]:
    """How far a part is looked for down and across, in pixels."""
    return [max(1, round(_MAX_SHIFT_RATIO * side)) for side in picture.shape]


def _refined(picture: Plane, template: Plane, start: Matrix) -> Pose:
    """The start made exact. The picture is moved first: the search goes astray from far away.

    Nothing fits if it goes astray all the same, to where a sliver of the two overlaps and agrees by chance.
    """
    near = _moved(picture, start)
    # About zero, as beyond the borders: what is blended with it there would pass for the strongest edges of all.
    level, level_near = np.median(template), np.median(near)
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, _ITERATIONS, _MIN_CHANGE)
    everywhere = np.full(picture.shape, 255, np.uint8)
    try:
        agreement, inverse = cv2.findTransformECC(
            template - level,
            near - level_near,
            np.eye(2, 3, dtype=np.float32),
            cv2.MOTION_EUCLIDEAN,
            stop,
            everywhere,
            _BLUR_PX,
        )
    except cv2.error:  # it did not converge
        return Pose(start, -1.0)
    last = cv2.invertAffineTransform(np.asarray(inverse, np.float64))
    middle = np.array([(picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2])
    if (np.abs(last @ (*middle, 1) - middle) > _reach(picture)[::-1]).any():
        return Pose(start, -1.0)
    whole = np.vstack([last, [0, 0, 1]]) @ np.vstack([start, [0, 0, 1]])
    return Pose(np.round(whole[:2], _DIGITS), round(float(agreement), _DIGITS))
