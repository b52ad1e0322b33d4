"""Pictures of fields: numbers to colours, and colours to a PNG, with zlib alone."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..frame import FloatArray

COLOURS = (
    "0a0134 1c0447 310758 480b66 611070 7a1874 932374 ab3071 c13e6c d64e65 e8615e f3785a fa9260 fbac72 fbc48b fcdca9 fff1cd"
)
"""Of this project's making, under its licence: even steps in OKLab (Ottosson 2020), the lightness from 0.16 to 0.96, the hue
from blue over red to yellow, so that it reads without colours too. Between these points colours are linear in sRGB."""

DIFFERENCES = "01346b 0a56a6 437fc9 7ea7dc b8d0ef f3f3f3 eac5b1 d39471 b9632c 8b3f01 572501"
"""For numbers of either sign, made in the same way: blue below 0, brown above, both darker the further they are from it; hues of 255
and 50 degrees, which the colour-blind tell apart."""

MOST = 256
"""Sites of a picture in each direction; larger fields are reduced, so that notebooks stay small."""

Codes = npt.NDArray[np.uint8]


_FIRST = 64
"""The first colour of sources, so that weak ones stand out from the background, which is no source at all."""


@dataclass(frozen=True)
class Scale:
    """How numbers become colours: evenly from `low` to `high`, or evenly in their logarithm."""

    low: float
    high: float
    logarithmic: bool = False
    first: int = 0
    """The colour of `low`; the darkest one is that of 0, unless it is the same."""

    def codes(self, field: FloatArray) -> Codes:
        """Returns the number of each value's colour, 0 to 255; what is outside has the first or the last one."""
        values = np.clip(field.astype(np.float64), self.low, self.high)
        if self.logarithmic:
            part = np.log(values / self.low) / np.log(self.high / self.low)
        else:
            part = (values - self.low) / (self.high - self.low)
        codes: Codes = np.rint(self.first + (255 - self.first) * part).astype(np.uint8)
        if self.first:
            codes[field == 0] = 0
        return codes

    def bar(self) -> Codes:
        """Returns the colours from the lowest to the highest, (1, 256)."""
        bar: Codes = np.rint(np.linspace(self.first, 255, 256)).astype(np.uint8)[None]
        return bar

    def marks(self) -> list[float]:
        """Returns five values at even distances on the scale, from the lowest to the highest."""
        parts = np.linspace(0, 1, 5)
        if self.logarithmic:
            return [float(self.low * (self.high / self.low) ** part) for part in parts]
        return [float(self.low + part * (self.high - self.low)) for part in parts]


def scale_of_sources(x: FloatArray) -> Scale:
    """Returns the scale of a source image: even, from 0 to its largest value."""
    return Scale(0, float(x.max()) or 1, first=_FIRST)


def scale_of_field(y: FloatArray) -> Scale:
    """Returns the scale of a steady state: one, two or four powers of ten below its largest value, as far as it goes; even
    where it has negative values, or nothing else than 0."""
    low, high = float(y.min()), float(y.max())
    if low < 0 or high <= 0:
        return Scale(low, high if high > low else low + 1)
    decades = next((decades for decades in (1, 2) if high * 10.0**-decades <= low), 4)
    return Scale(high * 10.0**-decades, high, logarithmic=True)


def reduced(field: FloatArray, most: int = MOST) -> FloatArray:
    """Returns the field with at most so many rows and columns: the largest value of each block, so that small sources stay."""
    step = -(-max(field.shape) // most)
    rows, columns = (-(-side // step) for side in field.shape)
    padded = np.full((rows * step, columns * step), -np.inf, np.float32)
    padded[: field.shape[0], : field.shape[1]] = field
    return np.asarray(padded.reshape(rows, step, columns, step).max((1, 3)))


def palette(colours: str = COLOURS) -> bytes:
    """Returns the 256 colours, three bytes each."""
    points = np.array([list(bytes.fromhex(colour)) for colour in colours.split()], np.float64)
    places = np.linspace(0, len(points) - 1, 256)
    channels = [np.interp(places, np.arange(len(points)), channel) for channel in points.T]
    return bytes(np.rint(np.stack(channels, 1)).astype(np.uint8).tobytes())


def png(codes: Codes, colours: str = COLOURS) -> bytes:
    """Returns a picture (rows, columns) of numbers of colours as a PNG file (RFC 2083), one byte a pixel with a palette."""
    rows, columns = codes.shape
    lines = np.zeros((rows, columns + 1), np.uint8)  # each line begins with its filter, none
    lines[:, 1:] = codes
    head = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    parts = [(b"IHDR", head), (b"PLTE", palette(colours)), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
