"""Sources as an engine has them, JSON, and as rows of a shard's `/sources`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float64]
"""(sources, columns): row, column, radius, value, and what other shapes than disks add; see `/sources` in *Formats*."""

_CODES = {"radius": 0, "ellipse": 1, "rectangle": 2, "ring": 3, "polygon": 4, "capsule": 5}


def rows_of(sources: Iterable[Mapping[str, Any]]) -> Rows:
    """Returns the sources as rows, of 4 columns where all are disks, of 8 or 40 otherwise."""
    rows = [_row(source) for source in sources]
    width = max((len(row) for row in rows), default=4)
    width = next(columns for columns in (4, 8, 40) if columns >= width)
    table = np.full((len(rows), width), np.nan)
    if width > 4:
        table[:, 4] = 0
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table


def _row(source: Mapping[str, Any]) -> list[float]:
    kind = next(kind for kind in _CODES if kind in source)
    shape = source[kind]
    start = [source["row"], source["column"], shape if kind == "radius" else math.nan, source["value"]]
    if kind == "radius":
        return start
    numbers: list[float] = [math.nan, math.nan, math.nan]
    if kind == "polygon":
        numbers += [number for corner in shape for number in corner]
    elif kind == "ring":
        numbers[:2] = shape["outer"], shape["inner"]
    else:
        names = {"ellipse": "radii", "rectangle": "halves"}
        pair = shape[names[kind]] if kind in names else (shape["half_length"], shape["radius"])
        numbers[:] = *pair, shape.get("angle", 0)
    return [*start, _CODES[kind], *numbers]


def given_rows(rows: Rows) -> list[list[float | None]]:
    """Returns rows as a request has them, NaN as null."""
    return [[None if value != value else value for value in row] for row in rows.tolist()]
