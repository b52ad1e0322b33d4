"""Sources as rows of a shard's `/sources`, here and in JSON."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float64]
"""(sources, columns): row, column, radius, value, and what other shapes than disks add; see `/sources` in *Formats*."""


def table(rows: list[list[float | None]]) -> Rows:
    """Returns rows as an engine answers with them, null as NaN."""
    return np.array(rows, np.float64)


def given_rows(rows: Rows) -> list[list[float | None]]:
    """Returns rows as a request has them, NaN as null."""
    return [[None if value != value else value for value in row] for row in rows.tolist()]
