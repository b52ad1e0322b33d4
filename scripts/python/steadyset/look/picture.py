"""Panels of fields side by side in one picture of red, green and blue."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..frame import FloatArray
from ..notebook.picture import COLOURS, DIFFERENCES, Scale, palette, scale_of_field, scale_of_sources

Pixels = npt.NDArray[np.uint8]
"""(rows, columns, 3)."""
_GREY = 128


@dataclass(frozen=True)
class Panels:
    """The fields of a sample: sources, label, and perhaps what was predicted."""

    x: FloatArray
    y: FloatArray
    prediction: FloatArray | None = None

    def shown(self, log: bool) -> list[tuple[str, FloatArray, Scale, str]]:
        """Returns title, field, scale and colours of each panel, from left to right."""
        field = scale_of_field(self.y)
        if not log:
            field = Scale(min(0.0, float(self.y.min())), float(self.y.max()) or 1.0)
        panels = [("x", self.x, scale_of_sources(self.x), COLOURS), ("y", self.y, field, COLOURS)]
        if self.prediction is not None:
            difference = self.prediction - self.y
            most = float(np.abs(difference).max()) or 1.0
            panels += [
                ("prediction", self.prediction, field, COLOURS), ("difference", difference, Scale(-most, most), DIFFERENCES)
            ]  # fmt: skip
        return panels


def compose(samples: Sequence[Panels], side: int, *, log: bool = True) -> Pixels:
    """Returns one picture: a row for each sample, its panels side by side, each of about `side` pixels the longer way."""
    gap = max(2, side // 40)
    rows = [np.concatenate(_apart([_panel(*panel[1:], side) for panel in one.shown(log)], 1, gap), 1) for one in samples]
    return np.concatenate(_apart(rows, 0, gap), 0)


def _panel(field: FloatArray, scale: Scale, colours: str, side: int) -> Pixels:
    """A field in colours, each site a square of pixels, or each pixel the middle one of some sites."""
    rows, columns = field.shape
    factor = side / max(rows, columns)
    factor = float(round(factor)) if factor >= 2 else factor
    down = np.minimum(((np.arange(max(1, round(rows * factor))) + 0.5) / factor).astype(int), rows - 1)
    across = np.minimum(((np.arange(max(1, round(columns * factor))) + 0.5) / factor).astype(int), columns - 1)
    table = np.frombuffer(palette(colours), np.uint8).reshape(-1, 3)
    return table[scale.codes(field[np.ix_(down, across)])]


def _apart(pictures: list[Pixels], axis: int, gap: int) -> list[Pixels]:
    """Pictures with a grey strip between them."""
    found = pictures[:1]
    for picture in pictures[1:]:
        shape = list(picture.shape)
        shape[axis] = gap
        found += [np.full(shape, _GREY, np.uint8), picture]
    return found


def png_of(pixels: Pixels) -> bytes:
    """Returns a picture as a PNG file (RFC 2083), three bytes a pixel."""
    rows, columns, _ = pixels.shape
    lines = np.zeros((rows, 1 + 3 * columns), np.uint8)  # each line begins with its filter, none
    lines[:, 1:] = pixels.reshape(rows, -1)
    head = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
