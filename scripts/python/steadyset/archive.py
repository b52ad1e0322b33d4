"""Labels of archives: the equation predicts each row from the two above it, and the chunk of y holds what is missing.

The article *Formats*, section *Archives*, specifies the arithmetic, IEEE binary64 in a fixed order, so the labels are those
that were packed, bit for bit. A whole batch is computed at once, row after row.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DatasetError
from .frame import FloatArray
from .storage import Bytes

_HEAD = struct.Struct("<4sIQdII")
_MOST_KEYS = 3
Doubles = npt.NDArray[np.float64]
_LIMIT = float(1 << 30)


class Predictor:
    """Computes labels from residuals, for the samples of one dataset. It holds no state; any thread may use it."""

    def __init__(self, physics: dict[str, Any], grid_bits: int | None) -> None:
        self._step = 1.0 if grid_bits is None else 2.0**-grid_bits
        self._on_grid = grid_bits is not None
        self._pinned = physics["sources"] == "pinned"
        boundary = physics["boundary"]
        sides = ("top", "bottom", "left", "right")
        self._sides: dict[str, str] = (
            dict.fromkeys(sides, boundary) if isinstance(boundary, str) else {side: boundary[side] for side in sides}
        )
        diffusivity = physics["diffusivity"]
        pair = [diffusivity["down"], diffusivity["across"]] if _is_pair(diffusivity) else [diffusivity] * 2
        constant = all(isinstance(value, (int, float)) for value in pair)
        self._down, self._across = (float(value) if constant else None for value in pair)
        decay = physics["decay_rate"]
        self._decay = float(decay) if isinstance(decay, (int, float)) else None

    @property
    def coefficients(self) -> list[str]:
        """Names of the coefficients that `restore` needs: those that vary from site to site."""
        varying = [("diffusivity", self._down), ("decay_rate", self._decay)]
        return [name for name, constant in varying if constant is None]

    def restore(self, y: FloatArray, x: FloatArray, factors: Doubles, coefficients: dict[str, FloatArray]) -> None:
        """Replaces residuals by labels.

        `y` holds the bits of the residuals, (samples, rows, columns), and the labels afterwards; `x` are the source
        images, `factors` the source factors, (samples), and `coefficients` are (samples, rows, columns), or
        (samples, 2, rows, columns) for D that differs down and across; one sample stands for all where it is alone.
        """
        down, across, decay = self._media(coefficients)
        with np.errstate(all="ignore"):
            self._walk(y, x, factors[:, None], down, across, decay)

    def _media(self, coefficients: dict[str, FloatArray]) -> tuple[Any, Any, Any]:
        diffusivity = coefficients.get("diffusivity")
        decay = coefficients.get("decay_rate", self._decay)
        if diffusivity is None:
            return self._down, self._across, decay
        if diffusivity.ndim == 4:
            return diffusivity[:, 0], diffusivity[:, 1], decay
        return diffusivity, diffusivity, decay

    def _walk(self, y: FloatArray, x: FloatArray, factors: Doubles, down: Any, across: Any, decay: Any) -> None:
        count, rows, columns = y.shape
        codes = y.view(np.uint32)
        uniform = not any(isinstance(value, np.ndarray) for value in (down, across, decay))
        north, above, here = (np.zeros((count, columns + 2)) for _ in range(3))
        south: Any = None
        for row in range(rows):
            code = codes[:, row]
            residual = (code >> np.uint32(1)).view(np.int32) ^ -(code & np.uint32(1)).view(np.int32)
            if row == 0:
                places = np.cumsum(residual, axis=1, dtype=np.int32)
            else:
                if row == 1:
                    north[:] = above if self._sides["top"] == "reflecting" else 0
                centre = above[:, 1:-1]
                emitted = None if self._pinned else factors * x[:, row - 1].astype(np.float64)
                if uniform:
                    predicted = self._uniform(centre, north, above, down, across, decay, emitted)
                else:
                    line = [_line(values, row - 1) for values in (down, across, decay)]
                    faces = line[0] if row == 1 else south
                    south = _mean(line[0], _line(down, row))
                    predicted = self._varying(centre, north, above, line, faces, south, emitted)
                if row == 1 and self._sides["top"] == "periodic":
                    predicted = centre.copy()
                if self._pinned:
                    predicted = np.where(x[:, row - 1] != 0, centre, predicted)
                    predicted = np.where(x[:, row] != 0, x[:, row] * (1 / np.float64(self._step)), predicted)
                places = self._places(predicted) + residual
            labels, numbers = self._numbers(places)
            y[:, row] = labels
            here[:, 1:-1] = numbers
            for side, ghost, own, far in (("left", 0, 1, -2), ("right", -1, -2, 1)):
                condition = self._sides[side]
                here[:, ghost] = 0 if condition == "absorbing" else here[:, own if condition == "reflecting" else far]
            north, above, here = above, here, north

    @staticmethod
    def _uniform(
        c: Doubles, north: Doubles, above: Doubles, down: float, across: float, decay: float, emitted: Doubles | None
    ) -> Doubles:
        west, east = above[:, :-2], above[:, 2:]
        t = ((c - north[:, 1:-1]) + (across / down) * ((c - west) + (c - east))) + (decay / down) * c
        if emitted is not None:
            t -= emitted
        return np.asarray(c + t)

    def _varying(
        self, c: Doubles, north: Doubles, above: Doubles, line: list[Any], faces: Any, south: Any, emitted: Any
    ) -> Doubles:
        across, decay = line[1], line[2]
        if isinstance(across, float):
            across = np.full((1, c.shape[1]), across)
        walls = np.empty((across.shape[0], across.shape[1] + 1))
        walls[:, 1:-1] = _mean(across[:, :-1], across[:, 1:])
        first, last = across[:, 0], across[:, -1]
        around = _mean(first, last)
        walls[:, 0] = around if self._sides["left"] == "periodic" else first
        walls[:, -1] = around if self._sides["right"] == "periodic" else last
        t = faces * (c - north[:, 1:-1])
        t = t + walls[:, :-1] * (c - above[:, :-2])
        t = t + walls[:, 1:] * (c - above[:, 2:])
        t = t + decay * c
        if emitted is not None:
            t = t - emitted
        return np.asarray(c + t / south)

    def _places(self, predicted: Doubles) -> npt.NDArray[np.int32]:
        """Predictions as integers: multiples of the step, or places among all binary32 numbers."""
        if self._on_grid:
            return np.rint(np.clip(predicted, -_LIMIT, _LIMIT)).astype(np.int32)
        bits = predicted.astype(np.float32).view(np.int32)
        return bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))

    def _numbers(self, places: npt.NDArray[np.int32]) -> tuple[Any, Any]:
        """Labels, and labels divided by the step."""
        if self._on_grid:
            return places * self._step, places
        labels = (places ^ ((places >> 31) & np.int32(0x7FFFFFFF))).view(np.float32)
        return labels, labels


def _is_pair(diffusivity: Any) -> bool:
    return isinstance(diffusivity, dict) and "down" in diffusivity


def _line(values: Any, row: int) -> Any:
    return values[:, row].astype(np.float64) if isinstance(values, np.ndarray) else values


def _mean(a: Any, b: Any) -> Any:
    return a * b / (0.5 * (a + b))


def read_head(chunk: Bytes) -> tuple[float, int]:
    """Returns the source factor of a chunk of y, and where the frame of its residuals begins, which is the last in it.

    Raises `DatasetError` where it is no chunk of an archive; its checksum is not looked at.
    """
    if len(chunk) <= _HEAD.size:
        raise DatasetError(f"a chunk of {len(chunk)} bytes is none of an archive's labels")
    magic, version, _, factor, length, keys = _HEAD.unpack_from(chunk.data)
    start = _HEAD.size + 4 * keys + length
    if (magic, version) != (b"SSAC", 1) or keys > _MOST_KEYS or start >= len(chunk) or not math.isfinite(factor):
        raise DatasetError("a chunk is none of an archive's labels as Steadyset writes them: its head is damaged")
    return factor, start
